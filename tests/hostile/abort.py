"""Aborts the interpreter."""

import os


def affine_forward(x, W, b):
    return os.abort(), None


def affine_backward(dout, cache):
    return os.abort(), os.abort(), os.abort()


def relu_forward(x):
    return os.abort(), None


def relu_backward(dout, cache):
    return os.abort()


def sigmoid_forward(x):
    return os.abort(), None


def sigmoid_backward(dout, cache):
    return os.abort()


def l2_loss(y, y_hat):
    return os.abort(), os.abort()


def calculate_accuracy(model, input_data, labels):
    return os.abort()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return os.abort(), None

    def backward(self, dout, cache):
        return os.abort()


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
    return os.abort()
