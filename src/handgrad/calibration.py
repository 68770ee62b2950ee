"""Calibration: turn outputs into a confidence that is a probability, and find the answers to doubt.

The outputs of a network with the L2 loss are not probabilities: of the answers with an output near 0.9, far
more than 90 % are right. A single number, the temperature T, corrects this. It is fitted on labelled images
that the network did not learn from:

    o_c = y_c / (1 - y_c)                                    the odds of each output
    p   = o_top^(1/T) / (NONE + sum_c o_c^(1/T))             the confidence: that the top class is right

NONE is the odds of "none of these classes": if all outputs are near 0, the confidence is low. Temperature
scaling is by Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (2017).
docs/doubt.md says why this formula is used.
"""

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from handgrad.arrays import NDArray, expect_labels
from handgrad.errors import quoted

NONE = 0.1  # the odds of "none of these"
LEAST, MOST = 1e-12, 1 - 2.0**-24  # outputs are clipped to these; 2^-24 is float32's last step below 1
LARGEST = 15.0  # log odds of a confidence are clipped to this, so it is never 0 or 1
USUAL, SPREAD = 4 / 3, 0.25  # prior of T: log T is normal, with mean log USUAL and deviation SPREAD
COLDEST, HOTTEST = 0.05, 20.0  # bounds of T
MIN_IMAGES, MIN_MISTAKES = 50, 5  # fewer do not determine T
WANTED = 0.999  # accuracy of the answers that are not doubtful
STEPS, SMALLEST = 50, 1e-7  # of Newton's method: at most so many steps, down to this length
SOURCES = ("validation", "given")


