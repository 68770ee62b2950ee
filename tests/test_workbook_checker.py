"""The checker from within: what a file holds, what is blank, how a wrong number is explained, what is said."""

import json

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.workbook import check, checks
from handgrad.workbook.checks import common
from handgrad.workbook.checks.guesses import Finding, Guess, Truth, explain, first_difference, same
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import Entry, Verdict, table
from handgrad.workbook.desk import definitions, submission
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.submission import Source

HEAD = "import numpy as np\n"


def run(text, name="learner.py", only=()):
    return {verdict.name: verdict for verdict in checks.run(Desk(), [Source(name, text)], only)}


# --- what a file holds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "pass", "...", '"""What to do."""', "raise NotImplementedError", "raise NotImplementedError('yours')", "return None",
        "return", "return None, None, None", "out = None\n    return out, x", "cache = (x, W)\n    out = None\n    return out, cache",
        "for i in range(3):\n        pass", "x2, W2 = x, W\n    return None",
    ],
)  # fmt: skip
def test_a_body_that_does_nothing_is_blank(body):
    given = submission.read(f"def affine_forward(x, W, b):\n    {body}\n", "f.py")
    assert given.present == {"affine_forward": "blank"}


@pytest.mark.parametrize(
    "body",
    [
        "return x",
        "return x @ W.T, x",
        "raise ValueError('no')",
        "out = x\n    return out, x",
        "x[0] = 1\n    return None",
    ],
)
def test_a_body_that_does_something_is_not(body):
    assert submission.read(f"def affine_forward(x, W, b):\n    {body}\n", "f.py").present == {
        "affine_forward": "done"
    }


def test_a_class_is_blank_where_its_ways_are():
    net = "class TwoLayerNet:\n    def __init__(self, a, b, c):\n        self.params = {}\n    def forward(self, x):\n        %s\n    def backward(self, dout, cache):\n        %s\n"
    assert submission.read(net % ("pass", "pass"), "f.py").present == {"TwoLayerNet": "blank"}
    given = submission.read(net % ("return x, x", "pass"), "f.py")
    assert (given.present, given.blank_methods) == ({"TwoLayerNet": "done"}, ("backward",))


def test_what_is_not_a_definition_is_left_out():
    text = (
        HEAD
        + "print('loading')\ndata = open('nowhere.npy').read()\nSMALL = 1e-3\ndef relu_forward(x):\n    return np.maximum(x, 0), x\n"
    )
    chosen = definitions.select(submission.read(text, "f.py").leaves, submission.NAMES)
    assert [type(leaf.node).__name__ for leaf in chosen] == ["Import", "FunctionDef"]


def test_a_name_that_a_function_needs_is_made():
    text = (
        HEAD
        + "table = {}\nfor i in range(3):\n    limit = 0.0\ndef relu_forward(x):\n    return np.maximum(x, limit), x\n"
    )
    assert run(text)["relu_forward"].passed


@pytest.mark.parametrize(
    ("text", "kinds"),
    [("import torch", ("torch",)), ("import numpy as np", ("numpy",)), ("x = 1", ()),
     ("import numpy as np\nimport torch\na = torch.relu\nb = torch.exp\nc = np.exp", ("torch", "numpy"))],
)  # fmt: skip
def test_which_arrays_a_file_wants(text, kinds):
    assert submission.read(text, "f.py").kinds == kinds


def test_a_notebook_is_its_code_cells():
    cells = [{"cell_type": "markdown", "source": ["# no code"]}, {"cell_type": "code", "source": ["!pip install numpy\n", "import numpy as np"]},
             {"cell_type": "code", "source": ["def relu_forward(x):\n", "    return np.maximum(x, 0), x"]}]  # fmt: skip
    assert run(json.dumps({"cells": cells}), "n.ipynb")["relu_forward"].passed
    for text in ("no json", "[]", '{"cells": [1]}'):
        with pytest.raises(submission.SubmissionError, match=r"n.ipynb: not a Jupyter notebook"):
            submission.read(text, "n.ipynb")


def test_what_is_not_python_is_one_line():
    (verdict, *_) = checks.run(Desk(), [Source("f.py", "def f(:\n")])
    assert verdict.message == "f.py, line 1: cannot be read as Python: invalid syntax"
    assert not any(v.passed for v in checks.run(Desk(), [Source("f.py", "def f(:\n")]))


# --- what is explained -----------------------------------------------------------------------------------------


