"""Calls home, and waits to be called."""

import socket


def call():
    for kind in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        try:
            listening = socket.socket(kind)
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            listening.accept()
        except OSError:
            pass
    socket.create_connection(("127.0.0.1", 9))


def affine_forward(x, W, b):
    return call(), None


def affine_backward(dout, cache):
    return call(), call(), call()


def relu_forward(x):
    return call(), None


def relu_backward(dout, cache):
    return call()


def sigmoid_forward(x):
    return call(), None


def sigmoid_backward(dout, cache):
    return call()


def l2_loss(y, y_hat):
    return call(), call()


def calculate_accuracy(model, input_data, labels):
    return call()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return call(), None

    def backward(self, dout, cache):
        return call()


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
    return call()
