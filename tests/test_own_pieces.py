"""Functions of one's own in a recipe: loss, optimizer, schedule, activation, on every engine that can run them."""

import ast
import json
import pickle
from dataclasses import replace
from functools import partial
from pathlib import Path

import array_api_strict
import jax
import numpy as np
import pytest
import torch

from handgrad import engines, layers, losses, model_file, network, optimizers, runs, training
from handgrad.arrays import array_namespace
from handgrad.engines import dense
from handgrad.engines.ink import InkEngine
from handgrad.errors import HandgradError, ModelFileError, name_of
from handgrad.history import History
from handgrad.insight.evaluation import evaluate
from handgrad.model import Model
from handgrad.network import Params, map_params
from handgrad.recipes import Recipe, learning_rates

import alike
from test_check_gradients import SWISH, hinge, huber


def nadam(p, g, memory, learning_rate, step):
    """Remembers the last gradient as it came, which an engine that reuses its arrays would change."""
    before = memory[0] if memory else g
    return p - learning_rate * (0.7 * g + 0.3 * before), (g,)


def two_slots(p, g, memory, learning_rate, step):
    v, last = memory or (0 * p, p)
    v = 0.5 * v + g
    return p - learning_rate * (v + 0.01 * (p - last)), (v, p)


def stairs(t):
    return np.where(t < 0.5, 1.0, 0.25)


OWN = {
    "loss": [huber, (hinge, "z"), partial(huber, bend=0.1)],
    "optimizer": [nadam, two_slots],
    "activation": [SWISH, (np.tanh, layers.tanh_backward, "h"), (lambda a: a, lambda grad_h, a: grad_h)],
}
CASES = [{choice: own} for choice, pieces in OWN.items() for own in pieces]
CASES += [{"loss": huber, "optimizer": two_slots, "activation": SWISH, "schedule": stairs, "bias": False}]


@pytest.fixture(scope="module")
def some(mnist):
    (images, labels), test = mnist
    return runs.split(images[:1500], labels[:1500], 300, (test[0][:300], test[1][:300]))


