"""Each layer is an object with forward and backward that keeps what it needs."""
import numpy as np


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.x = self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.x
        self.db = dout.sum(axis=0)
        return dout @ self.W


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1.0 - self.out)


def l2_loss(y, y_hat):
    diff = y - np.eye(y.shape[1])[y_hat]
    return np.sum(diff**2) / len(y), 2 * diff / len(y)


def calculate_accuracy(model, input_data, labels):
    return np.mean(model.forward(input_data)[0].argmax(axis=1) == labels)


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
        layers = [
            Affine(self.params["W1"], self.params["b1"]), ReLU(),
            Affine(self.params["W2"], self.params["b2"]), Sigmoid(),
        ]
        for layer in layers:
            x = layer.forward(x)
        return x, layers

    def backward(self, dout, cache):
        for layer in reversed(cache):
            dout = layer.backward(dout)
        self.grads = {"W1": cache[0].dW, "b1": cache[0].db, "W2": cache[2].dW, "b2": cache[2].db}


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for i in range(0, len(order), batch_size):
            rows = order[i:i + batch_size]
            y, cache = model.forward(train_data[rows])
            loss, dout = l2_loss(y, train_labels[rows])
            model.backward(dout, cache)
            for k in model.params:
                model.params[k] -= learning_rate * model.grads[k]
