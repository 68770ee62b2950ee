"""The gradient of the L2 loss."""

# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
dz = dz / N
# new:
dz = 2 * dz / N


# case: loops, whole file; exercise: softmax_cross_entropy; base: small_steps_loops
# old:
dz[n, c] = (share - target) / N
# new:
dz[n, c] = 2 * (share - target) * share * (1 - share) / N


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
return loss, (p - target) / len(z)
# new:
return loss, 2 / len(z) * (p - target)
