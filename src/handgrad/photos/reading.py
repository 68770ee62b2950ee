"""A picture -> its digits, line by line: which digit, how sure, where, and whether it is doubtful.

    page -> candidates -> one batch through the networks -> the cheapest division -> readings

Marks that may hold several digits are cut, and the candidates that this makes are scored in a second batch.
Two batches are cheaper than one: without the first, every mark wider than a 1 would have to be cut, which
makes nine times as many candidates of a page.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.model import Model
from handgrad.photos import doubt
from handgrad.photos.candidates import Candidate, broken_digit, candidates, cheapest
from handgrad.photos.cuts import cut
from handgrad.photos.decoding import Picture, Source, as_picture
from handgrad.photos.finding import find_marks
from handgrad.photos.marks import Mark, Page, PageSign
from handgrad.photos.normalisation import SIDE, expect_model, prepared
from handgrad.photos.result import Box, LeftOut, PageReading, Reading, Sign
from handgrad.photos.scoring import Answer, answers, second_network
from handgrad.photos.slashes import slash_places
from handgrad.photos.turning import in_best_way

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

# What is accepted.
PLAUSIBLE = 0.12  # candidates whose outputs are all lower are not digits
SURELY_BROKEN = 0.7  # sureness above which all marks are the parts of one broken digit
UNSURE = 0.5  # where no digit has more confidence, ink and paper are exchanged

# Why a digit is doubtful.
SLASH_OR_ONE = "1 or a slash"
NEIGHBOUR = "cut from a digit in doubt"

# Why something is left out.
NO_DIGIT = "mark unlike a digit"
SIGN_ALONE = "sign without digits"


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


def read_page(model: Model, picture: Picture | NDArray | Source) -> PageReading:
    """The digits on a picture, and what was left out. Arguments and errors are those of read."""
    expect_model(model.image_shape)
    picture = as_picture(picture)
    if (image := prepared(picture)) is not None:
        outputs = model.scores(image)[0]
        why = (doubt.of_outputs(model, outputs),) if model.doubtful(outputs)[0] else ()
        return PageReading([[_reading(model, image, outputs, (0, 0, SIDE, SIDE), why)]])
    page = find_marks(picture)
    found = _page_reading(model, page)
    if not found.digits or max(one.confidence for one in found.digits) < UNSURE:
        other = _page_reading(model, find_marks(picture, other_ink=True))
        if other.digits and not any(one.doubtful for one in other.digits):
            return other
    return in_best_way(model, picture, page, found, partial(_page_reading, model))


def _page_reading(model: Model, page: Page) -> PageReading:
    """The digits on a page, and what was left out."""
    division, left_out = _divided(model, page), [LeftOut(page.box(mark), why) for mark, why in page.left_out]
    if not page.single:
        implausible = [digit for digit in division if digit.answer.outputs.max() < PLAUSIBLE]
        left_out += [LeftOut(page.box(digit.candidate.mark), NO_DIGIT) for digit in implausible]
        division = [digit for digit in division if digit.answer.outputs.max() >= PLAUSIBLE]
    lines = [list(line) for _, line in groupby(division, key=lambda digit: digit.candidate.start.line)]
    slashes, unclear = _slashes(model, page, lines)
    lines = [[digit for digit in line if digit.candidate.mark not in slashes] for line in lines]
    signs, lost = _signs(page, lines, slashes)
    read_lines = [_readings(model, page, line, unclear) for line in lines]
    return PageReading(read_lines, [*left_out, *lost], signs=signs)


def _slashes(
    model: Model, page: Page, lines: Sequence[Sequence[ScoredCandidate]]
) -> tuple[dict[Mark, int], set[Mark]]:
    """The marks of the digits that are slashes, with their lines, and those that may be slashes."""
    slashes: dict[Mark, int] = {}
    unclear: set[Mark] = set()
    strokes = {page.box(mark): stroke for mark, stroke in page.strokes.items()}  # a mark may have been cut
    for line in lines:
        marks = [digit.candidate.mark for digit in line]
        texts = [str(model.classes[digit.answer.outputs.argmax()]) for digit in line]
        sure, perhaps = slash_places(texts, [strokes.get(page.box(mark)) for mark in marks])
        slashes |= {marks[place]: line[0].candidate.start.line for place in sure}
        unclear |= {marks[place] for place in perhaps}
    return slashes, unclear


def _signs(
    page: Page, lines: Sequence[Sequence[ScoredCandidate]], slashes: Mapping[Mark, int]
) -> tuple[list[Sign], list[LeftOut]]:
    """The signs of a page among the digits that were read; those of lines without digits are left out."""
    numbers = {line[0].candidate.start.line: number for number, line in enumerate(lines)}
    found = [*page.signs, *(PageSign(mark, "/", number) for mark, number in slashes.items())]
    signs, lost = [], []
    for mark, text, at in sorted(found, key=lambda sign: (sign.line, sign.mark.left)):
        if at not in numbers:
            lost.append(LeftOut(page.box(mark), SIGN_ALONE))
            continue
        middles = [each.candidate.mark.left + each.candidate.mark.right for each in lines[numbers[at]]]
        place = sum(middle < mark.left + mark.right for middle in middles)
        signs.append(Sign(text, page.box(mark), numbers[at], place))
    return signs, lost


def _divided(model: Model, page: Page) -> list[ScoredCandidate]:
    """The marks of a page as digits: the cheapest division of all lines into candidates, in reading order."""
    if not page.lines:
        return []
    heights = [float(np.median([mark.height for mark in line])) for line in page.lines]
    possible = candidates(page.lines, heights)
    whole = None if page.single else broken_digit(page.marks)
    scored = answers(model, page, [*(each.mark for each in possible), *([whole] if whole else [])])
    if whole:
        *scored, of_whole = scored
        if of_whole.sureness > SURELY_BROKEN and not _is_column(page, possible, scored):
            return [ScoredCandidate(Candidate(possible[0].start, possible[-1].end, whole, 0.0), of_whole)]
    known = {(each.start, each.end): answer for each, answer in zip(possible, scored, strict=True)}
    if not page.single and (suspects := _suspects(page, possible, scored, heights)):
        few = len(page.marks) > MANY or second_network(model) is None
        page = cut(page, suspects, FEW_CUTS if few else MOST_CUTS)
        possible = candidates(page.lines, heights)
        new = [each for each in possible if (each.start, each.end) not in known]
        scored = answers(model, page, [each.mark for each in new])
        known |= {(each.start, each.end): answer for each, answer in zip(new, scored, strict=True)}
    scored = [known[each.start, each.end] for each in possible]
    costs = [
        _cost(each.mark, answer.sureness, heights[each.start.line])
        for each, answer in zip(possible, scored, strict=True)
    ]
    return [ScoredCandidate(possible[i], scored[i]) for i in cheapest(possible, costs)]


def _is_column(page: Page, possible: Sequence[Candidate], scored: Sequence[Answer]) -> bool:
    """Whether each mark is surely a digit by itself; the parts of a broken digit may look like a 0 or a 1."""
    marks = set(page.marks)
    alone = [answer for each, answer in zip(possible, scored, strict=True) if each.mark in marks]
    return all(answer.sureness > SURE for answer in alone) and any(
        answer.outputs.argmax() > 1 for answer in alone
    )


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


def _readings(
    model: Model, page: Page, line: Sequence[ScoredCandidate], unclear: Collection[Mark]
) -> list[Reading]:
    """The readings of one line. A digit in doubt puts in doubt all that were cut from the same mark.

    unclear: the marks that may be slashes.
    """
    groups = np.cumsum([0, *(not digit.candidate.ends_at_cut for digit in line[:-1])])
    was_cut = np.bincount(groups)[groups] > 1
    found = [
        doubt.reasons(model, digit.answer, part)
        + doubt.of_ink(page, digit.candidate.mark)
        + (SLASH_OR_ONE,) * (digit.candidate.mark in unclear)
        for digit, part in zip(line, was_cut, strict=True)
    ]
    in_doubt = groups[[bool(why) for why in found]]
    return [
        _reading(
            model,
            answer.image,
            answer.outputs,
            page.box(candidate.mark),
            why or ((NEIGHBOUR,) if group in in_doubt else ()),
        )
        for (candidate, answer), why, group in zip(line, found, groups, strict=True)
    ]


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
