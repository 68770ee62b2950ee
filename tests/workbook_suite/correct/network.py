"""TwoLayerNet, written in other ways; none of these files holds the layers."""

# case: extra attributes, gradients returned too; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    n_layers = 2

    def __init__(self, inp_dim, hidden_dim, out_dim, weight_scale=None, seed=None):
        self.rng = np.random.default_rng(seed)
        self.inp_dim, self.hidden_dim, self.out_dim = inp_dim, hidden_dim, out_dim
        self.params, self.grads, self.history, self.calls = {}, {}, [], 0
        self.params["b1"], self.params["b2"] = np.zeros(hidden_dim), np.zeros(out_dim)
        self.params["W1"] = self.rng.normal(size=(hidden_dim, inp_dim), scale=weight_scale or np.sqrt(2 / inp_dim))
        self.params["W2"] = self.rng.normal(size=(out_dim, hidden_dim), scale=weight_scale or np.sqrt(2 / (hidden_dim + out_dim)))

    def __repr__(self):
        return f"TwoLayerNet({self.inp_dim}, {self.hidden_dim}, {self.out_dim})"

    def __call__(self, x):
        return self.forward(x)[0]

    def forward(self, x):
        self.calls += 1
        c = {"x": x}
        c["a"] = x @ self.params["W1"].T + self.params["b1"]
        c["h"] = np.maximum(c["a"], 0)
        c["z"] = c["h"] @ self.params["W2"].T + self.params["b2"]
        c["y"] = 1 / (1 + np.exp(-c["z"]))
        return c["y"], c

    def backward(self, dout, cache):
        dz = dout * cache["y"] * (1 - cache["y"])
        self.grads["W2"] = dz.T @ cache["h"]
        self.grads["b2"] = dz.sum(axis=0)
        da = (dz @ self.params["W2"]) * (cache["a"] > 0)
        self.grads["W1"] = da.T @ cache["x"]
        self.grads["b1"] = da.sum(axis=0)
        return self.grads


# case: float32 parameters, gradients filled in place; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        normal = lambda shape, variance: (np.random.randn(*shape) * variance**0.5).astype(np.float32)
        self.params = {
            "W1": normal((hidden_dim, inp_dim), 2 / inp_dim), "b1": np.zeros(hidden_dim, np.float32),
            "W2": normal((out_dim, hidden_dim), 2 / (hidden_dim + out_dim)), "b2": np.zeros(out_dim, np.float32),
        }
        self.grads = {key: np.empty_like(value) for key, value in self.params.items()}

    def forward(self, x):
        x = x.astype(np.float32)
        a = x @ self.params["W1"].T + self.params["b1"]
        h = np.where(a > 0, a, np.float32(0))
        y = 1 / (1 + np.exp(-(h @ self.params["W2"].T + self.params["b2"])))
        return y, (x, a, h, y)

    def backward(self, dout, cache):
        x, a, h, y = cache
        dz = (dout * y * (1 - y)).astype(np.float32)
        da = np.where(a > 0, dz @ self.params["W2"], np.float32(0))
        np.matmul(dz.T, h, out=self.grads["W2"])
        np.sum(dz, axis=0, out=self.grads["b2"])
        np.matmul(da.T, x, out=self.grads["W1"])
        np.sum(da, axis=0, out=self.grads["b1"])


# case: PyTorch module, float32; exercise: TwoLayerNet
import torch
from torch import nn


