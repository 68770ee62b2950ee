"""A list that grows without end."""


def grow():
    kept = []
    while True:
        kept += [0.5] * 10**6


def affine_forward(x, W, b):
    return grow(), None


def affine_backward(dout, cache):
    return grow(), grow(), grow()


def relu_forward(x):
    return grow(), None


def relu_backward(dout, cache):
    return grow()


def sigmoid_forward(x):
    return grow(), None


def sigmoid_backward(dout, cache):
    return grow()


def l2_loss(y, y_hat):
    return grow(), grow()


def calculate_accuracy(model, input_data, labels):
    return grow()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return grow(), None

    def backward(self, dout, cache):
        return grow()


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
    return grow()
