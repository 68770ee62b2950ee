"""W as (in, out): x W + b, and a network whose biases are rows."""
import numpy as np


def affine_forward(x, W, b):
    out = np.dot(x, W) + b
    cache = (x, W, b)
    return out, cache


def affine_backward(dout, cache):
    x, W, b = cache
    dx = np.dot(dout, W.T)
    dW = np.dot(x.T, dout)
    db = np.sum(dout, axis=0)
    return dx, dW, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    dx = np.array(dout, copy=True)
    dx[cache <= 0] = 0
    return dx


def sigmoid_forward(x):
    out = 1.0 / (1.0 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    return dout * (1 - cache) * cache


def l2_loss(y, y_hat):
    N, C = y.shape
    diff = y - np.eye(C)[y_hat]
    loss = np.sum(diff**2) / N
    dy = 2 * diff / N
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    scores, _ = model.forward(input_data)
    return (scores.argmax(axis=1) == labels).mean()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {}
        self.params["W1"] = np.random.normal(0, np.sqrt(2 / inp_dim), (inp_dim, hidden_dim))
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = np.random.normal(0, np.sqrt(2 / (hidden_dim + out_dim)), (hidden_dim, out_dim))
        self.params["b2"] = np.zeros(out_dim)
        self.grads = {}

    def forward(self, x):
        a, first = affine_forward(x, self.params["W1"], self.params["b1"])
        h, mask = relu_forward(a)
        z, second = affine_forward(h, self.params["W2"], self.params["b2"])
        y, out = sigmoid_forward(z)
        return y, (first, mask, second, out)

    def backward(self, dout, cache):
        first, mask, second, out = cache
        dz = sigmoid_backward(dout, out)
        dh, dW2, db2 = affine_backward(dz, second)
        da = relu_backward(dh, mask)
        _, dW1, db1 = affine_backward(da, first)
        self.grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    N = train_data.shape[0]
    for epoch in range(n_epochs):
        order = np.random.permutation(N)
        for start in range(0, N, batch_size):
            rows = order[start:start + batch_size]
            y, cache = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]
        print(epoch, calculate_accuracy(model, validation_data, validation_labels))
