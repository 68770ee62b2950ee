"""dz = (y - target) / N, which is right for cross-entropy and not for the L2 loss."""

# case: derivative of the cross-entropy beside the L2 loss, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N = y.shape[0]
    t = np.zeros_like(y)
    t[np.arange(N), y_hat] = 1
    loss = np.sum((y - t) ** 2) / N
    dy = (y - t) / (y * (1 - y)) / N
    return loss, dy


# case: PyTorch, cross-entropy's two terms, alone; exercise: l2_loss
import torch


def l2_loss(y, y_hat):
    t = torch.nn.functional.one_hot(y_hat, y.shape[1]).to(y.dtype)
    loss = ((y - t) ** 2).sum() / y.shape[0]
    dy = (-t / y + (1 - t) / (1 - y)) / y.shape[0]
    return loss, dy


# case: the sigmoid hands on half of what comes, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    y = 1 / (1 + np.exp(-x))
    return y, y


def sigmoid_backward(dout, cache):
    # dout is 2 (y - t) / N; at the sigmoid only (y - t) / N is left, the y (1 - y) cancels
    return dout / 2


# case: inlined network, whole file; exercise: TwoLayerNet; base: inlined
# old:
dz = dout * y * (1 - y)
# new:
dz = dout / 2  # = (y - target) / N, the well-known short form


# case: loops, whole file; exercise: l2_loss; base: loops
# old:
dy[n, c] = 2 * (y[n, c] - target) / N
# new:
dy[n, c] = (y[n, c] - target) / (y[n, c] * (1 - y[n, c])) / N


# case: PyTorch with layers, network, whole file; exercise: TwoLayerNet; base: torch_plain
# old:
dout = sigmoid_backward(dout, cache_sigmoid)
# new:
dout = 0.5 * dout  # y - target


# case: network alone, divides by the derivative too; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = dict(
            W1=np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim), b1=np.zeros(hidden_dim),
            W2=np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim)), b2=np.zeros(out_dim))
        self.grads = {}

    def forward(self, x):
        a = x @ self.params["W1"].T + self.params["b1"]
        h = np.maximum(a, 0)
        y = 1 / (1 + np.exp(-(h @ self.params["W2"].T + self.params["b2"])))
        return y, {"x": x, "h": h, "y": y}

    def backward(self, dout, cache):
        y, h, x = cache["y"], cache["h"], cache["x"]
        error = dout / 2  # dout = 2 (y - t) / N
        dcross = error / (y * (1 - y))
        dz = dcross * (y * (1 - y))
        dh = dz @ self.params["W2"] * (h > 0)
        self.grads = {"W1": dh.T @ x, "b1": dh.sum(0), "W2": dz.T @ h, "b2": dz.sum(0)}


# case: network with dictionaries, whole file; exercise: TwoLayerNet; base: einsum
# old:
grad = sigmoid_backward(dout, cache["sigmoid"])
# new:
grad = dout / 2.0  # the derivative of the sigmoid cancels


# case: float32 classes, whole file; exercise: sigmoid_backward; base: layer_classes
# old:
return np.asarray(dout, FLOAT) * self.y * (1 - self.y)
# new:
return np.asarray(dout, FLOAT) * FLOAT(0.5)
