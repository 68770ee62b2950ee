"""affine_forward and affine_backward, written in other ways."""

# case: tensordot; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return np.tensordot(x, W, axes=(1, 1)) + b, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    dx = np.tensordot(dout, W, axes=(1, 0))
    dW = np.tensordot(dout, x, axes=(0, 0))
    return dx, dW, np.add.reduce(dout, axis=0)


# case: other argument names, list as a cache; exercise: affine_backward
import numpy


def affine_forward(inputs, weights, bias):
    outputs = numpy.add(numpy.matmul(inputs, numpy.transpose(weights)), bias)
    return [outputs, [inputs, weights, bias]]


def affine_backward(upstream, saved):
    inputs, weights, bias = saved
    return [
        numpy.matmul(upstream, weights),
        numpy.matmul(numpy.transpose(upstream), inputs),
        numpy.sum(upstream, axis=0).reshape(bias.shape),
    ]


# case: PyTorch, addmm and no_grad; exercise: affine_backward
import torch


@torch.no_grad()
def affine_forward(x, W, b):
    return torch.addmm(b, x, W.T), {"x": x, "W": W}


@torch.no_grad()
def affine_backward(dout, cache):
    dx = dout.matmul(cache["W"])
    dW = torch.einsum("no,nd->od", dout, cache["x"])
    db = torch.ones(dout.shape[0], dtype=dout.dtype) @ dout
    return dx, dW, db


# case: float32 inside; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    x32, W32 = x.astype(np.float32), W.astype(np.float32)
    return x32 @ W32.T + b.astype(np.float32), (x32, W32)


def affine_backward(dout, cache):
    x32, W32 = cache
    d = dout.astype(np.float32)
    return d @ W32, d.T @ x32, d.sum(axis=0)


# case: one sample after the other, outer products; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    out = np.empty((x.shape[0], W.shape[0]), dtype=x.dtype)
    for n, sample in enumerate(x):
        out[n] = W.dot(sample) + b
    return out, (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
    for n in range(len(x)):
        dx[n] += W.T.dot(dout[n])
        dW += np.outer(dout[n], x[n])
        db += dout[n]
    return dx, dW, db


# case: the bias as one more column of W; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    x1 = np.hstack([x, np.ones((len(x), 1))])
    Wb = np.column_stack([W, b])
    return x1 @ Wb.T, (x1, Wb)


def affine_backward(dout, cache):
    x1, Wb = cache
    dWb = dout.T @ x1
    dx1 = dout @ Wb
    return dx1[:, :-1], dWb[:, :-1], dWb[:, -1]


# case: broadcasting without a matrix product, cache as an object; exercise: affine_backward
import numpy as np


class Memory:
    __slots__ = ("weights", "x")

    def __init__(self, x, weights):
        self.x = x
        self.weights = weights


def affine_forward(x, W, b):
    return (x[:, None, :] * W[None, :, :]).sum(axis=-1) + b, Memory(x, W)


def affine_backward(dout, cache):
    dx = (dout[:, :, None] * cache.weights).sum(axis=1)
    dW = (dout[:, :, None] * cache.x[:, None, :]).sum(axis=0)
    db = sum(dout)
    return dx, dW, db


# case: finite differences as backward; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W, b)


def affine_backward(dout, cache):
    arrays = [np.array(p, dtype=np.float64) for p in cache]
    h = 1e-4
    grads = []
    for p in arrays:
        grad = np.zeros(p.shape)
        for i in np.ndindex(p.shape):
            keep = p[i]
            p[i] = keep + h
            above = (affine_forward(*arrays)[0] * dout).sum()
            p[i] = keep - h
            below = (affine_forward(*arrays)[0] * dout).sum()
            p[i] = keep
            grad[i] = (above - below) / (2 * h)
        grads.append(grad)
    return tuple(grads)


# case: PyTorch autograd as backward; exercise: affine_backward
import torch


def affine_forward(x, W, b):
    leaves = [p.detach().clone().requires_grad_(True) for p in (x, W, b)]
    out = torch.nn.functional.linear(*leaves)
    return out.detach(), (out, leaves)


def affine_backward(dout, cache):
    out, leaves = cache
    return torch.autograd.grad(out, leaves, dout, retain_graph=True)


# case: type hints, decorator, named tuple; exercise: affine_backward
from functools import wraps
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class AffineCache(NamedTuple):
    x: Array
    W: Array


def checked(function):
    @wraps(function)
    def inner(*args, **kwargs):
        result = function(*args, **kwargs)
        assert result is not None, "forgot to return"
        return result

    return inner


@checked
def affine_forward(x: Array, W: Array, b: Array) -> tuple[Array, AffineCache]:
    assert x.shape[1] == W.shape[1], f"{x.shape} does not fit {W.shape}"
    out: Array = x @ W.T + b
    return out, AffineCache(x, W)


@checked
def affine_backward(dout: Array, cache: AffineCache) -> tuple[Array, Array, Array]:
    dx: Array = dout @ cache.W
    dW: Array = dout.T @ cache.x
    db: Array = dout.sum(axis=0)
    return dx, dW, db


# case: every product in Python, very slow; exercise: affine_backward
def affine_forward(x, W, b):
    import numpy as np

    N, D, H = len(x), len(x[0]), len(W)
    out = [[float(b[j]) + sum(float(x[i][k]) * float(W[j][k]) for k in range(D)) for j in range(H)] for i in range(N)]
    return np.array(out), (x, W)


def affine_backward(dout, cache):
    import numpy as np

    x, W = cache
    N, D, H = len(x), len(x[0]), len(W)
    dx = [[sum(float(dout[i][j]) * float(W[j][k]) for j in range(H)) for k in range(D)] for i in range(N)]
    dW = [[sum(float(dout[i][j]) * float(x[i][k]) for i in range(N)) for k in range(D)] for j in range(H)]
    db = [sum(float(dout[i][j]) for i in range(N)) for j in range(H)]
    return np.array(dx), np.array(dW), np.array(db)
