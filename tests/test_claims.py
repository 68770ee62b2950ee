"""What the lesson says, on real digits."""

import numpy as np
import pytest

from handgrad import network
from handgrad.arrays import as_input
from handgrad.insight.explain import collapse
from handgrad.recipes import Recipe
from handgrad.training import accuracy, train


def trained(mnist, recipe, dtype=np.float32, images=10_000):
    """The last epoch on the first 10,000 training images."""
    rng = np.random.default_rng(0)
    params = network.init_params(784, recipe.hidden, 10, rng, recipe.bias, dtype)
    *_, last = train(params, mnist[0][0][:images], mnist[0][1][:images], rng, recipe)
    return last.params


@pytest.mark.parametrize("bias", [True, False])
def test_without_a_non_linearity_two_layers_are_one(bias, mnist, figure):
    """Trained with activation none, z equals x W^T + b for one (10, 784) matrix, on all test images."""
    params = trained(mnist, Recipe(activation="none", bias=bias, epochs=2), np.float64)
    W, b = collapse(params)
    assert W.shape == (10, 784)
    x = as_input(mnist[1][0], np.float64)
    difference = np.abs(network.forward(params, x, "none").z - (x @ W.T + b)).max()
    assert difference < 1e-6
    figure(f"two layers against one matrix, 10,000 images, bias {bias}", f"{difference:.1e}")
    assert np.abs(network.forward(params, x, "relu").z - (x @ W.T + b)).max() > 1  # with relu they do not


@pytest.mark.parametrize("bias", [True, False])
def test_relu_beats_the_collapsed_network(bias, mnist, figure):
    recipe = {"epochs": 4, "learning_rate": 0.3, "bias": bias}
    with_relu = accuracy(trained(mnist, Recipe(**recipe)), *mnist[1])
    without = accuracy(trained(mnist, Recipe(**recipe, activation="none")), *mnist[1], "none")
    assert with_relu > without + 0.02
    figure(f"10,000 training images, bias {bias}", f"relu {with_relu:.2%}, none {without:.2%}")


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "sigmoid"])
def test_each_non_linearity_trains(activation, mnist, figure):
    params = trained(mnist, Recipe(activation=activation, epochs=4, learning_rate=0.3))
    reached = accuracy(params, *mnist[1], activation)
    assert reached > 0.9
    figure(f"{activation}, 10,000 training images", f"{reached:.2%} of the test set")
