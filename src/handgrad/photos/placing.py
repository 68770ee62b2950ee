"""Which mark stands in which cell of a form, and what each cell holds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.photos.marks import Cell, Mark, Omission, Page
from handgrad.photos.result import PRINT, Field
from handgrad.photos.work import TOO_INTRICATE, spent

OWN_SHARE = 0.2  # a mark with less than this share of its ink in a cell does not belong there
FOR_ONE = 1.25  # a cell of less width, in its heights, has room for one digit
ONE_DIGIT = 1.05  # a mark of this width, in cells, may be two digits
SEVERAL = 3  # where so many cells are filled, the picture is a form: all else on it is left out
LOWER = 0.6  # marks beside the cells are print if they are lower than this share of those within
CLOSE = 0.06  # how near to a cell the rest of a digit is, in heights of the cell
REST = 0.3  # it is narrower than this share of a cell
DISTANCE_STEPS = 4  # of work.py, for each pixel of a mark and each cell that it may lie in
SIDE = "rest of a frame"
BESIDE = "mark beside the cells of a form"


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
    if max(mark.width, mark.height) > 0.15 * cell.height or not _overlap(mark, grown(cell, 0.1)):
        return False
    return not _overlap(mark, grown(cell, -0.06))


def grown(cell: Cell, share: float) -> Cell:
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
    if not spent(DISTANCE_STEPS * len(x) * len(cells)):
        raise ImageError(TOO_INTRICATE)
    nearest, least = np.zeros(len(x), np.intp), np.full(len(x), np.inf)
    for number, cell in enumerate(cells):
        distance = cell.distance(x, y)
        is_nearer = distance < least
        nearest[is_nearer], least[is_nearer] = number, distance[is_nearer]
    return y, x, nearest


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

    In a row of cells a cell may have been missed: what is as high there as digits is not left out. On a form,
    what is lower than digits is its print.
    """
    heights = [mark.height for mark in marks if mark.cell >= 0]
    if not heights:
        return []
    is_form = len({mark.cell for mark in marks if mark.cell >= 0}) >= SEVERAL
    least = LOWER * float(np.median(heights))
    beside = [
        mark
        for mark in marks
        if mark.cell < 0 and (mark.height < least or (is_form and not _is_in_row(mark, cells)))
        if not _is_between(mark, cells)
    ]
    narrow = REST * float(np.median([cell.width for cell in cells]))
    already = set(beside)
    beside += [
        mark
        for mark in marks
        if mark.cell < 0 and mark not in already and mark.width < narrow and _is_close(mark, cells)
    ]
    letters = {mark for mark in beside if mark.height < least and not _is_close(mark, cells)}
    boxes = np.array([(each.left, each.top, each.right, each.bottom) for each in letters]).reshape(-1, 4)
    letters |= {mark for mark in beside if mark.height < least and _is_in_word(mark, boxes)}
    has_print = is_form and len(letters) >= SEVERAL
    return [Omission(mark, PRINT if has_print and mark in letters else BESIDE) for mark in beside]


def _is_in_word(mark: Mark, letters: NDArray) -> bool:
    """Whether a mark that all but touches a cell stands right beside a letter: its tail reaches down.

    letters (N, 4): left, top, right, bottom.
    """
    left, top, right, bottom = letters.T
    apart = np.maximum(mark.left - right, left - mark.right)
    shared = np.minimum(mark.bottom, bottom) - np.maximum(mark.top, top)
    half = 0.5 * (bottom - top)
    return bool(((apart <= half) & (shared >= half)).any())


def _is_close(mark: Mark, cells: Sequence[Cell]) -> bool:
    """Whether a mark all but touches a cell: it may be the rest of a digit that reaches out of it."""
    return any(
        mark.left < near.right
        and near.left < mark.right
        and mark.top < near.bottom
        and near.top < mark.bottom
        for near in (grown(cell, CLOSE) for cell in cells)
    )


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
    for_one = {n for n, cell in enumerate(page.cells) if is_for_one(cell)}
    parts: dict[int, int] = {}
    for mark in page.marks:
        if mark.cell in for_one:
            parts[mark.cell] = parts.get(mark.cell, 0) + len(mark.parts)
    return parts


def is_for_one(cell: Cell) -> bool:
    """Whether a cell has room for one digit."""
    return cell.width < FOR_ONE * cell.height


def fields_of(page: Page, cells: Sequence[int], digits: Sequence[int | str]) -> list[Field]:
    """The fields of a page, the empty ones too. cells: of each digit, the number of its cell."""
    places = [[i for i, cell in enumerate(cells) if cell == number] for number in range(len(page.cells))]
    return [
        Field(page.box(cell), "".join(str(digits[i]) for i in own), tuple(own))
        for cell, own in zip(page.cells, places, strict=True)
    ]
