"""A picture of one digit -> the 28x28 image that MNIST's makers would have made of it.

    file -> upright grey -> ink (paper 0, ink 1) and its box -> 20-pixel box -> centre of mass -> 28x28

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
GRAIN = 0.1, 0.4  # share of the strongest ink below which a pixel is paper: at least, at most
COARSE = 128  # pixels of the longer side at which a digit is looked for


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
    if isinstance(source, str | os.PathLike) and os.path.exists(source) and not os.path.isfile(source):
        raise ImageError(f"{name}: expected a file; this is a folder or a device")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on odd metadata, which nobody asked for
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    size = f"{picture.width} x {picture.height}"
                    raise ImageError(f"{name}: expected at most {MAX_PIXELS // 10**6} megapixels; got {size}")
                return _grey(ImageOps.exif_transpose(picture))
    except ImageError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ImageError(f"{name}: expected at most {MAX_PIXELS // 10**6} megapixels; got more") from None
    except UnidentifiedImageError:
        raise ImageError(f"{name}: expected a {' or '.join(FORMATS)} picture; this is none") from None
    except OSError as error:
        raise ImageError(f"{name}: cannot be read as a picture: {reason(error)}") from None
    except (ValueError, SyntaxError, EOFError, IndexError, OverflowError, MemoryError) as error:
        raise ImageError(f"{name}: the picture is damaged ({error})") from None


def find_digit(grey: Array) -> Digit | None:
    """The one digit on a grey picture (height, width), 0 black to 1 white; None on a blank picture.

    The paper's shade is the median along the border; the ink is on the side of it that goes further.
    From coarse to fine: the box is found on the picture reduced to some 128 pixels, which averages its
    grain away, then again within that box, until nothing more falls off.
    """
    if grey.ndim != 2 or grey.size == 0 or not np.isfinite(grey).all():
        raise ImageError(f"expected a grey picture (height, width) of finite shades; got shape {grey.shape}")
    grey = grey.astype(np.float32)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    coarse = _reduced(grey, max(1, max(grey.shape) // COARSE))
    darker, lighter = paper - float(coarse.min()), float(coarse.max()) - paper
    contrast = darker if darker >= lighter else -lighter
    if abs(contrast) < FAINTEST:
        return None
    top, left, (height, width) = 0, 0, grey.shape
    while True:
        factor = max(1, max(height, width) // COARSE)
        grain = np.clip(4 * border.std() / (abs(contrast) * factor), *GRAIN)
        ink = (paper - _reduced(grey[top : top + height, left : left + width], factor)) / contrast
        ink = np.where(ink < grain, 0, np.clip(ink, 0, 1)).astype(np.float32)
        if not ink.any():
            return None
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        top, left = top + factor * int(rows[0]), left + factor * int(columns[0])
        before, height, width = max(height, width), factor * ink.shape[0], factor * ink.shape[1]
        height, width = min(height, grey.shape[0] - top), min(width, grey.shape[1] - left)
        if factor == 1 or max(height, width) > 0.75 * before:
            return Digit(_centred(_fitted(ink)), (left, top, width, height))


def _reduced(grey: Array, factor: int) -> Array:
    """The mean of each factor x factor block; what is left over at the right and bottom counts as one."""
    if factor == 1:
        return grey
    return np.asarray(Image.fromarray(grey).reduce(factor))


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


def _fitted(ink: Array) -> Array:
    """The crop, resized so that its longer side is 20 pixels; grey levels average the area covered."""
    height, width = ink.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return ink
    return np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BOX))


def _centred(ink: Array) -> Array:
    """On the 28x28 field, with the centre of mass in its middle, as far as whole pixels allow; uint8."""
    height, width = ink.shape
    y, x = (ink.sum(axis=1) @ np.arange(height), ink.sum(axis=0) @ np.arange(width)) / ink.sum()
    top = int(np.clip(round(SIDE / 2 - y), 0, SIDE - height))  # MNIST's middle is pixel 14, 14
    left = int(np.clip(round(SIDE / 2 - x), 0, SIDE - width))
    field = np.zeros((SIDE, SIDE), np.uint8)
    field[top : top + height, left : left + width] = np.rint(255 * ink / ink.max())
    return field
