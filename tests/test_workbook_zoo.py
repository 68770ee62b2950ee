"""The bug zoo: every bug computes what its entry says and nothing else, curves and questions are true."""

import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from handgrad import network, training
from handgrad.cli import main
from handgrad.errors import DivergedError
from handgrad.network import Params
from handgrad.recipes import Recipe
from handgrad.workbook import zoo
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.zoo import formulas, questions

N, D, H, C, RATE = 6, 7, 10, 10, 0.3  # H = C, for the two bugs that fit only there
RECIPE = Recipe(hidden=H, learning_rate=RATE, batch_size=N)
BY_NAME = {bug.name: bug for bug in zoo.BUGS}


@pytest.fixture(scope="module")
def data(mnist):
    (images, labels), (test_images, test_labels) = mnist
    return (images[:1200], labels[:1200]), (test_images[:500], test_labels[:500])


@pytest.fixture(scope="module")
def case():
    """Two batches of six images, and parameters with biases; one hidden unit has an a of exactly 0."""
    rng = np.random.default_rng(3)
    W1, W2 = rng.normal(0, 1, (H, D)), rng.normal(0, 1, (C, H))
    b1, b2 = rng.normal(0, 0.3, H), rng.normal(0, 0.3, C)
    W1[0], b1[0] = 0, 0
    images = rng.integers(0, 256, (2 * N, D)).astype(np.uint8)
    return Params(W1, b1, W2, b2), images, rng.integers(0, C, 2 * N)


def taken(case, wrong):
    """The steps of one epoch over both batches, in file order."""
    params, images, labels = case
    order, rates = np.arange(2 * N), np.full(2, RATE)
    return list(formulas.steps(params, images, labels, order, RECIPE, rates, formulas=wrong))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def by_hand(case, scale=1 / 255, bias=1, relu=lambda a: np.maximum(a, 0), out=sigmoid):
    """The first batch out and back as far as grad_z, written out with NumPy."""
    (W1, b1, W2, b2), images, labels = case
    x, t = images[:N] * scale, np.eye(C)[labels[:N]]
    a = x @ W1.T + bias * b1
    h = relu(a)
    z = h @ W2.T + bias * b2
    y = out(z)
    grad_y = 2 / N * (y - t)
    return SimpleNamespace(
        x=x, t=t, a=a, h=h, z=z, y=y, W2=W2, grad_y=grad_y, grad_z=grad_y * y * (1 - y), labels=labels[:N]
    )


def back(c, grad_z=None, grad_h=None, grad_a=None):
    """From grad_z, or from whatever is given, to the four gradients."""
    grad_z = c.grad_z if grad_z is None else grad_z
    grad_h = grad_z @ c.W2 if grad_h is None else grad_h
    grad_a = grad_h * (c.a > 0) if grad_a is None else grad_a
    return Params(grad_a.T @ c.x, grad_a.sum(0), grad_z.T @ c.h, grad_z.sum(0))


