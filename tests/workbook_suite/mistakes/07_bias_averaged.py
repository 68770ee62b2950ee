"""The gradient of the bias is averaged over the batch where it is to be summed."""

# case: plain mean, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    out = x.dot(W.T) + b
    return out, (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    dx = dout.dot(W)
    dW = dout.T.dot(x)
    db = dout.mean(axis=0)
    return dx, dW, db


# case: PyTorch mean, alone; exercise: affine_backward
import torch


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    return dout @ W, dout.T @ x, torch.mean(dout, 0)


# case: einsum and transposed dictionary caches, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    cache = {"x_transposed": x.T, "W_transposed": W.T, "n": len(x)}
    return np.einsum("ij,jk->ik", x, cache["W_transposed"]) + b, cache


def affine_backward(dout, cache):
    dW = np.einsum("ji,ik->kj", cache["x_transposed"], dout)
    db = np.einsum("ik->k", dout) / cache["n"]
    dx = np.einsum("ik,jk->ij", dout, cache["W_transposed"])
    return dx, dW, db


# case: loops over the samples, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    rows = [W @ sample + b for sample in x]
    return np.array(rows), (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
    for i in range(x.shape[0]):
        dx[i] = W.T @ dout[i]
        dW += np.outer(dout[i], x[i])
        db += dout[i]
    db /= x.shape[0]
    return dx, dW, db


# case: inlined network, one layer only, whole file; exercise: TwoLayerNet; base: inlined
# old:
self.grads["b2"] = dz.sum(0)
# new:
self.grads["b2"] = dz.mean(0)


# case: plain, whole file; exercise: affine_backward; base: plain
# old:
db = dout.sum(axis=0)
# new:
db = np.average(dout, axis=0)


# case: PyTorch objects, network, both layers, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
self.grads["b2"] = dz.sum(dim=0)
# new:
self.grads["b2"] = dz.mean(dim=0)
# old:
self.grads["b1"] = da.sum(dim=0)
# new:
self.grads["b1"] = da.mean(dim=0)


# case: float32 classes, whole file; exercise: affine_backward; base: layer_classes
# old:
self.db = np.sum(dout, axis=0)
# new:
self.db = np.mean(dout, axis=0)


# case: einsum, whole file; exercise: affine_backward; base: einsum
# old:
db = np.einsum("nh->h", dout)
# new:
db = np.einsum("nh->h", dout) / dout.shape[0]


# case: columns, whole file; exercise: affine_backward; base: columns
# old:
db = dout.sum(axis=1, keepdims=True)
# new:
db = dout.mean(axis=1, keepdims=True)


# case: columns, PyTorch, whole file; exercise: affine_backward; base: columns_torch
# old:
db = dout.sum(dim=1)
# new:
db = dout.mean(dim=1)


# case: W as (in, out), whole file; exercise: affine_backward; base: in_out
# old:
db = np.sum(dout, axis=0)
# new:
db = np.mean(dout, axis=0)


# case: classes, whole file; exercise: affine_backward; base: layers_only
# old:
self.db = dout.sum(axis=0)
# new:
self.db = dout.mean(axis=0)


# case: leaky network, whole file; exercise: TwoLayerNet; base: leaky
# old:
self.grads["b1"] = da.sum(0)
# new:
self.grads["b1"] = da.mean(0)
