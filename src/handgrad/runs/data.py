"""The images and labels of a run: checked, brought to one form, and split."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from handgrad.arrays import NDArray, expect_images, expect_labels
from handgrad.digits import checksum
from handgrad.digits.pairs import as_pictures
from handgrad.errors import DataError

Pair = tuple[NDArray, NDArray]  # images and their labels
MOST_CLASSES = 1 << 16  # the network has an output for every number up to the largest label


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """The images and labels of a run. The validation split is the last rows of what was given."""

    images: NDArray
    labels: NDArray
    validation: Pair | None
    test: Pair | None
    given: Pair  # all the rows that it was split from
    checksum: str  # of the rows given

    @property
    def classes(self) -> int:
        """C: one more than the largest label."""
        return int(self.given[1].max()) + 1

    @property
    def held_back(self) -> int:
        """The number of images that are held back for validation."""
        return len(self.validation[1]) if self.validation else 0

    def holding_back(self, validation: int) -> "Data":
        """The same images, the last `validation` of them held back.  DataError where that leaves none."""
        images, labels = self.given
        if not 0 <= validation < len(images):
            expected = f"expected to hold back fewer than the {len(images)} images (--validation)"
            raise DataError(f"{expected}; got {validation}")
        kept = len(images) - validation
        held_back = (images[kept:], labels[kept:]) if validation else None
        return replace(self, images=images[:kept], labels=labels[:kept], validation=held_back)


def split(
    images: Any, labels: Any, validation: int | None = None, test: tuple[Any, Any] | None = None
) -> Data:
    """Check images and labels, and hold back the last `validation` rows to choose the best epoch by.

    images (N, height, width) or (N, D): integers 0 to 255, or floats from 0 (paper) to 1 (ink). labels (N,):
    integers from 0 on. validation: 0 holds nothing back; the default is a tenth, and 5,000 at most.
    test: images of the same size and their labels, on which the finished network is measured.
    DataError where they do not fit together.
    """
    images, labels = _in_one_form(images, labels)
    if test is not None:
        test = _in_one_form(*test)
        if test[0].shape[1:] != images.shape[1:]:
            shapes = f"{images.shape[1:]} and {test[0].shape[1:]}"
            raise DataError(f"expected images and test images of one size; got {shapes}")
        if test[1].max() > labels.max():
            expected = f"expected test labels up to {labels.max()}, the largest training label"
            raise DataError(f"{expected}; got {test[1].max()}")
    whole = Data(images, labels, None, test, (images, labels), checksum(images, labels))
    return whole.holding_back(min(5000, len(images) // 10) if validation is None else validation)


def _in_one_form(images: Any, labels: Any) -> Pair:
    """Images as uint8 or float32, as pictures where they are squares; labels as uint8, or int64 above 255."""
    images, labels = _array("images", images), _array("labels", labels)
    expect_images(images, math.prod(images.shape[1:]))
    if images.size == 0:
        raise DataError(f"expected images of at least one pixel; got shape {images.shape}")
    expect_labels(labels, len(images), MOST_CLASSES)
    pixels = np.ascontiguousarray(images, np.float32 if images.dtype.kind == "f" else np.uint8)
    narrow = np.ascontiguousarray(labels, np.uint8 if labels.max() < 256 else np.int64)
    return as_pictures(pixels) if pixels.ndim == 2 else pixels, narrow


def _array(what: str, values: Any) -> NDArray:
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise DataError(f"expected {what} as an array; got {type(values).__name__} ({error})") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"expected {what} as an array of numbers; got {array.dtype}")
    return array
