"""The wrong formulas that the zoo plants, and the few lines that put one in the place of the right one."""

from collections.abc import Callable
from typing import Any

import numpy as np

from handgrad import layers, losses, network, optimizers
from handgrad.arrays import NDArray
from handgrad.network import Cache, Params, map_params
from handgrad.workbook.zoo.formulas import RIGHT, Formula, Formulas


def in_loss(change: Callable[[NDArray, NDArray, NDArray], tuple[NDArray, NDArray]]) -> Formulas:
    """change(L, grad_y, y) -> the wrong L and grad_y."""

    def wrong(y: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
        return change(*losses.l2_loss(y, labels), y)

    return Formulas(loss=wrong)


def in_target(target: Callable[[NDArray, NDArray], NDArray]) -> Formulas:
    """The L2 loss against target(y, labels) instead of the one-hot rows."""

    def wrong(y: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
        error = y - target(y, labels)
        return (error * error).sum() / len(y), 2 / len(y) * error

    return Formulas(loss=wrong)


def in_affine(change: Callable[[NDArray, NDArray | None, tuple[Any, ...]], tuple[Any, ...]]) -> Formulas:
    """change(grad_a, W, (grad_x, grad_W, grad_b)) -> the three as they are handed back; W None in layer 1."""

    def wrong(grad_a: NDArray, x: NDArray, W: NDArray | None) -> tuple[Any, ...]:
        return change(grad_a, W, layers.affine_backward(grad_a, x, W))

    return Formulas(affine_backward=wrong)


def in_sigmoid(backward: Formula, reads: str = "y") -> Formulas:
    """backward(grad_y, y) -> grad_z, or of another tensor of the cache."""
    return Formulas(sigmoid=(layers.sigmoid_forward, backward, reads))


def in_relu(backward: Formula) -> Formulas:
    """backward(grad_h, a) -> grad_a."""
    return Formulas(relu=(layers.relu_forward, backward, "a"))


def in_update(change: Callable[[Params, Params, Params, float], Params]) -> Formulas:
    """change(params, moved, grads, rate) -> the parameters after the step; moved are the right ones."""

    def wrong(
        optimizer: str, params: Params, grads: Params, memory: Params | None, rate: float, step: int
    ) -> tuple[Params, Params]:
        moved, memory = optimizers.update(optimizer, params, grads, memory, rate, step)
        return change(params, moved, grads, rate), memory

    return Formulas(update=wrong)


def first_image_only(
    grad_a: NDArray, x: NDArray, W: NDArray | None
) -> tuple[NDArray | None, NDArray, NDArray]:
    """grad_W and grad_b of the first image of the batch."""
    return layers.affine_backward(grad_a, x, W)[0], grad_a[:1].T @ x[:1], grad_a[0]


def several_ones(y: NDArray, labels: NDArray) -> NDArray:
    """What target[:, labels] = 1 makes: a one in every row for every label of the batch."""
    target = np.zeros_like(y)
    target[:, labels] = 1
    return target


def label_column_only(L: NDArray, grad_y: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
    """The error of the right class alone: the negative entries of grad_y."""
    N, error = len(y), np.minimum(grad_y, 0)
    return (N / 2 * error * (N / 2 * error)).sum() / N, error


def absolute_values(L: NDArray, grad_y: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
    """L = 1/N sum |y - target|."""
    N = len(y)
    return np.abs(N / 2 * grad_y).sum() / N, np.sign(grad_y) / N


def sigmoid_twice(grad_y: NDArray, y: NDArray) -> NDArray:
    """The slope of sigmoid(y)."""
    again = layers.sigmoid_forward(y)
    grad_z: NDArray = grad_y * again * (1 - again)
    return grad_z


def softmax(z: NDArray) -> NDArray:
    """Outputs that sum to 1."""
    y: NDArray = np.exp(losses.log_softmax(z))
    return y


def W2_early(formulas: Formulas, params: Params, cache: Cache, grad_y: NDArray, rate: float) -> Params:
    """grad_h with the W2 that has already been moved."""
    early = RIGHT.gradients(formulas, params, cache, grad_y, rate)
    moved = params._replace(W2=params.W2 - rate * early.W2)
    grads: Params = RIGHT.gradients(formulas, moved, cache, grad_y, rate)
    return grads


def W2_from_a(formulas: Formulas, params: Params, cache: Cache, grad_y: NDArray, rate: float) -> Params:
    """grad_W2 = grad_z^T a."""
    grads: Params = RIGHT.gradients(formulas, params, cache._replace(h=cache.a), grad_y, rate)
    return grads


def no_W1(formulas: Formulas, params: Params, cache: Cache, grad_y: NDArray, rate: float) -> Params:
    """grad_W1 = 0."""
    grads: Params = RIGHT.gradients(formulas, params, cache, grad_y, rate)
    return grads._replace(W1=np.zeros_like(grads.W1))


def accumulate(kept: Params | None, fresh: Params) -> tuple[Params, Params]:
    """The sum of all gradients since the epoch began."""
    total = fresh if kept is None else map_params(np.add, kept, fresh)
    return total, total


def stale(kept: Params | None, fresh: Params) -> tuple[Params, Params]:
    """The gradients of the batch before; zeros for the first batch."""
    return map_params(np.zeros_like, fresh) if kept is None else kept, fresh


def all_zero(*sizes: Any, **options: Any) -> Params:
    """Weights and biases 0."""
    return map_params(np.zeros_like, network.init_params(*sizes, **options))


def apart(order: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
    """The images in one order, the labels in another."""
    return order, np.random.default_rng(order[:4]).permutation(order)


def by_class(order: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
    """All zeros first, all nines last."""
    rows = order[np.argsort(labels[order], kind="stable")]
    return rows, rows
