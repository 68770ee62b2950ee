"""Straight thin runs of ink, nearly level or nearly upright: what frames are made of.

A pixel belongs to a level run if the ink through it is far longer than it is thick. Runs are gathered into
connected components, and a line is fitted to each. Nothing here depends on the size of the picture or of the
cells: a run is judged by its own thickness.
"""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.connected import boundary
from handgrad.photos.work import spent

SHORTEST = 9  # pixels; shorter runs are not looked at
ELONGATED = 3.0  # a run is at least this many times as long as thick
STRAIGHT = 1.3  # largest distance from the fitted line, in pixels, beside a share of the length
BENT = 0.012  # that share
STEEPEST = 0.2  # largest rise over run
MOST = 600  # segments: more are print or a pattern; the longest are kept
FIT_STEPS = 40_000  # of work.py, for each segment


class Segment(NamedTuple):
    """A nearly level piece of a straight line: row = offset + slope * column. Upright ones are transposed."""

    start: float  # first column
    end: float  # last column
    offset: float
    slope: float
    thickness: float

    @property
    def length(self) -> float:
        """Length along the columns, in pixels."""
        return self.end - self.start + 1

    def at(self, column: NDArray | float) -> NDArray:
        """The row at a column."""
        return np.asarray(self.offset + self.slope * np.asarray(column))


def level_segments(mask: NDArray) -> list[Segment]:
    """The nearly level segments in a mask (uint8, 0 or 1), the longest first."""
    inked = boundary(mask, 2)
    if inked[0].start == inked[0].stop:
        return []
    middles = _middles(mask[inked])
    # A slightly turned line climbs from row to row, and grain moves its middle: runs are three rows wide.
    near = cv2.dilate((middles > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    long = middles * _in_long_runs(near)
    y, x = np.nonzero(long)
    if not x.size:
        return []
    around = cv2.dilate((long > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(around, connectivity=8)  # OpenCV's stats take eight times as long
    labels = labels[y, x]
    order = np.argsort(labels, kind="stable")  # the pixels component by component, each row by row
    labels, y, x = labels[order], y[order], x[order]
    thickness = long[y, x]
    starts = np.searchsorted(labels, np.arange(1, count + 1))  # each component holds such pixels
    lefts, rights = np.minimum.reduceat(x, starts[:-1]), np.maximum.reduceat(x, starts[:-1])
    thinnest = np.minimum.reduceat(thickness, starts[:-1])
    widths = np.minimum(rights + 1, long.shape[1] - 1) - np.maximum(lefts - 1, 0) + 1
    chosen = np.flatnonzero(widths >= SHORTEST)
    chosen = chosen[np.argsort(-widths[chosen], kind="stable")][:MOST]
    chosen = chosen[rights[chosen] - lefts[chosen] + 1 >= ELONGATED * thinnest[chosen]]
    if not spent(FIT_STEPS * len(chosen)):
        return []
    segments = []
    for start, end in zip(starts[chosen].tolist(), starts[chosen + 1].tolist(), strict=True):
        own = slice(start, end)
        segment = _fitted(x[own] + inked[1].start, y[own] + inked[0].start, thickness[own])
        if segment is not None:
            segments.append(segment)
    return segments


def _middles(mask: NDArray) -> NDArray:
    """The height of the ink, in the middle of each upright run of it; 0 elsewhere."""
    start, end = _runs(np.ascontiguousarray(mask.T))
    heights = end - start
    middles = np.zeros(mask.shape[::-1], np.int32)
    middles.ravel()[start + (heights + 2) // 2 - 1] = heights
    return np.ascontiguousarray(middles.T)


def _in_long_runs(mask: NDArray) -> NDArray:
    """Which pixels lie in a level run of ink that is long enough: uint8, 0 or 1. mask: likewise."""
    run = np.ones((1, SHORTEST), np.uint8)
    return np.asarray(
        cv2.morphologyEx(mask, cv2.MORPH_OPEN, run, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    )


def _fitted(x: NDArray, y: NDArray, thickness: NDArray) -> Segment | None:
    """The line through these pixels; None if they are not straight, thin and nearly level."""
    first, last = x.min(), x.max()
    for _ in range(2):
        if x.size < SHORTEST // 2 or last - first < SHORTEST // 2:
            return None
        slope, offset = line_through(x, y)
        distances = np.abs(y - (offset + slope * x))
        length = float(last - first + 1)
        on_line = distances <= STRAIGHT + BENT * length
        if on_line.all():
            break
        x, y, thickness = x[on_line], y[on_line], thickness[on_line]
        if not x.size:
            return None
        first, last = x.min(), x.max()
    ordered = np.sort(thickness)
    usual = float(ordered[(x.size - 1) // 2] + ordered[x.size // 2]) / 2  # the median
    if abs(slope) > STEEPEST or length < max(SHORTEST, ELONGATED * usual) or x.size < 0.6 * length:
        return None
    return Segment(float(first), float(last), float(offset), float(slope), usual)


def line_through(x: NDArray, y: NDArray, weights: NDArray | None = None) -> tuple[float, float]:
    """Slope and offset of the line of least squares through points that are not all above each other."""
    if weights is None:
        ones = np.ones(len(x))
        middle_x, middle_y = (float(ones @ values) / len(x) for values in (x, y))
        across = weighted = x - middle_x
    else:
        middle_x, middle_y = (float(weights @ values) / float(weights.sum()) for values in (x, y))
        across = x - middle_x
        weighted = weights * across
    slope = float(weighted @ (y - middle_y)) / float(weighted @ across)
    return slope, middle_y - slope * middle_x


def run_lengths(mask: NDArray) -> NDArray:
    """For each inked pixel, the length of the level run of ink that it lies in; 0 on paper."""
    start, end = _runs(mask)
    runs = np.zeros(mask.shape, np.int32)
    runs[mask > 0] = np.repeat(end - start, end - start)
    return runs


def _runs(mask: NDArray) -> tuple[NDArray, NDArray]:
    """The level runs of ink: the places in the flattened mask where they start and end."""
    height, width = mask.shape
    field = np.zeros(height * (width + 1) + 1, bool)  # each row begins behind paper, the last ends on it
    np.not_equal(mask, 0, out=field[:-1].reshape(height, width + 1)[:, 1:])
    steps = np.flatnonzero(field[1:] != field[:-1])
    row = steps[::2] // (width + 1)  # a run starts and ends in one row
    return steps[::2] - row, steps[1::2] - row
