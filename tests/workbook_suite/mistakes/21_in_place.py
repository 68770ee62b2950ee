"""The input array, or the gradient that came in, is changed."""

# case: relu forward, plain, alone; exercise: relu_forward
import numpy as np


def relu_forward(x):
    x[x < 0] = 0
    return x, x


def relu_backward(dout, cache):
    return dout * (cache > 0)


# case: relu forward with out=, alone; exercise: relu_forward
import numpy as np


def relu_forward(x):
    mask = x > 0
    out = np.maximum(x, 0, out=x)
    return out, mask


# case: relu forward, PyTorch clamp_, alone; exercise: relu_forward
import torch


def relu_forward(x):
    positive = x > 0
    out = x.clamp_(min=0)
    return out, positive


def relu_backward(dout, cache):
    return torch.where(cache, dout, torch.zeros_like(dout))


# case: relu backward, plain, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    dx = dout
    dx[cache <= 0] = 0
    return dx


# case: sigmoid backward, augmented assignment, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    dout *= cache
    dout *= 1 - cache
    return dout


# case: one-hot subtracted from y itself, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    n = y.shape[0]
    diff = y
    diff[np.arange(n), y_hat] -= 1
    return (diff**2).sum() / n, 2 * diff / n


# case: PyTorch, relu backward, whole file; exercise: relu_backward; base: torch_plain
# old:
dx = dout.clone()
dx[x <= 0] = 0
# new:
dx = dout
dx[x <= 0] = 0


# case: relu forward without the copy, whole file; exercise: relu_forward; base: templates
# old:
out = x.copy()
out[out < 0] = 0
# new:
out = x
out[out < 0] = 0


# case: sigmoid forward, every step with out=, alone; exercise: sigmoid_forward
import numpy as np


def sigmoid_forward(x):
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    y = 1 / x
    return y, y


def sigmoid_backward(dout, cache):
    return dout * cache * (1 - cache)


# case: network, the gradient that comes in is overwritten, whole file; exercise: TwoLayerNet; base: inlined
# old:
dz = dout * y * (1 - y)
# new:
dout *= y * (1 - y)
dz = dout


# case: PyTorch, relu_ on the layer's input, whole file; exercise: relu_forward; base: torch_plain
# old:
out = torch.clamp(x, min=0)
# new:
out = torch.relu_(x)


# case: PyTorch, one-hot subtracted from y, whole file; exercise: l2_loss; base: torch_objects
# old:
difference = y - one_hot(y_hat, n_classes, y)
# new:
difference = y.sub_(one_hot(y_hat, n_classes, y))


# case: PyTorch, sigmoid backward mul_, alone; exercise: sigmoid_backward
import torch


def sigmoid_forward(x):
    y = torch.sigmoid(x)
    return y, y


def sigmoid_backward(dout, cache):
    return dout.mul_(cache).mul_(1 - cache)


# case: columns, whole file; exercise: relu_forward; base: columns
# old:
out = np.maximum(0, x)
return out, x
# new:
x[x < 0] = 0
return x, x


# case: NumPy, whole file; exercise: momentum_step; base: small_steps
# old:
v = keep * velocity + grad
param = param - learning_rate * v
# new:
velocity *= keep
velocity += grad
v = velocity
param = param - learning_rate * v


# case: loops, whole file; exercise: momentum_step; base: small_steps_loops
# old:
return param + velocity, velocity
# new:
param += velocity
return param, velocity


# case: PyTorch, whole file; exercise: momentum_step; base: small_steps_torch
# old:
velocity = velocity.mul(keep).add(grad)
# new:
velocity = velocity.mul_(keep).add_(grad)
