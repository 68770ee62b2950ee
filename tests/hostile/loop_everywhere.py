"""No function ever returns."""


def forever():
    while True:
        pass


def affine_forward(x, W, b):
    return forever(), None


def affine_backward(dout, cache):
    return forever(), forever(), forever()


def relu_forward(x):
    return forever(), None


def relu_backward(dout, cache):
    return forever()


def sigmoid_forward(x):
    return forever(), None


def sigmoid_backward(dout, cache):
    return forever()


def l2_loss(y, y_hat):
    return forever(), forever()


def calculate_accuracy(model, input_data, labels):
    return forever()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return forever(), None

    def backward(self, dout, cache):
        return forever()


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
    return forever()
