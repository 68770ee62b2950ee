"""A backward returns its own derivative and forgets what comes from above."""

# case: relu, plain, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    x = cache
    dx = np.where(x > 0, 1.0, 0.0)
    return dx


# case: sigmoid, plain, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    s = 1 / (1 + np.exp(-x))
    return s, s


def sigmoid_backward(dout, cache):
    return cache * (1 - cache)


# case: PyTorch sigmoid, alone; exercise: sigmoid_backward
import torch


def sigmoid_forward(x):
    out = torch.sigmoid(x)
    return out, {"sigmoid": out}


def sigmoid_backward(dout, cache):
    s = cache["sigmoid"]
    dx = s - s.pow(2)
    return dx


# case: affine, ones instead of dout, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    ones = np.ones((x.shape[0], W.shape[0]))
    dx = ones @ W
    dW = ones.T @ x
    db = ones.sum(axis=0)
    return dx, dW, db


# case: relu in loops, whole file; exercise: relu_backward; base: loops
# old:
if cache[n, h] > 0:
    dx[n, h] = dout[n, h]
# new:
if cache[n, h] > 0:
    dx[n, h] = 1


# case: inlined network, whole file; exercise: TwoLayerNet; base: inlined
# old:
dz = dout * y * (1 - y)
# new:
dz = y * (1 - y)


# case: PyTorch relu with objects, whole file; exercise: relu_backward; base: torch_objects
# old:
return dout * mask
# new:
return mask


# case: relu with a copy of ones, whole file; exercise: relu_backward; base: templates
# old:
dx = np.array(dout, copy=True)
# new:
dx = np.ones_like(dout)


# case: tape, whole file; exercise: sigmoid_backward; base: tape
# old:
return y, lambda d: d * (y * (1.0 - y))
# new:
return y, lambda d: y * (1.0 - y)


# case: columns, whole file; exercise: relu_backward; base: columns
# old:
return dout * (x > 0)
# new:
return 1.0 * (x > 0)


# case: W as (in, out), whole file; exercise: affine_backward; base: in_out
# old:
dx = np.dot(dout, W.T)
# new:
dx = np.dot(np.ones_like(dout), W.T)


# case: classes, whole file; exercise: relu_backward; base: layers_only
# old:
return dout * self.mask
# new:
return self.mask * 1.0


# case: leaky, whole file; exercise: relu_backward; base: leaky
# old:
return dout * slopes
# new:
return slopes
