"""Lines taken away: from a mask, where strokes that cross them stay whole, and from a picture."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.segments import Segment, run_lengths

COARSE = 4  # the shade of the paper is estimated on one pixel of this many, in each direction


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
    core, thin = np.zeros_like(mask), np.zeros_like(mask)
    for line, start, end in sides:
        reach, thick = 2 + line.thickness, int(np.ceil(line.thickness))
        ends = [(round(column), round(float(line.at(column)))) for column in (start - reach, end + reach)]
        cv2.line(core, ends[0], ends[1], 1, thick + 1)
        cv2.line(thin, ends[0], ends[1], min(255, round(1.25 * line.thickness + 1.5)), thick + 6)
    # Beside the line itself, its ragged edge is taken away, not a stroke that touches it.
    cleared = np.where((core > 0) | (thin >= run_lengths(mask.T).T), 0, mask).astype(np.uint8)
    # Ink on a line with ink on both sides of it belongs to a stroke, and returns.
    span = 2 * int(np.ceil(max(side.line.thickness for side in sides))) + 9
    leaning = np.eye(span, dtype=np.uint8)
    bridged = np.zeros_like(mask)
    for kernel in (np.ones((span, 1), np.uint8), leaning, np.ascontiguousarray(leaning[:, ::-1])):
        bridged |= cv2.morphologyEx(cleared, cv2.MORPH_CLOSE, kernel)
    return np.asarray(cleared | (bridged & mask))


def painted_over(
    pixels: NDArray, paper: NDArray, lines: NDArray, strokes: NDArray, thickness: float
) -> NDArray:
    """The picture (height, width, 3) with these lines in the colour of the paper.

    lines, strokes (height, width), 0 or 1: the soft edges of a line go with it, those of a stroke stay.
    thickness: of the lines; enlarged ones have wider edges.
    """
    reach = 2 + int(thickness / 3)
    soft = cv2.dilate(lines, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    soft[cv2.dilate(strokes, np.ones((3, 3), np.uint8)) > 0] = 0
    return np.where(((soft | lines) > 0)[:, :, None], paper, pixels)


def paper_around(pixels: NDArray, ink: NDArray) -> NDArray:
    """The colour of the paper (height, width, 3) uint8, from the pixels around the ink (0 or 1)."""
    bare = cv2.dilate(ink, np.ones((5, 5), np.uint8)) == 0
    # Paper changes slowly: it is estimated on a copy of few pixels.
    size = tuple(max(1, side // COARSE) for side in ink.shape[::-1])
    share = cv2.resize(bare.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    seen = np.where(bare[:, :, None], pixels, 0).astype(np.uint8)
    around = cv2.resize(seen, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    side = max(5, min(size) // 12) | 1
    around = np.asarray(cv2.blur(around, (side, side)))
    share = np.asarray(cv2.blur(share, (side, side)))
    usual = around.sum(axis=(0, 1)) / max(float(share.sum()), 1e-6)
    shade = np.where(share[:, :, None] > 0.02, around / np.maximum(share, 1e-6)[:, :, None], usual)
    shade = np.clip(shade, 0, 255).astype(np.float32)
    return np.asarray(np.rint(cv2.resize(shade, ink.shape[::-1])).astype(np.uint8))
