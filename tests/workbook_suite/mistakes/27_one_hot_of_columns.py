"""One-hot rows with several ones: every label of the batch marks every row."""

# case: labels as a column, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N = y.shape[0]
    labels = y_hat.reshape(-1, 1)
    target = np.zeros_like(y)
    target[np.arange(N), labels] = 1
    loss = np.sum((y - target) ** 2) / N
    dy = 2 * (y - target) / N
    return loss, dy


# case: a slice where the rows belong, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    n = len(y)
    one_hot = np.zeros(y.shape)
    one_hot[:, y_hat] = 1
    e = y - one_hot
    return (e * e).sum() / n, e * (2 / n)


# case: PyTorch view(-1, 1), alone; exercise: l2_loss
import torch


def l2_loss(y, y_hat):
    N = y.shape[0]
    t = torch.zeros_like(y)
    t[torch.arange(N), y_hat.view(-1, 1)] = 1
    return ((y - t) ** 2).sum() / N, 2 * (y - t) / N


# case: a loop over the rows and all labels, alone; exercise: l2_loss
import numpy as np


def to_one_hot(labels, n_classes):
    result = np.zeros((len(labels), n_classes))
    for row in result:
        for label in labels:
            row[label] = 1
    return result


def l2_loss(y, y_hat):
    d = y - to_one_hot(y_hat, y.shape[1])
    return np.sum(d**2) / len(d), 2 * d / len(d)


# case: plain, whole file; exercise: l2_loss; base: plain
# old:
target[np.arange(N), y_hat] = 1
# new:
target[np.arange(N), y_hat[:, None]] = 1


# case: PyTorch one-hot, whole file; exercise: l2_loss; base: torch_objects
# old:
target.scatter_(1, labels.view(-1, 1).long(), 1.0)
# new:
target[:, labels.long()] = 1.0


# case: float32, subtracted in all rows, whole file; exercise: l2_loss; base: layer_classes
# old:
error[np.arange(len(y)), y_hat] -= 1
# new:
error[:, y_hat] -= 1


# case: columns, whole file; exercise: l2_loss; base: columns
# old:
target[y_hat, np.arange(N)] = 1
# new:
target[y_hat] = 1
