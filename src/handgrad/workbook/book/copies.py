"""A learner's copy of the workbook: chapters as notebooks and as Python files, and one plain file to fill in.

The chapters are `py:percent` texts. A cell `# exercise: NAME` in them stands for the exercise's cells: what
is asked, the blank (or the solution, in a solved copy), its check, how to get a hint, and the line by which
the chapter goes on with the lesson's piece where the learner's is still blank.
"""

import ast
import os
import re
from collections.abc import Collection, Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from handgrad.errors import HandgradError, MissingExtraError
from handgrad.files import expect_folder, reason
from handgrad.workbook.book import needs
from handgrad.workbook.book.exercise import Exercise, exercises, find

LESSON = "handgrad.workbook.lesson"
FORMS = ("both", "notebooks", "python")
MARKER = re.compile(r"^# %%\n# exercise: (\w+)\n", re.MULTILINE)
NUMPY_ARRAYS = "array = np.array  # makes the arrays of this chapter"
TORCH_ARRAYS = "import torch\n\narray = torch.tensor  # makes the arrays of this chapter"
LAYOUT = (  # the course's, and three small steps to its TwoLayerNet
    "affine_forward", "affine_backward", "relu_forward", "relu_backward", "sigmoid_forward",
    "sigmoid_backward", "l2_loss", "initial_params", "network_forward", "network_backward", "TwoLayerNet",
    "calculate_accuracy", "train_model",
)  # fmt: skip
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def chapters() -> dict[int, str]:
    """The names of the chapters by number: 1 -> "1_templates"."""
    folder = files("handgrad.workbook.book") / "chapters"
    names = sorted(f.name.removesuffix(".py") for f in folder.iterdir() if re.match(r"\d_\w+\.py$", f.name))
    return {int(name[0]): name for name in names}


def write(
    folder: str | os.PathLike[str], form: str = "both", solved: bool = False,
    chapters: Sequence[int] | None = None, torch: bool = False,
) -> list[Path]:  # fmt: skip
    """Write a copy of the workbook into the folder, which is made if need be -> the files written.

    form: "notebooks", "python" or "both". solved: with the solutions instead of the blanks. chapters: only
    those, and without the plain file. torch: for PyTorch instead of NumPy. Nothing is overwritten:
    HandgradError where the folder holds one of the files already, or cannot be written; MissingExtraError
    where notebooks need more than is installed.
    """
    if form not in FORMS:
        raise ValueError(f"expected one of {', '.join(FORMS)}; got {form!r}")
    texts = _texts(form, solved, chapters, torch)
    folder = Path(folder)
    if there := [name for name in texts if os.path.lexists(folder / name)]:
        raise HandgradError(
            f"{folder}: {there[0]} is there already, and nothing is overwritten; name another folder"
        )
    expect_folder(folder)
    written: list[Path] = []
    try:
        for name, text in texts.items():
            with (folder / name).open("x", encoding="utf-8", newline="\n") as file:  # never replaces a file
                written.append(folder / name)
                file.write(text)
    except BaseException as error:  # a full disk, Ctrl-C: half a copy would be in the way of the next
        for path in written:
            path.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise HandgradError(f"{folder}: the workbook cannot be written: {reason(error)}") from None
    return written


def chapter(number: int, solved: bool = False, torch: bool = False, script: bool = False) -> str:
    """A chapter as a `py:percent` text, with its exercises blank or solved.

    script: to be run as a file, where the value of a cell is not shown: verdicts and hints are printed.
    """
    text = (files("handgrad.workbook.book") / "chapters" / f"{chapters()[number]}.py").read_text("utf-8")
    there = {*MARKER.findall(text), *_from_the_lesson(text)}
    text = MARKER.sub(lambda found: _cells(find(found[1]), solved, torch, script, there), text)
    text = text.replace(NUMPY_ARRAYS, TORCH_ARRAYS) if torch else text
    return text.replace(".ipynb)", ".py)") if script else text


def plain_file(solved: bool = False, torch: bool = False) -> str:
    """One file in the course's layout, every function blank (or solved)."""
    pieces = [_without_imports(exercises()[name].text(solved, torch)) for name in LAYOUT]
    library = "import torch" if torch else "import numpy as np"
    tail = _TAIL.format(array="torch.tensor" if torch else "np.array")
    return "\n\n\n".join([f"{_HEAD}\n{library}", *pieces, tail])


def notebook(text: str, number: int) -> str:
    """A chapter's text as the JSON of a notebook. MissingExtraError without jupytext and nbformat."""
    try:
        jupytext, nbformat = import_module("jupytext"), import_module("nbformat")
    except ImportError as error:
        how = "pip install 'handgrad[workbook]', or take the Python files: --python"
        raise MissingExtraError(f"notebooks need {error.name}: {how}") from None
    book = jupytext.reads(text, fmt="py:percent")
    book.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for i, cell in enumerate(book.cells):
        cell.metadata.clear()
        cell["id"] = f"chapter-{number}-cell-{i:02}"
    book.nbformat, book.nbformat_minor = 4, 5
    nbformat.validate(book)
    return f"{nbformat.writes(book)}\n"


def _texts(form: str, solved: bool, only: Sequence[int] | None, torch: bool) -> dict[str, str]:
    texts = {}
    for number in chapters() if only is None else only:
        if number not in chapters():
            raise HandgradError(f"expected a chapter from 1 to {max(chapters())}; got {number!r}")
        name = chapters()[number]
        if form != "python":
            texts[f"{name}.ipynb"] = notebook(chapter(number, solved, torch), number)
        if form != "notebooks":
            texts[f"{name}.py"] = chapter(number, solved, torch, script=True)
    if only is None and form != "notebooks":
        texts["two_layer_net.py"] = plain_file(solved, torch)
    return texts | {"README.md": _readme(form, torch)}


