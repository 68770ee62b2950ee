"""The dense engine: run_epoch on NumPy arrays, in buffers made once and parameters moved in place.

The reference, line for line, without its new arrays: a fifth to a half faster. Where the fast engine is not
available, the images are not uint8, or a recipe brings functions of its own, it takes over.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from handgrad import training
from handgrad.arrays import PIXEL_MAX, NDArray, as_input
from handgrad.engines.arguments import (
    plain_images,
    plain_memory,
    plain_order,
    plain_params,
    plain_rates,
    plain_rows,
    plain_step,
    plain_weights,
    weight_of_batches,
)
from handgrad.engines.sparse import Sparse
from handgrad.errors import DivergedError
from handgrad.layers import ACTIVATIONS, LEAK, sigmoid_backward, sigmoid_forward
from handgrad.losses import LOSSES
from handgrad.network import Params, map_params
from handgrad.optimizers import BETA, BETA2, EPSILON, update
from handgrad.recipes import Activation, Loss, Recipe
from handgrad.threads import one_blas_thread

LARGE = 1e9  # multiply-adds: a product that takes one core 40 ms, and so is worth sharing out

SLOTS = {"sgd": 0, "momentum": 1, "nesterov": 1, "adam": 2}  # arrays that an optimizer remembers of each

Activate = Callable[[NDArray], object]  # a -> h, in place
ActivateBackward = Callable[[NDArray, NDArray], object]  # grad_h -> grad_a by h, in place
# z, labels, their one-hot rows, weights (n, 1) or None -> L; z becomes grad_z
Measure = Callable[[NDArray, NDArray, NDArray, NDArray | None], float]

ACTIVATE: dict[str, tuple[Activate, ActivateBackward]] = {  # the sign of h is that of a
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
    weights: NDArray | None = None,
) -> tuple[Params, Params, float]:
    """training.run_epoch on NumPy arrays, faster: the same arguments and numbers but for rounding.

    BLAS works on one thread, unless the products are large. images may be Sparse. DataError for what is not
    NumPy arrays that fit.
    """
    params, order = plain_params(params), plain_order(order)
    (H, D), C, M = params.W1.shape, len(params.W2), len(order)
    images, labels = plain_rows(images, labels, D, C)
    rates = plain_rates(rates, -(-M // recipe.batch_size))
    weights, first_step = plain_weights(weights, len(images), params.W1.dtype), plain_step(first_step)
    if (
        isinstance(recipe.optimizer, str) and recipe.optimizer in SLOTS
    ):  # a rule of one's own knows its memory
        memory = plain_memory(memory, params, SLOTS[recipe.optimizer])
    with _blas_threads(min(recipe.batch_size, M) * D * H):
        return _run_epoch(params, images, labels, order, recipe, rates, memory, first_step, weights)


def accuracy(params: Params, images: NDArray, labels: NDArray, activation: Activation = "relu") -> float:
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
    weights: NDArray | None,
) -> tuple[Params, Params, float]:
    (H, D), C, dtype = params.W1.shape, len(params.W2), params.W1.dtype
    total, size = 0.0, min(recipe.batch_size, len(order))
    sums = weight_of_batches(weights, order, size)[: len(rates)]
    flat = images if isinstance(images, Sparse) else images.reshape(len(images), -1)
    gathered = np.empty((size, D), flat.dtype)
    x, h, grad_h = np.empty((size, D), dtype), np.empty((size, H), dtype), np.empty((size, H), dtype)
    z, grads, target = np.empty((size, C), dtype), map_params(np.empty_like, params), np.eye(C, dtype=dtype)
    activate, activate_backward = _activation(recipe.activation)
    measure, move = _loss(recipe.loss), _Optimizer(recipe, params, memory)
    for batch, rate in enumerate(map(float, rates)):
        params = move.params
        rows = order[batch * size : (batch + 1) * size]
        if (n := len(rows)) < len(x):
            gathered, x, h, grad_h, z = gathered[:n], x[:n], h[:n], grad_h[:n], z[:n]
        if isinstance(flat, Sparse):
            gathered = flat.dense(rows)
        else:
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
        w = None if weights is None else weights[rows, None]  # (n, 1)
        loss = measure(z, labels[rows], target[labels[rows]], w)  # z becomes grad_z
        np.matmul(z, params.W2, out=grad_h)
        activate_backward(grad_h, h)
        np.matmul(z.T, h, out=grads.W2)
        np.matmul(grad_h.T, x, out=grads.W1)
        if params.b1 is not None:
            np.sum(z, axis=0, out=grads.b2)
            np.sum(grad_h, axis=0, out=grads.b1)
        move(grads, rate, first_step + batch)
        if not np.isfinite(loss):
            raise DivergedError("the loss is not finite", first_step // len(rates) + 1, batch + 1, rate)
        total += loss * float(sums[batch])
    return move.params, move.memory, total / float(sums.sum())


def _activation(choice: Activation) -> tuple[Activate, ActivateBackward]:
    """The two functions of an activation, in place; of one's own functions the results are copied."""
    forward, backward, reads = ACTIVATIONS[choice]
    if isinstance(choice, str):
        return ACTIVATE[choice]
    kept: dict[str, NDArray] = {}

    def activate(a: NDArray) -> None:
        kept["a"] = a.copy()
        kept["h"] = a[...] = forward(kept["a"])

    def activate_backward(grad: NDArray, _: NDArray) -> None:
        grad[...] = backward(grad.copy(), kept[reads])

    return activate, activate_backward


