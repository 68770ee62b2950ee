"""Crossings of level and upright lines, and the cells between them."""

from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.erasing import Side
from handgrad.photos.marks import Cell
from handgrad.photos.segments import Segment, level_segments, line_through
from handgrad.photos.work import spent

SMALLEST_SIDE = 10  # of a cell, in pixels
NARROWEST, WIDEST = 0.25, 30.0  # width of a cell over its height
SLACK = 0.25  # a segment may be longer than it was found, by this share: corners are round, and digits cross
NEAR = 0.08  # the ends of a side, as a share of it
SAME = 0.6  # two cells are one if at least this share of the larger one lies in both
COVERED = 0.78  # share of each side that is inked, at least
MOST_CROSSINGS = 20_000  # of lines: more are print or a pattern
MOST_CELLS = 600  # of a form: more are squared paper
LOOK_STEPS, CORNER_STEPS = 3_200, 6_000  # of work.py, for each look along a line, and for each corner


class Bounded(NamedTuple):
    """A cell with its sides; those of a comb have no top."""

    cell: Cell
    level: tuple[Side, ...]
    upright: tuple[Side, ...]


class Lines:
    """Level segments, and where there is ink along them. Upright ones: of the transposed mask."""

    def __init__(self, mask: NDArray) -> None:
        """Find the segments in a mask (uint8, 0 or 1)."""
        self.segments = _merged(level_segments(mask))
        self.width = mask.shape[1]
        self._mask = mask

    @cached_property
    def _sums(self) -> list[list[int]]:
        """The inked pixels along each segment's line before each column."""
        thickened = cv2.dilate(np.ascontiguousarray(self._mask), np.ones((5, 1), np.uint8))
        columns = np.arange(self.width)
        sums = np.zeros((len(self.segments), self.width + 1), np.int32)
        for i, segment in enumerate(self.segments):
            rows = np.clip(np.rint(segment.at(columns)).astype(int), 0, thickened.shape[0] - 1)
            sums[i, 1:] = np.cumsum(thickened[rows, columns])
        return list(sums.tolist())  # they are asked for one by one

    def covered(self, i: int, start: float, end: float) -> float:
        """The inked share of a segment's line between two columns; 0 where that would be too much work."""
        if not spent(LOOK_STEPS):
            return 0.0
        first, last = (round(start), round(end)) if start < end else (round(end), round(start))
        first, last = max(0, first), min(self.width, last)
        sums = self._sums[i]
        return (sums[last] - sums[first]) / (last - first) if last > first else 0.0

    def joins(self, i: int, start: float, end: float) -> bool:
        """Whether a segment's line is inked from one column to another, near both of them too."""
        near = 0.25 * (end - start)
        parts = (start, end, COVERED), (start, start + near, 0.5), (end - near, end, 0.5)
        return all(self.covered(i, first, last) >= least for first, last, least in parts)

    def inked_beside(self, i: int, corner: float, length: float, thickness: float) -> bool:
        """Whether a segment's line is inked right behind the line of a certain thickness that it meets."""
        away = 1.0 if length > 0 else -1.0
        start = corner + away * (thickness / 2 + 1)
        return self.covered(i, start, start + away * max(3.0, NEAR * abs(length))) >= 0.5


def _merged(segments: list[Segment]) -> list[Segment]:
    """The segments, those on one line joined where the gap between them is no longer than they are."""
    table = np.array(segments, np.float64).reshape(-1, 5)
    start, end, offset, slope = table[:, :4].T
    free = np.ones(len(table), bool)
    lines: list[Segment] = []
    for i, segment in enumerate(segments):
        if not free[i]:
            continue
        free[i], line = False, segment
        while True:
            gap = np.maximum(start - line.end, line.start - end)
            apart = [np.abs(line.at(x) - offset - slope * x) for x in (start, end)]
            near = free & (gap <= line.length) & (np.maximum(*apart) <= 1.2 + 0.35 * line.thickness)
            if not near.any():
                break
            j = int(near.argmax())  # the longest of them
            free[j], line = False, _joined(line, segments[j])
        lines.append(line)
    return lines


def _joined(line: Segment, one: Segment) -> Segment:
    """One line through two segments, each as weighty as it is long."""
    x = np.array([line.start, line.end, one.start, one.end])
    y = np.concatenate([line.at(x[:2]), one.at(x[2:])])
    slope, offset = line_through(x, y, np.array([line.length, line.length, one.length, one.length]))
    return Segment(float(x.min()), float(x.max()), offset, slope, line.thickness)


