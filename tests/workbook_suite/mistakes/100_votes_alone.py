"""Votes without features, or features without votes."""

# case: NumPy, whole file; exercise: contributions; base: small_steps
# old:
parts = params["W2"][digit] * h
# new:
parts = params["W2"][digit]


# case: loops, whole file; exercise: contributions; base: small_steps_loops
# old:
parts.append(params["W2"][digit, k] * h)
# new:
parts.append(h)


# case: PyTorch, whole file; exercise: contributions; base: small_steps_torch
# old:
return h * params["W2"][digit], params["b2"][digit]
# new:
return params["W2"][digit], params["b2"][digit]
