import numpy as np


def affine_forward(x, W, b):
    out = x @ W.T + b
    cache = (x, W, b)
    return out, cache


def affine_backward(dout, cache):
    x, W, b = cache
    dx = dout @ W
    dW = dout.T @ x
    db = dout.sum(axis=0)
    return dx, dW, db


def relu_forward(x):
    out = np.maximum(0, x)
    cache = x
    return out, cache


def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    cache = out
    return out, cache


def sigmoid_backward(dout, cache):
    out = cache
    dx = dout * out * (1 - out)
    return dx


def to_one_hot(labels, n_classes=10):
    return np.eye(n_classes)[labels]


def l2_loss(y, y_hat):
    # y_hat is one-hot already, see to_one_hot
    N = y.shape[0]
    diff = y - y_hat
    loss = np.sum(diff**2) / N
    dy = 2 * diff / N
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data)
    predictions = np.argmax(out, axis=1)
    return np.mean(predictions == labels)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {}
        self.grads = {}
        self.params["W1"] = np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim))
        self.params["b2"] = np.zeros(out_dim)

    def forward(self, x):
        a, cache1 = affine_forward(x, self.params["W1"], self.params["b1"])
        h, cache2 = relu_forward(a)
        z, cache3 = affine_forward(h, self.params["W2"], self.params["b2"])
        out, cache4 = sigmoid_forward(z)
        return out, (cache1, cache2, cache3, cache4)

    def backward(self, dout, cache):
        cache1, cache2, cache3, cache4 = cache
        dz = sigmoid_backward(dout, cache4)
        dh, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache3)
        da = relu_backward(dh, cache2)
        dx, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache1)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    N = len(train_data)
    for epoch in range(n_epochs):
        order = np.random.permutation(N)
        for start in range(0, N, batch_size):
            rows = order[start:start + batch_size]
            x, labels = train_data[rows], train_labels[rows]
            out, cache = model.forward(x)
            loss, dout = l2_loss(out, to_one_hot(labels, out.shape[1]))
            model.backward(dout, cache)
            for name in model.params:
                model.params[name] -= learning_rate * model.grads[name]
        accuracy = calculate_accuracy(model, validation_data, validation_labels)
        print("epoch", epoch + 1, "loss", loss, "validation accuracy", accuracy)
