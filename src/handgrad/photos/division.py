"""The marks of a page as digits: the cheapest division of its lines into candidates.

    page -> candidates -> one batch through the networks -> the cheapest division

Marks that may hold several digits are cut, and the candidates that this makes are scored in a second batch.
Two batches are cheaper than one: without the first, every mark wider than a 1 would have to be cut, which
makes nine times as many candidates of a page.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from handgrad.errors import ImageError
from handgrad.model import Model
from handgrad.photos.candidates import Candidate, Place, broken_digit, candidates, cheapest
from handgrad.photos.cuts import cut
from handgrad.photos.expectation import ANY, Digits, Expectation
from handgrad.photos.marks import Mark, Page
from handgrad.photos.placing import sharing
from handgrad.photos.scoring import Answer, answers, restricted, second_network
from handgrad.photos.turning import FEWEST, NOTICED, evidence
from handgrad.photos.work import TOO_INTRICATE, spent

# Which marks are cut, and how often.
SURE = 0.95  # a mark of at least this sureness is not cut
NARROW = 0.4  # nor is a mark of at most this width, in heights
MOST_CUTS = 16  # largest number of cuts in one mark,
FEW_CUTS = 2  # and where the page has many marks or the model is asked without the second network
MANY = 24  # marks on a page, above which they are many
SEVERAL = 6  # on a page that seems to be turned, this many marks to be cut are many

# What a digit costs in a division.
DIGIT_COST = 0.04  # of each digit
DOUBT_COST = 0.45  # for each factor of e by which its sureness is below 1
AGREEMENT = 0.7  # the weight of the second network's view of the digit in its sureness
LEAST_SURENESS = 1e-3  # less costs no more
LOW_COST = 2.0  # for each height of the line by which it is lower than LOW
LOW = 0.6  # in heights of the line
WIDE_COST = 1.0  # for each height by which it is wider than WIDE
WIDE = 0.7  # in heights
SHARED_COST = 0.6  # of a digit that shares a cell for one digit with other ink

CANDIDATE_STEPS = 250_000  # of work.py, for the image of each candidate and what the networks see in it

FARTHEST = 4.0  # a division that agrees with what is expected may cost so much more than the cheapest
SURELY_BROKEN = 0.7  # sureness above which all marks are the parts of one broken digit


class ScoredCandidate(NamedTuple):
    """A candidate, and what the networks see in it."""

    candidate: Candidate
    answer: Answer
    digits: Digits = ANY  # those that may stand there; none if it stands for a separator of the pattern


class Division(NamedTuple):
    """The marks of a page as digits."""

    digits: Sequence[ScoredCandidate]  # in reading order
    separators: Sequence[Mark] = ()  # marks that stand for separators of the pattern
    mismatch: str | None = None  # how the page differs from what is expected, in words
    beyond: Collection[Mark] = ()  # marks too intricate to be cut


def divided(model: Model, page: Page, expected: Expectation | None = None) -> Division:
    """The cheapest division of all lines into candidates.

    expected: of all divisions, the cheapest that agrees with it; of a line where none does, or only one
    that is far too dear, the cheapest.
    """
    heights = [float(np.median([mark.height for mark in line])) for line in page.lines]
    scored, beyond = _scored(model, page, heights, expected)
    chosen: list[ScoredCandidate] = []
    disagreeing: list[int] = []
    for number, height in enumerate(heights):
        line = [each for each in scored if each.candidate.start.line == number]
        if not line:  # all marks are the parts of one digit, which stands in the first line
            continue
        least, division = _cheapest(model, line, height, None)
        if expected:
            cost, agreeing = _cheapest(model, line, height, expected)
            if cost <= least + FARTHEST:
                division = agreeing
            else:
                disagreeing.append(number)
        chosen += division
    digits = [each for each in chosen if each.digits]
    separators = [each.candidate.mark for each in chosen if not each.digits]
    mismatch = None
    if expected:
        counts = Counter(each.candidate.start.line for each in digits)
        mismatch = expected.mismatch([counts[number] for number in range(len(heights))], disagreeing)
    return Division(digits, separators, mismatch, beyond)


def _scored(
    model: Model, page: Page, heights: Sequence[float], expected: Expectation | None
) -> tuple[list[ScoredCandidate], set[Mark]]:
    """The candidates of a page; a single one, if all its marks are the parts of one broken digit.

    Also the marks that are too intricate to be cut.
    """
    parts = sharing(page)
    possible = candidates(page.lines, heights)
    if not spent(CANDIDATE_STEPS * len(possible)):
        raise ImageError(TOO_INTRICATE)
    whole = None if page.single or (expected and expected.digits > 1) else broken_digit(page.marks)
    scored = answers(model, page, [*(each.mark for each in possible), *([whole] if whole else [])])
    if whole:
        *scored, of_whole = scored
        if of_whole.sureness > SURELY_BROKEN and not _is_column(page, possible, scored):
            only = Candidate(possible[0].start, possible[-1].end, whole, 0.0)
            return [ScoredCandidate(only, of_whole)], set()
    known = {(each.start, each.end): answer for each, answer in zip(possible, scored, strict=True)}
    suspects = _suspects(page, possible, scored, heights, expected)
    suspects = {mark for mark in suspects if mark.cell not in parts}
    beyond = set[Mark]()
    if not page.single and suspects:
        few = len(page.marks) > MANY or second_network(model) is None
        few = few or (len(suspects) >= SEVERAL and _is_turned(model, page, possible, scored))
        ways = (FEW_CUTS,) if few else (MOST_CUTS, FEW_CUTS)  # the next where that is too much work
        finer = filter(None, (_finer(model, page, suspects, most, heights, known) for most in ways))
        possible, beyond = next(finer, (possible, suspects))
    return [
        ScoredCandidate(_as_sharing(each, parts), known[each.start, each.end]) for each in possible
    ], beyond


def _finer(
    model: Model,
    page: Page,
    suspects: set[Mark],
    most: int,
    heights: Sequence[float],
    known: dict[tuple[Place, Place], Answer],
) -> tuple[list[Candidate], set[Mark]] | None:
    """The candidates of a page on which these marks are cut, and the marks too intricate to be cut.

    None if the candidates are too much work.  most: cuts in one mark.  known: the answers of candidates, to
    which the new ones are added.
    """
    divided_page, beyond = cut(page, suspects, most)
    possible = candidates(divided_page.lines, heights)
    new = [each for each in possible if (each.start, each.end) not in known]
    marks = {each.mark.parts: each.mark for each in new}  # cuts that cross may bound the same ink
    if not spent(CANDIDATE_STEPS * len(marks)):
        return None
    of_parts = dict(zip(marks, answers(model, divided_page, [*marks.values()]), strict=True))
    known |= {(each.start, each.end): of_parts[each.mark.parts] for each in new}
    return possible, beyond


def _is_turned(model: Model, page: Page, possible: Sequence[Candidate], scored: Sequence[Answer]) -> bool:
    """Whether the page may lie on its side or upside down: then it is read again in another way."""
    marks = set(page.marks)
    images = [answer.image for each, answer in zip(possible, scored, strict=True) if each.mark in marks]
    return len(images) >= FEWEST and max(evidence(model, np.stack(images)).values()) >= NOTICED


def _as_sharing(candidate: Candidate, parts: Mapping[int, int]) -> Candidate:
    """The candidate, which costs more if it shares a cell for one digit with other ink.

    parts: of what each of these cells holds.
    """
    shares = len(candidate.mark.parts) < parts.get(candidate.mark.cell, 0)
    return candidate._replace(cost=candidate.cost + SHARED_COST) if shares else candidate


def _is_column(page: Page, possible: Sequence[Candidate], scored: Sequence[Answer]) -> bool:
    """Whether each mark is surely a digit by itself; the parts of a broken digit may look like a 0 or a 1."""
    marks = set(page.marks)
    alone = [answer for each, answer in zip(possible, scored, strict=True) if each.mark in marks]
    return all(answer.sureness > SURE for answer in alone) and any(
        answer.outputs.argmax() > 1 for answer in alone
    )


def _cheapest(
    model: Model, line: Sequence[ScoredCandidate], height: float, expected: Expectation | None
) -> tuple[float, list[ScoredCandidate]]:
    """The cost of the cheapest division of a line that agrees with what is expected, and the division."""

    @cache
    def answer(i: int, digits: Digits) -> Answer:
        return restricted(model, line[i].answer, digits)

    def cost(i: int, digits: Digits) -> float:
        return _cost(line[i].candidate.mark, answer(i, digits), height)

    total, chosen = cheapest([each.candidate for each in line], cost, expected)
    return total, [
        ScoredCandidate(line[i].candidate, answer(i, digits) if digits else line[i].answer, digits)
        for i, digits in chosen
    ]


def _suspects(
    page: Page,
    possible: Sequence[Candidate],
    scored: Sequence[Answer],
    heights: Sequence[float],
    expected: Expectation | None,
) -> set[Mark]:
    """The marks of a page that may hold several digits: those that are wide and not surely one digit.

    Of a line with fewer marks than the digits that are expected, all that are wide.
    """
    marks = set(page.marks)
    short = {number for number, line in enumerate(page.lines) if expected and len(line) < expected.digits}
    return {
        each.mark
        for each, answer in zip(possible, scored, strict=True)
        if each.mark in marks
        and (answer.sureness < SURE or each.start.line in short)
        and _relative_width(each.mark, heights[each.start.line]) > NARROW
    }


def _relative_width(mark: Mark, height: float) -> float:
    """Width over height; marks far lower than the digits of their line are compared with these."""
    return mark.width / max(mark.height, 0.7 * height)


def _cost(mark: Mark, answer: Answer, height: float) -> float:
    """The cost of a mark as one digit. height: of the digits in its line."""
    sureness = answer.sureness * answer.agreement**AGREEMENT
    doubt = -math.log(max(sureness, LEAST_SURENESS))
    lowness = max(0.0, LOW - mark.height / height)
    excess = max(0.0, _relative_width(mark, height) - WIDE)
    return DIGIT_COST + DOUBT_COST * doubt + LOW_COST * lowness + WIDE_COST * excess
