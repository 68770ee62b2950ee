"""An epoch of the reference in which every formula is a field that can be replaced: where a bug is planted.

The defaults are the reference's own functions, so the right formulas give the numbers of training.run_epoch.
A bug is a Formulas with one field replaced; nothing outside is changed, and both can run side by side.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from handgrad import layers, losses, network, optimizers
from handgrad.arrays import NDArray, as_input
from handgrad.errors import DivergedError
from handgrad.network import Cache, Params
from handgrad.recipes import Recipe
from handgrad.threads import one_blas_thread

Formula = Callable[..., Any]
Activation = tuple[Formula, Formula, str]  # forward, backward, and which of the cache the backward reads


def _gradients(formulas: "Formulas", params: Params, cache: Cache, grad_y: NDArray, rate: float) -> Params:
    """network.backward, line for line, with these formulas; the learning rate is not needed."""
    _, sigmoid_backward, sigmoid_reads = formulas.sigmoid
    _, relu_backward, relu_reads = formulas.relu
    grad_z = sigmoid_backward(grad_y, getattr(cache, sigmoid_reads))  # (N, C)
    grad_h, grad_W2, grad_b2 = formulas.affine_backward(grad_z, cache.h, params.W2)  # (N, H), (C, H), (C,)
    grad_a = relu_backward(grad_h, getattr(cache, relu_reads))  # (N, H)
    _, grad_W1, grad_b1 = formulas.affine_backward(grad_a, cache.x, None)  # (H, D), (H,)
    return Params(grad_W1, grad_b1, grad_W2, grad_b2)


@dataclass(frozen=True)
class Formulas:
    """What one training run computes, step by step, in the order in which it is needed."""

    init: Formula = network.init_params  # (D, H, C, rng, dtype=...) -> Params
    rows: Formula = lambda order, labels: (order, order)  # -> rows of the images, rows of the labels
    scale: Formula = as_input  # (images, dtype) -> x
    affine_forward: Formula = layers.affine_forward
    relu: Activation = layers.ACTIVATIONS["relu"]
    sigmoid: Activation = (layers.sigmoid_forward, layers.sigmoid_backward, "y")
    loss: Formula = losses.l2_loss
    affine_backward: Formula = layers.affine_backward
    gradients: Formula = _gradients  # (formulas, params, cache, grad_y, rate) -> Params
    collect: Formula = lambda kept, fresh: (
        fresh,
        None,
    )  # -> Params for the update, what to keep (at first None)
    update: Formula = optimizers.update


RIGHT = Formulas()


class Step(NamedTuple):
    """The values of one step, after its batch."""

    params: Params  # already moved
    memory: Params | None  # the optimizer's
    loss: float  # before the move
    grads: Params  # as they went into the update
    images: int  # n, the number of images in the batch


def forward(formulas: Formulas, params: Params, x: NDArray) -> Cache:
    """network.forward with these formulas: x (N, D) -> Cache(x, a, h, z, y)."""
    a = formulas.affine_forward(x, params.W1, params.b1)  # (N, H)
    h = formulas.relu[0](a)  # (N, H)
    z = formulas.affine_forward(h, params.W2, params.b2)  # (N, C)
    return Cache(x, a, h, z, formulas.sigmoid[0](z))


def steps(
    params: Params, images: NDArray, labels: NDArray, order: NDArray, recipe: Recipe, rates: NDArray,
    memory: Params | None = None, first_step: int = 0, formulas: Formulas = RIGHT,
) -> Iterator[Step]:  # fmt: skip
    """One epoch, a Step after each batch; arguments as training.run_epoch.

    ValueError for a recipe with another activation or loss than the formulas': relu and l2.
    """
    if (recipe.activation, recipe.loss, recipe.bias) != ("relu", "l2", True):
        got = f"{recipe.activation} and {recipe.loss}, bias {recipe.bias}"
        raise ValueError(f"expected a recipe with relu, the l2 loss and biases; got {got}")
    of_images, of_labels = formulas.rows(order, labels)
    kept, size = None, recipe.batch_size
    for batch, rate in enumerate(map(float, rates)):
        part = slice(batch * size, (batch + 1) * size)
        x = formulas.scale(images[of_images[part]], params.W1.dtype)  # (n, D)
        cache = forward(formulas, params, x)
        L, grad_y = formulas.loss(cache.y, labels[of_labels[part]])
        fresh = formulas.gradients(formulas, params, cache, grad_y, rate)
        grads, kept = formulas.collect(kept, fresh)
        params, memory = formulas.update(recipe.optimizer, params, grads, memory, rate, first_step + batch)
        yield Step(params, memory, float(L), grads, len(x))


@one_blas_thread()
@np.errstate(over="ignore", invalid="ignore")  # non-finite values are checked below and reported
def run_epoch(
    params: Params, images: NDArray, labels: NDArray, order: NDArray, recipe: Recipe, rates: NDArray,
    memory: Params | None = None, first_step: int = 0, formulas: Formulas = RIGHT,
) -> tuple[Params, Params | None, float]:  # fmt: skip
    """training.run_epoch with these formulas: hand partial(run_epoch, formulas=...) to training.train."""
    total = 0.0
    arguments = (params, images, labels, order, recipe, rates, memory, first_step, formulas)
    for batch, step in enumerate(steps(*arguments)):
        if not np.isfinite(step.loss):
            epoch = first_step // len(rates) + 1
            raise DivergedError("the loss is not finite", epoch, batch + 1, float(rates[batch]))
        params, memory, total = step.params, step.memory, total + step.loss * step.images
    return params, memory, total / len(order)
