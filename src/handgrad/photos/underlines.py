"""Strokes that reach into a line of digits: a pen's underline, and neighbours at the border of a tight crop.

An underline may touch digits from below; it then makes one mark of them all. In a crop as high as its digits,
a digit that touches the border, or a neighbour's stroke that does, is no part of the surroundings.
"""

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.connected import connected
from handgrad.photos.outlines import outlines
from handgrad.photos.work import spent

RUN = 4.0  # length of the level runs of which underlines consist, in stroke widths
LONG = 1.05  # an underline is at least this long, in heights of the highest mark
SPAN = 0.6  # and at least this share of the width of all ink
COVERED = 0.85  # level runs cover at least this share of it
STRAIGHT = 0.4  # its largest mean distance from a parabola, in stroke widths
THICK = 2.0  # its largest thickness, in stroke widths
FREE = 0.75  # share of its length below which there is no ink, at least
LOW = 0.7  # it lies below this share of the height of the ink, unlike the bar of a 4
TIGHT = 0.4  # in a tight crop, marks at the border are at least this share of its height
CONTACT = 0.6  # they touch the border along at most this share of their height
BAR, HELD = 4, 0.5  # a contact is a bar if it is so long, in its depths, and less of it goes on inwards
UNDERLINE_STEPS, CONTACT_STEPS = 8, 4  # of work.py, for each pixel of the picture
SLIM = 0.22  # and their strokes are at most this share of their height wide


def without_underlines(mask: NDArray) -> NDArray:
    """The mask (uint8, 0 or 1) without the long level strokes beneath its marks."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return mask
    width = _stroke_width(mask)
    run = max(5, round(RUN * width))
    level = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    near = cv2.dilate(level, np.ones((3, 2 * run + 1), np.uint8))
    count, labels, stats = connected(near)
    extents = stats[:, cv2.CC_STAT_WIDTH]  # at most, with what was dilated
    least = SPAN * (columns[-1] - columns[0])
    if count < 2 or extents[1:].max() < least:
        return mask
    height = _largest_height(mask)
    for label in range(1, count):
        if extents[label] >= max(least, LONG * height):
            if not spent(UNDERLINE_STEPS * mask.size):
                return mask
            own = level * (labels == label)
            middle = rows[0] + LOW * (rows[-1] - rows[0])
            mask = _without(mask, own.astype(np.uint8), width, middle, max(least, LONG * height))
    return mask


def _without(mask: NDArray, level: NDArray, width: float, middle: float, least: float) -> NDArray:
    """The mask without the underline of which these are the level runs; the same mask if they are none.

    width: of the strokes.  middle: the row below which it lies.  least: its length.
    """
    y, x = np.nonzero(level)
    thickness = float(np.median(np.bincount(x)[np.unique(x)]))
    curve = np.polynomial.Polynomial.fit(x, y, 2)
    inliers = np.abs(y - curve(x)) < 1.5 * max(thickness, width)
    if inliers.mean() < 0.6:
        return mask
    y, x = y[inliers], x[inliers]
    curve = np.polynomial.Polynomial.fit(x, y, 2)
    columns = np.unique(x)
    centres = np.bincount(x, y)[columns] / np.bincount(x)[columns]
    thickness = float(np.median(np.bincount(x)[columns]))
    span = int(columns[-1] - columns[0])
    if span < least or columns.size < COVERED * span:
        return mask
    off = float(np.abs(centres - curve(columns)).mean())
    if off > STRAIGHT * width or thickness > THICK * width or curve(columns).mean() < middle:
        return mask
    across = np.arange(max(0, x.min() - 2 * int(width)), min(mask.shape[1], x.max() + 2 * int(width) + 1))
    half = thickness / 2 + max(1.0, 0.25 * width)
    rows = np.arange(mask.shape[0])[:, None]
    band = np.abs(rows - curve(across)) <= half
    below = (rows > curve(across) + half + 1) & (rows < curve(across) + half + 6 * width)
    if (mask[:, across] * below).any(axis=0).mean() > 1 - FREE:
        return mask
    cleared = mask.copy()
    cleared[:, across] = np.where(band, 0, mask[:, across])
    reach = 2 * int(np.ceil(half)) + 5  # a stroke that crosses the underline has ink on both sides of it
    bridged = cv2.morphologyEx(cleared, cv2.MORPH_CLOSE, np.ones((reach, 1), np.uint8))
    return np.asarray(cleared | (bridged & mask))


def detached(mask: NDArray) -> NDArray:
    """The mask of a tight crop, without the contacts of high marks with the border; others as they are."""
    height, width = mask.shape
    near = 3
    count, labels, stats = connected(mask)
    border = np.ones(mask.shape, bool)
    border[near:-near, near:-near] = False
    cleared = mask
    for label in range(1, count):
        left, top, across, down, area = (int(value) for value in stats[label])
        touches = left < near or top < near or left + across > width - near or top + down > height - near
        if not touches or down < TIGHT * height or area < 0.02 * down * down:
            continue
        if not spent(CONTACT_STEPS * mask.size):
            return cleared
        own = labels == label
        contact = (own & border).sum() / near
        if contact > CONTACT * down or _stroke_width(own.astype(np.uint8)) > SLIM * down:
            continue
        if across < 0.2 * down and down > 0.95 * height:  # an edge of the sheet
            continue
        cleared = np.where(own & border & ~_joints(own, border, near), 0, cleared).astype(np.uint8)
    return cleared


def _joints(own: NDArray, border: NDArray, near: int) -> NDArray:
    """The contacts of a mark (height, width) bool with the border that belong to its shape.

    Without them it falls apart, as a 9 with a hooked tail, or loses a bar, as a 3 with a flat top.
    border: the pixels nearer to the border than `near`.
    """
    count, contacts, stats = connected((own & border).astype(np.uint8))
    inside = own & ~border
    joints = np.zeros_like(own)
    for label in range(1, count):
        contact = contacts == label
        left, top, across, down, _ = (int(value) for value in stats[label])
        rows, columns = slice(max(0, top - 1), top + down + 1), slice(max(0, left - 1), left + across + 1)
        held = inside[rows, columns].any(axis=0 if across > down else 1).sum()
        is_bar = max(across, down) >= BAR * near and held < HELD * max(across, down)
        if is_bar or connected((own & ~contact).astype(np.uint8))[0] > 2:
            joints |= contact
    return joints


def _stroke_width(mask: NDArray) -> float:
    """The mean width of the strokes, in pixels: 2 area / length of the outline."""
    around = sum(cv2.arcLength(outline, True) for outline in outlines(mask)[0])
    return max(1.0, 2 * float(mask.sum()) / around) if around else 1.0


def _largest_height(mask: NDArray) -> int:
    """The height of the highest mark."""
    count, _, stats = connected(mask)
    return int(stats[1:, cv2.CC_STAT_HEIGHT].max()) if count > 1 else 0
