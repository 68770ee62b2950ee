"""A picture -> its page: binarisation, connected components, selection, reading order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.photos import work
from handgrad.photos.assembly import MOST, Components, assembled
from handgrad.photos.background import Ink, Shades, flat_ink, ink_on_paper, shades_of
from handgrad.photos.connected import connected, with_labels
from handgrad.photos.decoding import Picture, as_picture
from handgrad.photos.edges import cut_off
from handgrad.photos.forms import within, without_frames
from handgrad.photos.marks import Cell, Mark, Omission, Page
from handgrad.photos.normalisation import SIDE, normalised, prepared
from handgrad.photos.panels import BESIDE, panel
from handgrad.photos.placing import alone, grown
from handgrad.photos.ranks import quantile
from handgrad.photos.ruling import without_ruling
from handgrad.photos.selection import without_surroundings
from handgrad.photos.strokes import FAINTEST, stroke_width
from handgrad.photos.traits import Traits, traits
from handgrad.photos.underlines import detached, without_underlines

SMALL = 200  # a picture is enlarged if its longer side has fewer pixels
FEW = 640  # a picture with frames whose longer side has fewer pixels is read twice as large
RIM = 0.1  # what stays within this share of the height of a lone cell from its sides is a rest of its frame
THUMBNAIL = 40  # a picture whose longer side has at most this many pixels holds one digit
NARROW = 1.75  # a picture that holds one digit is at most this many times as wide as high
THINNEST, HEAVIEST = (
    0.06,
    0.21,
)  # stroke widths of a digit that fills its picture, as shares of the longer side


PASS_STEPS = 100  # of work.py, for each pixel of the picture


MANY_SPECKS = 20_000  # parts of the ink, beyond which a picture is refused


class Digit(NamedTuple):
    """A digit on a picture."""

    image: NDArray  # (28, 28) uint8, as MNIST's
    box: tuple[int, int, int, int]  # x, y, width, height in pixels of the upright picture


def find_digit(picture: Picture | NDArray) -> Digit | None:
    """The largest digit on a picture; None if there is no ink. No network is asked what belongs to it.

    handgrad.photos.read finds all digits, with a network's help.
    """
    picture = as_picture(picture)
    if (image := prepared(picture)) is not None:
        return Digit(image, (0, 0, SIDE, SIDE))
    page = find_marks(picture)
    if not page.marks:
        return None
    mark = max(page.marks, key=lambda mark: mark.width * mark.height)
    return Digit(normalised(page, mark), page.box(mark))


def find_marks(picture: Picture, other_ink: bool = False) -> Page:
    """The marks on a picture, in reading order; what is outside a panel, if it shows one, is left out.

    All the ink is one mark if the picture is a thumbnail, or if a digit fills it from edge to edge.
    ImageError if there are more than 64 marks.  other_ink: ink is taken for paper, and paper for ink.
    """
    with work.budget():
        return _marks_within(picture, other_ink)


def _marks_within(picture: Picture, other_ink: bool) -> Page:
    """The marks on a picture, or in the panel that it shows."""
    if not work.spent(PASS_STEPS * picture.pixels.size / 3):  # in another way, after all that a way can take
        raise ImageError(work.TOO_INTRICATE)
    if found := panel(picture):
        page = _marks_on(found.picture, other_ink)
        across, down = page.ink.shape[1] / picture.size[0], page.ink.shape[0] / picture.size[1]
        outside = [
            Mark((), int(x * across), int(y * down), round((x + width) * across), round((y + height) * down))
            for x, y, width, height in found.beside
        ]
        return replace(page, left_out=[*page.left_out, *(Omission(mark, BESIDE) for mark in outside)])
    return _marks_on(picture, other_ink)


def _marks_on(picture: Picture, other_ink: bool) -> Page:
    original = _without_blocks(picture.pixels)
    enlarged = _enlarged(original)
    shades = shades_of(enlarged)
    paper = ink_on_paper(enlarged, shades=shades)
    pixels, cells = _without_frames(enlarged, paper)
    height, width = original.shape[:2]
    if width <= NARROW * height:
        page = _single_digit(pixels, picture.size, cells, shades if pixels is enlarged else None)
        if max(height, width) <= THUMBNAIL or (_is_filled(page.ink) and not other_ink):
            return alone(page, cells)
    ink = paper if pixels is enlarged and not other_ink else ink_on_paper(pixels, other_ink)
    del shades, paper, enlarged  # tens of megabytes that nothing after this needs
    found = _without_surroundings(ink, cells)._replace(cut_off=cut_off(pixels, ink.ink))
    return assembled(found, picture.size, cells)


def _without_frames(pixels: NDArray, paper: Ink) -> tuple[NDArray, list[Cell]]:
    """The picture without frames, and the cells; with several cells and few pixels, it is twice as large.

    Where lines and strokes are one pixel wide, they are not told apart. What is no form then is none.
    """
    found = without_frames(pixels, paper)
    if len(found[1]) < 2 or max(pixels.shape) >= FEW:
        return found
    twice = cv2.resize(pixels, (2 * pixels.shape[1], 2 * pixels.shape[0]), interpolation=cv2.INTER_CUBIC)
    large = without_frames(np.asarray(twice))
    if not large[1] and min(cell.bottom for cell in found[1]) < max(cell.top for cell in found[1]):
        return pixels, []  # several rows: squared paper
    return large if len(large[1]) >= len(found[1]) else found


def _without_blocks(pixels: NDArray) -> NDArray:
    """A thumbnail that was enlarged by repeating its pixels, at its original size; others as they are."""
    height, width = pixels.shape[:2]
    for factor in range(max(height, width) // 4, 1, -1):
        if height % factor or width % factor or max(height, width) // factor > THUMBNAIL:
            continue
        row = pixels[height // 2].reshape(width // factor, factor, 3)
        if (row != row[:, :1]).any():  # the same as below, for one row: most pictures end here
            continue
        blocks = pixels.reshape(height // factor, factor, width // factor, factor, 3)
        if (blocks == blocks[:, :1, :, :1]).all():
            return np.ascontiguousarray(blocks[:, 0, :, 0])
    return pixels


def _enlarged(pixels: NDArray) -> NDArray:
    """A small picture enlarged by a whole factor, so that its longer side has at least 200 pixels."""
    height, width = pixels.shape[:2]
    if max(height, width) >= SMALL:
        return pixels
    factor = -(-SMALL // max(height, width))
    return np.asarray(cv2.resize(pixels, (width * factor, height * factor), interpolation=cv2.INTER_CUBIC))


def _single_digit(
    pixels: NDArray, size: tuple[int, int], cells: Sequence[Cell], shades: Shades | None
) -> Page:
    """The page on which all the ink is one mark; in a lone cell, all that reaches into it."""
    ink = flat_ink(pixels, shades)
    if len(cells) == 1:
        inner = within([grown(cells[0], -RIM)], ink.shape)
        _, parts = cv2.connectedComponents((ink > 0.25).astype(np.uint8), connectivity=8)
        own = np.isin(parts, np.unique(parts[inner & (parts > 0)])).astype(np.uint8)
        ink = np.where(inner | (cv2.dilate(own, np.ones((5, 5), np.uint8)) > 0), ink, 0)
    labels = (ink > 0.25).astype(np.int32)
    rows, columns = np.flatnonzero(labels.any(axis=1)), np.flatnonzero(labels.any(axis=0))
    if not rows.size:
        return Page(ink, labels, [], size)
    mark = Mark((1,), int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Page(ink, labels, [[mark]], size, single=True)


def _is_filled(ink: NDArray) -> bool:
    """Whether the picture is filled by one digit: heavy strokes of even ink that reach opposite sides."""
    mask = (ink > 0.5).astype(np.uint8)
    if not _reaches_across(mask) or ((ink > 0.3) & (ink < 0.7)).mean() > 0.3:
        return False
    _, labels, stats = connected(mask)
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = (labels == 1 + int(areas.argmax())).astype(np.int8)
    sides = _sides(largest)
    contacts = sum(int((np.diff(side) == 1).sum()) for side in sides)
    is_alone = areas.max() > 0.8 * areas.sum()
    return bool(
        is_alone
        and _reaches_across(largest)
        and contacts <= 5
        and max(side.mean() for side in sides) < 0.75
        and THINNEST < stroke_width(ink) / max(ink.shape) < HEAVIEST  # unlike a sheet on a table
        and (without_underlines(mask) == mask).all()
    )


def _reaches_across(mask: NDArray) -> bool:
    """Whether ink touches two opposite sides of the picture."""
    top, bottom, left, right = (bool(side.any()) for side in _sides(mask))
    return (top and bottom) or (left and right)


def _sides(mask: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    return mask[0], mask[-1], mask[:, 0], mask[:, -1]


def _without_surroundings(found: Ink, cells: Sequence[Cell]) -> Components:
    """The components without what enters from outside the picture.

    Where that was darker than the digits, it has raised the threshold: the threshold is found again.
    """
    ink = found.ink
    labels, marks = _components(ink, found.grain, cells)
    first = Components(ink, labels, marks)
    outer: list[tuple[Mark, Traits]] = []
    for _ in range(2):
        inner = _inner(ink, labels, marks)
        entering = set(marks) - set(inner)
        if not entering:
            break
        covered = with_labels(labels, [mark.parts[0] for mark in entering])
        largest = sorted(entering, key=lambda mark: -mark.height)[:MOST]
        outer += [(mark, traits(ink, labels, mark)) for mark in largest]
        ink = np.where(cv2.dilate(covered.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0, 0, ink)
        labels, marks = _components(ink, found.grain, cells)
    else:
        inner = _inner(ink, labels, marks)
    # with nothing else in the picture, what enters may be a digit
    return Components(ink, labels, inner, outer) if inner else first


def _inner(ink: NDArray, labels: NDArray, marks: list[Mark]) -> list[Mark]:
    return without_surroundings(marks, ink.shape, lambda mark: traits(ink, labels, mark))


def _components(ink: NDArray, grain: float, cells: Sequence[Cell]) -> tuple[NDArray, list[Mark]]:
    """The labels of the connected components of ink, and the components as marks.

    Hysteresis thresholding: weak ink counts if it is connected to enough strong ink.
    """
    floor = max(FAINTEST, 5 * grain)
    values = ink[(ink > floor) & within(cells, ink.shape)]
    if values.size < 4:
        return np.zeros(ink.shape, np.int32), []
    strong = max(floor, _otsu(values))
    mask = without_ruling((ink > max(floor, 0.65 * strong)).astype(np.uint8))
    if not cells:  # in a cell, a long level stroke is the foot of a 2
        mask = without_underlines(mask)
    mask = detached(mask)
    count, labels, stats = connected(mask)
    strong_pixels = np.bincount(labels.ravel(), (ink > strong).ravel(), count)
    if count > MANY_SPECKS:
        raise ImageError(f"expected digits on paper; got {count - 1} specks: crop the picture")
    marks = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        if area >= 6 and strong_pixels[label] >= 0.2 * area:
            marks.append(Mark((label,), left, top, left + width, top + height))
    return np.asarray(labels), marks


def _otsu(values: NDArray) -> float:
    """Otsu's threshold: of the two groups that it makes of the values, the means differ most."""
    top = quantile(values, 0.995)
    scaled = np.clip(values * (255 / max(top, 1e-6)), 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(scaled.reshape(1, -1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(threshold) * top / 255
