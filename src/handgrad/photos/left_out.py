"""Which of the marks that are not read are worth a word: those that a person would call a mark.

The grain of the paper, a table beside the sheet and printed lines are not. A mark that is has the contrast
and the stroke of the digits, and stands in or near a line of them.
"""

from collections.abc import Callable, Iterable, Sequence

from handgrad.photos.marks import Mark, Omission, distance, joined
from handgrad.photos.signs import Usual
from handgrad.photos.traits import Traits

FAINTEST = 0.6  # least contrast, as a share of the digits'
SMALLEST = 0.6  # least size, in strokes of the digits,
SMALLEST_SHARE = 0.05  # and in heights of a digit
STROKES = (0.35, 2.4)  # width of its stroke, in those of the digits
BESIDE, ABOVE = 1.5, 0.3  # how far from a digit it may stand, in heights
LARGEST = 3.0  # in heights
BLOT, AS_DARK = 6.0, 0.95  # width of the strokes of a blot or a filled zero, and its least contrast
BAR_GAP, BAR_THICK = 2.0, 2.0  # of a bar at the border: gap to its digit, and thickness, in strokes,
BAR_WIDTHS = (0.4, 1.6)  # and its width, in widths of the digit
PIECES = 0.6  # largest gap between the pieces of a digit at the border, in heights

DOT, DASH, MARK, OPERATOR = "dot", "dash", "mark", "operator"
AT_BORDER, LARGE = "mark at the border", "mark larger than the digits"


def worth_a_word(
    marks: Iterable[Mark], digits: Sequence[Mark], usual: Usual, look: Callable[[Mark], Traits]
) -> list[Omission]:
    """The marks that were dropped for their size and that a person would call marks."""
    return [
        Omission(mark, _reason(mark, usual))
        for mark in marks
        if _has_size(mark, usual) and _is_near(mark, digits, usual) and not _is_end(mark, digits, usual)
        if _is_ink(look(mark), usual)
    ]


def at_border(
    marks: Iterable[tuple[Mark, Traits | None]], digits: Sequence[Mark], usual: Usual
) -> list[Omission]:
    """The marks at the border of the picture that have the size of digits and stand in their lines.

    Those without traits have the shade of the ink; how wide their strokes are, nobody sees.
    """
    inked = [mark for mark, seen in marks if seen is None or _is_ink(seen, usual)]
    return [
        Omission(mark, AT_BORDER)
        for mark in _stacked(inked, PIECES * usual.height)
        if 0.35 * usual.height <= mark.height <= 2 * usual.height and mark.width <= 2 * usual.height
        if _is_in_line(mark, digits) and _is_near(mark, digits, usual)
    ]


def bars(marks: Iterable[Mark], digits: Sequence[Mark], usual: Usual) -> list[Omission]:
    """The level strokes at the upper or the lower border that may be the bar or the foot of a digit."""
    return [Omission(mark, AT_BORDER) for mark in marks if any(_is_bar(mark, d, usual) for d in digits)]


def _is_bar(mark: Mark, digit: Mark, usual: Usual) -> bool:
    """Whether a level stroke all but touches a digit above or below it, and is no wider than a digit."""
    covered = min(mark.right, digit.right) - max(mark.left, digit.left)
    near = max(digit.top - mark.bottom, mark.top - digit.bottom) <= BAR_GAP * usual.stroke
    is_stroke = mark.height <= BAR_THICK * usual.stroke
    least, most = BAR_WIDTHS
    fits = least * digit.width <= mark.width <= most * max(digit.width, 0.5 * usual.height)
    return near and is_stroke and fits and covered >= 0.5 * mark.width


def _stacked(marks: Sequence[Mark], gap: float) -> list[Mark]:
    """The marks, those above each other as one: a border leaves several pieces of a digit. gap: in pixels."""
    wholes: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: mark.top):
        for i, whole in enumerate(wholes):
            shares_columns = mark.left < whole.right and whole.left < mark.right
            if shares_columns and mark.top - whole.bottom <= gap:
                wholes[i] = joined([whole, mark])
                break
        else:
            wholes.append(mark)
    return wholes


def _reason(mark: Mark, usual: Usual) -> str:
    if max(mark.width, mark.height) > 2 * usual.height:
        return LARGE
    if max(mark.width, mark.height) <= 0.35 * usual.height and mark.width <= 1.6 * mark.height:
        return DOT if mark.height <= 1.6 * mark.width else MARK
    return DASH if mark.width > 1.6 * mark.height else MARK


def _has_size(mark: Mark, usual: Usual) -> bool:
    """Whether a mark is neither a crumb, nor a frame or a printed line."""
    least = max(SMALLEST * usual.stroke, SMALLEST_SHARE * usual.height)
    longest = max(mark.width, mark.height)
    is_rule = mark.width > 1.2 * usual.height and mark.height < 0.3 * mark.width
    is_rule |= mark.height > 2 * usual.height and mark.width < 0.2 * mark.height
    return (
        longest >= 1.3 * least
        and min(mark.width, mark.height) >= least * 0.8
        and (longest <= LARGEST * usual.height and not is_rule)
    )


def _is_near(mark: Mark, digits: Sequence[Mark], usual: Usual) -> bool:
    """Whether a mark stands beside a digit, and encloses none."""
    across, down = BESIDE * usual.height, ABOVE * usual.height
    encloses = any(
        mark.left < d.left and mark.right > d.right and mark.top < d.top and mark.bottom > d.bottom
        for d in digits
    )
    return not encloses and any(
        max(mark.left - d.right, d.left - mark.right) <= across
        and max(mark.top - d.bottom, d.top - mark.bottom) <= down
        and d.top - down <= (mark.top + mark.bottom) / 2 <= d.bottom + down
        for d in digits
    )


def _is_end(mark: Mark, digits: Sequence[Mark], usual: Usual) -> bool:
    """Whether a small mark all but touches a digit above or below it: the end of a broken stroke."""
    return max(mark.width, mark.height) <= 0.15 * usual.height and any(
        d.left <= (mark.left + mark.right) / 2 <= d.right and distance(mark, d) <= 0.08 * usual.height
        for d in digits
    )


def _is_in_line(mark: Mark, digits: Sequence[Mark]) -> bool:
    """Whether half of a mark's height lies between the upper and the lower edge of a digit."""
    return any(
        min(mark.bottom, d.bottom) - max(mark.top, d.top) >= 0.5 * min(mark.height, d.height) for d in digits
    )


def _is_ink(seen: Traits, usual: Usual) -> bool:
    """Whether a mark was drawn by the pen of the digits."""
    least, most = STROKES
    if seen.contrast >= AS_DARK * usual.contrast:
        most = BLOT
    return seen.contrast >= FAINTEST * usual.contrast and (
        least * usual.stroke <= seen.stroke <= most * usual.stroke
    )
