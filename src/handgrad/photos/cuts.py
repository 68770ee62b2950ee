"""Where touching digits may be separated: along paths from top to bottom that cross little ink.

A path descends row by row, straight down or one column to the side, within a narrow corridor that is upright
or leaning. Dynamic programming finds the cheapest path through each corridor. A path parts the ink of a mark
into its left and its right; fragments that only hang on the other side are given to it. Of paths that part
the ink alike, the cheapest is kept. Cuts may cross each other: a division uses those that do not.
"""

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.candidates import WIDEST
from handgrad.photos.marks import Cut, Mark, Page, Piece
from handgrad.photos.strokes import stroke_width
from handgrad.photos.work import spent

ROWS = 48  # height to which a mark is reduced before paths are searched
STEP_COST = 0.06  # cost of a step to the side, in pixels of ink
MOST_CROSSED = 4.0  # largest cost of a path, in stroke widths
REACH = 4  # half the width of a corridor, in columns
SMALLEST_PIECE = 0.05  # smallest share of a mark's ink on either side of a cut
BESIDE = 0.2  # least distance between the middles of the two sides, from left to right, in heights
ALIKE = 0.03  # two cuts are alike if less than this share of the ink lies between them
FRAGMENT = 0.3  # largest share of a fragment, of the largest connected ink on its side
PATH_STEPS, HEALED_STEPS, IMAGE_STEPS = 500, 6, 5  # of work.py, for each pixel
TRIED_STEPS = 40_000  # for each path that is tried
LEANS = (-0.5, -0.25, 0.0, 0.25, 0.5)  # slopes of the corridors, in columns per row


def cut(page: Page, marks: Collection[Mark], most: int) -> tuple[Page, set[Mark]]:
    """A new page on which these marks are cut wherever two digits may touch, and those too intricate for it.

    most: largest number of cuts in one mark. A mark that no path crosses cheaply enough stays whole, and so
    do marks longer than so many digits. Too intricate is what takes more work than a picture may.
    """
    labels = page.labels.copy()
    lines, beyond = list[list[Mark]](), set[Mark]()
    for line in page.lines:
        high = max(mark.bottom for mark in line) - min(mark.top for mark in line)
        whole = list[Mark]()
        for mark in line:
            # Inner pieces are no wider than WIDEST times the mark's height, the outer ones with a neighbour.
            longest = WIDEST * ((most - 1) * mark.height + 2 * high)
            is_cut = mark in marks and mark.width <= longest
            pieces = _cut(labels, mark, most) if is_cut else mark
            if pieces is None:
                beyond.add(mark)
            whole.append(pieces or mark)
        lines.append(whole)
    return replace(page, labels=labels, lines=lines), beyond


def _cut(labels: NDArray, mark: Mark, most: int) -> Mark | None:
    """The mark with its cuts; gives its pieces labels of their own. None if that is too much work."""
    window = labels[mark.top : mark.bottom, mark.left : mark.right]
    if not spent(3 * window.size):
        return None
    own = np.isin(window, mark.parts)
    sides = _sides(own, most)
    if sides is None:
        return None
    chosen = sorted(sides, key=lambda side: int(side[0].sum()))
    if not chosen:
        return mark
    # Every two cuts may bound a candidate, whose image is made.
    if not spent(window.size * len(chosen) * (len(chosen) + 1) * IMAGE_STEPS / 2):
        return None
    sided = np.zeros(int(own.sum()), np.int32)  # for each pixel of the mark, a bit for each cut
    for number, (left, _) in enumerate(chosen):
        sided |= left[own].astype(np.int32) << number
    bits = 1 << np.arange(len(chosen))
    codes, numbers = np.unique(sided, return_inverse=True)  # a piece lies on one side of each cut
    first = int(labels.max()) + 1
    window[own] = first + numbers
    y, x = np.nonzero(own)
    order = np.argsort(numbers.ravel(), kind="stable")
    areas = np.bincount(numbers.ravel())
    starts = np.cumsum(areas) - areas
    edges = [
        f.reduceat(places[order], starts) + offset
        for f, places, offset in (
            (np.minimum, x, mark.left),
            (np.minimum, y, mark.top),
            (np.maximum, x, mark.left + 1),
            (np.maximum, y, mark.top + 1),
        )
    ]
    boxes = np.stack([first + np.arange(len(codes)), *edges, areas], axis=1).tolist()
    pieces = [Piece(*box) for box in boxes]
    cuts = [
        Cut(frozenset(first + int(number) for number in np.flatnonzero(codes & bit)), crossed)
        for bit, (_, crossed) in zip(bits, chosen, strict=True)
    ]
    return replace(mark, parts=tuple(piece.label for piece in pieces), pieces=tuple(pieces), cuts=tuple(cuts))


