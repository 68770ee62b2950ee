"""Sleeps."""

import time


def affine_forward(x, W, b):
    return time.sleep(10**6), None


def affine_backward(dout, cache):
    return time.sleep(10**6), time.sleep(10**6), time.sleep(10**6)


def relu_forward(x):
    return time.sleep(10**6), None


def relu_backward(dout, cache):
    return time.sleep(10**6)


def sigmoid_forward(x):
    return time.sleep(10**6), None


def sigmoid_backward(dout, cache):
    return time.sleep(10**6)


def l2_loss(y, y_hat):
    return time.sleep(10**6), time.sleep(10**6)


def calculate_accuracy(model, input_data, labels):
    return time.sleep(10**6)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return time.sleep(10**6), None

    def backward(self, dout, cache):
        return time.sleep(10**6)


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
    return time.sleep(10**6)
