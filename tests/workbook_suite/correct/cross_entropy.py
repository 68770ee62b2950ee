"""softmax_cross_entropy, written in other ways."""

# case: logaddexp; exercise: softmax_cross_entropy
import numpy as np


def softmax_cross_entropy(z, labels):
    total = np.logaddexp.reduce(z, axis=1)
    rows = np.arange(len(z))
    loss = np.mean(total - z[rows, labels])
    dz = np.exp(z - total[:, None])
    dz[rows, labels] -= 1.0
    return loss, dz / len(z)


# case: PyTorch's own loss, the gradient by hand; exercise: softmax_cross_entropy
import torch
import torch.nn.functional as F


def softmax_cross_entropy(z, labels):
    dz = F.softmax(z, 1)
    dz[torch.arange(len(z)), labels] -= 1
    return F.cross_entropy(z, labels), dz / len(z)


# case: one image after the other; exercise: softmax_cross_entropy
import numpy as np


def softmax_cross_entropy(z, labels):
    losses, rows = [], []
    for scores, label in zip(z, labels):
        shifted = scores - np.max(scores)
        log_total = np.log(np.sum(np.exp(shifted)))
        losses.append(log_total - shifted[label])
        row = np.exp(shifted - log_total)
        row[label] -= 1
        rows.append(row / len(z))
    return np.mean(losses), np.array(rows)
