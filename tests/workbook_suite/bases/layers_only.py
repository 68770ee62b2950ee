"""Nothing but classes: layers that keep their weights, caches and gradients, and a network that is a list of them."""
import numpy as np


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.x = None
        self.dW, self.db = None, None

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
        return dout * self.out * (1 - self.out)


class L2Loss:
    def forward(self, y, labels):
        target = np.zeros_like(y)
        target[np.arange(len(y)), labels] = 1
        self.diff = y - target
        return np.sum(self.diff**2) / len(y)

    def backward(self):
        return 2 * self.diff / len(self.diff)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        W1 = np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim)
        W2 = np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim))
        self.layers = [Affine(W1, np.zeros(hidden_dim)), ReLU(), Affine(W2, np.zeros(out_dim)), Sigmoid()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

    def step(self, learning_rate):
        for layer in self.layers:
            if isinstance(layer, Affine):
                layer.W -= learning_rate * layer.dW
                layer.b -= learning_rate * layer.db


def calculate_accuracy(model, input_data, labels):
    return np.mean(model.forward(input_data).argmax(axis=1) == labels)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    loss = L2Loss()
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for start in range(0, len(order), batch_size):
            rows = order[start:start + batch_size]
            value = loss.forward(model.forward(train_data[rows]), train_labels[rows])
            model.backward(loss.backward())
            model.step(learning_rate)
        print(epoch, value, calculate_accuracy(model, validation_data, validation_labels))
