import math

import torch
from torch import nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(0)


def affine_forward(x, W, b):
    """
    Args:
        x (torch.tensor): Input tensor of shape (N, c_in).
        W (torch.tensor): Weight matrix of shape (c_out, c_in).
        b (torch.tensor): Bias vector of shape (c_out).
    """
    out = None
    cache = None
    ####################################
    # DONE                             #
    ####################################
    out = torch.einsum("ni,oi->no", x, W) + b
    cache = (x, W, b)
    ####################################
    #    END OF YOUR CODE              #
    ####################################
    return out, cache


def affine_backward(dout, cache):
    dx = None
    dW = None
    db = None
    x, W, b = cache
    dx = torch.einsum("no,oi->ni", dout, W)
    dW = torch.einsum("no,ni->oi", dout, x)
    db = torch.sum(dout, dim=0)
    return dx, dW, db


def relu_forward(x):
    out = torch.max(x, torch.zeros_like(x))
    cache = x
    return out, cache


def relu_backward(dout, cache):
    dx = dout * (cache > 0).to(dout.dtype)
    return dx


def sigmoid_forward(x):
    out = torch.divide(1, 1 + torch.exp(-x))
    cache = out
    return out, cache


def sigmoid_backward(dout, cache):
    return cache * (1 - cache) * dout


def l2_loss(y, y_hat):
    N, num_classes = y.shape
    diff = y - nn.functional.one_hot(y_hat, num_classes)
    loss = torch.sum(diff**2) / N
    dy = 2 / N * diff
    return loss, dy


@torch.no_grad()
def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data.to(device))
    return torch.mean((torch.argmax(out, dim=1) == labels.to(device)).float())


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = dict()
        self.grads = dict()
        self.params["b1"] = torch.zeros((hidden_dim,), device=device)
        self.params["b2"] = torch.zeros((out_dim,), device=device)
        self.params["W1"] = torch.randn((hidden_dim, inp_dim), device=device) * math.sqrt(2 / inp_dim)
        self.params["W2"] = torch.randn((out_dim, hidden_dim), device=device) * math.sqrt(2 / (hidden_dim + out_dim))

    def forward(self, x):
        out, hidden_cache = affine_forward(x, self.params["W1"], self.params["b1"])
        out, relu_cache = relu_forward(out)
        out, out_cache = affine_forward(out, self.params["W2"], self.params["b2"])
        out, sigmoid_cache = sigmoid_forward(out)
        cache = (hidden_cache, relu_cache, out_cache, sigmoid_cache)
        return out, cache

    def backward(self, dout, cache):
        hidden_cache, relu_cache, out_cache, sigmoid_cache = cache
        dx = sigmoid_backward(dout, sigmoid_cache)
        dx, self.grads["W2"], self.grads["b2"] = affine_backward(dx, out_cache)
        dx = relu_backward(dx, relu_cache)
        dx, self.grads["W1"], self.grads["b1"] = affine_backward(dx, hidden_cache)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    N, d = train_data.shape
    n_batches = N // batch_size
    for epoch in range(n_epochs):
        train = train_data[: n_batches * batch_size]
        labels = train_labels[: n_batches * batch_size]
        for x, y_hat in zip(torch.split(train, batch_size), torch.split(labels, batch_size)):
            out, cache = model.forward(x)
            loss, dout = l2_loss(out, y_hat)
            model.backward(dout, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]
        acc = calculate_accuracy(model, validation_data, validation_labels)
        print(f"Epoch {epoch + 1}: validation accuracy {acc:.3f}")
