"""Forms: a picture without the frames of its cells, and the cells."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.background import Ink, ink_on_paper
from handgrad.photos.colours import layers, without_layer
from handgrad.photos.connected import connected
from handgrad.photos.erasing import painted_over, paper_around
from handgrad.photos.frames import Frames, find_frames
from handgrad.photos.lines import in_lines
from handgrad.photos.marks import Cell
from handgrad.photos.ranks import medians, quantile
from handgrad.photos.strokes import FAINTEST

SEVERAL = 3  # where so many cells are found, paler frames are not looked for
BORDER, SMALL = 24, 640  # paper is put around a picture whose longer side has fewer pixels than SMALL
EDGE, SHORTEST = 6, 6  # a side at the border lies in so many rows, and covers so many columns, at least
DEEP = 0.34  # share of the picture at each border whose usual shade is taken for that of the paper
DOT = 0.03  # largest size of a dot, as a share of the picture's shorter side
MANY_DOTS = 30, 2500  # dots on a picture with dotted frames, at least and at most
ENOUGH = 0.6  # by colour alone at least this share of the cells is found again
DARKER = 1.5  # ink on a line that is so many times as dark as the line is that of a stroke
HALF = 0.4  # a pixel with this share of a full line belongs to the frame
NEAR = 20  # pixels beside the sides of a lone cell, in which the shades on both sides are compared
SHEET = 30  # least difference of shade, of 255, between a sheet and the table around it
FAINT = 0.12  # ink above this share of full ink may be a pencil's
MORE = 1.2  # times as many cells must be found for a lower level to be taken
LEVELS = (0.5, 0.25, 0.08)  # a frame is looked for in the ink above these shares of full ink: it may be pale


class Found(NamedTuple):
    """The frames on a picture, and the ink in which they were found."""

    ink: NDArray  # (height, width) float32
    faint: NDArray  # (height, width) uint8, 0 or 1: all the ink
    mask: NDArray  # (height, width) uint8, 0 or 1: the ink above the level
    frames: Frames
    share: float  # the level, as a share of full ink; 0 for dotted frames

    def cropped(self, room: int) -> "Found":
        """The same ink and frames without the outermost pixels, `room` of them at each border."""
        if not room:
            return self
        inner = slice(room, -room), slice(room, -room)
        ink, faint, ink_above = (np.ascontiguousarray(part[inner]) for part in self[:3])
        cells = [Cell(*(side - room for side in cell)) for cell in self.frames.cells]
        mask = np.ascontiguousarray(self.frames.mask[inner])
        return Found(ink, faint, ink_above, Frames(mask, cells, self.frames.thickness), self.share)


def without_frames(pixels: NDArray, paper: Ink | None = None) -> tuple[NDArray, list[Cell]]:
    """The picture (height, width, 3) without the frames of a form, and the cells in reading order.

    A picture without frames is returned as it is. paper: its ink, where that is known.
    Beside paper that is put around it, a side at the border of the picture is a line, but so is a vignette.
    So a picture of few pixels is looked at without such paper first, and with it if few cells are found or
    if these are pale.
    """
    field, border = pixels, 0
    found = _found(pixels, paper or ink_on_paper(pixels))
    if max(pixels.shape) < SMALL and (not found or len(found.frames.cells) < SEVERAL):
        field = _bordered(pixels, BORDER)
        other = _found(field, ink_on_paper(field)) if _may_end_at_border(pixels, field) else None
        if other and (not found or other.share > found.share):
            found, border = other, BORDER
        else:
            field = pixels
    if not found:
        return pixels, []
    cleaned, cells = _cleaned(field, found)
    inner = slice(border, border + pixels.shape[0]), slice(border, border + pixels.shape[1])
    cells = [Cell(*(side - border for side in cell)) for cell in cells]
    return np.ascontiguousarray(cleaned[inner]), in_reading_order(cells)


def _may_end_at_border(pixels: NDArray, field: NDArray) -> bool:
    """Whether a side of a cell may run along the border of a picture: its outermost rows are not all paper.

    field: the picture with paper around it, whose shades it is compared with.
    """
    for _ in range(4):  # above, and after each quarter turn
        paper = field[BORDER - 1, BORDER:-BORDER].astype(np.int16)
        inked = (np.abs(pixels[:EDGE] - paper).max(axis=2) > 255 * FAINTEST).any(axis=0)
        if inked.sum() >= SHORTEST:
            return True
        pixels, field = np.rot90(pixels), np.rot90(field)
    return False


def _found(pixels: NDArray, paper: Ink) -> Found | None:
    """The frames on a picture, None without frames. paper: its ink."""
    room = 0 if max(pixels.shape) >= SMALL else BORDER  # corners are looked for beyond the border, too
    ink = np.pad(paper.ink, room)
    floor = max(FAINTEST, 5 * paper.grain)
    inked = ink[ink > floor]
    if inked.size < 100:
        return None
    full = quantile(inked, 0.9)
    faint = (ink > max(floor, FAINT * full)).astype(np.uint8)
    best: Found | None = None
    for share in LEVELS:
        if best and len(best.frames.cells) >= SEVERAL and share == LEVELS[-1]:
            break  # the palest frames are looked for where there are no others
        mask = (ink > max(floor, share * full)).astype(np.uint8)
        frames = find_frames(mask, faint)
        if frames and (best is None or _shows_more(frames, best.frames)):
            best = Found(ink, faint, mask, frames, share)
    if best is None and (frames := _dotted(faint)):
        best = Found(ink, faint, faint, frames, 0.0)
    if best is None:
        return None
    best = best.cropped(room)
    return None if _is_sheet(pixels, best.frames.mask, best.frames.cells) else best


def _shows_more(one: Frames, other: Frames) -> bool:
    """Whether the one has clearly more cells, or as many of which clearly more have four sides."""
    cells, others = len(one.cells), len(other.cells)
    return cells > MORE * others or (cells >= others and one.closed > MORE * other.closed)


def _inner_strokes(strokes: NDArray, frames: Frames) -> NDArray:
    """The strokes that reach into a cell, beyond the soft edges of its frame."""
    reach = 2 * int(frames.thickness) + 3
    inside = within(frames.cells, strokes.shape) & (
        cv2.dilate(frames.mask, np.ones((reach, reach), np.uint8)) == 0
    )
    _, labels = cv2.connectedComponents(strokes, connectivity=8)
    reaching = np.unique(labels[inside & (strokes > 0)])
    return (np.isin(labels, reaching) & (strokes > 0)).astype(np.uint8)


def _dotted(ink: NDArray) -> Frames | None:
    """Frames of dots: so many small dots at small distances that they make lines if they are enlarged."""
    _, labels, stats = connected(ink)
    dots = 1 + np.flatnonzero(stats[1:, 2:4].max(axis=1) <= max(6, DOT * min(ink.shape)))
    if not MANY_DOTS[0] <= len(dots) <= MANY_DOTS[1]:
        return None
    places = _middles(labels, stats)[dots]
    reach = int(np.median([_to_nearest(places, i) for i in range(len(places))]) / 2) + 1
    mask: NDArray = np.isin(labels, dots).astype(np.uint8)
    enlarged = cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    found = find_frames(enlarged, ink)
    if found is None:
        return None
    return found._replace(
        mask=mask & np.asarray(cv2.dilate(found.mask, np.ones((5, 5), np.uint8))), thickness=1.0
    )


def _to_nearest(places: NDArray, i: int) -> float:
    """The distance of a place (N, 2), by its number, from the nearest of the others."""
    apart = np.hypot(*(places - places[i]).T)
    apart[i] = np.inf
    return float(apart.min())


def _middles(labels: NDArray, stats: NDArray) -> NDArray:
    """The mean column and row of the pixels with each label (N, 2); that of the paper is of no use."""
    y, x = np.nonzero(labels)
    own, areas = labels[y, x], np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    sums = [np.bincount(own, along, len(stats)) for along in (x, y)]
    return np.stack(
        [start + (s - areas * start) / areas for s, start in zip(sums, stats.T[:2], strict=True)], 1
    )


def _is_sheet(pixels: NDArray, lines: NDArray, cells: Sequence[Cell]) -> bool:
    """Whether a lone cell is a sheet on a table: paper within, and something of another shade around it.

    Both shades are taken near the sides, since a photograph may be darker towards its corners.
    lines (height, width), 0 or 1: the sides.
    """
    if len(cells) != 1:
        return False
    inside = within(cells, pixels.shape[:2]).astype(np.uint8)
    deep = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    apart = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    bare = cv2.dilate(lines, np.ones((9, 9), np.uint8)) == 0
    inside, outside = (bare & (away > 4) & (away < NEAR) for away in (deep, apart))
    if min(inside.sum(), outside.sum()) < 0.02 * outside.size:
        return False
    shades = [np.median(pixels[part], axis=0) for part in (inside, outside)]
    return bool(abs(float(np.mean(shades[0] - shades[1]))) > SHEET)


def _darker(ink: NDArray, frames: Frames) -> NDArray:
    """The pixels (uint8, 0 or 1) far darker than the lines are: a stroke runs along or across there."""
    shades = ink[frames.mask > 0]
    line = float(np.median(shades)) if shades.size else 0.0
    dark = (ink > DARKER * line).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)))


def _cleaned(pixels: NDArray, seen: Found) -> tuple[NDArray, list[Cell]]:
    """The picture without frames, and the cells. A frame of another colour than the ink is found anew."""
    ink, faint, mask, frames, _ = seen
    paper = paper_around(pixels, faint)
    frames = frames._replace(mask=np.asarray(frames.mask & ~_darker(ink, frames), np.uint8))
    strokes = np.asarray(mask & ~frames.mask, np.uint8)
    if apart := layers(
        pixels, paper, frames.mask, strokes & within(frames.cells, mask.shape).astype(np.uint8)
    ):
        found = find_frames((apart.frame > HALF).astype(np.uint8), faint)
        if found and len(found.cells) >= ENOUGH * len(frames.cells):
            zone = cv2.dilate(np.asarray(found.mask | frames.mask), np.ones((9, 9), np.uint8))
            bare = cv2.dilate(frames.mask, np.ones((5, 5), np.uint8))
            bare[cv2.dilate(strokes, np.ones((3, 3), np.uint8)) > 0] = 0
            cleaned = without_layer(pixels, apart, paper, zone, bare)
            if len(found.cells) == 1:  # in a picture of few pixels, a trace of the colour would be ink
                cleaned = painted_over(
                    cleaned, paper, found.mask, _inner_strokes(strokes, found), found.thickness
                )
            return cleaned, max(found.cells, frames.cells, key=len)
    return painted_over(pixels, paper, frames.mask, strokes, frames.thickness), frames.cells


def _bordered(pixels: NDArray, border: int) -> NDArray:
    """The picture with paper around it, so that a frame that it was cut along is a line with two edges."""
    if not border:
        return pixels
    for _ in range(2):  # above and below, then, transposed, on both sides
        depth = max(1, round(DEEP * pixels.shape[0]))
        bands = [
            cv2.medianBlur(medians(band).astype(np.uint8)[None], 2 * border + 1)
            for band in (pixels[:depth], pixels[-depth:])
        ]
        above, below = (np.repeat(band.reshape(1, -1, 3), border, axis=0) for band in bands)
        pixels = cv2.transpose(np.concatenate([above, pixels, below]))
    return pixels


def in_reading_order(cells: Sequence[Cell]) -> list[Cell]:
    """The cells row by row, each row from left to right."""
    rows = in_lines(np.array(cells, np.float64).reshape(-1, 4))
    return [cells[i] for row in rows for i in row]


def within(cells: Sequence[Cell], shape: tuple[int, ...]) -> NDArray:
    """Which pixels of a page lie in cells; without cells, all pixels."""
    inside = np.full(shape, not cells)
    for left, top, right, bottom in cells:
        inside[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))] = True
    return inside
