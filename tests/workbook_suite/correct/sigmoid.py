"""sigmoid_forward and sigmoid_backward, written in other ways."""

# case: naive exp; exercise: sigmoid_backward; remark: yes
import numpy as np


def sigmoid_forward(x):
    out = 1.0 / (1.0 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    return dout * cache * (1.0 - cache)


# case: naive power of e; exercise: sigmoid_backward; remark: yes
import numpy as np


def sigmoid_forward(x):
    return np.reciprocal(1 + np.e ** (-x)), x


def sigmoid_backward(dout, cache):
    s = np.reciprocal(1 + np.e ** (-cache))
    return dout * (s - s * s)


# case: tanh; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    t = np.tanh(0.5 * x)
    return 0.5 + 0.5 * t, t


def sigmoid_backward(dout, cache):
    return dout * 0.25 * (1 - cache**2)


# case: masks for both signs; exercise: sigmoid_backward
import numpy as np


def stable(x):
    result = np.zeros(x.shape)
    positive = x >= 0
    result[positive] = 1 / (1 + np.exp(-x[positive]))
    grown = np.exp(x[~positive])
    result[~positive] = grown / (grown + 1)
    return result


def sigmoid_forward(x):
    return stable(x), {"x": x}


def sigmoid_backward(dout, cache):
    return dout * stable(cache["x"]) * stable(-cache["x"])


# case: clipped before exp; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    y = 1 / (1 + np.exp(-np.clip(x, -500, 500)))
    return y, (x, y)


def sigmoid_backward(dout, cache):
    _, y = cache
    return np.multiply(np.multiply(dout, y), np.subtract(1, y))


# case: warnings switched off, float32; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    with np.errstate(over="ignore"):
        y = (1 / (1 + np.exp(-x.astype(np.float32)))).astype(np.float32)
    return y, y


def sigmoid_backward(dout, cache):
    return dout.astype(np.float32) * cache * (np.float32(1) - cache)


# case: logarithm first; exercise: sigmoid_backward
import numpy as np


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


def sigmoid_forward(x):
    return np.exp(log_sigmoid(x)), x


def sigmoid_backward(dout, cache):
    return dout * np.exp(log_sigmoid(cache) + log_sigmoid(-cache))


# case: math.exp in loops; exercise: sigmoid_backward
from math import exp

import numpy as np


def s(v):
    return 1 / (1 + exp(-v)) if v > 0 else 1 - 1 / (1 + exp(v))


def sigmoid_forward(x):
    return np.array([[s(v) for v in row] for row in x]), x


def sigmoid_backward(dout, cache):
    return np.array([[d * s(v) * (1 - s(v)) for d, v in zip(drow, row)] for drow, row in zip(dout, cache)])


# case: scipy; exercise: sigmoid_backward
import numpy as np
from scipy.special import expit


def sigmoid_forward(x):
    y = expit(x)
    return y, y


def sigmoid_backward(dout, cache):
    return dout * np.einsum("ij,ij->ij", cache, 1 - cache)


# case: PyTorch, ready-made; exercise: sigmoid_backward
import torch


def sigmoid_forward(x):
    out = torch.sigmoid(x)
    return out, (out, 1 - out)


def sigmoid_backward(dout, cache):
    y, rest = cache
    return torch.mul(dout, y).mul(rest)


# case: PyTorch, by hand, in place on its own tensor; exercise: sigmoid_backward
import torch


def sigmoid_forward(x):
    out = torch.neg(x).exp_().add_(1).reciprocal_()
    return out, out


def sigmoid_backward(dout, cache):
    dx = cache.clone()
    dx.mul_(1 - cache).mul_(dout)
    return dx


# case: finite differences as backward; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    return 0.5 * (1 + np.tanh(x / 2)), x


def sigmoid_backward(dout, cache):
    h = 1e-5
    slope = (sigmoid_forward(cache + h)[0] - sigmoid_forward(cache - h)[0]) / (2 * h)
    return dout * slope
