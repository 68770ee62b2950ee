"""train_model, written in other ways; the loss stands beside it or in it."""

# case: a while loop over the positions; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    n = train_data.shape[0]
    epoch = 0
    while epoch < n_epochs:
        order, position = np.random.permutation(n), 0
        while position < n:
            rows = order[position:position + batch_size]
            y, cache = model.forward(train_data[rows])
            _, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, cache)
            for key in model.params:
                model.params[key] = model.params[key] - learning_rate * model.grads[key]
            position += batch_size
        epoch += 1


# case: file order, last partial batch dropped; exercise: train_model; remark: yes
import numpy as np


def l2_loss(y, y_hat):
    t = np.zeros_like(y)
    t[np.arange(y.shape[0]), y_hat] = 1
    return np.sum((y - t) ** 2) / y.shape[0], 2 * (y - t) / y.shape[0]


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    n_batches = train_data.shape[0] // batch_size
    for epoch in range(n_epochs):
        for i in range(n_batches):
            images = train_data[i * batch_size:(i + 1) * batch_size]
            labels = train_labels[i * batch_size:(i + 1) * batch_size]
            out, cache = model.forward(images)
            loss, dout = l2_loss(out, labels)
            model.backward(dout, cache)
            for p in model.params:
                model.params[p] -= learning_rate * model.grads[p]


# case: file order with the partial batch; exercise: train_model; remark: yes
import numpy as np


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        for i in range(0, len(train_data), batch_size):
            y, cache = model.forward(train_data[i:i + batch_size])
            labels = train_labels[i:i + batch_size]
            dy = np.copy(y)
            dy[np.arange(len(labels)), labels] -= 1
            model.backward(dy * 2 / len(labels), cache)
            for key in ["W1", "b1", "W2", "b2"]:
                model.params[key] = model.params[key] - learning_rate * model.grads[key]


# case: copies shuffled together by the same state; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    t = (y_hat[:, None] == np.arange(y.shape[1])) * 1.0
    return ((y - t) ** 2).sum(1).mean(), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    images, labels = train_data.copy(), train_labels.copy()
    for epoch in range(n_epochs):
        state = np.random.get_state()
        np.random.shuffle(images)
        np.random.set_state(state)
        np.random.shuffle(labels)
        for start in range(0, len(images), batch_size):
            y, cache = model.forward(images[start:start + batch_size])
            loss, dy = l2_loss(y, labels[start:start + batch_size])
            model.backward(dy, cache)
            for name, grad in model.grads.items():
                model.params[name] = model.params[name] - learning_rate * grad


# case: row numbers shuffled by the random module; exercise: train_model
import random

import numpy as np


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    rows = list(range(len(train_labels)))
    for epoch in range(n_epochs):
        random.shuffle(rows)
        for first in range(0, len(rows), batch_size):
            batch = rows[first:first + batch_size]
            y, cache = model.forward(train_data[batch])
            t = np.eye(y.shape[1])[train_labels[batch]]
            model.backward(2 * (y - t) / len(batch), cache)
            model.params.update({k: model.params[k] - learning_rate * model.grads[k] for k in model.params})


# case: a generator of batches, history returned; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    return float(((y - t) ** 2).sum() / len(y)), 2 * (y - t) / len(y)


def calculate_accuracy(model, input_data, labels):
    return float((model.forward(input_data)[0].argmax(1) == labels).mean())


def minibatches(x, y, size, rng):
    order = rng.permutation(len(x))
    for i in range(0, len(x), size):
        yield x[order[i:i + size]], y[order[i:i + size]]


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    rng = np.random.default_rng(42)
    history = []
    for epoch in range(1, n_epochs + 1):
        losses = []
        for x, labels in minibatches(train_data, train_labels, batch_size, rng):
            y, cache = model.forward(x)
            loss, dy = l2_loss(y, labels)
            losses.append(loss)
            model.backward(dy, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]
        row = {
            "epoch": epoch,
            "loss": np.mean(losses),
            "train": calculate_accuracy(model, train_data, train_labels),
            "validation": calculate_accuracy(model, validation_data, validation_labels),
        }
        print(row)
        history.append(row)
    return history


# case: PyTorch, TensorDataset and DataLoader; exercise: train_model
import torch
from torch.utils.data import DataLoader, TensorDataset


