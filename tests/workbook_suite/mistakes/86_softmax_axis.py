"""Shares that sum to 1 down the images."""

# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
total = np.sum(e, axis=1, keepdims=True)
# new:
total = np.sum(e, axis=0, keepdims=True)


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
p = torch.softmax(z, dim=1)
right = torch.log_softmax(z, dim=1).gather(1, labels[:, None])
# new:
p = torch.softmax(z, dim=0)
right = torch.log_softmax(z, dim=0).gather(1, labels[:, None])


# case: loops, whole file; exercise: softmax_cross_entropy; base: small_steps_loops
# old:
for c in range(C):
    share = math.exp(z[n, c] - top) / total
# new:
for c in range(C):
    share = math.exp(z[n, c]) / sum(math.exp(z[i, c]) for i in range(N))


# case: the scores of all images together, alone; exercise: softmax_cross_entropy
import numpy as np


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def softmax_cross_entropy(z, labels):
    p = softmax(z)
    loss = -np.log(p[range(len(z)), labels]).mean()
    return loss, (p - np.eye(z.shape[1])[labels]) / len(z)
