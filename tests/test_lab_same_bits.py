"""A link reproduces a training run to the last bit: in Node, in chromium and in Firefox."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab_same_bits import RUNS, in_node

BROWSERS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}
SCRIPT = Path(__file__).parent / "lab_same_bits.py"
# what the first run came to on the machine where this was written; another kernel.wasm may have other bits
LESSON = [0.42857286292113606, 0.181288920715612, 0.13255469173124051]


@pytest.fixture(scope="module")
def by_node():
    return in_node()


def test_every_run_learns(by_node):
    assert len(by_node) == len(RUNS)
    for facts in by_node:
        losses = facts["losses"]
        assert losses[-1] < losses[0]
        assert facts["accuracies"][-1] > 0.5


def test_the_bits_are_those_of_another_machine(by_node):
    assert by_node[0]["losses"] == LESSON


@pytest.mark.parametrize("kind", BROWSERS)
def test_a_browser_trains_to_the_same_bits(kind, by_node):
    program = next(filter(None, map(shutil.which, BROWSERS[kind])), None)
    if program is None:
        pytest.skip(f"none of {', '.join(BROWSERS[kind])} is on the path")
    run = subprocess.run([sys.executable, SCRIPT, program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    for changes, facts, expected in zip(RUNS, json.loads(run.stdout), by_node, strict=True):
        assert facts == expected, changes