class Grid:
    """Where the level lines and the upright lines of a mask cross."""

    def __init__(self, mask: NDArray) -> None:
        """Find the lines in a mask (uint8, 0 or 1), and the points where they would cross."""
        self.level = Lines(mask)
        across = mask.T if self.level.segments else mask.T[:0]  # without level lines, upright ones meet none
        self.upright = Lines(np.ascontiguousarray(across))
        rows, columns = self.level.segments, self.upright.segments
        row, column = np.array(rows).reshape(-1, 5), np.array(columns).reshape(-1, 5)
        # y = p + q x on a level line, x = r + s y on an upright one
        p, q, r, s = row[:, 2:3], row[:, 3:4], column[None, :, 2], column[None, :, 3]
        self.y = (p + q * r) / (1 - q * s)
        self.x = r + s * self.y
        self.meets = _within(self.x.T, row).T & _within(self.y, column)
        if np.count_nonzero(self.meets) > MOST_CROSSINGS:
            self.meets[:] = False

    def cells(self) -> list[Bounded]:
        """All cells: the smallest rectangles whose sides are inked; none if they are too many for a form."""
        found: list[Bounded] = []
        known = np.zeros((MOST_CELLS + 1, 4))
        for i in np.argsort([line.offset for line in self.level.segments]):
            crossed = np.flatnonzero(self.meets[i])
            crossed = crossed[np.argsort(self.x[i, crossed])]
            for place, j in enumerate(crossed):
                bounded = self._cell_from(int(i), int(j), crossed[place + 1 :])
                if bounded and not same_places(bounded.cell, known[: len(found)]).any():
                    known[len(found)] = bounded.cell
                    found.append(bounded)
                if len(found) > MOST_CELLS or not spent(CORNER_STEPS):
                    return []
        return found

    def _cell_from(self, i: int, j: int, others: NDArray) -> Bounded | None:
        """The smallest cell whose upper left corner is where lines i and j cross; others: to its right."""
        x, y = self.x, self.y
        for k in others:
            width = float(x[i, k] - x[i, j])
            if width < SMALLEST_SIDE:
                continue
            if not self.level.joins(i, x[i, j], x[i, k]):
                return None
            if not (self._is_corner(i, j, 1, width) and self._is_corner(i, k, 1, -width)):
                continue
            below = np.flatnonzero(self.meets[:, j] & self.meets[:, k] & (y[:, j] > y[i, j] + SMALLEST_SIDE))
            for m in below[np.argsort(y[below, j])]:
                height = float(y[m, j] - y[i, j] + y[m, k] - y[i, k]) / 2
                if not NARROWEST <= width / height <= WIDEST:
                    continue
                if not all(self.upright.joins(side, y[i, side], y[m, side]) for side in (j, k)):
                    break
                if self.level.joins(m, x[m, j], x[m, k]) and all(
                    self._is_corner(a, b, down * height, right * width)
                    for a, b, down, right in ((i, j, 1, 1), (i, k, 1, -1), (m, j, -1, 1), (m, k, -1, -1))
                ):
                    return self._bounded(i, int(m), j, int(k))
        return None

    def _bounded(self, i: int, m: int, j: int, k: int) -> Bounded:
        """The cell between the level lines i and m and the upright lines j and k."""
        x, y = self.x, self.y
        left, right = (float(x[i, n] + x[m, n]) / 2 for n in (j, k))
        top, bottom = (float(y[n, j] + y[n, k]) / 2 for n in (i, m))
        level = tuple(Side(self.level.segments[n], float(x[n, j]), float(x[n, k])) for n in (i, m))
        upright = tuple(Side(self.upright.segments[n], float(y[i, n]), float(y[m, n])) for n in (j, k))
        return Bounded(Cell(left, top, right, bottom), level, upright)

    def _is_corner(self, i: int, j: int, height: float, width: float) -> bool:
        """Whether two sides meet where lines i and j cross, or both stop short: corners may be round.

        A 1 that does not reach the line is no side. height, width: of the cell, negative if it lies above
        or to the left of the corner.
        """
        down = self.upright.inked_beside(j, self.y[i, j], height, self.level.segments[i].thickness)
        across = self.level.inked_beside(i, self.x[i, j], width, self.upright.segments[j].thickness)
        return down == across


def _within(places: NDArray, segments: NDArray) -> NDArray:
    """Whether places (M, N) lie on the segments (N, 5), or a little beyond their ends."""
    slack = 3 + SLACK * (segments[:, 1] - segments[:, 0])
    return np.asarray((places >= segments[:, 0] - slack) & (places <= segments[:, 1] + slack))


def same_places(one: Cell, others: NDArray) -> NDArray:
    """Which cells (N, 4) are in the place of this one: each other's middle lies well within them."""
    left, top, right, bottom = others.T
    across = np.minimum(one.right, right) - np.maximum(one.left, left)
    down = np.minimum(one.bottom, bottom) - np.maximum(one.top, top)
    both = np.maximum(0.0, across) * np.maximum(0.0, down)
    return np.asarray(both > SAME * np.maximum(one.width * one.height, (right - left) * (bottom - top)))