@pytest.mark.parametrize("own", CASES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_dense_engine_gives_the_numbers_of_the_reference(own, dtype):
    recipe = Recipe(**{"hidden": 9, "batch_size": 7, "learning_rate": 0.02} | own)
    bound = {"rtol": 1e-9, "atol": 1e-11} if dtype is np.float64 else {"rtol": 2e-3, "atol": 1e-5}
    (p, memory, lost), (q, memory_q, lost_q) = alike.both(
        recipe, {"N": 30, "D": 20, "C": 4}, 5, dtype, dense.run_epoch
    )
    np.testing.assert_allclose(lost, lost_q, rtol=bound["rtol"])
    for name, ours, theirs in zip(p._fields, p, q, strict=True):
        if ours is not None:
            assert theirs.dtype == dtype
            np.testing.assert_allclose(ours, theirs, **bound, err_msg=name)
            for a, b in zip(getattr(memory, name), getattr(memory_q, name), strict=True):
                np.testing.assert_allclose(a, b, **bound, err_msg=name)


TWINS = {  # the reference's own functions, given as one's own: the same bits as by name
    "loss": {"l2": losses.l2_loss, "cross_entropy": (losses.cross_entropy_loss, "z")},
    "optimizer": {"momentum": optimizers.momentum, "adam": optimizers.adam},
    "activation": {"leaky_relu": (layers.leaky_relu_forward, layers.leaky_relu_backward), "tanh": layers.ACTIVATIONS["tanh"]},
    "schedule": {"cosine": lambda t: (1 + np.cos(np.pi * t)) / 2},
}  # fmt: skip


@pytest.mark.parametrize("run_epoch", [training.run_epoch, dense.run_epoch])
@pytest.mark.parametrize("choice", TWINS)
def test_our_own_functions_are_no_different_from_their_names(choice, run_epoch, some):
    for name, twin in TWINS[choice].items():
        ends = []
        for value in (name, twin):
            recipe = Recipe(**{"hidden": 8, "epochs": 2, "learning_rate": 0.01, "warmup": 0.2, choice: value})
            params = network.init_params(784, 8, 10, np.random.default_rng(0))
            *_, last = training.train(
                params,
                some.images[:200],
                some.labels[:200],
                np.random.default_rng(1),
                recipe,
                run_epoch=run_epoch,
            )
            ends.append(last)
        for a, b in zip(ends[0].params, ends[1].params, strict=True):
            np.testing.assert_allclose(a, b, rtol=0 if run_epoch is training.run_epoch else 1e-10, atol=1e-12)


def swish_anywhere(a):
    return a / (1 + array_namespace(a).exp(-a))


def swish_anywhere_backward(grad_h, a):
    y = 1 / (1 + array_namespace(a).exp(-a))
    return grad_h * (y + a * y * (1 - y))


@pytest.mark.parametrize("put", [array_api_strict.asarray, torch.asarray, jax.numpy.asarray])
def test_own_functions_run_on_every_namespace(put, rng):
    images, labels = rng.integers(0, 256, (10, 12), np.uint8), rng.integers(0, 5, 10)
    own = {"loss": huber, "optimizer": two_slots, "schedule": stairs}
    own["activation"] = (swish_anywhere, swish_anywhere_backward, "a")
    recipe, ends = Recipe(hidden=4, batch_size=4, epochs=3, learning_rate=0.01, **own), []
    for place in (np.asarray, put):
        params = map_params(place, network.init_params(12, 4, 5, np.random.default_rng(1)))
        pair = place(images), place(labels)
        *_, last = training.train(params, *pair, np.random.default_rng(2), recipe)
        ends.append((last.loss, training.accuracy(last.params, *pair, recipe.activation)))
    assert ends[0] == pytest.approx(ends[1], rel=1e-10)


def test_a_run_with_everything_of_ones_own_learns_and_predicts(some):
    recipe = Recipe(
        hidden=32,
        epochs=4,
        learning_rate=0.05,
        loss=(hinge, "z"),
        optimizer=two_slots,
        schedule=stairs,
        activation=SWISH,
    )
    *_, last = runs.run(some, recipe, engine=engines.engine("numpy"))
    model = last.model
    assert model.accuracy["test"] > 0.8
    assert (model.predict(some.test[0]) == some.test[1]).mean() == pytest.approx(model.accuracy["test"])
    z = network.forward(model.params, some.test[0].reshape(300, -1) / np.float32(255), SWISH).z
    np.testing.assert_allclose(model.scores(some.test[0]), layers.sigmoid_forward(z), rtol=1e-5)
    assert "32 own: swish -> 10, own: hinge, seed 0" in repr(model)


@pytest.mark.parametrize("own", CASES)
def test_the_ink_engine_hands_what_it_does_not_know_to_the_numpy_engine_aloud(own, some):
    recipe = Recipe(**{"hidden": 8, "learning_rate": 0.02, "epochs": 1} | own)
    names = [
        name_of(value)[5:] for choice in ("activation", "loss", "optimizer") if (value := own.get(choice))
    ]
    params = network.init_params(784, 8, 10, np.random.default_rng(0), recipe.bias, np.float32)
    order, rates = np.arange(200), np.full(13, 0.01)
    with pytest.warns(
        UserWarning, match=f"^the ink engine does not know {', '.join(names)}; the numpy engine takes over$"
    ):
        p, _, loss = InkEngine(1).run_epoch(params, some.images, some.labels, order, recipe, rates)
    q, _, expected = dense.run_epoch(params, some.images, some.labels, order, recipe, rates)
    assert loss == expected
    for a, b in zip(p, q, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_ink_engine_runs_a_schedule_of_ones_own_itself(some):
    ends = {}
    for name in ("ink", "numpy"):  # warnings are errors: nothing is handed over
        recipe = Recipe(hidden=8, epochs=2, learning_rate=0.1, schedule=stairs)
        *_, last = runs.run(some, recipe, engine=engines.engine(name, threads=1 if name == "ink" else None))
        ends[name] = last
    assert ends["ink"].epoch.loss == pytest.approx(ends["numpy"].epoch.loss, rel=1e-4)


def test_a_whole_run_on_the_ink_engine_with_an_activation_of_ones_own(some):
    where = engines.engine("ink", threads=1)
    with pytest.warns(UserWarning, match="does not know swish"):
        *_, last = runs.run(some, Recipe(hidden=8, epochs=1, activation=SWISH), engine=where)
    with pytest.raises(HandgradError, match="does not know the activation swish; use the model as it is"):
        engines.compiled(last.model)
    assert last.model.scores(some.test[0]).shape == (300, 10)


def test_the_last_gradient_that_a_rule_remembers_is_not_overwritten(some):
    recipe = Recipe(hidden=8, optimizer=nadam)
    params = network.init_params(784, 8, 10, np.random.default_rng(0))
    arguments = (params, some.images, some.labels, np.arange(64), recipe, np.full(4, 0.05))
    _, memory, _ = dense.run_epoch(*arguments)
    kept = [slot.copy() for (slot,) in memory]
    dense.run_epoch(params, some.images, some.labels, np.arange(64, 128), recipe, np.full(4, 0.05), memory, 4)
    for (slot,), before in zip(memory, kept, strict=True):
        np.testing.assert_array_equal(slot, before)


# what is refused, and how it is said


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"activation": layers.relu_forward}, r"activation to be one of relu, .*, none, or your own in the form of \(relu_forward, relu_backward, 'a'\); got <function"),
        ({"activation": (layers.relu_forward, layers.relu_backward, "z")}, "activation to be one of .* your own in the form of"),
        ({"activation": 3}, "activation to be one of .* your own in the form of .*; got 3"),
        ({"loss": (losses.l2_loss, "a")}, r"loss to be one of l2, cross_entropy, or your own in the form of \(l2_loss, 'y'\)"),
        ({"optimizer": (optimizers.sgd, "a")}, "optimizer to be one of sgd, momentum, nesterov, adam, or your own in the form of sgd"),
        ({"schedule": 1.0}, "schedule to be one of constant, linear, cosine, or your own in the form of constant; got 1.0"),
        ({"init": np.zeros}, "init to be one of random, templates; got <built-in function"),
    ],
)  # fmt: skip
def test_what_has_not_the_form_is_refused(choices, message):
    with pytest.raises(ValueError, match="^expected .*" + message):
        Recipe(**choices)


