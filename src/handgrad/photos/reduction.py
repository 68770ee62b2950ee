"""A decoded picture -> red, green and blue, reduced by averaging, one band of rows at a time."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from handgrad.arrays import NDArray
from handgrad.photos.formats import LONGEST

BAND = 1 << 20  # pixels converted at once
LIGHTNESS = {"LAB": "L", "HSV": "V"}  # modes that Pillow does not convert: the channel that holds the shades


def factor_of(size: tuple[int, int]) -> int:
    """By how much a picture of this size is to be reduced."""
    return max(1, -(-max(size) // LONGEST))


def reduced(picture: Image.Image, factor: int) -> Image.Image:
    """The picture in RGB, with each block of factor x factor pixels averaged and transparency on paper."""
    picture.load()
    if picture.mode in LIGHTNESS:
        picture = picture.getchannel(LIGHTNESS[picture.mode])
    has_deep_grey = picture.mode[0] in "IF"
    paper = None if has_deep_grey else _paper_behind(picture)
    if factor == 1 and picture.mode == "RGB" and paper is None:
        return picture.copy()
    width, height = picture.size
    rows = max(1, BAND // (width * factor)) * factor
    result = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    white = max(float(_finite(band).max()) for _, band in _bands(picture, rows)) if has_deep_grey else 0.0
    white = white if white > 1e-30 else 1.0
    for y, band in _bands(picture, rows):
        if has_deep_grey:  # up to 16 bits of grey, often fewer: scaled by the lightest shade in use
            shades = _finite(band) * np.float32(255 / white)
            band = Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
        elif paper is not None:
            band = band.convert("RGBA")
            band = Image.alpha_composite(Image.new("RGBA", band.size, paper), band)
        band = band.convert("RGB")
        result.paste(band if factor == 1 else band.reduce(factor), (0, y // factor))
    return result


def _bands(picture: Image.Image, rows: int) -> Iterator[tuple[int, Image.Image]]:
    """The picture in bands of so many rows, each with its first row."""
    for y in range(0, picture.height, rows):
        yield y, picture.crop((0, y, picture.width, min(y + rows, picture.height)))


def _finite(band: Image.Image) -> NDArray:
    """The shades of a band of whole numbers or floats; what is not finite is black."""
    return np.nan_to_num(np.asarray(band, np.float32), posinf=0.0, neginf=0.0)


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
