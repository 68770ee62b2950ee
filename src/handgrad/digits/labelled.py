"""Labelled images in one form, whatever file they came from: uint8 pixels, and labels as people write them.

pixels: 0..255, floats 0..1 or 0..255, grey or RGB -> uint8 (N, height, width)
labels: numbers, texts, one-hot rows               -> whole numbers or texts (N,)
"""

import math
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any, NamedTuple, Protocol

import numpy as np

from handgrad.arrays import PIXEL_MAX, NDArray
from handgrad.digits.pairs import Path, as_pictures
from handgrad.errors import DataError, readable

Note = Callable[[str], object]  # takes a line that says what was taken, converted or left out
WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue in grey: ITU-R BT.601
ROWS = 4096  # images converted at once
WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
NAMED = 3  # names of what was left out
MOST_CHARACTERS = 100  # of a label


class Pictures(Protocol):
    """Pictures of any size, each decoded when it is asked for: pictures[i] is grey uint8 (height, width)."""

    def __len__(self) -> int:
        """The number of pictures."""

    def __getitem__(self, i: int) -> NDArray:
        """Picture i in grey, (height, width) uint8."""

    def source(self, i: int) -> Path | IO[bytes]:
        """The file of picture i, as handgrad.photos.read_picture takes it."""

    def name(self, i: int) -> str:
        """The name of picture i, for a message."""


class Labelled(NamedTuple):
    """Images (N, height, width) uint8 and their labels (N,): whole numbers or texts, as the data has them.

    Where load was asked for pictures of any size, images may be Pictures instead.
    """

    images: Any  # an array, or Pictures
    labels: NDArray


class Loaded(NamedTuple):
    """The images to train with, and those to test with, if the data has a test part."""

    train: Labelled
    test: Labelled | None


class Notes:
    """What is said of one data set, each line once: what was taken, converted and left out.

    Without a note to call, what was left out becomes a warning: it must not go unseen.
    """

    def __init__(self, name: str, note: Note | None) -> None:
        self.name, self._note, self._lines = name, note, dict[str, None]()
        self._left_out: list[str] = []

    def say(self, line: str) -> None:
        """What was converted."""
        self._lines[line] = None

    def tell(self, first: str) -> None:
        """All lines, each once; the first says what was taken. load calls it, for its caller to be warned."""
        if self._note is None:
            for line in self._left_out:
                warnings.warn(f"{self.name}: {line}", stacklevel=3)
            return
        for line in (first, *self._lines):
            self._note(f"{self.name}: {line}")

    def left_out(self, what: str, names: Sequence[str]) -> None:
        """What was left out: how many, and the first names."""
        shown = ", ".join(readable(name)[:200] for name in names[:NAMED])
        line = f"left out: {what}: {len(names):,} ({shown}{', ...' if len(names) > NAMED else ''})"
        self._left_out.append(line)
        self.say(line)


