"""A file, an array or an image of Pillow's -> upright pictures in colour, reduced as finding digits allows.

Photographs have 12 megapixels and more; a tenth of that is enough to find digits. formats.py says which files
are opened; raster.py, heic.py and pdf.py decode them.
"""

import io
import os
from collections.abc import Iterable, Iterator
from typing import IO, Any, NamedTuple

import numpy as np
from PIL import Image

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.photos import heic, pdf, raster
from handgrad.photos.formats import FORMATS, MAX_PAGES, MAX_PIXELS, File, kind_of, one_error
from handgrad.photos.reduction import factor_of, reduced
from handgrad.photos.shades import as_bytes

__all__ = [
    "FORMATS", "MAX_PIXELS", "Picture", "Source", "as_picture", "read_grey", "read_picture", "read_pictures",
]  # fmt: skip

Source = str | os.PathLike[str] | IO[bytes] | bytes | bytearray | memoryview  # a file, or its bytes
READERS = {"JPEG": raster.jpeg_pages, "HEIC": heic.pages, "PDF": pdf.pages}


class Picture(NamedTuple):
    """An upright picture."""

    pixels: NDArray  # (height, width, 3) uint8, perhaps reduced
    size: tuple[int, int]  # width and height before it was reduced
    name: str = "picture"  # of the file, and of the page if there are several: "scan.tif, page 2"
    page: int = 1
    pages: int = 1  # of the file
    note: str = ""  # what of the file is not shown


def read_picture(source: Source, name: str | None = None) -> Picture:
    """The first picture in a file, upright, its longer side reduced to at most 1,600 pixels.

    A file of any of FORMATS, or its bytes. At most 25 megapixels in colour, 100 in grey, 200 in a JPEG.
    ImageError, in one line that begins with the name, if it cannot be read.
    """
    return next(read_pictures(source, name))


def read_pictures(source: Any, name: str | None = None) -> Iterator[Picture]:
    """The pictures in a file: each page of a TIFF or a PDF, at most 100; the picture in any other.

    source may be an array or an image too, as as_picture takes it, or a list of all these. ImageError as
    read_picture raises it, when the page is reached that cannot be read.
    """
    if isinstance(source, list | tuple) and not isinstance(source, Picture) and not _is_numbers(source):
        for each in source:
            yield from read_pictures(each)
    elif isinstance(source, Picture | np.ndarray | Image.Image) or not _is_file(source):
        yield as_picture(source)
    else:
        yield from _pages_of(source, name or _name_of(source))


def read_grey(source: Source, name: str | None = None) -> NDArray:
    """The picture in a file in grey: (height, width) float32, 0 black to 1 white. As read_picture."""
    pixels = read_picture(source, name).pixels
    return np.asarray(Image.fromarray(pixels).convert("L"), np.float32) / 255


def as_picture(source: Any) -> Picture:
    """A picture from a file, its bytes, an array or an image of Pillow's; a Picture as it is.

    An array, or what NumPy makes an array of, such as a tensor, is grey (height, width), RGB or RGBA, its
    channels last or first. Its shades, of any type of number, go from 0 (black) to 1, 16, 255 or, beyond
    that, to the lightest in use. ImageError for other arrays, and as read_picture raises it.
    """
    if isinstance(source, Picture):
        return source
    if isinstance(source, Image.Image):
        return _of_image(source)
    if _is_file(source):
        return read_picture(source)
    if isinstance(source, list | tuple) and not _is_numbers(source):
        raise ImageError(f"expected one picture; got a list of {len(source)}: read one after the other")
    if not hasattr(source, "__array__") and not isinstance(source, list | tuple):
        raise ImageError(f"expected a file, its bytes, an array or an image; got {type(source).__name__}")
    pixels = as_bytes(source)
    size = (pixels.shape[1], pixels.shape[0])
    image = Image.fromarray(np.ascontiguousarray(pixels if pixels.shape[2] > 1 else pixels[:, :, 0]))
    return Picture(np.asarray(reduced(image, factor_of(size))), size)


def _of_image(image: Image.Image) -> Picture:
    """A picture from an image of Pillow's, which stays as it is."""
    with one_error("picture"):
        if not image.width or not image.height:
            raise ImageError(f"expected at least one pixel; got {image.width} x {image.height}")
        leaf = raster.leaf(image, image, image.size)
        return Picture(np.asarray(leaf.image), leaf.size)


def _pages_of(source: Source, name: str) -> Iterator[Picture]:
    """The pages of a file. Errors are caught page by page: what a caller raises between two is not ours."""
    with one_error(name):
        file = _opened(source, name)
        leaves = READERS.get(kind_of(file), raster.pages)(file)
    total = 1
    for number in range(1, MAX_PAGES + 1):
        rest = "; the pages after it are not read either" if number < total else ""
        with one_error(name if number == 1 else f"{name}, page {number}", rest):
            leaf = next(leaves, None)
        if leaf is None and number == 1:
            raise ImageError(f"{name}: expected at least one page; got none")
        if leaf is None:
            return
        note, total = leaf.note, leaf.pages
        if number == MAX_PAGES < leaf.pages:
            note = f"{leaf.pages - MAX_PAGES} of its {leaf.pages} pages are not read: at most {MAX_PAGES} are"
        title = f"{name}, page {number}" if leaf.pages > 1 else name
        yield Picture(np.asarray(leaf.image), leaf.size, title, number, leaf.pages, note)


def _opened(source: Source, name: str) -> File:
    """The path of a file, or a file in memory that can be read again from its beginning."""
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if isinstance(source, str | os.PathLike):
        if os.path.exists(source) and not os.path.isfile(source):
            raise ImageError(f"{name}: expected a file; got a folder or a device")
        return source
    if source.seekable() and isinstance(source.read(0), bytes):
        return source
    data: Any = source.read()
    if not isinstance(data, bytes):
        raise ImageError(f"{name}: expected a file that is open for bytes; open it with 'rb'")
    return io.BytesIO(data)


def _is_file(source: Any) -> bool:
    return isinstance(source, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(source, "read")


def _name_of(source: Source) -> str:
    """What a file is called in messages."""
    if isinstance(source, str | os.PathLike):
        return str(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "picture"


def _is_numbers(source: Iterable[Any]) -> bool:
    """Whether a list holds rows of numbers, and not pictures."""
    first = next(iter(source), None)
    if isinstance(first, list | tuple):
        return _is_numbers(first)
    return isinstance(first, int | float | np.number | np.bool_) or (
        isinstance(first, np.ndarray) and first.ndim < 2
    )