def _readme(form: str, torch: bool) -> str:
    begin = "jupyter lab" if form != "python" else f"python {chapters()[1]}.py"
    then = "open a chapter" if form != "python" else "go on with the next chapter"
    torch_too = "" if torch else "\n" + _WITH_TORCH
    return _README.format(install=needs.install(form, torch), begin=begin, then=then) + torch_too


def _cells(exercise: Exercise, solved: bool, torch: bool, script: bool, there: set[str]) -> str:
    """The cells of an exercise. there: pieces that the chapter has already, which are not imported anew."""
    show = "print({})" if script else "{}"
    name = exercise.name
    asked = "\n".join(f"# {line}".rstrip() for line in exercise.statement.strip().split("\n"))
    return f"""# %% [markdown]
# ### Exercise `{name}`
#
{asked}

# %%
{_without_imports(exercise.text(solved, torch), there)}


# %%
{show.format(f"check({name})")}

# %%
{name} = yours_or_ours({name})  # yours if it is right, else ours
# A hint? Take the # before the next line away and run: 1 is the symptom, 2 where to look, 3 the line.
# {show.format(f'hint("{name}", 1)')}
"""


def _from_the_lesson(text: str) -> dict[str, ast.ImportFrom]:
    """The names that a text imports from the lesson, and the statements that do."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return {alias.name: node for node in nodes if node.module == LESSON for alias in node.names}


def _without_imports(text: str, there: Collection[str] | None = None) -> str:
    """A text without its imports; or only without those of these pieces from the lesson."""
    text = text.strip()
    lines = text.split("\n")
    for node in ast.parse(text).body:
        if not isinstance(node, ast.Import | ast.ImportFrom) or node.end_lineno is None:
            continue
        kept = ""
        if there is not None:
            if not isinstance(node, ast.ImportFrom) or node.module != LESSON:
                continue
            if names := [alias.name for alias in node.names if alias.name not in there]:
                kept = f"from {LESSON} import {', '.join(names)}"
        lines[node.lineno - 1 : node.end_lineno] = [kept] + [""] * (node.end_lineno - node.lineno)
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines).strip())


_HEAD = '''"""A network of two layers, written by hand: affine, relu, affine, sigmoid, and the L2 loss.

Fill in what says "yours", in any order. In a terminal:

    handgrad workbook check two_layer_net.py       which are right, and which mistake the others hold
    handgrad workbook hint affine_backward 1       a hint: 1 the symptom, 2 where to look, 3 the line
    python two_layer_net.py                        train it on MNIST, once all of it is there
"""
'''

_TAIL = """if __name__ == "__main__":
    from handgrad.workbook.lesson import expect_done, mnist

    expect_done(__file__)
    (x, labels), (test_x, test_labels) = mnist({array})
    model = TwoLayerNet(784, 64, 10)
    train_model(model, x[:-5000], labels[:-5000], x[-5000:], labels[-5000:], n_epochs=3, learning_rate=0.5)
    print("test images:", calculate_accuracy(model, test_x, test_labels))
"""

_README = """# The workbook of handgrad

Build a network that reads handwritten digits yourself. A checker names the mistakes in your code.
The workbook follows the lesson "Machine Learning" of the course AlphaFold Decoded.

    {install}
    {begin}

and {then}. handgrad is not on PyPI: the first command needs handgrad installed already (`handgrad --version`
shows it), or its wheel, `handgrad-....whl`, in this folder. If you have neither, ask your teacher for the
wheel, or run `pip install .` in the folder of handgrad's source code.

Each chapter can be done without the chapters before it.

| chapter | what you build |
|---|---|
| 1 templates | the mean image of each digit, normalised: reads 82 of 100 test images |
| 2 layers | the affine layer |
| 3 non-linearities | relu and sigmoid (activation functions), and what happens without them |
| 4 loss | one-hot rows and the L2 loss |
| 5 backward | backpropagation: the gradient of each layer, and how to check it |
| 6 network | two layers, forward pass and backward pass |
| 7 training | mini-batch (stochastic) gradient descent: reads more than 95 of 100 test images |
| 8 inside | the votes behind one answer, what the network has learnt, your own handwriting |
| 9 beyond | softmax with cross-entropy, momentum, and a better recipe: 97 of 100 with a third of the images |

A cell that says "yours" is an exercise. Below it, `check(...)` says whether it is right, and if not, which
mistake it probably is; `hint("affine_forward", 1)` gives a hint (1 the symptom, 2 where to look, 3 the line).
While an exercise is blank or wrong, the chapter continues with our solution, and says so.

**With an editor instead of notebooks**: the `.py` files are the same chapters (VS Code and PyCharm run them
cell by cell; `python 2_layers.py` runs one as a whole and puts its pictures into the folder `pictures`), and
`two_layer_net.py` is one plain file with every function of chapters 2 to 7, to fill in and check:

    handgrad workbook check two_layer_net.py

The Python files need matplotlib for their pictures, as the notebooks do. A machine without a network, or a
whole class room: see "A class room" in docs/workbook.md of handgrad.
"""

_WITH_TORCH = """**With PyTorch instead of NumPy**: `handgrad workbook new FOLDER --torch` writes such a copy.
"""
