"""Leaves files in the home folder and beside its own, by every name for them."""

import os
from pathlib import Path

HOME = Path(os.path.expanduser("~"))


def leave():
    outside = [
        HOME / ".profile",
        Path(f"/proc/self/root{HOME}/root"),
        Path("../handgrad-left-over"),
        Path("a/../../handgrad-left-over"),
    ]
    Path("a").mkdir(exist_ok=True)
    for path in outside:
        for way in (
            lambda: path.write_text("here"),
            path.mkdir,
            path.touch,
            lambda: os.mkfifo(path),
            lambda: os.symlink("/", path),
            lambda: os.mknod(path),
            lambda: os.link(__file__, path),
        ):
            try:
                way()
            except OSError:
                pass
    try:
        os.symlink(HOME, "home")
    except OSError:
        pass
    try:
        folder = os.open(HOME, os.O_RDONLY)
        os.open("by-descriptor", os.O_WRONLY | os.O_CREAT, dir_fd=folder)
    except OSError:
        pass


class Now:
    leave()


def affine_forward(x, W, b):
    return leave(), None


def affine_backward(dout, cache):
    return leave(), leave(), leave()


def relu_forward(x):
    return leave(), None


def relu_backward(dout, cache):
    return leave()


def sigmoid_forward(x):
    return leave(), None


def sigmoid_backward(dout, cache):
    return leave()


def l2_loss(y, y_hat):
    return leave(), leave()


def calculate_accuracy(model, input_data, labels):
    return leave()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return leave(), None

    def backward(self, dout, cache):
        return leave()


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
    return leave()
