"""An array, of whatever type and order of axes, as a picture: (height, width, 1, 3 or 4) of bytes.

What an array means is taken from its numbers where that is unmistakable: shades up to 1, up to 16, up to 255,
or up to 65,535. Everything else is refused in one line.
"""

from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError

CHANNELS = (1, 3, 4)  # grey, RGB, RGBA
OVERSHOOT = 0.1  # cubic curves exceed 0 and 1 by less than this where they resize a picture
FOUR_BITS = 16  # a picture whose lightest shade is this dark is one of 16 or 17 shades
SHAPES = "(height, width), (height, width, 3) or (3, height, width)"


def as_bytes(array: Any) -> NDArray:
    """The picture as uint8: (height, width, 1, 3 or 4).  ImageError if it is no picture."""
    if isinstance(array, np.ma.MaskedArray):
        raise ImageError(
            "expected a picture without a mask; got a masked array: fill it, array.filled(value)"
        )
    try:
        pixels = np.asarray(array)
    except Exception as error:  # other libraries' arrays raise what they like: on a GPU, part of a graph
        raise ImageError(f"expected a picture that NumPy can read: {' '.join(str(error).split())}") from None
    pixels = _channels_last(pixels)
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype.kind not in "uif":
        raise ImageError(f"expected a picture of numbers; got {pixels.dtype}")
    lowest, highest = float(pixels.min()), float(pixels.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ImageError("expected finite shades, 0 (black) to 1 (white); got NaN or infinity")
    full = _white(lowest, highest, pixels.dtype.kind == "f")
    if full == 255 and pixels.dtype == np.uint8:
        return pixels
    shades = pixels.astype(np.float32) * np.float32(255 / full)
    return np.asarray(np.rint(np.clip(shades, 0, 255)), np.uint8)


def _channels_last(pixels: NDArray) -> NDArray:
    """The array as (height, width, channels)."""
    shape = pixels.shape
    if pixels.ndim == 4 and shape[0] == 1:  # a batch of one
        return _channels_last(pixels[0])
    if pixels.ndim == 2 and pixels.size:
        return pixels[:, :, None]
    if pixels.ndim == 3 and pixels.size and shape[2] in CHANNELS:
        return pixels
    if pixels.ndim == 3 and pixels.size and shape[0] in CHANNELS:
        return np.moveaxis(pixels, 0, 2)
    remedy = ""
    if pixels.ndim in (3, 4) and pixels.size:
        remedy = f"; for {shape[0]} pictures, read one after the other"
    elif pixels.ndim == 1 and round(pixels.size**0.5) ** 2 == pixels.size > 1:
        side = round(pixels.size**0.5)
        remedy = f"; reshape({side}, {side}) makes a square of it"
    raise ImageError(f"expected a picture of shape {SHAPES}; got shape {shape}{remedy}")


def _white(lowest: float, highest: float, is_float: bool) -> float:
    """The shade of white, by the range of the shades."""
    tolerance = OVERSHOOT if is_float else 0
    if lowest >= -tolerance:
        if highest <= 1 + tolerance:
            return 1.0
        if highest <= FOUR_BITS:
            return float(FOUR_BITS)
        if highest < 256:
            return 255.0
        if highest <= 65_535:
            return highest
    remedy = "" if lowest >= -tolerance else ": undo its normalisation"
    raise ImageError(
        f"expected shades 0 to 1, 0 to 255 or 0 to 65535; got {lowest:.4g} to {highest:.4g}{remedy}"
    )
