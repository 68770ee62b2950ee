"""Where touching digits may be parted: along paths from top to bottom that cross little ink.

A path goes down row by row, straight or one column aside, within a corridor that stands or leans. The
cheapest one through each corridor is found by dynamic programming; the cheapest of all cut.
"""

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.marks import Mark, Page, relabelled
from handgrad.photos.paper import stroke_width

ROWS = 48  # height at which paths are looked for
ASIDE = 0.06  # cost of a step aside, in pixels of ink
CLOSEST = 0.12  # two cuts are at least this share of the height apart
THROUGH = 4.0  # widths of a stroke that a cut may cross
REACH = 4  # columns from the middle of a corridor to its side
SLIVER = 0.05  # share of a mark's ink that two cuts have between them, at least
LEANS = (-0.5, -0.25, 0.0, 0.25, 0.5)  # of corridors: columns for a row


def cut(page: Page, mark: Mark, most: int) -> list[Mark]:
    """The mark cut wherever two digits may touch, at most so many times; page.labels is changed in place."""
    window = page.labels[mark.top : mark.bottom, mark.left : mark.right]
    mask = np.isin(window, mark.parts).astype(np.float32)
    height, width = mask.shape
    columns = max(4, round(width * ROWS / height))
    coarse = cv2.resize(mask, (columns, ROWS), interpolation=cv2.INTER_AREA)
    paths = _paths(coarse, most)
    if not paths:
        return [mark]
    rows = (np.arange(height) + 0.5) * ROWS / height - 0.5
    pieces = np.zeros(mask.shape, np.int32)
    for path in paths:
        at = (np.interp(rows, np.arange(ROWS), path) + 0.5) * width / columns
        pieces += np.arange(width)[None] >= at[:, None]
    return relabelled(page, mark, pieces)


def _paths(ink: NDArray, most: int) -> list[NDArray]:
    """The columns, row by row, of the paths that cross least ink; from left to right, none over another."""
    height, width = ink.shape
    rows, margin = np.arange(height), max(2, height // 10)
    columns = np.arange(margin, width - margin, 2)
    if not columns.size:
        return []
    leaning = np.array(LEANS)[:, None] * (rows - (height - 1) / 2)
    middles = np.rint(columns[:, None, None] + leaning).astype(int).reshape(-1, height)
    at = middles[:, :, None] + np.arange(-REACH, REACH + 1)  # (corridors, rows, sides): the columns
    blank = np.pad(ink, ((0, 0), (1, 1)))
    corridors = blank[rows[:, None], np.clip(at + 1, 0, width + 1)]
    costs, sides = _cheapest(corridors, np.diff(middles, axis=1))
    costs /= max(1.0, stroke_width(ink))
    paths = np.take_along_axis(at, sides[:, :, None], axis=2)[:, :, 0]
    sums = np.cumsum(blank, axis=1)
    shares = sums[rows, np.clip(paths, 0, width)].sum(axis=1) / sums[:, -1].sum()  # of the ink, to the left
    chosen: list[int] = []
    for number in np.argsort(costs, kind="stable"):
        if len(chosen) == most or costs[number] > THROUGH:
            break
        if SLIVER <= shares[number] <= 1 - SLIVER and all(
            abs(shares[number] - shares[other]) >= SLIVER
            and _apart(paths[number], paths[other], CLOSEST * height)
            for other in chosen
        ):
            chosen.append(number)
    return [
        paths[number].astype(np.float64) for number in sorted(chosen, key=lambda number: paths[number].sum())
    ]


def _apart(path: NDArray, other: NDArray, least: float) -> bool:
    """Whether two paths do not cross, and lie far enough from each other."""
    between = path - other
    return bool(abs(between.mean()) >= least and (between.min() >= 0 or between.max() <= 0))


def _cheapest(ink: NDArray, moves: NDArray) -> tuple[NDArray, NDArray]:
    """The cheapest path from the first row to the last through each corridor of ink (N, rows, sides).

    moves (N, rows - 1): how far a corridor goes aside from row to row. -> costs (N,), and the side of each
    row (N, rows).
    """
    N, rows, sides = ink.shape
    costs, came = ink[:, 0].astype(np.float64), np.zeros((N, rows, sides), np.int64)
    for row in range(1, rows):
        # to stay in one column is to change the side against the move of the corridor
        from_side = np.arange(sides) + moves[:, row - 1, None]
        ways = []
        for step in (0, -1, 1):
            before = from_side + step
            there = np.take_along_axis(costs, np.clip(before, 0, sides - 1), axis=1) + ASIDE * abs(step)
            ways.append(np.where((before >= 0) & (before < sides), there, np.inf))
        best = np.argmin(ways, axis=0)
        costs = np.min(ways, axis=0) + ink[:, row]
        came[:, row] = np.clip(from_side + np.array((0, -1, 1))[best], 0, sides - 1)
    side = costs.argmin(axis=1)
    least, path = costs.min(axis=1), np.zeros((N, rows), np.int64)
    for row in range(rows - 1, -1, -1):
        path[:, row] = side
        side = came[np.arange(N), row, side]
    return least, path
