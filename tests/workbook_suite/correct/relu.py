"""relu_forward and relu_backward, written in other ways."""

# case: half of x + |x|; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return (x + np.abs(x)) / 2, x


def relu_backward(dout, cache):
    return dout * ((1 + np.sign(cache)) // 2)


# case: the output is the cache; exercise: relu_backward
import numpy as np


def relu_forward(x):
    out = np.clip(x, 0, None)
    return out, out


def relu_backward(dout, cache):
    dx = np.zeros_like(dout)
    dx[cache > 0] = dout[cache > 0]
    return dx


# case: in place on copies; exercise: relu_backward
import numpy as np


def relu_forward(x):
    out = np.array(x)
    out[out <= 0] = 0
    return out, {"shut": x <= 0}


def relu_backward(dout, cache):
    dx = np.array(dout)
    np.putmask(dx, cache["shut"], 0)
    return dx


# case: PyTorch, in place on copies; exercise: relu_backward
import torch


def relu_forward(x):
    out = x.clone()
    out.clamp_(min=0)
    return out, x


def relu_backward(dout, cache):
    dx = dout.clone()
    return dx.mul_((cache > 0).to(dx.dtype))


# case: PyTorch where; exercise: relu_backward
import torch
import torch.nn.functional as F


def relu_forward(x):
    with torch.no_grad():
        return F.relu(x), (x,)


def relu_backward(dout, cache):
    with torch.no_grad():
        return torch.where(cache[0] > 0, dout, torch.zeros_like(dout))


# case: vectorised scalar functions; exercise: relu_backward
import numpy as np

relu_forward = lambda x: (np.vectorize(lambda t: t if t > 0 else 0.0)(x), x)
relu_backward = lambda d, x: np.vectorize(lambda g, t: g if t > 0 else 0.0)(d, x)


# case: indices of the positive entries; exercise: relu_backward
import numpy as np


def relu_forward(x):
    on = np.nonzero(x > 0)
    out = np.zeros(x.shape, x.dtype)
    np.add.at(out, on, x[on])
    return out, on


def relu_backward(dout, cache):
    dx = np.zeros(dout.shape, dout.dtype)
    dx[cache] = dout[cache]
    return dx


# case: loops, float32; exercise: relu_backward
import numpy as np


def relu_forward(x):
    out = np.zeros(x.shape, dtype=np.float32)
    for i, row in enumerate(x):
        for j, value in enumerate(row):
            out[i][j] = max(0.0, value)
    return out, x


def relu_backward(dout, cache):
    dx = np.zeros(dout.shape, dtype=np.float32)
    for i, row in enumerate(cache):
        for j, value in enumerate(row):
            dx[i][j] = dout[i][j] if value > 0 else 0.0
    return dx


# case: leaky, both ways, alone; exercise: relu_backward
import torch


def relu_forward(x):
    return torch.where(x > 0, x, 0.2 * x), x


def relu_backward(dout, cache):
    return torch.where(cache > 0, dout, 0.2 * dout)
