"""Forms: a picture without the frames of its cells, and which mark stands in which cell."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.background import ink_on_paper
from handgrad.photos.colours import layers, without_layer
from handgrad.photos.erasing import painted_over, paper_around
from handgrad.photos.frames import Frames, find_frames
from handgrad.photos.lines import in_lines
from handgrad.photos.marks import Cell, Mark, Omission, Page
from handgrad.photos.result import Field
from handgrad.photos.strokes import FAINTEST

BORDER, SMALL = 24, 640  # paper is put around a picture whose longer side has fewer pixels than SMALL
OWN_SHARE = 0.2  # a mark with less than this share of its ink in a cell does not belong there
FOR_ONE = 1.25  # a cell of less width, in its heights, has room for one digit
ONE_DIGIT = 1.05  # a mark of this width, in cells, may be two digits
SEVERAL = 3  # where so many cells are filled, the picture is a form: all else on it is left out
PRINT = 0.6  # marks beside the cells are print if they are lower than this share of those within
BESIDE = "mark beside the cells of a form"
ENOUGH = 0.6  # by colour alone at least this share of the cells is found again
HALF = 0.4  # a pixel with this share of a full line belongs to the frame
SHEET = 30  # least difference of shade, of 255, between a sheet and the table around it
FAINT = 0.12  # ink above this share of full ink may be a pencil's
MORE = 1.2  # times as many cells must be found for a lower level to be taken
LEVELS = (0.5, 0.25, 0.08)  # a frame is looked for in the ink above these shares of full ink: it may be pale


def without_frames(pixels: NDArray) -> tuple[NDArray, list[Cell]]:
    """The picture (height, width, 3) without the frames of a form, and the cells in reading order.

    A picture without frames is returned as it is.
    """
    border = BORDER if max(pixels.shape) < SMALL else 0
    found = ink_on_paper(_bordered(pixels, border))
    floor = max(FAINTEST, 5 * found.grain)
    inked = found.ink[found.ink > floor]
    if inked.size < 100:
        return pixels, []
    full = float(np.quantile(inked, 0.9))
    faint = (found.ink > max(floor, FAINT * full)).astype(np.uint8)
    best: tuple[NDArray, Frames] | None = None
    for share in LEVELS:
        if best and len(best[1].cells) >= SEVERAL and share == LEVELS[-1]:
            break  # the palest frames are looked for where there are no others
        mask = (found.ink > max(floor, share * full)).astype(np.uint8)
        frames = find_frames(mask, faint)
        if frames and (best is None or len(frames.cells) > MORE * len(best[1].cells)):
            best = mask, frames
    if best is None or _is_sheet(_bordered(pixels, border), best[1].cells):
        return pixels, []
    field = _bordered(pixels, border)
    cleaned, cells = _cleaned(field, faint, *best)
    inner = slice(border, border + pixels.shape[0]), slice(border, border + pixels.shape[1])
    cells = [Cell(*(side - border for side in cell)) for cell in cells]
    return np.ascontiguousarray(cleaned[inner]), in_reading_order(cells)


def _is_sheet(pixels: NDArray, cells: Sequence[Cell]) -> bool:
    """Whether a lone cell is a sheet on a table: paper within, and something of another shade around it."""
    if len(cells) != 1:
        return False
    inside = within(cells, pixels.shape[:2]).astype(np.uint8)
    outside = cv2.dilate(inside, np.ones((25, 25), np.uint8)) == 0
    if outside.mean() < 0.02:
        return False
    shades = [np.median(pixels[part], axis=0) for part in (inside > 0, outside)]
    return bool(np.abs(shades[0] - shades[1]).max() > SHEET)


def _cleaned(pixels: NDArray, faint: NDArray, mask: NDArray, frames: Frames) -> tuple[NDArray, list[Cell]]:
    """The picture without frames, and the cells. A frame of another colour than the ink is found anew."""
    paper = paper_around(pixels, faint)
    strokes = mask & ~frames.mask
    if apart := layers(
        pixels, paper, frames.mask, strokes & within(frames.cells, mask.shape).astype(np.uint8)
    ):
        found = find_frames((apart.frame > HALF).astype(np.uint8), faint)
        if found and len(found.cells) >= ENOUGH * len(frames.cells):
            zone = cv2.dilate(found.mask, np.ones((9, 9), np.uint8))
            return without_layer(pixels, apart, paper, zone), found.cells
    return painted_over(pixels, paper, frames.mask, strokes, frames.thickness), frames.cells


def _bordered(pixels: NDArray, border: int) -> NDArray:
    """The picture with paper around it, so that a frame that it was cut along is a line with two edges."""
    if not border:
        return pixels
    for _ in range(2):  # above and below, then, transposed, on both sides
        bands = [
            cv2.medianBlur(np.median(band, axis=0).astype(np.uint8)[None], 2 * border + 1)
            for band in (pixels[:border], pixels[-border:])
        ]
        above, below = (np.repeat(band.reshape(1, -1, 3), border, axis=0) for band in bands)
        pixels = np.concatenate([above, pixels, below]).transpose(1, 0, 2)
    return np.ascontiguousarray(pixels)


def in_reading_order(cells: Sequence[Cell]) -> list[Cell]:
    """The cells row by row, each row from left to right."""
    rows = in_lines(np.array(cells, np.float64).reshape(-1, 4))
    return [cells[i] for row in rows for i in row]


def within(cells: Sequence[Cell], shape: tuple[int, ...]) -> NDArray:
    """Which pixels of a page lie in cells; all of them if there are none."""
    inside = np.full(shape, not cells)
    for left, top, right, bottom in cells:
        inside[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))] = True
    return inside


def placed(labels: NDArray, marks: Sequence[Mark], cells: Sequence[Cell]) -> list[Mark]:
    """The marks, each with the number of its cell. Digits that touch across a side are cut there.

    labels (height, width): changed where a mark is cut.
    """
    if not cells:
        return list(marks)
    shares = [_shares(labels, mark, cells) for mark in marks]
    at_home = {max(share, key=share.__getitem__) for share in shares if len(share) == 1}
    return [
        piece
        for mark, share in zip(marks, shares, strict=True)
        for piece in _in_cells(labels, mark, cells, share, at_home)
    ]


def alone(page: Page, cells: Sequence[Cell]) -> Page:
    """A page of a single digit, in the cell that was around it if there was one."""
    lines = (
        [[replace(mark, cell=0) for mark in line] for line in page.lines] if len(cells) == 1 else page.lines
    )
    return replace(page, lines=lines, cells=cells if len(cells) == 1 else ())


def _shares(labels: NDArray, mark: Mark, cells: Sequence[Cell]) -> dict[int, float]:
    """The share of a mark's ink in each cell that it fills more than by the way."""
    near = [i for i, cell in enumerate(cells) if _overlap(mark, cell)]
    if len(near) < 2:
        return dict.fromkeys(near, 1.0)
    nearest = _nearest(labels, mark, [cells[i] for i in near])[2]
    shares = np.bincount(nearest, minlength=len(near)) / nearest.size
    own = [i for i in range(len(near)) if shares[i] >= OWN_SHARE] or [int(shares.argmax())]
    return {near[i]: float(shares[i]) for i in own}


