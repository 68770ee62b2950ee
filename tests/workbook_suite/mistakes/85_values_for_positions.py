"""The strongest contributions themselves."""

# case: NumPy, whole file; exercise: strongest_units; base: small_steps
# old:
return order[:count]
# new:
return parts[order[:count]]


# case: loops, whole file; exercise: strongest_units; base: small_steps_loops
# old:
return units[:count]
# new:
return [parts[k] for k in units[:count]]


# case: PyTorch, whole file; exercise: strongest_units; base: small_steps_torch
# old:
return torch.topk(parts.abs(), count).indices
# new:
return torch.topk(parts.abs(), count).values
