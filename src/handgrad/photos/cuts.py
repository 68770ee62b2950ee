"""Where touching digits may be separated: along paths from top to bottom that cross little ink.

A path descends row by row, straight down or one column to the side, within a narrow corridor that is upright
or leaning. Dynamic programming finds the cheapest path through each corridor; a mark is cut along the
cheapest of these.
"""

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.marks import Mark, Page
from handgrad.photos.strokes import stroke_width

ROWS = 48  # height to which a mark is reduced before paths are searched
STEP_COST = 0.06  # cost of a step to the side, in pixels of ink
SMALLEST_DISTANCE = 0.12  # smallest distance between two paths, in heights of the mark
MOST_CROSSED = 4.0  # largest cost of a path, in stroke widths
REACH = 4  # half the width of a corridor, in columns
SMALLEST_PIECE = 0.05  # smallest share of a mark's ink that a piece may hold
LEANS = (-0.5, -0.25, 0.0, 0.25, 0.5)  # slopes of the corridors, in columns per row


def cut(page: Page, marks: Collection[Mark], most: int) -> Page:
    """A new page on which these marks are cut wherever two digits may touch.

    most: largest number of cuts in one mark. A mark that no path crosses cheaply enough stays whole.
    """
    labels = page.labels.copy()
    lines = [
        [piece for mark in line for piece in (_cut(labels, mark, most) if mark in marks else [mark])]
        for line in page.lines
    ]
    return replace(page, labels=labels, lines=lines)


def _cut(labels: NDArray, mark: Mark, most: int) -> list[Mark]:
    """The pieces of a mark from left to right; gives them labels of their own."""
    window = labels[mark.top : mark.bottom, mark.left : mark.right]
    own = np.isin(window, mark.parts)
    height, width = own.shape
    columns = max(4, round(width * ROWS / height))
    small = cv2.resize(own.astype(np.float32), (columns, ROWS), interpolation=cv2.INTER_AREA)
    paths = _paths(small, most)
    if not paths:
        return [mark]
    rows = (np.arange(height) + 0.5) * ROWS / height - 0.5
    number = np.full(own.shape, int(labels.max()) + 1, np.int32)  # the label of each pixel's piece
    for path in paths:
        border = (np.interp(rows, np.arange(ROWS), path) + 0.5) * width / columns
        number += np.arange(width)[None] >= border[:, None]
    window[own] = number[own]
    pieces: list[Mark] = []
    for label in range(int(number.min()), int(number.max()) + 1):
        y, x = np.nonzero(window == label)
        if y.size:
            left, top = mark.left + int(x.min()), mark.top + int(y.min())
            right, bottom = mark.left + int(x.max()) + 1, mark.top + int(y.max()) + 1
            pieces.append(Mark((label,), left, top, right, bottom, bool(pieces), mark.cell))
    return pieces


def _paths(ink: NDArray, most: int) -> list[NDArray]:
    """The cheapest paths through the ink (ROWS, columns), each as its column in every row.

    They are ordered from left to right, do not cross, and leave enough ink between them.
    """
    height, width = ink.shape
    rows, margin = np.arange(height), max(2, height // 10)
    columns = np.arange(margin, width - margin, 2)
    if not columns.size:
        return []
    leaning = np.array(LEANS)[:, None] * (rows - (height - 1) / 2)
    middles = np.rint(columns[:, None, None] + leaning).astype(int).reshape(-1, height)
    at = middles[:, :, None] + np.arange(-REACH, REACH + 1)  # columns, (corridors, rows, 2 * REACH + 1)
    padded = np.pad(ink, ((0, 0), (1, 1)))
    corridors = padded[rows[:, None], np.clip(at + 1, 0, width + 1)]
    costs, offsets = _cheapest(corridors, np.diff(middles, axis=1))
    costs /= max(1.0, stroke_width(ink))
    paths = np.take_along_axis(at, offsets[:, :, None], axis=2)[:, :, 0]
    sums = np.cumsum(padded, axis=1)
    shares = sums[rows, np.clip(paths, 0, width)].sum(axis=1) / sums[:, -1].sum()  # ink left of each path
    chosen: list[int] = []
    for i in np.argsort(costs, kind="stable"):
        if len(chosen) == most or costs[i] > MOST_CROSSED:
            break
        if SMALLEST_PIECE <= shares[i] <= 1 - SMALLEST_PIECE and all(
            abs(shares[i] - shares[other]) >= SMALLEST_PIECE
            and _are_apart(paths[i], paths[other], SMALLEST_DISTANCE * height)
            for other in chosen
        ):
            chosen.append(i)
    return [paths[i].astype(np.float64) for i in sorted(chosen, key=lambda i: paths[i].sum())]


def _are_apart(path: NDArray, other: NDArray, least: float) -> bool:
    """Whether two paths do not cross and are at least this far apart on average."""
    between = path - other
    return bool(abs(between.mean()) >= least and (between.min() >= 0 or between.max() <= 0))


def _cheapest(ink: NDArray, shifts: NDArray) -> tuple[NDArray, NDArray]:
    """The cheapest path from the first row to the last in each corridor of ink (N, rows, offsets).

    shifts (N, rows - 1): columns by which a corridor moves from one row to the next.
    -> the costs (N,), and the offset of each path in every row (N, rows).
    """
    N, rows, offsets = ink.shape
    costs, previous = ink[:, 0].astype(np.float64), np.zeros((N, rows, offsets), np.int64)
    for row in range(1, rows):
        # A path that stays in its column changes its offset in the corridor by the corridor's shift.
        straight = np.arange(offsets) + shifts[:, row - 1, None]
        totals = []
        for step in (0, -1, 1):
            before = straight + step
            total = np.take_along_axis(costs, np.clip(before, 0, offsets - 1), axis=1) + STEP_COST * abs(step)
            totals.append(np.where((before >= 0) & (before < offsets), total, np.inf))
        best = np.argmin(totals, axis=0)
        costs = np.min(totals, axis=0) + ink[:, row]
        previous[:, row] = np.clip(straight + np.array((0, -1, 1))[best], 0, offsets - 1)
    offset = costs.argmin(axis=1)
    path = np.zeros((N, rows), np.int64)
    for row in range(rows - 1, -1, -1):
        path[:, row] = offset
        offset = previous[np.arange(N), row, offset]
    return costs.min(axis=1), path
