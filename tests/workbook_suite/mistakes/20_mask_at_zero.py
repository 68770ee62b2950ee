"""The mask of relu is x >= 0: differs from x > 0 at exact zeros only."""

# case: plain, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return dout * (cache >= 0)


# case: np.where the other way round, dictionary, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return np.where(x < 0, 0, x), {"negative": x < 0}


def relu_backward(dout, cache):
    return np.where(cache["negative"], 0, dout)


# case: PyTorch, alone; exercise: relu_backward
import torch


def relu_forward(x):
    return torch.clamp(x, min=0.0), x


def relu_backward(dout, cache):
    dx = dout.clone()
    dx[cache < 0] = 0
    return dx


# case: np.heaviside with 1 at zero, alone; exercise: relu_backward
import numpy as np

relu_forward = lambda x: (np.heaviside(x, 1.0) * x, x)
relu_backward = lambda dout, x: np.heaviside(x, 1.0) * dout


# case: loops, whole file; exercise: relu_backward; base: loops
# old:
if cache[n, h] > 0:
    dx[n, h] = dout[n, h]
# new:
if cache[n, h] >= 0:
    dx[n, h] = dout[n, h]


# case: float32 layer classes, whole file; exercise: relu_backward; base: layer_classes
# old:
self.mask = np.asarray(x, FLOAT) > 0
# new:
self.mask = np.asarray(x, FLOAT) >= 0


# case: network alone, negative ones set to zero; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim)),
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        a = x @ self.params["W1"].T + self.params["b1"]
        h = np.maximum(a, 0)
        y = 1 / (1 + np.exp(-(h @ self.params["W2"].T + self.params["b2"])))
        return y, (x, a, h, y)

    def backward(self, dout, cache):
        x, a, h, y = cache
        dz = dout * y * (1 - y)
        da = dz @ self.params["W2"]
        da[a < 0] = 0
        self.grads["W1"] = da.T @ x
        self.grads["b1"] = da.sum(0)
        self.grads["W2"] = dz.T @ h
        self.grads["b2"] = dz.sum(0)


# case: tape, whole file; exercise: relu_backward; base: tape
# old:
slope = np.heaviside(x, 0.0)
# new:
slope = np.heaviside(x, 1.0)


# case: PyTorch objects, whole file; exercise: relu_backward; base: torch_objects
# old:
mask = (x > 0).to(x.dtype)
# new:
mask = (x >= 0).to(x.dtype)


# case: PyTorch network, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
da = dh.masked_fill(s.a <= 0, 0.0)
# new:
da = dh.masked_fill(s.a < 0, 0.0)


# case: columns, whole file; exercise: relu_backward; base: columns
# old:
return dout * (x > 0)
# new:
return dout * (x >= 0)


# case: classes, whole file; exercise: relu_backward; base: layers_only
# old:
self.mask = x > 0
# new:
self.mask = x >= 0


# case: leaky, whole file; exercise: relu_backward; base: leaky
# old:
slopes = np.where(cache > 0, 1.0, SLOPE)
# new:
slopes = np.where(cache >= 0, 1.0, SLOPE)
