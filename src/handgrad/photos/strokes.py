"""How wide strokes are."""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.outlines import outlines
from handgrad.photos.ranks import median

FAINTEST = 0.045  # smallest contrast of ink with its paper, where black and white differ by 1
WIDEST = 0.25  # largest width of a stroke, as a share of the picture's longer side
STEPS = 12  # so many steps of all rays are taken at once
SLOPE = 2000  # the steepest slope of the shade, as Canny's integers represent it


def stroke_width(ink: NDArray) -> float:
    """The mean width of the strokes in ink (height, width), in pixels: 2 area / length of the outline."""
    mask = (ink > 0.5).astype(np.uint8)
    around = sum(cv2.arcLength(outline, True) for outline in outlines(mask)[0])
    return 2 * float(mask.sum()) / around if around else 0.0


def stroke_widths(shade: NDArray) -> tuple[NDArray, NDArray]:
    """The widths of the dark strokes and of the light strokes, one for each pixel of an edge.

    From each edge a ray follows the gradient until it meets an edge that faces it: the width is the length
    of the ray. Rays that meet no such edge within the widest stroke are not counted. shade (height, width)
    float32. Source: the stroke width transform; Epshtein, Ofek and Wexler, CVPR 2010.
    """
    across = cv2.Sobel(shade, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(shade, cv2.CV_32F, 0, 1)
    steepness = np.hypot(across, down)
    edges = _edges(across, down, steepness)
    slopes = Slopes(
        across.ravel(),
        down.ravel(),
        steepness.ravel(),
        cv2.dilate(edges.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0,
    )
    longest = max(3, int(WIDEST * max(shade.shape)))
    start = np.flatnonzero(edges)  # a ray into a dark stroke goes down the gradient, into a light stroke up
    return ray_lengths(start, -1, longest, slopes), ray_lengths(start, 1, longest, slopes)


class Slopes(NamedTuple):
    """How a shade rises at each pixel, by its place in the flattened picture."""

    across: NDArray
    down: NDArray
    steepness: NDArray
    near_edges: NDArray  # (height, width) bool

    def direction(self, at: NDArray) -> tuple[NDArray, NDArray]:
        """The unit vectors (x, y) of the rise at these places."""
        steepness = np.maximum(self.steepness[at], 1e-6)
        return self.across[at] / steepness, self.down[at] / steepness


def ray_lengths(start: NDArray, direction: int, longest: int, slopes: Slopes) -> NDArray:
    """The lengths of the rays from these places along the gradient that meet an edge that faces them."""
    height, width = slopes.near_edges.shape
    near_edges = slopes.near_edges.ravel()
    y, x = (place.astype(np.float64) for place in np.divmod(start, width))
    (along_x, along_y), steep = slopes.direction(start), 0.3 * slopes.steepness[start]
    lengths = [np.zeros(0)]
    for first in range(1, longest, STEPS):
        steps = np.arange(first, min(first + STEPS, longest), dtype=np.float32)[:, None]
        ray_x, ray_y = np.rint(x + direction * steps * along_x), np.rint(y + direction * steps * along_y)
        goes_on = (ray_x >= 0) & (ray_x < width) & (ray_y >= 0) & (ray_y < height)
        place = np.where(goes_on, ray_y * width + ray_x, 0).astype(np.intp)
        step, ray = np.nonzero(goes_on & near_edges[place])
        at = place[step, ray]
        there_x, there_y = slopes.direction(at)
        cosine = along_x[ray] * there_x + along_y[ray] * there_y
        meets = (cosine < -0.6) & (slopes.steepness[at] > steep[ray])
        met = np.full(len(x), len(steps))
        met[ray[meets][::-1]] = step[meets][::-1]  # the first of its steps is written last
        lengths.append(first + np.sort(met[met < len(steps)]).astype(np.float64))
        goes_on = goes_on[-1] & (met == len(steps))
        if not goes_on.all():
            x, y, along_x, along_y, steep = (a[goes_on] for a in (x, y, along_x, along_y, steep))
        if not x.size:
            break
    return np.concatenate(lengths)


def _edges(across: NDArray, down: NDArray, steepness: NDArray) -> NDArray:
    """Canny's edges of a shade with these slopes; edges of grain and of faint stains are left out."""
    scale = SLOPE / max(float(steepness.max()), 1e-6)
    dx, dy = (np.rint(slope * scale).astype(np.int16) for slope in (across, down))
    high = min(max(6 * median(steepness) * scale, 0.12 * SLOPE), 0.7 * SLOPE)
    high = max(high, 3 * FAINTEST * scale)  # Sobel's slope is 4 where the shade steps from 0 to 1
    return np.asarray(cv2.Canny(dx, dy, 0.4 * high, high, L2gradient=True) > 0)
