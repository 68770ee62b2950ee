"""A panel: an area of one shade on a screen, with a digit in it and a margin of another shade around it.

Plots, tiles and windows of apps are such. Around a panel, the margin's edges, titles and the numbers of axes
would pass for ink; a black panel would be ink itself. So what is around it is painted with its shade.
"""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.decoding import Picture

LONGEST = 400  # panels are looked for on a copy whose longer side is this many pixels
SHORTEST = 60  # and only on pictures whose shorter side has at least this many
SAME = 10  # shades of one area differ by at most this much, of 255
EVEN = 0.7  # on a screen, at least this share of it has exactly one shade; on a photo, less
OTHER = 60  # the shade around a panel differs by at least this much
SMALLEST, LARGEST = 0.08, 0.95  # sizes of a panel, as shares of the picture
FILLED = 0.94  # a panel fills at least this share of its bounding box; rounded corners are missing
AROUND = 0.85  # share of a panel's surroundings that have another shade, at least
LEAST_INK, MOST_INK = 0.002, 0.6  # shares of a panel that ink covers


BESIDE = "mark outside the panel"


class Panel(NamedTuple):
    """A picture on which all but a panel is painted over."""

    picture: Picture
    beside: list[tuple[int, int, int, int]]  # boxes of what was painted over, x, y, width, height


def panel(picture: Picture) -> Panel | None:
    """The panel that holds ink, if exactly one on the picture does; otherwise None."""
    pixels = picture.pixels
    if min(pixels.shape[:2]) < SHORTEST:
        return None
    scale = max(1, -(-max(pixels.shape[:2]) // LONGEST))
    coarse = np.ascontiguousarray(pixels[scale // 2 :: scale, scale // 2 :: scale])
    found = [area for area in _areas(coarse) if _is_panel(area, coarse)]
    if len(found) != 1:
        return None
    area = found[0]
    inside = cv2.erode(_hull(area), np.ones((5, 5), np.uint8), borderValue=0)
    shade = np.median(coarse[area > 0], axis=0).astype(np.uint8)
    fine = np.zeros(pixels.shape[:2], bool)
    repeated = (inside > 0).repeat(scale, axis=0).repeat(scale, axis=1)[: len(fine), : fine.shape[1]]
    fine[: len(repeated), : repeated.shape[1]] = repeated
    painted = np.where(fine[:, :, None], pixels, shade)
    return Panel(Picture(painted, picture.size), _beside(coarse, _hull(area), picture.size))


def _areas(pixels: NDArray) -> list[NDArray]:
    """The areas (height, width) uint8 of one shade that are large enough, of any shade that is frequent."""
    areas = []
    grey = pixels.reshape(-1, 3).astype(np.int32) >> 4
    codes = grey[:, 0] << 8 | grey[:, 1] << 4 | grey[:, 2]
    for code in np.flatnonzero(np.bincount(codes) >= 0.5 * SMALLEST * len(codes)):
        shade = np.median(pixels.reshape(-1, 3)[codes == code], axis=0)
        darkest, lightest = np.ceil(shade - SAME), np.floor(shade + SAME)
        mask = cv2.inRange(pixels, darkest.clip(0, 255), lightest.clip(0, 255)).astype(np.uint8) & 1
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        sizes = np.asarray(stats)[1:, cv2.CC_STAT_WIDTH] * np.asarray(stats)[1:, cv2.CC_STAT_HEIGHT]
        for label in 1 + np.flatnonzero((sizes >= SMALLEST * mask.size) & (sizes <= LARGEST * mask.size)):
            areas.append((labels == label).astype(np.uint8))
    return areas


def _hull(area: NDArray) -> NDArray:
    """The convex hull of an area: the panel with its ink, without the ticks of axes."""
    side = max(3, round(0.06 * min(cv2.boundingRect(area)[2:])))
    y, x = np.nonzero(cv2.morphologyEx(area, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)))
    if not len(x):
        return np.zeros_like(area)
    points = cv2.convexHull(np.stack([x, y], axis=1).astype(np.int32))
    return np.asarray(cv2.fillConvexPoly(np.zeros_like(area), points, 1))


def _is_panel(area: NDArray, pixels: NDArray) -> bool:
    """Whether an area is a rectangle that holds ink, with another shade on all its sides."""
    inside = pixels[area > 0]
    shade = np.median(inside, axis=0)
    if (inside == shade).all(axis=1).mean() < EVEN:  # first, since it rules out photographs
        return False
    hull = _hull(area)
    _, _, width, height = cv2.boundingRect(hull)
    ink = 1 - float((area & hull).sum()) / max(1.0, float(hull.sum()))
    if not FILLED * width * height <= hull.sum() > 0 or not LEAST_INK < ink < MOST_INK:
        return False
    gap, thick = 2, max(3, round(0.04 * max(width, height)))
    near = cv2.dilate(hull, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8))
    ring = cv2.dilate(hull, np.ones((2 * (gap + thick) + 1,) * 2, np.uint8)) - near
    differs = np.abs(pixels[ring > 0] - shade).max(axis=1) >= OTHER
    return ring.sum() > 0.5 * (2 * (width + height)) * thick and bool(differs.mean() >= AROUND)


def _beside(pixels: NDArray, hull: NDArray, size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """The boxes of what is drawn beside the panel, such as titles and numbers, in pixels of the picture."""
    outside = cv2.dilate(hull, np.ones((9, 9), np.uint8)) == 0
    if not outside.any():
        return []
    shade = np.median(pixels[outside], axis=0)
    drawn = (outside & (np.abs(pixels - shade).max(axis=2) >= OTHER)).astype(np.uint8)
    merged = cv2.dilate(drawn, np.ones((5, 9), np.uint8))
    count, labels, _, _ = cv2.connectedComponentsWithStats(merged, connectivity=8)
    across, down = size[0] / hull.shape[1], size[1] / hull.shape[0]
    boxes = []
    for label in range(1, count):
        y, x = np.nonzero((labels == label) & (drawn > 0))
        if len(x):
            left, top = int(x.min() * across), int(y.min() * down)
            right, bottom = round((x.max() + 1) * across), round((y.max() + 1) * down)
            boxes.append((left, top, right - left, bottom - top))
    return boxes
