"""Images and labels no longer belong together."""

# case: two permutations, whole file; exercise: train_model; base: einsum
# old:
labels = train_labels[permutation]
# new:
labels = train_labels[rng.permutation(train_labels.shape[0])]


# case: PyTorch, randperm twice, whole file; exercise: train_model; base: torch_plain
# old:
labels = train_labels[idx]
# new:
labels = train_labels[torch.randperm(num_train)[i:i + batch_size]]


# case: copies shuffled one after the other, alone; exercise: train_model
import numpy as np


def l2_loss(y, y_hat):
    target = np.zeros_like(y)
    target[np.arange(len(y)), y_hat] = 1
    return np.sum((y - target) ** 2) / len(y), 2 * (y - target) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    images, labels = train_data.copy(), train_labels.copy()
    for epoch in range(n_epochs):
        np.random.shuffle(images)
        np.random.shuffle(labels)
        for i in range(0, len(images), batch_size):
            y, cache = model.forward(images[i:i + batch_size])
            loss, dy = l2_loss(y, labels[i:i + batch_size])
            model.backward(dy, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]


# case: only the images are shuffled, whole file; exercise: train_model; base: layer_classes
# old:
images, labels = images[order], labels[order]
# new:
images = images[order]


# case: two draws for each batch, alone; exercise: train_model
import numpy as np


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    rng = np.random.default_rng(0)
    n = len(train_data)
    for epoch in range(n_epochs):
        image_order, label_order = rng.permutation(n), rng.permutation(n)
        for start in range(0, n - batch_size + 1, batch_size):
            x = train_data[image_order[start:start + batch_size]]
            t = train_labels[label_order[start:start + batch_size]]
            y, cache = model.forward(x)
            dy = y.copy()
            dy[np.arange(batch_size), t] -= 1
            model.backward(2 * dy / batch_size, cache)
            for name, grad in model.grads.items():
                model.params[name] -= learning_rate * grad


# case: images by the order, labels by the position, whole file; exercise: train_model; base: plain
# old:
x, labels = train_data[rows], train_labels[rows]
# new:
x, labels = train_data[rows], train_labels[start:start + batch_size]


# case: PyTorch, two loaders side by side, alone; exercise: train_model
import torch
from torch.utils.data import DataLoader


def l2_loss(y, y_hat):
    t = torch.nn.functional.one_hot(y_hat, y.shape[1]).to(y.dtype)
    return ((y - t) ** 2).sum() / len(y), 2 * (y - t) / len(y)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    images = DataLoader(train_data, batch_size=batch_size, shuffle=True)
    labels = DataLoader(train_labels, batch_size=batch_size, shuffle=True)
    for epoch in range(n_epochs):
        for x, t in zip(images, labels):
            y, cache = model.forward(x)
            loss, dy = l2_loss(y, t)
            model.backward(dy, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]


# case: taken with two orders, whole file; exercise: train_model; base: tape
# old:
loss, dy = l2_loss(y, np.take(train_labels, rows))
# new:
loss, dy = l2_loss(y, np.take(train_labels, generator.permutation(rows)))


# case: zipped after the shuffle of one, whole file; exercise: train_model; base: templates
# old:
together = list(zip(train_data, train_labels))
np.random.default_rng(epoch).shuffle(together)
# new:
images = list(train_data)
np.random.default_rng(epoch).shuffle(images)
together = list(zip(images, train_labels))


# case: columns, whole file; exercise: train_model; base: columns
# old:
x, labels = train_data[:, columns], train_labels[columns]
# new:
x, labels = train_data[:, columns], train_labels[start:start + batch_size]


# case: columns, PyTorch, whole file; exercise: train_model; base: columns_torch
# old:
loss, dy = l2_loss(y, train_labels[rows])
# new:
loss, dy = l2_loss(y, train_labels[:len(rows)])


# case: one-hot, whole file; exercise: train_model; base: one_hot
# old:
loss, dout = l2_loss(out, train_labels[rows])
# new:
loss, dout = l2_loss(out, train_labels[start:start + batch_size])
