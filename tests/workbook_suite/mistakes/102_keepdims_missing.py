"""Rows divided by columns."""

# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
total = np.sum(e, axis=1, keepdims=True)
# new:
total = np.sum(e, axis=1)


# case: NumPy, whole file, 2; exercise: softmax_cross_entropy; base: small_steps
# old:
top = np.max(z, axis=1, keepdims=True)
# new:
top = np.max(z, axis=1)


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
p = torch.softmax(z, dim=1)
right = torch.log_softmax(z, dim=1).gather(1, labels[:, None])
# new:
e = torch.exp(z - z.amax(dim=1, keepdim=True))
p = e / e.sum(dim=1)
right = torch.log(p).gather(1, labels[:, None])
