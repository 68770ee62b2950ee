"""Shapes that look like a digit to the networks but that no digit has: triangles, squares, faces, A and R.

MNIST has nothing but digits, so a network that learnt from it takes a triangle for a 0. Each test here is
one of shape, and at most 5 of 1,000 digits of MNIST fail it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np

from handgrad.arrays import NDArray

INKED = 100  # shade of a 28 x 28 image above which a pixel is inked
LARGER = 4  # times as large, holes have smooth outlines
SMALLEST = 20  # area of a hole that is looked at, in pixels of the image
TRIANGULAR = 0.82  # share of the smallest triangle around a hole that it covers; an ellipse covers 0.60
RECTANGULAR = 0.88  # the same for the smallest rectangle; an ellipse covers 0.79
HOLES, ISLANDS = 3, 2  # a ring with so many holes, or so many strokes within its hole, is a face
DENTED = 0.72  # the same for a ring whose hole is so far from convex


def is_strange(image: NDArray, digit: int | str) -> bool:
    """Whether an image (28, 28) uint8 that looks like this digit has a shape that the digit never has."""
    test = TESTS.get(str(digit))
    return bool(test and test(image))


def _is_no_ring(image: NDArray) -> bool:
    """Whether a ring is a triangle or a square, or has something drawn within it, as a face has."""
    size = tuple(side * LARGER for side in image.shape[::-1])
    inked = (cv2.resize(image, size, interpolation=cv2.INTER_LINEAR) > INKED).astype(np.uint8)
    outlines, ranks = cv2.findContours(inked, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    inner = [] if ranks is None else [o for o, rank in zip(outlines, ranks[0], strict=True) if rank[3] >= 0]
    hole = max(inner, key=cv2.contourArea, default=None)
    if hole is None or (area := cv2.contourArea(hole)) < SMALLEST * LARGER**2:
        return len(inner) >= HOLES
    starts = [tuple(map(float, outline[0, 0])) for outline in outlines]
    islands = sum(cv2.pointPolygonTest(hole, start, False) > 0 for start in starts)
    if len(inner) >= HOLES or islands >= ISLANDS:
        return True
    if area < DENTED * cv2.contourArea(cv2.convexHull(hole)):
        return True
    triangle = float(cv2.minEnclosingTriangle(hole)[0])
    _, (width, height), _ = cv2.minAreaRect(hole)
    return bool(area > TRIANGULAR * triangle or area > RECTANGULAR * width * height)


def _stands_on_two(level: float, apart: int) -> Callable[[NDArray], bool]:
    """A test whether there are two feet, so many pixels apart, at a level: 1 is the lower edge of the ink."""

    def test(image: NDArray) -> bool:
        inked = image > INKED
        rows = np.flatnonzero(inked.any(axis=1))
        if not rows.size:
            return False
        row = round(float(rows[0] + level * (rows[-1] - rows[0])))
        columns = np.flatnonzero(inked[row])
        return bool(np.diff(columns).max(initial=0) > apart)

    return test


TESTS: Mapping[str, Callable[[NDArray], bool]] = MappingProxyType(
    {"0": _is_no_ring, "4": _stands_on_two(0.85, 8), "8": _stands_on_two(0.97, 7)}
)
