"""What of a submission is run, in one file and in several, and what it is asked for."""

import ast
import re

import pytest

from handgrad.workbook import checks
from handgrad.workbook.checks.handed_in import asked_for
from handgrad.workbook.checks.verdict import NOT_DONE, WRONG
from handgrad.workbook.desk import definitions, submission
from handgrad.workbook.desk.remote import RemoteDesk
from handgrad.workbook.desk.submission import CHAPTERS, NAMES, Source
from submissions import (
    BACK,
    BLANK,
    HEAD,
    IMPATIENT,
    PASSED,
    RELU,
    SIGMOID,
    WRONG_RELU,
    notebook,
    passed,
    run,
    said,
    sources,
)
from test_workbook_grade import RIGHT

# --- what of it is run ---------------------------------------------------------------------------------

LIMITED = "def relu_forward(x):\n    return np.maximum(x, LIMIT), x\n\n"
NEVER = "raise SystemExit('run')"  # ends the reading if it is run
NEEDED = {
    "a number": "LIMIT = 0.0",
    "a tuple": "LIMIT, other = 0.0, 1",
    "a list": "[LIMIT, *rest] = [0.0, 1, 2]",
    "an annotated one": "LIMIT: float = 0.0",
    "computed from another": "first = 2.0\nLIMIT = first - 2",
    "changed later": "LIMIT = 1.0\nLIMIT -= 1",
    "in an if": "if np.pi > 3:\n    LIMIT = 0.0\nelse:\n    LIMIT = 1.0",
    "in a try": "try:\n    import no_such_module\n    LIMIT = 1.0\nexcept ImportError:\n    LIMIT = 0.0",
    "in a with": "with np.errstate(all='ignore'):\n    LIMIT = 0.0\n    raise_it()",
    "in a loop": "for LIMIT in (2.0, 1.0, 0.0):\n    pass",
    "of a function": "def zero():\n    return 0.0\nLIMIT = zero()",
    "of a class": "class Settings:\n    limit = 0.0\nLIMIT = Settings.limit",
    "only in main": "if __name__ == '__main__':\n    LIMIT = 0.0\n    raise SystemExit",
    "set by a function": "def prepare():\n    global LIMIT\n    LIMIT = 0.0\nprepare()",
    "an item set": "table = {}\ntable['limit'] = 0.0\nLIMIT = table['limit']",
    "a list filled": "found = []\nfound.append(0.0)\nLIMIT = found[0]",
    "a walrus": "print(LIMIT := 0.0)",
    "imported": "from math import inf as LIMIT\nLIMIT = LIMIT - LIMIT if False else 0.0",
    "in a match": "match (0.0, 1):\n    case (LIMIT, _):\n        pass",
    "filled in a loop": "table = {}\nfor i in range(3):\n    table[i] = 0.0\nLIMIT = table[2]",
    "counted": "LIMIT = 0.0\ndef count():\n    global LIMIT\n    LIMIT += 1",
    "of a dataclass": "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass(frozen=True)\nclass Kept:\n    limit: no_such_type = 0.0\nLIMIT = Kept().limit",
    "a comprehension": "LIMIT = sum([x for x in [0.0]])",
}


@pytest.mark.parametrize("made", NEEDED.values(), ids=NEEDED)
def test_what_a_function_needs_is_run(made):
    for text in (f"{HEAD}{made}\n{LIMITED}{NEVER}\n", f"{HEAD}{NEVER}\n{LIMITED}{made}\n"):
        assert passed(run(text)) == {"relu_forward"}


NOT_NEEDED = {
    "training": "x, W, b = load()\nmodel = TwoLayerNet(1, 2, 3)\ntrain_model(model, x)",
    "a parameter's name": "x = load()",
    "a local name": "y = load()",
    "an attribute's name": "maximum = load()",
    "plots": "plt.plot(np.arange(3))\nplt.show()",
    "asserts": "assert relu_forward(np.ones(3))[0].sum() == 4",
    "its tests": "def test_relu():\n    assert False\ntest_relu()",
    "main": "if __name__ == '__main__':\n    main()",
    "a loop": "while True:\n    pass",
    "a loop that never ends": "from itertools import count\nfor i in count():\n    pass",
    "input": "n = int(input('how many? '))",
    "exit": "import sys\nsys.exit(0)",
    "data": "import pandas as pd\ndata = pd.read_csv('mnist.csv')",
    "imports of packages that are not here": "import no_such_package\nfrom tensorflow.keras.datasets import mnist",
    "another function's default": "def other(data=load()):\n    pass",
    "another class": "class Other(Unknown):\n    load()",
    "a comprehension's name": "z = [x for x in load()]",
    "the exercise again": "relu_forward(load())",
    "yours or ours": "from handgrad.workbook.lesson import yours_or_ours\nrelu_forward = yours_or_ours(relu_forward)",
}


