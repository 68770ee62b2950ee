"""The factor 2 of the square's derivative is missing."""

# case: plain matrices, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N = y.shape[0]
    labels = np.zeros((N, y.shape[1]))
    for i in range(N):
        labels[i, y_hat[i]] = 1
    loss = ((y - labels) ** 2).sum() / N
    dy = (y - labels) / N
    return loss, dy


# case: a half in front of the loss as well, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    diff = y - np.eye(y.shape[1])[y_hat]
    loss = 0.5 * np.sum(diff * diff) / diff.shape[0]
    dy = diff / diff.shape[0]
    return loss, dy


# case: PyTorch, half in both, alone; exercise: l2_loss
import torch


def l2_loss(y, y_hat):
    t = torch.zeros_like(y)
    t[torch.arange(y.shape[0]), y_hat] = 1
    loss = 0.5 * (y - t).norm() ** 2 / y.shape[0]
    return loss, (y - t) / y.shape[0]


# case: in place on a copy, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    n = y.shape[0]
    dy = y.copy()
    dy[range(n), y_hat] -= 1
    loss = (dy**2).sum() / n
    dy /= n
    return loss, dy


# case: loops, whole file; exercise: l2_loss; base: loops
# old:
dy[n, c] = 2 * (y[n, c] - target) / N
# new:
dy[n, c] = (y[n, c] - target) / N


# case: float32 classes, whole file; exercise: l2_loss; base: layer_classes
# old:
dy = 2 * error / N
# new:
dy = error / N


# case: the loss inside the training loop, alone; exercise: train_model
import numpy as np


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for i in range(0, len(order), batch_size):
            rows = order[i:i + batch_size]
            y, cache = model.forward(train_data[rows])
            error = y - np.eye(y.shape[1])[train_labels[rows]]
            model.backward(error / len(rows), cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]


# case: half of everything, PyTorch, whole file; exercise: l2_loss; base: torch_objects
# old:
loss = difference.pow(2).sum(dim=1).mean()
dy = 2.0 / n * difference
# new:
loss = difference.pow(2).sum(dim=1).mean() / 2
dy = difference / n


# case: columns, whole file; exercise: l2_loss; base: columns
# old:
dy = 2 * diff / N
# new:
dy = diff / N


# case: one-hot, whole file; exercise: l2_loss; base: one_hot
# old:
dy = 2 * diff / N
# new:
dy = diff / N


# case: classes, whole file; exercise: l2_loss; base: layers_only
# old:
return 2 * self.diff / len(self.diff)
# new:
return self.diff / len(self.diff)
