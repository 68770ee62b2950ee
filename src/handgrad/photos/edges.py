"""Strokes that the left or the right border of a picture cuts off.

The paper at a border is taken to go on beyond it, so that a table or a shadow is no ink. A sliver of a digit
looks the same; it is told by its shade, which is that of the ink, and by its sharp inner edge.
"""

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


def cut_off(pixels: NDArray, ink: NDArray) -> list[Mark]:
    """The strokes at the left and the right border of a picture (height, width, 3) that are no ink."""
    full = quantile(ink[ink > 0], 0.9) if (ink > 0).any() else 0.0
    inked = ink > FULL * full
    if full <= 0 or inked.sum() < FEWEST:
        return []
    colours, bare = pixels.reshape(-1, 3), np.flatnonzero(ink < PALE * full)[::7]
    ground = np.median(colours[bare], axis=0) if bare.size else np.zeros(3)
    axis = np.median(pixels[inked], axis=0) - ground
    if float(axis @ axis) < FAINTEST**2:
        return []
    width = pixels.shape[1]
    deep = min(width // 4, round(DEEP * width) + 6)
    found = []
    for is_right in (False, True):
        strip, seen = (side[:, ::-1][:, :deep] if is_right else side[:, :deep] for side in (pixels, ink))
        shades = (strip - np.median(strip[:, deep // 2 :], axis=(0, 1))) @ (axis / float(axis @ axis))
        for top, bottom in _runs((shades[:, 0] >= FULL) & (seen[:, 0] < PALE * full)):
            reach = int(np.median((shades[top:bottom] >= FULL).argmin(axis=1)))  # 0 where all is dark
            if not 0 < reach < deep - SHARP or np.median(shades[top:bottom, reach + SHARP - 1]) > PALE:
                continue
            left, right = (width - reach, width) if is_right else (0, reach)
            found.append(Mark((), left, top, right, bottom))
    return found


def _runs(rows: NDArray) -> list[tuple[int, int]]:
    """The runs of rows that hold, the first row and the one behind the last; small gaps are closed."""
    places = np.flatnonzero(rows)
    if not places.size:
        return []
    ends = np.flatnonzero(np.diff(places) > GAP + 1)
    firsts, lasts = places[np.r_[0, ends + 1]], places[np.r_[ends, places.size - 1]]
    return [(int(a), int(b) + 1) for a, b in zip(firsts, lasts, strict=True)]
