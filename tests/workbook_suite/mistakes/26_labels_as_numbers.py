"""The labels are subtracted as numbers."""

# case: reshaped labels, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N = y.shape[0]
    diff = y - y_hat.reshape(N, 1)
    loss = np.sum(diff**2) / N
    dy = 2 * diff / N
    return loss, dy


# case: PyTorch unsqueeze, alone; exercise: l2_loss
import torch


def l2_loss(y, y_hat):
    error = y - y_hat.unsqueeze(1).to(y.dtype)
    return (error**2).sum(1).mean(), 2 / y.shape[0] * error


# case: transposed so that it broadcasts, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    d = (y.T - y_hat).T
    loss = np.einsum("nc,nc->n", d, d).mean()
    return loss, 2.0 * d / d.shape[0]


# case: loops, whole file; exercise: l2_loss; base: loops
# old:
target = 1 if y_hat[n] == c else 0
# new:
target = y_hat[n]


# case: tiled labels, whole file; exercise: l2_loss; base: plain
# old:
target = np.zeros((N, C))
target[np.arange(N), y_hat] = 1
# new:
target = np.tile(y_hat[:, np.newaxis], (1, C))


# case: subtracted as they are, which only fits when N is C, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    diff = y - y_hat
    loss = np.sum(diff**2) / y.shape[0]
    dy = 2 * diff / y.shape[0]
    return loss, dy


# case: PyTorch, the labels as floats, whole file; exercise: l2_loss; base: torch_plain
# old:
target = F.one_hot(y_hat, num_classes=y.size(1)).to(y.dtype)
# new:
target = y_hat.to(y.dtype).view(-1, 1).expand_as(y)


# case: inlined, whole file; exercise: l2_loss; base: inlined
# old:
d = y - (np.arange(y.shape[1]) == y_hat[:, None])
# new:
d = y - y_hat[:, None]


# case: columns, whole file; exercise: l2_loss; base: columns
# old:
diff = y - target
# new:
diff = y - y_hat


# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
dz[np.arange(N), labels] -= 1
# new:
dz -= labels[:, None]


# case: loops, whole file; exercise: softmax_cross_entropy; base: small_steps_loops
# old:
target = 1 if labels[n] == c else 0
dz[n, c] = (share - target) / N
# new:
target = labels[n]
dz[n, c] = (share - target) / N


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
target = F.one_hot(labels, z.shape[1])
# new:
target = labels.view(-1, 1)
