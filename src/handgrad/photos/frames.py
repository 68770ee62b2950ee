"""Frames: the cells, boxes, tables and combs of a form, by the straight lines that they are made of."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.combs import combs
from handgrad.photos.erasing import Side, erased
from handgrad.photos.grid import MOST_CELLS, Bounded, Grid, same_places
from handgrad.photos.marks import Cell
from handgrad.photos.rows import completed, made_whole, rows_of
from handgrad.photos.work import spent

LOWEST = 0.35  # height of a cell, in usual heights of the cells on a page
THICKEST = 0.085  # thickness of the sides of a lone cell, as a share of its shorter side
FILLED = 0.18  # height of the largest mark in a cell that is not empty, in heights of the cell
ACROSS = 0.2  # a mark with more than this share of its ink outside one cell lies across a side
IGNORED = 0.5  # where more than this share of the marks do, the lines are no cells
TWO_DIGITS = 1.3  # a mark of more than this width, in cells, and no higher than a cell, is several digits
GOES_ON = 0.6  # share of the outer sides that go on beyond their corners, on squared paper
CELL_STEPS = 60_000  # of work.py, for each cell
CONNECTED = 3  # this many cells side by side are a form even if all of them are empty


class Frames(NamedTuple):
    """The frames on a page."""

    mask: NDArray  # (height, width) uint8, 0 or 1: the pixels of their lines, without strokes that cross them
    cells: list[Cell]
    thickness: float  # of the thickest line
    closed: int = 0  # how many of the cells have four sides; those of a comb have none above


def find_frames(mask: NDArray, faint: NDArray) -> Frames | None:
    """The frames in a mask of ink (uint8, 0 or 1); None without frames.

    faint: a mask of all the ink, by which empty cells are told from those that hold pale ink.
    """
    grid = Grid(mask)
    if not grid.meets.any():
        return None
    rows = [completed(mask, made_whole(row)) for row in rows_of(grid.cells())]
    rows += combs(grid)
    count = sum(len(row) for row in rows)
    if not 0 < count <= MOST_CELLS or not spent(CELL_STEPS * count):
        return None
    if _is_paper(mask, [each for row in rows for each in row]):
        return None
    lines = _lines([each for row in rows for each in row])
    rest = faint & 1 - cv2.dilate(erased(mask, *lines), np.ones((3, 3), np.uint8))
    rows = [row for row in rows if len(row) > 1 or _is_thin(row[0])]
    rows = [row for row in rows if len(row) >= CONNECTED or any(_holds_ink(rest, each.cell) for each in row)]
    if not rows:
        return None
    # The loops of printed letters are cells too, but far lower ones.
    usual = float(np.median([each.cell.height for row in rows for each in row]))
    found = [each for row in rows for each in row if each.cell.height > LOWEST * usual]
    cells = _innermost([each.cell for each in found])
    level, upright = _lines(found)
    thickness = max(side.line.thickness for side in (*level, *upright))
    if _are_ignored(rest, cells, thickness):
        return None
    closed = sum(len(each.level) == 2 for each in found)
    return Frames(erased(mask, level, upright), cells, thickness, closed)


def _is_paper(mask: NDArray, found: Sequence[Bounded]) -> bool:
    """Whether the lines of the outermost cells go on beyond them, as on squared paper: a form ends."""
    thickened = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    upright = np.ascontiguousarray(thickened.T)
    cells = np.array([each.cell for each in found])
    going_on = []
    for (left, top, right, bottom), level, sides in found:
        width, height, x, y = right - left, bottom - top, (left + right) / 2, (top + bottom) / 2
        for outside, ways in (
            ((left - 0.3 * width, y), [(thickened, side, side.start, -0.3 * width) for side in level]),
            ((right + 0.3 * width, y), [(thickened, side, side.end, 0.3 * width) for side in level]),
            ((x, top - 0.3 * height), [(upright, side, side.start, -0.3 * height) for side in sides]),
            ((x, bottom + 0.3 * height), [(upright, side, side.end, 0.3 * height) for side in sides]),
        ):
            inside = (cells[:, :2] < outside).all(axis=1) & (cells[:, 2:] > outside).all(axis=1)
            if not inside.any():
                going_on += [_goes_on(*way) for way in ways]
    return len(found) > 1 and bool(going_on) and float(np.mean(going_on)) > GOES_ON


def _goes_on(mask: NDArray, side: Side, corner: float, length: float) -> bool:
    """Whether there is ink along a side's line beyond a corner, or the border of the picture."""
    columns = np.rint(corner + np.linspace(0.3, 1, 12) * length).astype(int)
    rows = np.rint(side.line.at(columns)).astype(int)
    inside = (columns >= 0) & (columns < mask.shape[1]) & (rows >= 0) & (rows < mask.shape[0])
    return bool(mask[rows[inside], columns[inside]].mean() > 0.6) if inside.any() else True


