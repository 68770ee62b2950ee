"""The learning rate in both lines."""

# case: NumPy, whole file; exercise: momentum_step; base: small_steps
# old:
v = keep * velocity + grad
# new:
v = keep * velocity + learning_rate * grad


# case: loops, whole file; exercise: momentum_step; base: small_steps_loops
# old:
return param + velocity, velocity
# new:
return param + learning_rate * velocity, velocity


# case: PyTorch, whole file; exercise: momentum_step; base: small_steps_torch
# old:
velocity = velocity.mul(keep).add(grad)
# new:
velocity = velocity.mul(keep).add(grad, alpha=learning_rate)
