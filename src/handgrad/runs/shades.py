"""Images whose shades run on another scale, or the other way round -> 0 (paper) to 255 (ink), as MNIST's.

Whoever trains on images in these shades must ask in these shades, too: all commands that take images do so.
"""

from typing import NamedTuple

import numpy as np

from handgrad.arrays import PIXEL_MAX, NDArray

SCALES = (1, 16)  # largest shades of other scales: of black and white, and of 17 shades (as scikit-learn's)
SAMPLE = 1000  # images whose border is looked at
NEARLY_ALL = 0.9  # the share of images with bright paper from which on all are inverted


class Shaded(NamedTuple):
    """Parts of one data set in MNIST's shades, and what was changed: a line each."""

    parts: tuple[NDArray, ...]
    changes: tuple[str, ...]


def in_shades(*parts: NDArray, invert: bool | None = None) -> Shaded:
    """Images (N, height, width) uint8, such as a training and a test part, in shades from 0 to 255.

    Pixels of at most 1, or of at most 16, are scaled. invert: whether the paper is bright and the ink dark;
    None looks at the borders of the images, and inverts all of them if nine in ten are bright there. Integers
    of other types and floats stay as they are, but for the inversion.
    """
    changes, top = [], max((int(part.max()) for part in parts if part.size), default=0)
    scale = next((scale for scale in SCALES if top <= scale), 0) if parts[0].dtype.kind in "biu" else 0
    if top and scale:
        factor = PIXEL_MAX / scale
        parts = tuple(np.rint(part * np.float32(factor)).astype(np.uint8) for part in parts)
        changes.append(f"the largest pixel is {top}: pixels are multiplied by {factor:g}, to go up to 255")
    if invert or (invert is None and share_of_bright_paper(parts[0]) >= NEARLY_ALL):
        parts = tuple(_inverted(part) for part in parts)
        if invert is None:
            changes.append("the paper is bright: images are inverted, to ink on 0 (--no-invert leaves them)")
    return Shaded(parts, tuple(changes))


def share_of_bright_paper(images: NDArray) -> float:
    """The share of images (N, height, width), 0 to 1, whose border is brighter than the middle grey."""
    if images.ndim != 3 or images.size == 0 or min(images.shape[1:]) < 3:
        return 0.0
    few = images[:: -(-len(images) // SAMPLE)]
    border = np.concatenate([few[:, 0], few[:, -1], few[:, :, 0], few[:, :, -1]], axis=1)
    middle = (1.0 if images.dtype.kind == "f" else PIXEL_MAX) / 2
    return float((np.median(border, axis=1) > middle).mean())


def _inverted(images: NDArray) -> NDArray:
    white = images.dtype.type(1 if images.dtype.kind == "f" else PIXEL_MAX)
    inverted: NDArray = white - images
    return inverted
