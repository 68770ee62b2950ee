"""The way back is written out first to last: every factor is made before it is used."""
import numpy as np


class Cache:
    def __init__(self, **given):
        self.__dict__.update(given)


def affine_forward(x, W, b):
    return x @ W.T + b, Cache(x=x, W=W)


def affine_backward(dout, cache):
    return dout @ cache.W, dout.T @ cache.x, dout.sum(axis=0)


def relu_forward(x):
    return x.clip(min=0), Cache(local=np.where(x > 0, 1.0, 0.0))


def relu_backward(dout, cache):
    return cache.local * dout


def sigmoid_forward(x):
    y = 1 / (1 + np.exp(-x))
    return y, Cache(local=y * (1 - y))


def sigmoid_backward(dout, cache):
    return cache.local * dout


def l2_loss(y, y_hat):
    d = y - np.eye(y.shape[1])[y_hat]
    return (d * d).sum() / len(d), 2 / len(d) * d


def calculate_accuracy(model, input_data, labels):
    return (model.forward(input_data)[0].argmax(1) == labels).mean()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.normal(0, np.sqrt(2 / inp_dim), (hidden_dim, inp_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.normal(0, np.sqrt(2 / (hidden_dim + out_dim)), (out_dim, hidden_dim)),
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        a, first = affine_forward(x, self.params["W1"], self.params["b1"])
        h, relu = relu_forward(a)
        z, second = affine_forward(h, self.params["W2"], self.params["b2"])
        y, sigmoid = sigmoid_forward(z)
        return y, Cache(first=first, relu=relu, second=second, sigmoid=sigmoid, h=h, x=x)

    def backward(self, dout, cache):
        relu_slope, sigmoid_slope = cache.relu.local, cache.sigmoid.local  # local derivatives, first to last
        delta = dout * sigmoid_slope
        upstream = (delta @ cache.second.W) * relu_slope
        self.grads["W1"], self.grads["b1"] = upstream.T @ cache.x, upstream.sum(axis=0)
        self.grads["W2"], self.grads["b2"] = delta.T @ cache.h, delta.sum(axis=0)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    for _ in range(n_epochs):
        for rows in np.array_split(np.random.permutation(len(train_data)), max(1, -(-len(train_data) // batch_size))):
            y, cache = model.forward(train_data[rows])
            model.backward(l2_loss(y, train_labels[rows])[1], cache)
            for name, grad in model.grads.items():
                model.params[name] = model.params[name] - learning_rate * grad
