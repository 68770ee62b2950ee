# homework 2 -- dict caches, einsum everywhere because the slides like it
try:
    import cupy as xp
except ImportError:
    import numpy as xp

import numpy as np
import matplotlib.pyplot as plt
from tqdm import tqdm, trange

N_CLASSES = 10
EPS = 1e-12
debug = False


def log(*words):
    if debug:
        print(*words)


def affine_forward(x, W, b):
    out = xp.einsum("nd,hd->nh", x, W) + b
    return out, {"x": x, "W": W, "b": b}


def affine_backward(dout, cache):
    dx = xp.einsum("nh,hd->nd", dout, cache["W"])
    dW = xp.einsum("nh,nd->hd", dout, cache["x"])
    db = xp.einsum("nh->h", dout)
    log(dx.shape, dW.shape, db.shape)
    return dx, dW, db


def relu_forward(x):
    mask = (x > 0).astype(x.dtype)
    return x * mask, {"mask": mask}


def relu_backward(dout, cache):
    return dout * cache["mask"]


def sigmoid(t):
    return 1 / (1 + xp.exp(-t))


def sigmoid_forward(x):
    return sigmoid(x), {"x": x}


def sigmoid_backward(dout, cache):
    s = sigmoid(cache["x"])
    return dout * s * (1 - s)


def to_one_hot(labels, n_classes=N_CLASSES):
    return xp.eye(n_classes)[xp.asarray(labels).astype(int)]


def l2_loss(y, y_hat):
    diff = y - to_one_hot(y_hat, y.shape[1])
    loss = xp.einsum("nc,nc->", diff, diff) / len(diff)
    return loss, 2 * diff / len(diff)


def calculate_accuracy(model, input_data, labels):
    scores, _ = model.forward(input_data)
    return float((scores.argmax(-1) == labels).sum()) / len(labels)


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        he = (2 / inp_dim) ** 0.5
        xavier = (2 / (hidden_dim + out_dim)) ** 0.5
        self.params = dict(
            W1=he * xp.random.standard_normal((hidden_dim, inp_dim)),
            b1=xp.zeros((hidden_dim,)),
            W2=xavier * xp.random.standard_normal((out_dim, hidden_dim)),
            b2=xp.zeros((out_dim,)),
        )
        self.grads = {k: xp.zeros_like(v) for k, v in self.params.items()}

    def forward(self, x):
        cache = {}
        a, cache["affine1"] = affine_forward(x, self.params["W1"], self.params["b1"])
        h, cache["relu"] = relu_forward(a)
        z, cache["affine2"] = affine_forward(h, self.params["W2"], self.params["b2"])
        y, cache["sigmoid"] = sigmoid_forward(z)
        return y, cache

    def backward(self, dout, cache):
        d = sigmoid_backward(dout, cache["sigmoid"])
        d, dW2, db2 = affine_backward(d, cache["affine2"])
        d = relu_backward(d, cache["relu"])
        _, dW1, db1 = affine_backward(d, cache["affine1"])
        self.grads.update(W1=dW1, b1=db1, W2=dW2, b2=db2)


def train_model(model, train_data, train_labels, validation_data, validation_labels,
                n_epochs, learning_rate=1e-3, batch_size=16):
    history = {"loss": [], "val_acc": []}
    for epoch in trange(n_epochs, desc="epochs"):
        perm = np.random.permutation(train_data.shape[0])
        losses = []
        for i in tqdm(range(0, len(perm), batch_size), leave=False):
            rows = perm[i:i + batch_size]
            y, cache = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            losses.append(loss)
            model.backward(dy, cache)
            for key in model.params.keys():
                model.params[key] = model.params[key] - learning_rate * model.grads[key]
        history["loss"].append(np.mean(losses))
        history["val_acc"].append(calculate_accuracy(model, validation_data, validation_labels))
    return history


def plot(history):
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    left.plot(history["loss"])
    right.plot(history["val_acc"])
    plt.tight_layout()
    plt.show()
