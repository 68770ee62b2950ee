"""The marks on a picture that may be digits, in the order of reading."""

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.photos.decoding import Picture
from handgrad.photos.lines import in_lines
from handgrad.photos.marks import Mark, Page
from handgrad.photos.paper import FAINTEST, Ink, flat_ink, ink_on_paper, stroke_width
from handgrad.photos.rules import without_rules
from handgrad.photos.sifting import inside, of_a_size, stacked, without_edges

THUMBNAIL = 40  # pixels of the longer side of a picture that holds one digit
WIDE = 1.75  # and that is no wider than so many heights
SMALL = 200  # pixels of the longer side below which a picture is enlarged first
# widths of a stroke, in shares of the longer side, of a digit that fills its picture
HEAVY, HEAVIEST = 0.06, 0.21
MOST = 64  # digits on a picture


def find_marks(picture: Picture) -> Page:
    """The marks on a picture. One digit where it is the size of a thumbnail, or filled from edge to edge.

    ImageError where there are more marks than anybody writes by hand.
    """
    small = _without_blocks(picture.pixels)
    pixels = _enlarged(small)
    height, width = small.shape[:2]
    if width <= WIDE * height:
        filled = _filled(pixels, picture.size)
        if max(height, width) <= THUMBNAIL or _from_edge_to_edge(filled.ink):
            return filled
    return _page(ink_on_paper(pixels), picture.size)


def _from_edge_to_edge(ink: NDArray) -> bool:
    """Whether one heavy stroke of plain ink on plain paper goes from one side to the opposite one."""
    if ((ink > 0.3) & (ink < 0.7)).mean() > 0.3:
        return False
    count, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0.5).astype(np.uint8), connectivity=8)
    if count < 2:
        return False
    areas = np.asarray(stats)[1:, cv2.CC_STAT_AREA]
    largest = (labels == 1 + int(areas.argmax())).astype(np.int8)
    sides = (largest[0], largest[-1], largest[:, 0], largest[:, -1])
    touched = [bool(side.any()) for side in sides]
    across = (touched[0] and touched[1]) or (touched[2] and touched[3])
    places = sum(int((np.diff(side) == 1).sum()) for side in sides)
    alone = areas.max() > 0.8 * areas.sum()
    heavy = HEAVY < stroke_width(ink) / max(ink.shape) < HEAVIEST  # a sheet on a table is heavier
    return bool(alone and heavy and across and places <= 5 and max(side.mean() for side in sides) < 0.75)


def _filled(pixels: NDArray, size: tuple[int, int]) -> Page:
    """All ink as one mark."""
    ink = flat_ink(pixels)
    labels = (ink > 0.25).astype(np.int32)
    rows, columns = np.flatnonzero(labels.any(axis=1)), np.flatnonzero(labels.any(axis=0))
    if not rows.size:
        return Page(ink, labels, [], size)
    mark = Mark((1,), int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Page(ink, labels, [[mark]], size, True)


def _without_blocks(pixels: NDArray) -> NDArray:
    """A thumbnail that was enlarged by repeating its pixels, as it was; any other picture as it is."""
    height, width = pixels.shape[:2]
    for share in range(max(height, width) // 4, 1, -1):
        if height % share or width % share or max(height, width) // share > THUMBNAIL:
            continue
        blocks = pixels.reshape(height // share, share, width // share, share, 3)
        if (blocks == blocks[:, :1, :, :1]).all():
            return np.ascontiguousarray(blocks[:, 0, :, 0])
    return pixels


def _enlarged(pixels: NDArray) -> NDArray:
    height, width = pixels.shape[:2]
    if max(height, width) >= SMALL:
        return pixels
    share = -(-SMALL // max(height, width))
    return np.asarray(cv2.resize(pixels, (width * share, height * share), interpolation=cv2.INTER_CUBIC))


def _page(seen: Ink, size: tuple[int, int]) -> Page:
    ink = seen.ink
    labels, marks = _connected(ink, seen.grain)
    first = (ink, labels, marks)
    for _ in range(2):
        outer = np.isin(labels, [mark.parts[0] for mark in set(marks) - set(inside(marks, ink.shape))])
        if not outer.any():
            break
        ink = np.where(cv2.dilate(outer.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0, 0, ink)
        labels, marks = _connected(ink, seen.grain)  # paler ink is seen now
    inner = inside(marks, ink.shape)
    if not inner:  # what seemed to come in from outside is all there is
        ink, labels, inner = first
    marks = without_edges(inner, ink.shape)
    if len(of_a_size(marks)) <= 4 * MOST:  # else it is print, or a pattern: joining takes long
        marks = of_a_size(stacked(marks))
    if len(marks) > MOST:
        raise ImageError(
            f"expected at most {MOST} digits on a picture; got {len(marks)} marks: cut out a part"
        )
    boxes = np.array([(mark.left, mark.top, mark.right, mark.bottom) for mark in marks], np.float64)
    return Page(ink, labels, [[marks[i] for i in line] for line in in_lines(boxes)], size)


def _connected(ink: NDArray, grain: float) -> tuple[NDArray, list[Mark]]:
    """The numbers of connected marks, and the marks; weak ink counts where it is joined to strong ink."""
    floor = max(FAINTEST, 5 * grain)
    inked = ink[ink > floor]
    if inked.size < 4:
        return np.zeros(ink.shape, np.int32), []
    strong = max(floor, _between(inked))
    mask = without_rules((ink > max(floor, 0.65 * strong)).astype(np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    peaks = np.bincount(labels.ravel(), (ink > strong).ravel(), count)
    marks = []
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[number])
        if area >= 6 and peaks[number] >= 0.2 * area:
            marks.append(Mark((number,), left, top, left + width, top + height))
    return np.asarray(labels), marks


def _between(values: NDArray) -> float:
    """Otsu's threshold: it parts the values into two groups that differ most."""
    top = float(np.quantile(values, 0.995))
    scaled = np.clip(values * (255 / max(top, 1e-6)), 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(scaled.reshape(1, -1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(threshold) * top / 255
