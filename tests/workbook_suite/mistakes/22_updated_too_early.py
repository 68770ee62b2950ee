"""W2 is updated before it is used on the way back."""

# case: network that moves itself, whole file; exercise: TwoLayerNet; base: inlined
# old:
self.grads = dict.fromkeys(self.params)
# new:
self.grads = dict.fromkeys(self.params)
self.learning_rate = 0.1
# old:
self.grads["W2"] = dz.T @ h
self.grads["b2"] = dz.sum(0)
# new:
self.grads["W2"] = dz.T @ h
self.grads["b2"] = dz.sum(0)
self.params["W2"] -= self.learning_rate * self.grads["W2"]
self.params["b2"] -= self.learning_rate * self.grads["b2"]
# old:
self.grads["b1"] = da.sum(0)
# new:
self.grads["b1"] = da.sum(0)
self.params["W1"] -= self.learning_rate * self.grads["W1"]
self.params["b1"] -= self.learning_rate * self.grads["b1"]
# old:
model.backward(dy, cache)
for k, g in model.grads.items():
    model.params[k] -= learning_rate * g
# new:
model.learning_rate = learning_rate
model.backward(dy, cache)


# case: PyTorch, layer by layer, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
self.grads = {}
# new:
self.grads = {}
self.lr = 0.05
# old:
def backward(self, dout, cache):
    s = cache
    dz = dout * s.y * (1 - s.y)
    dh = dz @ self.params["W2"]
    da = dh.masked_fill(s.a <= 0, 0.0)
    self.grads["W2"] = dz.T @ s.h
    self.grads["b2"] = dz.sum(dim=0)
    self.grads["W1"] = da.T @ s.x
    self.grads["b1"] = da.sum(dim=0)
# new:
def step(self, name, grad):
    self.grads[name] = grad
    self.params[name] = self.params[name] - self.lr * grad

def backward(self, dout, cache):
    s = cache
    dz = dout * s.y * (1 - s.y)
    self.step("W2", dz.T @ s.h)
    self.step("b2", dz.sum(dim=0))
    dh = dz @ self.params["W2"]
    da = dh.masked_fill(s.a <= 0, 0.0)
    self.step("W1", da.T @ s.x)
    self.step("b1", da.sum(dim=0))
# old:
model.backward(dy, saved)
step(model, learning_rate)
# new:
model.lr = learning_rate
model.backward(dy, saved)


# case: network alone, updates as it goes; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim, lr=0.5):
        self.lr = lr
        self.params = {
            "W1": np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim)),
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def update(self, name):
        self.params[name] = self.params[name] - self.lr * self.grads[name]

    def forward(self, x):
        a = np.dot(x, self.params["W1"].T) + self.params["b1"]
        h = np.where(a > 0, a, 0)
        z = np.dot(h, self.params["W2"].T) + self.params["b2"]
        y = 1 / (1 + np.exp(-z))
        return y, {"x": x, "a": a, "h": h, "y": y}

    def backward(self, dout, cache):
        dz = dout * cache["y"] * (1 - cache["y"])
        self.grads["W2"] = np.dot(dz.T, cache["h"])
        self.grads["b2"] = np.sum(dz, axis=0)
        self.update("W2")
        self.update("b2")
        dh = np.dot(dz, self.params["W2"])
        da = np.where(cache["a"] > 0, dh, 0)
        self.grads["W1"] = np.dot(da.T, cache["x"])
        self.grads["b1"] = np.sum(da, axis=0)
        self.update("W1")
        self.update("b1")


# case: training loop with everything inside, alone; exercise: train_model
import numpy as np


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    p = model.params
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for i in range(0, len(order), batch_size):
            rows = order[i:i + batch_size]
            x, labels = train_data[rows], train_labels[rows]
            # forward
            a = x @ p["W1"].T + p["b1"]
            h = np.maximum(a, 0)
            y = 1 / (1 + np.exp(-(h @ p["W2"].T + p["b2"])))
            t = np.eye(y.shape[1])[labels]
            # second layer
            dz = 2 / len(rows) * (y - t) * y * (1 - y)
            p["W2"] -= learning_rate * dz.T @ h
            p["b2"] -= learning_rate * dz.sum(0)
            # first layer
            da = (dz @ p["W2"]) * (a > 0)
            p["W1"] -= learning_rate * da.T @ x
            p["b1"] -= learning_rate * da.sum(0)


# case: the rate handed to backward, whole file; exercise: train_model; base: plain
# old:
def backward(self, dout, cache):
    cache1, cache2, cache3, cache4 = cache
    dz = sigmoid_backward(dout, cache4)
    dh, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache3)
# new:
def backward(self, dout, cache, learning_rate=0):
    cache1, cache2, cache3, cache4 = cache
    dz = sigmoid_backward(dout, cache4)
    _, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache3)
    self.params["W2"] -= learning_rate * self.grads["W2"]
    self.params["b2"] -= learning_rate * self.grads["b2"]
    dh = dz @ self.params["W2"]
# old:
dx, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache1)
# new:
dx, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache1)
self.params["W1"] -= learning_rate * self.grads["W1"]
self.params["b1"] -= learning_rate * self.grads["b1"]
# old:
model.backward(dout, cache)
for name in model.params:
    model.params[name] -= learning_rate * model.grads[name]
# new:
model.backward(dout, cache, learning_rate)


# case: PyTorch, training loop with everything inside, alone; exercise: train_model
import torch


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        for rows in torch.randperm(len(train_data)).split(batch_size):
            x, labels = train_data[rows], train_labels[rows]
            W1, b1, W2, b2 = (model.params[k] for k in ("W1", "b1", "W2", "b2"))
            a = x @ W1.T + b1
            h = torch.relu(a)
            y = torch.sigmoid(h @ W2.T + b2)
            t = torch.nn.functional.one_hot(labels, y.shape[1]).to(y.dtype)
            dz = 2 / len(rows) * (y - t) * y * (1 - y)
            W2 -= learning_rate * dz.T @ h
            b2 -= learning_rate * dz.sum(0)
            da = (dz @ W2) * (a > 0)
            W1 -= learning_rate * da.T @ x
            b1 -= learning_rate * da.sum(0)


# case: columns, whole file; exercise: TwoLayerNet; base: columns
# old:
dh, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache3)
# new:
_, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache3)
self.params["W2"] -= 0.1 * self.grads["W2"]
dh = self.params["W2"].T @ dz


# case: W as (in, out), whole file; exercise: TwoLayerNet; base: in_out
# old:
dh, dW2, db2 = affine_backward(dz, second)
# new:
_, dW2, db2 = affine_backward(dz, second)
self.params["W2"] -= 0.01 * dW2
dh = dz @ self.params["W2"].T
