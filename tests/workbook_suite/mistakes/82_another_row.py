"""The votes for another digit."""

# case: NumPy, whole file; exercise: contributions; base: small_steps
# old:
parts = params["W2"][digit] * h
# new:
parts = params["W2"][digit - 1] * h


# case: loops, whole file; exercise: contributions; base: small_steps_loops
# old:
parts.append(params["W2"][digit, k] * h)
# new:
parts.append(params["W2"][0, k] * h)


# case: PyTorch, whole file; exercise: contributions; base: small_steps_torch
# old:
return h * params["W2"][digit], params["b2"][digit]
# new:
return h * params["W2"][:, digit], params["b2"][digit]


# case: PyTorch, whole file, 2; exercise: contributions; base: small_steps_torch
# old:
return h * params["W2"][digit], params["b2"][digit]
# new:
return h * params["W2"][digit], params["b2"]
