"""Straight thin runs of ink, nearly level or nearly upright: what frames are made of.

A pixel belongs to a level run if the ink through it is far longer than it is thick. Runs are gathered into
connected components, and a line is fitted to each. Nothing here depends on the size of the picture or of the
cells: a run is judged by its own thickness.
"""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray

SHORTEST = 9  # pixels; shorter runs are not looked at
ELONGATED = 3.0  # a run is at least this many times as long as thick
STRAIGHT = 1.3  # largest distance from the fitted line, in pixels, beside a share of the length
BENT = 0.012  # that share
STEEPEST = 0.2  # largest rise over run
MOST = 1500  # segments: more are print or a pattern; the longest are kept


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
    thickness, middles = _middles(np.ascontiguousarray(mask))
    # A slightly turned line climbs from row to row, and grain moves its middle: runs are three rows wide.
    near = cv2.dilate(middles.astype(np.uint8), np.ones((3, 3), np.uint8))
    long = (middles & (run_lengths(near) >= SHORTEST)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        cv2.dilate(long, np.ones((3, 3), np.uint8)), connectivity=8
    )
    stats = np.asarray(stats)
    chosen = np.flatnonzero(stats[1:, cv2.CC_STAT_WIDTH] >= SHORTEST) + 1
    chosen = chosen[np.argsort(-stats[chosen, cv2.CC_STAT_WIDTH], kind="stable")][:MOST]
    found = []
    for label in chosen:
        left, top, width, height = (int(value) for value in stats[label, :4])
        window = slice(top, top + height), slice(left, left + width)
        y, x = np.nonzero((labels[window] == label) & (long[window] > 0))
        if (segment := _fitted(x + left, y + top, thickness[window][y, x])) is not None:
            found.append(segment)
    return found


def _middles(mask: NDArray) -> tuple[NDArray, NDArray]:
    """The height of the ink at each pixel, and whether the pixel is in the middle of it."""
    heights = run_lengths(mask.T).T
    above = np.zeros(mask.shape, np.int32)  # the rows of ink above each pixel, itself included
    rows = np.arange(mask.shape[0], dtype=np.int32)[:, None]
    last_paper = np.maximum.accumulate(np.where(mask == 0, rows, -1), axis=0)
    above = rows - last_paper
    return heights, (mask > 0) & (above == (heights + 2) // 2)


def _fitted(x: NDArray, y: NDArray, thickness: NDArray) -> Segment | None:
    """The line through these pixels; None if they are not straight, thin and nearly level."""
    for _ in range(2):
        if x.size < SHORTEST // 2 or x.max() - x.min() < SHORTEST // 2:
            return None
        slope, offset = line_through(x, y)
        distances = np.abs(y - (offset + slope * x))
        length = float(x.max() - x.min() + 1)
        on_line = distances <= STRAIGHT + BENT * length
        if on_line.all():
            break
        x, y, thickness = x[on_line], y[on_line], thickness[on_line]
    usual = float(np.median(thickness)) if thickness.size else 0.0
    if abs(slope) > STEEPEST or length < max(SHORTEST, ELONGATED * usual) or x.size < 0.6 * length:
        return None
    return Segment(float(x.min()), float(x.max()), float(offset), float(slope), usual)


def line_through(x: NDArray, y: NDArray, weights: NDArray | None = None) -> tuple[float, float]:
    """Slope and offset of the line of least squares through points that are not all above each other."""
    weights = np.ones(len(x)) if weights is None else weights
    middle_x, middle_y = (float(weights @ values) / float(weights.sum()) for values in (x, y))
    across = x - middle_x
    slope = float((weights * across) @ (y - middle_y)) / float((weights * across) @ across)
    return slope, middle_y - slope * middle_x


def run_lengths(mask: NDArray) -> NDArray:
    """For each inked pixel, the length of the level run of ink that it lies in; 0 on paper."""
    mask = np.ascontiguousarray(mask) > 0
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1).ravel()
    lengths = np.flatnonzero(steps == -1) - np.flatnonzero(steps == 1)
    runs = np.zeros(mask.shape, np.int32)
    runs[mask] = np.repeat(lengths, lengths)
    return runs
