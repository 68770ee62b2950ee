"""Frames: the cells, boxes, tables and combs of a form, by the straight lines that they are made of.

A cell is four straight sides that meet in four corners. It is looked for among the crossings of level and
upright segments: from a corner along its level side to the next corner, and down both sides to the line below.
"""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.erasing import Side, erased
from handgrad.photos.marks import Cell
from handgrad.photos.segments import Segment, level_segments

SMALLEST_SIDE = 10  # of a cell, in pixels
NARROWEST, WIDEST = 0.25, 12.0  # width of a cell over its height
SLACK = 0.25  # a segment may be longer than it was found, by this share: corners are round, and digits cross
COVERED = 0.78  # share of each side that is inked, at least
FILLED = 0.18  # height of the largest mark in a cell that is not empty, in heights of the cell
CONNECTED = 3  # this many cells side by side are a form even if all of them are empty


class Frames(NamedTuple):
    """The frames on a page."""

    mask: NDArray  # (height, width) bool: the pixels of their lines, without the strokes that cross them
    cells: list[Cell]


class _Lines:
    """Level segments, and where there is ink along them. Upright ones: of the transposed mask."""

    def __init__(self, mask: NDArray) -> None:
        self.segments = _merged(level_segments(mask))
        self.width = mask.shape[1]
        thickened = cv2.dilate(np.ascontiguousarray(mask), np.ones((5, 1), np.uint8))
        columns = np.arange(self.width)
        self.sums = np.zeros((len(self.segments), self.width + 1), np.int32)
        for i, segment in enumerate(self.segments):
            rows = np.clip(np.rint(segment.at(columns)).astype(int), 0, mask.shape[0] - 1)
            self.sums[i, 1:] = np.cumsum(thickened[rows, columns])

    def covered(self, i: int, start: float, end: float) -> float:
        """The inked share of a segment's line between two columns."""
        first, last = sorted((round(start), round(end)))
        first, last = max(0, first), min(self.width, last)
        return float(self.sums[i, last] - self.sums[i, first]) / max(1, last - first) if last > first else 0.0

    def joins(self, i: int, start: float, end: float) -> bool:
        """Whether a segment's line is inked from one column to another, near both of them too."""
        near = 0.25 * (end - start)
        parts = (start, end, COVERED), (start, start + near, 0.5), (end - near, end, 0.5)
        return all(self.covered(i, first, last) >= least for first, last, least in parts)


def _merged(segments: list[Segment]) -> list[Segment]:
    """The segments, those on one line joined where the gap between them is no longer than they are."""
    lines: list[Segment] = []
    for one in segments:
        for i, other in enumerate(lines):
            gap = max(one.start - other.end, other.start - one.end)
            if gap > other.length:
                continue
            ends = np.array([one.start, one.end])
            if np.abs(other.at(ends) - one.at(ends)).max() <= 1.2 + 0.35 * other.thickness:
                start, end = min(one.start, other.start), max(one.end, other.end)
                lines[i] = other._replace(start=start, end=end)
                break
        else:
            lines.append(one)
    return lines


def find_frames(mask: NDArray) -> Frames | None:
    """The frames in a mask of ink (uint8, 0 or 1); None if there are none."""
    level, upright = _Lines(mask), _Lines(mask.T)
    if len(level.segments) < 1 or len(upright.segments) < 2:
        return None
    cells = _cells(level, upright)
    if not cells:
        return None
    believed = _believed(mask & ~erased(mask, *_sides(level, upright, cells)), cells)
    if not believed:
        return None
    return Frames(erased(mask, *_sides(level, upright, believed)), [cell.box for cell in believed])


class _Bounded(NamedTuple):
    """A cell by the numbers of its lines, and its inside."""

    top: int
    bottom: int
    left: int
    right: int
    box: Cell


