import torch
import torch.nn.functional as F


def affine_forward(x, W, b):
    out = torch.mm(x, W.t()) + b
    cache = (x, W, b)
    return out, cache


def affine_backward(dout, cache):
    x, W, b = cache
    dx = torch.mm(dout, W)
    dW = torch.mm(dout.t(), x)
    db = torch.sum(dout, dim=0)
    return dx, dW, db


def relu_forward(x):
    out = torch.clamp(x, min=0)
    cache = x
    return out, cache


def relu_backward(dout, cache):
    x = cache
    dx = dout.clone()
    dx[x <= 0] = 0
    return dx


def sigmoid_forward(x):
    out = torch.sigmoid(x)
    return out, out


def sigmoid_backward(dout, cache):
    dx = dout * cache * (1 - cache)
    return dx


def l2_loss(y, y_hat):
    N = y.size(0)
    target = F.one_hot(y_hat, num_classes=y.size(1)).to(y.dtype)
    diff = y - target
    loss = (diff ** 2).sum() / N
    dy = 2 * diff / N
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data)
    predicted = torch.argmax(out, dim=1)
    correct = (predicted == labels).sum().item()
    return correct / len(labels)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {}
        self.grads = {}
        self.params["W1"] = torch.randn(hidden_dim, inp_dim) * (2 / inp_dim) ** 0.5
        self.params["b1"] = torch.zeros(hidden_dim)
        self.params["W2"] = torch.randn(out_dim, hidden_dim) * (2 / (hidden_dim + out_dim)) ** 0.5
        self.params["b2"] = torch.zeros(out_dim)

    def forward(self, x):
        out, cache_affine1 = affine_forward(x, self.params["W1"], self.params["b1"])
        out, cache_relu = relu_forward(out)
        out, cache_affine2 = affine_forward(out, self.params["W2"], self.params["b2"])
        out, cache_sigmoid = sigmoid_forward(out)
        return out, (cache_affine1, cache_relu, cache_affine2, cache_sigmoid)

    def backward(self, dout, cache):
        cache_affine1, cache_relu, cache_affine2, cache_sigmoid = cache
        dout = sigmoid_backward(dout, cache_sigmoid)
        dout, dW2, db2 = affine_backward(dout, cache_affine2)
        dout = relu_backward(dout, cache_relu)
        dx, dW1, db1 = affine_backward(dout, cache_affine1)
        self.grads["W1"] = dW1
        self.grads["b1"] = db1
        self.grads["W2"] = dW2
        self.grads["b2"] = db2


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    num_train = train_data.shape[0]
    for epoch in range(n_epochs):
        perm = torch.randperm(num_train)
        running_loss = 0.0
        for i in range(0, num_train, batch_size):
            idx = perm[i:i + batch_size]
            images = train_data[idx]
            labels = train_labels[idx]
            out, cache = model.forward(images)
            loss, dout = l2_loss(out, labels)
            running_loss += loss.item() * len(idx)
            model.backward(dout, cache)
            for p in model.params:
                model.params[p] -= learning_rate * model.grads[p]
        acc = calculate_accuracy(model, validation_data, validation_labels)
        print(f"Epoch {epoch + 1}/{n_epochs} loss {running_loss / num_train:.4f} val acc {acc:.4f}")


def numerical_gradient(f, x, h=1e-5):
    grad = torch.zeros_like(x)
    flat, g = x.clone().reshape(-1), grad.view(-1)
    for i in range(flat.numel()):
        old = flat[i].item()
        flat[i] = old + h
        up = float(f(flat.view(x.shape)))
        flat[i] = old - h
        down = float(f(flat.view(x.shape)))
        flat[i] = old
        g[i] = (up - down) / (2 * h)
    return grad
