"""Connected components of a mask: their number, labels and sizes.

OpenCV measures components pixel by pixel, those of blank paper too: on a page that is mostly blank this takes
eight times as long as finding them. So only the part of the mask that holds ink is looked at.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray

FEW = 8  # labels that are looked for one by one


class Connected(NamedTuple):
    """The components of a mask, 8-connected. Component 0 is the paper: its row in stats is zero."""

    number: int  # with component 0
    labels: NDArray  # (height, width) int32
    stats: NDArray  # (number, 5) int32: left, top, width, height, area


def connected(mask: NDArray) -> Connected:
    """The components of a mask (uint8, 0 where there is no ink), in the order in which OpenCV finds them."""
    inked = rows, columns = boundary(mask)
    labels = np.zeros(mask.shape, np.int32)
    if rows.start == rows.stop:
        return Connected(1, labels, np.zeros((1, 5), np.int32))
    part = np.ascontiguousarray(mask[inked])
    count, labels[inked], stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    stats = np.asarray(stats)
    stats[0] = 0
    stats[1:, :2] += columns.start, rows.start
    return Connected(count, labels, stats)


def with_labels(labels: NDArray, chosen: Sequence[int]) -> NDArray:
    """Which pixels have one of these labels, bool: as np.isin, which takes fifty times as long for one."""
    if not 0 < len(chosen) <= FEW:
        return np.isin(labels, chosen)
    found = labels == chosen[0]
    for label in chosen[1:]:
        found |= labels == label
    return np.asarray(found)


def boundary(mask: NDArray, margin: int = 0) -> tuple[slice, slice]:
    """The rows and the columns of a mask that hold all its ink, and a margin around it where there is room.

    They start at even places: OpenCV looks at squares of 2 x 2 pixels.
    """
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(mask))
    if not width:
        return slice(0, 0), slice(0, 0)
    first, last = (max(0, top - margin), max(0, left - margin)), (top + height, left + width)
    rows, columns = (
        slice(start & ~1, min(side, end + margin))
        for start, end, side in zip(first, last, mask.shape, strict=True)
    )
    return rows, columns
