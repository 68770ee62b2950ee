"""Evaluation of a network: accuracy, confusion matrix, mistakes, and how its confidence compares."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from handgrad import templates
from handgrad.arrays import NDArray, expect_images, expect_no_mask
from handgrad.calibration import Calibration
from handgrad.errors import DataError
from handgrad.history import html_table
from handgrad.insight import reliability
from handgrad.model import Model

SHOWN = 10  # labels that a message lists
WIDEST = 30  # classes of a confusion table in a notebook


@dataclass(frozen=True)
class Mistake:
    """An image that was read wrongly, and the network's confidence in its answer."""

    index: int  # row of the image
    label: int | str
    predicted: int | str
    confidence: float  # in the answer; calibrated if the model is
    label_score: float  # the output of the label's class


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The right and wrong answers of a network on labelled images."""

    images: int
    accuracy: float
    classes: tuple[int | str, ...]
    confusion: NDArray  # (C, C) counts: row = label, column = answer
    mistakes: list[Mistake]  # all of them, the most confident first
    right: NDArray  # (N,) whether each image was read rightly
    confidences: dict[str, NDArray]  # (N,) each: "raw", "normalised" and, of a calibrated model, "calibrated"
    calibration: Calibration | None  # of the model
    baseline_accuracy: float | None = None  # of the mean-image templates on the same images

    def __repr__(self) -> str:
        baseline = "" if self.baseline_accuracy is None else f", baseline {percent(self.baseline_accuracy)}"
        read = f"{self.images:,} images, accuracy {percent(self.accuracy)}{baseline}"
        return f"Evaluation({read}, {len(self.mistakes):,} mistakes)"

    def _repr_html_(self) -> str:
        """The repr and the confusion table, for notebooks: a row a label, a column an answer."""
        if len(self.classes) > WIDEST:
            return f"<p>{escape(repr(self))}</p>"
        rows = [[c, *counts] for c, counts in zip(self.classes, self.confusion.tolist(), strict=True)]
        return f"<p>{escape(repr(self))}</p>" + html_table(["label, answer", *self.classes], rows)

    @property
    def per_digit(self) -> list[dict[str, Any]]:
        """For each class the number of images, recall (share of its images that were found) and precision
        (share of its answers that are right); None where there are no images or no answers."""
        right, labelled, answered = self.confusion.diagonal(), self.confusion.sum(1), self.confusion.sum(0)
        return [
            {
                "digit": c,
                "images": int(labelled[i]),
                "precision": float(right[i] / answered[i]) if answered[i] else None,
                "recall": float(right[i] / labelled[i]) if labelled[i] else None,
            }
            for i, c in enumerate(self.classes)
        ]

    @property
    def confidence(self) -> NDArray:
        """The confidence of each answer, (N,); calibrated if the model is."""
        return self.confidences.get("calibrated", self.confidences["raw"])

    @property
    def answered(self) -> list[reliability.Point]:
        """Accuracy at each of the COVERAGES, when only the most confident answers are given."""
        return [
            reliability.at_coverage(self.confidence, self.right, share) for share in reliability.COVERAGES
        ]

    @property
    def undoubted(self) -> reliability.Point | None:
        """Coverage and accuracy of the answers above the threshold of doubt; None without calibration."""
        if self.calibration is None:
            return None
        return reliability.at_confidence(self.confidence, self.right, self.calibration.threshold)

    def measures(self, name: str) -> dict[str, Any] | None:
        """The reliability measures of a kind of confidence; None if the model does not have it."""
        values = self.confidences.get(name)
        return None if values is None else reliability.measures(values, self.right)

    def to_dict(self, most_mistakes: int = 20) -> dict[str, Any]:
        """The evaluation as plain values for JSON, with the most confident mistakes."""
        return {
            "images": self.images,
            "accuracy": self.accuracy,
            "baseline_accuracy": self.baseline_accuracy,
            "per_digit": self.per_digit,
            "confusion": self.confusion.tolist(),
            "mistakes": [vars(mistake) for mistake in self.mistakes[:most_mistakes]],
            "calibration": {
                "fitted": None if self.calibration is None else self.calibration.to_dict(),
                **{name: self.measures(name) for name in ("raw", "normalised", "calibrated")},
                "answered": [point._asdict() for point in self.answered],
                "undoubted": None if self.undoubted is None else self.undoubted._asdict(),
            },
        }


def baseline_accuracy(train: tuple[NDArray, NDArray], test: tuple[NDArray, NDArray]) -> float:
    """The share of test images that the mean-image templates of the training images read rightly, 0 to 1.

    Each argument is a pair of images and labels. A class without training images is never the answer.
    """
    present, position = np.unique(train[1], return_inverse=True)
    fitted = templates.fit(train[0], position, len(present))
    return float((present[templates.predict(fitted, test[0])] == test[1]).mean())


def evaluate(
    model: Model, images: NDArray, labels: NDArray, learnt_from: tuple[NDArray, NDArray] | None = None
) -> Evaluation:
    """Run the model over labelled images: images (N, ...), labels (N,) of the model's classes.

    learnt_from: the images and labels that the model was trained on, if they are known; the baseline is
    fitted on them. DataError for images of another size, and for labels that are not classes of the model.
    """
    truth = columns(model, images, labels)
    C, outputs = len(model.classes), model.scores(images)
    answers = outputs.argmax(axis=1)
    confusion = np.bincount(truth * C + answers, minlength=C * C).reshape(C, C)
    confidences = {"raw": outputs.max(axis=1).astype(np.float64)}
    total = np.maximum(outputs.sum(axis=1, dtype=np.float64), np.finfo(np.float64).tiny)  # all may be 0
    confidences["normalised"] = confidences["raw"] / total
    if model.calibration is not None:
        confidences["calibrated"] = model.calibration.confidence(outputs)
    confidence = model.confidence(outputs)
    wrong = np.flatnonzero(answers != truth)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    mistakes = [
        Mistake(
            int(i),
            model.classes[truth[i]],
            model.classes[answers[i]],
            float(confidence[i]),
            float(outputs[i, truth[i]]),
        )
        for i in wrong
    ]
    of_baseline = baseline_accuracy(learnt_from, (images, labels)) if learnt_from else None
    right = answers == truth
    return Evaluation(
        len(images),
        float(right.mean()),
        model.classes,
        confusion,
        mistakes,
        right,
        confidences,
        model.calibration,
        of_baseline,
    )


def columns(model: Model, images: NDArray, labels: NDArray) -> NDArray:
    """The column of the outputs that belongs to each label, (N,).  DataError for images of another size, and
    for labels that are not classes of the model.
    """
    expect_images(images, model.pixels)
    expect_no_mask("labels", labels)
    labels = np.asarray(labels)
    if labels.shape != (len(images),):
        raise DataError(f"expected one label for each of {len(images)} images; got shape {labels.shape}")
    position = {c: i for i, c in enumerate(model.classes)}
    if unknown := set(labels.tolist()) - set(position):
        known = ", ".join(map(str, model.classes))
        got = sorted(map(str, unknown))
        more = f" and {len(got) - SHOWN} more" if len(got) > SHOWN else ""
        raise DataError(f"expected labels among {known}; got {', '.join(got[:SHOWN])}{more}")
    return np.array([position[label] for label in labels.tolist()])


def percent(share: float | None) -> str:
    """0.9812 -> "98.12 %"; None -> "-"."""
    return "-" if share is None else f"{100 * share:.2f} %"
