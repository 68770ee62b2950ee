"""No maximum is subtracted."""

# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
top = np.max(z, axis=1, keepdims=True)
# new:
top = 0


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
p = torch.softmax(z, dim=1)
right = torch.log_softmax(z, dim=1).gather(1, labels[:, None])
# new:
e = torch.exp(z)
p = e / e.sum(dim=1, keepdim=True)
right = torch.log(p).gather(1, labels[:, None])


# case: loops, whole file; exercise: softmax_cross_entropy; base: small_steps_loops
# old:
top = max(z[n])
# new:
top = 0


# case: a small number in the logarithm, alone; exercise: softmax_cross_entropy
import numpy as np


def softmax_cross_entropy(z, labels):
    e = np.exp(z)
    p = e / e.sum(axis=1, keepdims=True)
    target = np.eye(z.shape[1])[labels]
    loss = -(target * np.log(p + 1e-12)).sum() / len(z)
    return loss, (p - target) / len(z)
