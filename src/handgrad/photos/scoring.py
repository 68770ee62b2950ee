"""What the networks see in the marks of a page.

Two networks are asked. The model reads digits, but MNIST has no digits that touch and no 1 with a long
serif: it takes two digits that touch for one, and such a 1 for a 7. The second network
(pretrained.load_whole) has learnt from both. It tells a digit from a part of one and from several.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from handgrad import pretrained
from handgrad.arrays import NDArray
from handgrad.model import Model
from handgrad.photos.expectation import ANY, Digits
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normalisation import normalised
from handgrad.photos.tails import shortened

NEAR = 0.2  # a 1 is disputed whose output for a 7 is at least this share of that for a 1; and a 7 likewise
LEAST_AGREEMENT = 0.3  # a digit that the second network cannot read may still be one


class Answer(NamedTuple):
    """What the networks see in one image."""

    image: NDArray  # (28, 28) uint8
    outputs: NDArray  # (C,)
    wholeness: float  # 0 to 1: how much it looks like one digit, not like a part of one or like several
    disputed: bool  # whether it may as well be a 1 as a 7
    excluded: int | str | None = None  # the class that the model sees, where it is not expected
    seconded: NDArray | None = None  # (C,) the outputs of the second network for the same classes

    @property
    def agreement(self) -> float:
        """How far the second network sees the digit that the model sees, 0.3 to 1; 1 if it is not asked.

        A 1 with a long serif is between a 1 and a 7: for these two, either is agreement.
        """
        if self.seconded is None:
            return 1.0
        digit = int(self.outputs.argmax())
        alike = [1, 7] if digit in (1, 7) else [digit]
        return float(np.clip(self.seconded[alike].max(), LEAST_AGREEMENT, 1))

    @property
    def sureness(self) -> float:
        """Near 1 if the networks see one digit, near 0 if they see none."""
        return float(self.outputs.max()) * self.wholeness


def restricted(model: Model, answer: Answer, digits: Digits) -> Answer:
    """The answer where only some digits can be right."""
    if digits == ANY:
        return answer
    allowed = np.isin([str(each) for each in model.classes], [*digits])
    first = int(answer.outputs.argmax())
    outputs = np.where(allowed, answer.outputs, 0)
    return answer._replace(outputs=outputs, excluded=None if allowed[first] else model.classes[first])


def answers(model: Model, page: Page, marks: Sequence[Mark]) -> list[Answer]:
    """The answer for each mark, in one batch through each network."""
    if not marks:
        return []
    found = _answers(model, page, marks)
    if not page.single and (tailed := _tailed(model, page, marks, found)):
        without_tails = _answers(model, page, [*tailed.values()])
        for i, answer in zip(tailed, without_tails, strict=True):
            if model.classes[answer.outputs.argmax()] == 9:
                found[i] = answer
    return found


def _answers(model: Model, page: Page, marks: Sequence[Mark]) -> list[Answer]:
    images = np.stack([normalised(page, mark) for mark in marks])
    parts = zip(*seen(model, images), strict=True)
    return [
        Answer(image, outputs, float(wholeness), bool(disputed), None, digits)
        for image, (outputs, wholeness, disputed, digits) in zip(images, parts, strict=True)
    ]


def _tailed(model: Model, page: Page, marks: Sequence[Mark], found: Sequence[Answer]) -> dict[int, Mark]:
    """The marks that look like a 1 and may be a 9 with a long tail, without the ends of their tails."""
    ones = (i for i, each in enumerate(found) if model.classes[each.outputs.argmax()] == 1)
    shorter = ((i, shortened(page.labels, marks[i])) for i in ones)
    return {i: mark for i, mark in shorter if mark is not None}


def seen(model: Model, images: NDArray) -> tuple[NDArray, NDArray, NDArray, Sequence[NDArray | None]]:
    """What the networks see in the images (N, 28, 28).

    The outputs (N, C), the wholeness (N,), whether the 1 was disputed (N,), and the second network's outputs
    for the digits, None without it. Where the model sees a 7 and the second network rather a 1, these two
    outputs are exchanged. Disputed is also a 1 or a 7 where the model's outputs for both are near each other,
    and a 1 where the second network rather sees a 7: not if the model learnt a hand in addition, which the
    second network does not know.
    """
    outputs, wholeness = model.scores(images), np.ones(len(images))
    disputed = np.zeros(len(images), bool)
    digits: Sequence[NDArray | None] = [None] * len(images)
    if second := second_network(model):
        seconded = second.scores(images)
        wholeness, digits = 1 - seconded[:, -1], [*seconded[:, :-1]]
        first, rather_a_seven = outputs.argmax(axis=1), seconded[:, 7] > seconded[:, 1]
        exchanged = (first == 7) & (seconded[:, 1] > seconded[:, 7])
        outputs[exchanged, 1], outputs[exchanged, 7] = outputs[exchanged, 7], outputs[exchanged, 1]
        both = outputs[:, [1, 7]]
        are_near = np.isin(first, (1, 7)) & (both.min(axis=1) >= NEAR * both.max(axis=1))
        doubts = (first == 1) & rather_a_seven & (model.began is None)
        disputed = exchanged | are_near | doubts
    return outputs, wholeness, disputed, digits


def second_network(model: Model) -> Model | None:
    """The second network for a model that learnt from MNIST, first or last; None for models of other data."""
    mnist = pretrained.load().data_checksum
    return pretrained.load_whole() if mnist in (model.data_checksum, model.began) else None
