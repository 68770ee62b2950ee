"""A picture -> its digits, line by line: which digit, how sure, where, and whether it is doubtful.

page -> the cheapest division into digits -> signs among them -> readings
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.model import Model
from handgrad.photos import doubt, work
from handgrad.photos.assembly import MOST, too_many
from handgrad.photos.decoding import Picture, Source, as_picture
from handgrad.photos.division import ScoredCandidate, divided
from handgrad.photos.expectation import ANY, Expectation, expectation
from handgrad.photos.finding import find_marks
from handgrad.photos.marks import Mark, Page, PageSign
from handgrad.photos.normalisation import SIDE, expect_model, prepared
from handgrad.photos.placing import BESIDE, fields_of
from handgrad.photos.result import Box, LeftOut, PageReading, Reading, Sign
from handgrad.photos.scoring import Answer, restricted
from handgrad.photos.slashes import slash_places
from handgrad.photos.turning import in_best_way

# What is accepted.
PLAUSIBLE = 0.12  # candidates whose outputs are all lower are not digits
UNSURE = 0.5  # where no digit has more confidence, ink and paper are exchanged

# Why a digit is doubtful.
SLASH_OR_ONE = "1 or a slash"
POINT_OR_SPECK = "what follows may be no sign"
NEIGHBOUR = "cut from a digit in doubt"

# Why something is left out.
NO_DIGIT = "mark unlike a digit"
SIGN_ALONE = "sign without digits"
INTRICATE = "mark too intricate to be divided"


def read(model: Model, picture: Picture | NDArray | Source) -> list[list[Reading]]:
    """The digits on a picture, line by line; an empty list if there are none.

    picture: a file, an array or a Picture, as as_picture takes it. ImageError if it cannot be read, if it
    shows more than 64 marks, or if the model does not take 28 x 28 images.
    """
    return [list(line) for line in read_page(model, picture).lines]


def read_page(
    model: Model,
    picture: Picture | NDArray | Source,
    *,
    expect: int | str | None = None,
    fields: bool = False,
) -> PageReading:
    """The digits on a picture, what was left out, and the fields of a form. Errors are those of read.

    expect: how many digits each line has, or a pattern such as "dd.dd.dddd", as photos.expectation describes
    it. It decides between readings. ValueError if it is no pattern.
    fields: whether to leave out what stands beside the cells of a form, if there is one.
    """
    expect_model(model.image_shape)
    expected = None if expect is None else expectation(expect)
    with work.budget():
        return _read(model, as_picture(picture), expected, fields)


def _read(model: Model, picture: Picture, expected: Expectation | None, fields: bool) -> PageReading:
    """The reading of a picture, within a budget of work."""
    if (image := prepared(picture)) is not None:
        return _prepared_reading(model, image, expected)
    page = find_marks(picture)
    reading_of = partial(_page_reading, model, expected, fields)
    found = reading_of(page)
    if not found.digits or max(one.confidence for one in found.digits) < UNSURE:
        other = _with_other_ink(picture, reading_of)
        if other and other.digits and not any(one.doubtful for one in other.digits):
            return other
    return in_best_way(model, picture, page, found, reading_of)


def _with_other_ink(picture: Picture, reading_of: Callable[[Page], PageReading]) -> PageReading | None:
    """The reading with ink and paper exchanged; None if there are more marks than are read."""
    try:
        return reading_of(find_marks(picture, other_ink=True))
    except ImageError:
        return None


def _prepared_reading(model: Model, image: NDArray, expected: Expectation | None) -> PageReading:
    """The reading of an image that is prepared as MNIST's are."""
    answer, mismatch = Answer(image, model.scores(image)[0], 1.0, False), None
    if expected:
        mismatch = expected.mismatch([1], [] if expected.digits == 1 else [0])
        if not mismatch:
            answer = restricted(model, answer, expected.steps[expected.next_digit(0)] or ANY)
    why = doubt.reasons(model, answer, was_cut=False)
    return PageReading([[_reading(model, answer, (0, 0, SIDE, SIDE), why)]], mismatch=mismatch)


