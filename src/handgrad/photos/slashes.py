"""Slashes: straight strokes in a line of digits that are no 1.

A 1 may lean as well. A stroke is a slash where its neighbours show it: it is higher than the digits on both
sides, above and below them, or it parts day, month and year, and it leans otherwise than the 1 of the line.
"""

from collections.abc import Callable, Sequence

import numpy as np

from handgrad.photos.marks import Mark
from handgrad.photos.signs import Usual
from handgrad.photos.traits import Traits

LEAN = 12.0  # least lean of a slash, in degrees
OTHERWISE = 7.0  # least difference from the lean of a 1
STEEP = 18.0  # least lean where there is no 1 to compare with
BEYOND = 0.05  # how far it reaches beyond its neighbours, above and below, in heights
DATES = ({1, 2}, {1, 2}, {2, 4})  # how many digits a day, a month and a year have


def slashes(
    line: Sequence[Mark], usual: Usual, look: Callable[[Mark], Traits]
) -> tuple[list[Mark], list[Mark]]:
    """The slashes of a line, and the strokes that may be slashes or 1."""
    straight = {mark: look(mark).lean for mark in line if _is_straight(mark, look(mark), usual)}
    leaning = [mark for mark in straight if straight[mark] >= LEAN]
    dividers = [mark for mark in leaning if _is_long(mark, line, usual)]
    dated = next((pair for pair in _pairs(leaning, line) if _is_date(pair, line)), None)
    ones = [lean for mark, lean in straight.items() if mark not in (dated or dividers)]
    chosen = dated or dividers

    def differs(mark: Mark) -> bool:
        apart = [straight[mark] - lean for lean in ones]
        return min(apart) >= OTHERWISE if apart else straight[mark] >= STEEP

    if not chosen or chosen[0] is line[0] or chosen[-1] is line[-1]:
        return [], []
    sure = all(differs(mark) for mark in chosen) and (
        all(_is_long(mark, line, usual) for mark in chosen)
        or (dated is not None and (bool(ones) or _are_high(chosen, line)))
    )
    return (list(chosen), []) if sure else ([], list(dated or filter(differs, chosen)))


def _is_straight(mark: Mark, seen: Traits, usual: Usual) -> bool:
    """Whether a mark is one straight stroke that is as high as a digit."""
    return (
        mark.height >= 0.75 * usual.height
        and seen.thickness <= 2.0 * usual.stroke
        and abs(seen.lean) < 50
        and seen.hole < 0.01
    )


def _neighbours(mark: Mark, line: Sequence[Mark]) -> list[Mark]:
    i = line.index(mark)
    return [*line[max(0, i - 1) : i], *line[i + 1 : i + 2]]


def _is_long(mark: Mark, line: Sequence[Mark], usual: Usual) -> bool:
    """Whether a stroke reaches beyond the digits on both sides, above and below."""
    beyond = BEYOND * usual.height
    near = _neighbours(mark, line)
    return len(near) == 2 and all(
        mark.top <= each.top - beyond and mark.bottom >= each.bottom + beyond for each in near
    )


def _are_high(chosen: Sequence[Mark], line: Sequence[Mark]) -> bool:
    """Whether strokes are clearly higher than the digits of the line."""
    others = [mark.height for mark in line if mark not in chosen]
    return min(mark.height for mark in chosen) >= 1.1 * float(np.median(others))


def _pairs(strokes: Sequence[Mark], line: Sequence[Mark]) -> list[tuple[Mark, Mark]]:
    return [(one, other) for i, one in enumerate(strokes) for other in strokes[i + 1 :]]


def _is_date(pair: tuple[Mark, Mark], line: Sequence[Mark]) -> bool:
    """Whether two strokes part a line into day, month and year."""
    first, second = (line.index(mark) for mark in pair)
    parts = (first, second - first - 1, len(line) - second - 1)
    return all(count in allowed for count, allowed in zip(parts, DATES, strict=True))
