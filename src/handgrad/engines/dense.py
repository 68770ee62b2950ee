"""The dense engine: run_epoch on NumPy arrays, in buffers made once and parameters moved in place.

The reference, line for line, without its new arrays: a fifth to a half faster. Where the fast engine is not
available, or the images are not uint8, it takes over.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from handgrad import training
from handgrad.arrays import PIXEL_MAX, NDArray, as_input
from handgrad.engines.arguments import plain_images, plain_order, plain_params, plain_rates
from handgrad.errors import DivergedError
from handgrad.layers import LEAK
from handgrad.network import Params, map_params
from handgrad.optimizers import BETA, BETA2, EPSILON
from handgrad.recipes import Recipe
from handgrad.threads import one_blas_thread

LARGE = 1e9  # multiply-adds: a product that takes one core 40 ms, and so is worth sharing out

SLOTS = {"sgd": 0, "momentum": 1, "nesterov": 1, "adam": 2}  # arrays that an optimizer remembers of each

# a -> h, and grad_h -> grad_a by h, both in place; the sign of h is that of a
ACTIVATE: dict[str, tuple[Callable[[NDArray], object], Callable[[NDArray, NDArray], object]]] = {
    "relu": (
        lambda a: np.maximum(a, 0, out=a),
        lambda grad, h: np.multiply(grad, h > 0, out=grad),
    ),
    "leaky_relu": (
        lambda a: np.multiply(a, np.where(a > 0, 1, a.dtype.type(LEAK)), out=a),
        lambda grad, h: np.multiply(grad, np.where(h > 0, 1, h.dtype.type(LEAK)), out=grad),
    ),
    "tanh": (
        lambda a: np.tanh(a, out=a),
        lambda grad, h: np.multiply(grad, 1 - h * h, out=grad),
    ),
    "sigmoid": (
        lambda a: _sigmoid(a),
        lambda grad, h: np.multiply(grad, h * (1 - h), out=grad),
    ),
    "none": (lambda a: a, lambda grad, h: grad),
}


def run_epoch(
    params: Params,
    images: NDArray,
    labels: NDArray,
    order: NDArray,
    recipe: Recipe,
    rates: NDArray,
    memory: Params | None = None,
    first_step: int = 0,
) -> tuple[Params, Params, float]:
    """training.run_epoch on NumPy arrays, faster: the same arguments and numbers but for rounding.

    BLAS works on one thread, unless the products are large. DataError for what is not NumPy arrays that fit.
    """
    params, order = plain_params(params), plain_order(order)
    (H, D), C, M = params.W1.shape, len(params.W2), len(order)
    images, labels = plain_images(images, labels, D, C)
    rates = plain_rates(rates, -(-M // recipe.batch_size))
    with _blas_threads(min(recipe.batch_size, M) * D * H):
        return _run_epoch(params, images, labels, order, recipe, rates, memory, first_step)


def accuracy(params: Params, images: NDArray, labels: NDArray, activation: str = "relu") -> float:
    """training.accuracy on NumPy arrays, with BLAS and refusals as in run_epoch."""
    params = plain_params(params)
    images, labels = plain_images(images, labels, params.W1.shape[1], len(params.W2))
    with _blas_threads(min(2000, len(images)) * params.W1.size):
        return training.accuracy(params, images, labels, activation)


def _blas_threads(multiply_adds: int) -> AbstractContextManager[None]:
    """What BLAS may use for products of that size, on a machine that may be busy with other work."""
    return nullcontext() if multiply_adds > LARGE else one_blas_thread()


@np.errstate(over="ignore", invalid="ignore")  # non-finite values are checked below and reported
def _run_epoch(
    params: Params,
    images: NDArray,
    labels: NDArray,
    order: NDArray,
    recipe: Recipe,
    rates: NDArray,
    memory: Params | None,
    first_step: int,
) -> tuple[Params, Params, float]:
    (H, D), C, dtype = params.W1.shape, len(params.W2), params.W1.dtype
    nothing = map_params(lambda p: tuple(np.zeros_like(p) for _ in range(SLOTS[recipe.optimizer])), params)
    params = map_params(np.copy, params)
    memory = nothing if memory is None else map_params(lambda slots: tuple(map(np.copy, slots)), memory)
    flat, N, total = images.reshape(len(images), -1), len(order), 0.0
    size = min(recipe.batch_size, N)
    gathered = np.empty((size, D), flat.dtype)
    x, h, grad_h = np.empty((size, D), dtype), np.empty((size, H), dtype), np.empty((size, H), dtype)
    z, grads, target = np.empty((size, C), dtype), map_params(np.empty_like, params), np.eye(C, dtype=dtype)
    activate, activate_backward = ACTIVATE[recipe.activation]
    for batch, rate in enumerate(map(float, rates)):
        rows = order[batch * size : (batch + 1) * size]
        if (n := len(rows)) < len(x):
            gathered, x, h, grad_h, z = gathered[:n], x[:n], h[:n], grad_h[:n], z[:n]
        np.take(flat, rows, axis=0, out=gathered, mode="raise")
        if flat.dtype == np.uint8:
            np.divide(gathered, dtype.type(PIXEL_MAX), out=x, dtype=dtype)
        else:
            x[:] = as_input(gathered, dtype)
        np.matmul(x, params.W1.T, out=h)
        if params.b1 is not None:
            h += params.b1
        activate(h)
        np.matmul(h, params.W2.T, out=z)
        if params.b2 is not None:
            z += params.b2
        loss = _loss(recipe.loss, z, target[labels[rows]])  # z becomes grad_z
        np.matmul(z, params.W2, out=grad_h)
        activate_backward(grad_h, h)
        np.matmul(z.T, h, out=grads.W2)
        np.matmul(grad_h.T, x, out=grads.W1)
        if params.b1 is not None:
            np.sum(z, axis=0, out=grads.b2)
            np.sum(grad_h, axis=0, out=grads.b1)
        for p, grad, slots in zip(params, grads, memory, strict=True):
            if p is not None:
                _move(recipe.optimizer, p, grad, slots, dtype.type(rate), first_step + batch)
        if not np.isfinite(loss):
            raise DivergedError("the loss is not finite", first_step // len(rates) + 1, batch + 1, rate)
        total += loss * n
    return params, memory, total / N


def _loss(name: str, z: NDArray, target: NDArray) -> float:
    """The mean loss of a batch; its scores z (n, C) become grad_z. target (n, C): one-hot rows."""
    n = len(z)
    if name == "l2":
        _sigmoid(z)
        error = z - target
        loss = float(np.vdot(error, error)) / n
        np.multiply(z, 1 - z, out=z)
        z *= error
        z *= 2 / n
        return loss
    z -= z.max(axis=1, keepdims=True)
    y = np.exp(z)
    below = y.sum(axis=1, keepdims=True)
    loss = float(np.log(below).sum() - np.vdot(target, z)) / n
    np.divide(y, below, out=z)
    z -= target
    z /= n
    return loss


def _sigmoid(z: NDArray) -> None:
    """z -> 1 / (1 + exp(-z)), in place, without overflow."""
    e = np.exp(-np.abs(z))
    np.divide(np.where(z >= 0, 1, e), 1 + e, out=z)


def _move(
    optimizer: str, p: NDArray, grad: NDArray, slots: tuple[NDArray, ...], rate: Any, step: int
) -> None:
    """optimizers.update for one parameter, in place; grad is spent."""
    if optimizer == "sgd":
        grad *= rate
    elif optimizer == "adam":
        m, v = slots
        m *= BETA
        m += (1 - BETA) * grad
        np.multiply(grad, grad, out=grad)
        v *= BETA2
        v += (1 - BETA2) * grad
        np.divide(v, 1 - BETA2 ** (step + 1), out=grad)
        np.sqrt(grad, out=grad)
        grad += EPSILON
        np.divide(m, grad, out=grad)
        grad *= rate / p.dtype.type(1 - BETA ** (step + 1))
    else:
        (v,) = slots
        v *= BETA
        v += grad
        if optimizer == "nesterov":
            grad += BETA * v
            grad *= rate
        else:
            np.multiply(v, rate, out=grad)
    p -= grad