def _sides(own: NDArray, most: int) -> list[tuple[NDArray, float]] | None:
    """The ink left of each cut of a mark (height, width) bool, and what the cut crosses, in stroke widths.

    None if that is too much work.
    """
    height, width = own.shape
    columns = max(4, round(width * ROWS / height))
    small = cv2.resize(own.astype(np.float32), (columns, ROWS), interpolation=cv2.INTER_AREA)
    rows = (np.arange(height) + 0.5) * ROWS / height - 0.5
    paths = _unlike(small, most)
    if paths is None or not spent(len(paths) * HEALED_STEPS * own.size):
        return None
    sides = []
    for path, crossed in paths:
        border = (np.interp(rows, np.arange(ROWS), path) + 0.5) * width / columns
        straight = own & (np.arange(width)[None] < border[:, None])
        left = _healed(straight, own & ~straight)
        if left.any() and (own & ~left).any():
            sides.append((left, crossed))
    return sides


def _unlike(ink: NDArray, most: int) -> list[tuple[NDArray, float]] | None:
    """The cheapest paths through ink (ROWS, columns) that part it differently, and what they cross.

    None if that is too much work.
    """
    if not spent(PATH_STEPS * ink.size):
        return None
    paths, crossed = _paths(ink)
    mask = ink > 0.4
    total, x = int(mask.sum()), np.nonzero(mask)[1]
    if not total:
        return []
    up_to = np.pad(np.cumsum(mask, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    # How much of each row lies left of each path: two paths part the ink by the sum of the differences.
    left_of = up_to[np.arange(len(ink)), np.clip(paths + 1, 0, ink.shape[1])]
    tried = np.zeros_like(left_of)
    count = 0
    kept, chosen = list[NDArray](), list[int]()
    for i, amounts in enumerate(left_of):
        if count and np.abs(tried[:count] - amounts).sum(axis=1).min() < ALIKE / 2 * total:
            continue
        tried[count] = amounts
        count += 1
        if not spent(TRIED_STEPS + HEALED_STEPS * ink.size + tried[:count].size):
            return None
        left = mask & (np.arange(ink.shape[1]) <= paths[i][:, None])
        healed = _healed(left, mask & ~left)[mask]
        is_piece = SMALLEST_PIECE <= healed.sum() / total <= 1 - SMALLEST_PIECE
        is_piece = is_piece and float(x[~healed].mean() - x[healed].mean()) >= BESIDE * len(ink)
        if is_piece and not _is_alike(healed, kept, ALIKE * total):
            kept.append(healed)
            chosen.append(i)
            if len(chosen) == most:
                break
    return [(paths[i].astype(np.float64), float(crossed[i])) for i in chosen]


def _is_alike(side: NDArray, others: list[NDArray], least: float) -> bool:
    """Whether less than this many pixels differ between a side of a cut and one of the others."""
    return bool(others) and bool((np.stack(others) ^ side).sum(axis=1).min() < least)


def _healed(left: NDArray, right: NDArray) -> NDArray:
    """The left side of a cut, with fragments moved to the side that they hang on.

    A path that goes through the edge of a bowl leaves a fragment of it on the wrong side, where it hangs on
    nothing but the cut.
    """
    moved = np.zeros_like(left)
    for side, other in ((left, right), (right, left)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(side.astype(np.uint8), connectivity=8)
        if count > 2:
            near = cv2.dilate(other.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            areas = np.asarray(stats)[:, cv2.CC_STAT_AREA]
            at_cut = np.unique(labels[side & near])
            fragments = [label for label in at_cut if areas[label] < FRAGMENT * areas[1:].max()]
            moved |= np.isin(labels, fragments)
    return left ^ moved


def _paths(ink: NDArray) -> tuple[NDArray, NDArray]:
    """The cheapest path through each corridor of ink (ROWS, columns), from the cheapest to the dearest.

    -> the column of each path in every row (N, ROWS), and the ink that it crosses, in stroke widths (N,).
    """
    height, width = ink.shape
    rows, margin = np.arange(height), max(2, height // 10)
    columns = np.arange(margin, width - margin, 2)
    if not columns.size:
        return np.zeros((0, height), np.int64), np.zeros(0)
    leaning = np.array(LEANS)[:, None] * (rows - (height - 1) / 2)
    middles = np.rint(columns[:, None, None] + leaning).astype(int).reshape(-1, height)
    at = middles[:, :, None] + np.arange(-REACH, REACH + 1)  # columns, (corridors, rows, 2 * REACH + 1)
    padded = np.pad(ink, ((0, 0), (1, 1)))
    corridors = padded[rows[:, None], np.clip(at + 1, 0, width + 1)]
    costs, offsets = _cheapest(corridors, np.diff(middles, axis=1))
    costs /= max(1.0, stroke_width(ink))
    paths = np.take_along_axis(at, offsets[:, :, None], axis=2)[:, :, 0]
    order = np.argsort(costs, kind="stable")
    order = order[costs[order] <= MOST_CROSSED]
    return paths[order], costs[order]


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
