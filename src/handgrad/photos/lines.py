"""The order in which people read: lines from top to bottom, marks from left to right within a line.

A photographed line climbs or falls. Each mark is linked to the nearest one at its right that stands at about
its height; the links tell how much the page leans, and then a line is what lies level.
"""

import numpy as np

from handgrad.arrays import NDArray

REACH = 4.0  # a link is at most this long, in heights of a mark
STEEPEST = 0.35  # rise over run


def in_lines(boxes: NDArray) -> list[list[int]]:
    """The numbers of the boxes (N, 4), each left, top, right, bottom, line by line."""
    if not len(boxes):
        return []
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    usual = float(np.median(boxes[:, 3] - boxes[:, 1]))
    level = y - _slope(x, y, usual) * x
    lines: list[list[int]] = []
    for i in np.argsort(level, kind="stable"):
        if lines and level[i] - np.mean(level[lines[-1]]) < 0.6 * usual:
            lines[-1].append(int(i))
        else:
            lines.append([int(i)])
    return [sorted(line, key=lambda i: float(x[i])) for line in lines]


def _slope(x: NDArray, y: NDArray, usual: float) -> float:
    """How much the lines fall, as rise over run: the median of the links between neighbours."""
    slopes, runs = [], []
    for i in range(len(x)):
        run, fall = x - x[i], y - y[i]
        right = (run > 0.3 * usual) & (run < REACH * usual) & (np.abs(fall) < 0.5 * usual)
        right &= np.abs(fall) < STEEPEST * run + 0.1 * usual
        if right.any():
            nearest = np.flatnonzero(right)[np.argmin(run[right] + 2 * np.abs(fall[right]))]
            slopes.append(fall[nearest] / run[nearest])
            runs.append(run[nearest])
    if len(slopes) < 2:
        return 0.0
    return float(np.clip(np.median(slopes), -STEEPEST, STEEPEST))
