"""The network: x -> affine -> a -> relu -> h -> affine -> z -> sigmoid -> y, and the way back."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from handgrad import layers, losses
from handgrad.arrays import Array, array_namespace, repr_of_shapes
from handgrad.errors import Choice


class Params(NamedTuple):
    """The parameters, and whatever is shaped like them (gradients, momentum). A bias may be None: off."""

    W1: Array  # (H, D)   row k is template k
    b1: Array  # (H,)
    W2: Array  # (C, H)   how each feature votes for each class
    b2: Array  # (C,)


class Cache(NamedTuple):
    """What forward leaves behind for backward."""

    x: Array  # (N, D)   images
    a: Array  # (N, H)   agreement of each image with each template
    h: Array  # (N, H)   the features that are present
    z: Array  # (N, C)   scores
    y: Array  # (N, C)   outputs in (0, 1)


Params.__repr__ = Cache.__repr__ = repr_of_shapes  # type: ignore[method-assign]  # not every number


def init_params(
    D: int, H: int, C: int, rng: np.random.Generator, bias: bool = True, dtype: type = np.float64
) -> Params:
    """W1 ~ N(0, 2/D) (He et al. 2015), W2 ~ N(0, 2/(H + C)) (Glorot and Bengio 2010), biases 0.
    NumPy arrays, one draw for every dtype: float64 suits finite differences, float32 trains twice as fast."""
    W1 = np.sqrt(2 / D) * rng.standard_normal((H, D))
    W2 = np.sqrt(2 / (H + C)) * rng.standard_normal((C, H))
    b1, b2 = (np.zeros(H), np.zeros(C)) if bias else (None, None)
    return map_params(lambda p: p.astype(dtype), Params(W1, b1, W2, b2))


def map_params(f: Callable[..., Array], *params: Params) -> Params:
    """f applied to W1, b1, W2 and b2 in turn; a bias that is off stays None."""
    return Params(*(None if parts[0] is None else f(*parts) for parts in zip(*params, strict=True)))


def forward(params: Params, x: Array, activation: Choice = "relu") -> Cache:
    """x (N, D) -> Cache(x, a, h, z, y). activation: a name of ACTIVATIONS, or an entry of your own."""
    if (columns := params.W2.shape[1]) != (rows := params.W1.shape[0]):
        both = "both must be the number of hidden units H"
        raise ValueError(f"W2 has {columns} columns but W1 has {rows} rows; {both}")
    a = layers.affine_forward(x, params.W1, params.b1)  # (N, H)
    h = layers.ACTIVATIONS[activation][0](a)  # (N, H)
    z = layers.affine_forward(h, params.W2, params.b2)  # (N, C)
    y = layers.sigmoid_forward(z)  # (N, C)
    return Cache(x, a, h, z, y)


def backward(
    params: Params, cache: Cache, grad_y: Array = None, activation: Choice = "relu", grad_z: Array = None
) -> Params:
    """grad_y (N, C) -> the gradients of W1, b1, W2 and b2: forward mirrored, line for line. A loss that reads
    the scores instead (cross-entropy) comes in at grad_z (N, C), past the sigmoid."""
    _, activate_backward, reads = layers.ACTIVATIONS[activation]
    grad_z = layers.sigmoid_backward(grad_y, cache.y) if grad_z is None else grad_z  # (N, C)
    grad_h, grad_W2, grad_b2 = layers.affine_backward(grad_z, cache.h, params.W2)  # (N, H), (C, H), (C,)
    grad_a = activate_backward(grad_h, getattr(cache, reads))  # (N, H)
    _, grad_W1, grad_b1 = layers.affine_backward(grad_a, cache.x, None)  # (H, D), (H,)
    return map_params(lambda _, grad: grad, params, Params(grad_W1, grad_b1, grad_W2, grad_b2))


def loss_and_gradients(
    params: Params, x: Array, labels: Array, activation: Choice = "relu", loss: Choice = "l2", *weights: Array
) -> tuple[Array, Params]:
    """One batch out and back.  x (N, D), labels (N,), loss: a name of LOSSES, or your own -> L (), Params."""
    cache, (measure, reads) = forward(params, x, activation), losses.LOSSES[loss]
    L, grad = measure(getattr(cache, reads), labels, *weights)  # grad_y, or grad_z of a loss that reads z
    return L, backward(params, cache, activation=activation, **{f"grad_{reads}": grad})


def predict(params: Params, x: Array, activation: Choice = "relu") -> Array:
    """The class with the largest score for each image: x (N, D) -> labels (N,)."""
    return array_namespace(x).argmax(forward(params, x, activation).z, axis=1)
