"""Ruling: the printed lines, squares and margins of the paper, which are removed from the ink."""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.connected import connected
from handgrad.photos.work import spent

# Lengths and widths are shares of the picture's shorter side.
SEGMENT = 0.25  # length of the straight segments that suggest a printed line
STRETCH = 0.12  # inked stretches of a printed line are at least this long
WIDEST = 0.02  # largest width of a printed line
COVERED = 0.35  # share of its length that inked stretches cover, at least
COVERED_UPRIGHT = 0.75  # the same for upright lines, since a 1 may be nearly as high as the picture
TILT = 14.0  # largest angle between a printed line and the level or the upright, in degrees


BORDER = 0.03  # a line that comes this near to the border reaches it
BEYOND = 0.12  # by this share of its length a printed line goes on beyond the marks that it runs through
LONG = 1.5  # it is this many times as long as the marks are high
MANY = 3  # this many lines beside each other are printed, wherever they end;
APART = 0.04  # they are more than this share of the picture apart
MOST_POINTS = 150_000  # inked pixels in which lines are looked for; with more, on a smaller copy
POINT_STEPS, LINE_STEPS = 500, 100_000  # of work.py, for each of these pixels, and for each segment


class PrintedLine(NamedTuple):
    """A nearly level line across the picture, by its row in the first column and in the last."""

    left: float
    right: float
    start: int  # the first inked column
    end: int  # the last inked column


def without_ruling(mask: NDArray) -> NDArray:
    """The mask (uint8, 0 or 1) without its printed lines. Strokes that cross a line stay whole.

    Along a line, a pixel is removed where the ink is no thicker than the line.
    """
    short = min(mask.shape)
    if short < 60 or not _has_long_marks(mask, SEGMENT):
        return mask
    thin = _thin_ink(mask)
    if np.count_nonzero(thin) < int(0.5 * SEGMENT * short):  # the search takes long, and a line needs so many
        return mask
    segments = _straight(thin)
    if not len(segments):
        return mask
    height, width = mask.shape
    level = _printed_lines(mask, segments, max(COVERED, 0.45 * min(1.0, height / width)))
    upright = _printed_lines(mask.T, segments[:, [1, 0, 3, 2]], COVERED_UPRIGHT)
    if len(level) < 2:  # a lone line near the border is a margin or an edge; in the middle it may be a stroke
        level = [line for line in level if not 0.2 < line.left / height < 0.8]
        upright = [line for line in upright if len(level) or not 0.3 < line.left / width < 0.7]
    cleared = np.ascontiguousarray(_without(_without(mask, level).T, upright).T)
    true_level, true_upright = _printed(mask, cleared, level), _printed(mask.T, cleared.T, upright)
    if len(true_level) + len(true_upright) < len(level) + len(upright):
        cleared = np.ascontiguousarray(_without(_without(mask, true_level).T, true_upright).T)
    return cleared if _has_long_marks(cleared, 0.07) else mask


def _straight(thin: NDArray) -> NDArray:
    """The straight segments (N, 4) of x1, y1, x2, y2 in a mask that suggest a printed line."""
    factor = 1
    while np.count_nonzero(thin) > MOST_POINTS:  # Hough's transform takes time for each point
        thin = cv2.resize(cv2.dilate(thin, np.ones((2, 2), np.uint8)), None, fx=0.5, fy=0.5, interpolation=0)
        factor *= 2
    if not spent(POINT_STEPS * int(np.count_nonzero(thin))):
        return np.zeros((0, 4))
    short = min(thin.shape)
    found = cv2.HoughLinesP(
        thin,
        1,
        np.pi / 720,
        threshold=int(0.5 * SEGMENT * short),
        minLineLength=SEGMENT * short,
        maxLineGap=max(2, 0.02 * short),
    )
    return np.asarray([] if found is None else found).reshape(-1, 4).astype(np.float64) * factor


def _has_long_marks(mask: NDArray, share: float) -> bool:
    """Whether a connected component is at least as long as this share of the shorter side."""
    return bool(connected(mask).stats[1:, 2:4].max(initial=0) >= share * min(mask.shape))


def _thin_ink(mask: NDArray) -> NDArray:
    """The mask without what is wider than a printed line: painted areas, shadows, heavy strokes."""
    widest = max(5, int(WIDEST * min(mask.shape))) | 1
    wide = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((widest, widest), np.uint8))
    return np.asarray(np.where(cv2.dilate(wide, np.ones((3, 3), np.uint8)) > 0, 0, mask))


