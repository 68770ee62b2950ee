"""The score, where its terms are asked for."""

# case: NumPy, whole file; exercise: contributions; base: small_steps
# old:
parts = params["W2"][digit] * h
# new:
parts = params["W2"][digit] @ h


# case: loops, whole file; exercise: contributions; base: small_steps_loops
# old:
return np.array(parts), float(params["b2"][digit])
# new:
return sum(parts), float(params["b2"][digit])


# case: PyTorch, whole file; exercise: contributions; base: small_steps_torch
# old:
return h * params["W2"][digit], params["b2"][digit]
# new:
return params["W2"] @ h, params["b2"][digit]
