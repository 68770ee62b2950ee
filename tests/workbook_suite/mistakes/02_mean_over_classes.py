"""The mean over all N*C numbers, where the sum over the classes belongs."""

# case: np.mean and size, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    target = np.zeros_like(y)
    target[np.arange(len(y_hat)), y_hat] = 1
    loss = np.mean((y - target) ** 2)
    dy = 2 * (y - target) / y.size
    return loss, dy


# case: PyTorch mse_loss, alone; exercise: l2_loss
import torch
import torch.nn.functional as F


def l2_loss(y, y_hat):
    target = F.one_hot(y_hat, y.shape[1]).to(y.dtype)
    loss = F.mse_loss(y, target)
    dy = 2 * (y - target) / y.numel()
    return loss, dy


# case: nested loops, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N, C = y.shape
    total, dy = 0.0, np.zeros((N, C))
    for i in range(N):
        for j in range(C):
            t = 1.0 if j == y_hat[i] else 0.0
            total += (y[i, j] - t) ** 2
            dy[i, j] = 2 * (y[i, j] - t) / (N * C)
    return total / (N * C), dy


# case: only the value, the gradient is right, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    n_samples = y.shape[0]
    y_one_hot = np.eye(y.shape[1])[y_hat]
    error = y - y_one_hot
    loss = (error * error).mean()
    dy = error * 2 / n_samples
    return loss, dy


# case: plain, whole file; exercise: l2_loss; base: plain
# old:
loss = np.sum(diff**2) / N
dy = 2 * diff / N
# new:
loss = np.mean(diff**2)
dy = 2 * diff / (N * C)


# case: einsum with dictionaries, whole file; exercise: l2_loss; base: einsum
# old:
loss = np.einsum("nc,nc->", error, error) / N
dy = (2.0 / N) * error
# new:
loss = np.einsum("nc,nc->", error, error) / error.size
dy = (2.0 / error.size) * error


# case: PyTorch, mean of means, whole file; exercise: l2_loss; base: torch_objects
# old:
loss = difference.pow(2).sum(dim=1).mean()
dy = 2.0 / n * difference
# new:
loss = difference.pow(2).mean(dim=1).mean(dim=0)
dy = 2.0 / n / n_classes * difference


# case: expanded square, whole file; exercise: l2_loss; base: templates
# old:
loss = (np.sum(y * y) - 2 * np.sum(own) + len(own)) / len(own)
# new:
loss = (np.sum(y * y) - 2 * np.sum(own) + len(own)) / y.size
# old:
dy /= len(own)
# new:
dy /= y.size


# case: columns, whole file; exercise: l2_loss; base: columns
# old:
loss = np.sum(diff**2) / N
dy = 2 * diff / N
# new:
loss = np.mean(diff**2)
dy = 2 * diff / (N * C)


# case: one-hot, whole file; exercise: l2_loss; base: one_hot
# old:
loss = np.sum(diff**2) / N
dy = 2 * diff / N
# new:
loss = np.mean(diff**2)
dy = 2 * diff / diff.size
