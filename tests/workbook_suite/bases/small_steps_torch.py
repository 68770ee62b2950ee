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


def initial_params(inp_dim, hidden_dim, out_dim):
    W1 = torch.empty(hidden_dim, inp_dim).normal_(0, (2 / inp_dim) ** 0.5)
    W2 = torch.empty(out_dim, hidden_dim).normal_(0, (2 / (hidden_dim + out_dim)) ** 0.5)
    return {"W1": W1, "b1": torch.zeros(hidden_dim), "W2": W2, "b2": torch.zeros(out_dim)}


def network_forward(params, x):
    caches = []
    out = x
    for step in ("1", "relu", "2", "sigmoid"):
        if step == "relu":
            out, cache = relu_forward(out)
        elif step == "sigmoid":
            out, cache = sigmoid_forward(out)
        else:
            out, cache = affine_forward(out, params["W" + step], params["b" + step])
        caches.append(cache)
    return out, caches


def network_backward(dout, cache):
    cache_1, cache_relu, cache_2, cache_sigmoid = cache
    d, W2, b2 = affine_backward(sigmoid_backward(dout, cache_sigmoid), cache_2)
    d, W1, b1 = affine_backward(relu_backward(d, cache_relu), cache_1)
    return {"W1": W1, "W2": W2, "b1": b1, "b2": b2}


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = initial_params(inp_dim, hidden_dim, out_dim)
        self.grads = {}

    def forward(self, x):
        return network_forward(self.params, x)

    def backward(self, dout, cache):
        self.grads.update(network_backward(dout, cache))


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


def contributions(params, x, digit):
    h = torch.relu(torch.mv(params["W1"], x) + params["b1"])
    return h * params["W2"][digit], params["b2"][digit]


def strongest_units(parts, count):
    return torch.topk(parts.abs(), count).indices


def softmax_cross_entropy(z, labels):
    p = torch.softmax(z, dim=1)
    right = torch.log_softmax(z, dim=1).gather(1, labels[:, None])
    loss = -right.mean()
    target = F.one_hot(labels, z.shape[1])
    return loss, (p - target) / len(z)


def momentum_step(param, grad, velocity, learning_rate, keep=0.9):
    velocity = velocity.mul(keep).add(grad)
    param = param.sub(velocity, alpha=learning_rate)
    return param, velocity


def better_recipe():
    return {
        "loss": "cross_entropy", "optimizer": "momentum", "learning_rate": 0.04, "schedule": "linear",
        "hidden": 64, "epochs": 3, "batch_size": 16,
    }
