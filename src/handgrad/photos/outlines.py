"""The outlines of ink: how long they are, and the holes."""

from collections.abc import Sequence

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.work import spent

MANY_RUNS = 8_000  # level runs of ink, from which on the outlines are counted before they are followed
RUN_STEPS, OUTLINE_STEPS = 150, 1_500  # of work.py


def outlines(mask: NDArray) -> tuple[Sequence[NDArray], NDArray | None]:
    """The outlines of the ink in a mask (uint8, 0 or 1), and their ranks, as cv2.findContours gives them.

    None of a sponge: to follow a hundred thousand outlines takes seconds.
    """
    runs = np.count_nonzero(mask[:, 1:] > mask[:, :-1]) + np.count_nonzero(mask[:, 0])
    steps = runs * RUN_STEPS
    if runs > MANY_RUNS:
        parts = cv2.connectedComponents(mask, connectivity=8)[0]
        holes = cv2.connectedComponents((mask == 0).astype(np.uint8), connectivity=4)[0]
        steps = (parts + holes) * OUTLINE_STEPS
    if not spent(float(steps)):
        return (), None
    return cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
