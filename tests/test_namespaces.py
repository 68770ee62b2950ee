"""The same lines on NumPy, array-api-strict, PyTorch and JAX: what goes in decides what comes out."""

import array_api_strict
import jax
import numpy as np
import pytest
import torch

from handgrad import network, training
from handgrad.network import map_params
from handgrad.recipes import CHOICES, Recipe

jax.config.update("jax_enable_x64", True)
NAMESPACES = {"array_api_strict": array_api_strict.asarray, "torch": torch.asarray, "jax": jax.numpy.asarray}
CONFIGURATIONS = 200


def curve(put, recipe, dtype, sets, seed, steps=20):
    """The loss of each of 20 epochs of one or three batches, the last of which is smaller."""
    rng = np.random.default_rng(seed)
    images, labels = sets
    params = map_params(put, network.init_params(images[0].size, recipe.hidden, 5, rng, recipe.bias, dtype))
    images, labels = put(images), put(labels)
    memory, losses, rates = None, [], np.full(-(-8 // recipe.batch_size), recipe.learning_rate)
    for step in range(steps):
        rows = rng.permutation(8)
        params, memory, loss = training.run_epoch(params, images, labels, rows, recipe, rates, memory, step)
        losses.append(loss)
    assert all(p is None or (type(p) is type(images) and "float" in str(p.dtype)) for p in params)
    assert all(p is None or str(np.dtype(dtype)) in str(p.dtype) for p in params)
    return np.array(losses)


@pytest.mark.parametrize("name", NAMESPACES)
def test_loss_curves_agree_on_random_configurations(name, figure):
    """20 to 60 steps on 12-pixel images with 5 classes: within 1e-10 in float64, 1e-4 in float32."""
    worst = {np.float64: 0.0, np.float32: 0.0}
    rng = np.random.default_rng(7)
    count = (
        CONFIGURATIONS if name != "jax" else CONFIGURATIONS // 4
    )  # each operation is dispatched alone: slow
    for i in range(count):
        recipe = Recipe(
            hidden=int(rng.choice([1, 5])),
            learning_rate=float(rng.uniform(0.001, 0.02)),
            batch_size=int(rng.choice([3, 8])),
            bias=bool(rng.integers(2)),
            **{key: str(rng.choice(CHOICES[key])) for key in ("activation", "loss", "optimizer")},
        )
        images = rng.integers(0, 256, (8, 3, 4), np.uint8)
        sets = images, rng.integers(0, 5, 8)
        dtype, bound = ((np.float64, 1e-10), (np.float32, 1e-4))[i % 2]
        ours = curve(lambda array: array, recipe, dtype, sets, i)
        theirs = curve(NAMESPACES[name], recipe, dtype, sets, i)
        difference = float(np.abs(ours - theirs).max())
        assert difference < bound, recipe
        worst[dtype] = max(worst[dtype], difference)
    figure(
        f"largest loss difference of {name} to numpy over 20 epochs, {CONFIGURATIONS} configurations",
        f"{worst[np.float64]:.1e} in float64, {worst[np.float32]:.1e} in float32",
    )


@pytest.mark.parametrize("name", NAMESPACES)
def test_train_and_accuracy_run_on_every_namespace(name, rng):
    """The whole loop, with a last batch that is smaller: the same numbers as on NumPy."""
    images, labels, put = rng.integers(0, 256, (10, 12), np.uint8), rng.integers(0, 5, 10), NAMESPACES[name]
    recipe, results = Recipe(hidden=4, batch_size=4, epochs=3, optimizer="adam", learning_rate=0.01), []
    for place in (np.asarray, put):
        params = map_params(place, network.init_params(12, 4, 5, np.random.default_rng(1)))
        own = place(images), place(labels)
        *_, last = training.train(params, *own, np.random.default_rng(2), recipe)
        results.append((last.loss, training.accuracy(last.params, *own)))
    assert results[0] == pytest.approx(results[1], rel=1e-10)


def test_the_network_can_be_compiled_by_jax(rng):
    """loss_and_gradients has no data-dependent Python in it: jax.jit traces it and finds our gradients."""
    params = map_params(jax.numpy.asarray, network.init_params(12, 6, 5, rng))
    x, labels = jax.numpy.asarray(rng.normal(size=(4, 12))), jax.numpy.asarray([0, 3, 4, 1])
    plain = network.loss_and_gradients(params, x, labels)
    compiled = jax.jit(network.loss_and_gradients, static_argnames=("activation", "loss"))(params, x, labels)
    traced = jax.grad(lambda p: network.loss_and_gradients(p, x, labels)[0])(params)
    for ours, jitted, theirs in zip(plain[1], compiled[1], traced, strict=True):
        np.testing.assert_allclose(ours, jitted, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-14)
