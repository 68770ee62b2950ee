"""The gradient of the bias still has a row for each image."""

# case: plain, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return np.matmul(x, W.T) + b, (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    dx = np.matmul(dout, W)
    dW = np.matmul(dout.T, x)
    db = dout  # d(out)/db is 1
    return dx, dW, db


# case: ones times dout, float32, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    x, W, b = (np.asarray(p, dtype=np.float32) for p in (x, W, b))
    return x @ W.T + b, {"x": x, "W": W, "b": b}


def affine_backward(dout, cache):
    dout = np.asarray(dout, dtype=np.float32)
    dx = dout @ cache["W"]
    dW = dout.T @ cache["x"]
    db = np.ones_like(cache["b"]) * dout
    return dx, dW, db


# case: PyTorch clone, alone; exercise: affine_backward
import torch


class Cache:
    pass


def affine_forward(x, W, b):
    c = Cache()
    c.x, c.W = x, W
    return x.matmul(W.t()) + b, c


def affine_backward(dout, cache):
    return dout.matmul(cache.W), dout.t().matmul(cache.x), dout.clone()


# case: loops, db got an index too many, whole file; exercise: affine_backward; base: loops
# old:
db = np.zeros(H)
# new:
db = np.zeros((N, H))
# old:
db[h] += dout[n, h]
# new:
db[n, h] += dout[n, h]


# case: inlined network, whole file; exercise: TwoLayerNet; base: inlined
# old:
self.grads["b2"] = dz.sum(0)
# new:
self.grads["b2"] = dz
# old:
self.grads["b1"] = da.sum(0)
# new:
self.grads["b1"] = da


# case: PyTorch network, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
self.grads["b1"] = da.sum(dim=0)
# new:
self.grads["b1"] = da


# case: einsum that keeps n, whole file; exercise: affine_backward; base: einsum
# old:
db = np.einsum("nh->h", dout)
# new:
db = np.einsum("nh->nh", dout)


# case: columns, whole file; exercise: affine_backward; base: columns
# old:
db = dout.sum(axis=1, keepdims=True)
# new:
db = dout


# case: W as (in, out), whole file; exercise: affine_backward; base: in_out
# old:
db = np.sum(dout, axis=0)
# new:
db = dout


# case: classes, whole file; exercise: affine_backward; base: layers_only
# old:
self.db = dout.sum(axis=0)
# new:
self.db = dout
