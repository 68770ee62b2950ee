"""Images of one digit each, as people have them -> 28x28 images such as MNIST's.

Each image goes the way of a picture: ink on paper, whichever is darker; its digit, to a box of 20 pixels and
centred by mass. Data that was photographed, scanned or drawn elsewhere is then like the data a network knows.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.photos.decoding import as_picture
from handgrad.photos.finding import find_marks
from handgrad.photos.marks import distance, joined
from handgrad.photos.normalisation import SIDE, normalised, prepared
from handgrad.threads import available_cores

NEAR = 0.15  # marks at most this far from the largest, in its heights, are parts of the same digit


class PreparedImages(NamedTuple):
    """The images in which a digit was found, and the rows that they had. The other rows were left out."""

    images: NDArray  # (M, 28, 28) uint8
    rows: NDArray  # (M,)
    left_out: tuple[int, ...]


def prepare(
    images: Any, watch: Callable[[int], object] = lambda done: None, threads: int | None = None
) -> PreparedImages:
    """The digit of each image as MNIST's makers would have prepared it.

    images: (N, height, width) or a sequence of arrays and files of any size. An image shows one digit, all of
    whose parts belong to it. Where no digit is found, the image is left out. watch is called with the number
    of images that are done. ImageError, in one line that names the file, for a file that cannot be read.
    """
    found: list[NDArray | None] = []
    source = getattr(images, "source", None)  # Pictures of digits.load: files, which have colours
    sources: Sequence[Any] = images if source is None else _Each(source, len(images))
    with ThreadPoolExecutor(threads or available_cores()) as pool:
        for image in pool.map(_one_digit, sources):
            found.append(image)
            watch(len(found))
    rows = [row for row, image in enumerate(found) if image is not None]
    digits = [image for image in found if image is not None]
    shown = np.stack(digits) if digits else np.empty((0, SIDE, SIDE), np.uint8)
    left_out = tuple(row for row, image in enumerate(found) if image is None)
    return PreparedImages(shown, np.array(rows, np.int64), left_out)


class _Each(Sequence[Any]):
    """What a function returns for 0, 1, ..., one at a time."""

    def __init__(self, of: Callable[[int], Any], count: int) -> None:
        self._of, self._count = of, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, i: Any) -> Any:
        if not 0 <= i < self._count:
            raise IndexError(i)
        return self._of(i)


def _one_digit(source: Any) -> NDArray | None:
    """The image (28, 28) of the largest mark and of those that are near it."""
    picture = as_picture(source)
    if (image := prepared(picture)) is not None:
        return image
    try:
        page = find_marks(picture)
    except ImageError:  # more marks than a page of digits has
        return None
    if not page.marks:
        return None
    largest = max(page.marks, key=lambda mark: mark.width * mark.height)
    near = [mark for mark in page.marks if distance(mark, largest) <= NEAR * largest.height]
    return normalised(page, joined(near))
