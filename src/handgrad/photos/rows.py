"""Rows of equal cells: a cell that a digit has cut in two is made whole, and one that was missed is added."""

from collections.abc import Sequence

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.erasing import Side
from handgrad.photos.grid import SAME, Bounded
from handgrad.photos.marks import Cell
from handgrad.photos.segments import Segment, line_through
from handgrad.photos.work import spent

ROW_STEPS, CELL_STEPS = 40_000, 6_000  # of work.py, for each row, and for each cell that may be added
INKED = 0.62  # share of a side that is inked, where its place is known from the other cells


def rows_of(cells: Sequence[Bounded]) -> list[list[Bounded]]:
    """The cells, those of about one height that stand side by side in one row, from left to right."""
    rows: list[list[Bounded]] = []
    for bounded in sorted(cells, key=lambda each: each.cell.left):
        near = [row for row in rows if _continues(row[-1].cell, bounded.cell)]
        if near:
            max(near, key=lambda row: row[-1].cell.right).append(bounded)
        else:
            rows.append([bounded])
    return rows


def _continues(one: Cell, other: Cell) -> bool:
    """Whether a cell stands to the right of another, in its row."""
    off = max(abs(one.top - other.top), abs(one.bottom - other.bottom))
    gap = other.left - one.right
    return off < 0.25 * one.height and -0.2 * one.width < gap < 1.5 * max(one.height, one.width)


def made_whole(row: list[Bounded]) -> list[Bounded]:
    """The row without sides that are strokes of a digit: two narrow cells that together are a usual one."""
    if len(row) < 4:
        return row
    usual = float(np.median([each.cell.width for each in row]))
    wholes = row[:1]
    for bounded in row[1:]:
        last = wholes[-1]
        width = bounded.cell.right - last.cell.left
        if abs(width - usual) < 0.1 * usual and max(last.cell.width, bounded.cell.width) < 0.85 * usual:
            cell = last.cell._replace(right=bounded.cell.right)
            wholes[-1] = Bounded(cell, (*last.level, *bounded.level), (last.upright[0], bounded.upright[-1]))
        else:
            wholes.append(bounded)
    return wholes


def completed(mask: NDArray, row: list[Bounded]) -> list[Bounded]:
    """The row with the cells of its size that were missed because their sides are broken or blurred."""
    top, bottom = (_through([each.level[n] for each in row]) for n in (0, 1))
    if len(row[0].upright) < 2 or any(len(each.level) != 2 for each in row):
        return row
    width = float(np.median([each.cell.width for each in row]))
    if width > 3 * row[0].cell.height:
        return row
    slope = float(np.median([side.line.slope for each in row for side in each.upright]))
    columns = np.arange(mask.shape[1])
    heads, feet = top.at(columns), bottom.at(columns)
    steps = np.linspace(0.04, 0.96, 48)[:, None]
    y = heads + steps * (feet - heads)
    x = columns + slope * steps * (feet - heads)
    sides = _at(cv2.dilate(mask, np.ones((1, 3), np.uint8)), y, x).mean(axis=0)
    thickened = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    over, under = (_at(thickened, line[None], columns[None])[0] for line in (heads, feet))
    sums = np.cumsum(np.stack([over, under]), axis=1)
    peaks = np.flatnonzero((sides >= INKED) & (sides >= cv2.dilate(sides[None], np.ones((1, 7)))[0]))
    found = list(row)
    pairs = np.nonzero(np.abs(peaks[None] - peaks[:, None] - width) <= 2 + 0.08 * width)
    lefts, rights = (peaks[places] for places in pairs)
    inked = (sums[:, rights] - sums[:, lefts]) / (rights - lefts).astype(np.float32)
    is_inked = inked.min(axis=0) >= INKED
    lefts, rights = lefts[is_inked], rights[is_inked]
    cells = np.stack([lefts, heads[lefts], rights, feet[rights]], axis=1).astype(np.float64)
    known = np.array([each.cell for each in row])
    if not spent(ROW_STEPS + CELL_STEPS * len(cells)):
        return row
    missed = np.flatnonzero(~_overlap(cells[:, None], known).any(axis=1))
    thickness = float(np.median([side.line.thickness for each in row for side in each.upright]))
    while missed.size:
        i = missed[0]
        left, right = int(lefts[i]), int(rights[i])
        level = Side(top, left, right), Side(bottom, left, right)
        upright = tuple(
            _upright(thickness, place, slope, heads[place], feet[place]) for place in (left, right)
        )
        found.append(Bounded(Cell(*cells[i].tolist()), level, upright))
        missed = missed[1:]
        missed = missed[~_overlap(cells[missed], cells[i])]  # nor with one that has just been added
    return sorted(found, key=lambda each: each.cell.left)


def _overlap(cells: NDArray, others: NDArray) -> NDArray:
    """Which cells (..., 4) are the same as another, or stand beside it with an overlap."""
    left, top, right, bottom = np.moveaxis(cells, -1, 0)
    other_left, other_top, other_right, other_bottom = np.moveaxis(others, -1, 0)
    width, height = right - left, bottom - top
    across = np.minimum(right, other_right) - np.maximum(left, other_left)
    down = np.minimum(bottom, other_bottom) - np.maximum(top, other_top)
    both = np.maximum(0.0, across) * np.maximum(0.0, down)
    largest = np.maximum(width * height, (other_right - other_left) * (other_bottom - other_top))
    return np.asarray((both > SAME * largest) | (across > 0.25 * width))


def _through(sides: Sequence[Side]) -> Segment:
    """The line through level sides that belong to one row."""
    x = np.array([end for side in sides for end in (side.start, side.end)])
    y = np.array([float(side.line.at(end)) for side in sides for end in (side.start, side.end)])
    slope, offset = line_through(x, y)
    thickness = float(np.median([side.line.thickness for side in sides]))
    return Segment(float(x.min()), float(x.max()), offset, slope, thickness)


def _upright(thickness: float, column: float, slope: float, head: float, foot: float) -> Side:
    """An upright side at a column."""
    return Side(Segment(head, foot, column - slope * head, slope, thickness), head, foot)


def _at(mask: NDArray, y: NDArray, x: NDArray) -> NDArray:
    """The mask at these places; 0 outside."""
    rows, columns = np.rint(y).astype(int), np.rint(x).astype(int)
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    return np.where(inside, mask[np.where(inside, rows, 0), np.where(inside, columns, 0)], 0).astype(
        np.float32
    )
