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
MOST_POINTS = 100_000  # through which a parabola is laid
UNDERLINE_STEPS, CONTACT_STEPS = 4, 9  # of work.py, for each pixel of the picture
HOLD_STEPS = 400  # for each piece of a mark that a contact touches, and each contact
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
    curve = _curve(x, y)
    inliers = np.abs(y - curve(x)) < 1.5 * max(thickness, width)
    if inliers.mean() < 0.6:
        return mask
    y, x = y[inliers], x[inliers]
    curve = _curve(x, y)
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
    middle_of = curve(across)
    reach = 2 * int(np.ceil(half)) + 5  # a stroke that crosses the underline has ink on both sides of it
    first = max(0, int(middle_of.min() - half) - reach)
    near = slice(first, max(first, int(middle_of.max() + half + 6 * width) + reach + 1))  # the rest stays
    part = mask[near]
    rows = first + np.arange(len(part))[:, None]
    below = (rows > middle_of + half + 1) & (rows < middle_of + half + 6 * width)
    if (part[:, across] * below).any(axis=0).mean() > 1 - FREE:
        return mask
    cleared = mask.copy()
    cleared[near, across[0] : across[-1] + 1][np.abs(rows - middle_of) <= half] = 0
    bridged = cv2.morphologyEx(cleared, cv2.MORPH_CLOSE, np.ones((reach, 1), np.uint8))
    return np.asarray(cleared | (bridged & mask))


def _curve(x: NDArray, y: NDArray) -> np.polynomial.Polynomial:
    """The parabola through points; of very many, through one in so many: each takes 100 bytes."""
    step = -(-x.size // MOST_POINTS)
    return np.polynomial.Polynomial.fit(x[::step], y[::step], 2)


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
        window = slice(top, top + down), slice(left, left + across)
        own, edge = labels[window] == label, border[window]
        contact = (own & edge).sum() / near
        if contact > CONTACT * down or _stroke_width(own.astype(np.uint8)) > SLIM * down:
            continue
        if across < 0.2 * down and down > 0.95 * height:  # an edge of the sheet
            continue
        cleared = mask.copy() if cleared is mask else cleared
        cleared[window][own & edge & ~_joints(own, edge, near)] = 0
    return cleared


def _joints(own: NDArray, border: NDArray, near: int) -> NDArray:
    """The contacts of a mark (height, width) bool with the border that belong to its shape.

    Without them it falls apart, as a 9 with a hooked tail, or loses a bar, as a 3 with a flat top.
    border: the pixels nearer to the border than `near`.
    """
    count, contacts, stats = connected((own & border).astype(np.uint8))
    inside = own & ~border
    holds = _holding(contacts, connected(inside.astype(np.uint8)).labels)
    is_joint = np.zeros(count, bool)
    for label in range(1, count):
        left, top, across, down, _ = (int(value) for value in stats[label])
        rows, columns = slice(max(0, top - 1), top + down + 1), slice(max(0, left - 1), left + across + 1)
        held = inside[rows, columns].any(axis=0 if across > down else 1).sum()
        is_bar = max(across, down) >= BAR * near and held < HELD * max(across, down)
        is_joint[label] = is_bar or label in holds
    return np.asarray(is_joint[contacts])


def _holding(contacts: NDArray, pieces: NDArray) -> set[int]:
    """The contacts without which the pieces of a mark, and its other contacts, do not hang together.

    Both are labels (height, width), and all of it is one mark. So only contacts that touch several pieces
    may hold it together: such a one does, unless the others that do so join its pieces without it.
    """
    around = np.pad(pieces, 1)
    y, x = np.nonzero(contacts)
    pairs = np.concatenate(
        [
            np.stack([contacts[y, x], around[y + down, x + across]], axis=1)
            for down in range(3)
            for across in range(3)
        ]
    )
    touching: dict[int, list[int]] = {}
    for contact, piece in np.unique(pairs[pairs[:, 1] > 0], axis=0).tolist():
        touching.setdefault(contact, []).append(piece)
    several = {contact: held for contact, held in touching.items() if len(held) > 1}
    if not spent(HOLD_STEPS * sum(map(len, several.values())) * len(several)):
        return set(touching)
    return {contact for contact in several if not _are_joined(several, contact)}


def _are_joined(several: dict[int, list[int]], without: int) -> bool:
    """Whether the pieces that this contact touches are joined by the other contacts."""
    groups = {piece: piece for held in several.values() for piece in held}

    def group(piece: int) -> int:
        while groups[piece] != piece:
            groups[piece] = piece = groups[groups[piece]]
        return piece

    for contact, (first, *others) in several.items():
        if contact != without:
            for piece in others:
                groups[group(piece)] = group(first)
    return len({group(piece) for piece in several[without]}) == 1


def _stroke_width(mask: NDArray) -> float:
    """The mean width of the strokes, in pixels: 2 area / length of the outline."""
    around = sum(cv2.arcLength(outline, True) for outline in outlines(mask)[0])
    return max(1.0, 2 * float(mask.sum()) / around) if around else 1.0


def _largest_height(mask: NDArray) -> int:
    """The height of the highest mark."""
    count, _, stats = connected(mask)
    return int(stats[1:, cv2.CC_STAT_HEIGHT].max()) if count > 1 else 0
