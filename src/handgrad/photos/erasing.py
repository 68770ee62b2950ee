"""Lines taken away: from a mask, where strokes that cross them stay whole, and from a picture."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.segments import Segment, run_lengths


class Side(NamedTuple):
    """A part of a segment's line that is to be taken away."""

    line: Segment
    start: float
    end: float


def erased(mask: NDArray, level: Sequence[Side], upright: Sequence[Side]) -> NDArray:
    """The pixels (uint8, 0 or 1) of these sides, without the strokes that cross them. upright: transposed."""
    without = _without(mask, level)
    without = np.ascontiguousarray(_without(np.ascontiguousarray(without.T), upright).T)
    return np.asarray((mask > 0) & (without == 0), np.uint8)


def _without(mask: NDArray, sides: Sequence[Side]) -> NDArray:
    """The mask without these nearly level sides."""
    if not sides:
        return mask
    core, zone = np.zeros_like(mask), np.zeros_like(mask)
    thickest = max(side.line.thickness for side in sides)
    for line, start, end in sides:
        reach = 2 + line.thickness
        ends = [(round(column), round(float(line.at(column)))) for column in (start - reach, end + reach)]
        cv2.line(core, ends[0], ends[1], 1, int(np.ceil(line.thickness)) + 2)
        cv2.line(zone, ends[0], ends[1], 1, int(np.ceil(line.thickness)) + 6)
    thin = run_lengths(mask.T).T <= 1.6 * thickest + 2
    cleared = np.where((core > 0) | ((zone > 0) & thin), 0, mask).astype(np.uint8)
    # Ink on a line with ink on both sides of it belongs to a stroke, and returns.
    span = 2 * int(np.ceil(thickest)) + 9
    leaning = np.eye(span, dtype=np.uint8)
    bridged = np.zeros_like(mask)
    for kernel in (np.ones((span, 1), np.uint8), leaning, np.ascontiguousarray(leaning[:, ::-1])):
        bridged |= cv2.morphologyEx(cleared, cv2.MORPH_CLOSE, kernel)
    return np.asarray(cleared | (bridged & mask))


def painted_over(pixels: NDArray, lines: NDArray, strokes: NDArray) -> NDArray:
    """The picture (height, width, 3) with these lines in the colour of the paper around them.

    lines, strokes (height, width), 0 or 1: the soft edges of a line go with it, those of a stroke stay.
    """
    soft = cv2.dilate(lines, np.ones((5, 5), np.uint8))
    soft[cv2.dilate(strokes, np.ones((3, 3), np.uint8)) > 0] = 0
    away = (soft | lines) > 0
    paper = (cv2.dilate(lines | strokes, np.ones((5, 5), np.uint8)) == 0).astype(np.float32)
    side = max(15, min(pixels.shape[:2]) // 16) | 1
    share = cv2.blur(paper, (side, side))
    around = cv2.blur(pixels.astype(np.float32) * paper[:, :, None], (side, side))
    usual = np.median(pixels[paper > 0], axis=0) if paper.any() else np.median(pixels, axis=(0, 1))
    shade = np.where(share[:, :, None] > 0.02, around / np.maximum(share, 1e-6)[:, :, None], usual)
    return np.where(away[:, :, None], np.rint(shade), pixels).astype(np.uint8)
