"""The scores as if they were shares."""

# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
dz = p.copy()
# new:
dz = z.copy()


# case: loops, whole file; exercise: softmax_cross_entropy; base: small_steps_loops
# old:
share = math.exp(z[n, c] - top) / total
# new:
share = z[n, c]


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
p = torch.softmax(z, dim=1)
# new:
p = z
