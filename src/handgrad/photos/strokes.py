"""How wide strokes are."""

import cv2
import numpy as np

from handgrad.arrays import NDArray

FAINTEST = 0.045  # smallest contrast of ink with its paper, where black and white differ by 1
WIDEST = 0.25  # largest width of a stroke, as a share of the picture's longer side
SLOPE = 2000  # the steepest slope of the shade, as Canny's integers represent it


def stroke_width(ink: NDArray) -> float:
    """The mean width of the strokes in ink (height, width), in pixels: 2 area / length of the outline."""
    mask = (ink > 0.5).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    around = sum(cv2.arcLength(outline, True) for outline in outlines)
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
    near_edges = cv2.dilate(edges.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    y, x = np.nonzero(edges)
    unit_x, unit_y = across / np.maximum(steepness, 1e-6), down / np.maximum(steepness, 1e-6)
    longest = max(3, int(WIDEST * max(shade.shape)))
    widths = []
    for direction in (-1, 1):  # a ray into a dark stroke goes down the gradient, into a light stroke up
        width = np.zeros(len(x))  # 0: the ray goes on; infinity: it has left the picture
        for step in range(1, longest):
            rays = np.flatnonzero(width == 0)
            ray_x = np.rint(x + direction * step * unit_x[y, x]).astype(int)[rays]
            ray_y = np.rint(y + direction * step * unit_y[y, x]).astype(int)[rays]
            inside = (ray_x >= 0) & (ray_x < shade.shape[1]) & (ray_y >= 0) & (ray_y < shade.shape[0])
            width[rays[~inside]] = np.inf
            rays, ray_x, ray_y = rays[inside], ray_x[inside], ray_y[inside]
            cosine = unit_x[y[rays], x[rays]] * unit_x[ray_y, ray_x]
            cosine += unit_y[y[rays], x[rays]] * unit_y[ray_y, ray_x]
            facing = (cosine < -0.6) & (steepness[ray_y, ray_x] > 0.3 * steepness[y[rays], x[rays]])
            width[rays[facing & near_edges[ray_y, ray_x]]] = step
        widths.append(width[(width > 0) & np.isfinite(width)])
    return widths[0], widths[1]


def _edges(across: NDArray, down: NDArray, steepness: NDArray) -> NDArray:
    """Canny's edges of a shade with these slopes; edges of grain and of faint stains are left out."""
    scale = SLOPE / max(float(steepness.max()), 1e-6)
    dx, dy = (np.rint(slope * scale).astype(np.int16) for slope in (across, down))
    high = min(max(6 * float(np.median(steepness)) * scale, 0.12 * SLOPE), 0.7 * SLOPE)
    high = max(high, 3 * FAINTEST * scale)  # Sobel's slope is 4 where the shade steps from 0 to 1
    return np.asarray(cv2.Canny(dx, dy, 0.4 * high, high, L2gradient=True) > 0)