@pytest.mark.parametrize("rest", NOT_NEEDED.values(), ids=NOT_NEEDED)
def test_what_no_exercise_needs_is_not_run(rest):
    text = f"{HEAD}def relu_forward(x):\n    y = np.maximum(x, 0)\n    return y, x\n\n{rest}\n"
    verdicts = run(text)
    assert passed(verdicts) == {"relu_forward"}
    assert verdicts["relu_forward"].remarks == ()


def test_settings_of_the_libraries_are_made():
    text = f"{HEAD}np.random.seed(3)\nnp.save('x', np.ones(3))\n{RELU}np.set_printoptions(precision=3)\n"
    chosen = definitions.select(submission.read(text, "net.py").leaves, NAMES)
    assert [ast.unparse(leaf.node).split("(")[0] for leaf in chosen] == [
        "import numpy as np", "np.random.seed", "def relu_forward", "np.set_printoptions"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        RIGHT.replace("class TwoLayerNet:", "class TwoLayerNet:\n    pass\n\n\nclass Part:").replace("def train", "TwoLayerNet = Part\n\n\ndef train"),
        RIGHT.replace("    def backward(self, dout, cache):", "\ndef backward(self, dout, cache):").replace("\ndef train", "\nTwoLayerNet.backward = backward\n\ndef train"),
        RIGHT.replace("    def backward(self, dout, cache):", "\nclass TwoLayerNet(TwoLayerNet):\n    def backward(self, dout, cache):"),
        RIGHT + "\n\ndef affine_forward(x, W, b):\n    pass\n", RIGHT + "\n\nclass TwoLayerNet:\n    def forward(self, x):\n        pass\n",
        "if True:\n" + "\n".join(f"    {line}" for line in RIGHT.split("\n")), "from __future__ import annotations\n" + RIGHT,
        RIGHT.replace("(x, W, b):", "(x: Tensor, W: 'list[', b: Tensor) -> Nowhere[int]:"),
        RIGHT.replace("import numpy as np\n", "from numpy import *\nimport numpy as np\n"),
        RIGHT.replace("import numpy as np\n", "try:\n    import cupy as np\nexcept ImportError:\n    import numpy as np\n"),
        RIGHT.replace("def relu_forward", "from functools import lru_cache\n@lru_cache\ndef other():\n    pass\n\n@staticmethod\ndef relu_forward"),
    ],
)  # fmt: skip
def test_ways_to_define(text):
    text = (
        text.replace(
            "        first, relu, second, sigmoid = cache", "    first, relu, second, sigmoid = cache"
        )
        if "\ndef backward(self" in text
        else text
    )
    if "\ndef backward(self" in text:
        start, end = text.index("\ndef backward(self"), text.index("\nTwoLayerNet.backward")
        body = text[start:end].replace("\n        ", "\n    ").replace("\n        ", "\n    ")
        text = text[:start] + body + text[end:]
    verdicts = run(text)
    assert passed(verdicts) == set(verdicts), said(verdicts)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ("LIMIT = int(input())", "EOFError|OSError"), ("LIMIT = load()", "NameError"), ("LIMIT = open('nowhere.txt').read()", "FileNotFoundError"),
        ("def count():\n    while True:\n        pass\nLIMIT = count()", "did not finish within"), ("LIMIT = __import__('time').sleep(1000)", "did not finish"),
        ("LIMIT = 1 / 0", "ZeroDivisionError"), ("LIMIT = np.ones(10 * 2**27)", "MemoryError"), ("LIMIT = exit()", "SystemExit"), ("LIMIT = __import__('os')._exit(3)", "ended the process"),
        ("LIMIT = __import__('os').abort()", "SIGABRT"),
        ("def count():\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass\nLIMIT = count()", "did not finish within"),
    ],
)  # fmt: skip
def test_what_fails_hits_only_those_that_need_it(made, why):
    """In a process of its own, as on the command line."""
    text = f"{HEAD}{made}\n{LIMITED}{BACK}{SIGMOID}"
    with RemoteDesk(IMPATIENT) as desk:
        verdicts = run(text, desk=desk)
    assert passed(verdicts) == {"relu_backward", "sigmoid_forward"}
    line = text[: text.index("LIMIT = ")].count("\n") + 1
    assert "NameError" in verdicts["relu_forward"].message
    (remark,) = verdicts["relu_forward"].remarks
    assert re.match(rf"line {line} was left out: .*({why})", remark), remark


