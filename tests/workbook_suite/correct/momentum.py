"""momentum_step, in other forms."""

# case: Nesterov's form; exercise: momentum_step
def momentum_step(param, grad, velocity, learning_rate, keep=0.9):
    velocity = keep * velocity + grad
    return param - learning_rate * (grad + keep * velocity), velocity


# case: Nesterov's form, as in the notes of CS231n; exercise: momentum_step
def momentum_step(param, grad, velocity, learning_rate, keep=0.9):
    previous = velocity
    velocity = keep * velocity - learning_rate * grad
    return param - keep * previous + (1 + keep) * velocity, velocity


# case: a running mean of the gradients; exercise: momentum_step
def momentum_step(param, grad, velocity, learning_rate, keep=0.9):
    velocity = keep * velocity + (1 - keep) * grad
    return param - learning_rate * velocity, velocity


# case: copies changed in place; exercise: momentum_step
import numpy as np


def momentum_step(param, grad, velocity, learning_rate, keep=0.9):
    new, velocity = np.array(param), np.array(velocity)
    velocity *= keep
    velocity += grad
    new -= learning_rate * velocity
    return [new, velocity]


# case: keep without a default; exercise: momentum_step; remark: yes
def momentum_step(param, grad, velocity, learning_rate, keep):
    v = grad + velocity * keep
    return param - v * learning_rate, v