def _are_ignored(rest: NDArray, cells: Sequence[Cell], thickness: float) -> bool:
    """Whether the marks lie across the sides of cells, as on squared paper. rest: the ink beside lines."""
    numbers = np.zeros(rest.shape, np.int64)
    for number, cell in enumerate(cells, 1):
        left, top, right, bottom = (max(0, round(side)) for side in cell)
        numbers[top:bottom, left:right] = number
    least = 0.3 * float(np.median([cell.height for cell in cells]))
    # Where a line was taken away, a stroke across it is cut: pieces are joined again.
    cut = min(5, 2 * int(thickness / 2) + 3)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        cv2.dilate(np.ascontiguousarray(rest), np.ones((cut, cut), np.uint8)), connectivity=8
    )
    inked = (rest > 0) & (numbers > 0)
    shares = np.zeros((count, len(cells) + 1))
    np.add.at(shares, (np.asarray(labels)[inked].astype(np.int64), numbers[inked]), 1)
    width, height = np.asarray(stats)[:, cv2.CC_STAT_WIDTH], np.asarray(stats)[:, cv2.CC_STAT_HEIGHT]
    marks = (height >= least) & (shares.sum(axis=1) > 0)
    marks[0] = False
    usual = np.median([(cell.width, cell.height) for cell in cells], axis=0)
    neighbours = (width > TWO_DIGITS * usual[0]) & (height <= usual[1])  # digits that touch across a side
    marks &= ~neighbours
    if not marks.any():
        return False
    across = 1 - shares[marks].max(axis=1) / shares[marks].sum(axis=1) > ACROSS
    return float(across.mean()) > IGNORED


def _lines(found: Sequence[Bounded]) -> tuple[list[Side], list[Side]]:
    """The level and the upright sides of these cells."""
    return [side for each in found for side in each.level], [side for each in found for side in each.upright]


def _is_thin(bounded: Bounded) -> bool:
    """Whether the sides of a lone cell are lines, and not a table around a sheet."""
    thickness = max(side.line.thickness for side in (*bounded.level, *bounded.upright))
    return thickness <= THICKEST * min(bounded.cell.width, bounded.cell.height)


def _innermost(cells: Sequence[Cell]) -> list[Cell]:
    """The cells without those that hold others, and each of them once."""
    kept: list[Cell] = []
    known, middles = np.zeros((len(cells), 4)), np.zeros((len(cells), 2))
    for cell in sorted(cells, key=lambda cell: cell.width * cell.height):
        held = (cell.distance(*middles[: len(kept)].T) == 0).any()
        if not held and not same_places(cell, known[: len(kept)]).any():
            known[len(kept)] = cell
            middles[len(kept)] = (cell.left + cell.right) / 2, (cell.top + cell.bottom) / 2
            kept.append(cell)
    return kept


def _holds_ink(rest: NDArray, cell: Cell) -> bool:
    """Whether a mark of some height lies in a cell."""
    inset = 0.06 * min(cell.width, cell.height) + 1
    rows = slice(max(0, round(cell.top + inset)), max(0, round(cell.bottom - inset)))
    columns = slice(max(0, round(cell.left + inset)), max(0, round(cell.right - inset)))
    inside = np.ascontiguousarray(rest[rows, columns])
    if not inside.size:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    return bool(np.asarray(stats)[1:, cv2.CC_STAT_HEIGHT].max(initial=0) >= FILLED * cell.height)
