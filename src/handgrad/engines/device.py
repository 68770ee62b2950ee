"""An epoch that stays on the device: training.run_epoch without a question to the device in each batch.

The reference asks for the loss of each batch, to end a run that diverges at once. A GPU answers only when all
that was asked before is done, and has nothing to do meanwhile. Here the losses stay on the device until the
epoch ends. The functions are those of the reference; jax.jit and torch.compile may be put around the step,
since no Python in it depends on numbers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from handgrad.arrays import Array, array_namespace, as_input, device
from handgrad.errors import DivergedError
from handgrad.network import Params, loss_and_gradients
from handgrad.optimizers import update
from handgrad.recipes import Recipe


def step(
    params: Params, memory: Params | None, images: Array, labels: Array, rows: Array, rate: Any,
    number: Any, recipe: Recipe, weights: Array | None = None,
) -> tuple[Params, Params, Array]:  # fmt: skip
    """One batch: loss, gradients, update -> new params, new memory, L ().

    rows (n,) of images (N, ...), labels (N,) and weights (N,). rate: the learning rate; number: the step's, 0
    before any.
    """
    xp = array_namespace(images)
    x = as_input(xp.take(images, rows, axis=0), params.W1.dtype)  # (n, D)
    w = () if weights is None else (xp.take(weights, rows),)  # (n,)
    L, grads = loss_and_gradients(params, x, xp.take(labels, rows), recipe.activation, recipe.loss, *w)
    params, memory = update(recipe.optimizer, params, grads, memory, rate, number)
    return params, memory, L


def epoch_by(compiled: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A run_epoch that computes each batch by `step`, or by what a compiler made of it.

    The same arguments, batches and numbers as training.run_epoch. DivergedError for the same batch, but only
    when the epoch ends. A compiled step is called with the rate and the number as arrays () of the type that
    the parameters have: numbers of Python's would be compiled anew in every batch.

        epoch_by(torch.compile(step))
        epoch_by(jax.jit(step, static_argnames="recipe"))
    """
    one, traced = compiled or step, compiled is not None

    @np.errstate(over="ignore", invalid="ignore")  # non-finite values are checked below and reported
    def run_epoch(
        params: Params, images: Array, labels: Array, order: Array, recipe: Recipe, rates: np.ndarray,
        memory: Params | None = None, first_step: int = 0, weights: Array | None = None,
    ) -> tuple[Params, Params | None, float]:  # fmt: skip
        xp, N, size, at = array_namespace(images), order.shape[0], recipe.batch_size, device(images)
        order, losses, counts = xp.asarray(order, device=at), [], []
        steps: Any = [float(rate) for rate in rates], range(first_step, first_step + len(rates))
        if traced:
            steps = [xp.asarray(list(numbers), dtype=params.W1.dtype, device=at) for numbers in steps]
        for batch in range(len(rates)):
            rows = order[batch * size : min((batch + 1) * size, N)]  # (n,)
            rate, number = (numbers[batch] for numbers in steps)
            params, memory, L = one(params, memory, images, labels, rows, rate, number, recipe, weights)
            losses.append(L)
            counts.append(rows.shape[0] if weights is None else xp.sum(xp.take(weights, rows)))
        means = xp.stack(losses)  # (batches,)
        if not bool(xp.all(finite := xp.isfinite(means))):
            bad = int(xp.argmin(xp.astype(finite, xp.uint8)))
            epoch = first_step // len(rates) + 1
            raise DivergedError("the loss is not finite", epoch, bad + 1, float(rates[bad]))
        if weights is None:
            counted = xp.asarray(counts, dtype=means.dtype, device=at)  # (batches,)
        else:
            counted = xp.astype(xp.stack(counts), means.dtype)
        return params, memory, float(xp.sum(means * counted) / xp.sum(counted))

    return run_epoch