def _in_cells(
    labels: NDArray, mark: Mark, cells: Sequence[Cell], shares: dict[int, float], at_home: set[int]
) -> list[Mark]:
    """A mark in its cell, or cut between its cells if it is too wide for one digit.

    at_home: the cells that hold another digit, into which a mark that is no wider only reaches.
    """
    if not shares:
        return [mark]
    usual = float(np.median([cells[i].width for i in shares]))
    if len(shares) == 1 or mark.width < ONE_DIGIT * usual:
        free = {i: share for i, share in shares.items() if i not in at_home} or shares
        return [replace(mark, cell=max(free, key=free.__getitem__))]
    numbers = list(shares)
    y, x, nearest = _nearest(labels, mark, [cells[i] for i in numbers])
    pieces = []
    for place, number in enumerate(numbers):
        inside, label = nearest == place, int(labels.max()) + 1
        labels[y[inside], x[inside]] = label
        left, right, top, bottom = (int(f(each[inside])) for each in (x, y) for f in (np.min, np.max))
        pieces.append(Mark((label,), left, top, right + 1, bottom + 1, cell=number))
    return pieces


def _nearest(labels: NDArray, mark: Mark, cells: Sequence[Cell]) -> tuple[NDArray, NDArray, NDArray]:
    """The rows and columns of a mark's pixels, and which of some cells each of them is nearest to."""
    y, x = np.nonzero(np.isin(labels[mark.top : mark.bottom, mark.left : mark.right], mark.parts))
    y, x = y + mark.top, x + mark.left
    return y, x, np.stack([cell.distance(x, y) for cell in cells]).argmin(axis=0)


