"""A picture file -> an upright picture in colour, no larger than digits need, in little memory.

Photographs have 12 megapixels and more; digits are found on a tenth of that. A JPEG is decoded at a
fraction of its size, anything else is reduced band by band, so that the whole never stands in memory twice.
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

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.files import reason

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 25_000_000
WORKING = 1600  # pixels of the longer side, at most, on which digits are looked for
ENOUGH = 1000  # and at least, where the picture has as many
LARGE = 4_000_000  # pixels from which Pillow's decoder of WebP takes too much memory: it makes five copies
BAND = 1 << 20  # pixels that are converted at once
ORIENTATION = 0x0112  # the EXIF tag that says how a camera was held
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)
DAMAGE = (ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)


class Picture(NamedTuple):
    """An upright picture: pixels (height, width, 3) uint8, and the width and height that it had."""

    pixels: NDArray
    size: tuple[int, int]


def read_picture(source: str | os.PathLike[str] | IO[bytes], name: str | None = None) -> Picture:
    """The picture, turned upright, its longer side reduced to at most 1,600 pixels.

    PNG, JPEG, WebP and BMP, 8 or 16 bits a channel, at most 25 megapixels; of an animation the first
    picture. ImageError, in one line that names the picture, for anything else.
    """
    name = name or str(source)
    with _opened(source, name) as picture:
        size = picture.size
        if picture.format == "JPEG":  # decoded at an eighth, a quarter or half its size, where that is enough
            picture.draft(None, (min(ENOUGH, size[0]), min(ENOUGH, size[1])))
        orientation = _orientation(picture)
        if picture.format == "WEBP" and size[0] * size[1] > LARGE:
            picture = _decoded(source)
        small = _reduced(picture, -(-max(picture.size) // WORKING))
        if orientation in UPRIGHT:
            small = small.transpose(UPRIGHT[orientation])
        return Picture(np.asarray(small), size[::-1] if orientation in SIDEWAYS else size)


def read_grey(source: str | os.PathLike[str] | IO[bytes], name: str | None = None) -> NDArray:
    """The same as grey (height, width) float32, 0 black to 1 white."""
    pixels = read_picture(source, name).pixels
    return np.asarray(Image.fromarray(pixels).convert("L"), np.float32) / 255


def as_picture(given: NDArray | Picture) -> Picture:
    """An array as a picture: grey (height, width) or colour (height, width, 3), uint8 or floats 0 to 1."""
    if isinstance(given, Picture):
        return given
    pixels: NDArray = given
    if pixels.ndim not in (2, 3) or pixels.size == 0 or (pixels.ndim == 3 and pixels.shape[2] != 3):
        got = f"got shape {pixels.shape}"
        raise ImageError(
            f"expected a grey picture (height, width) or a coloured one (height, width, 3); {got}"
        )
    if pixels.dtype != np.uint8:
        if not np.isfinite(pixels).all():
            raise ImageError("expected a picture of finite shades, 0 black to 1 white; got NaN or infinity")
        pixels = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    size = (colour.shape[1], colour.shape[0])
    small = _reduced(Image.fromarray(np.ascontiguousarray(colour)), -(-max(size) // WORKING))
    return Picture(np.asarray(small), size)


@contextmanager
def _opened(source: str | os.PathLike[str] | IO[bytes], name: str) -> Iterator[Image.Image]:
    """The picture, its pixels not yet decoded; whatever goes wrong within becomes one ImageError."""
    if isinstance(source, str | os.PathLike) and os.path.exists(source) and not os.path.isfile(source):
        raise ImageError(f"{name}: expected a file; this is a folder or a device")
    limit = f"at most {MAX_PIXELS // 10**6} megapixels"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on odd metadata, which nobody asked for
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ImageError(f"{name}: expected {limit}; got {picture.width} x {picture.height}")
                if not picture.width or not picture.height:
                    raise ImageError(
                        f"{name}: expected a picture; this is {picture.width} x {picture.height}"
                    )
                yield picture
    except ImageError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ImageError(f"{name}: expected {limit}; got more") from None
    except UnidentifiedImageError:
        known = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise ImageError(f"{name}: expected a {known} picture; this is none") from None
    except OSError as error:
        raise ImageError(f"{name}: cannot be read as a picture: {reason(error)}") from None
    except (*DAMAGE, MemoryError, EOFError) as error:
        raise ImageError(f"{name}: the picture is damaged ({error})") from None


def _decoded(source: str | os.PathLike[str] | IO[bytes]) -> Image.Image:
    """A large WebP picture, by OpenCV's decoder, at half its size."""
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
    """The EXIF orientation, 1 to 8; 1 where there is none or the metadata are damaged."""
    try:
        value = picture.getexif().get(ORIENTATION, 1)
    except (*DAMAGE, OSError):
        return 1
    return value if isinstance(value, int) else 1


def _reduced(picture: Image.Image, factor: int) -> Image.Image:
    """The picture in RGB, each factor x factor block averaged; band by band, transparency on paper."""
    picture.load()
    paper = _behind(picture)
    if factor == 1 and picture.mode == "RGB":
        return picture.copy()
    width, height = picture.size
    rows = max(1, BAND // (width * factor)) * factor
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    top = 0.0 if picture.mode[0] not in "IF" else float(picture.getextrema()[1])  # type: ignore[arg-type]  # one band, one pair
    for y in range(0, height, rows):
        band = picture.crop((0, y, width, min(y + rows, height)))
        if picture.mode[0] in "IF":  # 16 bits of grey, of which often fewer are used
            shades = np.asarray(band, np.float32) * np.float32(255 / max(top, 1))
            band = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
        elif paper is not None:
            band = band.convert("RGBA")
            band = Image.alpha_composite(Image.new("RGBA", band.size, paper), band)
        band = band.convert("RGB")
        small.paste(band if factor == 1 else band.reduce(factor), (0, y // factor))
    return small


def _behind(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """The colour of the paper behind a transparent picture; None where nothing is transparent.

    Ink alone (one colour, the rest transparent) lies on the opposite shade: white ink on black paper.
    Where the picture brings its own paper, more than half of it opaque, that paper goes on behind the rest.
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
    shown = pixels[alpha > 0.5, :3] if (alpha > 0.5).any() else pixels[alpha > 0, :3]
    middle = np.median(shown, axis=0)
    of_one_colour = np.abs(shown - middle).sum(axis=1).mean() < 24
    if (alpha > 0.5).mean() > 0.5 and not of_one_colour:
        red, green, blue = (int(value) for value in middle)
        return (red, green, blue, 255)
    light = np.average(pixels[:, :3].mean(axis=1), weights=alpha) > 127
    return (0, 0, 0, 255) if light else (255, 255, 255, 255)
