"""Forms: a picture without the frames of its cells, and which mark stands in which cell."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.background import ink_on_paper
from handgrad.photos.erasing import painted_over
from handgrad.photos.frames import Frames, find_frames
from handgrad.photos.lines import in_lines
from handgrad.photos.marks import Cell, Mark, Omission
from handgrad.photos.strokes import FAINTEST

OWN_SHARE = 0.25  # a mark with this share of its ink in each of two cells is two marks
PRINT = 0.6  # marks beside the cells are print if they are lower than this share of those within
BESIDE = "beside the cells of a form"
FAINT = 0.12  # ink above this share of full ink may be a pencil's
LEVELS = (0.5, 0.2)  # a frame is looked for in the ink above these shares of full ink: it may be pale


def without_frames(pixels: NDArray) -> tuple[NDArray, list[Cell]]:
    """The picture (height, width, 3) without the frames of a form, and the cells in reading order.

    A picture without frames is returned as it is.
    """
    found = ink_on_paper(pixels)
    floor = max(FAINTEST, 5 * found.grain)
    inked = found.ink[found.ink > floor]
    if inked.size < 100:
        return pixels, []
    full = float(np.quantile(inked, 0.9))
    faint = (found.ink > max(floor, FAINT * full)).astype(np.uint8)
    best: tuple[NDArray, Frames] | None = None
    for share in LEVELS:
        mask = (found.ink > max(floor, share * full)).astype(np.uint8)
        frames = find_frames(mask, faint)
        if frames and (best is None or len(frames.cells) > len(best[1].cells)):
            best = mask, frames
    if best is None:
        return pixels, []
    mask, frames = best
    return painted_over(pixels, frames.mask, mask & ~frames.mask), in_reading_order(frames.cells)


def in_reading_order(cells: Sequence[Cell]) -> list[Cell]:
    """The cells row by row, each row from left to right."""
    rows = in_lines(np.array(cells, np.float64).reshape(-1, 4))
    return [cells[i] for row in rows for i in row]


def placed(labels: NDArray, marks: Sequence[Mark], cells: Sequence[Cell]) -> list[Mark]:
    """The marks, each with the number of its cell. A mark that fills two cells is cut where they meet.

    labels (height, width): changed where a mark is cut.
    """
    return [piece for mark in marks for piece in _placed(labels, mark, cells)]


def _placed(labels: NDArray, mark: Mark, cells: Sequence[Cell]) -> list[Mark]:
    near = [i for i, cell in enumerate(cells) if _overlap(mark, cell)]
    if len(near) < 2:
        return [replace(mark, cell=near[0] if near else -1)]
    window = labels[mark.top : mark.bottom, mark.left : mark.right]
    y, x = np.nonzero(np.isin(window, mark.parts))
    nearest = np.stack([cells[i].distance(x + mark.left, y + mark.top) for i in near]).argmin(axis=0)
    shares = np.bincount(nearest, minlength=len(near)) / len(x)
    own = [i for i in np.argsort(-shares) if shares[i] >= OWN_SHARE] or [int(shares.argmax())]
    if len(own) == 1:
        return [replace(mark, cell=near[own[0]])]
    pieces = []
    for number in own:
        inside = nearest == number if number != own[0] else ~np.isin(nearest, own[1:])
        label = int(labels.max()) + 1
        window[y[inside], x[inside]] = label
        left, top = mark.left + int(x[inside].min()), mark.top + int(y[inside].min())
        right, bottom = mark.left + int(x[inside].max()) + 1, mark.top + int(y[inside].max()) + 1
        pieces.append(Mark((label,), left, top, right, bottom, cell=near[number]))
    return pieces


def _overlap(mark: Mark, cell: Cell) -> bool:
    """Whether a mark reaches into a cell."""
    across = min(mark.right, cell.right) - max(mark.left, cell.left)
    down = min(mark.bottom, cell.bottom) - max(mark.top, cell.top)
    return across > 0.05 * cell.width and down > 0.05 * cell.height


def reading_boxes(marks: Sequence[Mark], cells: Sequence[Cell]) -> NDArray:
    """Left, top, right and bottom (N, 4) of the marks; a mark in a cell is as high as its cell."""
    whole = [cells[mark.cell] if mark.cell >= 0 else mark for mark in marks]
    return np.array(
        [(mark.left, each.top, mark.right, each.bottom) for mark, each in zip(marks, whole, strict=True)],
        np.float64,
    )


def beside_cells(marks: Sequence[Mark], everything: bool) -> list[Omission]:
    """The marks that stand outside all cells and are left out: print, or everything where that is asked for."""
    heights = [mark.height for mark in marks if mark.cell >= 0]
    if not heights:
        return []
    least = PRINT * float(np.median(heights))
    return [Omission(mark, BESIDE) for mark in marks if mark.cell < 0 and (everything or mark.height < least)]
