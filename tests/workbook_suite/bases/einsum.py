"""Assignment: two-layer network. Everything with einsum, caches are dictionaries."""
import numpy as np

rng = np.random.default_rng(7)


def affine_forward(x, W, b):
    out = np.einsum("nd,hd->nh", x, W) + b[None, :]
    return out, {"xT": x.T, "WT": W.T}


def affine_backward(dout, cache):
    xT, WT = cache["xT"], cache["WT"]
    dx = np.einsum("nh,dh->nd", dout, WT)
    dW = np.einsum("nh,dn->hd", dout, xT)
    db = np.einsum("nh->h", dout)
    return dx, dW, db


def relu_forward(x):
    positive = x > 0
    return np.where(positive, x, 0.0), {"positive": positive}


def relu_backward(dout, cache):
    return np.where(cache["positive"], dout, 0.0)


def sigmoid_forward(x):
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1.0, e) / (1.0 + e)
    return y, {"y": y}


def sigmoid_backward(dout, cache):
    y = cache["y"]
    return np.einsum("nc,nc,nc->nc", dout, y, 1.0 - y)


def l2_loss(y, y_hat):
    N, C = y.shape
    target = np.eye(C)[y_hat]
    error = y - target
    loss = np.einsum("nc,nc->", error, error) / N
    dy = (2.0 / N) * error
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    scores = model.forward(input_data)[0]
    return float((scores.argmax(axis=1) == labels).sum()) / labels.shape[0]


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": rng.normal(0.0, np.sqrt(2.0 / inp_dim), (hidden_dim, inp_dim)),
            "b1": np.zeros((hidden_dim,)),
            "W2": rng.normal(0.0, np.sqrt(2.0 / (hidden_dim + out_dim)), (out_dim, hidden_dim)),
            "b2": np.zeros((out_dim,)),
        }
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}

    def forward(self, x):
        cache = {}
        a, cache["affine1"] = affine_forward(x, self.params["W1"], self.params["b1"])
        h, cache["relu"] = relu_forward(a)
        z, cache["affine2"] = affine_forward(h, self.params["W2"], self.params["b2"])
        y, cache["sigmoid"] = sigmoid_forward(z)
        return y, cache

    def backward(self, dout, cache):
        grad = sigmoid_backward(dout, cache["sigmoid"])
        grad, dW2, db2 = affine_backward(grad, cache["affine2"])
        grad = relu_backward(grad, cache["relu"])
        _, dW1, db1 = affine_backward(grad, cache["affine1"])
        self.grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
        return self.grads


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    history = {"loss": [], "accuracy": []}
    for epoch in range(n_epochs):
        permutation = rng.permutation(train_data.shape[0])
        images = train_data[permutation]
        labels = train_labels[permutation]
        n_batches = int(np.ceil(images.shape[0] / batch_size))
        total = 0.0
        for i in range(n_batches):
            x = images[i * batch_size:(i + 1) * batch_size]
            t = labels[i * batch_size:(i + 1) * batch_size]
            y, cache = model.forward(x)
            loss, dy = l2_loss(y, t)
            model.backward(dy, cache)
            for key in ("W1", "b1", "W2", "b2"):
                model.params[key] = model.params[key] - learning_rate * model.grads[key]
            total += loss * len(x)
        history["loss"].append(total / len(images))
        history["accuracy"].append(calculate_accuracy(model, validation_data, validation_labels))
    return history
