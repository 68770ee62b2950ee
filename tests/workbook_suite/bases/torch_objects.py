"""Network by hand in PyTorch, no autograd. What forward leaves for backward is an object."""
from types import SimpleNamespace

import torch

torch.set_grad_enabled(False)


class Saved:
    def __init__(self, *tensors):
        self.tensors = tensors


def affine_forward(x, W, b):
    return torch.addmm(b, x, W.T), Saved(x, W)


def affine_backward(dout, cache):
    x, W = cache.tensors
    return dout @ W, dout.T @ x, dout.sum(0)


def relu_forward(x):
    mask = (x > 0).to(x.dtype)
    return x * mask, Saved(mask)


def relu_backward(dout, cache):
    (mask,) = cache.tensors
    return dout * mask


def sigmoid_forward(x):
    y = 1 / (1 + torch.exp(-x))
    return y, Saved(y)


def sigmoid_backward(dout, cache):
    (y,) = cache.tensors
    return dout * y * (1 - y)


def one_hot(labels, n_classes, like):
    target = torch.zeros(len(labels), n_classes, dtype=like.dtype)
    target.scatter_(1, labels.view(-1, 1).long(), 1.0)
    return target


def l2_loss(y, y_hat):
    n, n_classes = y.shape
    difference = y - one_hot(y_hat, n_classes, y)
    loss = difference.pow(2).sum(dim=1).mean()
    dy = 2.0 / n * difference
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    y, _ = model.forward(input_data)
    return (y.max(dim=1).indices == labels).double().mean().item()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        W1 = torch.empty(hidden_dim, inp_dim, dtype=torch.float64).normal_(0, (2 / inp_dim) ** 0.5)
        W2 = torch.empty(out_dim, hidden_dim, dtype=torch.float64).normal_(0, (2 / (hidden_dim + out_dim)) ** 0.5)
        b1 = torch.zeros(hidden_dim, dtype=torch.float64)
        b2 = torch.zeros(out_dim, dtype=torch.float64)
        self.params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
        self.grads = {}

    def forward(self, x):
        s = SimpleNamespace(x=x)
        s.a = torch.addmm(self.params["b1"], x, self.params["W1"].T)
        s.h = torch.relu(s.a)
        s.z = torch.addmm(self.params["b2"], s.h, self.params["W2"].T)
        s.y = torch.sigmoid(s.z)
        return s.y, s

    def backward(self, dout, cache):
        s = cache
        dz = dout * s.y * (1 - s.y)
        dh = dz @ self.params["W2"]
        da = dh.masked_fill(s.a <= 0, 0.0)
        self.grads["W2"] = dz.T @ s.h
        self.grads["b2"] = dz.sum(dim=0)
        self.grads["W1"] = da.T @ s.x
        self.grads["b1"] = da.sum(dim=0)


def step(model, learning_rate):
    for name, value in model.params.items():
        value.sub_(learning_rate * model.grads[name])


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    losses, accuracies = [], []
    for _ in range(n_epochs):
        order = torch.randperm(len(train_data))
        for rows in order.split(batch_size):
            y, saved = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, saved)
            step(model, learning_rate)
            losses.append(float(loss))
        accuracies.append(calculate_accuracy(model, validation_data, validation_labels))
    return losses, accuracies
