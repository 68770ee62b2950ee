# Chapter 1 and everything after it in one file.
import numpy as np


def mean_images(images, labels):
    means = []
    for digit in range(10):
        means.append(images[labels == digit].mean(axis=0))
    return np.stack(means)


def normalize_templates(mean_images):
    flat = mean_images.reshape(len(mean_images), -1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    return (centred / flat.std(axis=1, keepdims=True)).reshape(mean_images.shape)


def agreement(templates, images):
    T = templates.reshape(templates.shape[0], -1)
    X = images.reshape(images.shape[0], -1)
    return X @ T.T


def affine_forward(x, W, b):
    return np.dot(x, np.transpose(W)) + b, dict(x=x, W=W, b=b)


def affine_backward(dout, cache):
    dx = np.dot(dout, cache["W"])
    dW = np.dot(np.transpose(dout), cache["x"])
    db = np.sum(dout, axis=0)
    return dx, dW, db


def relu_forward(x):
    out = x.copy()
    out[out < 0] = 0
    return out, dict(x=x)


def relu_backward(dout, cache):
    dx = np.array(dout, copy=True)
    dx[cache["x"] <= 0] = 0
    return dx


def sigmoid_forward(x):
    out = np.empty_like(x)
    pos = x >= 0
    out[pos] = 1 / (1 + np.exp(-x[pos]))
    ex = np.exp(x[~pos])
    out[~pos] = ex / (1 + ex)
    return out, dict(x=x)


def sigmoid_backward(dout, cache):
    s, _ = sigmoid_forward(cache["x"])
    return dout * s * (1 - s)


def l2_loss(y, y_hat):
    rows = np.arange(y.shape[0])
    own = y[rows, y_hat]
    # (y - t)^2 = y^2 - 2 y t + t^2
    loss = (np.sum(y * y) - 2 * np.sum(own) + len(own)) / len(own)
    dy = 2 * y
    dy[rows, y_hat] -= 2
    dy /= len(own)
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    out = model.forward(input_data)[0]
    hits = [int(np.argmax(row) == label) for row, label in zip(out, labels)]
    return sum(hits) / len(hits)


class TwoLayerNet(object):
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.inp_dim, self.hidden_dim, self.out_dim = inp_dim, hidden_dim, out_dim
        self.params, self.grads = {}, {}
        self.reset()

    def reset(self, seed=0):
        rs = np.random.RandomState(seed)
        self.params["W1"] = rs.normal(scale=np.sqrt(2 / self.inp_dim), size=(self.hidden_dim, self.inp_dim))
        self.params["W2"] = rs.normal(scale=np.sqrt(2 / (self.hidden_dim + self.out_dim)), size=(self.out_dim, self.hidden_dim))
        self.params["b1"] = np.zeros(self.hidden_dim)
        self.params["b2"] = np.zeros(self.out_dim)

    def forward(self, x):
        caches = []
        for i in (1, 2):
            x, cache = affine_forward(x, self.params[f"W{i}"], self.params[f"b{i}"])
            caches.append(cache)
            x, cache = relu_forward(x) if i == 1 else sigmoid_forward(x)
            caches.append(cache)
        return x, caches

    def backward(self, dout, cache):
        caches = list(cache)
        for i in (2, 1):
            after = caches.pop()
            dout = sigmoid_backward(dout, after) if i == 2 else relu_backward(dout, after)
            dout, self.grads[f"W{i}"], self.grads[f"b{i}"] = affine_backward(dout, caches.pop())
        return dout


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    best = 0
    for epoch in range(n_epochs):
        together = list(zip(train_data, train_labels))
        np.random.default_rng(epoch).shuffle(together)
        for start in range(0, len(together), batch_size):
            batch = together[start:start + batch_size]
            x = np.array([image for image, label in batch])
            t = np.array([label for image, label in batch])
            out, caches = model.forward(x)
            loss, dout = l2_loss(out, t)
            model.backward(dout, caches)
            for key in sorted(model.params):
                model.params[key] = model.params[key] + (-learning_rate) * model.grads[key]
        best = max(best, calculate_accuracy(model, validation_data, validation_labels))
    return best
