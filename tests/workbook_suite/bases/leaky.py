"""Leaky ReLU throughout, of a slope of its own, in a network that computes everything itself."""
import numpy as np

SLOPE = 0.02


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    return dout @ W, dout.T @ x, dout.sum(0)


def relu_forward(x):
    out = np.where(x > 0, x, SLOPE * x)
    return out, x


def relu_backward(dout, cache):
    slopes = np.where(cache > 0, 1.0, SLOPE)
    return dout * slopes


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    return dout * cache * (1 - cache)


def l2_loss(y, y_hat):
    diff = y - np.eye(y.shape[1])[y_hat]
    return (diff**2).sum() / len(y), 2 * diff / len(y)


def calculate_accuracy(model, input_data, labels):
    return (model.forward(input_data)[0].argmax(1) == labels).mean()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim)),
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        a = x @ self.params["W1"].T + self.params["b1"]
        h = np.where(a > 0, a, SLOPE * a)
        z = h @ self.params["W2"].T + self.params["b2"]
        y = 1 / (1 + np.exp(-z))
        return y, (x, a, h, y)

    def backward(self, dout, cache):
        x, a, h, y = cache
        dz = dout * y * (1 - y)
        dh = dz @ self.params["W2"]
        da = dh * np.where(a > 0, 1, SLOPE)
        self.grads["W1"] = da.T @ x
        self.grads["b1"] = da.sum(0)
        self.grads["W2"] = dz.T @ h
        self.grads["b2"] = dz.sum(0)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for start in range(0, len(order), batch_size):
            rows = order[start:start + batch_size]
            y, cache = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]
        print(epoch, loss, calculate_accuracy(model, validation_data, validation_labels))
