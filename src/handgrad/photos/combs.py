"""Combs: a base line with ticks at equal distances, which stand on it and end there."""

import numpy as np

from handgrad.photos.erasing import Side
from handgrad.photos.grid import Bounded, Grid
from handgrad.photos.marks import Cell

FEWEST, MOST = 2, 40  # cells of a comb
FOUND = 0.7  # share of the places that have ticks, times the share of the ticks that have places, at least
OFF = 0.1  # largest distance of a tick from its place, in cells
NARROWEST = 12  # width of a cell, in pixels
HIGH = 1.35  # a digit may stand this high above the base line, in widths of a cell


def combs(grid: Grid) -> list[list[Bounded]]:
    """The cells of each comb, from left to right."""
    found = (_comb(grid, i) for i in range(len(grid.level.segments)))
    return [comb for comb in found if comb]


def _comb(grid: Grid, i: int) -> list[Bounded]:
    """The cells on a level line; none if it is not the base line of a comb."""
    base = grid.level.segments[i]
    ticks = [j for j in np.flatnonzero(grid.meets[i]) if _is_tick(grid, i, int(j))]
    places = np.array([grid.x[i, j] for j in ticks])
    if len(ticks) <= FEWEST:
        return []
    first, last = (float(places[np.abs(places - end).argmin()]) for end in (base.start, base.end))
    length = last - first
    best, number = 0.0, 0
    for count in range(FEWEST, min(MOST, int(length / NARROWEST)) + 1):
        off = np.abs(first + np.arange(count + 1)[:, None] * length / count - places)
        near = OFF * length / count + 1
        share = float((off.min(axis=1) <= near).mean() * (off.min(axis=0) <= near).mean())
        if share > best + 0.01:
            best, number = share, count
    if best < FOUND or not grid.level.joins(i, first, last):
        return []
    width = length / number
    if max(first - base.start, base.end - last) > 0.2 * width + 3:
        return []  # a line on which digits stand
    sides = []
    heights = []
    for place in first + np.arange(number + 1) * width:
        near = np.abs(places - place)
        if near.min() > OFF * width + 1:
            continue
        j = ticks[int(near.argmin())]
        line = grid.upright.segments[j]
        heights.append(float(grid.y[i, j]) - line.start)
        sides.append(Side(line, line.start, float(grid.y[i, j])))
    usual = float(np.median(heights))
    if np.mean(np.abs(np.array(heights) - usual) < 0.15 * usual + 2) < 0.6:
        return []
    high = max(usual, HIGH * width)
    cells = []
    for n in range(number):
        left, right = first + n * width, first + (n + 1) * width
        foot = float(base.at((left + right) / 2))
        cell = Cell(left, foot - high, right, foot)
        cells.append(Bounded(cell, (Side(base, left, right),), tuple(sides) if n == 0 else ()))
    return cells


def _is_tick(grid: Grid, i: int, j: int) -> bool:
    """Whether an upright line ends on a level one, and stands above it."""
    line, base = grid.upright.segments[j], grid.level.segments[i]
    length = float(grid.y[i, j]) - line.start
    if length < 3 * line.thickness or line.thickness > 2.5 * base.thickness + 2:
        return False
    above = grid.upright.inked_beside(j, grid.y[i, j], -length, base.thickness)
    return above and not grid.upright.inked_beside(j, grid.y[i, j], length, base.thickness + 2)
