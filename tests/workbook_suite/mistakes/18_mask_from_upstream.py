"""The mask of relu is taken from the gradient instead of the input."""

# case: np.maximum on the gradient, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    dx = np.maximum(0, dout)
    return dx


# case: PyTorch, alone; exercise: relu_backward
import torch


def relu_forward(x):
    return torch.relu(x), (x,)


def relu_backward(dout, cache):
    (x,) = cache
    dx = dout.clone()
    dx[dx < 0] = 0
    return dx


# case: loops, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    out = x.copy()
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            if out[i, j] < 0:
                out[i, j] = 0
    return out, x


def relu_backward(dout, cache):
    dx = np.zeros_like(dout)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            if dout[i, j] > 0:
                dx[i, j] = dout[i, j]
    return dx


# case: inlined network, whole file; exercise: TwoLayerNet; base: inlined
# old:
da = dh * (a > 0)
# new:
da = dh * (dh > 0)


# case: calls its own forward on the gradient, whole file; exercise: relu_backward; base: einsum
# old:
return np.where(cache["positive"], dout, 0.0)
# new:
return relu_forward(dout)[0]


# case: float32 classes, the mask is made on the way back, whole file; exercise: relu_backward; base: layer_classes
# old:
dx[~self.mask] = 0
# new:
dx[dx <= 0] = 0


# case: relu of the product, network alone; exercise: TwoLayerNet
import torch
import torch.nn.functional as F


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": torch.randn(hidden_dim, inp_dim) * (2 / inp_dim) ** 0.5,
            "b1": torch.zeros(hidden_dim),
            "W2": torch.randn(out_dim, hidden_dim) * (2 / (hidden_dim + out_dim)) ** 0.5,
            "b2": torch.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        h = F.relu(F.linear(x, self.params["W1"], self.params["b1"]))
        y = torch.sigmoid(F.linear(h, self.params["W2"], self.params["b2"]))
        return y, (x, h, y)

    def backward(self, dout, cache):
        x, h, y = cache
        dz = dout * y * (1 - y)
        dh = F.relu(dz @ self.params["W2"])
        self.grads = {"W1": dh.T @ x, "b1": dh.sum(0), "W2": dz.T @ h, "b2": dz.sum(0)}


# case: PyTorch clamp, whole file; exercise: relu_backward; base: torch_plain
# old:
dx = dout.clone()
dx[x <= 0] = 0
# new:
dx = torch.clamp(dout, min=0)


# case: columns, PyTorch, whole file; exercise: relu_backward; base: columns_torch
# old:
return dout * cache
# new:
return dout * (dout > 0)


# case: leaky, whole file; exercise: relu_backward; base: leaky
# old:
slopes = np.where(cache > 0, 1.0, SLOPE)
# new:
slopes = np.where(dout > 0, 1.0, SLOPE)


# case: leaky network, whole file; exercise: TwoLayerNet; base: leaky
# old:
da = dh * np.where(a > 0, 1, SLOPE)
# new:
da = dh * np.where(dh > 0, 1, SLOPE)