# the gradients of each bug, as multiples of the right ones
RATIOS = {
    "one-over-N-missing": (N, N, N, N),
    "mean-over-N-C": (1 / C, 1 / C, 1 / C, 1 / C),
    "one-over-N-twice": (1 / N, 1 / N, 1 / N, 1 / N),
    "factor-2-missing": (1 / 2, 1 / 2, 1 / 2, 1 / 2),
    "y-and-target-swapped": (-1, -1, -1, -1),
    "bias-gradient-averaged": (1, 1 / N, 1, 1 / N),
    "W1-gradient-missing": (0, 1, 1, 1),
}
# as functions of the right tensors
GRADIENTS = {
    "bias-gradient-over-everything": lambda c, g: g._replace(b1=np.full(H, g.b1.sum()), b2=np.full(C, g.b2.sum())),
    "gradient-of-W2-transposed": lambda c, g: g._replace(W2=g.W2.T),
    "W2-transposed-on-the-way-back": lambda c, g: back(c, grad_h=c.grad_z @ c.W2.T),
    "sigmoid-derivative-from-input": lambda c, g: back(c, c.grad_y * c.z * (1 - c.z)),
    "sigmoid-twice": lambda c, g: back(c, c.grad_y * sigmoid(c.y) * (1 - sigmoid(c.y))),
    "sigmoid-derivative-missing": lambda c, g: back(c, c.grad_y),
    "cross-entropy-shortcut": lambda c, g: back(c, (c.y - c.t) / N),
    "relu-upstream-ignored": lambda c, g: back(c, grad_a=(c.a > 0) * 1.0),
    "sigmoid-upstream-ignored": lambda c, g: back(c, c.y * (1 - c.y)),
    "relu-mask-from-upstream": lambda c, g: back(c, grad_a=np.maximum(c.grad_z @ c.W2, 0)),
    "relu-mask-missing": lambda c, g: back(c, grad_a=c.grad_z @ c.W2),
    "relu-mask-at-zero": lambda c, g: back(c, grad_a=c.grad_z @ c.W2 * (c.a >= 0)),
    "W2-updated-early": lambda c, g: back(c, grad_h=c.grad_z @ (c.W2 - RATE * c.grad_z.T @ c.h)),
    "one-image-only": lambda c, g: Params(
        np.outer(((c.grad_z @ c.W2) * (c.a > 0))[0], c.x[0]), ((c.grad_z @ c.W2) * (c.a > 0))[0],
        np.outer(c.grad_z[0], c.h[0]), c.grad_z[0]),
    "labels-as-numbers": lambda c, g: back(c, 2 / N * (c.y - c.labels[:, None]) * c.y * (1 - c.y)),
    "several-ones-a-row": lambda c, g: back(c, 2 / N * (c.y - np.isin(range(C), c.labels)) * c.y * (1 - c.y)),
    "relu-mask-turned-round": lambda c, g: back(c, grad_a=c.grad_z @ c.W2 * (c.a <= 0)),
    "relu-values-as-mask": lambda c, g: back(c, grad_a=c.grad_z @ c.W2 * c.h),
    "sigmoid-derivative-half": lambda c, g: back(c, c.grad_y * (1 - c.y)),
    "absolute-values": lambda c, g: back(c, np.sign(c.y - c.t) / N * c.y * (1 - c.y)),
    "label-column-only": lambda c, g: back(c, c.grad_z * c.t),
    "gradient-of-W2-from-a": lambda c, g: g._replace(W2=c.grad_z.T @ c.a),
}  # fmt: skip
# with another way out: what by_hand is told
FORWARDS = {
    "pixels-not-divided": {"scale": 1},
    "biases-omitted": {"bias": 0},
    "biases-subtracted": {"bias": -1},
    "softmax-for-sigmoid": {"out": softmax},
}
# right gradients, wrongly used: p, g -> the parameters after one step
UPDATES = {
    "update-adds": lambda p, g: Params(*(q + RATE * d for q, d in zip(p, g, strict=True))),
    "no-update": lambda p, g: p,
    "learning-rate-not-used": lambda p, g: Params(*(q - d for q, d in zip(p, g, strict=True))),
    "biases-never-moved": lambda p, g: p._replace(W1=p.W1 - RATE * g.W1, W2=p.W2 - RATE * g.W2),
    "biases-overwritten": lambda p, g: Params(
        p.W1 - RATE * g.W1, -RATE * g.b1, p.W2 - RATE * g.W2, -RATE * g.b2
    ),
}
LOSSES = {  # the loss that is reported, where it is not the right one
    "mean-over-N-C": lambda c: ((c.y - c.t) ** 2).mean(),
    "labels-as-numbers": lambda c: ((c.y - c.labels[:, None]) ** 2).sum() / N,
    "several-ones-a-row": lambda c: ((c.y - np.isin(range(C), c.labels)) ** 2).sum() / N,
    "absolute-values": lambda c: np.abs(c.y - c.t).sum() / N,
    "label-column-only": lambda c: ((c.y - c.t) ** 2 * c.t).sum() / N,
}
ELSEWHERE = {
    "relu-missing", "gradients-accumulate", "stale-gradient", "zero-start", "shuffled-apart", "sorted-by-class",
}  # fmt: skip


