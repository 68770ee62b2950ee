"""Reading pictures with a model: what was found where, as which digit, and how surely.

What belongs together is decided by the network's own scores: of all ways to divide a line of marks into
digits (photos.division) the one wins that doubts least. Two networks are asked: the model that reads, which
takes two digits that touch for one, and a 1 with a long serif for a 7, as MNIST has no others; and one that
has seen them, and tells digits from parts.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from handgrad import pretrained
from handgrad.arrays import NDArray
from handgrad.model import Model
from handgrad.photos import Digit, Mark, Page, Picture, as_picture, find_marks
from handgrad.photos.division import MOST_PIECES, WIDEST, cheapest, runs
from handgrad.photos.marks import distance, joined
from handgrad.photos.normal import SIDE, expect_model, normalised, prepared

SURE = 0.9  # what a mark that is not cut reaches, as one whole digit
NARROW = 0.4  # width over height below which it is never cut
PARTLY, SURELY_CUT = 0.5, 0.97  # what a digit, and one that was cut from another, reaches, or it is doubtful
PLAUSIBLE = 0.12  # an output below which nothing was read
USUAL_WIDTH = 0.7  # and above which it is the less likely one, the wider it is
BROKEN = 0.15  # how far apart the pieces of a broken digit may lie, in shares of its height
SURELY_ONE = 0.7  # and what they reach together
MOST_CUTS = 10  # in one mark, where the marks are few; otherwise, and where the model is asked alone, 2
FEW = 24  # marks on a page, up to which they are
DIGIT_COST = 0.08  # of each digit, however sure
DOUBT_COST = 0.45  # for each factor of e by which it is less sure than can be,
LEAST = 1e-3  # down to this


@dataclass(frozen=True)
class Reading:
    """One digit that was read."""

    digit: int | str
    confidence: float  # how surely, in (0, 1): model.confidence
    runner_up: int | str
    box: tuple[int, int, int, int]  # x, y, width, height in pixels of the upright picture
    scores: tuple[float, ...]  # the outputs, one a class
    doubtful: bool  # whether somebody should look at it
    image: NDArray = field(repr=False, compare=False)  # (28, 28) uint8, as the network saw it


class Scored(NamedTuple):
    """Neighbouring pieces as one digit."""

    mark: Mark
    image: NDArray
    scores: NDArray  # (C,)
    whole: float  # how much it looks like one digit, not like a part or several; from 0 to 1
    disputed: bool  # whether the model said 7 and the other network 1, as it says now
    cut: bool = False  # whether it was cut from the one after it

    @property
    def sureness(self) -> float:
        """1 where the networks see one whole digit, 0 where they see none."""
        return float(self.scores.max()) * self.whole


def read(model: Model, picture: Picture | NDArray) -> list[list[Reading]]:
    """The digits on a picture, line by line; an empty list where there is none.

    picture: what photos.read_picture returns, or an array: grey (height, width) or colour (height, width, 3),
    uint8 or floats from 0 (black) to 1. ImageError where the model does not take 28 x 28 images, or where
    there are more than 64 marks.
    """
    expect_model(model.image_shape)
    picture = as_picture(picture)
    if (image := prepared(picture)) is not None:
        scores = model.scores(image)[0]
        doubtful = bool(model.doubtful(scores)[0])
        return [[_reading(model, Digit(image, (0, 0, SIDE, SIDE)), scores, doubtful)]]
    page = find_marks(picture)
    marks = [mark for line in page.lines for mark in line]
    if page.one:
        lines = [_scored(model, page, marks)] if marks else []
    elif len(marks) > 1 and (one := _one_broken(model, page, marks)):
        lines = [[one]]
    else:
        cuts = MOST_CUTS if len(marks) <= FEW and _second(model) else 2
        lines = [_divided(model, page, line, cuts) for line in page.lines]
    found = [[one for one in line if page.one or one.scores.max() >= PLAUSIBLE] for line in lines]
    return [_readings(model, page, line) for line in found if line]


def _readings(model: Model, page: Page, line: list[Scored]) -> list[Reading]:
    """A line as it was read. Of digits that were cut apart one that is in doubt puts the others in doubt."""
    marks = np.cumsum([0, *(not one.cut for one in line[:-1])])  # of each digit, the mark it was cut from
    in_parts = np.bincount(marks)[marks] > 1
    doubts = [
        bool(model.doubtful(one.scores)[0] or one.disputed or one.sureness < (SURELY_CUT if cut else PARTLY))
        for one, cut in zip(line, in_parts, strict=True)
    ]
    doubtful = np.isin(marks, marks[doubts])
    return [
        _reading(model, Digit(one.image, page.box(one.mark)), one.scores, bool(doubt))
        for one, doubt in zip(line, doubtful, strict=True)
    ]


def _reading(model: Model, digit: Digit, scores: NDArray, doubtful: bool) -> Reading:
    first, second = np.argsort(-scores, kind="stable")[:2] if len(scores) > 1 else (0, 0)
    return Reading(
        model.classes[first],
        float(model.confidence(scores)[0]),
        model.classes[second],
        digit.box,
        tuple(float(score) for score in scores),
        doubtful,
        digit.image,
    )


def _one_broken(model: Model, page: Page, marks: list[Mark]) -> Scored | None:
    """All marks as the pieces of one digit: where they are few and near, and none is as high as all."""
    whole = joined(marks)
    near = BROKEN * whole.height
    apart = any(min(distance(a, b) for b in marks if b is not a) > near for a in marks)
    if len(marks) > MOST_PIECES or apart or whole.width > WIDEST * whole.height:
        return None
    if max(mark.height for mark in marks) > 0.8 * whole.height:
        return None
    one = _scored(model, page, [whole])[0]
    return one if one.sureness > SURELY_ONE else None


def _divided(model: Model, page: Page, line: list[Mark], cuts: int) -> list[Scored]:
    """The line as digits: the cheapest way to put its pieces together.

    cuts: how often a wide mark may be cut.
    """
    height = float(np.median([mark.height for mark in line]))
    suspects = [_suspect(one, height) for one in _scored(model, page, line)]
    found = runs(page, line, suspects, height, cuts)
    scored = _scored(model, page, [run.mark for run in found])
    costs = [run.cost + _cost(one, height) for run, one in zip(found, scored, strict=True)]
    return [scored[number]._replace(cut=found[number].cut) for number in cheapest(found, costs)]


def _suspect(one: Scored, height: float) -> bool:
    """Whether a mark may be more than one digit."""
    wide = one.mark.width / max(one.mark.height, 0.7 * height)
    return wide > NARROW and one.sureness < SURE


def _cost(one: Scored, height: float) -> float:
    """What a digit costs: how unsure it is; more if far smaller than the others of its line, or very wide."""
    small = 2 * max(0.0, 0.6 - one.mark.height / height)
    wide = max(0.0, one.mark.width / max(one.mark.height, 0.7 * height) - USUAL_WIDTH)
    return DIGIT_COST - DOUBT_COST * math.log(max(one.sureness, LEAST)) + small + wide


def _scored(model: Model, page: Page, marks: list[Mark]) -> list[Scored]:
    """Marks as digits. Where the model sees a 7 and the other network a 1, the two outputs are exchanged."""
    if not marks:
        return []
    images = np.stack([normalised(page, mark) for mark in marks])
    scores, wholes = model.scores(images), np.ones(len(marks))
    serifs = np.zeros(len(marks), bool)
    if second := _second(model):
        seconded = second.scores(images)
        wholes = 1 - seconded[:, -1]
        serifs = (scores.argmax(axis=1) == 7) & (seconded[:, 1] > seconded[:, 7])
        scores[serifs, 1], scores[serifs, 7] = scores[serifs, 7], scores[serifs, 1]
    return [Scored(*one) for one in zip(marks, images, scores, wholes, map(bool, serifs), strict=True)]


def _second(model: Model) -> Model | None:
    """The network that knows parts from digits, for a model of MNIST; others are asked alone."""
    return pretrained.load_whole() if model.data_checksum == pretrained.load().data_checksum else None
