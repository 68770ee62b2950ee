"""numerical_gradient, written in other ways."""

# case: copies for each nudge; exercise: numerical_gradient
import numpy as np


def numerical_gradient(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for where in np.ndindex(*x.shape):
        right, left = x.copy(), x.copy()
        right[where] += h
        left[where] -= h
        gradient[where] = (f(right) - f(left)) / (2 * h)
    return gradient


# case: nditer, in place and put back; exercise: numerical_gradient
import numpy as np


def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros_like(x, dtype=np.float64)
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        i = it.multi_index
        saved = x[i]
        x[i] = saved + h
        plus = f(x)
        x[i] = saved - h
        minus = f(x)
        x[i] = saved
        grad[i] = 0.5 * (plus - minus) / h
        it.iternext()
    return grad


# case: PyTorch, rows of an identity; exercise: numerical_gradient
import torch


def numerical_gradient(f, x, h=1e-5):
    nudges = h * torch.eye(x.numel(), dtype=x.dtype)
    values = [(f(x + e.view_as(x)) - f(x - e.view_as(x))) / (2 * h) for e in nudges]
    return torch.stack([torch.as_tensor(v, dtype=x.dtype) for v in values]).view_as(x)


# case: five points, more exact still; exercise: numerical_gradient
import numpy as np


def numerical_gradient(f, x, h=1e-5):
    def along(direction):
        value = lambda k: float(f(x + k * h * direction))
        return (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * h)

    return np.array([along(e.reshape(x.shape)) for e in np.eye(x.size)]).reshape(x.shape)
