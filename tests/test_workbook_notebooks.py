"""Every chapter is executed to its end as a notebook: blank, with wrong answers, and solved."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from handgrad.workbook.book import copies
from handgrad.workbook.book.exercise import exercises

from conftest import FIGURES
from learners import CLAIMS, NINE, wrong_chapter

TEXTS = {
    "blank": copies.chapter,
    "wrong": wrong_chapter,
    "solved": lambda number: copies.chapter(number, solved=True),
}
SAYS = {  # the verdict, and what stands behind the exercise
    "blank": ("not done", "still blank; the lesson's stands in below"),
    "wrong": ("wrong", "yours is not right yet (the check above says why); the lesson's stands in below"),
    "solved": ("right", None),
}
PATIENCE = 1500  # seconds for all of them on a busy machine
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The folder with all copies, after their execution."""
    folder = tmp_path_factory.mktemp("notebooks")
    files = []
    for number in sorted(copies.chapters(), reverse=True):  # those that take long first
        for kind, text in TEXTS.items():
            file = folder / kind / f"{NINE[number - 1]}.ipynb"
            file.parent.mkdir(exist_ok=True)
            file.write_text(copies.notebook(text(number), number), "utf-8")
            files.append(str(file))
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("notebooks.py")), *files], env={**os.environ, **ONE_THREAD},
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seconds = json.loads(done.stdout.strip().split("\n")[-1])
    assert set(seconds) == {*files, "all"}
    FIGURES["27 notebooks, two at a time"] = f"{seconds['all'] / 60:.1f} min"
    return folder


def outputs(executed, kind, number):
    """Each code cell's outputs, in the order of the cells."""
    book = json.loads((executed / kind / "executed" / f"{NINE[number - 1]}.ipynb").read_text("utf-8"))
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells)
    return [cell["outputs"] for cell in cells]


def printed(cells):
    return "".join("".join(o["text"]) for cell in cells for o in cell if o["output_type"] == "stream")


@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("number", range(1, 10))
@pytest.mark.parametrize("kind", TEXTS)
def test_a_chapter_is_executed_to_its_end(executed, kind, number):
    cells = outputs(executed, kind, number)
    raised = [(o["ename"], o["evalue"]) for cell in cells for o in cell if o["output_type"] == "error"]
    assert raised == []
    text = printed(cells)
    assert re.search(CLAIMS[number], text), text
    assert sum("image/png" in o.get("data", {}) for cell in cells for o in cell) >= 5
    shown = "".join("".join(o["data"].get("text/html", "")) for cell in cells for o in cell if "data" in o)
    state, line = SAYS[kind]
    for exercise in exercises().values():
        here = exercise.chapter == number
        assert (f"{exercise.name}: {state}" in shown) == here, shown
        assert (f"\n{exercise.name}: " in f"\n{text}") == (here and line is not None), text
        assert (f"\n{exercise.name}: {line}\n" in f"\n{text}") == (here and line is not None), text


@pytest.mark.timeout(PATIENCE + 60)
def test_the_network_is_made_of_the_learners_pieces(executed):
    """From notebooks in the same folder; of nine chapters with nothing right in them, the lesson's."""
    layers = {f"{layer}_{way}" for layer in ("affine", "relu", "sigmoid") for way in ("forward", "backward")}
    said = {kind: printed(outputs(executed, kind, 6)) for kind in TEXTS}
    assert set(re.search(r"^yours: (.*)$", said["solved"], re.MULTILINE)[1].split(", ")) >= {
        *layers,
        "l2_loss",
    }
    assert "the lesson's: " not in said["solved"]
    assert re.search(r"^the lesson's: .*affine_forward.* \(blank\)$", said["blank"], re.MULTILINE)
    assert re.search(r"^the lesson's: .*affine_forward.* \(wrong\)$", said["wrong"], re.MULTILINE)
    said = printed(outputs(executed, "solved", 7))
    assert re.search(r"^yours: l2_loss, TwoLayerNet$", said, re.MULTILINE)