def _cells(level: _Lines, upright: _Lines) -> list[_Bounded]:
    """All cells: the smallest rectangles whose sides are inked."""
    rows, columns = level.segments, upright.segments
    a = np.array([[s.offset, s.slope] for s in rows]), np.array([[s.offset, s.slope] for s in columns])
    # y = p + q x on a level line, x = r + s y on an upright one
    p, q, r, s = a[0][:, :1], a[0][:, 1:], a[1][None, :, 0], a[1][None, :, 1]
    y = (p + q * r) / (1 - q * s)
    x = r + s * y
    starts, ends, slack = np.array([[seg.start, seg.end, 3 + SLACK * seg.length] for seg in rows]).T[:, :, None]
    meets = (x >= starts - slack) & (x <= ends + slack)
    starts, ends, slack = np.array([[seg.start, seg.end, 3 + SLACK * seg.length] for seg in columns]).T[:, None, :]
    meets &= (y >= starts - slack) & (y <= ends + slack)
    found: list[_Bounded] = []
    taken: set[tuple[int, int]] = set()
    for i in np.argsort([seg.offset for seg in rows]):
        crossed = np.flatnonzero(meets[i])
        crossed = crossed[np.argsort(x[i, crossed])]
        for place, j in enumerate(crossed):
            if (cell := _cell_from(i, j, crossed[place + 1 :], x, y, meets, level, upright)) is not None:
                key = (round(cell.box.left / 4), round(cell.box.top / 4))
                if not any((key[0] + dx, key[1] + dy) in taken for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
                    taken.add(key)
                    found.append(cell)
    return found


def _cell_from(
    i: int, j: int, others: NDArray, x: NDArray, y: NDArray, meets: NDArray, level: _Lines, upright: _Lines
) -> _Bounded | None:
    """The smallest cell whose upper left corner is where lines i and j cross."""
    for k in others:
        width = x[i, k] - x[i, j]
        if width < SMALLEST_SIDE:
            continue
        if not level.joins(i, x[i, j], x[i, k]):
            return None
        below = np.flatnonzero(meets[:, j] & meets[:, k] & (y[:, j] > y[i, j] + SMALLEST_SIDE))
        for m in below[np.argsort(y[below, j])]:
            height = 0.5 * (y[m, j] - y[i, j] + y[m, k] - y[i, k])
            if not NARROWEST <= width / height <= WIDEST:
                continue
            if not (upright.joins(j, y[i, j], y[m, j]) and upright.joins(k, y[i, k], y[m, k])):
                break
            if level.joins(m, x[m, j], x[m, k]):
                box = Cell(
                    0.5 * (x[i, j] + x[m, j]),
                    0.5 * (y[i, j] + y[i, k]),
                    0.5 * (x[i, k] + x[m, k]),
                    0.5 * (y[m, j] + y[m, k]),
                )
                return _Bounded(int(i), int(m), int(j), int(k), box)
    return None


def _believed(rest: NDArray, cells: list[_Bounded]) -> list[_Bounded]:
    """The cells that are no digits: those that hold ink, and those connected to enough others."""
    groups = list(range(len(cells)))
    for a, one in enumerate(cells):
        for b in range(a):
            other = cells[b]
            if _are_side_by_side(one.box, other.box):
                old, new = groups[a], groups[b]
                groups = [new if group == old else group for group in groups]
    sizes = np.bincount(groups, minlength=len(cells))
    full = [_holds_ink(rest, cell.box) for cell in cells]
    filled_groups = {group for group, filled in zip(groups, full, strict=True) if filled}
    return [
        cell
        for cell, group in zip(cells, groups, strict=True)
        if group in filled_groups or sizes[group] >= CONNECTED
    ]


def _are_side_by_side(one: Cell, other: Cell) -> bool:
    """Whether two cells have about the same height, stand in one row and are near each other."""
    gap = max(one.left - other.right, other.left - one.right)
    level = abs(one.top - other.top) < 0.25 * one.height and abs(one.bottom - other.bottom) < 0.25 * one.height
    return level and gap < 1.5 * max(one.height, one.width)


def _holds_ink(rest: NDArray, box: Cell) -> bool:
    """Whether a mark of some height lies in a cell."""
    inset = 0.06 * min(box.width, box.height) + 1
    rows = slice(max(0, round(box.top + inset)), max(0, round(box.bottom - inset)))
    columns = slice(max(0, round(box.left + inset)), max(0, round(box.right - inset)))
    inside = np.ascontiguousarray(rest[rows, columns])
    if not inside.size:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    return bool(np.asarray(stats)[1:, cv2.CC_STAT_HEIGHT].max(initial=0) >= FILLED * box.height)


def _sides(level: _Lines, upright: _Lines, cells: list[_Bounded]) -> tuple[list[Side], list[Side]]:
    """The level and the upright sides of these cells."""
    return (
        [Side(level.segments[i], c.box.left, c.box.right) for c in cells for i in (c.top, c.bottom)],
        [Side(upright.segments[j], c.box.top, c.box.bottom) for c in cells for j in (c.left, c.right)],
    )