def test_a_definition_that_fails_does_not_end_the_others():
    text = f"{HEAD}{RELU}@undefined\n{SIGMOID}{BACK}class TwoLayerNet(Unknown):\n    pass\n"
    verdicts = run(text)
    assert passed(verdicts) == {"relu_forward", "relu_backward"}
    assert (verdicts["sigmoid_forward"].state, verdicts["TwoLayerNet"].state) == (WRONG, WRONG)
    assert verdicts["sigmoid_forward"].message.startswith(
        "sigmoid_forward could not be defined, line 6: NameError"
    )
    assert "Unknown" in verdicts["TwoLayerNet"].message


TRAINED = """
x, labels = np.random.rand(60000, 784), np.zeros(60000, int)
model = TwoLayerNet(784, 100, 10)
train_model(model, x, labels, x, labels, n_epochs=100)
print("trained")
"""


def test_the_right_network_that_trains_at_the_margin():
    """The names x, labels and model are parameters of the functions as well."""
    for name in ("net.py", "net.ipynb"):
        text = notebook([RIGHT, TRAINED]) if name.endswith("ipynb") else RIGHT + TRAINED
        with RemoteDesk() as desk:
            verdicts = checks.run(desk, [Source(name, text)])
            assert [v.state for v in verdicts] == [PASSED] * 10
            assert desk.output == ""


# --- several files -------------------------------------------------------------------------------------

LAYERS = f"import numpy as np\n\n{RELU}{BACK}SLOPE = 1\ndef double(x):\n    return 2 * x\n"
USER = "def sigmoid_forward(x):\n    y = 1 / (1 + np.exp(-double(x) / 2))\n    return y, y\n"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("layers.py", "from layers import double"), ("layers.py", "from layers import *"), ("layers.py", "import layers\ndouble = layers.double"),
        ("layers.py", "import layers as L\ndef double(x):\n    return L.double(x)"), ("layers.py", "from .layers import double"),
        ("layers.py", "from . import layers\ndouble = layers.double"), ("pack/layers.py", "from pack.layers import double"),
        ("pack/layers.py", "import pack.layers\ndef double(x):\n    return pack.layers.double(x)"), ("pack/layers.py", "import pack.layers as L\ndouble = L.double"),
        ("pack/layers.py", "from pack import layers\ndouble = layers.double"), ("pack/__init__.py", "from pack import double"),
        ("pack/layers.py", "from .pack.layers import double"), ("src/layers.py", "import sys\nsys.path.append('src')\nfrom layers import double"),
        ("layers.ipynb", "from layers import double"), ("layers.ipynb", "from ipynb.fs.full.layers import double"),
        ("layers.py", "def other():\n    pass"), ("layers.py", "def double(x):\n    from layers import double\n    return double(x)"),
        ("2_layers.py", "%run 2_layers.py"), ("layers.ipynb", "%run ./layers.ipynb"),
    ],
)  # fmt: skip
def test_a_file_takes_from_another(file, line):
    if file.endswith("ipynb"):
        files = {file: [LAYERS, "assert False"], "net.ipynb": [HEAD, line, USER]}
    else:
        files = {file: LAYERS + "raise SystemExit('run')\n", "net.py": f"{HEAD}{line}\n{USER}"}
    for given in (files, dict(reversed(files.items()))):
        verdicts = run(given)
        assert passed(verdicts) == {"relu_forward", "relu_backward", "sigmoid_forward"}, said(verdicts)
        assert "ImportError" not in said(verdicts)


def test_files_that_import_each_other():
    files = {
        "a.py": f"from b import *\nfrom b import half\n{HEAD}def one():\n    return 1\n{RELU}",
        "b.py": f"import a\nfrom a import one\n{HEAD}def half(x):\n    return x / (1 + one())\n{BACK.replace('(cache > 0)', '(cache > 0) * half(2 * one())')}",
    }
    for given in (files, dict(reversed(files.items()))):
        assert passed(run(given)) == {"relu_forward", "relu_backward"}


def test_a_package_with_relative_imports():
    files = {
        "project/model/__init__.py": "from .net import *\nfrom .layers import relu_forward as rectify\n",
        "project/model/layers.py": LAYERS,
        "project/model/net.py": f"from . import layers\nfrom ..tools import half\n{HEAD}{USER.replace('double', 'layers.double').replace('/ 2', '* half()')}",
        "project/tools.py": "def half():\n    return 1 / 2\n",
        "project/main.py": "from model.net import sigmoid_forward\nsigmoid_forward(load())\n",
    }
    verdicts = run(files)
    assert passed(verdicts) == {"relu_forward", "relu_backward", "sigmoid_forward"}, said(verdicts)


