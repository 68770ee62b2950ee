"""The pages of a file that Pillow decodes: JPEG at a fraction of its size, TIFF page by page, and others.

A JPEG that is stored in one scan is decoded as it is read, at 1/2, 1/4 or 1/8 of its size. One of several
scans (progressive) is held in memory as a whole, and so are all other formats: what fits is their limit.
"""

import ctypes
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, _imaging
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile

from handgrad.photos.formats import (
    BY_PILLOW,
    DAMAGE,
    MAX_BYTES,
    MAX_JPEG_PIXELS,
    MAX_PAGES,
    File,
    expect_size,
)
from handgrad.photos.reduction import factor_of, reduced

ENOUGH = 1000  # a JPEG is decoded at a fraction of its size that keeps at least this many pixels a side
SCANS_BYTES = 150_000_000  # of a JPEG in several scans: two bytes for each sample of each pixel
LARGE_WEBP = 4_000_000  # from this many pixels on OpenCV decodes WebP: Pillow makes five copies in memory
AVIF_PIXELS = 16_000_000  # of an AVIF, whose decoder and Pillow make four copies
PLAIN_PIXELS = 1_000_000  # of a PNM written as text, which is decoded slowly
COUNTED = 10_000  # pages that are counted at most
SMALLER_COPY, NEW_SUBFILE = 1, 254  # the bit, and the TIFF tag, of a page that is a preview of another
ORIENTATION = 0x0112  # EXIF tag: how the camera was held
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # orientations that exchange width and height
ANIMATED = "an animation; only its first frame is read"


class Leaf(NamedTuple):
    """A page of a file."""

    image: Image.Image  # upright, in RGB, reduced
    size: tuple[int, int]  # width and height of the upright page before it was reduced
    pages: int = 1  # in the file
    note: str = ""  # what of the file is not shown


def jpeg_pages(file: File) -> Iterator[Leaf]:
    """The picture in a JPEG file; further pictures in it, which some cameras add, are left alone."""
    yield _jpeg(file)


def pages(file: File) -> Iterator[Leaf]:
    """The pages of a file in one of the other formats. All but TIFF have one: the first frame.

    A page is yielded when its decoded pixels are gone from memory: the caller may take some for itself.
    """
    try:
        opened = Image.open(file, formats=BY_PILLOW)
    except Image.DecompressionBombError:
        if size := _declared_size(file):
            expect_size(size, MAX_BYTES, "in grey")
        raise
    with opened as picture:
        first = None if isinstance(picture, TiffImageFile) else _first_frame(file, picture)
        numbers = _page_numbers(picture) if isinstance(picture, TiffImageFile) else []
    del opened, picture
    if first is not None:
        yield first
    for number in numbers[:MAX_PAGES]:
        yield _tiff_page(file, number, len(numbers))


