"""The picture in a HEIC file, as phones take them: decoded by libheif, of the extra 'heic'."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from handgrad.errors import ImageError
from handgrad.photos.formats import MAX_PIXELS, File, expect_size
from handgrad.photos.raster import Leaf
from handgrad.photos.reduction import factor_of, reduced


def pages(file: File) -> Iterator[Leaf]:
    """The main picture; it is upright, since libheif turns it. ImageError without pi-heif."""
    try:
        import pi_heif
    except ImportError:
        raise ImageError("HEIC pictures need pi-heif: pip install 'handgrad[heic]'") from None
    yield _decoded(pi_heif.open_heif(file))


def _decoded(picture: Any) -> Leaf:
    expect_size(picture.size, MAX_PIXELS, "in colour")
    pixels = np.asarray(picture)  # without Pillow, whose copy takes four bytes a pixel
    height, width = pixels.shape[:2]
    image = Image.fromarray(pixels)
    return Leaf(reduced(image, factor_of(image.size)), (width, height))
