"""Wrong, but none of the thirty-six: to be rejected, and not to be given one of their numbers."""

# case: tanh where the sigmoid belongs, alone; exercise: sigmoid_forward
import numpy as np


def sigmoid_forward(x):
    out = np.tanh(x)
    return out, out


# case: exponent of the other sign, PyTorch, alone; exercise: sigmoid_forward
import torch


def sigmoid_forward(x):
    y = 1 / (1 + torch.exp(x))
    return y, y


# case: derivative of tanh, alone; exercise: sigmoid_backward
import numpy as np


def sigmoid_forward(x):
    y = 1 / (1 + np.exp(-x))
    return y, y


def sigmoid_backward(dout, cache):
    return dout * (1 - cache**2)


# case: leaky, alone; exercise: relu_forward
import numpy as np


def relu_forward(x):
    return np.where(x > 0, x, 0.01 * x), x


# case: leaky on the way out only, alone; exercise: relu_forward
import numpy as np


def relu_forward(x):
    return np.where(x > 0, x, 0.01 * x), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


# case: the absolute value, alone; exercise: relu_forward
import numpy as np


def relu_forward(x):
    return np.abs(x), x


# case: mask the wrong way round, alone; exercise: relu_backward
import numpy as np


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    dx = dout.copy()
    dx[cache > 0] = 0
    return dx


# case: root of the loss, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    e = y - np.eye(y.shape[1])[y_hat]
    loss = np.sqrt(np.sum(e**2) / len(e))
    return loss, 2 * e / len(e)


# case: absolute errors, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    e = y - np.eye(y.shape[1])[y_hat]
    return np.abs(e).sum() / len(e), np.sign(e) / len(e)


# case: number of right answers, whole file; exercise: calculate_accuracy; base: loops
# old:
return right / len(labels)
# new:
return right


# case: argmin, alone; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    return (np.argmin(model.forward(input_data)[0], axis=1) == labels).mean()


# case: relu after the second layer instead of the sigmoid, whole file; exercise: TwoLayerNet; base: plain
# old:
out, cache4 = sigmoid_forward(z)
# new:
out, cache4 = relu_forward(z)
# old:
dz = sigmoid_backward(dout, cache4)
# new:
dz = relu_backward(dout, cache4)


# case: no relu at all, whole file; exercise: TwoLayerNet; base: inlined
# old:
h = np.maximum(a, 0)
# new:
h = a
# old:
da = dh * (a > 0)
# new:
da = dh


# case: W1 as (in, out), whole file; exercise: TwoLayerNet; base: inlined
# old:
W1=np.sqrt(2 / inp_dim) * np.random.standard_normal((hidden_dim, inp_dim)),
# new:
W1=np.sqrt(2 / inp_dim) * np.random.standard_normal((inp_dim, hidden_dim)),
# old:
a = x @ p["W1"].T + p["b1"]
# new:
a = x @ p["W1"] + p["b1"]
# old:
self.grads["W1"] = da.T @ x
# new:
self.grads["W1"] = x.T @ da


# case: no update, whole file; exercise: train_model; base: plain
# old:
model.backward(dout, cache)
for name in model.params:
    model.params[name] -= learning_rate * model.grads[name]
# new:
model.backward(dout, cache)


# case: a fixed learning rate, whole file; exercise: train_model; base: torch_plain
# old:
model.params[p] -= learning_rate * model.grads[p]
# new:
model.params[p] -= 3e-3 * model.grads[p]


# case: gradient of the batch before, whole file; exercise: train_model; base: einsum
# old:
model.backward(dy, cache)
for key in ("W1", "b1", "W2", "b2"):
    model.params[key] = model.params[key] - learning_rate * model.grads[key]
# new:
for key in ("W1", "b1", "W2", "b2"):
    if key in model.grads:
        model.params[key] = model.params[key] - learning_rate * model.grads[key]
model.backward(dy, cache)


# case: only the first batch of each epoch, whole file; exercise: train_model; base: inlined
# old:
while len(idx) > 0:
# new:
if len(idx) > 0:


# case: one epoch whatever is asked, alone; exercise: train_model
import numpy as np


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    order = np.random.permutation(len(train_data))
    for i in range(0, len(order), batch_size):
        rows = order[i:i + batch_size]
        y, cache = model.forward(train_data[rows])
        target = np.eye(y.shape[1])[train_labels[rows]]
        model.backward(2 * (y - target) / len(rows), cache)
        for key in model.params:
            model.params[key] -= learning_rate * model.grads[key]


# case: one-sided difference, alone; exercise: numerical_gradient
import numpy as np


def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        nudged = x.copy()
        nudged[i] += h
        grad[i] = (f(nudged) - f(x)) / h
    return grad


# case: divided by h instead of 2h, whole file; exercise: numerical_gradient; base: plain
# old:
grad[index] = (above - below) / (2 * h)
# new:
grad[index] = (above - below) / h


# case: sums instead of means, alone; exercise: mean_images
import numpy as np


def mean_images(images, labels):
    return np.array([images[labels == k].sum(axis=0) for k in range(10)])


# case: mean over all images, whole file; exercise: mean_images; base: templates
# old:
means.append(images[labels == digit].mean(axis=0))
# new:
means.append(images[labels == digit].sum(axis=0) / len(images))


# case: the mean of all templates together, alone; exercise: normalize_templates
import numpy as np


def normalize_templates(mean_images):
    return (mean_images - mean_images.mean()) / mean_images.std()


# case: not divided by the deviation, whole file; exercise: normalize_templates; base: templates
# old:
return (centred / flat.std(axis=1, keepdims=True)).reshape(mean_images.shape)
# new:
return centred.reshape(mean_images.shape)


# case: divided by the variance, alone; exercise: normalize_templates
import numpy as np


def normalize_templates(mean_images):
    out = np.zeros(mean_images.shape)
    for k in range(10):
        out[k] = (mean_images[k] - np.mean(mean_images[k])) / np.var(mean_images[k])
    return out


# case: templates by images, alone; exercise: agreement
import numpy as np


def agreement(templates, images):
    return templates.reshape(len(templates), -1) @ images.reshape(len(images), -1).T


# case: distance instead of agreement, alone; exercise: agreement
import numpy as np


def agreement(templates, images):
    T, X = templates.reshape(len(templates), -1), images.reshape(len(images), -1)
    return ((X[:, None, :] - T[None, :, :]) ** 2).sum(axis=2)
