"""The right units, not the strongest first."""

# case: NumPy, whole file; exercise: strongest_units; base: small_steps
# old:
return order[:count]
# new:
return np.sort(order[:count])


# case: loops, whole file; exercise: strongest_units; base: small_steps_loops
# old:
return units[:count]
# new:
return units[:count][::-1]


# case: PyTorch, whole file; exercise: strongest_units; base: small_steps_torch
# old:
return torch.topk(parts.abs(), count).indices
# new:
return torch.topk(parts.abs(), count).indices.sort().values
