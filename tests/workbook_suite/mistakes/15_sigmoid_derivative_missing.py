"""The gradient passes the sigmoid as if it were not there."""

# case: plain, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    dx = dout.copy()
    return dx


# case: PyTorch, times ones, alone; exercise: sigmoid_backward
import torch


def sigmoid_forward(x):
    return torch.sigmoid(x), x.shape


def sigmoid_backward(dout, cache):
    dx = dout * torch.ones(cache, dtype=dout.dtype)
    return dx


# case: network skips the sigmoid, whole file; exercise: TwoLayerNet; base: plain
# old:
dz = sigmoid_backward(dout, cache4)
dh, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache3)
# new:
dh, self.grads["W2"], self.grads["b2"] = affine_backward(dout, cache3)


# case: inlined network, whole file; exercise: TwoLayerNet; base: inlined
# old:
dz = dout * y * (1 - y)
# new:
dz = dout


# case: PyTorch, network skips the sigmoid, whole file; exercise: TwoLayerNet; base: torch_plain
# old:
dout = sigmoid_backward(dout, cache_sigmoid)
dout, dW2, db2 = affine_backward(dout, cache_affine2)
# new:
dout, dW2, db2 = affine_backward(dout, cache_affine2)


# case: a class of its own, alone; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.normal(0, (2 / inp_dim) ** 0.5, (hidden_dim, inp_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.normal(0, (2 / (hidden_dim + out_dim)) ** 0.5, (out_dim, hidden_dim)),
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.hidden = np.maximum(x @ self.params["W1"].T + self.params["b1"], 0)
        out = 1 / (1 + np.exp(-(self.hidden @ self.params["W2"].T + self.params["b2"])))
        return out, (self.x, self.hidden, out)

    def backward(self, dout, cache):
        x, hidden, out = cache
        self.grads["W2"] = dout.T @ hidden
        self.grads["b2"] = dout.sum(axis=0)
        dhidden = dout @ self.params["W2"]
        dhidden = np.where(hidden > 0, dhidden, 0)
        self.grads["W1"] = dhidden.T @ x
        self.grads["b1"] = dhidden.sum(axis=0)


# case: float32 classes, whole file; exercise: sigmoid_backward; base: layer_classes
# old:
return np.asarray(dout, FLOAT) * self.y * (1 - self.y)
# new:
return np.array(dout, FLOAT)


# case: tape without the last step, whole file; exercise: TwoLayerNet; base: tape
# old:
dz = sigmoid(dout)
# new:
dz = dout


# case: columns, PyTorch, whole file; exercise: sigmoid_backward; base: columns_torch
# old:
return dout * cache * (1 - cache)
# new:
return dout


# case: classes, whole file; exercise: sigmoid_backward; base: layers_only
# old:
return dout * self.out * (1 - self.out)
# new:
return dout


# case: leaky network, whole file; exercise: TwoLayerNet; base: leaky
# old:
dz = dout * y * (1 - y)
# new:
dz = dout


# case: NumPy, whole file; exercise: network_backward; base: small_steps
# old:
dz = sigmoid_backward(dout, cache_y)
# new:
dz = dout


# case: loops, whole file; exercise: network_backward; base: small_steps_loops
# old:
dz = sigmoid_backward(dout, cache["sigmoid"])
# new:
dz = dout.copy()


# case: PyTorch, whole file; exercise: network_backward; base: small_steps_torch
# old:
d, W2, b2 = affine_backward(sigmoid_backward(dout, cache_sigmoid), cache_2)
# new:
d, W2, b2 = affine_backward(dout, cache_2)
