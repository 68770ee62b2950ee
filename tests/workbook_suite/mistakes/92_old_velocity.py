"""The parameter moves before the velocity."""

# case: NumPy, whole file; exercise: momentum_step; base: small_steps
# old:
v = keep * velocity + grad
param = param - learning_rate * v
# new:
param = param - learning_rate * velocity
v = keep * velocity + grad


# case: loops, whole file; exercise: momentum_step; base: small_steps_loops
# old:
velocity = keep * velocity - learning_rate * grad
return param + velocity, velocity
# new:
new = keep * velocity - learning_rate * grad
return param + velocity, new


# case: PyTorch, whole file; exercise: momentum_step; base: small_steps_torch
# old:
velocity = velocity.mul(keep).add(grad)
param = param.sub(velocity, alpha=learning_rate)
# new:
param = param.sub(velocity, alpha=learning_rate)
velocity = velocity.mul(keep).add(grad)
