"""Whether confidences can be trusted, measured: bins, calibration errors, accuracy against coverage.

Everything takes confidence (N,), the probability given to the answer, and right (N,) bool, whether the
answer was right. N is at least 1.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray

BINS = 15
COVERAGES = (1.0, 0.99, 0.98, 0.95, 0.9)


class Bin(NamedTuple):
    """Images of similar confidence."""

    confidence: float  # mean
    accuracy: float
    images: int


class Point(NamedTuple):
    """What is left when only the surest answers are given."""

    coverage: float  # share of images answered
    accuracy: float  # of the answers
    confidence: float  # the least among them


def bins_of_equal_mass(confidence: NDArray, right: NDArray, count: int = BINS) -> list[Bin]:
    """As many images in each bin as in the others (one more or less), the least sure first."""
    order = np.argsort(confidence, kind="stable")
    return [_bin(confidence[rows], right[rows]) for rows in np.array_split(order, min(count, len(order)))]


def bins_between(confidence: NDArray, right: NDArray, edges: Sequence[float]) -> list[Bin]:
    """The bins between edges that rise, each with its lower edge; empty ones are left out."""
    place = np.searchsorted(edges[1:-1], confidence, side="right")
    return [_bin(confidence[place == i], right[place == i]) for i in np.unique(place)]


def expected_error(bins: Sequence[Bin]) -> float:
    """Mean over the images of |accuracy - confidence| of their bin: the expected calibration error."""
    images = sum(one.images for one in bins)
    return sum(one.images * abs(one.accuracy - one.confidence) for one in bins) / images


def largest_error(bins: Sequence[Bin]) -> float:
    """The largest |accuracy - confidence| of a bin: the maximum calibration error."""
    return max(abs(one.accuracy - one.confidence) for one in bins)


def brier_score(confidence: NDArray, right: NDArray) -> float:
    """Mean of (confidence - right)^2; 0 is best."""
    return float(np.mean((confidence - right) ** 2))


def risk_coverage_area(confidence: NDArray, right: NDArray) -> float:
    """Mean, over every number of surest answers, of the share of them that are wrong; 0 is best."""
    order = np.argsort(-confidence, kind="stable")
    return float(np.mean(np.cumsum(~right[order]) / np.arange(1, len(order) + 1)))


def measures(confidence: NDArray, right: NDArray) -> dict[str, Any]:
    """All of these figures by name, and the bins of equal mass: plain values for JSON."""
    by_mass = bins_of_equal_mass(confidence, right)
    by_width = bins_between(confidence, right, np.linspace(0, 1, BINS + 1).tolist())
    return {
        "mean_confidence": float(confidence.mean()),
        "expected_calibration_error": expected_error(by_mass),
        "expected_calibration_error_equal_width": expected_error(by_width),
        "maximum_calibration_error": largest_error(by_mass),
        "brier_score": brier_score(confidence, right),
        "risk_coverage_area": risk_coverage_area(confidence, right),
        "bins": [one._asdict() for one in by_mass],
    }


def at_coverage(confidence: NDArray, right: NDArray, coverage: float) -> Point:
    """The answers that remain when at least this share of the images is answered, the surest first."""
    least = np.sort(confidence)[::-1][max(1, round(coverage * len(confidence))) - 1]
    return at_confidence(confidence, right, float(least))


def at_confidence(confidence: NDArray, right: NDArray, least: float) -> Point:
    """The answers with at least this confidence; without any, the accuracy is 1: nothing was wrong."""
    answered = confidence >= least
    accuracy = float(right[answered].mean()) if answered.any() else 1.0
    return Point(float(answered.mean()), accuracy, least)


def _bin(confidence: NDArray, right: NDArray) -> Bin:
    return Bin(float(confidence.mean()), float(right.mean()), len(right))
