"""l2_loss, written in other ways."""

# case: np.eye; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    target = np.eye(y.shape[1])[y_hat]
    return np.sum((y - target) ** 2) / y.shape[0], 2 / y.shape[0] * (y - target)


# case: comparison with the class numbers; exercise: l2_loss
import numpy as np


def l2_loss(outputs, labels):
    truth = labels[:, np.newaxis] == np.arange(outputs.shape[1])[np.newaxis, :]
    error = outputs - truth.astype(outputs.dtype)
    loss = np.mean(np.sum(np.square(error), axis=1))
    return loss, error * (2 / len(error))


# case: nothing but the label's entry; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    n = len(y_hat)
    rows = range(n)
    own = y[rows, y_hat]
    loss = ((y * y).sum() + ((own - 1) ** 2 - own**2).sum()) / n
    dy = 2 * y / n
    dy[rows, y_hat] -= 2 / n
    return loss, dy


# case: put_along_axis and norm; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    target = np.zeros_like(y)
    np.put_along_axis(target, y_hat[:, None], 1, axis=1)
    difference = y - target
    return np.linalg.norm(difference) ** 2 / len(y), np.divide(difference, len(y) / 2)


# case: loops, plain Python float back; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    loss = 0.0
    dy = []
    for row, label in zip(y.tolist(), y_hat.tolist()):
        target = [0.0] * len(row)
        target[label] = 1.0
        loss += sum((a - b) ** 2 for a, b in zip(row, target))
        dy.append([2 * (a - b) / len(y) for a, b in zip(row, target)])
    return loss / len(y), np.array(dy)


# case: float32; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    t = np.zeros(y.shape, np.float32)
    t[np.arange(y.shape[0]), y_hat] = 1
    e = y.astype(np.float32) - t
    return np.float32((e**2).sum() / e.shape[0]), (2 * e / e.shape[0]).astype(np.float32)


# case: PyTorch, scatter_ and mse_loss summed; exercise: l2_loss
import torch
import torch.nn.functional as F


def l2_loss(y, y_hat):
    t = torch.zeros_like(y).scatter_(1, y_hat[:, None], 1)
    return F.mse_loss(y, t, reduction="sum") / y.shape[0], (y - t).mul(2).div(y.shape[0])


# case: PyTorch, the gradient from autograd; exercise: l2_loss
import torch


def l2_loss(y, y_hat):
    with torch.enable_grad():
        leaf = y.detach().clone().requires_grad_()
        t = torch.nn.functional.one_hot(y_hat, leaf.shape[-1]).to(leaf)
        loss = (leaf - t).square().sum(-1).mean()
        (dy,) = torch.autograd.grad(loss, leaf)
    return loss.item(), dy


# case: mean over everything, times the classes; exercise: l2_loss
import numpy as np


def one_hot(k, depth):
    out = np.zeros((k.size, depth))
    out.flat[np.arange(k.size) * depth + k.ravel()] = 1
    return out


def l2_loss(y, y_hat):
    C = y.shape[1]
    e = y - one_hot(y_hat, C)
    return C * np.mean(e**2), C * 2 * e / e.size


# case: swapped, with the sign put right; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    e = np.identity(y.shape[1])[y_hat] - y
    return np.trace(e @ e.T) / len(e), -2 * e / len(e)


# case: one sample after the other with helper; exercise: l2_loss
import numpy as np


def sample_loss(row, label):
    """Squared distance of one row from its corner of the cube, and its slope."""
    corner = np.zeros_like(row)
    corner[label] = 1
    return np.dot(row - corner, row - corner), 2 * (row - corner)


def l2_loss(y, y_hat):
    pairs = [sample_loss(row, label) for row, label in zip(y, y_hat)]
    losses, slopes = zip(*pairs)
    return np.mean(losses), np.stack(slopes) / len(pairs)
