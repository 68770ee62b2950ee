"""Frames: the cells, boxes, tables and combs of a form, by the straight lines that they are made of."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.combs import combs
from handgrad.photos.erasing import Side, erased
from handgrad.photos.grid import Bounded, Grid, same_place
from handgrad.photos.marks import Cell
from handgrad.photos.rows import completed, made_whole, rows_of

FILLED = 0.18  # height of the largest mark in a cell that is not empty, in heights of the cell
CONNECTED = 3  # this many cells side by side are a form even if all of them are empty


class Frames(NamedTuple):
    """The frames on a page."""

    mask: NDArray  # (height, width) uint8, 0 or 1: the pixels of their lines, without strokes that cross them
    cells: list[Cell]


def find_frames(mask: NDArray, faint: NDArray) -> Frames | None:
    """The frames in a mask of ink (uint8, 0 or 1); None if there are none.

    faint: a mask of all the ink, by which empty cells are told from those that hold pale ink.
    """
    grid = Grid(mask)
    if not grid.meets.any():
        return None
    rows = [completed(mask, made_whole(row)) for row in rows_of(grid.cells())]
    rows += combs(grid)
    if not rows:
        return None
    lines = _lines([each for row in rows for each in row])
    rest = faint & ~cv2.dilate(erased(mask, *lines), np.ones((3, 3), np.uint8))
    rows = [row for row in rows if len(row) >= CONNECTED or any(_holds_ink(rest, each.cell) for each in row)]
    if not rows:
        return None
    found = [each for row in rows for each in row]
    return Frames(erased(mask, *_lines(found)), _innermost([each.cell for each in found]))


def _lines(found: Sequence[Bounded]) -> tuple[list[Side], list[Side]]:
    """The level and the upright sides of these cells."""
    return [side for each in found for side in each.level], [side for each in found for side in each.upright]


def _innermost(cells: Sequence[Cell]) -> list[Cell]:
    """The cells without those that hold others, and each of them once."""
    kept: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: cell.width * cell.height):
        middles = [((each.left + each.right) / 2, (each.top + each.bottom) / 2) for each in kept]
        if not any(cell.distance(*middle) == 0 for middle in middles) and not any(
            same_place(cell, each) for each in kept
        ):
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
