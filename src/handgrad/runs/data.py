"""The images and labels of a run: checked, brought to one form, and split."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from handgrad.arrays import NDArray, expect_images, expect_no_mask
from handgrad.digits import checksum
from handgrad.digits.pairs import as_pictures
from handgrad.errors import DataError
from handgrad.runs.order import classes_in_order, evenly_mixed

Pair = tuple[NDArray, NDArray]  # images and their labels
MOST_CLASSES = 1 << 16
LARGEST_LABEL = (1 << 31) - 1
FEW = 10  # classes: labels below count from 0, even where most of them are missing


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """The images and labels of a run. The validation split is the last rows of what was given, or of each
    class where the classes come in order.

    The labels of all parts are numbers of classes, 0 to C - 1; named gives those that the data came with.
    """

    images: NDArray
    labels: NDArray
    validation: Pair | None
    test: Pair | None
    given: Pair  # all the rows that it was split from; evenly mixed where the classes came in order
    checksum: str  # of the rows given, with the labels that they came with
    names: tuple[int | str, ...]  # the label of each class
    in_order: bool = False  # whether the classes came in order
    beside: Pair | None = None  # other images that are learnt from as well; none of them is held back
    prepared: bool = False  # whether the images went through the photo pipeline
    share: float = 1.0  # rows are repeated until they are this share of the images beside

    @property
    def classes(self) -> int:
        """C, the number of classes."""
        return len(self.names)

    def named(self, pair: Pair) -> Pair:
        """A part of these data with the labels that the data came with, as a Model answers."""
        return pair[0], np.array(self.names)[pair[1]]

    @property
    def held_back(self) -> int:
        """The number of images that are held back for validation."""
        return len(self.validation[1]) if self.validation else 0

    def holding_back(self, validation: int) -> "Data":
        """The same data, the last `validation` rows of given held back.  DataError where that leaves none."""
        images, labels = self.given
        if not 0 <= validation < len(images):
            expected = f"expected to hold back fewer than the {len(images)} images (--validation)"
            raise DataError(f"{expected}; got {validation}")
        kept = len(images) - validation
        held_back = (images[kept:], labels[kept:]) if validation else None
        images, labels = images[:kept], labels[:kept]
        if self.beside is not None:
            times = max(1, round(self.share * len(self.beside[1]) / kept))
            images = np.concatenate([*[images] * times, self.beside[0]])
            labels = np.concatenate([*[labels] * times, self.beside[1]])
        return replace(self, images=images, labels=labels, validation=held_back)

    def learning_beside(self, images: NDArray, labels: NDArray, share: float) -> "Data":
        """The same data, with other images to learn from as well; labels are the numbers of their classes.

        The rows that are learnt from are repeated until they are a share of the other images.
        """
        return replace(self, beside=(images, labels), share=share).holding_back(self.held_back)

    def among(self, names: tuple[int | str, ...]) -> "Data":
        """The same data with these classes, to which more may belong.  DataError where one of its own lacks.

        A class without an image need not be among them.
        """
        if names == self.names:
            return self
        present = {self.names[i] for i in np.unique(self.given[1])}
        if lacking := sorted(map(str, present - set(names))):
            expected = f"expected labels among {', '.join(map(str, names))}"
            raise DataError(f"{expected}; got {', '.join(lacking)}")
        place = {name: i for i, name in enumerate(names)}
        table = np.array(
            [place.get(name, 0) for name in self.names], np.uint8 if len(names) <= 256 else np.int64
        )

        def numbered(pair: Pair) -> Pair:
            return pair[0], table[pair[1]]

        return replace(
            self,
            labels=table[self.labels],
            names=names,
            given=numbered(self.given),
            validation=self.validation and numbered(self.validation),
            test=self.test and numbered(self.test),
        )


def split(
    images: Any, labels: Any, validation: int | None = None, test: tuple[Any, Any] | None = None
) -> Data:
    """Check images and labels, and hold back the last `validation` rows to choose the best epoch by.

    Where the classes come in order, the last rows of each class are held back instead.

    images (N, height, width) or (N, D): integers 0 to 255, or floats from 0 (paper) to 1 (ink). labels (N,):
    integers or texts. Integers from 0 on, most of which occur, are the numbers of their classes; of others
    each that occurs is a class.
    validation: 0 holds nothing back; the default is a tenth, and 5,000 at most.
    test: images of the same size and their labels, on which the finished network is measured.
    DataError where they do not fit together.
    """
    images, labels = _in_one_form(images, labels)
    if test is not None:
        test = _in_one_form(*test)
        if test[0].shape[1:] != images.shape[1:]:
            shapes = f"{images.shape[1:]} and {test[0].shape[1:]}"
            raise DataError(f"expected images and test images of one size; got {shapes}")
    names = _names(labels)
    numbered = _numbered(labels, names, "labels")
    if test is not None:
        test = (test[0], _numbered(test[1], names, "test labels"))
    identity = checksum(images, labels)
    if in_order := classes_in_order(numbered):
        rows = evenly_mixed(numbered)
        images, numbered = images[rows], numbered[rows]
    whole = Data(images, numbered, None, test, (images, numbered), identity, names, in_order)
    return whole.holding_back(min(5000, len(images) // 10) if validation is None else validation)


def _in_one_form(images: Any, labels: Any) -> Pair:
    """Images as uint8 or float32, as pictures where they are squares; labels as uint8, or int64 above 255."""
    images, labels = _array("images", images), _array("labels", labels)
    expect_images(images, math.prod(images.shape[1:]))
    if images.size == 0:
        raise DataError(f"expected images of at least one pixel; got shape {images.shape}")
    _expect_labels(labels, len(images))
    if labels.dtype.kind != "U":
        few = labels.min() >= 0 and labels.max() < 256
        labels = np.ascontiguousarray(labels, np.uint8 if few else np.int64)
    pixels = np.ascontiguousarray(images, np.float32 if images.dtype.kind == "f" else np.uint8)
    return as_pictures(pixels) if pixels.ndim == 2 else pixels, labels


def _expect_labels(labels: NDArray, N: int) -> None:
    if labels.ndim != 1 or labels.dtype.kind not in "iuU":
        got = f"{labels.dtype} of shape {labels.shape}"
        raise DataError(f"expected labels as integers of shape (N,), or as texts; got {got}")
    if len(labels) != N:
        raise DataError(f"expected one label for each of {N} images; got {len(labels)} labels")
    if labels.dtype.kind != "U" and not (labels.min() >= -LARGEST_LABEL and labels.max() <= LARGEST_LABEL):
        got = f"{labels.min()} to {labels.max()}"
        raise DataError(f"expected labels from {-LARGEST_LABEL} to {LARGEST_LABEL}; got {got}")


def _names(labels: NDArray) -> tuple[int | str, ...]:
    """The label of each class, in the order of the classes."""
    names = np.unique(labels).tolist()
    if len(names) > MOST_CLASSES:
        raise DataError(f"expected at most {MOST_CLASSES:,} different labels; got {len(names):,}")
    if labels.dtype.kind != "U" and names[0] >= 0 and names[-1] < max(FEW, 2 * len(names)):
        return tuple(range(names[-1] + 1))
    return tuple(names)


def _numbered(labels: NDArray, names: tuple[int | str, ...], what: str) -> NDArray:
    """The number of each label's class.  DataError for a label that is not among the names."""
    if labels.dtype.kind != "U" and names == tuple(range(len(names))):
        if (highest := labels.max()) >= len(names):
            expected = f"expected {what} up to {len(names) - 1}, the largest training label"
            raise DataError(f"{expected}; got {highest}")
        return labels
    known = np.array(names)
    if (labels.dtype.kind == "U") != (known.dtype.kind == "U"):
        kind = "texts" if known.dtype.kind == "U" else "numbers"
        raise DataError(f"expected {what} as {kind}, like the training labels; got {labels.dtype}")
    numbers = np.searchsorted(known, labels).clip(max=len(known) - 1)
    if (bad := np.flatnonzero(known[numbers] != labels)).size:
        expected = f"expected {what} among the training labels: {', '.join(map(str, names[:FEW]))}"
        more = ", ..." if len(names) > FEW else ""
        raise DataError(f"{expected}{more}; got {labels[bad[0]]}")
    return numbers.astype(np.uint8 if len(names) <= 256 else np.int64)


def _array(what: str, values: Any) -> NDArray:
    expect_no_mask(what, values)
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise DataError(f"expected {what} as an array; got {type(values).__name__} ({error})") from None
    if what == "labels" and array.dtype.kind == "O" and all(type(one) is str for one in array.flat):
        array = array.astype(np.str_)
    if array.dtype.kind not in ("biufU" if what == "labels" else "biuf"):
        raise DataError(f"expected {what} as an array of numbers; got {array.dtype}")
    return array
