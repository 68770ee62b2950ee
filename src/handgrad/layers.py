"""Layers: every forward beside the backward derived from it; grad_z stands for dL/dz. Arrays may be NumPy,
PyTorch, CuPy or JAX (the Python array API): what goes in decides what comes out."""

from handgrad.arrays import Array, array_namespace
from handgrad.errors import Pieces

LEAK = 0.01  # the slope of leaky relu below 0


def affine_forward(x: Array, W: Array, b: Array | None = None) -> Array:
    """a = x W^T + b.  x (N, D), W (H, D), b (H,) or None for no bias -> a (N, H)."""
    if not (x.ndim == W.ndim == 2 and x.shape[1] == W.shape[1] and (b is None or b.shape == W.shape[:1])):
        got = [None if p is None else tuple(p.shape) for p in (x, W, b)]
        raise ValueError(f"expected x (N, D), W (H, D) and b (H,) that agree; got shapes {got}")
    return x @ W.T if b is None else x @ W.T + b


def affine_backward(grad_a: Array, x: Array, W: Array | None) -> tuple[Array | None, Array, Array]:
    """Of a = x W^T + b: grad_x = grad_a W, grad_W = grad_a^T x, grad_b = sum_n grad_a.

    grad_a (N, H), x (N, D), W (H, D) -> grad_x (N, D), grad_W (H, D), grad_b (H,). The first layer has
    nobody to hand grad_x to: with W = None it is not computed, and is None."""
    grad_x = None if W is None else grad_a @ W
    return grad_x, grad_a.T @ x, array_namespace(grad_a).sum(grad_a, axis=0)


def relu_forward(a: Array) -> Array:
    """h = max(a, 0)."""
    return array_namespace(a).maximum(a, 0.0)


def relu_backward(grad_h: Array, a: Array) -> Array:
    """grad_a = grad_h where a > 0, else 0; at exactly 0 the slope is 0."""
    return array_namespace(a).where(a > 0, grad_h, 0.0)


def leaky_relu_forward(a: Array, slope: float = LEAK) -> Array:
    """h = a where a > 0, else slope * a."""
    return array_namespace(a).where(a > 0, a, slope * a)


def leaky_relu_backward(grad_h: Array, a: Array, slope: float = LEAK) -> Array:
    """grad_a = grad_h where a > 0, else slope * grad_h."""
    return array_namespace(a).where(a > 0, grad_h, slope * grad_h)


def tanh_forward(a: Array) -> Array:
    """h = tanh(a)."""
    return array_namespace(a).tanh(a)


def tanh_backward(grad_h: Array, h: Array) -> Array:
    """grad_a = grad_h (1 - h^2), from the output h."""
    return grad_h * (1 - h * h)


def sigmoid_forward(z: Array) -> Array:
    """y = 1 / (1 + exp(-z)), written so that it cannot overflow."""
    xp = array_namespace(z)
    e = xp.exp(-xp.abs(z))  # in (0, 1], whatever the sign of z
    return xp.where(z >= 0, 1.0, e) / (1 + e)


def sigmoid_backward(grad_y: Array, y: Array) -> Array:
    """grad_z = grad_y * y (1 - y), from the output y."""
    return grad_y * y * (1 - y)


ACTIVATIONS = Pieces({  # of the hidden layer: forward, backward, and which of a and h the backward reads
    "relu": (relu_forward, relu_backward, "a"),
    "leaky_relu": (leaky_relu_forward, leaky_relu_backward, "a"),
    "tanh": (tanh_forward, tanh_backward, "h"),
    "sigmoid": (sigmoid_forward, sigmoid_backward, "h"),
    "none": (lambda a: a, lambda grad_h, a: grad_h, "a"),  # the two layers collapse into one
})  # fmt: skip
