"""Shapes that look like a digit to the networks but that no digit has: triangles, squares, faces, A, H and R.

MNIST has nothing but digits, so a network that learnt from it takes a triangle for a 0. Each test here is
one of shape, and at most 10 of 1,000 digits of MNIST fail it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.marks import Mark

INKED = 100  # shade of a 28 x 28 image above which a pixel is inked
LARGER = 4  # times as large, holes have smooth outlines
SMALLEST = 20  # area of a hole that is looked at, in pixels of the image
TRIANGULAR = 0.82  # share of the smallest triangle around a hole that it covers; an ellipse covers 0.60
RECTANGULAR = 0.88  # the same for the smallest rectangle; an ellipse covers 0.79
HOLES, ISLANDS = 3, 2  # a ring with so many holes, or so many strokes within its hole, is a face
LOOP, SPECK = 0.05, 0.06  # area of a loop, in boxes of its mark; and size of a stroke within it, in heights
DENTED = 0.72  # the same for a ring whose hole is so far from convex


def is_strange(image: NDArray, digit: int | str) -> bool:
    """Whether an image (28, 28) uint8 that looks like this digit has a shape that the digit never has."""
    test = TESTS.get(str(digit))
    return bool(test and test(image))


def is_face(labels: NDArray, mark: Mark) -> bool:
    """Whether a loop of a mark has several strokes within it, as a face has. labels: of the page."""
    inked = np.pad((labels[mark.top : mark.bottom, mark.left : mark.right] > 0).astype(np.uint8), 1)
    outlines, ranks = cv2.findContours(inked, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    pairs = [] if ranks is None else [*zip(outlines, ranks[0], strict=True)]
    loops = [o for o, rank in pairs if rank[3] >= 0 and cv2.contourArea(o) >= LOOP * inked.size]
    strokes = [
        tuple(map(float, outline[0, 0]))
        for outline, rank in pairs
        if rank[3] < 0 and max(cv2.boundingRect(outline)[2:]) >= SPECK * mark.height
    ]
    within = (sum(cv2.pointPolygonTest(loop, start, False) > 0 for start in strokes) for loop in loops)
    return max(within, default=0) >= ISLANDS


def _outlines(image: NDArray) -> tuple[list[NDArray], list[NDArray]]:
    """The outlines of the ink and those of its holes, on an enlarged image."""
    size = tuple(side * LARGER for side in image.shape[::-1])
    inked = (cv2.resize(image, size, interpolation=cv2.INTER_LINEAR) > INKED).astype(np.uint8)
    outlines, ranks = cv2.findContours(inked, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    pairs = [] if ranks is None else [*zip(outlines, ranks[0], strict=True)]
    return [o for o, rank in pairs if rank[3] < 0], [o for o, rank in pairs if rank[3] >= 0]


def _is_no_ring(image: NDArray) -> bool:
    """Whether a ring is a triangle or a square, or has something drawn within it, as a face has."""
    strokes, holes = _outlines(image)
    hole = max(holes, key=cv2.contourArea, default=None)
    if hole is None or (area := cv2.contourArea(hole)) < SMALLEST * LARGER**2:
        return len(holes) >= HOLES
    starts = [tuple(map(float, outline[0, 0])) for outline in strokes]
    islands = sum(cv2.pointPolygonTest(hole, start, False) > 0 for start in starts)
    if len(holes) >= HOLES or islands >= ISLANDS:
        return True
    if area < DENTED * cv2.contourArea(cv2.convexHull(hole)):
        return True
    triangle = float(cv2.minEnclosingTriangle(hole)[0])
    _, (width, height), _ = cv2.minAreaRect(hole)
    return bool(area > TRIANGULAR * triangle or area > RECTANGULAR * width * height)


def _gap(image: NDArray, level: float) -> int:
    """The widest gap in a row of ink, in pixels; level 0 is the upper edge of the ink, 1 the lower."""
    inked = image > INKED
    rows = np.flatnonzero(inked.any(axis=1))
    if not rows.size:
        return 0
    row = int(rows[0] + level * (rows[-1] - rows[0]) + 0.5)
    return int(np.diff(np.flatnonzero(inked[row])).max(initial=1)) - 1


def _is_a_or_h(image: NDArray) -> bool:
    """Whether a 4 stands on two feet: far apart, or apart as its two heads are."""
    return _gap(image, 0.85) >= 8 or min(_gap(image, 0.15), _gap(image, 0.9)) >= 6


def _is_r(image: NDArray) -> bool:
    """Whether an 8 is open below, and stands on two feet."""
    return _gap(image, 0.97) >= 7 or (_gap(image, 0.95) >= 6 and len(_outlines(image)[1]) <= 1)


TESTS: Mapping[str, Callable[[NDArray], bool]] = MappingProxyType(
    {"0": _is_no_ring, "4": _is_a_or_h, "8": _is_r}
)
