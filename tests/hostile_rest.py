"""What a hostile file answers where it does nothing worse: too little, quickly."""


def affine_forward(x, W, b):
    return 0, None


def affine_backward(dout, cache):
    return 0, 0, 0


def relu_forward(x):
    return 0, None


def relu_backward(dout, cache):
    return 0


def sigmoid_forward(x):
    return 0, None


def sigmoid_backward(dout, cache):
    return 0


def l2_loss(y, y_hat):
    return 0, 0


def calculate_accuracy(model, input_data, labels):
    return 0


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params, self.grads = {}, {}

    def forward(self, x):
        return 0, None

    def backward(self, dout, cache):
        return 0


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
    return 0
