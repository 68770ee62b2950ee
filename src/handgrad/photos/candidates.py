"""Over-segmentation: every way in which the marks of a line may form digits, and the cheapest of them.

A line is a row of marks; those that may hold several digits have been cut into pieces (cuts.py). A run of
neighbouring marks that is no wider than a digit is a `Candidate`. Candidates are the edges of a graph whose
nodes are the places between marks, and a division of the line is a path from its first place to its last.
What a candidate costs as a digit is decided in reading.py, from the outputs of the networks.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from handgrad.photos.marks import Mark, distance, joined

WIDEST = 1.7  # a candidate of several marks is at most this many times as wide as high
WIDEST_GAP = 0.2  # largest gap between two marks of one candidate, in heights of the line's digits
MOST_GAPS = 2  # largest number of such gaps in one candidate
MOST_MARKS = 9  # largest number of marks in one candidate
CUT_COST = 0.3  # cost of a candidate that ends at a cut
GAP_COST = 1.2  # cost of a gap for each height by which it is wider than FREE_GAP
FREE_GAP = 0.04  # in heights
BROKEN_GAP = 0.15  # largest distance between the marks of a broken digit, in heights of the digit
BROKEN_PART = 0.8  # no mark of a broken digit is higher than this share of it


class Place(NamedTuple):
    """A place between two marks of a page. Places are ordered as people read."""

    line: int
    mark: int  # number of the uncut mark, in its line, that begins here or is cut here
    piece: int  # 0 where the mark begins; at a cut, the number of the piece that begins here


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


def candidates(lines: Sequence[Sequence[Mark]], heights: Sequence[float]) -> list[Candidate]:
    """The candidates of all lines. heights: of the digits in each line, in pixels."""
    return [
        candidate
        for number, (line, height) in enumerate(zip(lines, heights, strict=True))
        for candidate in _candidates_of(line, number, height)
    ]


def _candidates_of(line: Sequence[Mark], number: int, height: float) -> list[Candidate]:
    places = _places(line, number)
    found = []
    for i in range(len(line)):
        for j in range(i + 1, min(i + MOST_MARKS, len(line)) + 1):
            marks = line[i:j]
            if len(marks) > 1 and not _may_be_one_digit(marks, height):
                continue
            cost = CUT_COST * (places[j].piece > 0) + sum(
                _gap_cost(*pair, height) for pair in pairwise(marks)
            )
            found.append(Candidate(places[i], places[j], joined(marks), cost))
    return found


def _places(line: Sequence[Mark], number: int) -> list[Place]:
    """The place before each mark; then the end of the line, which is where the next line begins."""
    places: list[Place] = []
    mark, piece = -1, 0
    for each in line:
        mark, piece = (mark, piece + 1) if each.after_cut else (mark + 1, 0)
        places.append(Place(number, mark, piece))
    return [*places, Place(number + 1, 0, 0)]


def cheapest(found: Sequence[Candidate], costs: Sequence[float]) -> list[int]:
    """The indices of the candidates that divide all lines at the least cost, in reading order.

    The shortest path by dynamic programming. costs: of each candidate as a digit, without candidate.cost.
    """
    paths: dict[Place, tuple[float, list[int]]] = {found[0].start: (0.0, [])}
    for i in sorted(range(len(found)), key=lambda i: found[i].end):
        before, path = paths[found[i].start]
        total = before + found[i].cost + costs[i]
        if found[i].end not in paths or total < paths[found[i].end][0]:
            paths[found[i].end] = (total, [*path, i])
    return paths[max(paths)][1]


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
    gaps = [after.left - before.right for before, after in pairwise(marks) if not after.after_cut]
    if len(gaps) > MOST_GAPS or max(gaps, default=0) > WIDEST_GAP * height:
        return False
    whole = joined(marks)
    return whole.width <= WIDEST * whole.height