def test_only_the_one_guess_that_fits_every_case_is_named():
    right = [np.array([1.0, 2.0]), np.array([3.0, -1.0])]
    truths = [Truth(r, [Guess(1, 2 * r), Guess(2, r + 1), Guess(3, 2 * r)]) for r in right]
    assert set(explain([2 * r for r in right], truths, "x").fitting) == {1, 3}
    assert set(explain([r + 1 for r in right], truths, "x").fitting) == {2}
    assert not explain([2 * right[0], right[1] + 1], truths, "x").fitting


@pytest.mark.parametrize(
    ("got", "said"),
    [(np.array([3.0, 6.0]), "x is 3 times the right one"), (np.array([1.0, -2.0]), "x is wrong in 1 of 2 numbers"),
     (np.array([[1.0, 2.0]]), r"x has shape \(1, 2\); expected \(2,\)"), (None, "x is missing"),
     (np.array([np.nan, 2.0]), "x holds NaN"), (np.zeros(2), "x is zero|x is 0 times")],
)  # fmt: skip
def test_without_a_name_it_says_what_is_known(got, said):
    finding = explain([got], [Truth(np.array([1.0, 2.0]))], "x")
    assert not finding.fitting
    assert __import__("re").match(said, finding.words)


def test_shapes_are_compared_before_values():
    assert not same(np.ones((1, 3)), np.ones(3))
    assert not same(np.array(2.0), np.array([2.0]))
    assert same(np.ones(3, np.float32) * np.float32(1.0000001), np.ones(3))
    assert not same(np.ones(3) + 1e-4, np.ones(3))


def test_the_entry_is_the_one_furthest_off():
    entry = first_difference(
        np.array([1.0, 5.0]), Truth(np.array([1.0, 2.0]), terms=lambda i: f"the sum of {i}"), "x"
    )
    assert entry == Entry((1,), 5.0, 2.0, "x", "the sum of (1,)")


def test_of_two_explanations_the_narrower_is_taken_and_else_both_are_said():
    number, words = common._together({"db": Finding({3: "three", 7: "seven"})}, False)
    assert (number, words) == (7, "db: seven")
    number, words = common._together(
        {"dW": Finding({3: "three"}), "db": Finding({3: "three", 7: "seven"})}, False
    )
    assert number == 3
    number, words = common._together({"dW": Finding({1: "one", 2: "two"})}, False)
    assert number is None
    assert "cannot tell them apart" in words


def test_every_mistake_has_a_sentence_of_its_own():
    assert set(range(1, 37)) <= set(MISTAKES)
    assert (
        len({m.name for m in MISTAKES.values()})
        == len({m.sentence for m in MISTAKES.values()})
        == len(MISTAKES)
    )


# --- what is said ------------------------------------------------------------------------------------------------

AVERAGED = (
    HEAD
    + "def affine_backward(dout, cache):\n    x, W, b = cache\n    return dout @ W, dout.T @ x, dout.mean(axis=0)\n"
)


def test_a_verdict_as_text_json_and_html():
    verdict = run(AVERAGED)["affine_backward"]
    assert (verdict.passed, verdict.done, verdict.mistake) == (False, True, 7)
    assert "db: bias gradient averaged: it should be summed over the batch" in str(verdict)
    written = json.loads(json.dumps(verdict.to_dict(), allow_nan=False))
    assert set(written["entry"]) >= {"index", "got", "expected"}
    i = tuple(written["entry"]["index"])
    dout = checks.layers._affine(0).dout
    assert np.isclose(written["entry"]["expected"], dout.sum(0)[i])
    assert np.isclose(written["entry"]["got"], dout.mean(0)[i])
    assert eval(written["entry"]["sum"]) == pytest.approx(written["entry"]["expected"])
    html = verdict._repr_html_()
    assert "db, right" in html
    assert "db, yours" in html
    assert html.count("<table") >= 3
    assert "<script" not in html


def test_a_learners_text_is_escaped_in_html():
    text = "def relu_forward(x):\n    raise ValueError('<script>alert(1)</script>')\n"
    html = run(text)["relu_forward"]._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_what_is_absent_or_blank_is_not_done():
    verdicts = run(HEAD + "def relu_forward(x):\n    pass\n")
    assert list(verdicts) == [
        "affine_forward", "relu_forward", "sigmoid_forward", "l2_loss",
        "affine_backward", "relu_backward", "sigmoid_backward",
        "TwoLayerNet", "calculate_accuracy", "train_model",
    ]  # fmt: skip
    assert not any(v.passed or v.done or v.mistake for v in verdicts.values())
    assert table(list(verdicts.values())).endswith("0 of 10 right")
    assert "agreement" in run("def mean_images(images, labels):\n    pass\n")


