"""Inputs that reveal mistakes: all sizes different and above 1, no saturation, exact zeros at kinks.

The first case is small, with one decimal, for following by hand. The numbers of networks are eighths, so that
sums are exact in any order and a pre-activation of exactly 0 can be planted.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray


class Affine(NamedTuple):
    """Of one affine layer."""

    x: NDArray  # (N, D)
    W: NDArray  # (H, D)
    b: NDArray  # (H,)
    dout: NDArray  # (N, H)


SIZES = ((3, 4, 2), (7, 5, 3), (4, 6, 9))  # N, D, H
SQUARE = ((4, 4, 4), (6, 6, 6))


def affine(N: int, D: int, H: int, seed: int) -> Affine:
    """An affine layer's inputs and the gradient that comes back to it, with one decimal."""
    rng = np.random.default_rng(seed)
    return Affine(_tenths(rng, N, D), _tenths(rng, H, D), _tenths(rng, H), _tenths(rng, N, H))


class Elementwise(NamedTuple):
    """Of one non-linearity."""

    x: NDArray
    dout: NDArray


def elementwise(shape: tuple[int, ...], seed: int, zeros: bool = False) -> Elementwise:
    """Inputs of both signs, the upstream gradient too; zeros: exact zeros among the inputs."""
    rng = np.random.default_rng(seed)
    x, dout = _tenths(rng, *shape), _tenths(rng, *shape)
    x[0, 0], x[-1, -1], dout[0, 0], dout[-1, -1] = -1.5, 0.7, 0.8, -0.6  # all four pairs of signs
    x[0, 1], x[-1, 0], dout[0, 1], dout[-1, 0] = 0.9, -0.4, 1.1, -0.9
    if zeros:
        x[1, :2] = 0.0
        dout[1, :2] = 0.5, -1.3
    return Elementwise(x, dout)


class Outputs(NamedTuple):
    """Of a loss."""

    y: NDArray  # (N, C), in (0, 1)
    labels: NDArray  # (N,)


def outputs(N: int, C: int, seed: int) -> Outputs:
    """Outputs and labels; at least two images share a class, and one class has no image."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(1, C, N)
    labels[: min(N, 2)] = (C - 1, 1)[: min(N, 2)]
    return Outputs(rng.integers(1, 10, (N, C)) / 10, labels)


class Net(NamedTuple):
    """Of a whole network."""

    params: dict[str, NDArray]
    x: NDArray  # (N, D)
    dout: NDArray  # (N, C)


def net(N: int, D: int, H: int, C: int, seed: int) -> Net:
    """Weights and images in eighths; some pre-activations are exactly 0, none of the outputs is saturated."""
    made = _net(N, D, H, C, seed)  # copies: what runs at the desk may change them
    return Net({key: p.copy() for key, p in made.params.items()}, made.x.copy(), made.dout.copy())


@cache
def _net(N: int, D: int, H: int, C: int, seed: int) -> Net:
    rng = np.random.default_rng(seed)

    def eighths(*shape: int) -> NDArray:
        return rng.choice([-6, -5, -3, -2, 2, 3, 5, 6], shape) / 8

    W1, W2, x = eighths(H, D), eighths(C, H), np.abs(eighths(N, D))
    b1, b2 = eighths(H), eighths(C)
    for k in range(min(2, H)):  # image k is exactly at the kink of unit k
        b1[k] = -(x[k] @ W1[k])
    return Net({"W1": W1, "b1": b1, "W2": W2, "b2": b2}, x, eighths(N, C))


NET_SIZES = ((3, 4, 5, 2), (7, 6, 4, 3), (4, 5, 6, 8))  # N, D, H, C
NET_SQUARE = ((5, 5, 5, 5), (6, 6, 6, 6))


def _tenths(rng: np.random.Generator, *shape: int) -> NDArray:
    numbers = rng.integers(1, 20, shape) / 10
    signed: NDArray = numbers * rng.choice([-1, 1], shape)
    return signed
