"""Ten gigabytes in each call."""

import numpy as np


def affine_forward(x, W, b):
    return np.ones(10 * 2**30 // 8), None


def affine_backward(dout, cache):
    return np.ones(10 * 2**30 // 8), np.ones(10 * 2**30 // 8), np.ones(10 * 2**30 // 8)


def relu_forward(x):
    return np.ones(10 * 2**30 // 8), None


def relu_backward(dout, cache):
    return np.ones(10 * 2**30 // 8)


def sigmoid_forward(x):
    return np.ones(10 * 2**30 // 8), None


def sigmoid_backward(dout, cache):
    return np.ones(10 * 2**30 // 8)


def l2_loss(y, y_hat):
    return np.ones(10 * 2**30 // 8), np.ones(10 * 2**30 // 8)


def calculate_accuracy(model, input_data, labels):
    return np.ones(10 * 2**30 // 8)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return np.ones(10 * 2**30 // 8), None

    def backward(self, dout, cache):
        return np.ones(10 * 2**30 // 8)


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
    return np.ones(10 * 2**30 // 8)
