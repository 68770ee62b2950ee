"""Errors whose message never comes, and errors in errors."""


class Slow(Exception):
    def __str__(self):
        while True:
            pass


class Broken(Exception):
    def __str__(self):
        raise KeyboardInterrupt


def throw():
    raise Slow from Broken()


def affine_forward(x, W, b):
    return throw(), None


def affine_backward(dout, cache):
    return throw(), throw(), throw()


def relu_forward(x):
    return throw(), None


def relu_backward(dout, cache):
    return throw()


def sigmoid_forward(x):
    return throw(), None


def sigmoid_backward(dout, cache):
    return throw()


def l2_loss(y, y_hat):
    return throw(), throw()


def calculate_accuracy(model, input_data, labels):
    return throw()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return throw(), None

    def backward(self, dout, cache):
        return throw()


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
    return throw()