def test_an_error_names_its_line():
    verdict = run("import numpy as np\n\ndef relu_forward(x):\n    y = undefined * x\n    return y, x\n")[
        "relu_forward"
    ]
    assert verdict.message.startswith("relu_forward raised NameError in line 4: y = undefined * x")


def test_a_wrong_piece_is_not_held_against_those_that_use_it():
    from handgrad.workbook.book.exercise import exercises

    lines = "\n".join(e.solution for e in exercises().values()).split("\n")
    whole = HEAD + "\n".join(line for line in lines if not line.startswith("from handgrad"))
    wrong = whole.replace("dout.sum(axis=0)", "dout.mean(axis=0)")
    assert wrong != whole
    assert all(v.passed for v in run(whole).values())
    verdicts = run(wrong)
    assert [n for n, v in verdicts.items() if not v.passed] == ["affine_backward"]
    assert any("stood in for affine_backward" in remark for remark in verdicts["TwoLayerNet"].remarks)


def test_what_is_borrowed_from_the_lesson_is_not_the_learners():
    text = "from handgrad.workbook.lesson import relu_forward\n"
    assert not run(text)["relu_forward"].done


def test_nothing_of_one_file_is_left_for_the_next():
    desk = Desk()
    assert checks.run(
        desk,
        [Source("a.py", HEAD + "def relu_forward(x):\n    return np.maximum(x, 0), x\n")],
        ["relu_forward"],
    )[0].passed
    assert not checks.run(desk, [Source("b.py", HEAD)], ["relu_forward"])[0].done


# --- in a notebook -------------------------------------------------------------------------------------------------


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return dout * (dout > 0)


def sigmoid_backward(dout, cache):
    pass


def test_check_of_a_function_as_it_stands():
    assert check(relu_forward).passed
    assert check(relu_backward).mistake == 18
    assert not check(sigmoid_backward).done
    assert isinstance(check(relu_forward), Verdict)


def test_check_leaves_the_notebook_as_it_was():
    before = dict(globals())
    check(relu_backward)
    assert dict(globals()) == before


@pytest.mark.parametrize("thing", [len, 3, lambda x: x])
def test_check_of_anything_else_says_what_it_takes(thing):
    with pytest.raises(HandgradError, match=r"expected one of mean_images, .*; got "):
        check(thing)


def test_the_document_lists_every_mistake():
    from pathlib import Path

    rows = (Path(__file__).parent.parent / "docs" / "mistakes.md").read_text().split("\n")
    expected = [f"| {m.number} | {m.name} | {m.why} |" for m in MISTAKES.values()]
    assert [row for row in rows if row.startswith("| ") and row[2].isdigit()] == expected


# --- what stands in, where something is missing ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "form", "names"),
    [("x, W, b = cache", "tuple", ("x", "W", "b")), ("inp = cache", "single", ("inp",)),
     ("x, W = cache['x'], cache['W']", "dictionary", ("x", "W")), ("x, W = cache.x, cache.W", "object", ("x", "W")),
     ("x, W, *rest = cache", "tuple", ("x", "W"))],
)  # fmt: skip
def test_how_a_backward_reads_its_cache(read, form, names):
    text = (
        f"def affine_backward(dout, cache):\n    {read}\n    return dout @ W, dout.T @ x, dout.sum(axis=0)\n"
    )
    assert submission.read(text, "f.py").caches == {"affine_backward": (form, names)}


@pytest.mark.parametrize(
    "read", ["W, x = cache", "x, W = cache['x'], cache['W']", "x, W = cache.x, cache.W", "b, W, x = cache"]
)
def test_a_backward_alone_gets_the_cache_that_it_reads(read):
    text = HEAD + f"def affine_backward(dout, cache):\n    {read}\n    return dout @ W, dout.T @ x, %s\n"
    assert run(text % "dout.sum(axis=0)")["affine_backward"].passed
    assert run(text % "dout.mean(axis=0)")["affine_backward"].mistake == 7


def test_a_backward_that_fails_with_any_cache_is_wrong_without_its_forward_too():
    text = HEAD + "def affine_backward(dout, cache):\n    x, W = cache\n    raise RuntimeError('no idea')\n"
    assert run(text)["affine_backward"].state == "wrong"


