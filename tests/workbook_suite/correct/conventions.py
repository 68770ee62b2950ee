"""Right, in other layouts and forms than the lesson's: each is told in one sentence, and none is a mistake."""

# case: arguments spread out, outputs alone; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return np.dot(x, W.T) + b


def affine_backward(dout, x, W, b):
    dx = np.dot(dout, W)
    dW = np.dot(dout.T, x)
    db = np.sum(dout, axis=0)
    return dx, dW, db


# case: outputs alone, the input again on the way back; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return np.maximum(x, 0)


def relu_backward(dout, x):
    return dout * (x > 0)


# case: outputs alone, the output again on the way back; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_backward(da, out):
    return da * out * (1 - out)


# case: outputs alone, from the input on the way back; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_backward(dout, z):
    s = sigmoid_forward(z)
    return dout * s * (1 - s)


# case: cache first, in columns; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return W @ x + b, (x, W, b)


def affine_backward(cache, dout):
    x, W, b = cache
    return W.T @ dout, dout @ x.T, np.sum(dout, axis=1, keepdims=True)


# case: a dictionary of gradients; exercise: affine_backward
import torch


def affine_forward(x, W, b):
    return x @ W.T + b, {"x": x, "W": W}


def affine_backward(dout, cache):
    return {"dx": dout @ cache["W"], "dW": dout.T @ cache["x"], "db": dout.sum(dim=0)}


# case: the cache in a global; exercise: affine_backward
import numpy as np

memory = {}


def affine_forward(x, W, b):
    memory["affine"] = (x, W)
    return x @ W.T + b


def affine_backward(dout):
    x, W = memory["affine"]
    return dout @ W, dout.T @ x, dout.sum(axis=0)


# case: loss and gradient apart; exercise: l2_loss
import numpy as np


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def l2_loss(y, y_hat):
    return np.sum((y - one_hot(y_hat, y.shape[1])) ** 2) / y.shape[0]


def l2_loss_backward(y, y_hat):
    return 2 * (y - one_hot(y_hat, y.shape[1])) / y.shape[0]


# case: loss and gradient apart, in columns; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    target = np.eye(y.shape[0])[y_hat].T
    return np.sum((y - target) ** 2) / y.shape[1]


def l2_loss_grad(y, y_hat):
    target = np.eye(y.shape[0])[y_hat].T
    return 2 / y.shape[1] * (y - target)


# case: one-hot in columns, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, target):
    m = y.shape[1]
    loss = np.sum((y - target) ** 2) / m
    return loss, 2 * (y - target) / m


# case: W as (in, out) and images as columns; exercise: affine_backward
import numpy as np


def affine_forward(x, W, b):
    return np.dot(W.T, x) + b.reshape(-1, 1), (x, W)


def affine_backward(dout, cache):
    x, W = cache
    return np.dot(W, dout), np.dot(x, dout.T), dout.sum(axis=1)


# case: leaky, PyTorch, in place on a copy; exercise: relu_backward
import torch


def relu_forward(x):
    return torch.nn.functional.leaky_relu(x, 0.1), x


def relu_backward(dout, cache):
    dx = dout.clone()
    dx[cache <= 0] *= 0.1
    return dx


# case: columns, way back in an order of its own; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = dict(
            W1=np.random.normal(0, (2 / inp_dim) ** 0.5, (hidden_dim, inp_dim)),
            b1=np.zeros((hidden_dim, 1)),
            W2=np.random.normal(0, (2 / (hidden_dim + out_dim)) ** 0.5, (out_dim, hidden_dim)),
            b2=np.zeros((out_dim, 1)),
        )
        self.grads = {}

    def forward(self, X):
        A1 = self.params["W1"] @ X + self.params["b1"]
        H = np.maximum(A1, 0)
        Y = 1 / (1 + np.exp(-(self.params["W2"] @ H + self.params["b2"])))
        return Y, (X, A1, H, Y)

    def backward(self, dY, cache):
        X, A1, H, Y = cache
        slope_of_sigmoid = Y * (1 - Y)
        alive = A1 > 0
        first = (self.params["W2"].T @ (dY * slope_of_sigmoid)) * alive
        self.grads["b1"] = first.sum(axis=1, keepdims=True)
        self.grads["W1"] = first @ X.T
        self.grads["b2"] = np.sum(dY * slope_of_sigmoid, axis=1, keepdims=True)
        self.grads["W2"] = (dY * slope_of_sigmoid) @ H.T


# case: W as (in, out), biases as rows, outputs alone; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.randn(inp_dim, hidden_dim) * np.sqrt(2.0 / inp_dim),
            "b1": np.zeros((1, hidden_dim)),
            "W2": np.random.randn(hidden_dim, out_dim) * np.sqrt(2.0 / (hidden_dim + out_dim)),
            "b2": np.zeros((1, out_dim)),
        }
        self.grads = {}

    def forward(self, X):
        self.X = X
        self.Z1 = X.dot(self.params["W1"]) + self.params["b1"]
        self.A1 = np.maximum(0, self.Z1)
        Z2 = self.A1.dot(self.params["W2"]) + self.params["b2"]
        self.A2 = 1 / (1 + np.exp(-Z2))
        return self.A2

    def backward(self, dA2):
        dZ2 = dA2 * self.A2 * (1 - self.A2)
        self.grads["W2"] = self.A1.T.dot(dZ2)
        self.grads["b2"] = dZ2.sum(axis=0, keepdims=True)
        dZ1 = dZ2.dot(self.params["W2"].T) * (self.Z1 > 0)
        self.grads["W1"] = self.X.T.dot(dZ1)
        self.grads["b1"] = dZ1.sum(axis=0, keepdims=True)


