# I find loops easier to check than matrix products.
import math
import numpy as np


def affine_forward(x, W, b):
    N, D = x.shape
    H = W.shape[0]
    out = np.zeros((N, H))
    for n in range(N):
        for h in range(H):
            out[n, h] = b[h]
            for d in range(D):
                out[n, h] += x[n, d] * W[h, d]
    return out, [x, W, b]


def affine_backward(dout, cache):
    x, W, b = cache
    N, D = x.shape
    H = W.shape[0]
    dx = np.zeros((N, D))
    dW = np.zeros((H, D))
    db = np.zeros(H)
    for n in range(N):
        for h in range(H):
            db[h] += dout[n, h]
            for d in range(D):
                dx[n, d] += dout[n, h] * W[h, d]
                dW[h, d] += dout[n, h] * x[n, d]
    return dx, dW, db


def relu_forward(x):
    out = np.zeros(x.shape)
    for n in range(x.shape[0]):
        for h in range(x.shape[1]):
            if x[n, h] > 0:
                out[n, h] = x[n, h]
    return out, x


def relu_backward(dout, cache):
    dx = np.zeros(cache.shape)
    for n in range(cache.shape[0]):
        for h in range(cache.shape[1]):
            if cache[n, h] > 0:
                dx[n, h] = dout[n, h]
    return dx


def sigmoid(t):
    if t >= 0:
        return 1 / (1 + math.exp(-t))
    return math.exp(t) / (1 + math.exp(t))


def sigmoid_forward(x):
    out = np.zeros(x.shape)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            out[n, c] = sigmoid(x[n, c])
    return out, out


def sigmoid_backward(dout, cache):
    dx = np.zeros(cache.shape)
    for n in range(cache.shape[0]):
        for c in range(cache.shape[1]):
            y = cache[n, c]
            dx[n, c] = dout[n, c] * y * (1 - y)
    return dx


def l2_loss(y, y_hat):
    N, C = y.shape
    loss = 0
    dy = np.zeros((N, C))
    for n in range(N):
        for c in range(C):
            target = 1 if y_hat[n] == c else 0
            loss += (y[n, c] - target) ** 2 / N
            dy[n, c] = 2 * (y[n, c] - target) / N
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    out, cache = model.forward(input_data)
    right = 0
    for n in range(len(labels)):
        best = 0
        for c in range(out.shape[1]):
            if out[n, c] > out[n, best]:
                best = c
        if best == labels[n]:
            right += 1
    return right / len(labels)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        W1 = np.zeros((hidden_dim, inp_dim))
        W2 = np.zeros((out_dim, hidden_dim))
        for i in range(hidden_dim):
            for j in range(inp_dim):
                W1[i, j] = np.random.normal(0, math.sqrt(2 / inp_dim))
        for i in range(out_dim):
            for j in range(hidden_dim):
                W2[i, j] = np.random.normal(0, math.sqrt(2 / (hidden_dim + out_dim)))
        self.params = {"W1": W1, "b1": np.zeros(hidden_dim), "W2": W2, "b2": np.zeros(out_dim)}
        self.grads = {"W1": None, "b1": None, "W2": None, "b2": None}

    def forward(self, x):
        out1, c1 = affine_forward(x, self.params["W1"], self.params["b1"])
        out2, c2 = relu_forward(out1)
        out3, c3 = affine_forward(out2, self.params["W2"], self.params["b2"])
        out4, c4 = sigmoid_forward(out3)
        return out4, [c1, c2, c3, c4]

    def backward(self, dout, cache):
        dout3 = sigmoid_backward(dout, cache[3])
        dout2, dW2, db2 = affine_backward(dout3, cache[2])
        dout1 = relu_backward(dout2, cache[1])
        dx, dW1, db1 = affine_backward(dout1, cache[0])
        self.grads["W1"] = dW1
        self.grads["b1"] = db1
        self.grads["W2"] = dW2
        self.grads["b2"] = db2


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    n_batches = len(train_data) // batch_size
    for epoch in range(n_epochs):
        for i in range(n_batches):
            first = i * batch_size
            last = first + batch_size
            out, cache = model.forward(train_data[first:last])
            loss, dout = l2_loss(out, train_labels[first:last])
            model.backward(dout, cache)
            model.params["W1"] = model.params["W1"] - learning_rate * model.grads["W1"]
            model.params["b1"] = model.params["b1"] - learning_rate * model.grads["b1"]
            model.params["W2"] = model.params["W2"] - learning_rate * model.grads["W2"]
            model.params["b2"] = model.params["b2"] - learning_rate * model.grads["b2"]
        print(epoch, calculate_accuracy(model, validation_data, validation_labels))