def same(got, expected):
    for name, ours, theirs in zip(Params._fields, got, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12, err_msg=name)


def differs(got, right):
    return any(not np.allclose(p, q, rtol=1e-6, atol=1e-9) for p, q in zip(got, right, strict=True))


def test_every_bug_is_tested_and_entered_once():
    tables = [*RATIOS, *GRADIENTS, *FORWARDS, *UPDATES, *ELSEWHERE]
    assert sorted(tables) == sorted(BY_NAME)
    assert len(BY_NAME) == len(zoo.BUGS) >= 20
    assert {bug.number for bug in zoo.BUGS} - {None} <= set(MISTAKES)
    for bug in zoo.BUGS:
        assert bug.shows is None or bug.shows in zoo.CURVES
        assert set(bug.name) <= set("abcdefghijklmnopqrstuvwxyzNCW012-")


@pytest.mark.parametrize("name", RATIOS)
def test_a_bug_of_size_multiplies_the_gradients(case, name):
    right, wrong = taken(case, zoo.RIGHT)[0], taken(case, BY_NAME[name].formulas)[0]
    same(right.grads, back(by_hand(case)))
    same(wrong.grads, [k * g for k, g in zip(RATIOS[name], right.grads, strict=True)])


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_bug_on_the_way_back_gives_the_gradients_of_its_formula(case, name):
    c = by_hand(case)
    expected = GRADIENTS[name](c, back(c))
    same(taken(case, BY_NAME[name].formulas)[0].grads, expected)
    assert differs(expected, back(c))


@pytest.mark.parametrize("name", FORWARDS)
def test_a_bug_on_the_way_out_is_the_right_way_back_of_another_network(case, name):
    case = case[0]._replace(W1=case[0].W1 / 100), *case[1:]  # pixels of 255 must not saturate everything
    c = by_hand(case, **FORWARDS[name])
    step = taken(case, BY_NAME[name].formulas)[0]
    same(step.grads, back(c))
    assert step.loss == pytest.approx(((c.y - c.t) ** 2).sum() / N, rel=1e-12)
    assert differs(back(c), back(by_hand(case)))


@pytest.mark.parametrize("name", UPDATES)
def test_a_bug_of_the_update_has_right_gradients_and_moves_wrongly(case, name):
    step, right = taken(case, BY_NAME[name].formulas)[0], taken(case, zoo.RIGHT)[0]
    same(step.grads, right.grads)
    same(step.params, UPDATES[name](case[0], right.grads))
    assert differs(step.params, right.params)


@pytest.mark.parametrize("name", [name for name in (*RATIOS, *GRADIENTS) if name not in LOSSES])
def test_a_bug_of_the_gradients_leaves_the_loss_alone(case, name):
    assert taken(case, BY_NAME[name].formulas)[0].loss == taken(case, zoo.RIGHT)[0].loss


@pytest.mark.parametrize("name", LOSSES)
def test_a_bug_of_the_loss_reports_it(case, name):
    c = by_hand(case)
    assert taken(case, BY_NAME[name].formulas)[0].loss == pytest.approx(LOSSES[name](c), rel=1e-12)


def test_without_relu_two_layers_are_one(case):
    c = by_hand(case, relu=lambda a: a)
    same(taken(case, BY_NAME["relu-missing"].formulas)[0].grads, back(c, grad_a=c.grad_z @ c.W2))


