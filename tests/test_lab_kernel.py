"""The kernel of the page: it is of the present sources, is built to the same bytes, and reads the same record."""

import runpy
import subprocess
from pathlib import Path

import pytest

from handgrad.engines.ink import scorer, task
from handgrad.engines.ink.engine import LARGEST, LOSSES, RULES
from handgrad.errors import HandgradError
from handgrad.layers import ACTIVATIONS

from lab_node import ask

TOOL = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "kernel_wasm.py"))
KERNEL = TOOL["FILE"].read_bytes()
ANEW = "python tools/kernel_wasm.py builds it anew"


def test_the_kernel_is_of_the_present_sources():
    assert TOOL["read_facts"](KERNEL)["sources"] == TOOL["sources"](), ANEW


def test_it_is_built_to_the_same_bytes():
    try:
        here = TOOL["facts"]()
    except (HandgradError, subprocess.CalledProcessError) as error:
        pytest.skip(f"cannot be built here: {error}")
    recorded = TOOL["read_facts"](KERNEL)
    if here != recorded:
        pytest.skip(f"made by {recorded['llvmlite']} and {recorded['linker']}; here are {here}")
    assert TOOL["built"]() == KERNEL, ANEW


def test_another_source_is_noticed(monkeypatch):
    """A constant of the kernel that changes is another source."""
    machine = TOOL["machine"]
    monkeypatch.setattr(machine, "CONSTANTS", (0.8, *machine.CONSTANTS[1:]))
    assert TOOL["sources"]() != TOOL["read_facts"](KERNEL)["sources"]


def test_it_needs_memory_and_a_logarithm_alone_and_is_small():
    found = ask(
        {"assets.js": "asset"},
        """async () => {
          const module = await WebAssembly.compile(await asset("kernel.wasm"));
          const [imports, exports] = [WebAssembly.Module.imports(module), WebAssembly.Module.exports(module)];
          return [imports, exports].map((list) => list.map(({ name }) => name).sort());
        }""",
        None,
    )
    assert found == [["log", "memory"], ["__heap_base", "run"]]
    assert len(KERNEL) < 24_000


def test_the_page_knows_the_record_and_its_numbers():
    """What task.js repeats of task.py, engine.py and optimizers.py."""
    names = "FIELDS, LANES, CONSTANTS, RULES, ACTIVATION_CODES, LOSS_CODES"
    made = "() => [FIELDS.split(' '), LANES, CONSTANTS, RULES, ACTIVATION_CODES, LOSS_CODES]"
    fields, lanes, constants, rules, activations, losses = ask({"task.js": names}, made, None)
    assert fields == list(task.Task.kinds)
    assert lanes == TOOL["LANES"]
    assert constants == {name: getattr(task, name) for name in constants}
    assert rules == {**RULES, "read": task.READ}
    assert activations == {name: scorer.ACTIVATIONS[name] for name in ACTIVATIONS}
    assert losses == LOSSES
    assert ask({"training.js": "LARGEST"}, "() => LARGEST", None) == LARGEST