def _loss(choice: Loss) -> Measure:
    """The loss of that name; or one's own, whose gradient is copied to where z was."""
    own, reads = LOSSES[choice]
    if isinstance(choice, str):
        return {"l2": _l2, "cross_entropy": _cross_entropy}[choice]

    def measure(z: NDArray, labels: NDArray, _: NDArray, w: NDArray | None) -> float:
        weighted = () if w is None else (w[:, 0],)
        if reads == "z":
            loss, z[...] = own(z.copy(), labels, *weighted)
        else:
            y = sigmoid_forward(z)
            loss, grad_y = own(y, labels, *weighted)
            z[...] = sigmoid_backward(grad_y, y)
        return float(loss)

    return measure


def _l2(z: NDArray, labels: NDArray, target: NDArray, w: NDArray | None) -> float:
    W = len(z) if w is None else float(w.sum())
    _sigmoid(z)
    error = z - target
    weighed = error if w is None else w * error
    loss = float(np.vdot(error, weighed)) / W
    np.multiply(z, 1 - z, out=z)
    z *= weighed
    z *= 2 / W
    return loss


def _cross_entropy(z: NDArray, labels: NDArray, target: NDArray, w: NDArray | None) -> float:
    W = len(z) if w is None else float(w.sum())
    z -= z.max(axis=1, keepdims=True)
    y = np.exp(z)
    below = y.sum(axis=1, keepdims=True)
    if w is None:
        loss = float(np.log(below).sum() - np.vdot(target, z)) / W
    else:
        loss = float(np.vdot(w, np.log(below)) - np.vdot(w * target, z)) / W
    np.divide(y, below, out=z)
    z -= target
    if w is not None:
        z *= w
    z /= W
    return loss


def _sigmoid(z: NDArray) -> None:
    """z -> 1 / (1 + exp(-z)), in place, without overflow."""
    e = np.exp(-np.abs(z))
    np.divide(np.where(z >= 0, 1, e), 1 + e, out=z)


class _Optimizer:
    """The parameters and the optimizer's memory, which each call moves: in place by a rule of ours."""

    def __init__(self, recipe: Recipe, params: Params, memory: Params | None) -> None:
        rule, self.params = recipe.optimizer, map_params(np.copy, params)
        self._rule, self._ours = rule, rule if isinstance(rule, str) and rule in SLOTS else None
        if self._ours and memory is None:
            slots = SLOTS[self._ours]
            self.memory = map_params(lambda p: tuple(np.zeros_like(p) for _ in range(slots)), params)
        else:
            nothing = Params((), (), (), ())
            self.memory = map_params(lambda slots: tuple(map(np.copy, slots)), memory or nothing)

    def __call__(self, grads: Params, rate: float, step: int) -> None:
        """optimizers.update with these gradients, which are spent."""
        params, memory, dtype = self.params, self.memory, self.params.W1.dtype
        if self._ours:
            for p, grad, slots in zip(params, grads, memory, strict=True):
                if p is not None:
                    _move(self._ours, p, grad, slots, dtype.type(rate), step)
        else:  # which may remember the gradients as they are
            own = map_params(np.copy, grads)
            params, self.memory = update(self._rule, params, own, memory, rate, step)
            self.params = map_params(lambda p: p.astype(dtype, copy=False), params)


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