def test_accumulated_and_stale_gradients_show_in_the_second_batch(case):
    def fresh(step):  # the right gradients of the second batch, from where the first step led
        return network.loss_and_gradients(step.params, case[1][N:] / 255, case[2][N:])[1]

    first, second = taken(case, BY_NAME["gradients-accumulate"].formulas)
    same(first.grads, back(by_hand(case)))
    same(second.grads, [g + more for g, more in zip(first.grads, fresh(first), strict=True)])
    first, second = taken(case, BY_NAME["stale-gradient"].formulas)
    same(first.params, case[0])
    same(second.grads, back(by_hand(case)))


def test_orders_and_start(data):
    (_, labels), _ = data
    order = np.random.default_rng(0).permutation(1000)
    of_images, of_labels = BY_NAME["shuffled-apart"].formulas.rows(order, labels)
    assert sorted(of_images) == sorted(of_labels) == list(range(1000))
    assert np.mean(labels[of_images] == labels[of_labels]) < 0.2
    of_images, of_labels = BY_NAME["sorted-by-class"].formulas.rows(order, labels)
    assert (of_images == of_labels).all()
    assert (np.diff(labels[of_images].astype(int)) >= 0).all()
    zeros = BY_NAME["zero-start"].formulas.init(D, H, C, np.random.default_rng(0), dtype=np.float32)
    assert all(p.dtype == np.float32 and not p.any() for p in zeros)
    assert [p.shape for p in zeros] == [(H, D), (H,), (C, H), (C,)]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_right_formulas_are_the_reference(data, optimizer):
    """Two whole epochs through training.train, number by number."""
    recipe = Recipe(hidden=12, learning_rate=0.01, batch_size=7, epochs=2, optimizer=optimizer)
    (images, labels), _ = data
    epochs = []
    for run_epoch in (training.run_epoch, zoo.run_epoch, partial(zoo.run_epoch, formulas=zoo.Formulas())):
        rng = np.random.default_rng(1)
        params = network.init_params(784, 12, 10, rng)
        epochs.append(list(training.train(params, images[:200], labels[:200], rng, recipe, None, run_epoch)))
    for ours in epochs[1:]:
        for a, b in zip(epochs[0], ours, strict=True):
            assert b.loss == pytest.approx(a.loss, rel=1e-12)
            for p, q in zip(a.params, b.params, strict=True):
                np.testing.assert_allclose(q, p, rtol=0, atol=1e-12)


def test_the_epoch_refuses_what_its_formulas_are_not_and_what_is_not_finite(data):
    (images, labels), _ = data
    rng = np.random.default_rng(0)
    params, order = network.init_params(784, 5, 10, rng), np.arange(40)
    for change in ({"activation": "tanh"}, {"loss": "cross_entropy"}, {"bias": False}):
        with pytest.raises(ValueError, match="expected a recipe with relu, the l2 loss and biases"):
            zoo.run_epoch(params, images, labels, order, replace(RECIPE, **change), np.full(7, 0.1))
    infinite = params._replace(b2=np.full(10, np.nan))
    with pytest.raises(DivergedError, match="in epoch 1, batch 1, at learning rate"):
        zoo.run_epoch(infinite, images, labels, order, RECIPE, np.full(7, 0.1))


def test_watched_networks_part_where_the_bug_is_switched_on(data):
    watched = zoo.watch("update-adds", epochs=3, switch_on=2, hidden=16, images=800, seed=4, data=data)
    right, wrong = watched.right.points, watched.wrong.points
    assert [point.epoch for point in right] == [point.epoch for point in wrong]
    assert len(right) == 30
    assert right[:10] == wrong[:10]
    assert all(r != w for r, w in zip(right[10:], wrong[10:], strict=True))
    assert wrong[-1].loss > 2 * right[-1].loss
    again = zoo.watch(6, epochs=3, switch_on=2, hidden=16, images=800, seed=4, data=data)
    assert again.wrong.values("grad_W1") == pytest.approx(watched.wrong.values("grad_W1"), rel=1e-3)
    other = zoo.watch(6, epochs=3, switch_on=2, hidden=16, images=800, seed=5, data=data)
    assert other.right.values("loss") != pytest.approx(watched.right.values("loss"), rel=1e-3)


