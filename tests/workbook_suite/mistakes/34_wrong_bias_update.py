"""A parameter is not moved by minus the learning rate times its own gradient."""

# case: the biases are left out, whole file; exercise: train_model; base: einsum
# old:
for key in ("W1", "b1", "W2", "b2"):
# new:
for key in ("W1", "W2"):


# case: the bias is replaced by the step, whole file; exercise: train_model; base: loops
# old:
model.params["b1"] = model.params["b1"] - learning_rate * model.grads["b1"]
# new:
model.params["b1"] = -learning_rate * model.grads["b1"]


# case: the bias starts from the wrong thing, alone; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_labels))
        for i in range(0, len(order), batch_size):
            rows = order[i:i + batch_size]
            y, cache = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, cache)
            p, g = model.params, model.grads
            p["W1"] = p["W1"] - learning_rate * g["W1"]
            p["b1"] = g["b1"] - learning_rate * p["b1"]
            p["W2"] = p["W2"] - learning_rate * g["W2"]
            p["b2"] = p["b2"] - learning_rate * g["b2"]


# case: PyTorch, one bias forgotten in four lines, alone; exercise: train_model
import torch


def l2_loss(y, y_hat):
    t = torch.nn.functional.one_hot(y_hat, y.shape[1]).to(y.dtype)
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        for rows in torch.randperm(len(train_labels)).split(batch_size):
            y, cache = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, cache)
            model.params["W1"] -= learning_rate * model.grads["W1"]
            model.params["b1"] -= learning_rate * model.grads["b1"]
            model.params["W2"] -= learning_rate * model.grads["W2"]


# case: the bias moves by the gradient of the weights, whole file; exercise: train_model; base: plain
# old:
for name in model.params:
    model.params[name] -= learning_rate * model.grads[name]
# new:
model.params["W1"] -= learning_rate * model.grads["W1"]
model.params["b1"] -= learning_rate * model.grads["W1"].sum(axis=1)
model.params["W2"] -= learning_rate * model.grads["W2"]
model.params["b2"] -= learning_rate * model.grads["W2"].sum(axis=1)


# case: learning rate forgotten for the biases, PyTorch, whole file; exercise: train_model; base: torch_objects
# old:
for name, value in model.params.items():
    value.sub_(learning_rate * model.grads[name])
# new:
for name in ("W1", "W2"):
    model.params[name] -= learning_rate * model.grads[name]
for name in ("b1", "b2"):
    model.params[name] -= model.grads[name]


# case: a line copied, the gradient of the other bias, whole file; exercise: train_model; base: loops
# old:
model.params["b1"] = model.params["b1"] - learning_rate * model.grads["b1"]
# new:
model.params["b1"] = model.params["b1"] - learning_rate * model.grads["b2"]


# case: the first two of the sorted names, whole file; exercise: train_model; base: templates
# old:
for key in sorted(model.params):
# new:
for key in sorted(model.params)[:2]:


# case: the bias is set to its gradient, whole file; exercise: train_model; base: tape
# old:
np.subtract(model.params[key], learning_rate * grad, out=model.params[key])
# new:
if key.startswith("b"):
    model.params[key] = grad
else:
    np.subtract(model.params[key], learning_rate * grad, out=model.params[key])


# case: columns, whole file; exercise: train_model; base: columns
# old:
for name in model.params:
    model.params[name] -= learning_rate * model.grads[name]
# new:
for name in ("W1", "W2"):
    model.params[name] -= learning_rate * model.grads[name]
