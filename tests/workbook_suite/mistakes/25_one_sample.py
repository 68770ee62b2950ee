"""Only one image of the batch gets into the gradient."""

# case: a loop that overwrites, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    dx = np.zeros_like(x)
    for i in range(len(x)):
        dx[i] = dout[i] @ W
        dW = np.outer(dout[i], x[i])
        db = dout[i]
    return dx, dW, db


# case: the first sample, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return x @ W.T + b, {"x": x, "W": W}


def affine_backward(dout, cache):
    x, W = cache["x"], cache["W"]
    dx = dout @ W
    dW = dout[0].reshape(-1, 1) @ x[0].reshape(1, -1)
    db = dout[0]
    return dx, dW, db


# case: PyTorch outer product of the last row, alone; exercise: affine_backward
import torch


def affine_forward(x, W, b):
    return torch.mm(x, W.t()) + b, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    dx = torch.mm(dout, W)
    dW = torch.outer(dout[-1], x[-1])
    db = dout.sum(0)
    return dx, dW, db


# case: loops with = instead of +=, whole file; exercise: affine_backward; base: loops
# old:
dW[h, d] += dout[n, h] * x[n, d]
# new:
dW[h, d] = dout[n, h] * x[n, d]
# old:
db[h] += dout[n, h]
# new:
db[h] = dout[n, h]


# case: inlined network, one sample at a time, whole file; exercise: TwoLayerNet; base: inlined
# old:
self.grads["W1"] = da.T @ x
self.grads["b1"] = da.sum(0)
# new:
for n in range(len(x)):
    self.grads["W1"] = np.outer(da[n], x[n])
    self.grads["b1"] = da[n]
# old:
self.grads["W2"] = dz.T @ h
self.grads["b2"] = dz.sum(0)
# new:
for n in range(len(x)):
    self.grads["W2"] = np.outer(dz[n], h[n])
    self.grads["b2"] = dz[n]


# case: einsum of one row, whole file; exercise: affine_backward; base: einsum
# old:
dW = np.einsum("nh,dn->hd", dout, xT)
db = np.einsum("nh->h", dout)
# new:
dW = np.einsum("h,d->hd", dout[0], xT[:, 0])
db = dout[0]


# case: return inside the loop, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return np.array([W @ row + b for row in x]), (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(b.shape)
    for n in range(len(x)):
        dx[n] = W.T @ dout[n]
        dW += np.outer(dout[n], x[n])
        db += dout[n]
        return dx, dW, db


# case: float32 classes, last row, whole file; exercise: affine_backward; base: layer_classes
# old:
self.dW = dout.T @ self.x
self.db = np.sum(dout, axis=0)
# new:
self.dW = dout[-1:].T @ self.x[-1:]
self.db = dout[-1]


# case: lambda of the first image, whole file; exercise: affine_backward; base: inlined
# old:
affine_backward = lambda dout, cache: (dout.dot(cache[1]), dout.T.dot(cache[0]), dout.sum(0))
# new:
affine_backward = lambda dout, cache: (dout.dot(cache[1]), np.outer(dout[0], cache[0][0]), dout[0])


# case: PyTorch objects, network, the last image, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
self.grads["W2"] = dz.T @ s.h
self.grads["b2"] = dz.sum(dim=0)
self.grads["W1"] = da.T @ s.x
self.grads["b1"] = da.sum(dim=0)
# new:
for i in range(len(dz)):
    self.grads["W2"] = torch.outer(dz[i], s.h[i])
    self.grads["b2"] = dz[i]
    self.grads["W1"] = torch.outer(da[i], s.x[i])
    self.grads["b1"] = da[i]


# case: columns, whole file; exercise: affine_backward; base: columns
# old:
dW = dout @ x.T
# new:
dW = dout[:, :1] @ x[:, :1].T


# case: W as (in, out), whole file; exercise: affine_backward; base: in_out
# old:
dW = np.dot(x.T, dout)
# new:
dW = np.outer(x[0], dout[0])
