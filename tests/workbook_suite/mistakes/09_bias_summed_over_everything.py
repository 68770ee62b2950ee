"""The gradient of the bias is one number: summed over images and units."""

# case: np.sum without an axis, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    return dout @ W, dout.T @ x, np.sum(dout)


# case: one value repeated, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    cache = dict(x=x, W=W, b=b)
    return np.dot(x, W.T) + b, cache


def affine_backward(dout, cache):
    dx = np.dot(dout, cache["W"])
    dW = np.dot(dout.T, cache["x"])
    db = np.full(cache["b"].shape, dout.sum())
    return dx, dW, db


# case: PyTorch, expanded to the shape of the bias, alone; exercise: affine_backward
import torch


def affine_forward(x, W, b):
    return torch.nn.functional.linear(x, W, b), (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    dx = dout.mm(W)
    dW = dout.t().mm(x)
    db = torch.ones_like(b) * dout.sum()
    return dx, dW, db


# case: loops, the bias gets every term, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    out = np.zeros((len(x), len(W)))
    for i in range(len(x)):
        for j in range(len(W)):
            out[i, j] = np.dot(x[i], W[j]) + b[j]
    return out, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[0])
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            dx[i] += dout[i, j] * W[j]
            dW[j] += dout[i, j] * x[i]
            db += dout[i, j]
    return dx, dW, db


# case: tape of closures, whole file; exercise: affine_backward; base: tape
# old:
return d @ W, d.T @ x, d.sum(axis=0)
# new:
return d @ W, d.T @ x, d.sum()


# case: PyTorch with objects, network, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
self.grads["b1"] = da.sum(dim=0)
# new:
self.grads["b1"] = da.sum()


# case: PyTorch objects, expanded, whole file; exercise: affine_backward; base: torch_objects
# old:
return dout @ W, dout.T @ x, dout.sum(0)
# new:
return dout @ W, dout.T @ x, dout.sum().expand(W.shape[0])


# case: columns, whole file; exercise: affine_backward; base: columns
# old:
db = dout.sum(axis=1, keepdims=True)
# new:
db = dout.sum()


# case: W as (in, out), whole file; exercise: affine_backward; base: in_out
# old:
db = np.sum(dout, axis=0)
# new:
db = np.sum(dout)
