"""What a teacher should look at: the lesson's own pieces, automatic differentiation, hand-ins that are alike."""

import itertools
import json
import re

import pytest

from handgrad.workbook.book import copies
from handgrad.workbook.desk.submission import Source
from handgrad.workbook.marking import code
from handgrad.workbook.marking.alike import Traits, alike, traits
from handgrad.workbook.marking.flags import flags_of
from handgrad.workbook.marking.handin import HandIn
from test_workbook_grade import RIGHT
from workbook_suite import HERE, bases, cases, correct


def flags(*texts, exercises=(), names=("net.py",)):
    given = [
        HandIn(f"student {n}", f"{n}.py", tuple(Source(name, text) for name in names))
        for n, text in enumerate(texts)
    ]
    return flags_of(given, exercises)


HEAD = "import numpy as np\nimport torch\nfrom handgrad import layers\nfrom handgrad.workbook import lesson\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def relu_forward(x):\n    return lesson.relu_forward(x)", "relu_forward uses handgrad's own workbook.lesson.relu_forward"),
        ("def helper(x):\n    return layers.relu_forward(x), x\ndef relu_forward(x):\n    return helper(x)",
         "relu_forward uses handgrad's own layers.relu_forward"),
        ("from handgrad.layers import affine_backward as ab\nclass TwoLayerNet:\n    def backward(self, d, c):\n        return ab(d, *c)",
         "TwoLayerNet uses handgrad's own layers.affine_backward"),
        ("from handgrad.workbook.lesson import l2_loss", "l2_loss is imported from handgrad"),
        ("l2_loss = lesson.l2_loss", "l2_loss uses handgrad's own workbook.lesson.l2_loss"),
        ("from handgrad.workbook.lesson import *", "l2_loss may be handgrad's"),
        ("import handgrad.training\ndef train_model(*a):\n    handgrad.training.train(*a)",
         "train_model uses handgrad's own training.train"),
        ("def train_model(m, x):\n    loss = m(x)\n    loss.backward()", "train_model uses automatic differentiation: .backward()"),
        ("def l2_loss(y, t):\n    y.requires_grad_()\n    return y, t", "l2_loss uses automatic differentiation: .requires_grad_()"),
        ("class TwoLayerNet:\n    def __init__(self, a, b, c):\n        self.W = torch.zeros(3, requires_grad=True)",
         "TwoLayerNet uses automatic differentiation: requires_grad=True"),
        ("from torch.autograd import grad as g\ndef relu_backward(d, c):\n    return g(c, d)",
         "relu_backward uses automatic differentiation: torch.autograd.grad"),
        ("import jax\ndef relu_backward(d, c):\n    return jax.vjp(lambda x: x, c)[1](d)",
         "relu_backward uses automatic differentiation: jax.vjp"),
        ("from autograd import grad\ndef slope(f):\n    return grad(f)\ndef l2_loss(y, t):\n    return 0, slope(y)",
         "l2_loss uses automatic differentiation: autograd.grad"),
    ],
)  # fmt: skip
def test_what_is_not_by_hand_is_told(text, said):
    assert any(said in flag for flag in flags(HEAD + text + "\n")[0])
    cell = {"cell_type": "code", "source": HEAD + "%matplotlib inline\n" + text}
    book = json.dumps({"cells": [cell], "nbformat": 4})
    assert any(said in flag for flag in flags(book, names=("net.ipynb",))[0])


@pytest.mark.parametrize(
    "text",
    [
        # beside the exercises: a comparison with autograd, and a test
        "def compare(x):\n    x = x.requires_grad_()\n    x.sum().backward()\n    return torch.autograd.grad(x, x)",
        "lesson.affine_forward(1, 2, 3)\nexpected = layers.relu_forward(np.zeros(3))",
        # by hand, though it looks like it
        "class TwoLayerNet:\n    def backward(self, dout, cache):\n        return self.last.backward(dout)",
        "class Loss:\n    def backward(self):\n        return 2 * self.error\ndef train_model(model, x):\n    loss.backward()",
        "class Relu(torch.autograd.Function):\n    pass\ndef relu_forward(x):\n    return Relu.apply(x), x",
        "def l2_loss(y, t):\n    with torch.no_grad():\n        return y.requires_grad_(False), t",
        "from handgrad.workbook.lesson import mnist, seed\ndef train_model(model):\n    seed(0)\n    mnist()",
    ],
)
def test_what_is_by_hand_is_not(text):
    assert flags(HEAD + text + "\n") == [()]


def test_numpys_files_may_have_a_backward_without_arguments():
    text = "import numpy as np\ndef train_model(model, x):\n    loss.backward()\n"
    assert flags(text) == [()]


def test_only_exercises_that_count_are_told_of():
    text = HEAD + "def relu_forward(x):\n    return lesson.relu_forward(x)\n"
    assert flags(text, exercises=("l2_loss",)) == [()]
    assert flags(text, exercises=("relu_forward",)) != [()]


@pytest.mark.parametrize("torch", [False, True])
@pytest.mark.parametrize("solved", [False, True])
def test_the_workbooks_own_folder_as_it_was_handed_out_is_not_told_of(tmp_path, solved, torch):
    """Nor are two of them alike."""
    copies.write(tmp_path / "copy", "python", solved, torch=torch)
    sources = tuple(Source(path.name, path.read_text()) for path in sorted((tmp_path / "copy").glob("*.py")))
    assert flags_of([HandIn(name, name, sources) for name in ("Anna", "Ben")]) == [(), ()]


