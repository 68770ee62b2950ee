"""The gradient passes relu everywhere."""

# case: plain, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return np.maximum(0, x), None


def relu_backward(dout, cache):
    dx = dout * 1.0
    return dx


# case: both branches the same, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return x * (x > 0), {"x": x}


def relu_backward(dout, cache):
    return np.where(cache["x"] > 0, dout, dout)


# case: PyTorch, the mask of the output is true everywhere, alone; exercise: relu_backward
import torch


def relu_forward(x):
    out = x.clamp(min=0)
    return out, out


def relu_backward(dout, cache):
    mask = cache >= 0
    return dout * mask


# case: network skips relu, whole file; exercise: TwoLayerNet; base: plain
# old:
da = relu_backward(dh, cache2)
dx, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache1)
# new:
dx, self.grads["W1"], self.grads["b1"] = affine_backward(dh, cache1)


# case: inlined network in PyTorch, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
da = dh.masked_fill(s.a <= 0, 0.0)
# new:
da = dh


# case: loops, whole file; exercise: relu_backward; base: loops
# old:
if cache[n, h] > 0:
    dx[n, h] = dout[n, h]
# new:
dx[n, h] = dout[n, h]


# case: tape, whole file; exercise: relu_backward; base: tape
# old:
return np.multiply(slope, x), partial(np.multiply, slope)
# new:
return np.multiply(slope, x), partial(np.multiply, np.ones_like(x))


# case: the mask of the output, dictionary, whole file; exercise: relu_backward; base: templates
# old:
dx[cache["x"] <= 0] = 0
# new:
dx[np.maximum(cache["x"], 0) < 0] = 0


# case: columns, whole file; exercise: relu_backward; base: columns
# old:
return dout * (x > 0)
# new:
return dout


# case: classes, whole file; exercise: relu_backward; base: layers_only
# old:
return dout * self.mask
# new:
return dout


# case: leaky, whole file; exercise: relu_backward; base: leaky
# old:
return dout * slopes
# new:
return dout


# case: NumPy, whole file; exercise: network_backward; base: small_steps
# old:
da = relu_backward(dh, cache_h)
# new:
da = dh


# case: loops, whole file; exercise: network_backward; base: small_steps_loops
# old:
da = relu_backward(dh, cache["relu"])
# new:
da = dh * 1.0


# case: PyTorch, whole file; exercise: network_backward; base: small_steps_torch
# old:
d, W1, b1 = affine_backward(relu_backward(d, cache_relu), cache_1)
# new:
d, W1, b1 = affine_backward(d, cache_1)