def test_the_whole_network_in_several_files():
    cut = RIGHT.index("def l2_loss"), RIGHT.index("class TwoLayerNet")
    layers, losses, net = RIGHT[: cut[0]], HEAD + RIGHT[cut[0] : cut[1]], HEAD + RIGHT[cut[1] :]
    files = {
        "layers.py": layers,
        "losses.py": losses,
        "net.py": f"from layers import *\nfrom losses import l2_loss\n{net}",
    }
    verdicts = run(files)
    assert passed(verdicts) == set(verdicts), said(verdicts)
    assert len(verdicts) == 10
    wrong = run(files | {"layers.py": layers.replace("dout.sum(axis=0)", "dout.mean(axis=0)")})
    assert set(wrong) - passed(wrong) == {"affine_backward"}  # the lesson's piece reaches the other file
    assert any("stood in for affine_backward" in remark for remark in wrong["TwoLayerNet"].remarks)
    missing = run({"net.py": files["net.py"], "losses.py": losses})  # layers.py was not handed in
    assert passed(missing) == {"l2_loss", "calculate_accuracy", "TwoLayerNet", "train_model"}, said(missing)
    assert missing["affine_forward"].state == NOT_DONE


def test_a_class_whose_methods_are_given_afterwards_is_not_blank():
    blank = "class TwoLayerNet:\n    def forward(self, x):\n        pass\n    def backward(self, dout, cache):\n        pass\n"
    given = "def forward(self, x):\n    return x, x\n\nTwoLayerNet.forward = forward\n"
    assert submission.read(blank, "a.py").present["TwoLayerNet"] == "blank"
    reading = submission.read(f"{blank}\n{given}", "a.py")
    assert reading.present["TwoLayerNet"] == "done"
    assert reading.blank_methods == ("backward",)


TAKEN = [  # files; the file whose answer counts; what is said of it
    ({"a.py": HEAD + BLANK, "b.py": HEAD + RELU}, True, ""),
    ({"a.py": HEAD + RELU, "b.py": HEAD + BLANK}, True, ""),
    ({"a.py": HEAD + RELU, "b.py": HEAD + RELU}, True, ""),
    ({"net.py": HEAD + WRONG_RELU, "net (1).py": HEAD + RELU}, True, "taken from net (1).py; net.py holds another one"),
    ({"net.py": (HEAD + RELU, 1e6), "new.py": (HEAD + WRONG_RELU, 2e6)}, True, "taken from net.py; the one in new.py is not right"),
    ({"net.py": (HEAD + WRONG_RELU, 1e6), "new.py": (HEAD + RELU, 2e6)}, True, "taken from new.py; net.py holds another one"),
    ({"net.py": HEAD + WRONG_RELU, "fuller.py": HEAD + RELU + BACK}, True, "taken from fuller.py; net.py holds another one"),
    ({"a.py": HEAD + WRONG_RELU, "b.py": HEAD + RELU, "c.py": HEAD + WRONG_RELU.replace("0), x", "0), 1")}, True, "taken from b.py; the one in a.py is not right"),
    ({"a.py": HEAD + WRONG_RELU, "b.py": HEAD + WRONG_RELU.replace("x, 0", "0, x")}, False, "taken from a.py; b.py holds another one"),
    ({"old/net.py": (HEAD + WRONG_RELU, 9e6), "net.py": (HEAD + RELU, 1e6)}, True, "taken from net.py; old/net.py holds another one"),
    ({"old (2).py": HEAD + WRONG_RELU, "net.py": HEAD + RELU}, True, "taken from net.py; old (2).py holds another one"),
    ({"a.py": HEAD + "def relu_forward(x:\n", "b.py": HEAD + RELU}, True, "a.py, line 3 was left out"),
    ({"a.ipynb": [HEAD, RELU, BLANK]}, True, ""),
    ({"a.ipynb": [HEAD, WRONG_RELU, RELU]}, True, ""),
]  # fmt: skip


@pytest.mark.parametrize(("files", "right", "words"), TAKEN)
def test_of_several_answers_one_is_taken_and_said(files, right, words):
    for given in (files, dict(reversed(files.items()))):
        verdict = run(given, ["relu_forward"])["relu_forward"]
        assert verdict.passed == right
        assert words in "\n".join(verdict.remarks)
        assert words or not verdict.remarks


