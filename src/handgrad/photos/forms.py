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
DEEP = 0.34  # share of the picture at each border whose usual shade is taken for that of the paper
DOT = 0.03  # largest size of a dot, as a share of the picture's shorter side
MANY_DOTS = 30, 2500  # dots on a picture with dotted frames, at least and at most
OWN_SHARE = 0.2  # a mark with less than this share of its ink in a cell does not belong there
FOR_ONE = 1.25  # a cell of less width, in its heights, has room for one digit
ONE_DIGIT = 1.05  # a mark of this width, in cells, may be two digits
SEVERAL = 3  # where so many cells are filled, the picture is a form: all else on it is left out
PRINT = 0.6  # marks beside the cells are print if they are lower than this share of those within
SIDE = "rest of a frame"
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
    if best is None and (frames := _dotted(faint)):
        best = faint, frames
    if best is None or _is_sheet(_bordered(pixels, border), best[1].cells):
        return pixels, []
    field = _bordered(pixels, border)
    cleaned, cells = _cleaned(field, faint, *best)
    inner = slice(border, border + pixels.shape[0]), slice(border, border + pixels.shape[1])
    cells = [Cell(*(side - border for side in cell)) for cell in cells]
    return np.ascontiguousarray(cleaned[inner]), in_reading_order(cells)


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
    _, labels, stats, middles = cv2.connectedComponentsWithStats(ink, connectivity=8)
    sizes = np.asarray(stats)[:, 2:4].max(axis=1)
    dots = np.flatnonzero(sizes <= max(6, DOT * min(ink.shape)))
    if not MANY_DOTS[0] <= len(dots) <= MANY_DOTS[1]:
        return None
    places = np.asarray(middles)[dots]
    apart = np.hypot(*(places[:, None] - places[None]).T)
    np.fill_diagonal(apart, np.inf)
    reach = int(np.median(apart.min(axis=0)) / 2) + 1
    mask: NDArray = np.isin(labels, dots).astype(np.uint8)
    enlarged = cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    found = find_frames(enlarged, ink)
    if found is None:
        return None
    return found._replace(
        mask=mask & np.asarray(cv2.dilate(found.mask, np.ones((5, 5), np.uint8))), thickness=1.0
    )


def _is_sheet(pixels: NDArray, cells: Sequence[Cell]) -> bool:
    """Whether a lone cell is a sheet on a table: paper within, and something of another shade around it."""
    if len(cells) != 1:
        return False
    inside = within(cells, pixels.shape[:2]).astype(np.uint8)
    outside = cv2.dilate(inside, np.ones((25, 25), np.uint8)) == 0
    if outside.mean() < 0.02:
        return False
    shades = [np.median(pixels[part], axis=0) for part in (inside > 0, outside)]
    return bool(abs(float(np.mean(shades[0] - shades[1]))) > SHEET)


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
            cleaned = without_layer(pixels, apart, paper, zone)
            if len(found.cells) == 1:  # in a picture of few pixels, a trace of the colour would be ink
                cleaned = painted_over(
                    cleaned, paper, found.mask, _inner_strokes(strokes, found), found.thickness
                )
            return cleaned, found.cells
    return painted_over(pixels, paper, frames.mask, strokes, frames.thickness), frames.cells


def _bordered(pixels: NDArray, border: int) -> NDArray:
    """The picture with paper around it, so that a frame that it was cut along is a line with two edges."""
    if not border:
        return pixels
    for _ in range(2):  # above and below, then, transposed, on both sides
        depth = max(1, round(DEEP * pixels.shape[0]))
        bands = [
            cv2.medianBlur(np.median(band, axis=0).astype(np.uint8)[None], 2 * border + 1)
            for band in (pixels[:depth], pixels[-depth:])
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
    """The marks, each with the number of its cell, without crumbs of frames.

    Digits that touch across a side are cut there.

    labels (height, width): changed where a mark is cut.
    """
    if not cells:
        return list(marks)
    marks = [mark for mark in marks if not any(_is_crumb(mark, cell) for cell in cells)]
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


def _is_crumb(mark: Mark, cell: Cell) -> bool:
    """Whether a mark is a small rest of a side."""
    if max(mark.width, mark.height) > 0.15 * cell.height or not _overlap(mark, _grown(cell, 0.1)):
        return False
    return not _overlap(mark, _grown(cell, -0.06))


def _grown(cell: Cell, share: float) -> Cell:
    """The cell with its sides farther out by a share of its height."""
    by = share * cell.height
    return Cell(cell.left - by, cell.top - by, cell.right + by, cell.bottom + by)


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

    In a row of cells a cell may have been missed: what is as high there as digits is not left out.
    """
    heights = [mark.height for mark in marks if mark.cell >= 0]
    if not heights:
        return []
    is_form = len({mark.cell for mark in marks if mark.cell >= 0}) >= SEVERAL
    least = PRINT * float(np.median(heights))
    return [
        Omission(mark, BESIDE)
        for mark in marks
        if mark.cell < 0 and (mark.height < least or (is_form and not _is_in_row(mark, cells)))
        if not _is_between(mark, cells)
    ]


def _is_in_row(mark: Mark, cells: Sequence[Cell]) -> bool:
    """Whether a mark stands at the height of a row of cells."""
    return any(cell.top < (mark.top + mark.bottom) / 2 < cell.bottom for cell in cells)


def _is_between(mark: Mark, cells: Sequence[Cell]) -> bool:
    """Whether a mark stands in a row of cells, with cells on both sides of it."""
    row = [cell for cell in cells if cell.top < (mark.top + mark.bottom) / 2 < cell.bottom]
    return any(cell.right <= mark.right for cell in row) and any(cell.left >= mark.left for cell in row)


def on_sides(marks: Sequence[Mark], cells: Sequence[Cell]) -> list[Omission]:
    """The marks that are what is left of a side: thin, upright, and where the side was."""
    return [Omission(mark, SIDE) for mark in marks if any(_is_on_side(mark, cell) for cell in cells)]


def _is_on_side(mark: Mark, cell: Cell) -> bool:
    """Whether a thin mark lies on the left or the right side of a cell."""
    middle = (mark.left + mark.right) / 2
    off = min(abs(middle - cell.left), abs(middle - cell.right))
    is_level = cell.top - 0.1 * cell.height < (mark.top + mark.bottom) / 2 < cell.bottom + 0.1 * cell.height
    is_level &= mark.height > 0.3 * cell.height
    return is_level and mark.width < 0.12 * cell.width and off < 0.05 * cell.width + 1


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
