"""Which marks may be digits. Marks that are too small, too large or at the border are dropped.

Fragments of a digit that are stacked, such as the bar of a 5 above its bowl, are joined into one mark.
"""

from collections.abc import Callable, Collection
from functools import cache, partial

import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.marks import Mark, joined
from handgrad.photos.traits import Traits

# Sizes are shares of the usual height of a digit in the picture.
SMALLEST_DIGIT = 0.3
LARGEST_DIGIT = 2.2
SMALLEST_FRAGMENT = 0.1
MOST_ASKED = 24  # marks whose strokes are measured
WIDEST_FRAGMENT = 1.2


def without_surroundings(
    marks: list[Mark], shape: tuple[int, ...], look: Callable[[Mark], Traits]
) -> list[Mark]:
    """The marks without those that enter from outside the picture: a table, a thumb, the edge of a sheet.

    A mark that touches the border is kept if it resembles the marks that do not touch it, or if it may be a
    digit that fills the picture. look: the traits of a mark.
    """
    height, width = shape
    inner = [mark for mark in marks if not _sides(mark, shape) and mark.height >= 0.04 * height]
    whole = joined(inner) if inner else None
    is_filled = whole and whole.height > 0.6 * height and whole.width > 0.6 * width and len(inner) < 3
    if not whole:
        inner = [mark for mark in marks if _sides(mark, shape) < 3]
    elif is_filled:
        least = 0.4 * whole.height  # shorter strokes at the border are those of neighbours
        large = {mark for mark in marks if max(mark.width, mark.height) > least}
        inner = [
            mark for mark in marks if not (sides := _sides(mark, shape)) or (mark in large and sides < 3)
        ]
    if not inner:
        return []
    usual, kept = usual_height(inner), set(inner)
    pen = cache(partial(_pen, inner, usual, look))
    return [
        mark
        for mark in marks
        if not _sides(mark, shape)
        or mark in kept
        or _is_digit_at_border(mark, usual, shape)
        or (_has_size(mark, usual) and mark.height > 0.3 * height and _is_drawn(look(mark), pen()))
    ]


def _pen(marks: list[Mark], usual: float, look: Callable[[Mark], Traits]) -> tuple[float, float]:
    """The median width of the strokes, and the median contrast, of the marks of about the usual height."""
    alike = [mark for mark in marks if 0.6 < mark.height / usual < 1.5][:MOST_ASKED]
    seen = [look(mark) for mark in alike or marks[:MOST_ASKED]]
    return float(np.median([each.stroke for each in seen])), float(np.median([e.contrast for e in seen]))


def _is_drawn(seen: Traits, pen: tuple[float, float]) -> bool:
    """Whether a mark was drawn by a pen of this width and contrast."""
    stroke, contrast = pen
    return 0.45 * stroke <= seen.stroke <= 2.2 * stroke and seen.contrast >= 0.6 * contrast


def _has_size(mark: Mark, usual: float) -> bool:
    """Whether a mark has about the usual height, and at most twice that in width."""
    return 0.6 < mark.height / usual < 1.5 and mark.width < 2 * usual


def _is_digit_at_border(mark: Mark, usual: float, shape: tuple[int, ...]) -> bool:
    """Whether a mark has the size of the others, and takes little of the border and of the picture."""
    large = mark.width > 0.5 * shape[1] or mark.height > 0.5 * shape[0]
    return _sides(mark, shape) < 2 and not large and _has_size(mark, usual)


def _sides(mark: Mark, shape: tuple[int, ...]) -> int:
    """How many sides of the picture a mark touches."""
    (height, width), near = shape, 2
    touches = (mark.left < near, mark.top < near, mark.right > width - near, mark.bottom > height - near)
    return sum(touches)