def _page_reading(model: Model, expected: Expectation | None, fields: bool, page: Page) -> PageReading:
    """The digits on a page, what was left out, and the fields; only what stands in cells, if fields."""
    division = divided(model, page, expected)
    left_out = [LeftOut(page.box(mark), why) for mark, why in page.left_out]
    parts = {part for mark in division.beyond for part in mark.parts}
    beyond = [digit for digit in division.digits if not parts.isdisjoint(digit.candidate.mark.parts)]
    left_out += [LeftOut(page.box(digit.candidate.mark), INTRICATE) for digit in beyond]
    digits = [digit for digit in division.digits if digit not in beyond] if beyond else division.digits
    if not page.single and (expected is None or division.mismatch):
        alone = Counter(
            digit.candidate.mark.cell for digit in digits
        )  # what fills a cell is read, with doubt
        implausible = [
            digit
            for digit in digits
            if digit.answer.outputs.max() < PLAUSIBLE
            and (digit.candidate.mark.cell < 0 or alone[digit.candidate.mark.cell] > 1)
        ]
        left_out += [LeftOut(page.box(digit.candidate.mark), NO_DIGIT) for digit in implausible]
        digits = [digit for digit in digits if digit not in implausible]
    if fields and page.cells:
        beside = [digit for digit in digits if digit.candidate.mark.cell < 0]
        left_out += [LeftOut(page.box(digit.candidate.mark), BESIDE) for digit in beside]
        digits = [digit for digit in digits if digit.candidate.mark.cell >= 0]
    if len(digits) > MOST:  # marks of several digits were cut
        raise too_many(len(digits), "digits")
    lines = [list(line) for _, line in groupby(digits, key=lambda digit: digit.candidate.start.line)]
    slashes, unclear = ({}, dict[Mark, str]()) if expected else _slashes(model, page, lines)
    lines = [[digit for digit in line if digit.candidate.mark not in slashes] for line in lines]
    signs, lost, before = _signs(page, lines, slashes)
    if expected is None:
        unclear |= dict.fromkeys(before, POINT_OR_SPECK)
    usual = float(np.median([digit.candidate.mark.height for line in lines for digit in line] or [0]))
    read_lines = [_readings(model, page, line, unclear, usual) for line in lines]
    return PageReading(
        read_lines,
        [*left_out, *lost],
        fields_of(
            page,
            [digit.candidate.mark.cell for line in lines for digit in line],
            [digit.digit for line in read_lines for digit in line],
        ),
        signs=signs,
        mismatch=division.mismatch,
    )


def _slashes(
    model: Model, page: Page, lines: Sequence[Sequence[ScoredCandidate]]
) -> tuple[dict[Mark, int], dict[Mark, str]]:
    """The marks of the digits that are slashes, with their lines, and those that may be, with the reason.

    What is alone in its cell is a digit rather than a slash.
    """
    slashes: dict[Mark, int] = {}
    unclear: dict[Mark, str] = {}
    held = Counter(digit.candidate.mark.cell for line in lines for digit in line)
    strokes = {page.box(mark): stroke for mark, stroke in page.strokes.items()}  # a mark may have been cut
    for line in lines:
        marks = [digit.candidate.mark for digit in line]
        texts = [str(model.classes[digit.answer.outputs.argmax()]) for digit in line]
        sure, perhaps = slash_places(texts, [strokes.get(page.box(mark)) for mark in marks])
        alone = {place for place in sure if marks[place].cell >= 0 and held[marks[place].cell] == 1}
        slashes |= {marks[place]: line[0].candidate.start.line for place in sure - alone}
        unclear |= {marks[place]: SLASH_OR_ONE for place in perhaps | alone}
    return slashes, unclear


def _signs(
    page: Page, lines: Sequence[Sequence[ScoredCandidate]], slashes: Mapping[Mark, int]
) -> tuple[list[Sign], list[LeftOut], list[Mark]]:
    """The signs of a page among the digits that were read; those of lines without digits are left out.

    Then the marks of the digits before unclear signs.
    """
    numbers = {line[0].candidate.start.line: number for number, line in enumerate(lines)}
    found = [*page.signs, *(PageSign(mark, "/", number) for mark, number in slashes.items())]
    signs, lost, before = [], [], []
    for mark, text, at, is_unclear in sorted(found, key=lambda sign: (sign.line, sign.mark.left)):
        if at not in numbers:
            lost.append(LeftOut(page.box(mark), SIGN_ALONE))
            continue
        middles = [each.candidate.mark.left + each.candidate.mark.right for each in lines[numbers[at]]]
        place = sum(middle < mark.left + mark.right for middle in middles)
        signs.append(Sign(text, page.box(mark), numbers[at], place))
        if is_unclear:
            before.append(lines[numbers[at]][max(0, place - 1)].candidate.mark)
    return signs, lost, before


def _readings(
    model: Model, page: Page, line: Sequence[ScoredCandidate], unclear: Mapping[Mark, str], usual: float
) -> list[Reading]:
    """The readings of one line. A digit in doubt puts in doubt all that were cut from the same mark.

    unclear: the marks that may be slashes, or stand before unclear signs, with the reason.
    usual: the height of the digits on the page.
    """
    groups = np.cumsum([0, *(not digit.candidate.ends_at_cut for digit in line[:-1])])
    was_cut = np.bincount(groups)[groups] > 1
    found = [
        (
            *doubt.reasons(model, digit.answer, part),
            *doubt.of_mark(page, digit.candidate.mark, digit.answer, usual),
            *doubt.of_height(model.classes[digit.answer.outputs.argmax()], digit.candidate.mark, usual),
            *((unclear[digit.candidate.mark],) if digit.candidate.mark in unclear else ()),
        )
        for digit, part in zip(line, was_cut, strict=True)
    ]
    found = [tuple(dict.fromkeys(why)) for why in found]
    in_doubt = groups[[bool(why) for why in found]]
    return [
        _reading(
            model,
            digit.answer,
            page.box(digit.candidate.mark),
            why or ((NEIGHBOUR,) if group in in_doubt else ()),
        )
        for digit, why, group in zip(line, found, groups, strict=True)
    ]


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