def l2_loss(y, y_hat):
    t = torch.nn.functional.one_hot(y_hat, y.shape[1]).to(y.dtype)
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    loader = DataLoader(TensorDataset(train_data, train_labels), batch_size=batch_size, shuffle=True)
    for epoch in range(n_epochs):
        for images, labels in loader:
            y, cache = model.forward(images)
            loss, dy = l2_loss(y, labels)
            model.backward(dy, cache)
            with torch.no_grad():
                for key in model.params:
                    model.params[key].sub_(learning_rate * model.grads[key])


# case: PyTorch, randperm, last partial batch dropped; exercise: train_model; remark: yes
import torch


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for _ in range(n_epochs):
        order = torch.randperm(train_data.shape[0])
        for i in range(train_data.shape[0] // batch_size):
            rows = order[i * batch_size:(i + 1) * batch_size]
            y, cache = model.forward(train_data.index_select(0, rows))
            t = torch.zeros_like(y)
            t[torch.arange(len(rows)), train_labels[rows]] = 1
            model.backward((y - t).mul(2 / batch_size), cache)
            for key, grad in model.grads.items():
                model.params[key].add_(grad, alpha=-learning_rate)


# case: all accuracies every epoch, loss before training too, best parameters reported; exercise: train_model
import time

import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def calculate_accuracy(model, input_data, labels):
    return np.mean(np.argmax(model.forward(input_data)[0], 1) == labels)


def report(model, name, data, labels):
    y, _ = model.forward(data)
    print(f"{name}: loss {l2_loss(y, labels)[0]:.4f} accuracy {calculate_accuracy(model, data, labels):.3f}")


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    began, best, kept = time.time(), -1.0, None
    report(model, "before", validation_data, validation_labels)
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for rows in (order[i:i + batch_size] for i in range(0, len(order), batch_size)):
            y, cache = model.forward(train_data[rows])
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]
        report(model, f"epoch {epoch}", train_data, train_labels)
        accuracy = calculate_accuracy(model, validation_data, validation_labels)
        if accuracy > best:
            best, kept = accuracy, {key: value.copy() for key, value in model.params.items()}
    print(f"{time.time() - began:.1f} s")
    return best, kept


# case: the order of the batches is shuffled; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    starts = np.arange(0, len(train_data), batch_size)
    for epoch in range(n_epochs):
        for start in np.random.permutation(starts):
            x = train_data[start:start + batch_size]
            y, cache = model.forward(x)
            loss, dy = l2_loss(y, train_labels[start:start + batch_size])
            model.backward(dy, cache)
            for name in model.params:
                model.params[name] -= learning_rate * model.grads[name]


# case: rows chosen without putting back, a step function of its own; exercise: train_model
import numpy as np


def one_step(model, images, labels, learning_rate):
    """Forward, backward, update of one batch; returns the loss."""
    outputs, cache = model.forward(images)
    error = outputs - np.eye(outputs.shape[1])[labels]
    model.backward(2 * error / len(images), cache)
    for key in model.params.keys():
        np.add(model.params[key], -learning_rate * model.grads[key], out=model.params[key])
    return np.sum(error**2) / len(images)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    N, history = len(train_data), []
    for _ in range(n_epochs):
        order = np.random.choice(N, size=N, replace=False)
        history.append([one_step(model, train_data[rows], train_labels[rows], learning_rate)
                        for rows in np.split(order, np.arange(batch_size, N, batch_size))])
    return history


# case: PyTorch, parameters given new tensors; exercise: train_model
import torch


def l2_loss(y, y_hat):
    t = torch.zeros_like(y)
    t.scatter_(1, y_hat.unsqueeze(1), 1)
    return ((y - t) ** 2).sum() / y.shape[0], 2 * (y - t) / y.shape[0]


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    generator = torch.Generator().manual_seed(5)
    model.losses = []
    for epoch in range(n_epochs):
        index = torch.randperm(train_labels.numel(), generator=generator)
        x, t = train_data[index], train_labels[index]
        for first in range(0, t.numel(), batch_size):
            last = min(first + batch_size, t.numel())
            y, cache = model.forward(x[first:last])
            loss, dy = l2_loss(y, t[first:last])
            model.losses.append(loss.item())
            model.backward(dy, cache)
            model.params = {key: model.params[key] - learning_rate * model.grads[key] for key in model.params}
