"""Smallest instead of largest."""

# case: NumPy, whole file; exercise: strongest_units; base: small_steps
# old:
order = np.argsort(size)[::-1]
# new:
order = np.argsort(size)


# case: loops, whole file; exercise: strongest_units; base: small_steps_loops
# old:
units.sort(key=lambda k: abs(parts[k]), reverse=True)
# new:
units.sort(key=lambda k: abs(parts[k]))


# case: PyTorch, whole file; exercise: strongest_units; base: small_steps_torch
# old:
return torch.topk(parts.abs(), count).indices
# new:
return torch.topk(parts.abs(), count, largest=False).indices
