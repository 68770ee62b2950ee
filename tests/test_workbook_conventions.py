"""Other layouts and forms than the lesson's: told in one sentence, judged all the same; sizes, slopes, titles."""

import re

import numpy as np
import pytest

from handgrad.workbook import checks
from handgrad.workbook.checks import cases, layer_truths, scale
from handgrad.workbook.checks.guesses import explain
from handgrad.workbook.checks.loss import l2
from handgrad.workbook.checks.mistakes import MISTAKES, titled
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.layout import COLUMN, LESSON, OF_KEY, ROW, Layout
from handgrad.workbook.desk.remote import RemoteDesk
from handgrad.workbook.desk.submission import Source
from workbook_suite import bases

HEAD = "import numpy as np\n"
LAYOUTS = (
    LESSON, Layout(columns=True, bias=COLUMN), Layout(columns=True), Layout(transposed=True, bias=ROW),
    Layout(columns=True, transposed=True, bias=COLUMN),
)  # fmt: skip


def run(text, desk=None):
    verdicts = checks.run(desk or Desk(), [Source("learner.py", text)])
    return {verdict.name: verdict for verdict in verdicts if verdict.done}


# --- layouts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_there_and_back_again_is_nothing(layout):
    arrays = {
        "image": np.arange(6.0).reshape(2, 3),
        "weight": np.arange(12.0).reshape(4, 3),
        "bias": np.arange(4.0),
    }
    for role, array in arrays.items():
        assert np.array_equal(layout.take(role, layout.give(role, array)), array)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_an_index_is_where_the_entry_stands(layout):
    for letter, role in OF_KEY.items():
        array = np.arange(12.0).reshape(4, 3) if role == "weight" else np.arange(4.0)
        there = layout.give(role, array)
        for index in np.ndindex(array.shape):
            assert there[layout.index(letter, index)] == array[index]


CONVENTIONS = {
    "columns": (
        "images stand in columns here",
        {"affine_forward", "affine_backward", "l2_loss", "TwoLayerNet", "train_model"},
    ),
    "in_out": ("W is (in, out) here", {"affine_forward", "affine_backward", "TwoLayerNet"}),
    "one_hot": ("labels are one-hot here", {"l2_loss", "calculate_accuracy", "train_model"}),
    "leaky": ("leaky ReLU with slope 0.02", {"relu_forward", "relu_backward", "TwoLayerNet"}),
    "layers_only": (
        "the layers are classes here",
        {"affine_forward", "affine_backward", "relu_backward", "l2_loss"},
    ),
}


@pytest.mark.parametrize("base", CONVENTIONS)
def test_a_convention_is_told_where_it_is_and_nowhere_else(base):
    words, told = CONVENTIONS[base]
    verdicts = run(bases()[base])
    assert len(verdicts) >= 10
    assert all(v.passed for v in verdicts.values())
    assert told <= {name for name, v in verdicts.items() if words in v.convention}
    assert not any(v.convention for v in run(bases()["plain"]).values())


def test_a_file_in_another_layout_is_judged_in_another_process_too():
    with RemoteDesk() as desk:
        verdicts = run(bases()["layers_only"], desk)
    assert len(verdicts) >= 10
    assert all(v.passed for v in verdicts.values())


def test_neighbours_of_different_layouts_are_judged_by_themselves():
    rows, columns = bases()["plain"], bases()["columns"]
    loss = columns[columns.index("def l2_loss") : columns.index("def calculate_accuracy")]
    text = rows[: rows.index("def l2_loss")] + loss
    verdicts = run(text)
    assert verdicts["affine_forward"].passed
    assert not verdicts["affine_forward"].convention
    assert verdicts["l2_loss"].passed
    assert "columns" in verdicts["l2_loss"].convention


def test_what_is_wrong_in_columns_is_shown_as_the_learner_sees_it():
    text = bases()["columns"].replace("dW = dout @ x.T", "dW = x @ dout.T")
    verdict = run(text)["affine_backward"]
    assert verdict.mistake == 11
    assert "dW: shape (4, 2), expected (2, 4)" in verdict.message
    assert "images stand in columns here" in verdict.message
    text = bases()["columns"].replace("dx = W.T @ dout", "dx = 3 * W.T @ dout")
    verdict = run(text)["affine_backward"]
    assert verdict.entry.index[0] < 4
    assert verdict.entry.index[1] < 3


FORWARDS = {"lesson": "x @ W.T + b", "in, out": "x @ W + b"}
DX = {"lesson": "dout @ W", "in, out": "dout @ W.T"}
DW = {"lesson": "dout.T @ x", "in, out": "x.T @ dout"}


