"""A picture -> its digits, line by line: which digit, how sure, where, and whether it is doubtful.

    page -> candidates -> one batch through the networks -> the cheapest division -> readings

Marks that may hold several digits are cut, and the candidates that this makes are scored in a second batch.
Two batches are cheaper than one: without the first, every mark wider than a 1 would have to be cut, which
makes nine times as many candidates of a page.
"""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.model import Model
from handgrad.photos.candidates import Candidate, broken_digit, candidates, cheapest
from handgrad.photos.cuts import cut
from handgrad.photos.decoding import Picture, Source, as_picture
from handgrad.photos.finding import find_marks
from handgrad.photos.forms import BESIDE, fields_of, sharing
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normalisation import SIDE, expect_model, prepared
from handgrad.photos.result import Box, LeftOut, PageReading, Reading
from handgrad.photos.scoring import Answer, answers, second_network

# Which marks are cut, and how often.
SURE = 0.9  # a mark of at least this sureness is not cut
NARROW = 0.4  # nor is a mark of at most this width, in heights
MOST_CUTS = 10  # largest number of cuts in one mark,
FEW_CUTS = 2  # and where the page has many marks or the model is asked without the second network
MANY = 24  # marks on a page, above which they are many

# What a digit costs in a division.
DIGIT_COST = 0.08  # of each digit
DOUBT_COST = 0.45  # for each factor of e by which its sureness is below 1
LEAST_SURENESS = 1e-3  # less costs no more
LOW_COST = 2.0  # for each height of the line by which it is lower than LOW
LOW = 0.6  # in heights of the line
WIDE_COST = 1.0  # for each height by which it is wider than WIDE
WIDE = 0.7  # in heights

SHARED_COST = 0.6  # of a digit that shares a cell for one digit with other ink

# What is accepted, and what is doubtful.
PLAUSIBLE = 0.12  # candidates whose outputs are all lower are not digits
SURELY_BROKEN = 0.7  # sureness above which all marks are the parts of one broken digit
UNSURE = 0.5  # a digit of less sureness is doubtful
UNSURE_CUT = 0.97  # the same for a digit that was cut from another

# Why a digit is doubtful, or left out.
LOW_CONFIDENCE = "low confidence"
DISPUTED = "1 or 7"
NOT_WHOLE = "perhaps a part of a digit, or several digits"
UNSURE_DIGIT = "perhaps not a digit"
NEIGHBOUR = "cut from a digit in doubt"
NO_DIGIT = "does not look like a digit"


class ScoredCandidate(NamedTuple):
    """A candidate, and what the networks see in it."""

    candidate: Candidate
    answer: Answer


def read(model: Model, picture: Picture | NDArray | Source) -> list[list[Reading]]:
    """The digits on a picture, line by line; an empty list if there are none.

    picture: a file, an array or a Picture, as as_picture takes it. ImageError if it cannot be read, if it
    shows more than 64 marks, or if the model does not take 28 x 28 images.
    """
    return [list(line) for line in read_page(model, picture).lines]


def read_page(model: Model, picture: Picture | NDArray | Source, *, fields: bool = False) -> PageReading:
    """The digits on a picture, what was left out, and the fields of a form. Errors are those of read.

    fields: whether to leave out what stands beside the cells of a form, if there is one.
    """
    expect_model(model.image_shape)
    picture = as_picture(picture)
    if (image := prepared(picture)) is not None:
        outputs = model.scores(image)[0]
        why = (LOW_CONFIDENCE,) if model.doubtful(outputs)[0] else ()
        return PageReading([[_reading(model, image, outputs, (0, 0, SIDE, SIDE), why)]])
    page = find_marks(picture)
    division, left_out = _divided(model, page), [LeftOut(page.box(mark), why) for mark, why in page.left_out]
    if not page.single:
        implausible = [digit for digit in division if digit.answer.outputs.max() < PLAUSIBLE]
        left_out += [LeftOut(page.box(digit.candidate.mark), NO_DIGIT) for digit in implausible]
        division = [digit for digit in division if digit.answer.outputs.max() >= PLAUSIBLE]
    if fields and page.cells:
        beside = [digit for digit in division if digit.candidate.mark.cell < 0]
        left_out += [LeftOut(page.box(digit.candidate.mark), BESIDE) for digit in beside]
        division = [digit for digit in division if digit.candidate.mark.cell >= 0]
    lines = [
        _readings(model, page, list(line))
        for _, line in groupby(division, key=lambda digit: digit.candidate.start.line)
    ]
    digits = [digit.digit for line in lines for digit in line]
    numbers = [digit.candidate.mark.cell for digit in division]
    return PageReading(lines, left_out, fields_of(page, numbers, digits))


