"""Mini-batch gradient descent: one epoch over a given order of rows, and the loop over epochs."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import Array, array_namespace, as_input, device, expect_images, expect_labels
from handgrad.diagnosis import failure
from handgrad.errors import Choice, DivergedError
from handgrad.network import Params, loss_and_gradients, predict
from handgrad.optimizers import update
from handgrad.recipes import Recipe


class Epoch(NamedTuple):
    """What is known after an epoch, and all that a run needs to go on from there."""

    epoch: int  # 1 after the first
    params: Params
    memory: Params | None  # the optimizer's
    rng_state: Mapping[str, Any]  # of the generator that shuffles
    loss: float  # mean over the images, each measured just before the update of its batch
    seconds: float

    def __repr__(self) -> str:
        return f"Epoch({self.epoch}, loss {self.loss:.5f}, {self.seconds:.2f} s)"


@np.errstate(over="ignore", invalid="ignore")  # non-finite values are checked below and reported
def run_epoch(
    params: Params, images: Array, labels: Array, order: Array, recipe: Recipe, rates: np.ndarray,
    memory: Params | None = None, first_step: int = 0, weights: Array | None = None,
) -> tuple[Params, Params | None, float]:  # fmt: skip
    """One pass over the rows named in order -> new params, new optimizer memory, mean loss.

    images (N, ...) integer pixels or floats in 0..1, labels (N,), order (M,) row numbers, rates the learning
    rate of each batch, the last of which may be smaller, weights (N,) of the images in the means. The seam
    that engines share: same batches, same numbers. DivergedError as soon as a loss is not finite."""
    xp, N, size, total, W = array_namespace(images), order.shape[0], recipe.batch_size, 0.0, 0.0
    order = xp.asarray(order, device=device(images))
    for batch, rate in enumerate(map(float, rates)):
        rows = order[batch * size : min((batch + 1) * size, N)]  # (n,)
        x = as_input(xp.take(images, rows, axis=0), params.W1.dtype)  # (n, D)
        w = () if weights is None else (xp.take(weights, rows),)  # (n,)
        L, grads = loss_and_gradients(params, x, xp.take(labels, rows), recipe.activation, recipe.loss, *w)
        params, memory = update(recipe.optimizer, params, grads, memory, rate, first_step + batch)
        if not np.isfinite(mean := float(L)):
            raise DivergedError("the loss is not finite", first_step // len(rates) + 1, batch + 1, rate)
        total, W = total + mean * (batch_W := float(xp.sum(w[0])) if w else rows.shape[0]), W + batch_W
    return params, memory, total / W


def train(
    params: Params, images: Array, labels: Array, rng: np.random.Generator, recipe: Recipe,
    resume: Epoch | None = None, run_epoch: Callable[..., Any] = run_epoch,
    distorted: Callable[[np.random.Generator], Array] | None = None,
) -> Iterator[Epoch]:  # fmt: skip
    """Yield an Epoch after each pass over the freshly shuffled images; what is yielded stays valid.

    distorted(rng) draws the images of an epoch anew. resume goes on after an Epoch of an earlier run, to the
    very numbers of an uninterrupted one. DataError, DivergedError (seen late: with the epoch's top rate)."""
    expect_images(images, params.W1.shape[1])
    expect_labels(labels, images.shape[0], params.W2.shape[0])
    N, memory, done, batches = images.shape[0], None, 0, -(-images.shape[0] // recipe.batch_size)
    if resume:
        params, memory, done = resume.params, resume.memory, resume.epoch
        rng.bit_generator.state = resume.rng_state
    for epoch in range(done, recipe.epochs):
        step, began = epoch * batches, time.perf_counter()
        rates = recipe.learning_rates(range(step, step + batches), recipe.epochs * batches)
        order = rng.permutation(N)
        seen = distorted(rng) if distorted else images
        params, memory, loss = run_epoch(params, seen, labels, order, recipe, rates, memory, step)
        if what := failure(params, images, labels, recipe.activation, recipe.loss):
            raise DivergedError(what, epoch + 1, batches, rates.max())
        yield Epoch(epoch + 1, params, memory, rng.bit_generator.state, loss, time.perf_counter() - began)


@np.errstate(over="ignore", invalid="ignore")
def accuracy(params: Params, images: Array, labels: Array, activation: Choice = "relu") -> float:
    """The share of images whose label the network predicts, 0 to 1."""
    expect_labels(labels, images.shape[0], params.W2.shape[0])
    xp, N, right = array_namespace(images), images.shape[0], 0
    for i in range(0, N, 2000):  # so many at a time, to keep the memory small
        x = as_input(images[(rows := slice(i, min(i + 2000, N))), ...], params.W1.dtype)
        right += int(xp.count_nonzero(predict(params, x, activation) == labels[rows]))
    return right / int(N)
