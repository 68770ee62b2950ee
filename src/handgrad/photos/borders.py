"""Digits that the border of a picture cuts: a stroke that runs across the border, and does not end there.

In a tight crop digits touch the border, too, and are whole: the round end of a stroke, or the side of a bowl,
is narrower at the border than a little way in. A stroke that was cut is as wide at the border as behind it,
and as dark.
"""

import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.marks import Mark, Page
from handgrad.photos.strokes import stroke_width

NEAR = 3  # pixels from the border within which a mark touches it: contacts of tight crops are cleared
INKED = 0.5  # shade, as a share of the mark's full strokes, above which a pixel is inked
BEHIND, FAR = 0.6, 1.2  # how far behind the border a stroke is measured, and must reach, in strokes
AS_WIDE = 0.9  # least width at the border, as a share of that behind it
SLIM, WIDE = 0.5, 3.0  # width at the border, in strokes: of less it hardly touches, of more it runs along
AS_DARK = 0.9  # least shade at the border, as a share of the mark's full strokes


def is_cut(page: Page, mark: Mark) -> bool:
    """Whether a stroke of a mark runs across the border of its picture."""
    height, width = page.ink.shape
    gaps = (mark.top, width - mark.right, height - mark.bottom, mark.left)
    if min(gaps) > NEAR:
        return False
    rows = slice(max(0, mark.top - NEAR), mark.bottom + NEAR)
    columns = slice(max(0, mark.left - NEAR), mark.right + NEAR)
    ink, labels = page.ink[rows, columns], page.labels[rows, columns]
    own = np.isin(labels, mark.parts)
    own = own if own.any() else labels > 0  # what was cut apart has other labels
    if not own.any():
        return False
    shades = np.where(own | (labels == 0), ink, 0) / max(1e-6, float(np.quantile(ink[own], 0.7)))
    stroke = stroke_width(np.where(own, 1.0, 0.0))
    sides = (np.rot90(shades, turns) for turns, gap in enumerate(gaps) if gap <= NEAR)
    return any(_runs_across(side, stroke) for side in sides)


def _runs_across(shades: NDArray, stroke: float) -> bool:
    """Whether a stroke runs across the upper border of shades (height, width). stroke: its width."""
    behind, far = max(2, round(BEHIND * stroke)), round(FAR * stroke) + 1
    if len(shades) <= far:
        return False
    inked = shades > INKED
    for left, right in _runs(inked[0]):
        near = slice(max(0, left - behind), right + behind)
        inner = max(_runs(inked[behind, near]), key=lambda run: run[1] - run[0], default=(0, 0))
        width, inner_width = right - left, inner[1] - inner[0]
        # a stroke that leans, or widens behind the border, moves to one side; an end grows on both
        moves = inner[0] + near.start >= left or inner[1] + near.start <= right
        if (
            inner_width > 0
            and (AS_WIDE * inner_width <= width or (moves and AS_WIDE * stroke <= width))
            and SLIM * stroke <= width <= WIDE * stroke
            and inked[far, near].any()
            and shades[0, left:right].max() >= AS_DARK
        ):
            return True
    return False


def _runs(row: NDArray) -> list[tuple[int, int]]:
    """The runs of a row (width,) bool, each as its first place and the one behind its last."""
    ends = np.flatnonzero(np.diff(np.r_[False, row, False].astype(np.int8)))
    return [(int(first), int(end)) for first, end in ends.reshape(-1, 2)]