def _jpeg(file: File) -> Leaf:
    with JpegImageFile(file) as picture:
        width, height = size = picture.size
        if _is_in_one_scan(picture):
            expect_size(size, MAX_JPEG_PIXELS, "in a JPEG")
        else:
            expect_size(size, int(SCANS_BYTES / _bytes_of_samples(picture)), "in a progressive JPEG")
        enlarged = min(width // min(ENOUGH, width), height // min(ENOUGH, height))
        scale = next(scale for scale in (8, 4, 2, 1) if scale <= enlarged)
        while scale < 8 and width * height * 4 / scale**2 > MAX_BYTES:  # long and narrow
            scale *= 2
        picture.draft(None, (width // scale, height // scale))
        return leaf(picture, picture, size)


def _first_frame(file: File, picture: Image.Image) -> Leaf:
    _expect_page_size(picture)
    size, note = picture.size, ANIMATED if getattr(picture, "is_animated", False) else ""
    is_large_webp = picture.format == "WEBP" and size[0] * size[1] > LARGE_WEBP
    return leaf(picture, _decoded_webp(file) if is_large_webp else picture, size, note=note)


def _tiff_page(file: File, number: int, total: int) -> Leaf:
    with Image.open(file, formats=("TIFF",)) as picture:
        picture.seek(number)
        _expect_page_size(picture)
        size = picture.size  # upright already: Pillow turns TIFF itself
        return Leaf(reduced(picture, factor_of(size)), size, total)


@cache
def _quieten_libtiff() -> None:
    """Keep libtiff from printing what is wrong with a file: the exception says it.

    Pillow silences its warnings only. Where libtiff is a part of Pillow's own library, as on Windows, it
    cannot be reached.
    """
    logging.getLogger("PIL.TiffImagePlugin").addHandler(logging.NullHandler())
    with suppress(OSError, AttributeError):
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


def _page_numbers(picture: TiffImageFile) -> list[int]:
    """The pages of a TIFF without the previews that are stored beside them."""
    _quieten_libtiff()
    numbers: list[int] = []
    previews: list[int] = []
    for number in range(COUNTED):
        try:
            picture.seek(number)
        except EOFError:
            break
        except (*DAMAGE, OSError):
            numbers.append(number)  # reading it says what is wrong
            break
        kind = picture.tag_v2.get(NEW_SUBFILE, 0)
        (previews if isinstance(kind, int) and kind & SMALLER_COPY else numbers).append(number)
    return numbers or previews


def leaf(header: Image.Image, decoded: Image.Image, size: tuple[int, int], note: str = "") -> Leaf:
    """The page, turned as the metadata in the header say."""
    orientation = _orientation(header)
    image = reduced(decoded, factor_of(decoded.size))
    if orientation in UPRIGHT:
        image = image.transpose(UPRIGHT[orientation])
    return Leaf(image, size[::-1] if orientation in SIDEWAYS else size, note=note)


def _expect_page_size(picture: Image.Image) -> None:
    width = {"1": 1, "L": 1, "P": 1}.get(picture.mode, 2 if picture.mode.startswith("I;16") else 4)
    what = {1: "in grey", 2: "in 16-bit grey", 4: "in colour"}[width]
    if picture.format == "AVIF":
        expect_size(picture.size, AVIF_PIXELS, "in an AVIF")
    expect_size(picture.size, MAX_BYTES // width, what)
    if isinstance(picture, PpmImageFile) and picture.tile and picture.tile[0][0] == "ppm_plain":
        expect_size(picture.size, PLAIN_PIXELS, "in a PNM that is written as text")


def _is_in_one_scan(picture: JpegImageFile) -> bool:
    """Whether the first scan of a JPEG, whose header has just been read, holds all its colours."""
    header = 2 * picture.layers + 8  # bytes: marker, length, number of layers, two for each layer, three more
    if picture.info.get("progressive") or picture.fp is None:
        return False
    picture.fp.seek(-header, os.SEEK_CUR)
    return picture.fp.read(header)[:5] == bytes((0xFF, 0xDA, 0, header - 2, picture.layers))


def _bytes_of_samples(picture: JpegImageFile) -> float:
    """The bytes that a decoder holds for each pixel of a JPEG in several scans."""
    areas = [max(1, across) * max(1, down) for _, across, down, _ in picture.layer]
    return 2 * sum(areas) / max(areas)


def _declared_size(file: File) -> tuple[int, int] | None:
    """The size in the header of a file that Image.open refuses because of its size."""
    for name in BY_PILLOW:
        factory, _ = Image.OPEN[name]
        if not isinstance(file, str | os.PathLike):
            file.seek(0)
        try:
            with factory(file, "") as picture:  # type: ignore[arg-type]
                return picture.size
        except (*DAMAGE, Image.DecompressionBombError, OSError, MemoryError):
            continue
    return None


def _decoded_webp(file: File) -> Image.Image:
    """A WebP picture at half its size, decoded by OpenCV."""
    if isinstance(file, str | os.PathLike):
        data = np.fromfile(file, np.uint8)
    else:
        file.seek(0)
        data = np.frombuffer(file.read(), np.uint8)
    try:
        pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ValueError("its pixels cannot be decoded")
    pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    order = (2, 1, 0, 3) if pixels.shape[2] == 4 else (2, 1, 0)
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, order]))


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) if it is missing or the metadata are damaged."""
    try:
        value = picture.getexif().get(ORIENTATION, 1)
    except (*DAMAGE, OSError):
        return 1
    return value if isinstance(value, int) else 1
