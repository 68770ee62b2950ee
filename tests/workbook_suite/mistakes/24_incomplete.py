"""A gradient is missing: not computed, not stored, or under another name."""

# case: biases forgotten, whole file; exercise: TwoLayerNet; base: plain
# old:
dh, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache3)
# new:
dh, self.grads["W2"], db2 = affine_backward(dz, cache3)
# old:
dx, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache1)
# new:
dx, self.grads["W1"], db1 = affine_backward(da, cache1)


# case: keys of another name, whole file; exercise: TwoLayerNet; base: einsum
# old:
self.grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
return self.grads
# new:
self.grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


# case: returned and not stored, alone; exercise: TwoLayerNet
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
        h = np.maximum(0, a)
        y = 1 / (1 + np.exp(-h @ self.params["W2"].T - self.params["b2"]))
        return y, (x, a, h, y)

    def backward(self, dout, cache):
        x, a, h, y = cache
        dz = dout * y * (1 - y)
        da = dz @ self.params["W2"] * (a > 0)
        grads = {}
        grads["W2"], grads["b2"] = dz.T @ h, dz.sum(0)
        grads["W1"], grads["b1"] = da.T @ x, da.sum(0)
        return grads


# case: PyTorch, a line copied and half changed, whole file; exercise: TwoLayerNet; base: torch_plain
# old:
self.grads["W1"] = dW1
self.grads["b1"] = db1
self.grads["W2"] = dW2
self.grads["b2"] = db2
# new:
self.grads["W1"] = dW1
self.grads["W2"] = dW2
self.grads["b2"] = db1
self.grads["b2"] = db2


# case: no gradient of the bias, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    dx = dout @ W
    dW = dout.T @ x
    return dx, dW


# case: None for the bias, PyTorch, alone; exercise: affine_backward
import torch


def affine_forward(x, W, b):
    return x @ W.t() + b, {"x": x, "W": W, "b": b}


def affine_backward(dout, cache):
    dx, dW, db = None, None, None
    dx = dout @ cache["W"]
    dW = dout.t() @ cache["x"]
    return dx, dW, db


# case: first layer left out, loops, whole file; exercise: TwoLayerNet; base: loops
# old:
dout1 = relu_backward(dout2, cache[1])
dx, dW1, db1 = affine_backward(dout1, cache[0])
self.grads["W1"] = dW1
self.grads["b1"] = db1
self.grads["W2"] = dW2
# new:
self.grads["W2"] = dW2


# case: return forgotten, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    dx = dout * (cache > 0)


# case: the zeros of the beginning stay, alone; exercise: TwoLayerNet
import torch


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": torch.randn(hidden_dim, inp_dim) * (2 / inp_dim) ** 0.5,
            "b1": torch.zeros(hidden_dim),
            "W2": torch.randn(out_dim, hidden_dim) * (2 / (hidden_dim + out_dim)) ** 0.5,
            "b2": torch.zeros(out_dim),
        }
        self.grads = {key: torch.zeros_like(value) for key, value in self.params.items()}

    def forward(self, x):
        a = x @ self.params["W1"].t() + self.params["b1"]
        h = torch.relu(a)
        y = torch.sigmoid(h @ self.params["W2"].t() + self.params["b2"])
        return y, (x, a, h, y)

    def backward(self, dout, cache):
        x, a, h, y = cache
        dW1, db1, dW2, db2 = (self.grads[key] for key in ("W1", "b1", "W2", "b2"))
        dz = dout * y * (1 - y)
        dW2 = dz.t() @ h
        db2 = dz.sum(0)
        da = dz @ self.params["W2"] * (a > 0)
        dW1 = da.t() @ x
        db1 = da.sum(0)


# case: PyTorch objects, one line missing, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
self.grads["W1"] = da.T @ s.x
self.grads["b1"] = da.sum(dim=0)
# new:
self.grads["W1"] = da.T @ s.x


# case: names made by a format, whole file; exercise: TwoLayerNet; base: templates
# old:
dout, self.grads[f"W{i}"], self.grads[f"b{i}"] = affine_backward(dout, caches.pop())
# new:
dout, self.grads[f"w{i}"], self.grads[f"b{i}"] = affine_backward(dout, caches.pop())


# case: columns, whole file; exercise: TwoLayerNet; base: columns
# old:
dx, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache1)
# new:
dx, self.grads["W1"], db1 = affine_backward(da, cache1)


# case: NumPy, whole file; exercise: network_backward; base: small_steps
# old:
dh, grads["W2"], grads["b2"] = affine_backward(dz, cache_z)
# new:
dh, grads["W2"], db2 = affine_backward(dz, cache_z)


# case: loops, whole file; exercise: network_backward; base: small_steps_loops
# old:
return dict(W1=dW1, b1=db1, W2=dW2, b2=db2)
# new:
return dict(W2=dW2, b2=db2)


# case: PyTorch, whole file; exercise: network_backward; base: small_steps_torch
# old:
return {"W1": W1, "W2": W2, "b1": b1, "b2": b2}
# new:
return {"W1": W1, "W2": W2, "b1": b1, "b2": None}
