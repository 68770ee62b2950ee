"""The order of reading: lines from top to bottom, and the marks of a line from left to right.

On a photograph, lines climb or fall. Each mark is linked to its nearest neighbour to the right at about the
same height; the median slope of the links is the skew of the page. Once that is subtracted (deskew), the
marks of a line are level.
"""

import numpy as np

from handgrad.arrays import NDArray

LONGEST_LINK = 4.0  # largest distance between neighbours, in heights of a mark
USUAL = 0.7  # the share of the marks that are lower than a usual one: zeros may be small
STEEPEST = 0.35  # largest slope of a line, rise over run


def in_lines(boxes: NDArray) -> list[list[int]]:
    """The indices of the boxes (N, 4) of left, top, right and bottom, line by line."""
    if not len(boxes):
        return []
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    height = float(np.quantile(boxes[:, 3] - boxes[:, 1], USUAL))
    level = y - _skew(x, y, height) * x
    lines: list[list[int]] = []
    for i in np.argsort(level, kind="stable"):
        if lines and level[i] - np.mean(level[lines[-1]]) < 0.6 * height:
            lines[-1].append(int(i))
        else:
            lines.append([int(i)])
    return [sorted(line, key=lambda i: float(x[i])) for line in lines]


def _skew(x: NDArray, y: NDArray, height: float) -> float:
    """The slope of the lines, fall over run: the median over the links between neighbours.

    x, y (N,): the centres of the marks.  height: of a usual mark.
    """
    slopes = []
    for i in range(len(x)):
        run, fall = x - x[i], y - y[i]
        to_right = (run > 0.3 * height) & (run < LONGEST_LINK * height) & (np.abs(fall) < 0.5 * height)
        to_right &= np.abs(fall) < STEEPEST * run + 0.1 * height
        if to_right.any():
            nearest = np.flatnonzero(to_right)[np.argmin(run[to_right] + 2 * np.abs(fall[to_right]))]
            slopes.append(fall[nearest] / run[nearest])
    if len(slopes) < 2:
        return 0.0
    return float(np.clip(np.median(slopes), -STEEPEST, STEEPEST))
