"""Reliability: how well confidence predicts right answers. Bins, calibration errors, accuracy by coverage.

All functions take confidence (N,), the probability given to each answer, and right (N,) bool, whether the
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
    """Coverage and accuracy when only the most confident answers are given."""

    coverage: float  # share of images answered
    accuracy: float  # of the answers
    confidence: float  # the lowest of these answers


def bins_of_equal_mass(confidence: NDArray, right: NDArray, count: int = BINS) -> list[Bin]:
    """Bins of equal size, or a difference of one image, sorted by rising confidence."""
    order = np.argsort(confidence, kind="stable")
    return [_bin(confidence[rows], right[rows]) for rows in np.array_split(order, min(count, len(order)))]


def bins_between(confidence: NDArray, right: NDArray, edges: Sequence[float]) -> list[Bin]:
    """The bins between rising edges; a bin includes its lower edge. Empty bins are left out."""
    place = np.searchsorted(edges[1:-1], confidence, side="right")
    return [_bin(confidence[place == i], right[place == i]) for i in np.unique(place)]


def expected_error(bins: Sequence[Bin]) -> float:
    """Mean over the images of |accuracy - confidence| of their bin: the expected calibration error."""
    images = sum(b.images for b in bins)
    return sum(b.images * abs(b.accuracy - b.confidence) for b in bins) / images


def largest_error(bins: Sequence[Bin]) -> float:
    """The largest |accuracy - confidence| of a bin: the maximum calibration error."""
    return max(abs(b.accuracy - b.confidence) for b in bins)


def brier_score(confidence: NDArray, right: NDArray) -> float:
    """Mean of (confidence - right)^2; 0 is best."""
    return float(np.mean((confidence - right) ** 2))


def risk_coverage_area(confidence: NDArray, right: NDArray) -> float:
    """The share of wrong answers among the n most confident, averaged over all n; 0 is best."""
    order = np.argsort(-confidence, kind="stable")
    return float(np.mean(np.cumsum(~right[order]) / np.arange(1, len(order) + 1)))


def measures(confidence: NDArray, right: NDArray) -> dict[str, Any]:
    """All measures of this module by name, and the bins of equal size, as plain values for JSON."""
    by_mass = bins_of_equal_mass(confidence, right)
    by_width = bins_between(confidence, right, np.linspace(0, 1, BINS + 1).tolist())
    return {
        "mean_confidence": float(confidence.mean()),
        "expected_calibration_error": expected_error(by_mass),
        "expected_calibration_error_equal_width": expected_error(by_width),
        "maximum_calibration_error": largest_error(by_mass),
        "brier_score": brier_score(confidence, right),
        "risk_coverage_area": risk_coverage_area(confidence, right),
        "bins": [b._asdict() for b in by_mass],
    }


def at_coverage(confidence: NDArray, right: NDArray, coverage: float) -> Point:
    """The point at which at least this share of the images is answered, the most confident first."""
    least = np.sort(confidence)[::-1][max(1, round(coverage * len(confidence))) - 1]
    return at_confidence(confidence, right, float(least))


def at_confidence(confidence: NDArray, right: NDArray, least: float) -> Point:
    """The point of all answers with at least this confidence. Without any answers, the accuracy is 1."""
    answered = confidence >= least
    accuracy = float(right[answered].mean()) if answered.any() else 1.0
    return Point(float(answered.mean()), accuracy, least)


def _bin(confidence: NDArray, right: NDArray) -> Bin:
    return Bin(float(confidence.mean()), float(right.mean()), len(right))
