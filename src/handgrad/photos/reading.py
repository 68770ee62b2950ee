"""A picture -> its digits, line by line: which digit, how sure, where, and whether it is doubtful.

page -> the cheapest division into digits -> readings
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from handgrad.arrays import NDArray
from handgrad.model import Model
from handgrad.photos.decoding import Picture, Source, as_picture
from handgrad.photos.division import ScoredCandidate, divided
from handgrad.photos.expectation import ANY, Expectation, expectation
from handgrad.photos.finding import find_marks
from handgrad.photos.marks import Page
from handgrad.photos.normalisation import SIDE, expect_model, prepared
from handgrad.photos.result import Box, LeftOut, PageReading, Reading
from handgrad.photos.scoring import Answer, restricted

# What is accepted, and what is doubtful.
PLAUSIBLE = 0.12  # candidates whose outputs are all lower are not digits
UNSURE = 0.5  # a digit of less sureness is doubtful
UNSURE_CUT = 0.97  # the same for a digit that was cut from another

# Why a digit is doubtful, or left out.
LOW_CONFIDENCE = "low confidence"
DISPUTED = "1 or 7"
NOT_WHOLE = "perhaps a part of a digit, or several digits"
UNSURE_DIGIT = "perhaps not a digit"
NEIGHBOUR = "cut from a digit in doubt"
EXCLUDED = "looks like {}, which is not expected here"
NO_DIGIT = "does not look like a digit"


def read(model: Model, picture: Picture | NDArray | Source) -> list[list[Reading]]:
    """The digits on a picture, line by line; an empty list if there are none.

    picture: a file, an array or a Picture, as as_picture takes it. ImageError if it cannot be read, if it
    shows more than 64 marks, or if the model does not take 28 x 28 images.
    """
    return [list(line) for line in read_page(model, picture).lines]


def read_page(
    model: Model, picture: Picture | NDArray | Source, *, expect: int | str | None = None
) -> PageReading:
    """The digits on a picture, and what was left out. Arguments and errors are those of read.

    expect: how many digits each line has, or a pattern such as "dd.dd.dddd", as photos.expectation describes
    it. It decides between readings. ValueError if it is no pattern.
    """
    expect_model(model.image_shape)
    expected = None if expect is None else expectation(expect)
    picture = as_picture(picture)
    if (image := prepared(picture)) is not None:
        return _prepared_reading(model, image, expected)
    page = find_marks(picture)
    division = divided(model, page, expected)
    left_out = [LeftOut(page.box(mark), why) for mark, why in page.left_out]
    digits = division.digits
    if not page.single and (expected is None or division.mismatch):
        implausible = [digit for digit in digits if digit.answer.outputs.max() < PLAUSIBLE]
        left_out += [LeftOut(page.box(digit.candidate.mark), NO_DIGIT) for digit in implausible]
        digits = [digit for digit in digits if digit.answer.outputs.max() >= PLAUSIBLE]
    lines = groupby(digits, key=lambda digit: digit.candidate.start.line)
    readings = [_readings(model, page, list(line)) for _, line in lines]
    return PageReading(readings, left_out, mismatch=division.mismatch)


def _prepared_reading(model: Model, image: NDArray, expected: Expectation | None) -> PageReading:
    """The reading of an image that is prepared as MNIST's are."""
    answer, mismatch = Answer(image, model.scores(image)[0], 1.0, False), None
    if expected:
        mismatch = expected.mismatch([1], [] if expected.digits == 1 else [0])
        if not mismatch:
            answer = restricted(model, answer, expected.steps[expected.next_digit(0)] or ANY)
    why = _reasons(model, answer, was_cut=False)
    return PageReading([[_reading(model, answer, (0, 0, SIDE, SIDE), why)]], mismatch=mismatch)


def _readings(model: Model, page: Page, line: Sequence[ScoredCandidate]) -> list[Reading]:
    """The readings of one line. A digit in doubt puts in doubt all that were cut from the same mark."""
    groups = np.cumsum([0, *(not digit.candidate.ends_at_cut for digit in line[:-1])])
    was_cut = np.bincount(groups)[groups] > 1
    reasons = [_reasons(model, digit.answer, part) for digit, part in zip(line, was_cut, strict=True)]
    in_doubt = groups[[bool(why) for why in reasons]]
    return [
        _reading(
            model,
            digit.answer,
            page.box(digit.candidate.mark),
            why or ((NEIGHBOUR,) if group in in_doubt else ()),
        )
        for digit, why, group in zip(line, reasons, groups, strict=True)
    ]


def _reasons(model: Model, answer: Answer, was_cut: bool) -> tuple[str, ...]:
    """Why a digit is doubtful; empty if it is not."""
    sureness = answer.sureness * answer.agreement if was_cut else answer.sureness
    is_unsure = sureness < (UNSURE_CUT if was_cut else UNSURE)
    if answer.excluded is not None:
        return (EXCLUDED.format(answer.excluded),)
    reasons = {
        LOW_CONFIDENCE: bool(model.doubtful(answer.outputs)[0]),
        DISPUTED: answer.disputed,
        NOT_WHOLE: is_unsure and answer.wholeness < answer.outputs.max(),
    }
    return tuple(reason for reason, holds in reasons.items() if holds) or (
        (UNSURE_DIGIT,) if is_unsure else ()
    )


def _reading(model: Model, answer: Answer, box: Box, why: tuple[str, ...]) -> Reading:
    outputs = answer.outputs
    first, second = np.argsort(-outputs, kind="stable")[:2] if len(outputs) > 1 else (0, 0)
    return Reading(
        digit=model.classes[first],
        confidence=float(model.confidence(outputs)[0]),
        runner_up=model.classes[second],
        box=box,
        scores=tuple(float(output) for output in outputs),
        doubtful=bool(why),
        image=answer.image,
        why=why,
    )
