"""What ink looks like: how dark, how wide its stroke, whether it is straight, a ring or a cross."""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.connected import with_labels
from handgrad.photos.marks import Mark
from handgrad.photos.outlines import outlines
from handgrad.photos.ranks import quantile

RAYS = 72  # directions in which the arms of a cross are looked for
APART = 50  # smallest angle between two arms, in degrees
BENT = 28  # largest angle by which two opposite arms differ from a straight line
SLENDER = 1.9  # shortest arm, in halves of the width where the strokes cross
REACH = 0.28  # shortest arm, as a share of the longer side


class Traits(NamedTuple):
    """What a mark looks like."""

    area: int  # inked pixels
    contrast: float  # of its full strokes with the paper
    stroke: float  # width of its strokes: 2 area / length of the outlines
    hole: float  # area of its largest hole, as a share of the bounding box
    thickness: float  # extent across its longest direction, in pixels
    lean: float  # degrees by which its longest direction leans from the upright; positive to the right


def traits(ink: NDArray, labels: NDArray, mark: Mark) -> Traits:
    """The traits of a mark."""
    own = shape_of(labels, mark)
    area = int(own.sum())
    around_it, ranks = outlines(np.pad(own, 1))
    around = sum(cv2.arcLength(outline, True) for outline in around_it)
    inner = [] if ranks is None else [o for o, rank in zip(around_it, ranks[0], strict=True) if rank[3] >= 0]
    hole = max((cv2.contourArea(outline) for outline in inner), default=0.0) / own.size
    window = ink[mark.top : mark.bottom, mark.left : mark.right]
    contrast = quantile(window[own > 0], 0.7) if area else 0.0
    y, x = np.nonzero(own)
    values, vectors = np.linalg.eigh(np.cov(np.stack([x, y]))) if area > 2 else (np.zeros(2), np.eye(2))
    across, along = vectors[:, 1] * (-1 if vectors[1, 1] > 0 else 1)
    lean = float(np.degrees(np.arctan2(across, -along)))
    thickness = float(np.sqrt(12 * max(values[0], 0.0))) + 1
    return Traits(area, contrast, 2 * area / max(around, 4.0), float(hole), thickness, lean)


def shape_of(labels: NDArray, mark: Mark) -> NDArray:
    """The pixels of a mark within its bounding box; uint8, 0 or 1."""
    window = labels[mark.top : mark.bottom, mark.left : mark.right]
    return with_labels(window, mark.parts).astype(np.uint8)


def is_clear(labels: NDArray, mark: Mark, around: int) -> bool:
    """Whether there is no other ink within this many pixels of a mark."""
    rows = slice(max(0, mark.top - around), mark.bottom + around)
    columns = slice(max(0, mark.left - around), mark.right + around)
    window = labels[rows, columns]
    own = with_labels(window, mark.parts)
    apart = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 5)
    return not bool(((window > 0) & ~own & (apart <= around)).any())


def cross(own: NDArray, surely: bool = False) -> str:
    """The text "+" or "x" if the ink (uint8, 0 or 1) is two straight strokes that cross; "" if it is not.

    Where they cross, the ink is widest. From there the ink reaches far in four directions, and nothing but
    the four arms is inked. surely: whether the strokes must cross in the middle, and at right angles.
    """
    side = max(own.shape)
    if side < (24 if surely else 9) or min(own.shape) < 0.55 * side:
        return ""
    inside = cv2.distanceTransform(np.pad(own, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    middle = np.zeros_like(inside)
    inset = 0.33 if surely else 0.25
    rows, columns = (slice(int(inset * n), int(np.ceil((1 - inset) * n))) for n in own.shape)
    middle[rows, columns] = inside[rows, columns]
    y, x = np.unravel_index(int(middle.argmax()), middle.shape)
    if middle[y, x] < 0.5:
        return ""
    angles = np.arange(RAYS) * (2 * np.pi / RAYS)
    steps = np.arange(1, side)
    at_x = np.rint(x + steps * np.cos(angles)[:, None]).astype(int)
    at_y = np.rint(y - steps * np.sin(angles)[:, None]).astype(int)
    within = (at_x >= 0) & (at_x < own.shape[1]) & (at_y >= 0) & (at_y < own.shape[0])
    inked = within & (own[np.clip(at_y, 0, own.shape[0] - 1), np.clip(at_x, 0, own.shape[1] - 1)] > 0)
    lengths = np.where(inked.all(axis=1), side, inked.argmin(axis=1))
    arms = _arms(lengths)
    if len(arms) != 4 or lengths[arms].min() < max(REACH * side, (3.0 if surely else 1.9) * middle[y, x]):
        return ""
    degrees = sorted(arm * 360 / RAYS for arm in arms)
    if any(abs(degrees[i + 2] - degrees[i] - 180) > BENT for i in (0, 1)):
        return ""
    drawn = np.zeros_like(own)
    for arm in arms:
        end = (int(x + lengths[arm] * np.cos(angles[arm])), int(y - lengths[arm] * np.sin(angles[arm])))
        cv2.line(drawn, (int(x), int(y)), end, 1, max(1, round(2 * middle[y, x] + 1)))
    if (own & ~drawn & 1).sum() > (0.08 if surely else 0.1) * own.sum():
        return ""
    slopes = [min(degree % 90, 90 - degree % 90) for degree in degrees]
    if max(slopes) <= (20 if surely else 24):
        return "+"
    return "x" if min(slopes) >= 20 else ""


def _arms(lengths: NDArray) -> list[int]:
    """The directions in which the ink reaches farthest, at least an angle apart; at most five."""
    arms: list[int] = []
    for i in np.argsort(-lengths, kind="stable"):
        turns = [abs(int(i) - arm) for arm in arms]
        if all(min(turn, RAYS - turn) * 360 / RAYS >= APART for turn in turns):
            arms.append(int(i))
        if len(arms) == 5 or lengths[i] < 0.2 * lengths.max():
            break
    return arms[:4]
