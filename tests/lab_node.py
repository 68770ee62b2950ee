"""The modules of the lab, asked in Node by tests in Python."""

import json
import shutil
import subprocess

import pytest

from handgrad.lab import contents

PROGRAM = """
import {{ readFileSync }} from "node:fs";
{imports}
const given = JSON.parse(readFileSync(0, "utf8"));
const asked = {function};
process.stdout.write(JSON.stringify(await asked(given)));
"""


def ask(imports: dict[str, str], function: str, given):
    """The answer of function(given) in JavaScript. imports: {module: "names, of, what, it, needs"}."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on the path")
    lines = [
        f'import {{ {names} }} from "{contents.WEB.as_uri()}/{module}";' for module, names in imports.items()
    ]
    program = PROGRAM.format(imports="\n".join(lines), function=function)
    run = subprocess.run(
        [node, "--input-type=module", "--eval", program],
        input=json.dumps(given), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
