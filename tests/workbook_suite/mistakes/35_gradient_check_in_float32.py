"""The difference of two nearly equal numbers is taken in float32."""

# case: x made float32, alone; exercise: numerical_gradient
import numpy as np


def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float32)
    grad = np.zeros_like(x)
    for i in np.ndindex(*x.shape):
        old = x[i]
        x[i] = old + h
        fp = f(x)
        x[i] = old - h
        fm = f(x)
        x[i] = old
        grad[i] = (fp - fm) / (2 * h)
    return grad


# case: PyTorch .float(), alone; exercise: numerical_gradient
import torch


def numerical_gradient(f, x, h=1e-5):
    x = x.float().clone()
    grad = torch.zeros_like(x)
    for i in range(x.numel()):
        keep = x.view(-1)[i].item()
        x.view(-1)[i] = keep + h
        up = f(x)
        x.view(-1)[i] = keep - h
        down = f(x)
        x.view(-1)[i] = keep
        grad.view(-1)[i] = (up - down) / (2 * h)
    return grad


# case: one-hot nudges of float32, alone; exercise: numerical_gradient
import numpy as np


def numerical_gradient(f, x, h=1e-5):
    flat = x.astype("float32").ravel()
    steps = np.eye(flat.size, dtype="float32") * np.float32(h)
    g = [(f((flat + s).reshape(x.shape)) - f((flat - s).reshape(x.shape))) / (2 * h) for s in steps]
    return np.array(g).reshape(x.shape)


# case: inlined, whole file; exercise: numerical_gradient; base: inlined
# old:
x = x.astype(float)
# new:
x = x.astype(np.float32)
# old:
e = np.zeros(x.size)
# new:
e = np.zeros(x.size, np.float32)


# case: PyTorch, whole file; exercise: numerical_gradient; base: torch_plain
# old:
flat, g = x.clone().reshape(-1), grad.view(-1)
# new:
flat, g = x.to(torch.float32).reshape(-1).clone(), grad.view(-1)


# case: the values of f made float32, alone; exercise: numerical_gradient
import numpy as np


def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros(x.shape, dtype=np.float32)
    for i in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        up, down = np.float32(f(x + step)), np.float32(f(x - step))
        grad[i] = (up - down) / np.float32(2 * h)
    return grad


# case: a copy of single precision, whole file; exercise: numerical_gradient; base: plain
# old:
grad = np.zeros_like(x)
# new:
x = x.astype(np.single)
grad = np.zeros_like(x)