def test_the_reference_refuses_it_as_well(rng):
    params = network.init_params(5, 4, 3, rng)
    with pytest.raises(ValueError, match=r"expected one of relu, .* your own in the form of \(relu_forward"):
        network.forward(params, np.zeros((1, 5)), layers.relu_forward)
    with pytest.raises(ValueError, match="expected activation to be one of relu"):
        Model(params, activation=np.tanh)
    with pytest.raises(ValueError, match="expected loss to be l2 or cross_entropy"):
        Model(params, loss=3)


@pytest.mark.parametrize("run_epoch", [training.run_epoch, dense.run_epoch])
@pytest.mark.parametrize(
    ("rule", "got"),
    [
        (lambda p, g, memory, rate, step: p - rate * g, r"got float64 \(8, 784\)"),
        (lambda p, g, memory, rate, step: (p[:1], memory), r"got \(float64 \(1, 784\), \(\)\)"),
        (lambda p, g, memory, rate, step: (p, g), r"got \(float64"),
        (lambda p, g, memory, rate, step: None, "got None"),
    ],
)
def test_a_rule_that_returns_something_else_is_told_so(rule, got, run_epoch, some):
    params, recipe = (
        network.init_params(784, 8, 10, np.random.default_rng(0)),
        Recipe(hidden=8, optimizer=rule),
    )
    expected = r"expected the optimizer to return p of shape \(8, 784\) and a tuple of arrays to remember; "
    with pytest.raises(ValueError, match=expected + got):
        run_epoch(params, some.images, some.labels, np.arange(16), recipe, np.ones(1))


def test_a_schedule_gives_each_t_a_factor():
    assert learning_rates(lambda t: 0.5, 2.0, range(3), 10).tolist() == [1, 1, 1]
    assert learning_rates(stairs, 2.0, range(4, 7), 10).tolist() == [2, 0.5, 0.5]
    with pytest.raises(
        ValueError, match=r"expected the schedule to give a factor for each t, shape \(3,\); got shape \(2,\)"
    ):
        learning_rates(lambda t: np.ones(2), 2.0, range(3), 10)


# model files


def test_an_activation_of_ones_own_is_not_saved_and_said_before_any_work(some, tmp_path):
    path = tmp_path / "model.safetensors"
    recipe = Recipe(hidden=8, activation=SWISH)
    message = "expected an activation that has a name, relu, .*; got the function swish, which a model file cannot hold"
    with pytest.raises(ModelFileError, match=message):
        next(runs.run(some, recipe, out=path))
    params = network.init_params(784, 8, 10, np.random.default_rng(0))
    with pytest.raises(ModelFileError, match=message):
        model_file.save(path, Model(params, activation=SWISH))
    assert not path.exists()