class Converter:
    """Brings all parts of one data set into one form, and notes what was done."""

    def __init__(self, notes: Notes) -> None:
        self._name, self.say = notes.name, notes.say

    def parts(self, train: tuple[Any, Any], test: tuple[Any, Any] | None = None) -> Loaded:
        """Two parts (images, labels) in one form; the test part may be missing."""
        given = [train] if test is None else [train, test]
        labels = self.labels([part[1] for part in given])
        images = self.images([part[0] for part in given], list(map(len, labels)))
        done = [Labelled(*pair) for pair in zip(images, labels, strict=True)]
        if test is not None and done[0].images.shape[1:] != done[1].images.shape[1:]:
            shapes = [" x ".join(map(str, part.images.shape[1:])) for part in done]
            raise DataError(
                f"{self._name}: expected training and test images of one size; got {' and '.join(shapes)}"
            )
        return Loaded(done[0], done[1] if test is not None else None)

    def images(self, parts: Sequence[Any], counts: Sequence[int]) -> list[NDArray]:
        """Images in any of the usual shapes and types -> uint8 (N, height, width) each.

        counts: the number of labels of each part, which says where the images are counted.
        """
        arrays = [self._upright(part, N) for part, N in zip(parts, counts, strict=True)]
        return [
            self._pixels(array, factor) for array, factor in zip(arrays, self._factors(arrays), strict=True)
        ]

    def labels(self, parts: Sequence[Any]) -> list[NDArray]:
        """Labels of any type -> integers, or texts where one of them is no whole number."""
        flat = [self._flat(np.asarray(part)) for part in parts]
        if all(array.dtype.kind in "iu" for array in flat):
            return [_narrow(array) for array in flat]
        texts = [self._texts(array) for array in flat]
        numbers = [_as_numbers(part) for part in texts]
        if all(array is not None for array in numbers):
            return [_narrow(array) for array in numbers if array is not None]
        floats = [_as_floats(part) for part in texts]
        if all(array is not None for array in floats):
            return [_narrow(self._whole(array)) for array in floats if array is not None]
        return [np.array(part, np.str_) for part in texts]

    def _upright(self, part: Any, N: int) -> NDArray:
        """(N, height, width) or (N, height, width, 3) or (N, D), with N in front and colours at the end."""
        array = np.asarray(part)
        if array.dtype.kind not in "biuf":
            raise DataError(f"{self._name}: expected images as an array of numbers; got {array.dtype}")
        shape = array.shape
        if array.ndim < 2 or array.size == 0:
            raise DataError(f"{self._name}: expected images, (N, height, width); got shape {shape}")
        if shape[0] != N and shape[-1] == N:  # as MATLAB and SVHN have them: images count along the last axis
            array = np.moveaxis(array, -1, 0)
        if len(array) != N:
            raise DataError(
                f"{self._name}: expected one label for each image; got {N} labels and images {shape}"
            )
        if array.ndim == 4 and array.shape[-1] not in (1, 3) and array.shape[1] in (1, 3):
            array = np.moveaxis(array, 1, -1)  # as PyTorch has them: (N, colours, height, width)
        if array.ndim == 4 and array.shape[-1] == 1:
            array = array[..., 0]
        if array.ndim > 4 or (array.ndim == 4 and array.shape[-1] != 3):
            expected = "expected grey images (N, height, width) or RGB (N, height, width, 3)"
            raise DataError(f"{self._name}: {expected}; got shape {shape}")
        return array

    def _factors(self, arrays: Sequence[NDArray]) -> list[float]:
        """What the pixels of each part are multiplied by: 255 for floats up to 1, and for True and False."""
        low = float(np.min([array.min() for array in arrays]))  # NaN where a pixel is NaN
        high = float(np.max([array.max() for array in arrays]))
        if not (low >= 0 and high <= PIXEL_MAX):  # also true of NaN
            got = "NaN" if math.isnan(low + high) else f"{low:g} to {high:g}"
            remedy = (
                "bring them to 0..255 first" if math.isfinite(low + high) else "replace what is not a number"
            )
            raise DataError(f"{self._name}: expected pixels 0..255, or 0..1 as floats; got {got}; {remedy}")
        fractions = [array.dtype.kind == "b" or (array.dtype.kind == "f" and high <= 1) for array in arrays]
        if any(array.dtype.kind == "f" for array in arrays):
            self.say("pixels 0..1 are taken as 0..255" if high <= 1 else "float pixels are rounded to 0..255")
        return [PIXEL_MAX if fraction else 1.0 for fraction in fractions]

    def _pixels(self, array: NDArray, factor: float) -> NDArray:
        """uint8 (N, height, width), a slice of the images at a time."""
        if array.ndim == 4:
            self.say("RGB is turned to grey")
        if array.dtype == np.uint8 and array.ndim < 4 and factor == 1:
            return as_pictures(np.ascontiguousarray(array))
        done = np.empty(array.shape[:3], np.uint8)
        for i in range(0, len(array), ROWS):
            some = array[i : i + ROWS]
            grey = some @ WEIGHTS if array.ndim == 4 else some
            done[i : i + ROWS] = np.rint(grey.astype(np.float32) * np.float32(factor))
        return as_pictures(done)

    def _flat(self, labels: NDArray) -> NDArray:
        """(N,): a column, a row or one-hot rows become a vector."""
        if labels.ndim == 2 and 1 in labels.shape:
            labels = labels.reshape(-1)
        elif labels.ndim == 2 and labels.dtype.kind in "biuf" and labels.size:
            ones = ((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all()
            if not ones:
                raise DataError(
                    f"{self._name}: expected labels (N,) or one-hot rows; got shape {labels.shape}"
                )
            self.say(f"one-hot labels are taken as 0 to {labels.shape[1] - 1}")
            labels = labels.argmax(axis=1)
        if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "biufUSO":
            got = f"{labels.dtype} of shape {labels.shape}"
            raise DataError(f"{self._name}: expected labels as numbers or texts, (N,); got {got}")
        if labels.dtype.kind == "b":
            return labels.astype(np.uint8)
        if labels.dtype.kind == "f":
            return self._whole(labels)
        if labels.dtype.kind in "iu" and not -(2**31) <= int(labels.min()) <= int(labels.max()) < 2**31:
            raise DataError(f"{self._name}: expected labels below 2,147,483,648; got {labels.max()}")
        return labels

    def _whole(self, labels: NDArray) -> NDArray:
        bad = np.flatnonzero(~((abs(labels) < 2**31) & (labels == np.rint(labels))))
        if bad.size:
            got = f"{labels[bad[0]]:g} (row {bad[0]})"
            raise DataError(f"{self._name}: expected whole numbers or names as labels; got {got}")
        self.say("labels with a decimal point are taken as whole numbers")
        return labels.astype(np.int64)

    def _texts(self, labels: NDArray) -> list[str]:
        texts = [
            one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in labels.tolist()
        ]
        for row, text in enumerate(texts):
            if not text.strip() or len(text) > MOST_CHARACTERS or not text.isprintable():
                raise DataError(
                    f"{self._name}: expected a short name as the label of row {row}; got {text[:40]!r}"
                )
        return [text.strip() for text in texts]


def _as_numbers(texts: Iterable[str]) -> NDArray | None:
    """Texts as whole numbers; None where one of them is something else."""
    known: dict[str, int] = {}
    for text in set(texts):
        if not WHOLE.fullmatch(text):
            return None
        known[text] = int(text)
    return np.array([known[text] for text in texts], np.int64)


def _as_floats(texts: Iterable[str]) -> NDArray | None:
    try:
        return np.array(list(map(float, texts)))
    except ValueError:
        return None


def _narrow(labels: NDArray) -> NDArray:
    """uint8 where the labels fit, as everywhere else; otherwise int64."""
    return labels.astype(np.uint8 if labels.min() >= 0 and labels.max() <= 255 else np.int64)
