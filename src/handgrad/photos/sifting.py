"""Which marks may be digits: specks, the edges of the sheet and what lies beside it are dropped.

Fragments that stand over each other, as the bar of a 5 over its bowl, become one mark.
"""

import numpy as np

from handgrad.photos.marks import Mark, distance, joined

SPECK = 0.3  # share of a digit's height below which a mark is no digit, but may be a part of one
CRUMB = 0.1  # share below which it is not even that
BIGGEST = 2.2  # how many times as high as the others a mark may be


def inside(marks: list[Mark], shape: tuple[int, ...]) -> list[Mark]:
    """Without what comes in from outside: a table, the edge of a sheet, a thumb.

    A mark that touches the edge is kept where it looks like one of those that do not, and where it may be a
    digit that fills the picture.
    """
    height, width = shape
    inner = [mark for mark in marks if not _sides(mark, shape) and mark.height >= 0.04 * height]
    if not inner:
        return [mark for mark in marks if _sides(mark, shape) < 3]
    whole = joined(inner)
    if whole.height > 0.6 * height and whole.width > 0.6 * width and len(inner) < 3:
        return [mark for mark in marks if _sides(mark, shape) < 3]
    usual = _usual_height(inner)
    return [mark for mark in marks if not _sides(mark, shape) or _like(mark, usual, shape)]


def _like(mark: Mark, usual: float, shape: tuple[int, ...]) -> bool:
    """Whether a mark at the edge of the picture is about as high as the usual ones, and no wider than two."""
    big = mark.width > 0.5 * shape[1] or mark.height > 0.5 * shape[0]
    return _sides(mark, shape) < 2 and not big and 0.6 < mark.height / usual < 1.5 and mark.width < 2 * usual


def without_edges(marks: list[Mark], shape: tuple[int, ...]) -> list[Mark]:
    """Without long thin marks that outreach all others: the edges of a sheet, the rest of a rule."""

    def reach(mark: Mark) -> float:
        return max(mark.height / shape[0], mark.width / shape[1])

    def thin(mark: Mark) -> bool:
        return reach(mark) > 0.3 and min(mark.width, mark.height) < 0.2 * max(mark.width, mark.height)

    others = [mark for mark in marks if not thin(mark) and mark.height > 0.04 * shape[0]]
    if not others:
        return marks
    highest = max(mark.height for mark in others)
    return [mark for mark in marks if not thin(mark) or max(mark.height, mark.width) < 2.2 * highest]


def _sides(mark: Mark, shape: tuple[int, ...]) -> int:
    """How many sides of the picture the mark touches."""
    (height, width), near = shape, 2
    touches = (mark.left < near, mark.top < near, mark.right > width - near, mark.bottom > height - near)
    return sum(touches)


def _usual_height(marks: list[Mark]) -> float:
    """The height that most of the ink has: the median, larger marks counting more."""
    heights = np.array([mark.height for mark in marks], np.float64)
    sizes = np.array([mark.height * max(mark.width, mark.height / 4) for mark in marks], np.float64)
    order = np.argsort(heights)
    middle = np.searchsorted(np.cumsum(sizes[order]), sizes.sum() / 2)
    return float(heights[order][min(middle, len(heights) - 1)])


def stacked(marks: list[Mark]) -> list[Mark]:
    """Fragments over each other, or all but touching a larger mark, become one mark with it."""
    if len(marks) < 2:
        return marks
    usual = _usual_height(marks)
    marks = sorted(
        (mark for mark in marks if max(mark.width, mark.height) >= CRUMB * usual),
        key=lambda mark: -mark.height,
    )
    whole: list[Mark] = []
    for mark in marks:
        near = [other for other in whole if _belongs(mark, other, usual)]
        if near:
            nearest = min(near, key=lambda other: distance(mark, other))
            whole[whole.index(nearest)] = joined([nearest, mark])
        else:
            whole.append(mark)
    return whole


def _belongs(mark: Mark, other: Mark, usual: float) -> bool:
    """Whether a mark is a fragment of another, higher one."""
    overlap = min(mark.right, other.right) - max(mark.left, other.left)
    together = joined([mark, other]).height
    away = distance(mark, other)
    small = mark.height < 0.55 * usual
    if overlap >= 0.5 * min(mark.width, other.width):
        return away <= 0.3 * usual and (together <= 1.4 * max(usual, other.height)) and small
    touching = max(mark.width, mark.height) < 0.5 * usual and away <= 0.08 * usual
    bar = small and mark.width > mark.height and overlap > -0.15 * usual and away <= 0.25 * usual
    return together <= 1.5 * usual and (touching or bar)


def of_a_size(marks: list[Mark]) -> list[Mark]:
    """Without specks, dashes and dots, and what is far larger than a digit here."""
    if not marks:
        return marks
    usual = _usual_height(marks)
    return [mark for mark in marks if SPECK * usual <= mark.height <= BIGGEST * usual]
