"""Strokes that the border of a picture cuts off, or that run along it.

The paper at a border is taken to go on beyond it, so that a table or a shadow is no ink. A sliver of a digit
looks the same; it is told by its shade, which is that of the ink, and by its sharp inner edge.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.marks import Mark
from handgrad.photos.ranks import quantile

DEEP = 0.06  # how far from the border a stroke may reach, as a share of the picture's width
FULL, PALE = (
    0.6,
    0.3,
)  # shades in shares of the ink's: a stroke has more than the one, paper less than the other
SHARP = 3  # pixels between a stroke and the paper beside it
GAP = 2  # rows in which a stroke may be broken
FEWEST = 20  # pixels of ink that are needed to know its shade
FAINTEST = 20  # least difference between the shades of ink and paper, of 255


class AtBorder(NamedTuple):
    """The strokes at the border of a picture that are no ink."""

    beside: Sequence[Mark] = ()  # at the left and the right border
    level: Sequence[Mark] = ()  # at the upper and the lower border


def cut_off(pixels: NDArray, ink: NDArray) -> AtBorder:
    """The strokes at the border of a picture (height, width, 3) that are no ink."""
    full = quantile(ink[ink > 0], 0.9) if (ink > 0).any() else 0.0
    inked = ink > FULL * full
    if full <= 0 or inked.sum() < FEWEST:
        return AtBorder()
    colours, bare = pixels.reshape(-1, 3), np.flatnonzero(ink < PALE * full)[::7]
    ground = np.median(colours[bare], axis=0) if bare.size else np.zeros(3)
    axis = np.median(pixels[inked], axis=0) - ground
    if float(axis @ axis) < FAINTEST**2:
        return AtBorder()
    height, width = ink.shape
    axis, faint = axis / float(axis @ axis), ink < PALE * full
    left, right, upper, lower = (
        _at_left(pixels if turn is None else turn(pixels), faint if turn is None else turn(faint), axis)
        for turn in (None, np.fliplr, _transposed, lambda each: _transposed(np.flipud(each)))
    )
    beside = [Mark((), 0, top, reach, bottom) for top, bottom, reach in left]
    beside += [Mark((), width - reach, top, width, bottom) for top, bottom, reach in right]
    level = [Mark((), first, 0, last, reach) for first, last, reach in upper]
    level += [Mark((), first, height - reach, last, height) for first, last, reach in lower]
    return AtBorder(beside, level)


def _transposed(pixels: NDArray) -> NDArray:
    """A picture with rows and columns exchanged, whether it has channels or not."""
    return pixels.swapaxes(0, 1)


def _at_left(pixels: NDArray, faint: NDArray, axis: NDArray) -> list[tuple[int, int, int]]:
    """The strokes at the left border: their first row, the one behind their last, and how far they reach.

    faint (height, width) bool: where there is no ink.  axis (3,): by pixels @ axis, ink is 1 above paper.
    """
    width = pixels.shape[1]
    deep = min(width // 4, round(DEEP * width) + 6)
    if deep <= SHARP:  # no room for a stroke and paper beside it
        return []
    shades = (pixels[:, :deep] - np.median(pixels[:, deep // 2 : deep], axis=(0, 1))) @ axis
    found = []
    for top, bottom in _runs((shades[:, 0] >= FULL) & faint[:, 0]):
        reach = int(np.median((shades[top:bottom] >= FULL).argmin(axis=1)))  # 0 where all is dark
        if 0 < reach < deep - SHARP and np.median(shades[top:bottom, reach + SHARP - 1]) <= PALE:
            found.append((top, bottom, reach))
    return found


def _runs(rows: NDArray) -> list[tuple[int, int]]:
    """The runs of rows that hold, the first row and the one behind the last; small gaps are closed."""
    places = np.flatnonzero(rows)
    if not places.size:
        return []
    ends = np.flatnonzero(np.diff(places) > GAP + 1)
    firsts, lasts = places[np.r_[0, ends + 1]], places[np.r_[ends, places.size - 1]]
    return [(int(a), int(b) + 1) for a, b in zip(firsts, lasts, strict=True)]
