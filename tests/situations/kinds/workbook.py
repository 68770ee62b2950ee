"""The workbook's own folder, as it was handed out and filled in."""

import tempfile
from functools import cache

from handgrad.workbook.book import copies
from situations import ALL, CHECK, Situation, right
from situations.write import archive, named

CHAPTERS = range(2, 8)
EARLY = ("affine_forward", "relu_forward", "sigmoid_forward", "l2_loss")


@cache
def copy(solved=False, torch=False):
    """The texts that `handgrad workbook new` writes."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in copies.write(folder, "both", solved, torch=torch)
        }


def filled(suffix, chapters=CHAPTERS, torch=False):
    """A copy in which these chapters are done, in files of this kind."""
    blank, solved = copy(torch=torch), copy(solved=True, torch=torch)
    return {
        name: (solved if name[0].isdigit() and int(name[0]) in chapters and name.endswith(suffix) else blank)[
            name
        ]
        for name in blank
    }


def wrong(files, old, new):
    """The same with one line changed, wherever it stands."""
    changed = {name: text.replace(old, new) for name, text in files.items()}
    assert changed != files, f"expected this line somewhere: {old}"
    return changed


def late(files, suffix):
    """When the files were last changed: those that were worked on, later than the others."""
    return {name: 90 if name[0].isdigit() and name.endswith(suffix) else 0 for name in files}


def situations():
    """Made when they are asked for: the copies take a second."""
    notebooks, scripts = filled(".ipynb"), filled(".py")
    rest = {"not done": set(ALL) - set(EARLY)}
    half = dict.fromkeys(rest["not done"], "not done")
    plain = copy() | {"two_layer_net.py": copy(solved=True)["two_layer_net.py"]}
    own = copy() | {"two_layer_net.py": right("plain")}
    mistake = wrong(notebooks, "dout.sum(axis=0)", "dout.mean(axis=0)")
    return [
        Situation("workbook: chapters 2 to 7 in the notebooks", notebooks),
        Situation("workbook: the same, changed later than the rest", notebooks, changed=late(notebooks, ".ipynb")),
        Situation("workbook: chapters 2 to 7 in the Python files", scripts),
        Situation("workbook: 2 to 4 in notebooks, 5 to 7 in Python files", filled(".ipynb", range(2, 5)) | {n: t for n, t in scripts.items() if n[0] in "567" and n.endswith(".py")}),
        Situation("workbook: only two_layer_net.py filled in", plain),
        Situation("workbook: two_layer_net.py filled in in one's own way", own),
        Situation("workbook: chapters 2 to 4 only", filled(".ipynb", range(2, 5)), half),
        Situation("workbook: for PyTorch, in the notebooks", filled(".ipynb", torch=True)),
        Situation("workbook: the notebooks only", {n: t for n, t in notebooks.items() if n.endswith(".ipynb")}),
        Situation("workbook: as a zip of the whole folder", {"course.zip": archive({f"course/{n}": t for n, t in notebooks.items()})}),
        Situation("workbook: everything blank", copy(), dict.fromkeys(ALL, "not done")),
        Situation("workbook: one mistake in chapter 5", mistake, {"affine_backward": 7}),
        Situation("workbook: a finished chapter 2 alone, checked", {"2_layers.ipynb": copy(solved=True)["2_layers.ipynb"]}, kind=CHECK, student="2_layers.ipynb", only=("affine_forward",), never=("Traceback", "of 10 right")),
        Situation("workbook: chapter 4 alone, wrong, checked", wrong({"4_loss.py": copy(solved=True)["4_loss.py"]}, "2 / N * error", "3 / N * error"), {"l2_loss": "wrong"}, kind=CHECK, student="4_loss.py", only=("l2_loss",)),
        Situation("workbook: the folder, checked", {f"course/{n}": t for n, t in notebooks.items()}, kind=CHECK, student="course"),
        Situation("workbook: own functions pasted into a blank chapter's last cell", {"7_training.py": copy()["7_training.py"] + "\n\n# %%\n" + "\n\n".join(t for n, t in named(right("plain")).items() if n)}),
    ]  # fmt: skip