def test_the_right_network_is_the_one_that_training_trains(data):
    watched = zoo.watch(7, epochs=2, hidden=16, images=300, seed=9, data=data)
    rng = np.random.default_rng(9)
    params = network.init_params(784, 16, 10, rng, dtype=np.float32)
    recipe = Recipe(hidden=16, learning_rate=0.1, batch_size=16, epochs=2)
    (images, labels), _ = data
    *_, last = training.train(params, images[:300], labels[:300], rng, recipe)
    for p, q in zip(watched.right.params, last.params, strict=True):
        np.testing.assert_allclose(p, q, atol=1e-4)
    point = watched.right.points[-1]
    assert point.epoch == 2
    held_back = images[-121:], labels[-121:]
    assert point.validation_accuracy == pytest.approx(training.accuracy(last.params, *held_back), abs=0.01)
    assert point.training_accuracy == pytest.approx(
        training.accuracy(last.params, images[:121], labels[:121]), abs=0.01
    )
    cache = network.forward(last.params, held_back[0].reshape(121, 784) / np.float32(255))
    assert point.dead == pytest.approx((cache.a <= 0).all(axis=0).mean(), abs=0.07)
    assert point.largest_z == pytest.approx(np.abs(cache.z).max(), rel=0.01)
    assert point.saturated == pytest.approx((cache.y * (1 - cache.y) < 1e-4).mean(), abs=0.01)


@pytest.mark.parametrize("bug", [bug for bug in zoo.BUGS if bug.shows], ids=lambda bug: bug.name)
def test_the_curve_that_is_named_gives_the_bug_away(mnist, bug):
    """Just after the switch or at the end it is a quarter more or less than the right one's, or 15 % of all."""
    (images, labels), test = mnist
    data, switch_on = ((images[:2300], labels[:2300]), test), None if bug.only_at_start else 3
    watched = zoo.watch(bug, epochs=4, switch_on=switch_on, images=2000, learning_rate=0.3, data=data)
    said = watched.beside(bug.shows)
    if bug.name == "sigmoid-derivative-from-input":
        assert watched.wrong.ended == "not finite any more in epoch 3"
        return
    share = bug.shows in ("dead", "saturated", "validation_accuracy")
    assert any(
        abs(wrong - right) > (0.15 if share else right / 4) for _, wrong, right in (said[0], said[-1])
    ), said


def test_a_network_that_leaves_the_finite_numbers_is_stopped(data):
    def explode(grad_y, y):
        return grad_y * 1e30

    formulas = zoo.Formulas(sigmoid=(zoo.RIGHT.sigmoid[0], explode, "y"))
    bug = replace(BY_NAME["sigmoid-twice"], formulas=formulas)
    watched = zoo.watch(bug, epochs=2, switch_on=2, images=500, data=data)
    assert watched.wrong.ended == "not finite any more in epoch 2"
    assert len(watched.wrong.points) == 10 < len(watched.right.points)
    assert "the wrong network is not finite any more in epoch 2" in watched.text()
    json.dumps(watched.to_dict(), allow_nan=False)


