"""Pictures in files as images in grey: one by one as they are asked for, or all in an array if of one size.

Paper stays bright, and ink dark, where the pictures have them so.
"""

import io
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits.labelled import Notes
from handgrad.digits.pairs import Path
from handgrad.digits.places import Place
from handgrad.errors import DataError, ImageError

SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm"),
    *(".heic", ".heif", ".avif"),
}
MOST_PIXELS = 1 << 33  # of all images together
NAMED = 3  # sizes that a message lists


class InFiles:
    """Pictures in a folder or a zip archive; each is decoded when it is asked for."""

    def __init__(self, place: Place, names: Sequence[str]) -> None:
        self._place, self._names = place, names

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, i: int) -> NDArray:
        """Picture i in grey, (height, width) uint8.  ImageError if it cannot be read."""
        return grey_of(self.source(i), self.name(i))[0]

    def source(self, i: int) -> Path | IO[bytes]:
        """The file of picture i, as handgrad.photos.read_picture takes it."""
        source: Path | IO[bytes] = self._place.source(self._names[i])
        return source

    def name(self, i: int) -> str:
        """The name of picture i, for a message."""
        return self._place.shown(self._names[i])


class InMemory:
    """Pictures as the bytes of files, such as a table holds them."""

    def __init__(self, files: Sequence[bytes], name: str) -> None:
        self._files, self._name = files, name

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, i: int) -> NDArray:
        """Picture i in grey, (height, width) uint8.  ImageError if it cannot be read."""
        return grey_of(self.source(i), self.name(i))[0]

    def source(self, i: int) -> IO[bytes]:
        """The file of picture i, as handgrad.photos.read_picture takes it."""
        return io.BytesIO(self._files[i])

    def name(self, i: int) -> str:
        """The row of picture i, for a message."""
        return f"{self._name}, row {i}"


def grey_of(source: Any, name: str) -> tuple[NDArray, bool, bool]:
    """A picture in grey (height, width) uint8, whether it has colours, and whether it was reduced."""
    from PIL import Image

    from handgrad.photos.decoding import read_picture

    picture = read_picture(source, name)
    pixels = picture.pixels
    red = pixels[..., 0]
    has_colours = bool((pixels != red[..., None]).any())
    grey = np.asarray(Image.fromarray(pixels).convert("L")) if has_colours else np.ascontiguousarray(red)
    return grey, has_colours, picture.size != (grey.shape[1], grey.shape[0])


def in_one_array(pictures: InFiles | InMemory, labels: NDArray, notes: Notes) -> tuple[NDArray, NDArray]:
    """All pictures as uint8 (N, height, width), and their labels; what cannot be read is left out, and said.

    DataError where the pictures differ in size, are too large, or none of them can be read.
    """
    images: NDArray | None = None
    kept: list[int] = []
    broken: list[str] = []
    sizes: dict[tuple[int, ...], int] = {}
    has_colours = False
    for i in range(len(pictures)):
        try:
            grey, coloured, reduced = grey_of(pictures.source(i), pictures.name(i))
        except ImageError as error:
            broken.append(str(error))
            continue
        sizes[grey.shape] = sizes.get(grey.shape, 0) + 1
        if len(sizes) > NAMED:
            break
        if len(sizes) > 1:
            continue
        if reduced or grey.size * len(pictures) > MOST_PIXELS:
            remedy = "--prepare finds the digit on each and makes it 28 x 28 (in Python: any_size=True)"
            raise DataError(f"{pictures.name(i)}: is too large for a network's image; {remedy}")
        if images is None:
            images = np.empty((len(pictures), *grey.shape), np.uint8)
        images[len(kept)] = grey
        kept.append(i)
        has_colours = has_colours or coloured
    if len(sizes) > 1:
        raise DataError(f"{notes.name}: expected images of one size; got {_counted(sizes)}")
    if images is None:
        raise DataError(
            f"{notes.name}: none of {len(pictures):,} pictures can be read; the first: {broken[0]}"
        )
    if has_colours:
        notes.say("colours are turned to grey")
    if broken:
        notes.left_out("pictures that cannot be read", broken)
    return (images if len(kept) == len(images) else images[: len(kept)].copy()), labels[kept]


def _counted(sizes: dict[tuple[int, ...], int]) -> str:
    listed = ", ".join(f"{width} x {height}" for height, width in list(sizes)[:NAMED])
    more = " and other sizes" if len(sizes) > NAMED else ""
    return (
        f"{listed}{more}; --prepare finds the digit on each and makes it 28 x 28 (in Python: any_size=True)"
    )