def test_a_file_names_the_other_functions_and_never_holds_them(some, tmp_path):
    path = tmp_path / "model.safetensors"
    recipe = Recipe(
        hidden=8, epochs=2, learning_rate=0.02, loss=huber, optimizer=two_slots, schedule=lambda t: 1 - t
    )
    *_, last = runs.run(some, recipe, seed=3, out=path, name="mine", engine=engines.engine("numpy"))
    model = model_file.load(path)
    assert model.loss == "own: huber"
    assert (model.recipe.loss, model.recipe.optimizer, model.recipe.schedule) == (
        "own: huber", "own: two_slots", "own: <lambda>")  # fmt: skip
    assert model.recipe.own == {
        "loss": "own: huber",
        "optimizer": "own: two_slots",
        "schedule": "own: <lambda>",
    }
    np.testing.assert_array_equal(model.scores(some.test[0]), last.model.scores(some.test[0]))
    data = path.read_bytes()
    model_file.save(path, model)  # what was loaded can be saved again, to the same bytes
    assert path.read_bytes() == data
    given = {"loss": huber, "optimizer": two_slots, "schedule": recipe.schedule}
    assert replace(model.recipe, **given) == recipe


@pytest.mark.filterwarnings("ignore:the ink engine does not know mine")
@pytest.mark.parametrize("engine", ["numpy", "ink"])
@pytest.mark.parametrize("left_out", ["loss", "optimizer", "schedule"])
def test_a_recipe_that_only_names_a_function_says_so_when_it_is_followed(engine, left_out, some):
    recipe = Recipe(hidden=8, **{left_out: "own: mine"})
    where = engines.engine(engine, threads=1 if engine == "ink" else None)
    message = (
        "names the function mine, but does not hold it; put the function itself in the place of its name"
    )
    with pytest.raises(ModelFileError, match=message):
        next(runs.run(some, recipe, engine=where))


def test_a_run_goes_on_with_the_functions_given_again(some, tmp_path):
    path, whole = tmp_path / "part.safetensors", tmp_path / "whole.safetensors"
    recipe = Recipe(hidden=8, epochs=3, learning_rate=0.02, loss=huber, optimizer=two_slots, schedule=stairs)
    list(runs.run(some, recipe, 1, whole, engine=engines.engine("numpy")))
    next(runs.run(some, recipe, 1, path, engine=engines.engine("numpy")))
    with pytest.raises(
        ModelFileError, match="expected own as the recipe that the run began with; they differ"
    ):
        runs.resume(path, some, "numpy", own=replace(recipe, hidden=9))
    list(runs.resume(path, some, "numpy", own=recipe))
    ours, theirs = model_file.load(path).params, model_file.load(whole).params
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["own: ", "own: a\nb", "own: " + "x" * 100, "mine"])
def test_a_file_with_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="expected loss to be"):
        Recipe(loss=name)
    with pytest.raises(ValueError, match="expected loss to be"):
        Model(network.init_params(4, 2, 2, np.random.default_rng(0)), loss=name)


def test_a_model_with_functions_of_a_module_can_be_pickled():
    model = Model(network.init_params(16, 4, 3, np.random.default_rng(0)), activation=SWISH, loss=huber)
    again = pickle.loads(pickle.dumps(model))
    assert again.activation == SWISH
    images = np.random.default_rng(1).integers(0, 256, (5, 16), np.uint8)
    np.testing.assert_array_equal(again.scores(images), model.scores(images))


def test_a_recipe_as_plain_values_names_the_functions():
    recipe = Recipe(loss=huber, activation=SWISH, optimizer=partial(optimizers.momentum, nesterov=True))
    values = json.loads(json.dumps(recipe.to_dict()))
    assert (values["loss"], values["activation"], values["optimizer"]) == (
        "own: huber",
        "own: swish",
        "own: momentum",
    )
    assert Recipe().own == {}
    assert Params._fields == ("W1", "b1", "W2", "b2")


# in a notebook


