"""Leaky ReLU: the slope that a learner's relu has below 0, on the way out, on the way back, in a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.common import FailedError, Learner, numbers
from handgrad.workbook.checks.guesses import same
from handgrad.workbook.desk.layout import OF_KEY

DIGITS = 5  # of a slope, which may come as float32
SHAPES = ((3, 4), (5, 2))
SIZES = (2, 6, 5, 3)  # N, D, H, C


def is_leaky(slope: float | None) -> bool:
    """Whether a relu of this slope is a leaky one."""
    return slope is not None and 0 < slope < 1


def of_forward(learner: Learner) -> float | None:
    """The slope of the learner's relu_forward; None where it is not a relu, leaky or plain."""
    x, got = [cases.elementwise(shape, 40).x for shape in SHAPES], list[NDArray | None]()
    try:
        for inputs in x:
            value = learner.call("relu_forward", inputs).value
            got.append(numbers((value.get("items") or [value])[0]))
    except FailedError:
        return None
    return _slope(x, got, x)


def of_backward(learner: Learner) -> float | None:
    """The slope of the learner's relu_backward, with the cache of their forward, or else their input."""
    some, got = [cases.elementwise(shape, 40) for shape in SHAPES], list[NDArray | None]()
    try:
        for x, dout in some:
            cache: object = x
            if learner.has("relu_forward"):
                made = learner.call("relu_forward", x).items(2, "(out, cache)")
                cache = {"handle": made[1]["handle"]}
            value = learner.call("relu_backward", dout, cache).value
            got.append(numbers((value.get("items") or [value])[0] if "array" not in value else value))
    except FailedError:
        return None
    return _slope([case.x for case in some], got, [case.dout for case in some])


def of_network(learner: Learner) -> float | None:
    """The slope below 0 of the hidden units of the learner's network, in their layout.

    All hidden units are at -1, so that each score shows the slope times a sum of weights.
    """
    N, D, H, C = SIZES
    params = {"W1": np.zeros((H, D)), "b1": -np.ones(H), "W2": np.full((C, H), 0.5), "b2": np.zeros(C)}
    try:
        net = learner.call("TwoLayerNet", D, H, C).value["handle"]
        held = learner.attribute(net, "params")["handle"]
        for key, value in params.items():
            array = learner.layout.give(OF_KEY[key], value)
            learner.ask({"do": "assign", "of": held, "key": key, "array": array}, "params")
        answer = learner.method(net, "forward", np.ones((N, D)), who="forward").value
    except FailedError:
        return None
    y = numbers((answer.get("items") or [answer])[0])
    if y is None or y.shape != (N, C) or not ((y > 0) & (y < 1)).all():
        return None
    slopes = -np.log(y / (1 - y)) / (0.5 * H)
    return _rounded(float(slopes.mean())) if np.ptp(slopes) < 1e-5 else None


def _slope(x: Sequence[NDArray], got: Sequence[NDArray | None], whole: Sequence[NDArray]) -> float | None:
    """By how much got follows whole where x < 0, if by one number, and if it is whole where x > 0."""
    slopes = []
    for inputs, mine, full in zip(x, got, whole, strict=True):
        above, below = inputs > 0, inputs < 0
        if mine is None or mine.shape != inputs.shape or not same(mine[above], full[above]):
            return None
        slopes.append(mine[below] / full[below])
    every = np.concatenate(slopes)
    if not np.isfinite(every).all():
        return None
    middle = float(np.median(every))
    return _rounded(middle) if np.abs(every - middle).max() < 1e-5 else None


def _rounded(slope: float) -> float:
    return float(f"{slope:.{DIGITS}g}")