def _divided(model: Model, page: Page) -> list[ScoredCandidate]:
    """The marks of a page as digits: the cheapest division of all lines into candidates, in reading order."""
    if not page.lines:
        return []
    heights = [float(np.median([mark.height for mark in line])) for line in page.lines]
    parts = sharing(page)
    possible = candidates(page.lines, heights)
    whole = None if page.single else broken_digit(page.marks)
    scored = answers(model, page, [*(each.mark for each in possible), *([whole] if whole else [])])
    if whole:
        *scored, of_whole = scored
        if of_whole.sureness > SURELY_BROKEN:
            return [ScoredCandidate(Candidate(possible[0].start, possible[-1].end, whole, 0.0), of_whole)]
    known = {(each.start, each.end): answer for each, answer in zip(possible, scored, strict=True)}
    suspects = {mark for mark in _suspects(page, possible, scored, heights) if mark.cell not in parts}
    if not page.single and suspects:
        few = len(page.marks) > MANY or second_network(model) is None
        page = cut(page, suspects, FEW_CUTS if few else MOST_CUTS)
        possible = candidates(page.lines, heights)
        new = [each for each in possible if (each.start, each.end) not in known]
        scored = answers(model, page, [each.mark for each in new])
        known |= {(each.start, each.end): answer for each, answer in zip(new, scored, strict=True)}
    scored = [known[each.start, each.end] for each in possible]
    costs = [
        _cost(each.mark, answer.sureness, heights[each.start.line])
        + SHARED_COST * (len(each.mark.parts) < parts.get(each.mark.cell, 0))
        for each, answer in zip(possible, scored, strict=True)
    ]
    return [ScoredCandidate(possible[i], scored[i]) for i in cheapest(possible, costs)]


def _suspects(
    page: Page, possible: Sequence[Candidate], scored: Sequence[Answer], heights: Sequence[float]
) -> set[Mark]:
    """The marks of a page that may hold several digits: those that are wide and not surely one digit."""
    marks = set(page.marks)
    return {
        each.mark
        for each, answer in zip(possible, scored, strict=True)
        if each.mark in marks
        and answer.sureness < SURE
        and _relative_width(each.mark, heights[each.start.line]) > NARROW
    }


def _relative_width(mark: Mark, height: float) -> float:
    """Width over height; marks far lower than the digits of their line are compared with these."""
    return mark.width / max(mark.height, 0.7 * height)


def _cost(mark: Mark, sureness: float, height: float) -> float:
    """The cost of a mark as one digit. height: of the digits in its line."""
    doubt = -math.log(max(sureness, LEAST_SURENESS))
    lowness = max(0.0, LOW - mark.height / height)
    excess = max(0.0, _relative_width(mark, height) - WIDE)
    return DIGIT_COST + DOUBT_COST * doubt + LOW_COST * lowness + WIDE_COST * excess


def _readings(model: Model, page: Page, line: Sequence[ScoredCandidate]) -> list[Reading]:
    """The readings of one line. A digit in doubt puts in doubt all that were cut from the same mark."""
    groups = np.cumsum([0, *(not digit.candidate.ends_at_cut for digit in line[:-1])])
    was_cut = np.bincount(groups)[groups] > 1
    reasons = [_reasons(model, digit.answer, part) for digit, part in zip(line, was_cut, strict=True)]
    in_doubt = groups[[bool(why) for why in reasons]]
    return [
        _reading(
            model,
            answer.image,
            answer.outputs,
            page.box(candidate.mark),
            why or ((NEIGHBOUR,) if group in in_doubt else ()),
        )
        for (candidate, answer), why, group in zip(line, reasons, groups, strict=True)
    ]


def _reasons(model: Model, answer: Answer, was_cut: bool) -> tuple[str, ...]:
    """Why a digit is doubtful; empty if it is not."""
    is_unsure = answer.sureness < (UNSURE_CUT if was_cut else UNSURE)
    reasons = {
        LOW_CONFIDENCE: bool(model.doubtful(answer.outputs)[0]),
        DISPUTED: answer.disputed,
        NOT_WHOLE: is_unsure and answer.wholeness < answer.outputs.max(),
    }
    return tuple(reason for reason, holds in reasons.items() if holds) or (
        (UNSURE_DIGIT,) if is_unsure else ()
    )


def _reading(model: Model, image: NDArray, outputs: NDArray, box: Box, why: tuple[str, ...]) -> Reading:
    first, second = np.argsort(-outputs, kind="stable")[:2] if len(outputs) > 1 else (0, 0)
    return Reading(
        digit=model.classes[first],
        confidence=float(model.confidence(outputs)[0]),
        runner_up=model.classes[second],
        box=box,
        scores=tuple(float(output) for output in outputs),
        doubtful=bool(why),
        image=image,
        why=why,
    )
