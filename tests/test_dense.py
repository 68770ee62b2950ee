"""The dense engine against the reference, for every configuration."""

import numpy as np
import pytest

from handgrad import network, training
from handgrad.engines import dense
from handgrad.errors import DataError, DivergedError
from handgrad.recipes import Recipe

from alike import images_like_digits, worst_difference


def test_equal_to_the_reference_in_float64_for_every_configuration(figure):
    worst = worst_difference(lambda draw: dense.run_epoch, 200)
    figure("dense engine against reference in float64, two epochs, 200 configurations", f"{worst:.1e}")


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adam"])
def test_500_steps_in_float32_on_mnist_stay_close(optimizer, mnist, figure):
    images, labels = mnist[0][0][:8000], mnist[0][1][:8000]
    rate = 0.001 if optimizer == "adam" else 0.02
    recipe, rates = Recipe(hidden=64, optimizer=optimizer, batch_size=16), np.full(500, rate)
    params = network.init_params(784, 64, 10, np.random.default_rng(0), dtype=np.float32)
    order = np.random.default_rng(1).permutation(8000)
    for some in (images, images.reshape(8000, 784) / np.float32(255)):
        p, _, loss = training.run_epoch(params, some, labels, order, recipe, rates)
        q, _, loss_q = dense.run_epoch(params, some, labels, order, recipe, rates)
        assert loss == pytest.approx(loss_q, abs=1e-5)
        assert {array.dtype for array in q} == {np.dtype(np.float32)}
        worst = max(float(np.abs(a - b).max()) for a, b in zip(p, q, strict=True))
        assert worst < 2e-3
    figure(f"dense engine, 500 steps of {optimizer} in float32", f"{worst:.1e}")


def test_arguments_are_left_alone_and_what_does_not_fit_is_refused(rng):
    images, labels = images_like_digits(rng, 40, 30), rng.integers(0, 3, 40)
    params, recipe = network.init_params(30, 20, 3, rng), Recipe(hidden=20, batch_size=10, optimizer="adam")
    rates, order = np.full(4, 0.01), np.arange(40)
    p, memory, _ = dense.run_epoch(params, images, labels, order, recipe, rates)
    kept = network.map_params(np.copy, p), [array.copy() for array in memory.W1]
    dense.run_epoch(p, images, labels, order, recipe, rates, memory, 4)
    for now, before in zip((*p, *memory.W1), (*kept[0], *kept[1]), strict=True):
        np.testing.assert_array_equal(now, before)
    with pytest.raises(DataError, match="labels from 0 to 2"):
        dense.run_epoch(params, images, labels + 1, order, recipe, rates)
    with pytest.raises(IndexError):
        dense.run_epoch(params, images, labels, order + 1, recipe, rates)


def test_divergence_is_named_as_by_the_reference(mnist):
    (images, labels), _ = mnist
    params = network.init_params(784, 32, 10, np.random.default_rng(0), dtype=np.float32)
    rates, recipe = np.array([0.1, 0.1, 1e38, 0.1, 0.1]), Recipe(hidden=32, batch_size=100)
    found = []
    for run_epoch in (training.run_epoch, dense.run_epoch):
        with pytest.raises(DivergedError) as caught:
            run_epoch(params, images, labels, np.arange(500), recipe, rates, None, 10)
        found.append((caught.value.epoch, caught.value.batch))
    assert found[0] == found[1]