def test_reprs_are_short_and_say_what_matters(some):
    *_, last = runs.run(some, Recipe(hidden=64, epochs=2), name="mine", engine=engines.engine("numpy"))
    model, epoch = last.model, last.epoch
    shares = ", ".join(f"{of} {100 * share:.2f} %" for of, share in model.accuracy.items())
    assert repr(model) == f"Model(784 -> 64 relu -> 10, l2, recipe mine, seed 0, {shares})"
    assert repr(epoch) == f"Epoch(2, loss {epoch.loss:.5f}, {epoch.seconds:.2f} s)"
    assert repr(model.params) == (
        "Params(W1 float32 (64, 784), b1 float32 (64,), W2 float32 (10, 64), b2 float32 (10,))")  # fmt: skip
    assert (
        repr(Params(None, 1.5, (model.params.b1,), ()))
        == "Params(W1 None, b1 1.5, W2 (float32 (64,)), b2 ())"
    )
    assert repr(model.history).startswith("History(2 epochs, the last: epoch 2, loss ")
    for shown in (last, model.history, network.forward(model.params, np.zeros((1, 784))), epoch.memory):
        assert len(repr(shown)) < 300
    assert len(model._repr_html_()) < 800
    for record in model.history:
        assert f"<td>{100 * record['train_accuracy']:.2f} %</td>" in model._repr_html_()
    no_bias = Model(network.init_params(4, 2, 2, np.random.default_rng(0), bias=False))
    assert repr(no_bias) == "Model(4 -> 2 relu -> 2, no bias, l2)"
    assert no_bias._repr_html_() == "<p>Model(4 -&gt; 2 relu -&gt; 2, no bias, l2)</p>"


def test_a_history_is_a_list_of_flat_dictionaries():
    records = [
        {"epoch": i, "loss": 1 / i, "train_accuracy": 0.5, "validation_accuracy": None} for i in range(1, 301)
    ]
    history = History(records)
    assert history == records
    assert json.loads(json.dumps(history)) == records
    assert pickle.loads(pickle.dumps(history)) == records
    assert repr(history) == "History(300 epochs, the last: epoch 300, loss 0.003333, train accuracy 50.00 %)"
    assert repr(History()) == "History(0 epochs)"
    assert "validation" not in history._repr_html_()
    assert history._repr_html_().count("<tr>") == 13
    assert "<td>300</td>" in history._repr_html_()


def test_what_a_notebook_shows_of_others_is_escaped():
    evil = "<script>alert(1)</script>"
    params = network.init_params(4, 2, 2, np.random.default_rng(0))
    model = Model(params, classes=(evil, "b"), recipe_name=evil, accuracy={evil: 0.5},
                  history=[{"epoch": evil, evil: 0.5, "loss": None}])  # fmt: skip
    evaluation = evaluate(model, np.zeros((3, 4), np.uint8), np.array([evil, "b", "b"]))
    for shown in (model, model.history, evaluation):
        assert "script" in shown._repr_html_()
        assert "<script" not in shown._repr_html_()
    assert repr(evaluation).startswith("Evaluation(3 images, accuracy ")


def test_the_constants_of_the_mathematics_stand_once():
    """The betas and epsilon stand in optimizers, the leak in layers: whatever computes takes them from there."""
    source = Path(layers.__file__).parent
    found = {
        (path.name, node.value)
        for path in [source / f"{name}.py" for name in ("layers", "optimizers", "network", "training")]
        + sorted(source.glob("engines/**/*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in (0.9, 0.999, 1e-8, 0.01)
    }
    assert found == {
        ("optimizers.py", 0.9),
        ("optimizers.py", 0.999),
        ("optimizers.py", 1e-8),
        ("layers.py", 0.01),
    }


def counting(p, g, memory, learning_rate, step):
    """Remembers a number, which trains, but is not an array of p's shape."""
    return p - learning_rate * g, ((memory[0] if memory else 0) + 1,)


def test_a_memory_that_no_file_can_hold_is_refused_before_it_is_written(some, tmp_path):
    recipe, path = Recipe(hidden=8, epochs=2, learning_rate=0.02, optimizer=counting), tmp_path / "m"
    list(runs.run(some, recipe, engine="numpy"))
    with pytest.raises(ModelFileError, match="expected the optimizer to remember arrays of the shape of W1"):
        next(runs.run(some, recipe, out=path, engine="numpy"))
    assert not path.exists()