def _overlap(mark: Mark, cell: Cell) -> bool:
    """Whether a mark reaches into a cell."""
    across = min(mark.right, cell.right) - max(mark.left, cell.left)
    down = min(mark.bottom, cell.bottom) - max(mark.top, cell.top)
    return across > min(0.05 * cell.width, mark.width / 2) and down > min(0.05 * cell.height, mark.height / 2)


def reading_boxes(marks: Sequence[Mark], cells: Sequence[Cell]) -> NDArray:
    """Left, top, right and bottom (N, 4) of the marks; a mark in a cell is as high as its cell."""
    whole = [cells[mark.cell] if mark.cell >= 0 else mark for mark in marks]
    return np.array(
        [(mark.left, each.top, mark.right, each.bottom) for mark, each in zip(marks, whole, strict=True)],
        np.float64,
    )


def beside_cells(marks: Sequence[Mark], cells: Sequence[Cell]) -> list[Omission]:
    """The marks outside all cells that are left out: print, or everything where several cells are filled.

    Between two cells of a row a cell may have been missed: marks there are not left out.
    """
    heights = [mark.height for mark in marks if mark.cell >= 0]
    if not heights:
        return []
    is_form = len({mark.cell for mark in marks if mark.cell >= 0}) >= SEVERAL
    least = np.inf if is_form else PRINT * float(np.median(heights))
    outer = (mark for mark in marks if mark.cell < 0 and mark.height < least)
    return [Omission(mark, BESIDE) for mark in outer if not _is_between(mark, cells)]


def _is_between(mark: Mark, cells: Sequence[Cell]) -> bool:
    """Whether a mark stands in a row of cells, with cells on both sides of it."""
    y = (mark.top + mark.bottom) / 2
    row = [cell for cell in cells if cell.top < y < cell.bottom]
    return any(cell.right <= mark.right for cell in row) and any(cell.left >= mark.left for cell in row)


def sharing(page: Page) -> dict[int, int]:
    """The cells that have room for one digit, by their numbers: of how many parts is what they hold."""
    for_one = {n for n, cell in enumerate(page.cells) if cell.width < FOR_ONE * cell.height}
    parts: dict[int, int] = {}
    for mark in page.marks:
        if mark.cell in for_one:
            parts[mark.cell] = parts.get(mark.cell, 0) + len(mark.parts)
    return parts


def fields_of(page: Page, cells: Sequence[int], digits: Sequence[int | str]) -> list[Field]:
    """The fields of a page, the empty ones too. cells: of each digit, the number of its cell."""
    places = [[i for i, cell in enumerate(cells) if cell == number] for number in range(len(page.cells))]
    return [
        Field(page.box(cell), "".join(str(digits[i]) for i in own), tuple(own))
        for cell, own in zip(page.cells, places, strict=True)
    ]
