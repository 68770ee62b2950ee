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


def initial_params(inp_dim, hidden_dim, out_dim):
    W1 = np.zeros((hidden_dim, inp_dim))
    W2 = np.zeros((out_dim, hidden_dim))
    for i in range(hidden_dim):
        for j in range(inp_dim):
            W1[i, j] = np.random.normal(0, math.sqrt(2 / inp_dim))
    for i in range(out_dim):
        for j in range(hidden_dim):
            W2[i, j] = np.random.normal(0, math.sqrt(2 / (hidden_dim + out_dim)))
    return {"W1": W1, "b1": np.zeros(hidden_dim), "W2": W2, "b2": np.zeros(out_dim)}


def network_forward(params, x):
    # I keep everything by name.
    kept = {}
    a, kept["affine 1"] = affine_forward(x, params["W1"], params["b1"])
    h, kept["relu"] = relu_forward(a)
    z, kept["affine 2"] = affine_forward(h, params["W2"], params["b2"])
    y, kept["sigmoid"] = sigmoid_forward(z)
    return y, kept


def network_backward(dout, cache):
    dz = sigmoid_backward(dout, cache["sigmoid"])
    dh, dW2, db2 = affine_backward(dz, cache["affine 2"])
    da = relu_backward(dh, cache["relu"])
    dx, dW1, db1 = affine_backward(da, cache["affine 1"])
    return dict(W1=dW1, b1=db1, W2=dW2, b2=db2)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = initial_params(inp_dim, hidden_dim, out_dim)
        self.grads = dict.fromkeys(self.params)

    def forward(self, x):
        out, cache = network_forward(self.params, x)
        return out, cache

    def backward(self, dout, cache):
        for name, grad in network_backward(dout, cache).items():
            self.grads[name] = grad


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


def contributions(params, x, digit):
    H, D = params["W1"].shape
    parts = []
    for k in range(H):
        a = params["b1"][k]
        for d in range(D):
            a += params["W1"][k, d] * x[d]
        h = a if a > 0 else 0.0
        parts.append(params["W2"][digit, k] * h)
    return np.array(parts), float(params["b2"][digit])


def strongest_units(parts, count):
    units = list(range(len(parts)))
    units.sort(key=lambda k: abs(parts[k]), reverse=True)
    return units[:count]


def softmax_cross_entropy(z, labels):
    N, C = z.shape
    loss = 0.0
    dz = np.zeros((N, C))
    for n in range(N):
        top = max(z[n])
        total = 0.0
        for c in range(C):
            total += math.exp(z[n, c] - top)
        loss -= (z[n, labels[n]] - top - math.log(total)) / N
        for c in range(C):
            share = math.exp(z[n, c] - top) / total
            target = 1 if labels[n] == c else 0
            dz[n, c] = (share - target) / N
    return loss, dz


def momentum_step(param, grad, velocity, learning_rate, keep=0.9):
    # the learning rate inside the velocity, as in Sutskever's paper
    velocity = keep * velocity - learning_rate * grad
    return param + velocity, velocity


def better_recipe():
    return dict(loss="cross_entropy", learning_rate=0.4, schedule="cosine", warmup=0.1)
