"""A mark -> the 28x28 image that MNIST's makers would have made of it.

Source: the description of MNIST's preparation at http://yann.lecun.com/exdb/mnist: size normalised to a 20x20
box with the aspect kept, anti-aliased grey, then shifted so that the centre of mass lies in the middle of the
28x28 field. Their pens were thick: a thin stroke is widened to their width first.
"""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.photos.decoding import Picture, as_picture
from handgrad.photos.finding import find_marks
from handgrad.photos.marks import Mark, Page
from handgrad.photos.paper import stroke_width

SIDE, BOX = 28, 20  # MNIST's field, and the box that the digit's longer side fills
FINE = 8  # a mark is prepared at this many times its final size
STROKE, THICK = 2.3, 3.0  # usual width of MNIST's strokes, in pixels of the box, and of heavy ones


class Digit(NamedTuple):
    """A digit on a picture: its MNIST-like image (28, 28) uint8, and its box in the upright picture."""

    image: NDArray
    box: tuple[int, int, int, int]  # x, y, width, height in pixels


def find_digit(picture: Picture | NDArray) -> Digit | None:
    """The largest digit on a picture, or None. What belongs to it is told without a network: reading.read."""
    picture = as_picture(picture)
    if (image := prepared(picture)) is not None:
        return Digit(image, (0, 0, SIDE, SIDE))
    page = find_marks(picture)
    marks = [mark for line in page.lines for mark in line]
    if not marks:
        return None
    mark = max(marks, key=lambda mark: mark.width * mark.height)
    return Digit(normalised(page, mark), page.box(mark))


def prepared(picture: Picture) -> NDArray | None:
    """The picture itself, where it is prepared as MNIST's images are already (28, 28); None elsewhere."""
    if picture.size != (SIDE, SIDE):
        return None
    grey = picture.pixels.max(axis=2)
    if (picture.pixels != grey[:, :, None]).any():
        return None
    ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    image = grey if np.median(ring) < 128 else 255 - grey
    rows, columns = np.flatnonzero((image > 40).any(axis=1)), np.flatnonzero((image > 40).any(axis=0))
    if not rows.size:
        return None
    extents = (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    masses = image.sum(axis=1, dtype=np.float64), image.sum(axis=0, dtype=np.float64)
    centred = all(abs(float(mass @ np.arange(SIDE) / mass.sum()) - SIDE / 2) <= 0.51 for mass in masses)
    return image if centred and BOX - 3 <= max(extents) <= BOX and image.max() > 127 else None


def normalised(page: Page, mark: Mark) -> NDArray:
    """The 28x28 image (uint8) of a mark on a page."""
    fine = _fine(_cut_out(page, mark))
    enlarged = BOX / max(page.box(mark)[2:])
    if enlarged > 1:  # it has fewer pixels than the box: its edges are soft, its strokes spread
        fine = np.clip((fine - 0.5) * min(enlarged, 2.0) + 0.5, 0, 1)
    width = stroke_width(fine) / FINE
    change = round(FINE * (STROKE - width)) if width < STROKE else 0
    if enlarged > 1 and width > THICK:
        change = round(FINE * (THICK - width))
    return _centred(_fitted(_trimmed(_widened(fine, change)) if change else fine))


def _widened(ink: NDArray, by: int) -> NDArray:
    """Strokes wider by so many pixels, or narrower where by is negative."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(by) + 1, abs(by) + 1))
    if by < 0:
        thinner = cv2.erode(ink, disc)
        return np.asarray(thinner) if thinner.max() > 0.5 else ink
    return np.asarray(cv2.dilate(cv2.copyMakeBorder(ink, by, by, by, by, cv2.BORDER_CONSTANT, value=0), disc))


def _cut_out(page: Page, mark: Mark) -> NDArray:
    """The mark's ink, 0 to 1 in a full stroke, with its soft edges and without its neighbours."""
    edge = max(2, mark.height // 24)
    height, width = page.ink.shape
    rows = slice(max(0, mark.top - edge), min(height, mark.bottom + edge))
    columns = slice(max(0, mark.left - edge), min(width, mark.right + edge))
    labels = page.labels[rows, columns]
    own = np.isin(labels, mark.parts).astype(np.uint8)
    around = cv2.dilate(own, np.ones((2 * edge + 1, 2 * edge + 1), np.uint8))
    ink = page.ink[rows, columns] * ((around > 0) & ((own > 0) | (labels == 0)))
    full = float(np.quantile(ink[own > 0], 0.7))
    return np.asarray(np.clip(ink / full, 0, 1), np.float32)


def _fine(ink: NDArray) -> NDArray:
    """The ink, trimmed, its longer side at FINE times the box."""
    ink = _trimmed(ink)
    longest = BOX * FINE
    share = longest / max(ink.shape)
    size = (max(1, round(ink.shape[1] * share)), max(1, round(ink.shape[0] * share)))
    how = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return np.asarray(np.clip(cv2.resize(ink, size, interpolation=how), 0, 1))


def _trimmed(ink: NDArray) -> NDArray:
    """Without the blank rows and columns around the ink."""
    inked = ink > 0.3 * float(ink.max())
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _fitted(ink: NDArray) -> NDArray:
    """Resized so that its longer side is 20 pixels; grey levels average the area covered."""
    share = BOX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * share)), max(1, round(ink.shape[0] * share)))
    return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA))


def _centred(ink: NDArray) -> NDArray:
    """On the 28x28 field, with the centre of mass in its middle, as far as whole pixels allow; uint8."""
    height, width = ink.shape
    y, x = (ink.sum(axis=1) @ np.arange(height), ink.sum(axis=0) @ np.arange(width)) / ink.sum()
    top = int(np.clip(round(SIDE / 2 - y), 0, SIDE - height))  # MNIST's middle is pixel 14, 14
    left = int(np.clip(round(SIDE / 2 - x), 0, SIDE - width))
    field = np.zeros((SIDE, SIDE), np.uint8)
    field[top : top + height, left : left + width] = np.rint(255 * np.clip(ink / ink.max(), 0, 1))
    return field


def expect_model(shape: tuple[int, ...]) -> None:
    """ImageError unless a model takes images of 28 x 28."""
    if shape != (SIDE, SIDE):
        takes = " x ".join(map(str, shape))
        raise ImageError(f"expected a model of {SIDE} x {SIDE} images to read pictures; this takes {takes}")
