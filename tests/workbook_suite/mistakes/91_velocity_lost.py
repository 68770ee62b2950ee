"""Every step begins at rest."""

# case: NumPy, whole file; exercise: momentum_step; base: small_steps
# old:
v = keep * velocity + grad
# new:
v = grad


# case: loops, whole file; exercise: momentum_step; base: small_steps_loops
# old:
return param + velocity, velocity
# new:
return param + velocity, 0 * velocity


# case: PyTorch, whole file; exercise: momentum_step; base: small_steps_torch
# old:
return param, velocity
# new:
return param, torch.zeros_like(velocity)
