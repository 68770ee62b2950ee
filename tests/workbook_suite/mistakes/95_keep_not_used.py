"""The velocity never shrinks, or always by 0.9."""

# case: NumPy, whole file; exercise: momentum_step; base: small_steps
# old:
v = keep * velocity + grad
# new:
v = velocity + grad


# case: loops, whole file; exercise: momentum_step; base: small_steps_loops
# old:
velocity = keep * velocity - learning_rate * grad
# new:
velocity = 0.9 * velocity - learning_rate * grad


# case: PyTorch, whole file; exercise: momentum_step; base: small_steps_torch
# old:
velocity = velocity.mul(keep).add(grad)
# new:
velocity = velocity.mul(0.9).add(grad)