def _printed_lines(mask: NDArray, segments: NDArray, covered: float) -> list[PrintedLine]:
    """The nearly level lines through these segments (x1, y1, x2, y2) that cross the picture.

    covered: share of a line that inked stretches must cover.
    """
    height, width = mask.shape
    thickened = cv2.dilate(np.ascontiguousarray(mask), np.ones((3, 1), np.uint8))
    columns = np.arange(width)
    lines: list[PrintedLine] = []
    for x1, y1, x2, y2 in segments[np.argsort(-np.hypot(*(segments[:, 2:] - segments[:, :2]).T))]:
        if abs(y2 - y1) > np.tan(np.radians(TILT)) * abs(x2 - x1):
            continue
        if not spent(LINE_STEPS):
            break
        slope = (y2 - y1) / (x2 - x1)
        line = PrintedLine(y1 - slope * x1, y1 + slope * (width - 1 - x1), 0, width - 1)
        if any(abs(line.left - other.left) < 3 and abs(line.right - other.right) < 3 for other in lines):
            continue
        rows = np.rint(np.linspace(line.left, line.right, width)).astype(int)
        visible = (rows >= 0) & (rows < height)
        inked = thickened[rows[visible], columns[visible]]
        stretches = _stretches(inked, int(STRETCH * min(height, width)))
        if visible.mean() > 0.3 and stretches.mean() > covered:
            places = columns[visible][stretches > 0]
            lines.append(line._replace(start=int(places[0]), end=int(places[-1])))
    return lines


def _printed(mask: NDArray, cleared: NDArray, lines: list[PrintedLine]) -> list[PrintedLine]:
    """The lines that are no strokes of a digit. cleared: the mask without these lines and those across them.

    A stroke ends within the mark that it belongs to: where another stroke goes on, or not far beyond. A
    printed line goes from border to border, or is far longer than the marks are high.
    """
    middles = np.sort([(line.left + line.right) / 2 for line in lines])
    if not lines or (np.diff(middles) > APART * mask.shape[0]).sum() + 1 >= MANY:
        return lines
    count, labels, stats = connected(cleared)
    whole = np.asarray(cv2.connectedComponents(np.ascontiguousarray(mask), connectivity=8)[1])
    first = np.zeros(count, np.int64)  # for each rest, the mark that it was a part of
    first[labels.ravel()] = whole.ravel()
    sizes = stats[:, 2:4].max(axis=1)
    rests = np.flatnonzero((np.arange(count) > 0) & (sizes > 0.03 * min(mask.shape)))
    return [line for line in lines if _is_printed(line, mask.shape[1], whole, first, stats, rests)]


def _is_printed(
    line: PrintedLine, width: int, whole: NDArray, first: NDArray, stats: NDArray, rests: NDArray
) -> bool:
    """Whether a line is no stroke of a digit. stats, first: of what is left; rests: the large ones of it."""
    if line.start <= BORDER * width and line.end >= (1 - BORDER) * width - 1:
        return True
    columns = np.arange(line.start, line.end + 1)
    rows = np.rint(np.interp(columns, (0, width - 1), (line.left, line.right))).astype(int)
    inside = (rows >= 0) & (rows < whole.shape[0])
    on_line = np.unique(whole[rows[inside], columns[inside]])
    crossed = rests[np.isin(first[rests], on_line[on_line > 0])]
    length = line.end - line.start + 1
    beyond = BEYOND * length
    for rest in crossed:
        left, right = int(stats[rest, 0]), int(stats[rest, 0] + stats[rest, 2])
        if left - line.start < beyond or line.end + 1 - right < beyond:
            return False
    highest = max((int(max(stats[rest, 2:4])) for rest in rests), default=length)
    return length >= LONG * highest


def _stretches(inked: NDArray, length: int) -> NDArray:
    """Where a line lies in inked stretches of at least this length, 0 or 1; small gaps are ignored."""
    closed = cv2.morphologyEx(
        inked.reshape(1, -1), cv2.MORPH_CLOSE, np.ones((1, max(3, length // 5)), np.uint8)
    )
    return np.asarray(
        cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, max(3, length)), np.uint8))
    ).ravel()


def _without(mask: NDArray, lines: list[PrintedLine]) -> NDArray:
    """The mask without these lines."""
    if not lines:
        return mask
    mask = np.ascontiguousarray(mask)
    core = np.zeros_like(mask)
    for line in lines:
        cv2.line(core, (0, round(line.left)), (mask.shape[1] - 1, round(line.right)), 1, 1)
    thickness = _thickness(mask, core)
    zone = cv2.dilate(core, np.ones((2 * thickness + 5, 1), np.uint8))
    taller = int(1.6 * thickness) + 2
    crossing = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((taller, 1), np.uint8))
    cleared = np.where((zone > 0) & (crossing == 0), 0, mask).astype(np.uint8)
    # Ink on a line with ink above and below it belongs to a stroke, and returns.
    bridged = cv2.morphologyEx(cleared, cv2.MORPH_CLOSE, np.ones((2 * thickness + 7, 1), np.uint8))
    return np.asarray(cleared | (bridged & mask))


def _thickness(mask: NDArray, core: NDArray) -> int:
    """The median height of the ink where the lines run, in pixels."""
    limit = max(5, int(WIDEST * min(mask.shape)))
    inside = (core > 0) & (mask > 0)
    for height in range(2, limit):
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((height, 1), np.uint8))
        if (opened[inside] > 0).mean() < 0.5:
            return height - 1
    return limit
