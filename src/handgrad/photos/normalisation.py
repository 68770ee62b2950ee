"""A mark -> a 28x28 image such as MNIST's makers would have made of it.

Source: the description of MNIST at http://yann.lecun.com/exdb/mnist. Digits were reduced to fit a 20x20 box,
with their aspect ratio kept and grey levels from anti-aliasing, then shifted so that their centre of mass is
at the centre of the 28x28 field. Their pens were thick: thinner strokes are widened first.
"""

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.photos.connected import with_labels
from handgrad.photos.decoding import Picture
from handgrad.photos.marks import Mark, Page
from handgrad.photos.ranks import quantile
from handgrad.photos.strokes import stroke_width

SIDE, BOX = 28, 20  # sides of MNIST's field, and of the box that a digit fits
FINE = 8  # strokes are widened on a copy this many times as large as the box
STROKE, THICK = 2.3, 3.0  # widths of usual and of thick strokes in MNIST, in pixels of the box


def prepared(picture: Picture) -> NDArray | None:
    """The image (28, 28) uint8, ink bright, of a picture that is prepared as MNIST's are; None for others."""
    if picture.size != (SIDE, SIDE):
        return None
    grey = picture.pixels.max(axis=2)
    if (picture.pixels != grey[:, :, None]).any():
        return None
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    image = grey if np.median(border) < 128 else 255 - grey
    rows, columns = np.flatnonzero((image > 40).any(axis=1)), np.flatnonzero((image > 40).any(axis=0))
    if not rows.size:
        return None
    longest = max(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    masses = image.sum(axis=1, dtype=np.float64), image.sum(axis=0, dtype=np.float64)
    is_centred = all(abs(float(mass @ np.arange(SIDE) / mass.sum()) - SIDE / 2) <= 0.51 for mass in masses)
    return image if is_centred and BOX - 3 <= longest <= BOX and image.max() > 127 else None


def normalised(page: Page, mark: Mark) -> NDArray:
    """The image (28, 28) uint8 of a mark on a page."""
    fine = np.clip(_fitted(_trimmed(_cut_out(page, mark)), BOX * FINE), 0, 1)  # cubic curves overshoot
    enlarged = BOX / max(page.box(mark)[2:])
    if enlarged > 1:  # enlarging blurs the edges: strokes are sharpened
        fine = np.clip((fine - 0.5) * min(enlarged, 2.0) + 0.5, 0, 1)
    width = stroke_width(fine) / FINE
    change = round(FINE * (STROKE - width)) if width < STROKE else 0
    if enlarged > 1 and width > THICK:
        change = round(FINE * (THICK - width))
    return _centred(_fitted(_trimmed(_widened(fine, change)) if change else fine, BOX))


def _cut_out(page: Page, mark: Mark) -> NDArray:
    """The ink of a mark, 1 in a full stroke, with its soft edges and without its neighbours."""
    edge = max(2, mark.height // 24)
    height, width = page.ink.shape
    rows = slice(max(0, mark.top - edge), min(height, mark.bottom + edge))
    columns = slice(max(0, mark.left - edge), min(width, mark.right + edge))
    labels = page.labels[rows, columns]
    own = with_labels(labels, mark.parts).astype(np.uint8)
    around = cv2.dilate(own, np.ones((2 * edge + 1, 2 * edge + 1), np.uint8))
    ink = page.ink[rows, columns] * ((around > 0) & ((own > 0) | (labels == 0)))
    full = quantile(ink[own > 0], 0.7)
    return np.asarray(np.clip(ink / full, 0, 1), np.float32)


def _trimmed(ink: NDArray) -> NDArray:
    """The ink without the blank rows and columns around it."""
    inked = ink > 0.3 * float(ink.max())
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _fitted(ink: NDArray, side: int) -> NDArray:
    """The ink, resized so that its longer side has this many pixels; reduced ink is averaged over areas."""
    scale = side / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(ink, size, interpolation=how))


def _widened(ink: NDArray, by: int) -> NDArray:
    """The ink with strokes wider by this many pixels, or narrower if it is negative."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(by) + 1, abs(by) + 1))
    if by < 0:
        thinned = cv2.erode(ink, disc)
        return np.asarray(thinned) if thinned.max() > 0.5 else ink
    return np.asarray(cv2.dilate(cv2.copyMakeBorder(ink, by, by, by, by, cv2.BORDER_CONSTANT, value=0), disc))


def _centred(ink: NDArray) -> NDArray:
    """The ink on the 28x28 field, its centre of mass as near to the middle as whole pixels allow; uint8."""
    height, width = ink.shape
    y, x = (ink.sum(axis=1) @ np.arange(height), ink.sum(axis=0) @ np.arange(width)) / ink.sum()
    top = int(np.clip(round(SIDE / 2 - y), 0, SIDE - height))  # MNIST's middle is pixel 14, 14
    left = int(np.clip(round(SIDE / 2 - x), 0, SIDE - width))
    field = np.zeros((SIDE, SIDE), np.uint8)
    field[top : top + height, left : left + width] = np.rint(255 * np.clip(ink / ink.max(), 0, 1))
    return field


def expect_model(shape: tuple[int, ...]) -> None:
    """ImageError unless a model takes images of this shape: 28 x 28."""
    if shape != (SIDE, SIDE):
        takes = " x ".join(map(str, shape))
        raise ImageError(f"expected a model of {SIDE} x {SIDE} images to read pictures; this takes {takes}")
