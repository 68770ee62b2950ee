"""Reading pictures with a model: what was found where, as which digit, and how surely."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.errors import ImageError
from handgrad.model import Model
from handgrad.photos import SIDE, find_digit

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Reading:
    """One digit that was read."""

    digit: int | str
    confidence: float  # the output of the digit, in (0, 1)
    runner_up: int | str
    box: tuple[int, int, int, int]  # x, y, width, height in the picture
    scores: tuple[float, ...]  # the outputs, one a class


def read(model: Model, grey: Array) -> list[Reading]:
    """The digits on a picture: grey (height, width), 0 black to 1 white; an empty list on blank paper.

    One digit a picture as yet. ImageError where the model does not take 28 x 28 images.
    """
    if model.image_shape != (SIDE, SIDE):
        shape = " x ".join(map(str, model.image_shape))
        raise ImageError(f"expected a model of {SIDE} x {SIDE} images to read pictures; this takes {shape}")
    found = find_digit(grey)
    if found is None:
        return []
    scores = model.scores(found.image[None])[0]
    first, second = np.argsort(-scores, kind="stable")[:2] if len(scores) > 1 else (0, 0)
    shares = tuple(float(score) for score in scores)
    return [Reading(model.classes[first], shares[first], model.classes[second], found.box, shares)]
