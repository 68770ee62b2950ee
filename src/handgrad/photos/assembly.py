"""The connected components of a picture -> its page: signs, digits in lines, and what is left out."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.photos.edges import AtBorder
from handgrad.photos.left_out import OPERATOR, at_border, bars, worth_a_word
from handgrad.photos.lines import in_lines
from handgrad.photos.marks import Cell, Mark, Omission, Page, PageSign, Stroke, distance
from handgrad.photos.placing import beside_cells, is_for_one, on_sides, placed, reading_boxes
from handgrad.photos.selection import of_digit_size, usual_height, with_fragments_joined, without_edges
from handgrad.photos.signs import Usual, signs_among
from handgrad.photos.slashes import straight_strokes
from handgrad.photos.traits import Traits, cross, is_clear, shape_of, traits
from handgrad.photos.work import TOO_INTRICATE, spent

MOST = 64  # largest number of digits on a picture
MOST_COMPONENTS = 2000  # marks of all sizes that are looked at
PAIR_STEPS = 2_500  # of work.py, for each component and each cell
TRAITS_STEPS, OWN_STEPS = 100_000, 10  # for each mark whose traits are measured, and each pixel of its box
MOST_COVERED = 5  # the boxes of all marks together are at most so many times as large as the picture
SMALLEST_ZERO = 0.14  # height of a small zero, in heights of a digit
ROUND = 0.2  # least share of its box that its hole covers
APART = 0.05  # how far it is from other ink, in heights


class Components(NamedTuple):
    """The connected components of the ink, and those that entered from outside the picture."""

    ink: NDArray
    labels: NDArray
    marks: list[Mark]
    outer: Sequence[tuple[Mark, Traits]] = ()
    cut_off: AtBorder = AtBorder()  # strokes at the border of the picture that are no ink


def assembled(found: Components, size: tuple[int, int], cells: Sequence[Cell] = ()) -> Page:
    """The page of the components. ImageError if there are more than 64 digits.

    size: of the picture.  cells: of the form that it shows.
    """
    ink, labels, components, outer, cut_off = found

    @cache
    def look(mark: Mark) -> Traits:
        if not spent(TRAITS_STEPS + OWN_STEPS * mark.width * mark.height):
            raise ImageError(TOO_INTRICATE)
        return traits(ink, labels, mark)

    if len(components) > MOST_COMPONENTS:
        raise too_many(len(components))
    if not spent(PAIR_STEPS * len(components) * len(cells)):
        raise ImageError(TOO_INTRICATE)
    if sum(mark.width * mark.height for mark in components) > MOST_COVERED * ink.size:
        raise ImageError(
            "expected digits side by side; got marks that lie across each other: crop the picture"
        )
    inner = without_edges(components, ink.shape)
    marks, signs = placed(labels, inner, cells), []
    edges = set(components) - set(inner)
    components = [*marks, *(mark for mark in components if mark in edges)]
    beside = [*on_sides(marks, cells), *beside_cells(marks, cells)]
    outside = {each.mark for each in beside}
    marks = [mark for mark in marks if mark not in outside]
    usual = _usual(marks, look) if 0 < len(of_digit_size(marks)) <= 4 * MOST else None
    if usual:
        signs = signs_among(marks, usual, look, lambda mark, surely: cross(shape_of(labels, mark), surely))
        held = Counter(mark.cell for mark in marks)  # what stands alone in a cell is a digit
        roomy = {number for number, cell in enumerate(cells) if held[number] > 1 and not is_for_one(cell)}
        signs = [sign for sign in signs if sign.mark.cell < 0 or sign.mark.cell in roomy]
        taken = {part for sign in signs for part in sign.mark.parts}
        marks = [mark for mark in marks if mark.parts[0] not in taken]
    if len(of_digit_size(marks)) <= 4 * MOST:  # joining takes long on print and patterns, which are refused
        rings = _small_zeros(marks, labels, usual, look) if usual else set()
        marks = of_digit_size(with_fragments_joined(marks, rings), rings)
    if len(marks) > MOST:
        raise too_many(len(marks))
    lines = [[marks[i] for i in line] for line in in_lines(reading_boxes(marks, cells))]
    if not usual or not lines:
        return Page(ink, labels, lines, size, left_out=beside, cells=cells)
    strokes: dict[Mark, Stroke] = {}
    for line in lines:
        strokes |= straight_strokes(line, usual, look)
    read = [mark for line in lines for mark in line]
    told = [*(sign.mark for sign in signs), *(each.mark for each in beside)]
    used = {part for mark in (*read, *told) for part in mark.parts}
    dropped = [mark for mark in components if mark.parts[0] not in used]
    left_out = [*beside, *worth_a_word(dropped, read, usual, look), *at_border(outer, read, usual)]
    left_out += at_border([(mark, None) for mark in cut_off.beside], read, usual)
    left_out += bars(cut_off.level, read, usual)
    left_out += [Omission(sign.mark, OPERATOR) for sign in signs if not sign.text]
    page_signs = [
        PageSign(sign.mark, sign.text, _line_of(sign.mark, lines), sign.unclear)
        for sign in signs
        if sign.text
    ]
    return Page(ink, labels, lines, size, left_out=left_out, signs=page_signs, strokes=strokes, cells=cells)


def too_many(count: int, what: str = "marks") -> ImageError:
    """What is said of a picture with more digits than one may hold."""
    return ImageError(f"expected at most {MOST} digits on a picture; got {count} {what}: crop the picture")


def _usual(marks: Sequence[Mark], look: Callable[[Mark], Traits]) -> Usual:
    """The digits among the marks: their height, the width of their strokes and their contrast."""
    height = usual_height(list(marks))
    seen = [look(mark) for mark in marks if 0.5 * height <= mark.height <= 1.7 * height]
    stroke, contrast = np.median([(each.stroke, each.contrast) for each in seen], axis=0)
    return Usual(height, float(stroke), float(contrast))


def _small_zeros(
    marks: Sequence[Mark], labels: NDArray, usual: Usual, look: Callable[[Mark], Traits]
) -> set[Mark]:
    """The small rings that stand alone: zeros, not the loop of another digit."""
    least, most = SMALLEST_ZERO * usual.height, 0.6 * usual.height
    rings = [
        mark
        for mark in marks
        if least <= mark.height <= most and 0.4 * mark.height <= mark.width <= most
        if look(mark).hole >= ROUND and look(mark).contrast >= 0.6 * usual.contrast
    ]
    apart = max(2, round(APART * usual.height))
    return {
        mark
        for mark in rings
        if is_clear(labels, mark, apart)
        and not any(_is_above_or_below(mark, other) for other in rings if other is not mark)
    }


def _is_above_or_below(mark: Mark, other: Mark) -> bool:
    overlap = min(mark.right, other.right) - max(mark.left, other.left)
    near = distance(mark, other) < 0.5 * mark.height
    return near and overlap > 0.5 * min(mark.width, other.width)


def _line_of(mark: Mark, lines: Sequence[Sequence[Mark]]) -> int:
    """The number of the line in which a mark stands: that of the nearest digit."""
    nearest = [min((distance(mark, each) for each in line), default=np.inf) for line in lines]
    return int(np.argmin(nearest))
