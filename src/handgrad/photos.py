"""A picture of one digit -> the 28x28 image that MNIST's makers would have made of it.

    file -> upright grey -> ink (paper 0, ink 1) -> bounding box -> 20-pixel box -> centre of mass -> 28x28

Dark on light or light on dark, of any size. Source: the description of MNIST's preparation at
http://yann.lecun.com/exdb/mnist: size normalised to a 20x20 box with the aspect kept, anti-aliased grey,
then shifted so that the centre of mass lies in the middle of the 28x28 field.
"""

import os
import warnings
from typing import IO, Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from handgrad.errors import ImageError
from handgrad.files import reason

Array = np.ndarray[Any, Any]
FORMATS = ("PNG", "JPEG")
MAX_PIXELS = 25_000_000
SIDE, BOX = 28, 20  # MNIST's field, and the box that the digit's longer side fills
FAINTEST = 0.12  # contrast between ink and paper below which a picture is blank
NOISE = 0.2  # share of the darkest ink below which a pixel is paper


class Digit(NamedTuple):
    """A digit found on a picture: its MNIST-like image (28, 28) uint8, and its box in the picture."""

    image: Array
    box: tuple[int, int, int, int]  # x, y, width, height in pixels of the upright picture


def read_grey(source: str | os.PathLike[str] | IO[bytes], name: str | None = None) -> Array:
    """The picture as upright grey (height, width) float32, 0 black to 1 white; transparency on paper.

    PNG and JPEG, 8 or 16 bits a channel, at most 25 megapixels. ImageError, in one line that names the
    picture, for anything else.
    """
    name = name or str(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    size = f"{picture.width} x {picture.height}"
                    raise ImageError(f"{name}: expected at most {MAX_PIXELS // 10**6} megapixels; got {size}")
                return _grey(ImageOps.exif_transpose(picture))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ImageError(f"{name}: expected at most {MAX_PIXELS // 10**6} megapixels; got more") from None
    except UnidentifiedImageError:
        raise ImageError(f"{name}: expected a {' or '.join(FORMATS)} picture; this is none") from None
    except OSError as error:
        raise ImageError(f"{name}: cannot be read as a picture: {reason(error)}") from None
    except (ValueError, SyntaxError, EOFError, IndexError, OverflowError, MemoryError) as error:
        raise ImageError(f"{name}: the picture is damaged ({error})") from None


def find_digit(grey: Array) -> Digit | None:
    """The one digit on a grey picture (height, width), 0 black to 1 white; None on a blank picture."""
    ink = _ink(grey)
    if ink is None:
        return None
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    box = (int(left), int(top), int(right - left), int(bottom - top))
    return Digit(_centred(_fitted(ink[top:bottom, left:right])), box)


def _grey(picture: Image.Image) -> Array:
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits of grey
        return np.clip(np.asarray(picture, np.float32) / 65535, 0, 1)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        with_alpha = picture.convert("RGBA")
        grey = np.asarray(with_alpha.convert("L"), np.float32) / 255
        alpha = np.asarray(with_alpha.getchannel("A"), np.float32) / 255
        ink_is_light = alpha.any() and np.average(grey, weights=alpha) > 0.5
        if alpha.min() < 1:  # what shows through is paper: of the shade that the ink is not
            return np.asarray(grey * alpha + (1 - alpha) * (0 if ink_is_light else 1), np.float32)
        return grey
    return np.asarray(picture.convert("L"), np.float32) / 255


def _ink(grey: Array) -> Array | None:
    """How much ink each pixel holds, 0 to 1; None where there is none to speak of.

    The paper's shade is the median along the border; the ink is on the side of it that goes further.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = np.median(border)
    darker, lighter = paper - grey.min(), grey.max() - paper
    contrast = max(darker, lighter)
    if contrast < FAINTEST:
        return None
    ink = np.clip((paper - grey if darker >= lighter else grey - paper) / contrast, 0, 1)
    return np.where(ink < NOISE, 0, ink)


def _fitted(ink: Array) -> Array:
    """The crop, resized so that its longer side is 20 pixels; grey levels average the area covered."""
    height, width = ink.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return ink
    filter_ = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(ink.astype(np.float32)).resize(size, filter_))


def _centred(ink: Array) -> Array:
    """On the 28x28 field, with the centre of mass in its middle, as far as whole pixels allow; uint8."""
    height, width = ink.shape
    y, x = (ink.sum(axis=1) @ np.arange(height), ink.sum(axis=0) @ np.arange(width)) / ink.sum()
    top = int(np.clip(round((SIDE - 1) / 2 - y), 0, SIDE - height))
    left = int(np.clip(round((SIDE - 1) / 2 - x), 0, SIDE - width))
    field = np.zeros((SIDE, SIDE), np.uint8)
    field[top : top + height, left : left + width] = np.rint(255 * ink / ink.max())
    return field
