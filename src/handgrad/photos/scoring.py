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
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normalisation import normalised


class Answer(NamedTuple):
    """What the networks see in one image."""

    image: NDArray  # (28, 28) uint8
    outputs: NDArray  # (C,)
    wholeness: float  # 0 to 1: how much it looks like one digit, not like a part of one or like several
    disputed: bool  # whether the model saw a 7 and the second network a 1, which it has become

    @property
    def sureness(self) -> float:
        """Near 1 if the networks see one digit, near 0 if they see none."""
        return float(self.outputs.max()) * self.wholeness


def answers(model: Model, page: Page, marks: Sequence[Mark]) -> list[Answer]:
    """The answer for each mark, in one batch through each network."""
    if not marks:
        return []
    images = np.stack([normalised(page, mark) for mark in marks])
    return [Answer(*each) for each in zip(images, *seen(model, images), strict=True)]


def seen(model: Model, images: NDArray) -> tuple[NDArray, NDArray, list[bool]]:
    """The outputs (N, C), the wholeness (N,) and whether the 1 was disputed, of the images (N, 28, 28).

    Where the model sees a 7 and the second network rather a 1, these two outputs are exchanged.
    """
    outputs, wholeness = model.scores(images), np.ones(len(images))
    disputed = np.zeros(len(images), bool)
    if second := second_network(model):
        seconded = second.scores(images)
        wholeness = 1 - seconded[:, -1]
        disputed = (outputs.argmax(axis=1) == 7) & (seconded[:, 1] > seconded[:, 7])
        outputs[disputed, 1], outputs[disputed, 7] = outputs[disputed, 7], outputs[disputed, 1]
    return outputs, wholeness, list(map(bool, disputed))


def second_network(model: Model) -> Model | None:
    """The second network for a model that learnt from MNIST, first or last; None for models of other data."""
    mnist = pretrained.load().data_checksum
    return pretrained.load_whole() if mnist in (model.data_checksum, model.began) else None
