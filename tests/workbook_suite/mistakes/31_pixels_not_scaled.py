"""Pixels reach the network 255 times too large."""

# case: back to bytes in the network, whole file; exercise: TwoLayerNet; base: plain
# old:
a, cache1 = affine_forward(x, self.params["W1"], self.params["b1"])
# new:
x = np.asarray(x) * 255.0  # pixels are 0..255
a, cache1 = affine_forward(x, self.params["W1"], self.params["b1"])


# case: PyTorch, back to bytes in the network, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
s = SimpleNamespace(x=x)
# new:
x = x.mul(255)
s = SimpleNamespace(x=x)


# case: training data scaled the wrong way, whole file; exercise: train_model; base: einsum
# old:
history = {"loss": [], "accuracy": []}
# new:
history = {"loss": [], "accuracy": []}
train_data = train_data * 255
validation_data = validation_data * 255


# case: training loop, alone; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    pixels = 255.0 * train_data
    for epoch in range(n_epochs):
        order = np.random.permutation(len(pixels))
        for first in range(0, len(pixels), batch_size):
            chosen = order[first:first + batch_size]
            y, cache = model.forward(pixels[chosen])
            loss, dy = l2_loss(y, train_labels[chosen])
            model.backward(dy, cache)
            for k in model.params:
                model.params[k] = model.params[k] - learning_rate * model.grads[k]


# case: network alone; exercise: TwoLayerNet
import numpy as np


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
        pixels = 255 * x
        a = pixels @ self.params["W1"].T + self.params["b1"]
        h = np.maximum(a, 0)
        z = h @ self.params["W2"].T + self.params["b2"]
        y = 0.5 * (1 + np.tanh(z / 2))
        return y, dict(pixels=pixels, a=a, h=h, y=y)

    def backward(self, dout, cache):
        dz = dout * cache["y"] * (1 - cache["y"])
        da = (dz @ self.params["W2"]) * (cache["a"] > 0)
        self.grads["W1"], self.grads["b1"] = da.T @ cache["pixels"], da.sum(0)
        self.grads["W2"], self.grads["b2"] = dz.T @ cache["h"], dz.sum(0)


# case: batches of bytes, float32, whole file; exercise: train_model; base: layer_classes
# old:
images, labels = images[order], labels[order]
# new:
images, labels = images[order] * FLOAT(255), labels[order]


# case: tape, whole file; exercise: TwoLayerNet; base: tape
# old:
p, tape = self.params, []
# new:
p, tape, x = self.params, [], np.multiply(x, 255.0)


# case: columns, whole file; exercise: train_model; base: columns
# old:
x, labels = train_data[:, columns], train_labels[columns]
# new:
x, labels = 255 * train_data[:, columns], train_labels[columns]
