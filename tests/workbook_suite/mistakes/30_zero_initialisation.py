"""All weights begin at zero."""

# case: plain, whole file; exercise: TwoLayerNet; base: plain
# old:
self.params["W1"] = np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim)
# new:
self.params["W1"] = np.zeros((hidden_dim, inp_dim))
# old:
self.params["W2"] = np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim))
# new:
self.params["W2"] = np.zeros((out_dim, hidden_dim))


# case: PyTorch, whole file; exercise: TwoLayerNet; base: torch_plain
# old:
self.params["W1"] = torch.randn(hidden_dim, inp_dim) * (2 / inp_dim) ** 0.5
# new:
self.params["W1"] = torch.zeros(hidden_dim, inp_dim)
# old:
self.params["W2"] = torch.randn(out_dim, hidden_dim) * (2 / (hidden_dim + out_dim)) ** 0.5
# new:
self.params["W2"] = torch.zeros(out_dim, hidden_dim)


# case: a loop over the shapes, alone; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        shapes = {"W1": (hidden_dim, inp_dim), "b1": (hidden_dim,), "W2": (out_dim, hidden_dim), "b2": (out_dim,)}
        self.params = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.grads = {name: np.zeros(shape) for name, shape in shapes.items()}

    def forward(self, x):
        a = x @ self.params["W1"].T + self.params["b1"]
        h = np.maximum(a, 0)
        y = 1 / (1 + np.exp(-(h @ self.params["W2"].T + self.params["b2"])))
        return y, (x, a, h, y)

    def backward(self, dout, cache):
        x, a, h, y = cache
        dz = dout * y * (1 - y)
        da = (dz @ self.params["W2"]) * (a > 0)
        self.grads.update(W1=da.T @ x, b1=da.sum(0), W2=dz.T @ h, b2=dz.sum(0))


# case: random numbers times nothing, float32 classes, whole file; exercise: TwoLayerNet; base: layer_classes
# old:
"W1": (rng.standard_normal((hidden_dim, inp_dim)) * np.sqrt(2 / inp_dim)).astype(FLOAT),
# new:
"W1": (rng.standard_normal((hidden_dim, inp_dim)) * (2 // inp_dim)).astype(FLOAT),
# old:
"W2": (rng.standard_normal((out_dim, hidden_dim)) * np.sqrt(2 / (hidden_dim + out_dim))).astype(FLOAT),
# new:
"W2": (rng.standard_normal((out_dim, hidden_dim)) * (2 // (hidden_dim + out_dim))).astype(FLOAT),


# case: all weights 0.01, whole file; exercise: TwoLayerNet; base: inlined
# old:
W1=np.sqrt(2 / inp_dim) * np.random.standard_normal((hidden_dim, inp_dim)),
# new:
W1=0.01 * np.ones((hidden_dim, inp_dim)),
# old:
W2=np.sqrt(2 / (hidden_dim + out_dim)) * np.random.standard_normal((out_dim, hidden_dim)),
# new:
W2=0.01 * np.ones((out_dim, hidden_dim)),


# case: PyTorch empty and zero_, network alone; exercise: TwoLayerNet
import torch


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}
        for layer, (rows, columns) in enumerate([(hidden_dim, inp_dim), (out_dim, hidden_dim)], start=1):
            self.params[f"W{layer}"] = torch.empty(rows, columns, dtype=torch.float64).zero_()
            self.params[f"b{layer}"] = torch.empty(rows, dtype=torch.float64).zero_()

    def forward(self, x):
        h = torch.relu(x @ self.params["W1"].T + self.params["b1"])
        y = torch.sigmoid(h @ self.params["W2"].T + self.params["b2"])
        return y, (x, h, y)

    def backward(self, dout, cache):
        x, h, y = cache
        d = dout * y * (1 - y)
        self.grads["W2"], self.grads["b2"] = d.T @ h, d.sum(0)
        d = (d @ self.params["W2"]) * (h > 0)
        self.grads["W1"], self.grads["b1"] = d.T @ x, d.sum(0)


# case: standard deviation 0, whole file; exercise: TwoLayerNet; base: templates
# old:
self.params["W1"] = rs.normal(scale=np.sqrt(2 / self.inp_dim), size=(self.hidden_dim, self.inp_dim))
self.params["W2"] = rs.normal(scale=np.sqrt(2 / (self.hidden_dim + self.out_dim)), size=(self.out_dim, self.hidden_dim))
# new:
self.params["W1"] = rs.normal(scale=0, size=(self.hidden_dim, self.inp_dim))
self.params["W2"] = rs.normal(scale=0, size=(self.out_dim, self.hidden_dim))


# case: columns, whole file; exercise: TwoLayerNet; base: columns
# old:
"W1": np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim),
# new:
"W1": np.zeros((hidden_dim, inp_dim)),


# case: W as (in, out), whole file; exercise: TwoLayerNet; base: in_out
# old:
self.params["W2"] = np.random.normal(0, np.sqrt(2 / (hidden_dim + out_dim)), (hidden_dim, out_dim))
# new:
self.params["W2"] = np.zeros((hidden_dim, out_dim))


# case: NumPy, whole file; exercise: initial_params; base: small_steps
# old:
params["W2"] = np.random.normal(0, np.sqrt(2 / (hidden_dim + out_dim)), (out_dim, hidden_dim))
# new:
params["W2"] = np.zeros((out_dim, hidden_dim))


# case: loops, whole file; exercise: initial_params; base: small_steps_loops
# old:
W1[i, j] = np.random.normal(0, math.sqrt(2 / inp_dim))
# new:
W1[i, j] = 0.01


# case: PyTorch, whole file; exercise: initial_params; base: small_steps_torch
# old:
W1 = torch.empty(hidden_dim, inp_dim).normal_(0, (2 / inp_dim) ** 0.5)
# new:
W1 = torch.ones(hidden_dim, inp_dim) * (2 / inp_dim) ** 0.5
