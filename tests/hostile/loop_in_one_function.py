"""One function never returns; the one after it is right."""

import numpy as np


def affine_forward(x, W, b):
    n = 0
    while True:
        n += 1


def relu_forward(x):
    return np.maximum(x, 0), x
