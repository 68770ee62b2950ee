"""The sigmoid is applied to its own output before y (1 - y) is taken."""

# case: helper function, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def sigmoid_forward(x):
    out = sigmoid(x)
    return out, out


def sigmoid_backward(dout, cache):
    return dout * sigmoid(cache) * (1 - sigmoid(cache))


# case: PyTorch, alone; exercise: sigmoid_backward
import torch


def sigmoid_forward(x):
    out = x.sigmoid()
    cache = out
    return out, cache


def sigmoid_backward(dout, cache):
    s = torch.sigmoid(cache)
    ds = s * (1 - s)
    return dout * ds


# case: calls its own forward on the output, dictionary, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    e = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1, e) / (1 + e)
    return out, {"out": out}


def sigmoid_backward(dout, cache):
    y, _ = sigmoid_forward(cache["out"])
    return dout * y * (1 - y)


# case: loops with math, whole file; exercise: sigmoid_backward; base: loops
# old:
y = cache[n, c]
# new:
y = sigmoid(cache[n, c])


# case: PyTorch with objects, network, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
dz = dout * s.y * (1 - s.y)
# new:
sig = torch.sigmoid(s.y)
dz = dout * sig * (1 - sig)


# case: dictionary, forward called again, whole file; exercise: sigmoid_backward; base: einsum
# old:
y = cache["y"]
# new:
y = sigmoid_forward(cache["y"])[0]


# case: from the cached input and then once more, whole file; exercise: sigmoid_backward; base: templates
# old:
s, _ = sigmoid_forward(cache["x"])
# new:
s, _ = sigmoid_forward(sigmoid_forward(cache["x"])[0])


# case: columns, PyTorch, whole file; exercise: sigmoid_backward; base: columns_torch
# old:
return dout * cache * (1 - cache)
# new:
s = torch.sigmoid(cache)
return dout * s * (1 - s)


# case: classes, whole file; exercise: sigmoid_backward; base: layers_only
# old:
return dout * self.out * (1 - self.out)
# new:
s = 1 / (1 + np.exp(-self.out))
return dout * s * (1 - s)