def test_the_suite_is_by_hand_but_for_those_that_say_so():
    """Every right answer and every planted mistake."""
    told = {}
    for case in (*correct(), *cases()):
        if found := flags(case.text)[0]:
            told[str(case)] = found
    assert all("autograd" in name for name in told), told
    assert len(told) >= 3


def test_what_cannot_be_read_ends_nothing():
    deep = "x = " + "(" * 3000 + ")" * 3000
    long_ = "def l2_loss(y, t):\n    return " + " + ".join(["y"] * 20_000)
    assert flags("def (:\n", deep, long_, "\0", "")[0] == ()


# --- alike -----------------------------------------------------------------------------------------------------------


def renamed(text):
    """As somebody hides a copy: other names, other comments, other layout."""
    for old, new in (("cache", "kept"), ("rows", "batch"), ("first", "one"), ("second", "two"), ("error", "off"),
                     ("order", "permutation"), ("start", "begin"), ("out", "result"), ("x", "inputs")):  # fmt: skip
        text = re.sub(rf"\b{old}\b", new, text)
    return "# my own work, really\n" + text.replace("\n\n\n", "\n").replace(" / ", "/")


COPIED = {
    "small_steps": "plain",
    "small_steps_loops": "loops",
    "small_steps_torch": "torch_plain",
}  # in the suite


def whole_files():
    """The suite's right answers, one of each base from which several are made."""
    headers = "".join(path.read_text() for path in (HERE / "correct").glob("*.py"))
    base_of = dict(re.findall(r"^# case: (.*?);.*\bbase: (\w+)", headers, re.MULTILINE))
    made = {}
    for case in correct():
        base = base_of.get(case.style, case.style.removeprefix("base "))
        made.setdefault(COPIED.get(base, base), case.text)
    return made


def test_a_copy_with_other_names_is_found():
    assert flags(RIGHT, renamed(RIGHT))[0][0].startswith("like student 1 (")
    others = [text for text in whole_files().values() if "def train_model" in text]
    assert len(others) >= 8
    found = flags(RIGHT, *others, renamed(RIGHT))
    last = len(found) - 1
    assert [n for n, one in enumerate(found) if any(f.startswith("like ") for f in one)] == [0, last]
    assert "like student 0 (" in found[last][-1]


def test_a_copy_with_a_change_is_found():
    """One function is its own."""
    changed = renamed(RIGHT).replace("np.maximum(inputs, 0)", "np.where(inputs > 0, inputs, 0)")
    assert changed != renamed(RIGHT)
    assert any("11 of 12 functions" in flag for flag in flags(RIGHT, changed)[0])


def test_short_functions_that_all_must_write_alike_say_nothing():
    short = RIGHT[: RIGHT.index("class TwoLayerNet")]
    assert flags(short, renamed(short)) == [(), ()]


def test_what_the_class_shares_says_nothing():
    """Ten who follow the same notes; two of them share a loop of their own."""
    class_ = [
        RIGHT.replace("def l2_loss", f"def unused_{n}(x):\n    return x + {n}\n\n\ndef l2_loss")
        for n in range(10)
    ]
    assert not any(flags(*class_))


def test_comments_are_evidence():
    head = RIGHT[: RIGHT.index("class TwoLayerNet")]
    comments = "\n".join(f"# here comes the {word} part of what we saw on {day}" for word, day in zip(
        ("first", "second", "third", "last"), ("Monday", "Tuesday", "Friday", "Sunday"), strict=True))  # fmt: skip
    found = flags(head + comments, renamed(head) + comments)
    assert "4 of the same comments" in found[0][0]
    assert flags(head + comments, renamed(head)) == [(), ()]


def test_attempts_of_one_student_are_not_compared():
    sources = (Source("net.py", RIGHT),)
    given = [HandIn("Anna", "1", sources, attempt=n) for n in (1, 2)]
    assert flags_of(given) == [(), ()]


def test_no_two_honest_right_answers_are_alike():
    """Any two of the suite in a class of two, where chance is most easily taken for copying, and all together."""
    everything = []
    for name, text in whole_files().items():
        sources = [Source("net.py", text)]
        everything.append(Traits(name, **traits(code.read(sources), sources)))
    assert len(everything) > 50
    for one, other in itertools.combinations(everything, 2):
        assert alike([one, other]) == [[], []], (one.student, other.student)
    assert not any(alike(everything))


def test_flags_change_no_marks(tmp_path, run):
    for name, text in (("Anna", RIGHT), ("Ben", renamed(RIGHT)), ("Cleo", bases()["einsum"])):
        (tmp_path / f"{name}.py").write_text(text)
    code, out, err = run("workbook", "grade", tmp_path, "--json")
    told = json.loads(out)["submissions"]
    assert (code, err) == (0, "")
    assert [one["points"] for one in told] == [100, 100, 100]
    assert any("Ben" in flag for flag in told[0]["flags"])
    _, out, _ = run("workbook", "grade", tmp_path)
    assert "to look at\n    Anna: like Ben (" in out