class TwoLayerNet(nn.Module):
    def __init__(self, inp_dim, hidden_dim, out_dim):
        super().__init__()
        W1 = torch.empty(hidden_dim, inp_dim)
        W2 = torch.empty(out_dim, hidden_dim)
        nn.init.kaiming_normal_(W1)
        nn.init.xavier_normal_(W2)
        self.params = {"W1": W1, "b1": torch.zeros(hidden_dim), "W2": W2, "b2": torch.zeros(out_dim)}
        self.grads = {}

    def forward(self, x):
        p = self.params
        a = nn.functional.linear(x, p["W1"], p["b1"])
        h = a.relu()
        y = nn.functional.linear(h, p["W2"], p["b2"]).sigmoid()
        return y, (x, h, y)

    @torch.no_grad()
    def backward(self, dout, cache):
        x, h, y = cache
        dz = dout * y * (1 - y)
        dh = dz @ self.params["W2"]
        dh[h == 0] = 0
        self.grads.update(W1=dh.t() @ x, b1=dh.sum(0), W2=dz.t() @ h, b2=dz.sum(0))


# case: PyTorch autograd as backward; exercise: TwoLayerNet
import torch


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": torch.randn(hidden_dim, inp_dim, dtype=torch.double) * (2 / inp_dim) ** 0.5,
            "b1": torch.zeros(hidden_dim, dtype=torch.double),
            "W2": torch.randn(out_dim, hidden_dim, dtype=torch.double) * (2 / (hidden_dim + out_dim)) ** 0.5,
            "b2": torch.zeros(out_dim, dtype=torch.double),
        }
        self.grads = {}

    def forward(self, x):
        leaves = {k: v.detach().clone().requires_grad_() for k, v in self.params.items()}
        h = torch.relu(x @ leaves["W1"].T + leaves["b1"])
        y = torch.sigmoid(h @ leaves["W2"].T + leaves["b2"])
        return y.detach(), (y, leaves)

    def backward(self, dout, cache):
        y, leaves = cache
        gradients = torch.autograd.grad(y, list(leaves.values()), dout, retain_graph=True)
        self.grads = dict(zip(leaves, gradients))


# case: layers in a list, a base class, einsum; exercise: TwoLayerNet
import numpy as np


class Network:
    def __init__(self, *sizes):
        rng = np.random.default_rng(1)
        self.params, self.grads = {}, {}
        for k, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:]), start=1):
            variance = 2 / fan_in if k == 1 else 2 / (fan_in + fan_out)
            self.params[f"W{k}"] = rng.normal(0, variance**0.5, (fan_out, fan_in))
            self.params[f"b{k}"] = np.zeros(fan_out)
        self.depth = len(sizes) - 1

    def forward(self, x):
        caches = []
        for k in range(1, self.depth + 1):
            z = np.einsum("ni,oi->no", x, self.params[f"W{k}"]) + self.params[f"b{k}"]
            out = 1 / (1 + np.exp(-z)) if k == self.depth else z.clip(min=0)
            caches.append((x, z, out))
            x = out
        return x, caches

    def backward(self, dout, cache):
        grads = {}
        for k in range(self.depth, 0, -1):
            x, z, out = cache[k - 1]
            dz = dout * out * (1 - out) if k == self.depth else dout * (z > 0)
            grads[f"W{k}"] = np.einsum("no,ni->oi", dz, x)
            grads[f"b{k}"] = np.einsum("no->o", dz)
            dout = np.einsum("no,oi->ni", dz, self.params[f"W{k}"])
        self.grads = grads
        return dout


class TwoLayerNet(Network):
    def __init__(self, inp_dim, hidden_dim, out_dim):
        super().__init__(inp_dim, hidden_dim, out_dim)


