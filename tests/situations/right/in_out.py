from builtins import range

import numpy as np


def affine_forward(x, w, b):
    """x: (N, D), w: (D, M), b: (M,)"""
    out = x.reshape(x.shape[0], -1).dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return np.where(cache > 0, dout, 0)


def sigmoid_forward(x):
    out = 1.0 / (1.0 + np.exp(-x))
    return out, out


def sigmoid_backward(dout, cache):
    return dout * cache * (1.0 - cache)


def l2_loss(y, y_hat):
    num = y.shape[0]
    diff = y.copy()
    diff[range(num), y_hat] -= 1.0
    return np.sum(diff * diff) / num, 2.0 * diff / num


def calculate_accuracy(model, input_data, labels):
    return np.mean(np.argmax(model.forward(input_data)[0], axis=1) == labels)


class TwoLayerNet(object):
    def __init__(self, input_dim=784, hidden_dim=100, num_classes=10):
        self.params = {}
        self.grads = {}
        self.params["W1"] = np.sqrt(2.0 / input_dim) * np.random.randn(input_dim, hidden_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = np.sqrt(2.0 / (hidden_dim + num_classes)) * np.random.randn(hidden_dim, num_classes)
        self.params["b2"] = np.zeros(num_classes)

    def forward(self, X):
        a1, cache1 = affine_forward(X, self.params["W1"], self.params["b1"])
        h1, cache_relu = relu_forward(a1)
        a2, cache2 = affine_forward(h1, self.params["W2"], self.params["b2"])
        scores, cache_sigmoid = sigmoid_forward(a2)
        return scores, (cache1, cache_relu, cache2, cache_sigmoid)

    def backward(self, dout, cache):
        cache1, cache_relu, cache2, cache_sigmoid = cache
        da2 = sigmoid_backward(dout, cache_sigmoid)
        dh1, self.grads["W2"], self.grads["b2"] = affine_backward(da2, cache2)
        da1 = relu_backward(dh1, cache_relu)
        _, self.grads["W1"], self.grads["b1"] = affine_backward(da1, cache1)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    num_train = train_data.shape[0]
    iterations_per_epoch = max(num_train // batch_size, 1)
    for it in range(n_epochs * iterations_per_epoch):
        if it % iterations_per_epoch == 0:
            shuffled = np.random.permutation(num_train)
        start = (it % iterations_per_epoch) * batch_size
        mask = shuffled[start:start + batch_size]
        out, cache = model.forward(train_data[mask])
        loss, dout = l2_loss(out, train_labels[mask])
        model.backward(dout, cache)
        for p in model.params:
            model.params[p] -= learning_rate * model.grads[p]
        if it % iterations_per_epoch == 0:
            print("(Iteration %d) loss: %f" % (it + 1, loss), calculate_accuracy(model, validation_data, validation_labels))
