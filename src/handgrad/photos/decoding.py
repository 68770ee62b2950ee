"""A picture file -> an upright picture in colour, reduced to the size that finding digits needs.

Photographs have 12 megapixels and more; a tenth of that is enough to find digits. To save memory, a JPEG is
decoded at a fraction of its size, and other formats are reduced one band of rows at a time.
"""

import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.files import reason

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")  # by Pillow's names
FORMAT_NAMES = "PNG, JPEG, WebP or BMP"
MAX_PIXELS = 25_000_000
LONGEST = 1600  # the longer side of a picture is reduced to at most this many pixels
ENOUGH = 1000  # a JPEG is decoded at a fraction of its size that keeps at least this many
LARGE_WEBP = 4_000_000  # from this many pixels on OpenCV decodes WebP: Pillow makes five copies in memory
BAND = 1 << 20  # pixels converted at once
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
# What Pillow's decoders raise on damaged files, besides OSError.
DAMAGE = (ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)

Source = str | os.PathLike[str] | IO[bytes]


class Picture(NamedTuple):
    """An upright picture."""

    pixels: NDArray  # (height, width, 3) uint8, perhaps reduced
    size: tuple[int, int]  # width and height before it was reduced


def read_picture(source: Source, name: str | None = None) -> Picture:
    """The picture in a file, upright, its longer side reduced to at most 1,600 pixels.

    PNG, JPEG, WebP or BMP, with 8 or 16 bits per channel and at most 25 megapixels; the first frame of an
    animation. ImageError, in one line that begins with the name, if it cannot be read.
    """
    name = name or str(source)
    with _opened(source, name) as picture:
        size = picture.size
        if picture.format == "JPEG":
            picture.draft(None, (min(ENOUGH, size[0]), min(ENOUGH, size[1])))
        orientation = _orientation(picture)
        if picture.format == "WEBP" and size[0] * size[1] > LARGE_WEBP:
            picture = _decoded_webp(source)
        reduced = _reduced(picture, -(-max(picture.size) // LONGEST))
        if orientation in UPRIGHT:
            reduced = reduced.transpose(UPRIGHT[orientation])
        return Picture(np.asarray(reduced), size[::-1] if orientation in SIDEWAYS else size)


def read_grey(source: Source, name: str | None = None) -> NDArray:
    """The picture in a file in grey: (height, width) float32, 0 black to 1 white. As read_picture."""
    pixels = read_picture(source, name).pixels
    return np.asarray(Image.fromarray(pixels).convert("L"), np.float32) / 255


def as_picture(source: Picture | NDArray | Source) -> Picture:
    """A picture from an array or a file; a Picture as it is.

    An array is grey (height, width) or RGB (height, width, 3): uint8, or floats from 0 (black) to 1 (white).
    ImageError for other arrays, and as read_picture raises it.
    """
    if isinstance(source, Picture):
        return source
    if not isinstance(source, np.ndarray):
        return read_picture(source)
    pixels = source
    if pixels.ndim not in (2, 3) or pixels.size == 0 or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise ImageError(
            f"expected a picture of shape (height, width) or (height, width, 3); got shape {pixels.shape}"
        )
    if pixels.dtype != np.uint8:
        if not np.isfinite(pixels).all():
            raise ImageError("expected finite shades, 0 (black) to 1 (white); got NaN or infinity")
        pixels = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    size = (colour.shape[1], colour.shape[0])
    reduced = _reduced(Image.fromarray(np.ascontiguousarray(colour)), -(-max(size) // LONGEST))
    return Picture(np.asarray(reduced), size)


@contextmanager
def _opened(source: Source, name: str) -> Iterator[Image.Image]:
    """The picture, not decoded yet. Errors of Pillow within the block become one ImageError."""
    if isinstance(source, str | os.PathLike) and os.path.exists(source) and not os.path.isfile(source):
        raise ImageError(f"{name}: expected a file; got a folder or a device")
    limit = f"expected at most {MAX_PIXELS // 10**6} megapixels"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise ImageError(f"{name}: {limit}; got {width} x {height}")
                if not width or not height:
                    raise ImageError(f"{name}: expected at least one pixel; got {width} x {height}")
                yield picture
    except ImageError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ImageError(f"{name}: {limit}; got {_declared_size(source)}") from None
    except UnidentifiedImageError:
        raise ImageError(f"{name}: not a {FORMAT_NAMES} image") from None
    except OSError as error:
        raise ImageError(f"{name}: cannot be read as a picture: {reason(error)}") from None
    except (*DAMAGE, MemoryError) as error:
        raise ImageError(f"{name}: the picture is damaged ({error})") from None


def _declared_size(source: Source) -> str:
    """The size in the header of a file that Image.open refuses because of its size."""
    for plugin in (PngImageFile, JpegImageFile, BmpImageFile, WebPImageFile):
        if not isinstance(source, str | os.PathLike):
            source.seek(0)
        try:
            with plugin(source) as picture:
                return f"{picture.width} x {picture.height}"
        except (*DAMAGE, OSError, MemoryError):
            continue
    return "more"


def _decoded_webp(source: Source) -> Image.Image:
    """A WebP picture at half its size, decoded by OpenCV."""
    if isinstance(source, str | os.PathLike):
        data = np.fromfile(source, np.uint8)
    else:
        source.seek(0)
        data = np.frombuffer(source.read(), np.uint8)
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


def _reduced(picture: Image.Image, factor: int) -> Image.Image:
    """The picture in RGB, with each block of factor x factor pixels averaged and transparency on paper."""
    picture.load()
    paper = _paper_behind(picture)
    if factor == 1 and picture.mode == "RGB":
        return picture.copy()
    width, height = picture.size
    rows = max(1, BAND // (width * factor)) * factor
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    has_deep_grey = picture.mode[0] in "IF"
    white = float(picture.getextrema()[1]) if has_deep_grey else 0.0  # type: ignore[arg-type]  # one band, one pair
    for y in range(0, height, rows):
        band = picture.crop((0, y, width, min(y + rows, height)))
        if has_deep_grey:  # up to 16 bits of grey, often fewer: scaled by the lightest shade in use
            shades = np.asarray(band, np.float32) * np.float32(255 / max(white, 1))
            band = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
        elif paper is not None:
            band = band.convert("RGBA")
            band = Image.alpha_composite(Image.new("RGBA", band.size, paper), band)
        band = band.convert("RGB")
        reduced.paste(band if factor == 1 else band.reduce(factor), (0, y // factor))
    return reduced


def _paper_behind(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """The colour of the paper to put behind a transparent picture; None if the mode has no transparency.

    A picture that is mostly opaque, in several colours, shows its own paper: the same colour goes behind the
    rest. Otherwise the opaque part is ink alone, and its paper is black or white, whichever differs more.
    """
    if picture.mode not in ("RGBA", "LA", "PA", "La", "RGBa") and "transparency" not in picture.info:
        return None
    coarse = picture.resize(
        (min(256, picture.width), min(256, picture.height)), Image.Resampling.NEAREST
    ).convert("RGBA")
    pixels = np.asarray(coarse, np.float32).reshape(-1, 4)
    alpha = pixels[:, 3] / 255
    if alpha.min() == 1 or not alpha.any():
        return (255, 255, 255, 255)
    opaque = pixels[alpha > 0.5, :3] if (alpha > 0.5).any() else pixels[alpha > 0, :3]
    usual = np.median(opaque, axis=0)
    has_one_colour = np.abs(opaque - usual).sum(axis=1).mean() < 24
    if (alpha > 0.5).mean() > 0.5 and not has_one_colour:
        red, green, blue = (int(value) for value in usual)
        return (red, green, blue, 255)
    is_light = np.average(pixels[:, :3].mean(axis=1), weights=alpha) > 127
    return (0, 0, 0, 255) if is_light else (255, 255, 255, 255)