def without_edges(marks: list[Mark], shape: tuple[int, ...]) -> list[Mark]:
    """The marks without long thin ones that exceed all others: edges of a sheet, remains of printed lines."""

    def is_long_and_thin(mark: Mark) -> bool:
        long = max(mark.height / shape[0], mark.width / shape[1]) > 0.3
        return long and min(mark.width, mark.height) < 0.2 * max(mark.width, mark.height)

    others = [mark for mark in marks if not is_long_and_thin(mark) and mark.height > 0.04 * shape[0]]
    if not others:
        return marks
    limit = 2.2 * max(mark.height for mark in others)
    return [mark for mark in marks if not is_long_and_thin(mark) or max(mark.height, mark.width) < limit]


def with_fragments_joined(marks: list[Mark], rings: Collection[Mark] = ()) -> list[Mark]:
    """The marks, each fragment joined to the nearest mark that it may belong to; crumbs are dropped.

    rings: small marks that are digits of their own.
    """
    if len(marks) < 2:
        return marks
    usual = usual_height(marks)
    wholes: list[Mark] = []
    boxes = np.zeros((len(marks), 4), np.int64)  # of the wholes: left, top, right, bottom
    for mark in sorted(marks, key=lambda mark: -mark.height):
        if max(mark.width, mark.height) < SMALLEST_FRAGMENT * usual:
            continue
        own = len(wholes)
        if mark not in rings and wholes and mark.width <= WIDEST_FRAGMENT * usual:
            gaps = _gaps_to_wholes(mark, boxes[: len(wholes)], usual)
            if np.isfinite(gaps).any():
                own = int(gaps.argmin())
        wholes[own : own + 1] = [joined([wholes[own], mark]) if own < len(wholes) else mark]
        boxes[own] = wholes[own].left, wholes[own].top, wholes[own].right, wholes[own].bottom
    return wholes


def _gaps_to_wholes(mark: Mark, wholes: NDArray, usual: float) -> NDArray:
    """How far a mark is from higher ones (N, 4) of which it may be a fragment; infinite where it may not.

    It is one above or below them, all but touching them, or their bar.
    """
    left, top, right, bottom = wholes.T
    overlap = np.minimum(mark.right, right) - np.maximum(mark.left, left)
    height = np.maximum(mark.bottom, bottom) - np.minimum(mark.top, top)
    across = np.maximum(np.maximum(0, mark.left - right), left - mark.right)
    down = np.maximum(np.maximum(0, mark.top - bottom), top - mark.bottom)
    gap = np.hypot(across, down)
    low = mark.height < 0.55 * usual
    stacked = overlap >= 0.5 * np.minimum(mark.width, right - left)
    near = low & (gap <= 0.3 * usual) & (height <= 1.4 * np.maximum(usual, bottom - top))
    touches = (max(mark.width, mark.height) < 0.5 * usual) & (gap <= 0.08 * usual)
    is_bar = (low and mark.width > mark.height) & (overlap > -0.15 * usual) & (gap <= 0.25 * usual)
    beside = (height <= 1.5 * usual) & (touches | is_bar)
    return np.asarray(np.where(np.where(stacked, near, beside), gap, np.inf))


def of_digit_size(marks: list[Mark], rings: Collection[Mark] = ()) -> list[Mark]:
    """The marks without dots and dashes, and without those far larger than a digit of this picture.

    rings: small marks that are digits nevertheless.
    """
    if not marks:
        return marks
    usual = usual_height(marks)
    return [
        mark
        for mark in marks
        if mark in rings or SMALLEST_DIGIT * usual <= mark.height <= LARGEST_DIGIT * usual
    ]


def usual_height(marks: list[Mark]) -> float:
    """The median height of the marks, weighted by their size."""
    heights = np.array([mark.height for mark in marks], np.float64)
    sizes = np.array([mark.height * max(mark.width, mark.height / 4) for mark in marks], np.float64)
    order = np.argsort(heights)
    middle = np.searchsorted(np.cumsum(sizes[order]), sizes.sum() / 2)
    return float(heights[order][min(middle, len(heights) - 1)])
