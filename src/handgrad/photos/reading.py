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
from handgrad.photos.finding import find_marks
from handgrad.photos.marks import Page
from handgrad.photos.normalisation import SIDE, expect_model, prepared
from handgrad.photos.result import Box, LeftOut, PageReading, Reading
from handgrad.photos.scoring import Answer

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
NO_DIGIT = "does not look like a digit"


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
        why = (LOW_CONFIDENCE,) if model.doubtful(outputs)[0] else ()
        return PageReading([[_reading(model, image, outputs, (0, 0, SIDE, SIDE), why)]])
    page = find_marks(picture)
    division, left_out = divided(model, page), [LeftOut(page.box(mark), why) for mark, why in page.left_out]
    if not page.single:
        implausible = [digit for digit in division if digit.answer.outputs.max() < PLAUSIBLE]
        left_out += [LeftOut(page.box(digit.candidate.mark), NO_DIGIT) for digit in implausible]
        division = [digit for digit in division if digit.answer.outputs.max() >= PLAUSIBLE]
    lines = groupby(division, key=lambda digit: digit.candidate.start.line)
    return PageReading([_readings(model, page, list(line)) for _, line in lines], left_out)


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
