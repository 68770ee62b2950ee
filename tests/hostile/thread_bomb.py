"""Starts threads as long as it can."""

import threading
import time


def breed():
    while True:
        threading.Thread(target=time.sleep, args=(1000,)).start()


def affine_forward(x, W, b):
    return breed(), None


def affine_backward(dout, cache):
    return breed(), breed(), breed()


def relu_forward(x):
    return breed(), None


def relu_backward(dout, cache):
    return breed()


def sigmoid_forward(x):
    return breed(), None


def sigmoid_backward(dout, cache):
    return breed()


def l2_loss(y, y_hat):
    return breed(), breed()


def calculate_accuracy(model, input_data, labels):
    return breed()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return breed(), None

    def backward(self, dout, cache):
        return breed()


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
    return breed()
