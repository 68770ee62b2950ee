"""Images as columns: W x + b, with biases that are columns too."""
import numpy as np


def affine_forward(x, W, b):
    out = W @ x + b
    cache = (x, W, b)
    return out, cache


def affine_backward(dout, cache):
    x, W, b = cache
    dx = W.T @ dout
    dW = dout @ x.T
    db = dout.sum(axis=1, keepdims=True)
    return dx, dW, db


def relu_forward(x):
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    x = cache
    return dout * (x > 0)


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    out = cache
    return dout * out * (1 - out)


def l2_loss(y, y_hat):
    C, N = y.shape
    target = np.zeros((C, N))
    target[y_hat, np.arange(N)] = 1
    diff = y - target
    loss = np.sum(diff**2) / N
    dy = 2 * diff / N
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data)
    predictions = np.argmax(out, axis=0)
    return np.mean(predictions == labels)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim),
            "b1": np.zeros((hidden_dim, 1)),
            "W2": np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim)),
            "b2": np.zeros((out_dim, 1)),
        }
        self.grads = {}

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
    N = train_data.shape[1]
    for epoch in range(n_epochs):
        order = np.random.permutation(N)
        for start in range(0, N, batch_size):
            columns = order[start:start + batch_size]
            x, labels = train_data[:, columns], train_labels[columns]
            out, cache = model.forward(x)
            loss, dout = l2_loss(out, labels)
            model.backward(dout, cache)
            for name in model.params:
                model.params[name] -= learning_rate * model.grads[name]
        accuracy = calculate_accuracy(model, validation_data, validation_labels)
        print("epoch", epoch + 1, "loss", loss, "validation accuracy", accuracy)