def test_several_bugs_learn_as_well_as_the_right_code(mnist):
    """Accuracy is no proof."""
    (images, labels), (test_images, test_labels) = mnist
    well = (
        "cross-entropy-shortcut",
        "bias-gradient-averaged",
        "W2-updated-early",
        "stale-gradient",
        "biases-omitted",
    )
    badly = ("update-adds", "shuffled-apart", "zero-start", "no-update")
    bugs, data = (
        tuple(BY_NAME[name] for name in (*well, *badly)),
        ((images, labels), (test_images[:2000], test_labels[:2000])),
    )
    rows = list(zoo.survey(epochs=3, images=4000, data=data, bugs=bugs))
    assert [row.learns for row in rows] == [row.bug.learns for row in rows] == [True] * 5 + [False] * 4
    assert all(row.accuracy > row.right - 0.01 for row in rows[:5])
    assert rows[0].accuracy > rows[0].right + 0.01
    assert all(row.accuracy < 0.3 for row in rows[5:])
    assert {row.right for row in rows} == {rows[0].right}
    assert 0.7 < rows[0].baseline < 0.85


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bug": "sigmoid-once"}, "like .*sigmoid-twice.*; got 'sigmoid-once'|like .*sigmoid"),
        ({"bug": "99"}, "'handgrad workbook zoo' lists them"),
        ({"bug": 34}, "number 34 has 2 bugs; name one: biases-never-moved, biases-overwritten"),
        ({"bug": 4, "switch_on": 7}, "expected an epoch to switch the bug on, 1 to 6; got 7"),
        ({"bug": 30, "switch_on": 2}, "zero-start is there before the first epoch"),
        ({"bug": 11, "hidden": 64}, "runs with 10 hidden units only; got 64"),
        ({"bug": 4, "images": 1080}, "expected images to train on, 1 to 1,079; got 1,080"),
    ],
)
def test_what_cannot_be_is_refused(data, arguments, message):
    with pytest.raises(ValueError, match=message):
        zoo.watch(data=data, **arguments)


def test_a_question_is_drawn_from_the_seed_and_does_not_tell(data):
    small = {"epochs": 2, "hidden": 16, "images": 300, "data": data}
    question, again = zoo.quiz(5, **small), zoo.quiz(5, **small)
    assert question.choices == again.choices
    assert question.watched.bug == again.watched.bug
    assert question.watched.bug.name in question.choices
    name = question.watched.bug.name
    for shown in (repr(question), str(question), json.dumps(question.watched.to_dict())):
        assert name not in shown.replace(repr(question.choices), "")
    right = question.answer(name)
    assert right.startswith(f"right: it is {name}")
    assert question.watched.bug.why in right
    other = next(choice for choice in question.choices if choice != name)
    assert question.answer(other).startswith(f"wrong, it is not {other}: it is {name}")
    absent = next(bug.name for bug in zoo.BUGS if bug.name not in question.choices)
    with pytest.raises(ValueError, match=f"expected one of .*; got {absent}"):
        question.answer(absent)


def test_questions_offer_four_names_that_curves_can_tell_apart():
    drawn = set()
    for seed in range(400):
        at_start = seed % 4 == 0
        bugs = questions.draw(np.random.default_rng(seed), 64, at_start)
        names = {bug.name for bug in bugs}
        assert len(names) == 4
        assert not any(len(alike & names) > 1 for alike in questions.ALIKE)
        assert all(bug.shows and bug.hidden is None for bug in bugs)
        assert at_start or not any(bug.only_at_start for bug in bugs)
        drawn.add(bugs[0].name)
    assert drawn == {bug.name for bug in zoo.BUGS if bug.shows and bug.hidden is None}


def test_pictures_are_for_a_notebook_too(data):
    pytest.importorskip("matplotlib")
    question = zoo.quiz(1, epochs=2, hidden=16, images=200, data=data)
    shown = question._repr_html_()
    assert shown.startswith('<img alt="curves" src="data:image/png;base64,')
    assert all(f"<code>{name}</code>" in shown for name in question.choices)
    assert question.picture()[:4] == b"\x89PNG"
    assert question.watched._repr_html_().startswith("<img")


def test_without_data_it_is_mnist():
    watched = zoo.watch("factor-2-missing", epochs=1, hidden=8, images=320)
    assert len(watched.right.points) == len(watched.wrong.points) == 10
    assert watched.right.points[-1].validation_accuracy * 2000 == pytest.approx(
        round(watched.right.points[-1].validation_accuracy * 2000)
    )


