"""x (1 - x) of the sigmoid's input, where y (1 - y) of its output belongs."""

# case: plain, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    cache = x
    return out, cache


def sigmoid_backward(dout, cache):
    x = cache
    dx = dout * x * (1 - x)
    return dx


# case: PyTorch, both kept and the wrong one used, alone; exercise: sigmoid_backward
import torch


def sigmoid_forward(x):
    y = torch.sigmoid(x)
    return y, (x, y)


def sigmoid_backward(dout, cache):
    y, x = cache
    return dout * y * (1 - y)


# case: loops, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    out = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = 1.0 / (1.0 + np.exp(-x[i, j]))
    return out, {"x": x}


def sigmoid_backward(dout, cache):
    x = cache["x"]
    dx = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            dx[i, j] = dout[i, j] * (x[i, j] - x[i, j] ** 2)
    return dx


# case: inlined network, z instead of y, whole file; exercise: TwoLayerNet; base: inlined
# old:
dz = dout * y * (1 - y)
# new:
dz = dout * z * (1 - z)


# case: float32 layer classes, whole file; exercise: sigmoid_backward; base: layer_classes
# old:
self.y = FLOAT(1) / (FLOAT(1) + np.exp(-x))
return self.y
# new:
self.x = x
return FLOAT(1) / (FLOAT(1) + np.exp(-x))
# old:
return np.asarray(dout, FLOAT) * self.y * (1 - self.y)
# new:
return np.asarray(dout, FLOAT) * self.x * (1 - self.x)


# case: tape, whole file; exercise: sigmoid_backward; base: tape
# old:
return y, lambda d: d * (y * (1.0 - y))
# new:
return y, lambda d: d * (x * (1.0 - x))


# case: PyTorch objects, whole file; exercise: sigmoid_backward; base: torch_objects
# old:
return y, Saved(y)
# new:
return y, Saved(x)


# case: columns, whole file; exercise: sigmoid_backward; base: columns
# old:
out = 1 / (1 + np.exp(-x))
return out, out
# new:
out = 1 / (1 + np.exp(-x))
return out, x
