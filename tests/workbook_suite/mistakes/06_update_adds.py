"""The update goes uphill."""

# case: plain +=, whole file; exercise: train_model; base: plain
# old:
model.params[name] -= learning_rate * model.grads[name]
# new:
model.params[name] += learning_rate * model.grads[name]


# case: PyTorch add_, whole file; exercise: train_model; base: torch_objects
# old:
value.sub_(learning_rate * model.grads[name])
# new:
value.add_(model.grads[name], alpha=learning_rate)


# case: double minus, whole file; exercise: train_model; base: templates
# old:
model.params[key] = model.params[key] + (-learning_rate) * model.grads[key]
# new:
step = -learning_rate * model.grads[key]
model.params[key] = model.params[key] - step


# case: float32, np.add with out, whole file; exercise: train_model; base: layer_classes
# old:
params[key] -= FLOAT(learning_rate) * grads[key]
# new:
np.add(params[key], FLOAT(learning_rate) * grads[key], out=params[key])


# case: plain, with the loss at hand, alone; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        indices = np.random.permutation(len(train_data))
        for i in range(0, len(train_data), batch_size):
            batch = indices[i:i + batch_size]
            y, cache = model.forward(train_data[batch])
            loss, dy = l2_loss(y, train_labels[batch])
            model.backward(dy, cache)
            model.params["W1"] = model.params["W1"] + learning_rate * model.grads["W1"]
            model.params["b1"] = model.params["b1"] + learning_rate * model.grads["b1"]
            model.params["W2"] = model.params["W2"] + learning_rate * model.grads["W2"]
            model.params["b2"] = model.params["b2"] + learning_rate * model.grads["b2"]


# case: dictionary comprehension, loss inside the loop, alone; exercise: train_model
import numpy as np


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    n = train_data.shape[0]
    for _ in range(n_epochs):
        for start in range(0, n, batch_size):
            x, t = train_data[start:start + batch_size], train_labels[start:start + batch_size]
            out, cache = model.forward(x)
            target = np.zeros_like(out)
            target[np.arange(len(t)), t] = 1
            model.backward(2 / len(t) * (out - target), cache)
            model.params.update({k: v + learning_rate * model.grads[k] for k, v in model.params.items()})


# case: PyTorch, in a helper that steps along the gradient, alone; exercise: train_model
import torch


def l2_loss(y, y_hat):
    t = torch.nn.functional.one_hot(y_hat, y.shape[1]).to(y.dtype)
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def gradient_step(params, grads, lr):
    return {key: torch.add(params[key], grads[key], alpha=lr) for key in params}


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        for rows in torch.randperm(len(train_data)).split(batch_size):
            y, cache = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, cache)
            model.params = gradient_step(model.params, model.grads, learning_rate)


# case: columns, whole file; exercise: train_model; base: columns
# old:
model.params[name] -= learning_rate * model.grads[name]
# new:
model.params[name] += learning_rate * model.grads[name]


# case: W as (in, out), whole file; exercise: train_model; base: in_out
# old:
model.params[key] -= learning_rate * model.grads[key]
# new:
model.params[key] += learning_rate * model.grads[key]


# case: one-hot, whole file; exercise: train_model; base: one_hot
# old:
model.params[key] = model.params[key] - learning_rate * model.grads[key]
# new:
model.params[key] = model.params[key] + learning_rate * model.grads[key]


# case: classes, whole file; exercise: train_model; base: layers_only
# old:
layer.W -= learning_rate * layer.dW
layer.b -= learning_rate * layer.db
# new:
layer.W += learning_rate * layer.dW
layer.b += learning_rate * layer.db


# case: NumPy, whole file; exercise: momentum_step; base: small_steps
# old:
param = param - learning_rate * v
# new:
param = param + learning_rate * v


# case: loops, whole file; exercise: momentum_step; base: small_steps_loops
# old:
velocity = keep * velocity - learning_rate * grad
# new:
velocity = keep * velocity + learning_rate * grad


# case: PyTorch, whole file; exercise: momentum_step; base: small_steps_torch
# old:
param = param.sub(velocity, alpha=learning_rate)
# new:
param = param.add(velocity, alpha=learning_rate)
