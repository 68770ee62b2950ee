"""Ink on MNIST's field, as its makers placed it."""

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.normalisation import BOX, SIDE


def placed(ink: NDArray) -> NDArray:
    """Ink (height, width) uint8, its longer side 20 pixels, its centre of mass in the middle of the field."""
    scale = BOX / max(ink.shape)
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    weight = max(float(small.sum()), 1.0)
    y, x = (small.sum(axis=1) @ np.arange(size[1]) / weight, small.sum(axis=0) @ np.arange(size[0]) / weight)
    top, left = (
        int(np.clip(round(SIDE / 2 - at), 0, SIDE - long)) for at, long in ((y, size[1]), (x, size[0]))
    )
    field = np.zeros((SIDE, SIDE), np.uint8)
    field[top : top + size[1], left : left + size[0]] = small
    return field


def trimmed(ink: NDArray) -> NDArray:
    """Ink (height, width) uint8 without the blank rows and columns around it."""
    inked_at = ink > 60
    rows, columns = np.flatnonzero(inked_at.any(axis=1)), np.flatnonzero(inked_at.any(axis=0))
    if not rows.size:
        return ink
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
