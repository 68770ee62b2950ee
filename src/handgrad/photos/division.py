"""The ways to divide a line of marks into digits.

A line is a row of pieces: marks as they were found and, where one may be several digits, the parts that it
may be cut into. Every run of neighbouring pieces that is no wider than a digit may be one. What each run
costs as a digit is for others to say (handgrad.photos.reading asks the network); the cheapest division wins.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from handgrad.photos.cuts import cut
from handgrad.photos.marks import Mark, Page, joined

WIDEST = 1.7  # width over height above which a run cannot be one digit
APART = 0.2  # heights between two marks above which they cannot be parts of one digit
MOST_PIECES = 9  # that one digit is put together of
CUT_COST = 0.3  # what a cut must save
GAP_COST = 1.2  # and a join over a gap, for each height that the gap is wider than NEAR
NEAR = 0.04


class Run(NamedTuple):
    """Pieces from start to before end, as one mark."""

    start: int
    end: int
    mark: Mark
    cut: bool  # whether it ends at a cut
    cost: float  # of that, and of the gaps within


def runs(page: Page, line: Sequence[Mark], suspects: Sequence[bool], height: float, cuts: int) -> list[Run]:
    """Every run of pieces of a line that may be a digit. Suspects are cut; page.labels is changed in place.

    height: of the line's digits, in pixels.  cuts: at most so many in one mark.
    """
    pieces: list[Mark] = []
    after_cut: list[bool] = []  # whether a cut lies between this piece and the one before it
    for mark, suspect in zip(line, suspects, strict=True):
        parts = cut(page, mark, cuts) if suspect else [mark]
        pieces += parts
        after_cut += [False] + [True] * (len(parts) - 1)
    found = []
    for i in range(len(pieces)):
        for j in range(i + 1, min(i + MOST_PIECES, len(pieces)) + 1):
            if j == i + 1 or _may_be_one(pieces[i:j], after_cut[i + 1 : j], height):
                ends_at_cut = j < len(pieces) and after_cut[j]
                cost = CUT_COST * ends_at_cut + sum(
                    _gap_cost(*pair, height) for pair in pairwise(pieces[i:j])
                )
                found.append(Run(i, j, joined(pieces[i:j]), ends_at_cut, cost))
    return found


def cheapest(found: Sequence[Run], costs: Sequence[float]) -> list[int]:
    """The numbers of the runs that follow one another from the first piece to the last, and cost least."""
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    for here in range(1, 1 + max(run.end for run in found)):
        ways = [
            (best[run.start][0] + cost, [*best[run.start][1], number])
            for number, (run, cost) in enumerate(zip(found, costs, strict=True))
            if run.end == here
        ]
        best.append(min(ways, key=lambda way: way[0]))
    return best[-1][1]


def _gap_cost(before: Mark, after: Mark, height: float) -> float:
    """What it costs to join two pieces that are not parts of one mark: more where they are farther apart."""
    gap = max(0, after.left - before.right) / height
    return GAP_COST * max(0.0, min(APART, gap) - NEAR)


def _may_be_one(pieces: Sequence[Mark], cuts: Sequence[bool], height: float) -> bool:
    """Whether pieces, or the parts of a mark, are near enough to be one digit."""
    whole = joined(list(pieces))
    gaps = [
        after.left - before.right
        for (before, after), cut in zip(pairwise(pieces), cuts, strict=True)
        if not cut
    ]
    if len(gaps) > 2 or max(gaps, default=0) > APART * height:
        return all(cuts)
    return whole.width <= WIDEST * whole.height