@pytest.mark.parametrize(
    ("forward", "dx", "dW", "numbers"),
    [
        ("lesson", "lesson", "lesson", (None, None)),
        ("in, out", "in, out", "in, out", (None, None)),
        ("in, out", "lesson", "lesson", (37, None)),
        ("lesson", "in, out", "lesson", (None, 12)),
        ("lesson", "lesson", "in, out", (None, 11)),
        ("in, out", "lesson", "in, out", (None, 12)),
        ("in, out", "in, out", "lesson", (None, 11)),
    ],
)
def test_one_product_of_another_layout_is_a_mistake_and_all_are_a_convention(forward, dx, dW, numbers):
    text = (
        f"def affine_forward(x, W, b):\n    return {FORWARDS[forward]}, (x, W)\n\n\n"
        f"def affine_backward(dout, cache):\n    x, W = cache\n    return {DX[dx]}, {DW[dW]}, dout.sum(0)\n"
    )
    verdicts = run(HEAD + text)
    assert tuple(verdicts[f"affine_{way}"].mistake for way in ("forward", "backward")) == numbers


def test_one_hot_is_no_excuse_for_labels_that_are_never_encoded():
    loss = "def l2_loss(y, {0}):\n    diff = y - {0}\n    return (diff**2).sum() / len(y), 2 * diff / len(y)\n\n\n"
    assert run(HEAD + loss.format("y_hat"))["l2_loss"].mistake == 26
    assert "one-hot" in run(HEAD + loss.format("target"))["l2_loss"].convention
    plain = bases()["plain"]
    start, end = plain.index("def l2_loss"), plain.index("def calculate_accuracy")
    whole = plain[:start] + loss.format("target") + plain[end:]
    assert run(whole)["l2_loss"].mistake == 26  # the accuracy compares with class numbers


# --- relu ----------------------------------------------------------------------------------------------------

RELU = "def relu_forward(x):\n    return np.where(x > 0, x, {} * x), x\n\n\ndef relu_backward(dout, cache):\n    return np.where(cache > 0, dout, {} * dout)\n"


@pytest.mark.parametrize("slope", [0.3, 0.1, 0.02, 0.01, 0.001])
def test_leaky_relu_of_any_slope_is_right(slope):
    for verdict in run(HEAD + RELU.format(slope, slope)).values():
        assert verdict.passed
        assert f"slope {slope}" in verdict.convention


@pytest.mark.parametrize(
    ("out", "back", "blamed"),
    [(0.02, 0.05, "relu_backward"), (0.02, 0, "relu_forward"), (0, 0.02, "relu_backward")],
)
def test_two_slopes_that_differ_are_wrong_and_said_so(out, back, blamed):
    verdicts = run(HEAD + RELU.format(out, back))
    (wrong,) = (v for v in verdicts.values() if not v.passed)
    assert (wrong.name, wrong.mistake) == (blamed, 43)
    assert f"slope {out} below 0 on the way out, and {back} on the way back" in wrong.message


IN_PLACE = "def relu_forward(x):\n    np.maximum(x, 0, out=x)\n    return x, x\n\n\n"
AT_ZERO = "def relu_backward(dout, cache):\n    return dout * (cache >= 0)\n"


def test_a_wrong_forward_does_not_change_the_name_of_the_mistake_in_backward():
    assert run(HEAD + AT_ZERO)["relu_backward"].mistake == 20
    verdicts = run(HEAD + IN_PLACE + AT_ZERO)
    assert verdicts["relu_forward"].mistake == 21
    assert verdicts["relu_backward"].mistake == 20
    assert any("right cache" in remark for remark in verdicts["relu_backward"].remarks)


def test_no_mistake_is_named_from_a_cache_that_the_learner_never_makes():
    """Its forward is right and keeps a mask of signs; with x in its place the backward would pass dout on."""
    text = "def relu_forward(x):\n    return np.maximum(x, 0), np.sign(x) + 1\n\n\ndef relu_backward(dout, cache):\n    return dout * (cache != 7) * 0.3\n"
    assert run(HEAD + text)["relu_backward"].mistake is None


# --- numerical gradient ---------------------------------------------------------------------------------------


def test_f_is_to_be_given_all_of_x():
    rows = (
        "def numerical_gradient(f, x, h=1e-5):\n    if x.ndim == 2:\n        return np.array([numerical_gradient(f, row, h) for row in x])\n"
        "    grad = np.zeros_like(x)\n    for i in range(len(x)):\n        step = np.zeros_like(x)\n        step[i] = h\n"
        "        grad[i] = (f(x + step) - f(x - step)) / (2 * h)\n    return grad\n"
    )
    verdict = run(HEAD + rows)["numerical_gradient"]
    assert verdict.mistake == 103
    assert "x has shape (3, 2), and f was called with shape (2,)" in verdict.message


# --- the scale of the first weights ----------------------------------------------------------------------------

NET = bases()["plain"]
W1, W2 = "np.sqrt(2 / inp_dim)", "np.sqrt(2 / (hidden_dim + out_dim))"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (W1, "np.sqrt(1 / inp_dim)", "a variance of 1/in"), (W2, "np.sqrt(2 / hidden_dim)", "He's law"),
        (W1, "(2 / inp_dim)", "in the place of the standard deviation"), (W1, "0.01", "0.01 times standard normal"),
        (W2, "1", "1 times standard normal"), (W1, "np.sqrt(2 / (inp_dim + hidden_dim))", "Xavier's law"),
        (W1, f"1.08 * {W1}", "expected a variance of 2/in"),
    ],
)  # fmt: skip
def test_a_wrong_scale_is_refused_and_the_law_is_recognised(old, new, said):
    assert old in NET
    verdict = run(NET.replace(old, new))["TwoLayerNet"]
    assert verdict.mistake == 81
    assert said in verdict.message


