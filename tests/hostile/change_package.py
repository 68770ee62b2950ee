"""Writes into the folder of the package, and deletes there what it wrote."""

import os
from pathlib import Path

import handgrad

FILE = Path(handgrad.__file__).parent / "workbook" / "planted_by_a_submission.py"


def change():
    for way in (
        lambda: FILE.write_text("passed = True"),
        lambda: os.open(FILE, os.O_WRONLY | os.O_CREAT),
        lambda: FILE.mkdir(),
        lambda: open(handgrad.__file__, "a"),
        lambda: open(handgrad.__file__, "r+"),
    ):
        try:
            way()
        except OSError:
            pass


class Now:
    change()


def affine_forward(x, W, b):
    return change(), None


def affine_backward(dout, cache):
    return change(), change(), change()


def relu_forward(x):
    return change(), None


def relu_backward(dout, cache):
    return change()


def sigmoid_forward(x):
    return change(), None


def sigmoid_backward(dout, cache):
    return change()


def l2_loss(y, y_hat):
    return change(), change()


def calculate_accuracy(model, input_data, labels):
    return change()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return change(), None

    def backward(self, dout, cache):
        return change()


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
    return change()
