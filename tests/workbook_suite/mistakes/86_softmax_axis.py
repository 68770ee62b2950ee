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
