"""The joiner: modules of the page -> one script that does the same; what breaks its rule is refused."""

import json
import shutil
import subprocess

import pytest

from handgrad.lab import contents
from handgrad.lab.joining import JoiningError, code, joined, modules, parsed

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node on the path")
MODULES = {
    "leaf.js": """/** A leaf; a comment may say import { x } from "./nothing.js"; or export. */
export const NUMBER = 40;
export const TEXT = `import("./x.js") ${["a", `b${NUMBER}`].map((x) => `<${x}}>`).join("`")} fetch(1)`;
const private_ = "import './y.js'; // export";
export function half(x) {
  const pattern = /[/"'`]import/g; // a slash in a class, and marks
  return pattern.test(private_) ? NaN : x / 2 / 1;
}
export class Box {
  static exported = { export: 1, import: 2 };
  constructor(held) {
    this.held = held;
  }
}
""",
    "middle.js": """import {
  half,
  NUMBER as forty,
} from "./leaf.js";

export async function later() {
  return await Promise.resolve(half(forty));
}
export function* counted(n) {
  for (let i = 0; i < n; i++) yield i;
}
""",
    "other.js": """import { Box } from "./leaf.js";
export default { box: new Box("$held"), Box };
""",
    "entry.js": """import other from "./other.js";
import { later, counted } from "./middle.js";
import { Box, TEXT } from "./leaf.js";

export default {
  async run() {
    const same = other.box instanceof Box && other.Box === Box;
    return [await later(), [...counted(3)], TEXT, same, other.box.held, Box.exported.import];
  },
};
""",
}
RUN = "import('{}').then((m) => m.default.run()).then((r) => console.log(JSON.stringify(r)));"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for name, text in MODULES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def node(program, *words, where=None):
    command = [NODE, *words, "--eval" if words[:1] != ["--check"] else "-", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=where)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@needs_node
def test_the_joined_modules_do_what_the_modules_do(folder):
    expected = json.loads(node(RUN.format("./entry.js"), where=folder))
    assert expected == [20, [0, 1, 2], 'import("./x.js") <a}>`<b40}> fetch(1)', True, "$held", 2]
    (folder / "joined.mjs").write_text(joined(folder, "entry.js", form="module"))
    for name in MODULES:
        (folder / name).unlink()
    assert json.loads(node(RUN.format("./joined.mjs"), where=folder)) == expected


@needs_node
def test_a_script_runs_as_one_and_leaves_no_names_behind(folder):
    (folder / "main.js").write_text('import { half } from "./leaf.js";\n\nglobalThis.result = half(6);\n')
    script = joined(folder, "main.js")
    found = node(f"const vm = require('vm'); const before = Object.create(null); vm.createContext(before);"
                 f"vm.runInContext({json.dumps(script)}, before);"
                 f"console.log(vm.runInContext('result + typeof half + typeof $leaf', before))")  # fmt: skip
    assert found == "3undefinedundefined\n"


def test_each_module_stands_once_after_those_that_it_imports(folder):
    assert [module.name for module in modules(folder, "entry.js")] == [
        "leaf.js",
        "other.js",
        "middle.js",
        "entry.js",
    ]


def test_another_module_stands_in(folder, tmp_path):
    (tmp_path / "stand_in").write_text(
        "export const NUMBER = 2;\nexport function half(x) {\n  return x;\n}\n"
    )
    text = joined(folder, "middle.js", {"leaf.js": tmp_path / "stand_in"})
    assert "NUMBER = 2" in text
    assert "NUMBER = 40" not in text