def test_a_right_scale_passes_whatever_the_seed():
    for seed in range(40):
        rng, remarks = np.random.default_rng(seed), []

        def made(D, H, C, rng=rng):
            return {
                "W1": rng.normal(0, (2 / D) ** 0.5, (H, D)),
                "W2": rng.normal(0, (2 / (H + C)) ** 0.5, (C, H)),
            }

        assert (scale.judge(made, remarks), remarks) == ("", [])
    D, H, C = scale.SIZES
    sigmas = scale.TOLERANCE * np.sqrt(2 * min(H * D, C * H))  # of a spread's relative error, 1 / sqrt(2 n)
    assert sigmas > 6.2  # beyond that lies less than 1e-9 of a normal distribution


def test_the_usual_laws_are_told_apart():
    D, H, C = scale.SIZES
    for in_, out in ((D, H), (H, C)):
        laws = sorted(set(scale._variances(in_, out).values()) | {c**2 for c in scale.CONSTANTS})
        sizes = np.sqrt(laws)
        assert (sizes[1:] / sizes[:-1] > 1 + scale.CLOSE).all()


# --- the way back ----------------------------------------------------------------------------------------------

BACK = NET[NET.index("        dz = sigmoid_backward") : NET.index("def train_model")]
SIGMOID, AFFINE2 = (
    "        {} = sigmoid_backward({}, cache4)\n",
    "        {}, self.grads['W2'], self.grads['b2'] = affine_backward({}, cache3)\n",
)
MASK, AFFINE1 = (
    "        {} = relu_backward({}, cache2)\n",
    "        {}, self.grads['W1'], self.grads['b1'] = affine_backward({}, cache1)\n\n\n",
)


@pytest.mark.parametrize(
    ("back", "number", "said"),
    [
        (SIGMOID.format("d", "dout") + AFFINE2.format("d", "d") + MASK.format("d", "d") + AFFINE1.format("d", "d"), None, None),
        (SIGMOID.format("d", "dout") + AFFINE2.format("d", "d") + AFFINE1.format("d", "d"), 19, "relu_backward is never called"),
        (AFFINE2.format("d", "dout") + MASK.format("d", "d") + AFFINE1.format("d", "d"), 15, "sigmoid_backward is never called"),
        (AFFINE2.format("d", "dout") + AFFINE1.format("d", "d"), 15, "sigmoid_backward and relu_backward are never called"),
        (SIGMOID.format("d", "dout") + MASK.format("d", "d") + AFFINE2.format("d", "d") + AFFINE1.format("d", "d"), 104,
         "here sigmoid_backward, relu_backward are called"),
    ],
)  # fmt: skip
def test_a_way_back_says_what_it_never_calls_and_in_which_order(back, number, said):
    verdict = run(NET.replace(BACK, back))["TwoLayerNet"]
    assert (verdict.passed, verdict.mistake) == (number is None, number)
    assert said is None or said in verdict.message


# --- titles --------------------------------------------------------------------------------------------------


def test_every_sentence_begins_with_its_title():
    for number, mistake in MISTAKES.items():
        assert mistake.sentence == f"{mistake.name}: {mistake.why}"
        assert not mistake.why.startswith(mistake.name)
        assert mistake.name in Verdict("x", False, "what a check says of it", mistake=number).message


def test_every_guess_is_told_with_its_title():
    affine, plain = cases.affine(3, 4, 2, 0), cases.elementwise((3, 4), 0, zeros=True)
    square = cases.affine(4, 4, 4, 0)
    with np.errstate(divide="ignore"):  # wrong formulas do
        truths = [
            *layer_truths.affine_out(affine).values(), *layer_truths.affine_grads(affine).values(),
            *layer_truths.affine_out(square).values(), *layer_truths.affine_grads(square).values(),
            *layer_truths.relu_out(plain).values(), *layer_truths.relu_grad(plain, 0.1).values(),
            *layer_truths.sigmoid_out(plain).values(), *layer_truths.sigmoid_grad(plain).values(),
            *l2(cases.outputs(3, 4, 0)).values(),
        ]  # fmt: skip
    told = 0
    for truth in truths:
        for guess in truth.guesses:
            for number, words in explain([guess.value], [truth], "it").fitting.items():
                assert MISTAKES[number].name in words
                assert not re.search(r": .*: .*: ", words.replace("two things at once: ", "")), words
                told += 1
    assert told > 150


def test_words_that_hold_the_title_stay_as_they_are():
    assert titled(1, "dy: 1/N missing: and so on") == "dy: 1/N missing: and so on"
    assert titled(1, "something") == "1/N missing: something"
    assert titled(None, "something") == "something"
