"""Over-segmentation: every way in which the marks of a line may form digits, and the cheapest of them.

A line is a row of marks; those that may hold several digits have cuts (cuts.py). A run of neighbouring marks,
perhaps from a cut to a cut, that is no wider than a digit is a `Candidate`. Candidates are the edges of a
graph whose nodes are the cuts and the places between marks, and a division of the line is a path from its
first place to its last.
What a candidate costs as a digit is decided in division.py, from the outputs of the networks.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from handgrad.photos.expectation import ANY, Digits, Expectation
from handgrad.photos.marks import Mark, distance, joined

WIDEST = 1.7  # a candidate of several marks is at most this many times as wide as high
WIDEST_GAP = 0.2  # largest gap between two marks of one candidate, in heights of the line's digits
MOST_GAPS = 2  # largest number of such gaps in one candidate
MOST_MARKS = 9  # largest number of marks of a broken digit
CUT_COST = 0.25  # cost of a candidate that ends at a cut,
CROSSED_COST = 0.0  # and for each stroke width that the cut crosses
MOST_CROSSING = 0.02  # two cuts that cross may have this share of a candidate's ink between them
GAP_COST = 1.2  # cost of a gap for each height by which it is wider than FREE_GAP
FREE_GAP = 0.04  # in heights
SEPARATOR_COST = 0.1  # cost of a mark that stands for a separator of the pattern
BROKEN_GAP = 0.15  # largest distance between the marks of a broken digit, in heights of the digit
BROKEN_PART = 0.8  # no mark of a broken digit is higher than this share of it


class Place(NamedTuple):
    """A place in a line: before a mark, at a cut, or at the end. Places are ordered as people read."""

    line: int
    mark: int  # number of the mark, in its line, that begins here or is cut here
    piece: int  # 0 where the mark begins; at a cut, its number, counted from 1


class Candidate(NamedTuple):
    """Neighbouring marks of a line that may be one digit."""

    start: Place
    end: Place  # the place behind the last of the marks
    mark: Mark  # the marks joined
    cost: float  # of a cut at the end and of the gaps within

    @property
    def ends_at_cut(self) -> bool:
        """Whether it was cut from the digit that follows."""
        return self.end.piece > 0

    @property
    def is_mark(self) -> bool:
        """Whether it is a single mark, whole."""
        return self.start.piece == self.end.piece == 0 and self.end.mark == self.start.mark + 1


def candidates(lines: Sequence[Sequence[Mark]], heights: Sequence[float]) -> list[Candidate]:
    """The candidates of all lines. heights: of the digits in each line, in pixels."""
    return [
        candidate
        for number, (line, height) in enumerate(zip(lines, heights, strict=True))
        for candidate in _candidates_of(line, number, height)
    ]


def _candidates_of(line: Sequence[Mark], number: int, height: float) -> list[Candidate]:
    places = [Place(number, i, cut) for i, mark in enumerate(line) for cut in range(len(mark.cuts) + 1)]
    places.append(Place(number, len(line), 0))
    found = []
    for i, start in enumerate(places):
        for end in places[i + 1 :]:
            last = end.mark + (end.piece > 0)
            if last - start.mark > MOST_GAPS + 1:
                break
            marks = [_between(line[k], k, start, end) for k in range(start.mark, last)]
            parts = [mark for mark in marks if mark is not None]
            is_mark = last == start.mark + 1 and start.piece == end.piece == 0
            if len(parts) < len(marks) or not (is_mark or _may_be_one_digit(parts, height)):
                continue
            cost = sum(_gap_cost(*pair, height) for pair in pairwise(parts))
            if end.piece:
                cost += CUT_COST + CROSSED_COST * line[end.mark].cuts[end.piece - 1].crossed
            found.append(Candidate(start, end, parts[0] if len(parts) == 1 else joined(parts), cost))
    return found


def _between(mark: Mark, number: int, start: Place, end: Place) -> Mark | None:
    """The part of a mark, with this number in its line, between two places; None where its cuts cross."""
    begins = mark.cuts[start.piece - 1].left if number == start.mark and start.piece else frozenset()
    ends = mark.cuts[end.piece - 1].left if number == end.mark else None
    if not begins and ends is None:
        return mark
    inside = [p for p in mark.pieces if (ends is None or p.label in ends) and p.label not in begins]
    crossing = sum(
        p.area for p in mark.pieces if ends is not None and p.label in begins and p.label not in ends
    )
    if not inside or crossing > MOST_CROSSING * sum(p.area for p in inside):
        return None
    return Mark(
        tuple(p.label for p in inside),
        min(p.left for p in inside),
        min(p.top for p in inside),
        max(p.right for p in inside),
        max(p.bottom for p in inside),
        cell=mark.cell,
    )


class Choice(NamedTuple):
    """A candidate of a division."""

    number: int  # of the candidate
    digits: Digits  # those that may stand there; none if it stands for a separator of the pattern


class _Path(NamedTuple):
    """The cheapest way to divide the marks of a line that stand before a place."""

    cost: float
    last: Choice | None = None
    before: "_Path | None" = None


def cheapest(
    found: Sequence[Candidate],
    cost: Callable[[int, Digits], float],
    expected: Expectation | None = None,
) -> tuple[float, list[Choice]]:
    """The least cost of a division of a line, and its candidates; infinite, and none, if no division agrees.

    The shortest path by dynamic programming, through the places and the steps of what is expected.
    cost: of a candidate, by its index, as one of some digits, without Candidate.cost.
    """
    paths: dict[Place, dict[int, _Path]] = {found[0].start: {0: _Path(0.0)}}
    for i in sorted(range(len(found)), key=lambda i: found[i].end):
        ends = paths.setdefault(found[i].end, {})
        for step, path in paths.get(found[i].start, {}).items():
            for choice, after in _choices(i, found[i], step, expected):
                price = found[i].cost + cost(i, choice.digits) if choice.digits else SEPARATOR_COST
                total = path.cost + price
                if after not in ends or total < ends[after].cost:
                    ends[after] = _Path(total, choice, path)
    agreeing = [path for step, path in paths[max(paths)].items() if expected is None or expected.ends(step)]
    if not agreeing:
        return math.inf, []
    path, chosen = min(agreeing, key=lambda path: path.cost), list[Choice]()
    cost_of_all = path.cost
    while path.before and path.last:
        chosen.append(path.last)
        path = path.before
    return cost_of_all, chosen[::-1]


def _choices(
    index: int, candidate: Candidate, step: int, expected: Expectation | None
) -> Iterator[tuple[Choice, int]]:
    """What a candidate may be after a step of what is expected, each with the step that follows."""
    if expected is None:
        yield Choice(index, ANY), 0
        return
    if expected.is_separator(step) and candidate.is_mark:
        yield Choice(index, frozenset()), step + 1
    digit = expected.next_digit(step)
    if digit < len(expected.steps):
        yield Choice(index, expected.steps[digit] or ANY), digit + 1


def broken_digit(marks: Sequence[Mark]) -> Mark | None:
    """All marks of a page as one broken digit; None if they are too many, too far apart or too large."""
    if not 2 <= len(marks) <= MOST_MARKS or len({mark.cell for mark in marks}) > 1:
        return None
    whole = joined(marks)
    if whole.width > WIDEST * whole.height or max(mark.height for mark in marks) > BROKEN_PART * whole.height:
        return None
    nearest = [min(distance(mark, other) for other in marks if other is not mark) for mark in marks]
    return whole if max(nearest) <= BROKEN_GAP * whole.height else None


def _gap_cost(before: Mark, after: Mark, height: float) -> float:
    """The cost of joining two marks over the gap between them."""
    gap = max(0, after.left - before.right) / height
    return GAP_COST * max(0.0, min(WIDEST_GAP, gap) - FREE_GAP)


def _may_be_one_digit(marks: Sequence[Mark], height: float) -> bool:
    """Whether several marks are near enough to each other, and narrow enough, to be one digit."""
    if len({mark.cell for mark in marks}) > 1:
        return False
    gaps = [after.left - before.right for before, after in pairwise(marks)]
    if max(gaps, default=0) > WIDEST_GAP * height:
        return False
    whole = joined(marks)
    return whole.width <= WIDEST * whole.height