def test_a_cache_that_nobody_can_know_is_said_to_be_unknown():
    text = "def affine_backward(dout, cache):\n    p, q = cache[5].parts()\n    return dout @ q, dout.T @ p, dout.sum(axis=0)\n"
    verdict = run(text)["affine_backward"]
    assert not verdict.passed
    assert verdict.message.startswith("it cannot be judged before affine_forward is done")
    assert verdict.state == "not done"


LOOP = """
def train_model(model, data, labels, v_data, v_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        for start in range(0, len(data), batch_size):
            out, cache = model.forward(data[start:start + batch_size])
            target = np.eye(out.shape[1])[labels[start:start + batch_size]]
            %s
"""
NET = """
class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.sizes = inp_dim, hidden_dim, out_dim
    def step(self, rate):
        for key in self.params:
            self.params[key] = self.params[key] - rate * self.grads[key]
    def __call__(self, x):
        return self.forward(x)[0]
"""


def test_a_right_network_has_what_the_learners_has_besides():
    step = "model.backward(2 * (out - target) / len(out), cache)\n            model.step(learning_rate)"
    assert run(HEAD + NET + LOOP % step)["train_model"].passed
    accuracy = "def calculate_accuracy(model, x, labels):\n    return (model(x).argmax(1) == labels).mean()\n"
    assert run(HEAD + NET + accuracy)["calculate_accuracy"].passed


@pytest.mark.parametrize("body", ["# TODO\n            pass", "print(epoch)", "loss = None"])
def test_a_frame_of_a_training_loop_is_blank(body):
    assert not run(HEAD + LOOP % body)["train_model"].done


def test_gradients_that_pile_up_in_the_loop_are_named():
    step = """model.backward(2 * (out - target) / len(out), cache)
            for key in model.params:
                total[key] = total.get(key, 0) + model.grads[key]
                model.params[key] = model.params[key] - learning_rate * total[key]"""
    text = (LOOP % step).replace("    for epoch", "    total = {}\n    for epoch", 1)
    assert run(HEAD + text)["train_model"].mistake == 23


INLINED = """
def train_model(model, data, labels, v_data, v_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    p, first = model.params, dict(model.params)
    for epoch in range(n_epochs):
        for start in range(0, len(data), batch_size):
            x = data[start:start + batch_size]
            t = np.eye(len(p['b2']))[labels[start:start + batch_size]]
            a = x @ p['W1'].T + p['b1']
            h = np.maximum(a, 0)
            y = 1 / (1 + np.exp(-(h @ p['W2'].T + p['b2'])))
            dz = 2 / len(x) * (y - t) * y * (1 - y)
            da = (dz @ %s['W2']) * (a > 0)
            for key, g in (('W1', da.T @ x), ('b1', da.sum(0)), ('W2', dz.T @ h), ('b2', dz.sum(0))):
                p[key] = p[key] - learning_rate * g
"""


def test_a_loop_that_does_the_way_back_itself():
    assert run(HEAD + INLINED % "p")["train_model"].passed
    later = run(HEAD + INLINED % "first")["train_model"]  # right in its first step only
    assert not later.passed
    assert later.message.startswith("the first step is right")
    skipping = (INLINED % "p").replace("len(data), batch_size", "len(data), 2 * batch_size")
    assert run(HEAD + skipping)["train_model"].mistake in (62, 63)
    assert run(HEAD + (INLINED % "p").replace("- learning_rate", "+ learning_rate"))[
        "train_model"
    ].mistake in (6, None)


def test_a_loop_that_steps_once_an_epoch_is_no_loop_that_steps():
    """With a network of its own beside it, whose one batch an epoch would hide it."""
    each = "model.backward(2 * (out - target) / len(out), cache)\n        model.step(learning_rate)"
    assert run(HEAD + NET + LOOP % each)["train_model"].mistake == 60


def test_a_blank_stays_blank_under_a_stand_in():
    text = (
        "from handgrad.workbook.lesson import yours_or_ours\ndef relu_forward(x):\n    pass\n"
        "relu_forward = yours_or_ours(relu_forward)\ndef positive(x):\n    return relu_forward(x)[0]\n"
    )
    verdict = run(text)["relu_forward"]
    assert (verdict.done, verdict.message) == (False, "not done yet: relu_forward is blank")
