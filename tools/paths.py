"""The path of a pen: arcs, lines and curves, and how they are joined.

Points are (x, y), x to the right and y down. Angles are in degrees, from the right on clockwise: -90 is the
top. A path is an array of points (n, 2).
"""

import numpy as np

from handgrad.arrays import NDArray

Point = tuple[float, float]


def arc(centre: Point, radii: Point, start: float, end: float) -> NDArray:
    """Part of an ellipse, from one angle to another."""
    angles = np.deg2rad(np.linspace(start, end, max(6, int(abs(end - start) / 12))))
    return np.stack([centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)], axis=1)


def smooth(*points: Point) -> NDArray:
    """A smooth curve through the points (Catmull-Rom)."""
    p = np.array(points, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])[:, None]
    t = np.linspace(0, 1, 8)[None, :, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    curve = b + ((c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2
    return np.asarray(curve.reshape(-1, 2))


def line(*points: Point) -> NDArray:
    """Straight lines from point to point."""
    return np.array(points, float)


def bent(start: Point, end: Point, by: float) -> NDArray:
    """A line whose middle is moved sideways by a share of its length."""
    (x, y), (u, v) = start, end
    return smooth(start, ((x + u) / 2 - by * (v - y), (y + v) / 2 + by * (u - x)), end)


def joined(*pieces: NDArray) -> NDArray:
    """The pieces in one stroke."""
    return np.concatenate(pieces)