def test_another_file_is_taken_in_a_process_that_has_to_start_anew():
    hang = HEAD + "def relu_forward(x):\n    while True:\n        x = x + 1\n"
    files = {"net (2).py": hang, "net.py": HEAD + RELU}
    with RemoteDesk(IMPATIENT) as desk:
        verdict = run(files, ["relu_forward"], desk)["relu_forward"]
        assert verdict.passed
        assert "taken from net.py; the one in net (2).py is not right" in verdict.remarks


def test_a_wrong_piece_of_another_file_is_not_held_against_what_uses_it():
    wrong = RIGHT.replace("(cache > 0)", "1")
    verdicts = run({"old.py": (RIGHT, 1e6), "new.py": (wrong, 2e6)})
    assert passed(verdicts) == set(verdicts), said(verdicts)
    assert "taken from old.py; the one in new.py is not right" in verdicts["relu_backward"].remarks


def test_only_one_of_several_files_can_be_read():
    verdicts = run({"a.py": HEAD + RELU, "b.ipynb": "{}", "c.py": "not python at all"})
    assert passed(verdicts) == {"relu_forward"}
    assert "b.ipynb: not a Jupyter notebook" in said(verdicts)
    assert "c.py, line 1: cannot be read as Python" in said(verdicts)


def test_an_error_names_its_file():
    verdicts = run({"a.py": HEAD + RELU, "b.py": "def relu_backward(dout, cache):\n    return undefined\n"})
    assert "raised NameError in b.py, line 2: return undefined" in verdicts["relu_backward"].message


# --- what is asked for ---------------------------------------------------------------------------------

CHECKED = (
    "from handgrad.workbook import check\ndef affine_forward(x, W, b):\n    pass\ncheck(affine_forward)\n"
)


@pytest.mark.parametrize(
    ("files", "chapters"),
    [
        ({"2_layers.ipynb": [HEAD + "def affine_forward(x, W, b):\n    pass"]}, [2]), ({"handed in/3_nonlinearities.py": HEAD + RELU}, [3]),
        ({"3_nonlinearities (1).py": HEAD + RELU, "2_layers.py": ""}, [2, 3]), ({"mine.py": CHECKED}, [2]), ({"mine.ipynb": [CHECKED]}, [2]),
        ({"1_templates.py": "", "utils.py": "def one(): pass\n"}, [1]), ({"7_training.py": HEAD + RELU}, [7, "relu_forward"]),
        ({"net.py": HEAD + RELU}, None), ({"3_final.py": HEAD + RELU}, None), ({"2_layers.py": "", "net.py": HEAD + RELU}, None), ({}, None),
        ({"8_inside.ipynb": [HEAD]}, [8]),
    ],
)  # fmt: skip
def test_a_chapter_is_judged_by_its_own_exercises(files, chapters):
    present = {"relu_forward": "done"} if any("relu" in str(text) for text in files.values()) else {}
    asked = asked_for(present, sources(files))
    whole = list(run(RIGHT))
    own = {
        name for one in chapters or () for name in CHAPTERS.get(one, [one] if isinstance(one, str) else [])
    }
    assert asked == ([n for n in NAMES if n in own] if own else whole)


def test_chapters_are_those_of_the_exercises():
    from handgrad.workbook.book.exercise import exercises

    assert {n: chapter for chapter, names in CHAPTERS.items() for n in names} == {
        e.name: e.chapter for e in exercises().values()
    }
    assert set(NAMES) == set(checks.CHECKS)


@pytest.mark.parametrize("solved", [True, False])
def test_the_workbook_as_it_was_handed_out(tmp_path, solved):
    from handgrad.workbook.book.copies import write

    pytest.importorskip("jupytext")
    texts = {
        path.name: path.read_text("utf-8") for path in write(tmp_path, solved=solved) if path.suffix != ".md"
    }
    verdicts = run(texts)
    assert set(verdicts) == set(NAMES)
    assert {v.state for v in verdicts.values()} == {PASSED if solved else NOT_DONE}, said(verdicts)
    for name, text in texts.items():
        if name[0].isdigit() and int(name[0]) not in CHAPTERS:
            continue
        alone = run({name: text})
        assert {v.state for v in alone.values()} == {PASSED if solved else NOT_DONE}, said(alone)
    one = dict(texts) | {
        "2_layers.ipynb": texts["2_layers.ipynb"].replace("out = None  # yours", "out = x @ W.T + b")
    }
    assert passed(run(one)) == (set(NAMES) if solved else {"affine_forward"})