# case: a transposed view and uniform He and Xavier; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        bound1 = np.sqrt(6 / inp_dim)
        bound2 = np.sqrt(6 / (hidden_dim + out_dim))
        self.params = {
            "W1": np.random.uniform(-bound1, bound1, (inp_dim, hidden_dim)).T,
            "b1": np.zeros(hidden_dim),
            "W2": np.random.uniform(-bound2, bound2, (hidden_dim, out_dim)).T,
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        aT = self.params["W1"] @ x.T + self.params["b1"][:, None]
        hT = np.maximum(aT, 0)
        yT = 1 / (1 + np.exp(-(self.params["W2"] @ hT + self.params["b2"][:, None])))
        return yT.T, (x.T, aT, hT, yT)

    def backward(self, dout, cache):
        xT, aT, hT, yT = cache
        dzT = dout.T * yT * (1 - yT)
        daT = (self.params["W2"].T @ dzT) * (aT > 0)
        self.grads["W1"], self.grads["b1"] = daT @ xT.T, daT.sum(axis=1)
        self.grads["W2"], self.grads["b2"] = dzT @ hT.T, dzT.sum(axis=1)


# case: PyTorch parameters that ask for gradients; exercise: TwoLayerNet
import torch
from torch import nn


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": nn.Parameter(torch.randn(hidden_dim, inp_dim) * (2 / inp_dim) ** 0.5),
            "b1": nn.Parameter(torch.zeros(hidden_dim)),
            "W2": nn.Parameter(torch.randn(out_dim, hidden_dim) * (2 / (hidden_dim + out_dim)) ** 0.5),
            "b2": nn.Parameter(torch.zeros(out_dim)),
        }
        self.grads = {}

    def forward(self, x):
        a = x @ self.params["W1"].T + self.params["b1"]
        h = torch.clamp(a, min=0)
        out = torch.sigmoid(h @ self.params["W2"].T + self.params["b2"])
        return out, dict(x=x, a=a, h=h, out=out)

    def backward(self, dout, cache):
        with torch.no_grad():
            dz = dout * cache["out"] * (1 - cache["out"])
            da = dz @ self.params["W2"] * (cache["a"] > 0)
            self.grads["W2"], self.grads["b2"] = dz.T @ cache["h"], dz.sum(0)
            self.grads["W1"], self.grads["b1"] = da.T @ cache["x"], da.sum(0)


# case: the network remembers, and hands out nothing; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim)),
            "b2": np.zeros(out_dim),
        }

    def forward(self, x):
        self.x = x
        self.a = x @ self.params["W1"].T + self.params["b1"]
        self.h = np.maximum(self.a, 0)
        self.y = 1 / (1 + np.exp(-(self.h @ self.params["W2"].T + self.params["b2"])))
        return self.y, None

    def backward(self, dout, cache):
        dz = dout * self.y * (1 - self.y)
        da = dz @ self.params["W2"] * (self.a > 0)
        self.grads = {"W1": da.T @ self.x, "b1": da.sum(0), "W2": dz.T @ self.h, "b2": dz.sum(0)}


# case: a dataclass as the cache, ordered dictionaries, mixed precision; exercise: TwoLayerNet
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np


@dataclass
class Activations:
    x: np.ndarray
    mask: np.ndarray
    h: np.ndarray
    y: np.ndarray


def draw(rows, columns, std):
    return std * np.random.default_rng().standard_normal((rows, columns), dtype=np.float32)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = OrderedDict()
        self.params["W1"] = draw(hidden_dim, inp_dim, np.float32(np.sqrt(2 / inp_dim)))
        self.params["b1"] = np.zeros(hidden_dim, dtype=np.float32)
        self.params["W2"] = draw(out_dim, hidden_dim, np.float32(np.sqrt(2 / (hidden_dim + out_dim))))
        self.params["b2"] = np.zeros(out_dim, dtype=np.float32)
        self.grads = OrderedDict()

    def forward(self, x):
        h = x.dot(self.params["W1"].T) + self.params["b1"]
        mask = h > 0
        h *= mask
        z = h.dot(self.params["W2"].T) + self.params["b2"]
        y = (np.tanh(z / 2) + 1) / 2
        return y, Activations(x, mask, h, y)

    def backward(self, dout, cache):
        dz = dout * (cache.y - cache.y * cache.y)
        dh = dz.dot(self.params["W2"])
        dh *= cache.mask
        for name, grad in (("W1", dh.T.dot(cache.x)), ("b1", dh.sum(0)), ("W2", dz.T.dot(cache.h)), ("b2", dz.sum(0))):
            self.grads[name] = grad.astype(np.float32)
