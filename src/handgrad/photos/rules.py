"""Printed lines: rules, squares, margins. Straight marks that go through the picture are taken away."""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray

LENGTH = 0.25  # pieces of a rule are looked for that are this long, in shares of the picture's shorter side
COVERED = 0.35  # share of its way through the picture on which a rule is there, in long pieces
THROUGH = 0.75  # the same for upright lines: a 1 may stand nearly as high as the picture
PIECE = 0.12  # length of such a piece, in shares of the shorter side
THICKEST = 0.02  # a rule is at most this thick, in shares of the shorter side
TILT = 14.0  # degrees by which rules may lean from level or upright


class Line(NamedTuple):
    """A nearly level line: its height at the left and at the right end of the mask."""

    left: float
    right: float


def without_rules(mask: NDArray) -> NDArray:
    """The mask (uint8, 0 or 1) without its printed lines; strokes that cross a line stay whole.

    Of a line, those pixels go over which the mask is no thicker than the line itself.
    """
    short = min(mask.shape)
    if short < 60 or not _long_marks(mask):
        return mask
    found = cv2.HoughLinesP(
        _thin(mask),
        1,
        np.pi / 720,
        threshold=int(0.5 * LENGTH * short),
        minLineLength=LENGTH * short,
        maxLineGap=max(2, 0.02 * short),
    )
    if found is None:
        return mask
    segments = np.asarray(found).reshape(-1, 4).astype(np.float64)
    tall, wide = mask.shape
    level = _rules(mask, segments, max(COVERED, 0.45 * min(1.0, tall / wide)))
    upright = _rules(mask.T, segments[:, [1, 0, 3, 2]], THROUGH)
    if len(level) < 2:  # one line alone: an edge or a margin; what stands in the middle may be a stroke
        level = [line for line in level if not 0.2 < line.left / tall < 0.8]
        upright = [line for line in upright if len(level) or not 0.3 < line.left / wide < 0.7]
    cleared = _without(mask, level)
    cleared = np.ascontiguousarray(_without(cleared.T, upright).T)
    return cleared if _long_marks(cleared, 0.07) else mask


def _long_marks(mask: NDArray, share: float = LENGTH) -> bool:
    """Whether any connected mark is so long, in shares of the shorter side."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask), connectivity=8)
    return bool(np.asarray(stats)[1:, 2:4].max(initial=0) >= share * min(mask.shape))


def _thin(mask: NDArray) -> NDArray:
    """The mask without what is thicker than a rule: paint, shadows, heavy strokes."""
    thickest = max(5, int(THICKEST * min(mask.shape))) | 1
    thick = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest, thickest), np.uint8))
    return np.asarray(np.where(cv2.dilate(thick, np.ones((3, 3), np.uint8)) > 0, 0, mask))


def _rules(mask: NDArray, segments: NDArray, covered: float) -> list[Line]:
    """The lines through these segments (x1, y1, x2, y2) that are nearly level and go through the picture."""
    height, width = mask.shape
    fat = cv2.dilate(np.ascontiguousarray(mask), np.ones((3, 1), np.uint8))
    columns = np.arange(width)
    lines: list[Line] = []
    for x1, y1, x2, y2 in segments[np.argsort(-np.hypot(*(segments[:, 2:] - segments[:, :2]).T))]:
        if abs(y2 - y1) > np.tan(np.radians(TILT)) * abs(x2 - x1):
            continue
        slope = (y2 - y1) / (x2 - x1)
        line = Line(y1 - slope * x1, y1 + slope * (width - 1 - x1))
        if any(abs(line.left - other.left) < 3 and abs(line.right - other.right) < 3 for other in lines):
            continue
        rows = np.rint(np.linspace(line.left, line.right, width)).astype(int)
        there = (rows >= 0) & (rows < height)
        inked = fat[rows[there], columns[there]]
        if there.mean() > 0.3 and _in_long_pieces(inked, int(PIECE * min(height, width))) > covered:
            lines.append(line)
    return lines


def _in_long_pieces(inked: NDArray, length: int) -> float:
    """The share of a line that is inked for so long without more than a small gap."""
    whole = cv2.morphologyEx(
        inked.reshape(1, -1), cv2.MORPH_CLOSE, np.ones((1, max(3, length // 5)), np.uint8)
    )
    pieces = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((1, max(3, length)), np.uint8))
    return float(pieces.mean())


def _without(mask: NDArray, lines: list[Line]) -> NDArray:
    """The mask without these nearly level lines."""
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
    across = cv2.morphologyEx(cleared, cv2.MORPH_CLOSE, np.ones((2 * thickness + 7, 1), np.uint8))
    return np.asarray(cleared | (across & mask))  # what has ink above and below belongs to a stroke


def _thickness(mask: NDArray, core: NDArray) -> int:
    """How many pixels high the mask is where the lines run, in the middle."""
    limit = max(5, int(THICKEST * min(mask.shape)))
    inside = (core > 0) & (mask > 0)
    for height in range(2, limit):
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((height, 1), np.uint8))
        if (opened[inside] > 0).mean() < 0.5:
            return height - 1
    return limit
