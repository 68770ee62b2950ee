"""The same lines on NumPy, array-api-strict, PyTorch and JAX: what goes in decides what comes out."""

import itertools

import array_api_strict
import jax
import numpy as np
import pytest
import torch

from handgrad import network, training
from handgrad.engines import device
from handgrad.errors import DivergedError
from handgrad.network import map_params
from handgrad.recipes import CHOICES, Recipe

from alike import curves

jax.config.update("jax_enable_x64", True)
NAMESPACES = {"array_api_strict": array_api_strict.asarray, "torch": torch.asarray, "jax": jax.numpy.asarray}
CONFIGURATIONS = {"array_api_strict": 60, "torch": 60, "jax": 20}  # tools/stress throws 200 of each


@pytest.mark.parametrize("name", NAMESPACES)
def test_loss_curves_agree_on_random_configurations(name, figure):
    """20 to 60 steps on 12-pixel images with 5 classes: within 1e-10 in float64, 1e-4 in float32."""
    worst = {np.float64: 0.0, np.float32: 0.0}
    count = CONFIGURATIONS[name]
    for i in range(count):
        dtype, bound = ((np.float64, 1e-10), (np.float32, 1e-4))[i % 2]
        ours, theirs, recipe = curves(NAMESPACES[name], dtype, i, 20)
        difference = float(np.abs(ours - theirs).max())
        assert difference < bound, recipe
        worst[dtype] = max(worst[dtype], difference)
    figure(
        f"largest loss difference of {name} to numpy over 20 epochs, {count} configurations",
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


@pytest.mark.parametrize("name", NAMESPACES)
def test_whole_runs_agree_for_every_choice(name, figure):
    """51 steps of every optimizer, loss and activation (with JAX of four combinations): 1e-10 in float64, 1e-4 in float32.

    By training.train, with the epoch that stays on the device. The learning rate rises and falls; the last
    batch is smaller.
    """
    choices = list(itertools.product(*(CHOICES[key] for key in ("optimizer", "loss", "activation"))))
    put, worst = NAMESPACES[name], {np.float64: 0.0, np.float32: 0.0}
    for i, (optimizer, loss, activation) in enumerate(choices[:: 13 if name == "jax" else 3]):
        rate, dtype = 0.01 if optimizer == "adam" else 0.02, (np.float64, np.float32)[i % 2]
        recipe = Recipe(
            hidden=5, batch_size=8, epochs=17, optimizer=optimizer, loss=loss, activation=activation,
            learning_rate=rate, schedule="cosine", warmup=0.2,
        )  # fmt: skip
        rng = np.random.default_rng(i)
        images, labels = rng.integers(0, 256, (23, 3, 4), np.uint8), rng.integers(0, 5, 23)
        begin, curves = network.init_params(12, 5, 5, rng, dtype=dtype), []
        for place, epoch in ((np.asarray, training.run_epoch), (put, device.epoch_by())):
            own = map_params(place, begin), place(images), place(labels), np.random.default_rng(1), recipe
            *_, last = epochs = list(training.train(*own, run_epoch=epoch))
            curves.append(
                [epoch.loss for epoch in epochs] + [training.accuracy(last.params, *own[1:3], activation)]
            )
            assert all(str(np.dtype(dtype)) in str(p.dtype) and type(p) is type(own[1]) for p in last.params)
        worst[dtype] = max(worst[dtype], float(np.ptp(curves, axis=0).max()))
        assert worst[dtype] < {np.float64: 1e-10, np.float32: 1e-4}[dtype], recipe
    figure(
        f"whole runs of {name} against numpy, 51 steps, every choice",
        f"{worst[np.float64]:.1e} in float64, {worst[np.float32]:.1e} in float32",
    )


def test_the_step_of_an_epoch_on_the_device_can_be_compiled(rng):
    """By jax.jit, with Adam, whose step number is traced; divergence is named for the same batch."""
    images, labels = rng.integers(0, 256, (10, 12), np.uint8), rng.integers(0, 5, 10)
    recipe, results = Recipe(hidden=4, batch_size=4, optimizer="adam"), []
    compiled = device.epoch_by(jax.jit(device.step, static_argnames="recipe"))
    params = network.init_params(12, 4, 5, rng)
    rates, broken, weights = np.full(3, 0.01), np.array([0.01, np.inf, 0.01]), rng.random(10)
    for place, run_epoch in ((np.asarray, training.run_epoch), (jax.numpy.asarray, compiled)):
        own, p, memory = (place(images), place(labels)), map_params(place, params), None
        for first in (0, 3):
            p, memory, loss = run_epoch(p, *own, np.arange(10), recipe, rates, memory, first, place(weights))
        with pytest.raises(DivergedError, match="epoch 3, batch 3"):
            run_epoch(p, *own, np.arange(10), recipe, broken, memory, 6)
        results.append([loss, *map(np.asarray, p)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


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