# case: attributes instead of dictionaries, and what backward returns; exercise: TwoLayerNet
import numpy as np


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.W1 = np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim)
        self.b1 = np.zeros(hidden_dim)
        self.W2 = np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim))
        self.b2 = np.zeros(out_dim)

    def forward(self, x):
        self.x = x
        self.a = x @ self.W1.T + self.b1
        self.h = np.maximum(self.a, 0)
        self.y = 1 / (1 + np.exp(-(self.h @ self.W2.T + self.b2)))
        return self.y

    def backward(self, dout):
        dz = dout * self.y * (1 - self.y)
        da = (dz @ self.W2) * (self.a > 0)
        return {"dW1": da.T @ self.x, "db1": da.sum(0), "dW2": dz.T @ self.h, "db2": dz.sum(0)}


# case: layers of sizes, gradients in a dictionary, PyTorch
import torch


class Linear:
    def __init__(self, in_features, out_features):
        self.weight = torch.randn(out_features, in_features) * (2 / in_features) ** 0.5
        self.bias = torch.zeros(out_features)
        self.grads = {}

    def __call__(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    forward = __call__

    def backward(self, grad):
        self.grads["weight"] = grad.T @ self.x
        self.grads["bias"] = grad.sum(0)
        return grad @ self.weight


class ReLU:
    def forward(self, x):
        self.x = x
        return torch.relu(x)

    def backward(self, grad):
        return grad * (self.x > 0)


class Sigmoid:
    def forward(self, x):
        self.y = torch.sigmoid(x)
        return self.y

    def backward(self, grad):
        return grad * self.y * (1 - self.y)


class MSELoss:
    def __call__(self, y, labels):
        target = torch.nn.functional.one_hot(labels, y.shape[1]).to(y.dtype)
        self.diff = y - target
        return (self.diff**2).sum() / len(y)

    def backward(self):
        return 2 * self.diff / len(self.diff)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.layers = [Linear(inp_dim, hidden_dim), ReLU(), Linear(hidden_dim, out_dim), Sigmoid()]
        self.layers[2].weight = torch.randn(out_dim, hidden_dim) * (2 / (hidden_dim + out_dim)) ** 0.5

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in self.layers[::-1]:
            grad = layer.backward(grad)


def calculate_accuracy(model, input_data, labels):
    return (model.forward(input_data).argmax(1) == labels).float().mean()


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    criterion = MSELoss()
    for epoch in range(n_epochs):
        for rows in torch.randperm(len(train_data)).split(batch_size):
            criterion(model.forward(train_data[rows]), train_labels[rows])
            model.backward(criterion.backward())
            for layer in model.layers:
                if isinstance(layer, Linear):
                    layer.weight -= learning_rate * layer.grads["weight"]
                    layer.bias -= learning_rate * layer.grads["bias"]


# case: the loop makes one-hot rows, the loss is given them
import numpy as np


def to_one_hot(labels, classes):
    rows = np.zeros((len(labels), classes))
    rows[range(len(labels)), labels] = 1
    return rows


def l2_loss(y, y_hat):
    return ((y - y_hat) ** 2).sum() / len(y), 2 * (y - y_hat) / len(y)


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W)


def relu_forward(x):
    return np.maximum(x, 0), x


def sigmoid_forward(x):
    y = 1 / (1 + np.exp(-x))
    return y, y


def affine_backward(dout, cache):
    return dout @ cache[1], dout.T @ cache[0], dout.sum(0)


def relu_backward(dout, cache):
    return dout * (cache > 0)


def sigmoid_backward(dout, cache):
    return dout * cache * (1 - cache)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim)),
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        a, one = affine_forward(x, self.params["W1"], self.params["b1"])
        h, two = relu_forward(a)
        z, three = affine_forward(h, self.params["W2"], self.params["b2"])
        y, four = sigmoid_forward(z)
        return y, (one, two, three, four)

    def backward(self, dout, cache):
        one, two, three, four = cache
        dh, self.grads["W2"], self.grads["b2"] = affine_backward(sigmoid_backward(dout, four), three)
        _, self.grads["W1"], self.grads["b1"] = affine_backward(relu_backward(dh, two), one)


def calculate_accuracy(model, input_data, labels):
    return (model.forward(input_data)[0].argmax(1) == labels).mean()


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    classes = model.forward(train_data[:1])[0].shape[1]
    targets = to_one_hot(train_labels, classes)
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for start in range(0, len(order), batch_size):
            rows = order[start:start + batch_size]
            y, cache = model.forward(train_data[rows])
            model.backward(l2_loss(y, targets[rows])[1], cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]
