"""Leaves memory behind that belongs to no process."""

import os


def leave():
    import _posixshmem

    handle = _posixshmem.shm_open(f"/handgrad-hostile-{os.urandom(4).hex()}", os.O_CREAT | os.O_RDWR, mode=0o600)
    os.ftruncate(handle, 2**20)
    os.posix_fallocate(handle, 0, 2**20)
    return 0


def affine_forward(x, W, b):
    return leave(), None


def relu_forward(x):
    return leave(), None
