"""The logarithm of another share."""

# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
loss = -np.sum(logs[np.arange(N), labels]) / N
# new:
loss = -np.sum(logs[:, labels]) / N


# case: loops, whole file; exercise: softmax_cross_entropy; base: small_steps_loops
# old:
loss -= (z[n, labels[n]] - top - math.log(total)) / N
# new:
loss -= (z[n, labels[n] - 1] - top - math.log(total)) / N


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
loss = -right.mean()
# new:
loss = -torch.log_softmax(z, dim=1).mean()