@pytest.fixture
def run(capsys, monkeypatch, data):
    """run(*words) -> exit code, stdout, stderr, on a few images."""
    monkeypatch.setattr("handgrad.digits.load_mnist", lambda: data)

    def run(*words):
        code = main(["workbook", "zoo", *map(str, words)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


FAST = ("--epochs", 2, "--hidden", 16, "--images", 200)


def test_the_command_lists_the_bugs(run):
    code, out, _ = run()
    assert code == 0
    assert len(out.splitlines()) == len(zoo.BUGS)
    assert " 4  factor-2-missing " in out
    code, out, _ = run("--json")
    assert json.loads(out)["bugs"][0] == zoo.BUGS[0].to_dict()


def test_the_command_runs_a_bug(run, tmp_path):
    code, out, _ = run("factor-2-missing", "--from", 2, *FAST)
    assert code == 0
    assert "the bug is on from epoch 2" in out
    assert out.count("wrong") == out.count("right") == len(zoo.CURVES)
    code, out, _ = run(4, *FAST, "--json", "--out", tmp_path / "curves.png")
    result = json.loads(out)
    assert (code, result["bug"]["name"], result["switch_on"]) == (0, "factor-2-missing", 2)
    assert len(result["wrong"]["points"]) == 20
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"


def test_the_command_asks_and_answers(run):
    code, out, _ = run("--quiz", "--seed", 3, *FAST)
    assert code == 0
    choices = out.splitlines()[-1].removeprefix("which bug is it? ").split(", ")
    answers = [run("--quiz", "--seed", 3, *FAST, "--guess", name)[1].splitlines()[-1] for name in choices]
    assert sum(answer.startswith("right: it is") for answer in answers) == 1
    assert sum(answer.startswith("wrong, it is not") for answer in answers) == 3
    result = json.loads(run("--quiz", "--seed", 3, *FAST, "--json")[1])
    assert (result["choices"], result["answer"]) == (choices, None)


def test_the_command_surveys_all(run, monkeypatch):
    few = tuple(BY_NAME[name] for name in ("no-update", "factor-2-missing"))
    monkeypatch.setattr("handgrad.workbook.zoo.survey", partial(zoo.survey, bugs=few))
    code, out, err = run("--all", "--epochs", 6, "--images", 1000, "--json")
    result = json.loads(out)
    assert code == 0
    assert [row["name"] for row in result["bugs"]] == ["factor-2-missing", "no-update"]  # the best first
    assert [row["learns"] for row in result["bugs"]] == [True, False]
    assert "factor-2-missing" in err
    code, out, err = run("--all", "--epochs", 6, "--images", 1000, "--quiet")
    assert (code, err) == (0, "")
    assert [line.split()[1] for line in out.splitlines()[1:3]] == ["factor-2-missing", "no-update"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing",), "expected the name or number of a bug"),
        ((34,), "number 34 has 2 bugs"),
        ((4, "--all"), "expected one of BUG, --quiz and --all"),
        (("--guess", 4), "--guess goes with --quiz"),
        (("--from", 2), "--from goes with BUG"),
        (("--all", "--out", "x.png"), "--out goes with BUG or --quiz"),
        ((4, "--epochs", 2, "--from", 3), "expected an epoch to switch the bug on, 1 to 2; got 3"),
        ((4, "--images", 60_000), "expected images to train on, 1 to 1,079; got 60,000"),
        (("--quiz", "--guess", "no-such", *FAST), "expected the name or number of a bug"),
    ],
)
def test_wrong_usage_is_one_line(run, words, message):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("handgrad: error: ")
    assert err.count("\n") == 1
    assert message in err


def test_a_picture_that_cannot_be_written_is_one_line(run, tmp_path):
    code, out, err = run(4, *FAST, "--out", tmp_path / "nowhere" / "x.png")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "nowhere" in err
