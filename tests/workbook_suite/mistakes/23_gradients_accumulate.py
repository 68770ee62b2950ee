"""A second backward adds to what the first one left."""

# case: inlined network with +=, alone; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.randn(hidden_dim, inp_dim) / np.sqrt(inp_dim / 2),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.randn(out_dim, hidden_dim) / np.sqrt((hidden_dim + out_dim) / 2),
            "b2": np.zeros(out_dim),
        }
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}

    def forward(self, x):
        pre = x @ self.params["W1"].T + self.params["b1"]
        hid = pre * (pre > 0)
        out = 1 / (1 + np.exp(-(hid @ self.params["W2"].T + self.params["b2"])))
        return out, (x, pre, hid, out)

    def backward(self, dout, cache):
        x, pre, hid, out = cache
        d = dout * out * (1 - out)
        self.grads["W2"] += d.T @ hid
        self.grads["b2"] += d.sum(0)
        d = (d @ self.params["W2"]) * (pre > 0)
        self.grads["W1"] += d.T @ x
        self.grads["b1"] += d.sum(0)


# case: PyTorch addmm_ into what was there, alone; exercise: TwoLayerNet
import torch


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": torch.randn(hidden_dim, inp_dim) * (2 / inp_dim) ** 0.5,
            "b1": torch.zeros(hidden_dim),
            "W2": torch.randn(out_dim, hidden_dim) * (2 / (hidden_dim + out_dim)) ** 0.5,
            "b2": torch.zeros(out_dim),
        }
        self.grads = {name: torch.zeros_like(value) for name, value in self.params.items()}

    def forward(self, x):
        a = torch.addmm(self.params["b1"], x, self.params["W1"].t())
        h = torch.relu(a)
        y = torch.sigmoid(torch.addmm(self.params["b2"], h, self.params["W2"].t()))
        return y, (x, a, h, y)

    def backward(self, dout, cache):
        x, a, h, y = cache
        dz = dout * y * (1 - y)
        da = dz.mm(self.params["W2"]) * (a > 0)
        self.grads["W2"].addmm_(dz.t(), h)
        self.grads["b2"].add_(dz.sum(0))
        self.grads["W1"].addmm_(da.t(), x)
        self.grads["b1"].add_(da.sum(0))


# case: dict.get with 0, whole file; exercise: TwoLayerNet; base: plain
# old:
dh, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache3)
da = relu_backward(dh, cache2)
dx, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache1)
# new:
dh, dW2, db2 = affine_backward(dz, cache3)
da = relu_backward(dh, cache2)
dx, dW1, db1 = affine_backward(da, cache1)
for name, grad in [("W1", dW1), ("b1", db1), ("W2", dW2), ("b2", db2)]:
    self.grads[name] = self.grads.get(name, 0) + grad


# case: the cache itself collects, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    cache = {"x": x, "W": W, "dW": np.zeros(W.shape), "db": np.zeros(b.shape)}
    return x @ W.T + b, cache


def affine_backward(dout, cache):
    cache["dW"] += dout.T @ cache["x"]
    cache["db"] += dout.sum(axis=0)
    dx = dout @ cache["W"]
    return dx, cache["dW"], cache["db"]


# case: tape, filled in place with +=, whole file; exercise: TwoLayerNet; base: tape
# old:
self.grads[key][...] = value
# new:
self.grads[key] += value


# case: PyTorch, collected in .grad and never cleared, whole file; exercise: TwoLayerNet; base: torch_plain
# old:
self.params["b2"] = torch.zeros(out_dim)
# new:
self.params["b2"] = torch.zeros(out_dim)
for p in self.params.values():
    p.grad = torch.zeros_like(p)
# old:
self.grads["W1"] = dW1
self.grads["b1"] = db1
self.grads["W2"] = dW2
self.grads["b2"] = db2
# new:
new = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
for key, p in self.params.items():
    if p.grad is None:
        p.grad = torch.zeros_like(p)
    p.grad += new[key]
    self.grads[key] = p.grad


# case: one dictionary outside of the functions, alone; exercise: affine_backward
import numpy as np

total = {}


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    if "dW" not in total or total["dW"].shape != W.shape:
        total["dW"], total["db"] = np.zeros_like(W), np.zeros_like(b)
    total["dW"] += dout.T @ x
    total["db"] += dout.sum(axis=0)
    return dout @ W, total["dW"], total["db"]


# case: einsum, zeros at the beginning and then more, whole file; exercise: TwoLayerNet; base: einsum
# old:
self.grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
# new:
for key, grad in zip(("W1", "b1", "W2", "b2"), (dW1, db1, dW2, db2)):
    self.grads[key] = self.grads[key] + grad


# case: columns, whole file; exercise: TwoLayerNet; base: columns
# old:
dx, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache1)
# new:
dx, dW1, self.grads["b1"] = affine_backward(da, cache1)
self.grads["W1"] = self.grads.get("W1", 0) + dW1


# case: classes, whole file; exercise: affine_backward; base: layers_only
# old:
self.dW, self.db = None, None
# new:
self.dW, self.db = 0, 0
# old:
self.dW = dout.T @ self.x
self.db = dout.sum(axis=0)
# new:
self.dW = self.dW + dout.T @ self.x
self.db = self.db + dout.sum(axis=0)
