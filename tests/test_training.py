"""The loop: batches, order, schedule, accuracy, divergence, and going on where it stopped."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from handgrad import network, training
from handgrad.arrays import as_input
from handgrad.errors import DataError, DivergedError
from handgrad.network import Params, map_params
from handgrad.recipes import CHOICES, Distortion, Recipe, learning_rates

SMALL = Recipe(hidden=12, learning_rate=0.5, batch_size=16, epochs=3)


@pytest.fixture(scope="module")
def some(mnist):
    (images, labels), _ = mnist
    return images[:1000], labels[:1000]


def start(recipe=SMALL, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return network.init_params(784, recipe.hidden, 10, rng, recipe.bias, dtype), rng


def test_an_epoch_is_plain_gradient_descent_over_the_rows_in_order(some):
    """Written out by hand: 35 rows in batches of 16, 16 and 3, each averaged over its own size."""
    images, labels = some
    params, rng = start()
    order, rates = rng.permutation(1000)[:35], np.array([0.5, 0.2, 0.1])
    got, memory, mean_loss = training.run_epoch(params, images, labels, order, SMALL, rates)
    W1, b1, W2, b2 = (p.copy() for p in params)
    total = 0.0
    for batch, rate in ((order[:16], 0.5), (order[16:32], 0.2), (order[32:], 0.1)):
        x, target = images[batch].reshape(-1, 784) / 255, np.eye(10)[labels[batch]]
        a = x @ W1.T + b1
        h = np.maximum(a, 0)
        y = 1 / (1 + np.exp(-(h @ W2.T + b2)))
        total += ((y - target) ** 2).sum()
        grad_z = 2 / len(x) * (y - target) * y * (1 - y)
        grad_a = (grad_z @ W2) * (a > 0)
        W2, b2 = W2 - rate * grad_z.T @ h, b2 - rate * grad_z.sum(0)
        W1, b1 = W1 - rate * grad_a.T @ x, b1 - rate * grad_a.sum(0)
    for name, ours, expected in zip(Params._fields, got, (W1, b1, W2, b2), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-11, atol=1e-14, err_msg=name)
    assert mean_loss == pytest.approx(total / 35, rel=1e-12)
    assert memory == Params((), (), (), ())


def test_an_epoch_leaves_its_arguments_alone(some):
    params, rng = start(replace(SMALL, optimizer="adam"))
    kept = map_params(np.copy, params)
    memory = Params(*((np.zeros_like(p), np.zeros_like(p)) for p in params))
    training.run_epoch(
        params, *some, rng.permutation(1000), replace(SMALL, optimizer="adam"), np.full(63, 0.01), memory
    )
    for p, before, slots in zip(params, kept, memory, strict=True):
        np.testing.assert_array_equal(p, before)
        assert not any(slot.any() for slot in slots)


@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize("loss", CHOICES["loss"])
@pytest.mark.parametrize("bias", [True, False])
def test_every_configuration_learns(activation, loss, bias, some):
    choices = {"activation": activation, "loss": loss, "bias": bias}
    recipe = Recipe(hidden=40, optimizer="nesterov", learning_rate=0.03, warmup=0.2, epochs=12, **choices)
    params, rng = start(recipe)
    *_, last = training.train(params, *some, rng, recipe)
    assert training.accuracy(last.params, *some, activation) > 0.8
    assert (last.params.b1 is None) == (not bias)


def test_every_image_is_seen_once_an_epoch_in_a_new_order(some):
    seen = []

    def engine(params, images, labels, order, recipe, rates, memory, first_step):
        seen.append((np.array(order), len(rates), first_step))
        return params, memory, 1.0

    params, rng = start()
    list(training.train(params, *some, rng, replace(SMALL, epochs=2), run_epoch=engine))
    assert [np.sort(order).tolist() for order, _, _ in seen] == [list(range(1000))] * 2
    assert (seen[0][0] != seen[1][0]).any()
    assert [(batches, step) for _, batches, step in seen] == [(63, 0), (63, 63)]


def test_resuming_after_any_epoch_gives_the_same_numbers(some):
    recipe = replace(SMALL, epochs=5, optimizer="adam", learning_rate=0.01, schedule="cosine", warmup=0.3)
    params, rng = start(recipe)
    whole = list(training.train(params, *some, rng, recipe))
    for epoch in whole[:-1]:
        rest = list(training.train(params, *some, np.random.default_rng(99), recipe, resume=epoch))
        assert [e.epoch for e in rest] == list(range(epoch.epoch + 1, 6))
        for ours, expected in zip(rest[-1].params, whole[-1].params, strict=True):
            np.testing.assert_array_equal(ours, expected)
        assert [e.loss for e in rest] == [e.loss for e in whole[epoch.epoch :]]


def test_names_that_do_not_exist_are_refused_with_those_that_do(some):
    params, _ = start()
    x = as_input(some[0][:2], np.float64)
    with pytest.raises(
        ValueError, match="expected one of relu, leaky_relu, tanh, sigmoid, none; got 'swish'"
    ):
        network.forward(params, x, "swish")
    with pytest.raises(ValueError, match="expected one of l2, cross_entropy; got 'cross-entropy'"):
        network.loss_and_gradients(params, x, some[1][:2], loss="cross-entropy")
    with pytest.raises(DataError, match="labels as integers of shape"):
        training.accuracy(params, some[0], some[1][:, None])


def test_accuracy_counts_right_answers(some):
    params, _ = start()
    x = as_input(some[0], np.float64)
    answers = (np.maximum(x @ params.W1.T + params.b1, 0) @ params.W2.T + params.b2).argmax(1)
    assert training.accuracy(params, *some) == (answers == some[1]).mean()


def test_a_failure_is_named_and_a_healthy_network_has_none(some):
    from handgrad.diagnosis import failure

    params, _ = start()
    assert failure(params, *some) is None
    broken = params._replace(b2=np.full(10, np.inf))
    assert failure(broken, *some) == "a parameter is not finite"
    huge = params._replace(W1=params.W1 * 1e200, W2=params.W2 * 1e200)
    assert failure(huge, *some) == "a score is not finite"
    stuck = params._replace(b2=np.full(10, -50.0))
    assert "saturated" in failure(stuck, *some)
    assert failure(stuck, *some, loss="cross_entropy") is None
    right = params._replace(b2=np.where(np.arange(10) == 7, 50.0, -50.0))
    sevens = some[1] == 7
    assert failure(right, some[0][sevens], some[1][sevens]) is None


def test_divergence_seen_at_the_end_of_an_epoch_names_its_highest_rate(some):
    recipe = replace(SMALL, learning_rate=1e3, schedule="cosine", epochs=1)
    params, rng = start(recipe, np.float32)
    with pytest.raises(DivergedError, match="saturated") as caught:
        list(training.train(params, *some, rng, recipe))
    assert caught.value.learning_rate == 1e3


@pytest.mark.parametrize("rate", [1e3, 1e30])
@pytest.mark.parametrize("optimizer", CHOICES["optimizer"])
def test_a_rate_that_diverges_is_named(rate, optimizer, some):
    recipe = replace(SMALL, learning_rate=rate, optimizer=optimizer)
    params, rng = start(recipe, np.float32)
    with pytest.raises(
        DivergedError, match=r"training diverged: .* in epoch 1, batch .* at learning rate 1"
    ) as caught:
        list(training.train(params, *some, rng, recipe))
    assert caught.value.epoch == 1
    assert caught.value.learning_rate == rate
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_divergence_in_a_later_epoch_leaves_the_earlier_ones(some):
    """A schedule that rises: the epochs before the blow-up are yielded, finite."""
    recipe = replace(SMALL, learning_rate=1e12, warmup=1.0, batch_size=1000, epochs=40, loss="cross_entropy")
    rates = learning_rates("constant", 1e12, range(40), 40, 1.0)
    params, rng = start(recipe, np.float32)
    params = params._replace(W2=params.W2 * np.float32(1e18))
    epochs = []
    with pytest.raises(DivergedError) as caught:
        epochs.extend(training.train(params, *some, rng, recipe))
    assert caught.value.epoch == len(epochs) + 1
    assert caught.value.learning_rate == rates[len(epochs)]
    assert all(np.isfinite(p).all() for epoch in epochs for p in epoch.params)


def test_schedules():
    np.testing.assert_allclose(learning_rates("constant", 2, range(3), 3), [2, 2, 2])
    np.testing.assert_allclose(learning_rates("linear", 2, range(4), 4), [2, 1.5, 1, 0.5])
    np.testing.assert_allclose(learning_rates("linear", 3, range(6), 6, 0.5), [1, 2, 3, 3, 2, 1])
    np.testing.assert_allclose(learning_rates("linear", 3, range(2, 5), 6, 0.5), [3, 3, 2])
    np.testing.assert_allclose(learning_rates("cosine", 2, range(4), 4), [2, 1 + 0.5**0.5, 1, 1 - 0.5**0.5])
    np.testing.assert_allclose(learning_rates("cosine", 1, range(5), 5, 1.0), [0.2, 0.4, 0.6, 0.8, 1])


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((4, 5, 5)), np.zeros(4, int), "images of 784 pixels, as the network has; got 5 x 5 = 25"),
        (np.zeros((4, 28, 28)), np.zeros(3, int), "one label for each of 4 images; got 3"),
        (np.zeros((4, 28, 28)), np.full(4, 10), "labels from 0 to 9; got 10 to 10"),
        (np.zeros((4, 28, 28)), np.full(4, -1), "labels from 0 to 9; got -1 to -1"),
        (np.zeros((4, 28, 28)), np.zeros((4, 10)), "labels as integers"),
        (np.full((4, 28, 28), np.nan), np.zeros(4, int), "float pixels from 0"),
        (
            np.full((4, 28, 28), 255.0),
            np.zeros(4, int),
            r"float pixels from 0 \(paper\) to 1 \(ink\); got 255 to 255",
        ),
        (np.full((4, 28, 28), 300), np.zeros(4, int), "integer pixels from 0 to 255"),
        (np.zeros((4, 28, 28), bool), np.zeros(4, int), "got bool"),
        (np.zeros((0, 28, 28)), np.zeros(0, int), "N at least 1; got shape"),
        ([[0.0] * 784], np.zeros(1, int), "images as an array; got list"),
        (np.zeros((1, 28, 28)), [0], "labels as an array; got list"),
    ],
)
def test_arrays_that_are_not_images_and_labels_are_refused(images, labels, message):
    params, rng = start()
    with pytest.raises(DataError, match=message):
        next(training.train(params, images, labels, rng, SMALL))


def test_pixels_are_scaled_in_whatever_layout_and_integer_type(some):
    images = some[0][:3]
    expected = images.reshape(3, -1) / 255
    for same in (
        images.astype(np.int32),
        images.astype(">i2"),
        np.asfortranarray(images),
        images.astype(np.int64),
    ):
        np.testing.assert_array_equal(as_input(same, np.float64), expected)
    np.testing.assert_array_equal(
        as_input(expected.astype(np.float32), np.float32), expected.astype(np.float32)
    )


@pytest.mark.parametrize("recipe", [replace(SMALL, batch_size=1000), replace(SMALL, batch_size=1, epochs=1)])
def test_batches_larger_than_the_data_and_of_one(recipe, some):
    params, rng = start(recipe)
    *_, last = training.train(params, some[0][:50], some[1][:50], rng, recipe)
    assert np.isfinite(last.loss)


def test_one_image_and_one_class_can_be_learnt(some):
    params, rng = start()
    *_, last = training.train(params, some[0][:1], some[1][:1], rng, replace(SMALL, epochs=30))
    assert training.accuracy(last.params, some[0][:1], some[1][:1]) == 1
    alike = some[1] == 7
    *_, last = training.train(params, some[0][alike], some[1][alike], rng, replace(SMALL, epochs=30))
    assert training.accuracy(last.params, some[0][alike], some[1][alike]) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": 0}, "hidden to be a whole number, 1 to 1,000,000,000; got 0"),
        ({"hidden": 2.0}, "hidden to be a whole number"),
        ({"epochs": -1}, "epochs to be"),
        ({"learning_rate": float("nan")}, "learning_rate to be a number"),
        ({"learning_rate": float("inf")}, "learning_rate to be a number"),
        ({"learning_rate": -0.1}, "learning_rate to be a number"),
        ({"warmup": 1.5}, "warmup to be a number, 0 to 1"),
        ({"activation": "swish"}, "activation to be one of relu, leaky_relu"),
        ({"bias": 1}, "bias to be true or false"),
        ({"init": "templates", "hidden": 19}, "20 or more hidden units"),
        ({"averaging": 1.0}, "averaging to be a number, 0 to 0.9999; got 1.0"),
        ({"distortion": {"shift": 2.0}}, "distortion to be a Distortion or none; got"),
    ],
)
def test_recipes_that_cannot_be_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **change)


def test_a_recipe_goes_through_a_dictionary():
    assert Recipe.from_dict(SMALL.to_dict()) == SMALL
    with pytest.raises(ValueError, match="expected a recipe with exactly"):
        Recipe.from_dict({"hidden": 3})
    distorted = replace(SMALL, distortion=Distortion(shift=1.0), averaging=0.9)
    assert Recipe.from_dict(json.loads(json.dumps(distorted.to_dict()))) == distorted
    with pytest.raises(ValueError, match="expected the parts of a distortion; got blur"):
        Recipe.from_dict({**SMALL.to_dict(), "distortion": {"blur": 1.0}})


def test_a_recipe_of_before_distortions_is_still_read():
    values = SMALL.to_dict()
    del values["distortion"], values["averaging"]
    assert Recipe.from_dict(values) == SMALL
