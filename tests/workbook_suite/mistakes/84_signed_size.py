"""Votes against the digit come last, or first."""

# case: NumPy, whole file; exercise: strongest_units; base: small_steps
# old:
size = np.abs(parts)
# new:
size = parts


# case: loops, whole file; exercise: strongest_units; base: small_steps_loops
# old:
units.sort(key=lambda k: abs(parts[k]), reverse=True)
# new:
units.sort(key=lambda k: parts[k], reverse=True)


# case: PyTorch, whole file; exercise: strongest_units; base: small_steps_torch
# old:
return torch.topk(parts.abs(), count).indices
# new:
return torch.argsort(parts, descending=True)[:count]