BROKEN = {
    'import * as all from "./leaf.js";': "line 1: expected import { a, b as c }",
    'import "./leaf.js";': "line 1: expected import { a, b as c }",
    "import { half } from './leaf.js';": "line 1: expected import { a, b as c }",
    'import { half } from "./leaf.js"': "line 1: expected import { a, b as c }",
    'import { half } from "leaf";': "line 1: expected import { a, b as c }",
    'import { half } from "../leaf.js";': "line 1: expected import { a, b as c }",
    'import half, { NUMBER } from "./leaf.js";': "line 1: expected import { a, b as c }",
    'import {} from "./leaf.js";': "line 1: expected names to import",
    'import { "a b" as c } from "./leaf.js";': "line 1: expected names to import",
    'import { none } from "./leaf.js";': "imports none, which leaf.js does not export",
    'import leaf from "./leaf.js";': "imports default, which leaf.js does not export",
    'import { x } from "./missing.js";': "missing.js: there is no such module, and broken.js imports it",
    'const x = 1;\nimport { half } from "./leaf.js";': "line 2: expected all imports at the top",
    'const leaf = import("./leaf.js");': "line 1: expected import { a, b as c }",
    "const here = import.meta.url;": "line 1: expected import { a, b as c }",
    "const x = `${import.meta.url}`;": "line 1: expected import { a, b as c }",
    "const x = 1;\nexport { x };": "line 2: expected export before function, class or const",
    "export let x = 1;": "line 1: expected export before function, class or const",
    "export const { a } = {};": "line 1: expected export before function, class or const",
    "export * from './leaf.js';": "line 1: expected export before function, class or const",
    "export default function () {}": "line 1: expected export before function, class or const",
    "const x = await Promise.resolve(1);": "line 1: expected await within functions only",
    "function f() {\n  return fetch('x');\n}": "line 2: expected no fetch",
    "const x = window.fetch && fetch;": "line 1: expected no fetch",
    "const x = `abc": "expected a template to end",
}


@pytest.mark.parametrize(("text", "why"), BROKEN.items())
def test_what_breaks_the_rule_is_refused_by_name(text, why, folder):
    (folder / "broken.js").write_text(f"{text}\n")
    with pytest.raises(JoiningError) as told:
        joined(folder, "broken.js")
    assert why in str(told.value)
    assert "\n" not in str(told.value)


def test_a_circle_is_refused_and_shown(folder):
    (folder / "leaf.js").write_text('import other from "./other.js";\n\nexport const Box = other;\n')
    with pytest.raises(JoiningError, match=r"got other.js -> leaf.js -> other.js"):
        joined(folder, "entry.js")
    (folder / "own.js").write_text('import { x } from "./own.js";\n\nexport const x = 1;\n')
    with pytest.raises(JoiningError, match=r"got own.js -> own.js"):
        joined(folder, "own.js")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a // b\nc", "a     \nc"),
        ("a /* b\nc */ d", "a     \n     d"),
        ("'a' + \"b\\\"c\"", "' ' + \"    \""),
        ("x = a / b / c", "x = a / b / c"),
        ("x = /a\"[/]b/g.y", "x = /       /.y"),
        ("(a) / 'b' / c", "(a) / ' ' / c"),
        ("return /'/", "return / /"),
        ("`a${b + `c${d}e` + {f}}g`", "`  {b + `  {d} ` + {f}} `"),
        ("`a\\`b`", "`    `"),
        ("`${'}'}`", "` {' '}`"),
    ],
)  # fmt: skip
def test_code_without_texts_and_comments(text, left):
    assert code(text) == left


def test_the_rule_is_kept_by_the_page():
    """All of its modules, and embedded.js in the place of assets.js; the lengths of texts stay."""
    for path in [*contents.WEB.glob("*.js"), contents.EMBEDDED]:
        text = path.read_text("utf-8")
        assert len(code(text)) == len(text), path.name
        if path.name != "assets.js":
            parsed(path.name, text)
    exported = {path.name: set(parsed(path.name, path.read_text()).exports) for path in [contents.EMBEDDED]}
    assert exported == {"embedded.js": {"asset", "facts", "makeWorker"}}


@needs_node
@pytest.mark.parametrize(
    ("entry", "form"), [("page.js", "script"), ("worker.js", "script"), ("widget.js", "module")]
)
def test_the_joined_page_is_javascript(entry, form, tmp_path):
    path = tmp_path / ("x.mjs" if form == "module" else "x.cjs")
    path.write_text(joined(contents.WEB, entry, {"assets.js": contents.EMBEDDED}, form))
    assert subprocess.run([NODE, "--check", path]).returncode == 0
