"""1/N applied twice: in the loss, and once more somewhere behind it."""

# case: divided in two places of the loss, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N = len(y)
    target = np.zeros_like(y)
    target[np.arange(N), y_hat] = 1
    loss = np.sum((y - target) ** 2) / N
    mean_error = (y - target) / N
    dy = 2 * mean_error / N
    return loss, dy


# case: weights and bias both averaged, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    m = x.shape[0]
    dW = np.dot(dout.T, x) / m
    db = np.sum(dout, axis=0) / m
    dx = np.dot(dout, W)
    return dx, dW, db


# case: einsum, only the weights averaged, alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return np.einsum("nd,od->no", x, W) + b, {"x": x, "W": W}


def affine_backward(dout, cache):
    n = dout.shape[0]
    dx = np.einsum("no,od->nd", dout, cache["W"])
    dW = np.einsum("no,nd->od", dout, cache["x"]) / n
    db = np.einsum("no->o", dout)
    return dx, dW, db


# case: PyTorch, the sigmoid averages, alone; exercise: sigmoid_backward
import torch


def sigmoid_forward(x):
    out = torch.sigmoid(x)
    return out, out


def sigmoid_backward(dout, cache):
    batch = dout.shape[0]
    return dout * cache * (1 - cache) / batch


# case: inlined network, averages all gradients, whole file; exercise: TwoLayerNet; base: inlined
# old:
self.grads["W1"] = da.T @ x
self.grads["b1"] = da.sum(0)
# new:
self.grads["W1"] = da.T @ x
self.grads["b1"] = da.sum(0)
for k in self.grads:  # average over the mini-batch
    self.grads[k] = self.grads[k] / len(x)


# case: PyTorch, network divides before it goes back, whole file; exercise: TwoLayerNet; base: torch_plain
# old:
dout = sigmoid_backward(dout, cache_sigmoid)
# new:
dout = sigmoid_backward(dout / dout.size(0), cache_sigmoid)


# case: loops, whole file; exercise: affine_backward; base: loops
# old:
dx[n, d] += dout[n, h] * W[h, d]
dW[h, d] += dout[n, h] * x[n, d]
# new:
dx[n, d] += dout[n, h] * W[h, d]
dW[h, d] += dout[n, h] * x[n, d] / N
# old:
db[h] += dout[n, h]
# new:
db[h] += dout[n, h] / N


# case: network alone, the mean of what comes; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.sqrt(2 / inp_dim) * np.random.randn(hidden_dim, inp_dim), "b1": np.zeros(hidden_dim),
            "W2": np.sqrt(2 / (hidden_dim + out_dim)) * np.random.randn(out_dim, hidden_dim), "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        a = x @ self.params["W1"].T + self.params["b1"]
        h = np.maximum(a, 0)
        y = 1 / (1 + np.exp(-h @ self.params["W2"].T - self.params["b2"]))
        return y, {"x": x, "a": a, "h": h, "y": y}

    def backward(self, dout, cache):
        m = cache["x"].shape[0]
        dz = dout * cache["y"] * (1 - cache["y"])
        da = (dz @ self.params["W2"]) * (cache["a"] > 0)
        self.grads["W2"] = 1 / m * dz.T @ cache["h"]
        self.grads["b2"] = 1 / m * dz.sum(axis=0)
        self.grads["W1"] = 1 / m * da.T @ cache["x"]
        self.grads["b1"] = 1 / m * da.sum(axis=0)


# case: tape, whole file; exercise: affine_backward; base: tape
# old:
return d @ W, d.T @ x, d.sum(axis=0)
# new:
return d @ W, d.T @ x / len(x), d.sum(axis=0) / len(x)


# case: PyTorch loss, whole file; exercise: l2_loss; base: torch_plain
# old:
dy = 2 * diff / N
# new:
dy = 2 * diff / N
dy = dy / N  # average gradient


# case: the training loop averages again, alone; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for i in range(0, len(order), batch_size):
            rows = order[i:i + batch_size]
            y, cache = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy / len(rows), cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]


# case: columns, whole file; exercise: affine_backward; base: columns
# old:
dW = dout @ x.T
db = dout.sum(axis=1, keepdims=True)
# new:
dW = dout @ x.T / x.shape[1]
db = dout.sum(axis=1, keepdims=True) / x.shape[1]


# case: W as (in, out), whole file; exercise: affine_backward; base: in_out
# old:
dW = np.dot(x.T, dout)
db = np.sum(dout, axis=0)
# new:
dW = np.dot(x.T, dout) / len(x)
db = np.sum(dout, axis=0) / len(x)
