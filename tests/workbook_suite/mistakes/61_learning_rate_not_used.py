"""Learning rate not used."""

# case: NumPy, whole file; exercise: momentum_step; base: small_steps
# old:
param = param - learning_rate * v
# new:
param = param - v


# case: loops, whole file; exercise: momentum_step; base: small_steps_loops
# old:
velocity = keep * velocity - learning_rate * grad
# new:
velocity = keep * velocity - grad


# case: PyTorch, whole file; exercise: momentum_step; base: small_steps_torch
# old:
param = param.sub(velocity, alpha=learning_rate)
# new:
param = param.sub(velocity)
