import numpy as np


def affine_forward(x, W, b):
    out = x @ W.T + b
    cache = (x, W, b)
    return out, cache


def affine_backward(dout, cache):
    x, W, b = cache
    dx = dout @ W
    dW = dout.T @ x
    db = dout.sum(axis=0)
    return dx, dW, db


def relu_forward(x):
    out = np.maximum(0, x)
    cache = x
    return out, cache


def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    cache = out
    return out, cache


def sigmoid_backward(dout, cache):
    out = cache
    dx = dout * out * (1 - out)
    return dx


def l2_loss(y, y_hat):
    N, C = y.shape
    target = np.zeros((N, C))
    target[np.arange(N), y_hat] = 1
    diff = y - target
    loss = np.sum(diff**2) / N
    dy = 2 * diff / N
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data)
    predictions = np.argmax(out, axis=1)
    return np.mean(predictions == labels)


def initial_params(inp_dim, hidden_dim, out_dim):
    params = {}
    params["W1"] = np.random.normal(0, np.sqrt(2 / inp_dim), (hidden_dim, inp_dim))
    params["b1"] = np.zeros(hidden_dim)
    params["W2"] = np.random.normal(0, np.sqrt(2 / (hidden_dim + out_dim)), (out_dim, hidden_dim))
    params["b2"] = np.zeros(out_dim)
    return params


def network_forward(params, x):
    a, cache_a = affine_forward(x, params["W1"], params["b1"])
    h, cache_h = relu_forward(a)
    z, cache_z = affine_forward(h, params["W2"], params["b2"])
    y, cache_y = sigmoid_forward(z)
    return y, (cache_a, cache_h, cache_z, cache_y)


def network_backward(dout, cache):
    cache_a, cache_h, cache_z, cache_y = cache
    grads = {}
    dz = sigmoid_backward(dout, cache_y)
    dh, grads["W2"], grads["b2"] = affine_backward(dz, cache_z)
    da = relu_backward(dh, cache_h)
    dx, grads["W1"], grads["b1"] = affine_backward(da, cache_a)
    return grads


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = initial_params(inp_dim, hidden_dim, out_dim)
        self.grads = {}

    def forward(self, x):
        return network_forward(self.params, x)

    def backward(self, dout, cache):
        self.grads = network_backward(dout, cache)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    N = len(train_data)
    for epoch in range(n_epochs):
        order = np.random.permutation(N)
        for start in range(0, N, batch_size):
            rows = order[start:start + batch_size]
            x, labels = train_data[rows], train_labels[rows]
            out, cache = model.forward(x)
            loss, dout = l2_loss(out, labels)
            model.backward(dout, cache)
            for name in model.params:
                model.params[name] -= learning_rate * model.grads[name]
        accuracy = calculate_accuracy(model, validation_data, validation_labels)
        print("epoch", epoch + 1, "loss", loss, "validation accuracy", accuracy)


def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + h
        above = f(x)
        x[index] = old - h
        below = f(x)
        x[index] = old
        grad[index] = (above - below) / (2 * h)
    return grad


def contributions(params, x, digit):
    a = np.dot(params["W1"], x) + params["b1"]
    h = np.maximum(a, 0)
    parts = params["W2"][digit] * h
    bias = params["b2"][digit]
    return parts, bias


def strongest_units(parts, count):
    size = np.abs(parts)
    order = np.argsort(size)[::-1]
    return order[:count]


def softmax_cross_entropy(z, labels):
    N = z.shape[0]
    top = np.max(z, axis=1, keepdims=True)
    e = np.exp(z - top)
    total = np.sum(e, axis=1, keepdims=True)
    p = e / total
    logs = z - top - np.log(total)
    loss = -np.sum(logs[np.arange(N), labels]) / N
    dz = p.copy()
    dz[np.arange(N), labels] -= 1
    dz = dz / N
    return loss, dz


def momentum_step(param, grad, velocity, learning_rate, keep=0.9):
    v = keep * velocity + grad
    param = param - learning_rate * v
    return param, v


def better_recipe():
    recipe = {}
    recipe["loss"] = "cross_entropy"
    recipe["optimizer"] = "adam"
    recipe["learning_rate"] = 0.006
    recipe["schedule"] = "linear"
    return recipe