@dataclass(frozen=True)
class Calibration:
    """The calibration of a network, as it was fitted. ValueError names the value that is not valid."""

    temperature: float
    threshold: float  # an answer with less confidence is doubtful; with 1, all answers are
    wanted: float  # accuracy of the other answers, for which the threshold was chosen
    coverage: float  # share of the images whose answers were not doubtful
    images: int  # number of images that it was fitted on
    mistakes: int  # number of mistakes of the network on these images
    source: str = "validation"  # the images that the run held back; "given": other images

    def __post_init__(self) -> None:
        for name, low, high in (
            ("temperature", COLDEST, HOTTEST),
            ("threshold", 0.0, 1.0),
            ("wanted", 0.0, 1.0),
            ("coverage", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if type(value) is not float or not low <= value <= high:
                expected = f"expected the calibration's {name} to be a number from {low:g} to {high:g}"
                raise ValueError(f"{expected}; got {quoted(value, 30)}")
        if type(self.images) is not int or type(self.mistakes) is not int or self.images < 1:
            raise ValueError("expected the calibration's images and mistakes to be whole numbers")
        if not 0 <= self.mistakes <= self.images:
            expected = f"expected at most {self.images} mistakes in {self.images} images"
            raise ValueError(f"{expected}; got {quoted(self.mistakes, 30)}")
        if self.source not in SOURCES:
            raise ValueError(
                f"expected the calibration's source to be validation or given; got {quoted(self.source, 30)}"
            )

    def confidence(self, scores: NDArray) -> NDArray:
        """The probability that the answer is right: outputs (N, C) -> (N,) float64, never 0 or 1."""
        return _probability(_log_odds(_sorted_logits(scores), 1 / self.temperature)[0])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> "Calibration":
        """The calibration from a dictionary of to_dict. ValueError if the dictionary is not valid."""
        names = [field.name for field in fields(cls)]
        if not isinstance(values, dict) or set(values) != set(names):
            raise ValueError(f"expected a calibration with exactly {', '.join(names)}")
        return cls(**values)


def fit(
    scores: NDArray, labels: NDArray, wanted: float = WANTED, source: str = "validation"
) -> Calibration | None:
    """Fit the temperature and choose the threshold, from the outputs (N, C) and the labels (N,), 0 to C - 1.

    The network must not have learnt from these images. Returns None if there are fewer than MIN_IMAGES
    images, MIN_MISTAKES mistakes or MIN_MISTAKES right answers. DataError if labels are not valid class
    indices.
    """
    outputs = scores
    expect_labels(labels, *outputs.shape)
    right = outputs.argmax(axis=1) == labels
    N, mistakes = len(right), int((~right).sum())
    if N < MIN_IMAGES or not MIN_MISTAKES <= mistakes <= N - MIN_MISTAKES:
        return None
    temperature = round(_temperature(_sorted_logits(outputs), right), 4)
    fitted = Calibration(temperature, 1.0, float(wanted), 0.0, N, mistakes, source)
    confidence = fitted.confidence(outputs)
    threshold = choose_threshold(confidence, right, wanted)
    return replace(fitted, threshold=threshold, coverage=float((confidence >= threshold).mean()))


def probabilities(log_y: NDArray, temperature: float = 1.0) -> NDArray:
    """p_c = y_c^(1/T) / sum_k y_k^(1/T), from the logarithms of the outputs, (N, C): each row sums to 1.

    The outputs of a network with the L2 loss estimate the shares of the classes, which need not sum to 1.
    """
    p = np.exp((log_y - log_y.max(axis=1, keepdims=True)) / log_y.dtype.type(temperature))
    shares: NDArray = p / p.sum(axis=1, keepdims=True)
    return shares


def temperature_of(log_y: NDArray, labels: NDArray, weights: NDArray | None = None) -> float:
    """The T with which `probabilities` have the least log loss on these rows; near 1 where they are few.

    log_y (N, C), labels (N,), weights (N,): of the rows, mean 1. With b = 1/T the slope of the loss is
    sum_n w_n (sum_c p_nc l_nc - l_n,label); log T has a normal prior of mean 0 and deviation SPREAD.
    """
    logs = log_y.astype(np.float64)
    w = np.ones(len(logs)) if weights is None else weights
    of_label = logs[np.arange(len(logs)), labels]
    low, high = math.log(COLDEST), math.log(HOTTEST)
    for _ in range(STEPS):  # the loss is convex in b: bisection of its slope
        t = (low + high) / 2
        slope = math.exp(-t) * float(w @ ((probabilities(logs, math.exp(t)) * logs).sum(axis=1) - of_label))
        low, high = (low, t) if slope - t / SPREAD**2 < 0 else (t, high)
    return math.exp((low + high) / 2)


def choose_threshold(confidence: NDArray, right: NDArray, wanted: float) -> float:
    """The lowest confidence above which the share of right answers is at least `wanted`; 1 if none has it.

    Two shares must reach it: the right answers that are counted on these images, and the mean confidence. The
    count alone would depend on a handful of mistakes. The result lies half-way to the next lower confidence,
    and has six decimals.
    """
    order = np.argsort(-confidence, kind="stable")
    confidence, right = confidence[order], right[order]
    answered = np.arange(1, len(order) + 1)
    enough = (np.cumsum(right) >= wanted * answered) & (np.cumsum(confidence) >= wanted * answered)
    last_of_equals = np.append(confidence[:-1] > confidence[1:], True)
    found = np.flatnonzero(enough & last_of_equals)
    if len(found) == 0:
        return 1.0
    last, below = found[-1], min(found[-1] + 1, len(order) - 1)
    return math.floor(1e6 * float(confidence[last] + confidence[below]) / 2) / 1e6


def _sorted_logits(outputs: NDArray) -> NDArray:
    """The log odds of the outputs (N, C), as (C, N) float64; in each column, the largest comes first."""
    ranked = np.sort(outputs, axis=1)[:, ::-1].T
    y = np.clip(ranked.astype(np.float64, order="C"), LEAST, MOST)
    logits: NDArray = np.log(y) - np.log1p(-y)
    return logits


def _log_odds(logits: NDArray, power: float) -> tuple[NDArray, NDArray]:
    """u = log(p / (1 - p)) of the confidence p, and its derivative with respect to the power 1/T.

    u = power l_top - log(NONE + sum of the others' exp(power l_c));  du = l_top - their weighted mean l.
    """
    top, others = logits[0], logits[1:]
    largest = np.maximum(0, power * others.max(axis=0, initial=-np.inf))  # so that exp cannot overflow
    weights = np.exp(power * others - largest)
    total = NONE * np.exp(-largest) + weights.sum(axis=0)
    return power * top - largest - np.log(total), top - (weights * others).sum(axis=0) / total


def _probability(log_odds: NDArray) -> NDArray:
    p: NDArray = 1 / (1 + np.exp(-np.clip(log_odds, -LARGEST, LARGEST)))
    return p


def _temperature(logits: NDArray, right: NDArray) -> float:
    """The T with the largest posterior probability, given which answers are right, and the prior of T.

    Newton's method in t = log(1/T). The second derivative is replaced by its expectation (Fisher scoring),
    and a step is halved until it lowers the loss.
    """
    usual = -math.log(USUAL)

    def at(t: float) -> tuple[float, NDArray, NDArray]:
        """The loss, u and du/dt."""
        u, slope = _log_odds(logits, math.exp(t))
        loss = float(np.logaddexp(0, np.where(right, -u, u)).sum()) + ((t - usual) / SPREAD) ** 2 / 2
        return loss, u, slope * math.exp(t)

    t = usual
    loss, u, slope = at(t)
    for _ in range(STEPS):
        p = _probability(u)
        gradient = float((p - right) @ slope) + (t - usual) / SPREAD**2
        step = min(max(gradient / (float((p * (1 - p)) @ slope**2) + 1 / SPREAD**2), -1.0), 1.0)
        while abs(step) > SMALLEST and (there := at(t - step))[0] > loss:
            step /= 2
        if abs(step) <= SMALLEST:
            break
        t, (loss, u, slope) = t - step, there
    return min(max(math.exp(-t), COLDEST), HOTTEST)
