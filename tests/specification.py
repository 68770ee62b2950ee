"""The mathematics as the slowest obvious code: one number at a time, in nested loops. The truth in tests."""

import math

import numpy as np


def affine_forward(x, W, b):
    a = np.zeros((len(x), len(W)))
    for n in range(len(x)):
        for k in range(len(W)):
            for d in range(len(W[k])):
                a[n, k] += x[n, d] * W[k, d]
            if b is not None:
                a[n, k] += b[k]
    return a


def affine_backward(grad_a, x, W):
    grad_x, grad_W, grad_b = np.zeros(x.shape), np.zeros(W.shape), np.zeros(len(W))
    for n in range(len(x)):
        for k in range(len(W)):
            grad_b[k] += grad_a[n, k]
            for d in range(len(W[k])):
                grad_x[n, d] += grad_a[n, k] * W[k, d]
                grad_W[k, d] += grad_a[n, k] * x[n, d]
    return grad_x, grad_W, grad_b


def each(f, *arrays):
    """f on one number of each array at a time."""
    out = np.zeros(arrays[0].shape)
    for index in np.ndindex(out.shape):
        out[index] = f(*(array[index] for array in arrays))
    return out


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z > -700 else math.exp(z)


FORWARD = {
    "relu": lambda a: a if a > 0 else 0.0,
    "leaky_relu": lambda a: a if a > 0 else 0.01 * a,
    "tanh": math.tanh,
    "sigmoid": sigmoid,
    "none": lambda a: a,
}
SLOPE = {  # h'(a), from a alone
    "relu": lambda a: 1.0 if a > 0 else 0.0,
    "leaky_relu": lambda a: 1.0 if a > 0 else 0.01,
    "tanh": lambda a: 1 / math.cosh(a) ** 2,
    "sigmoid": lambda a: sigmoid(a) * (1 - sigmoid(a)),
    "none": lambda a: 1.0,
}


def l2_loss(y, labels):
    loss, grad_y, N = 0.0, np.zeros(y.shape), len(y)
    for i in range(N):
        for j in range(len(y[i])):
            target = 1.0 if labels[i] == j else 0.0
            loss += (y[i, j] - target) ** 2 / N
            grad_y[i, j] = 2 * (y[i, j] - target) / N
    return loss, grad_y


def cross_entropy_loss(z, labels):
    loss, grad_z, N = 0.0, np.zeros(z.shape), len(z)
    for i in range(N):
        total = sum(math.exp(z[i, j]) for j in range(len(z[i])))
        loss -= math.log(math.exp(z[i, labels[i]]) / total) / N
        for j in range(len(z[i])):
            grad_z[i, j] = (math.exp(z[i, j]) / total - (1.0 if labels[i] == j else 0.0)) / N
    return loss, grad_z


def loss_and_gradients(params, x, labels, activation, loss):
    """The whole network, out and back -> L, (grad_W1, grad_b1, grad_W2, grad_b2)."""
    W1, b1, W2, b2 = params
    a = affine_forward(x, W1, b1)
    h = each(FORWARD[activation], a)
    z = affine_forward(h, W2, b2)
    if loss == "l2":
        y = each(sigmoid, z)
        L, grad_y = l2_loss(y, labels)
        grad_z = each(lambda grad, y: grad * y * (1 - y), grad_y, y)
    else:
        L, grad_z = cross_entropy_loss(z, labels)
    grad_h, grad_W2, grad_b2 = affine_backward(grad_z, h, W2)
    grad_a = each(lambda grad, a: grad * SLOPE[activation](a), grad_h, a)
    _, grad_W1, grad_b1 = affine_backward(grad_a, x, W1)
    return L, (grad_W1, grad_b1, grad_W2, grad_b2)
