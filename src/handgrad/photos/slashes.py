"""Slashes: straight leaning strokes in a line of digits that are no 1.

A 1 may lean as well. A stroke is a slash where its neighbours show it: two strokes part a day, a month and a
year, and lean otherwise than the 1 of the line; or it reaches beyond the digits beside it, above and below.
"""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from handgrad.photos.marks import Mark, Stroke
from handgrad.photos.signs import Usual
from handgrad.photos.traits import Traits

LEAN, HIGH_LEAN = 12.0, 8.0  # least lean of a slash, in degrees, and of one that is higher than a 1
OTHERWISE = 6.0  # least difference from the lean of a 1
STEEP = 18.0  # least lean where there is no 1 to compare with
STRAIGHT = 0.11  # largest extent across a straight stroke, in heights of a digit
BEYOND = 0.05  # how far a long stroke reaches beyond its neighbours, in heights of a digit
HIGH = 1.12  # least height of a high stroke, in heights of a digit of its line
DAYS, MONTHS = 31, 12


def straight_strokes(
    line: Sequence[Mark], usual: Usual, look: Callable[[Mark], Traits]
) -> dict[Mark, Stroke]:
    """The marks of a line that are one straight stroke: each is a 1 or a slash."""
    beyond = BEYOND * usual.height
    height = float(np.median([mark.height for mark in line]))
    thick = max(2 * usual.stroke, STRAIGHT * usual.height)
    strokes = {}
    for i, mark in enumerate(line):
        seen = look(mark)
        if mark.height < 0.75 * usual.height or seen.thickness > thick or abs(seen.lean) > 50:
            continue
        beside = [*line[max(0, i - 1) : i], *line[i + 1 : i + 2]]
        is_long = len(beside) == 2 and all(
            mark.top <= each.top - beyond and mark.bottom >= each.bottom + beyond for each in beside
        )
        strokes[mark] = Stroke(seen.lean, mark.height / height, is_long)
    return strokes


def slash_places(texts: Sequence[str], strokes: Sequence[Stroke | None]) -> tuple[set[int], set[int]]:
    """The places of the slashes in a line of digits, and the places where a person should decide.

    texts: what was read.  strokes: those that are straight strokes.
    """
    leaning = [
        i for i, each in enumerate(strokes) if each and each.lean >= (HIGH_LEAN if _is_high(each) else LEAN)
    ]
    inner = [i for i in leaning if 0 < i < len(texts) - 1]
    dates = [set(pair) for pair in combinations(inner, 2) if _is_date(texts, *pair)]
    for pair in dates:
        if _differ(pair, strokes) or all(_is_high(strokes[i]) for i in pair):
            return pair, set()
    long = {i for i, each in enumerate(strokes) if i in inner and each and each.is_long}
    if len(long) == 1 and _differ(long, strokes):
        return long, set()
    # A digit of the date may be misread: strokes at its places that are higher than the digits are in doubt.
    high = [i for i in inner if _is_high(strokes[i])]
    perhaps = [set(pair) for pair in combinations(high, 2) if _has_lengths(texts, *pair)]
    return set(), set().union(*dates, *perhaps, long if _differ(long, strokes) else set())


def _differ(places: set[int], strokes: Sequence[Stroke | None]) -> bool:
    """Whether strokes lean more than the other straight strokes of the line, and steeply without others."""
    chosen = [each.lean for i, each in enumerate(strokes) if each and i in places]
    ones = [each.lean for i, each in enumerate(strokes) if each and i not in places]
    least = max(ones) + OTHERWISE if ones else STEEP
    return bool(chosen) and min(chosen) >= least


def _is_high(stroke: Stroke | None) -> bool:
    """Whether a stroke is longer than a 1 of its line would be."""
    return stroke is not None and (stroke.is_long or stroke.height >= HIGH)


def _has_lengths(texts: Sequence[str], first: int, second: int) -> bool:
    """Whether two places part as many digits as a day, a month and a year have."""
    return first in (1, 2) and second - first in (2, 3) and len(texts) - second - 1 in (2, 4)


def _is_date(texts: Sequence[str], first: int, second: int) -> bool:
    """Whether the digits before, between and behind two places are a day, a month and a year."""
    day, month, year = (
        "".join(part) for part in (texts[:first], texts[first + 1 : second], texts[second + 1 :])
    )
    if not (day + month + year).isdigit() or len(year) not in (2, 4) or max(len(day), len(month)) > 2:
        return False
    low, high = sorted((int(day or 0), int(month or 0)))  # the month stands first in some countries
    return 1 <= low <= MONTHS and high <= DAYS
