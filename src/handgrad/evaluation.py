"""How good a network is, and where it errs: accuracy, confusion, per-class figures, worst mistakes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad import templates
from handgrad.arrays import expect_images
from handgrad.errors import DataError
from handgrad.model import Model

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mistake:
    """An image that was read wrongly, and how sure the network was of it."""

    index: int  # row of the images
    label: int | str
    predicted: int | str
    confidence: float  # the output of the predicted class
    label_score: float  # the output of the right one


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network gets right and wrong on a set of labelled images."""

    images: int
    accuracy: float
    classes: tuple[int | str, ...]
    confusion: Array  # (C, C) counts: row = label, column = answer
    mistakes: list[Mistake]  # all of them, the most confident first
    baseline_accuracy: float | None = None  # of the mean-image templates on the same images

    @property
    def per_digit(self) -> list[dict[str, Any]]:
        """For each class its images, recall (share of them found) and precision (share of answers right).

        A share of nothing is None.
        """
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

    def to_dict(self, most_mistakes: int = 20) -> dict[str, Any]:
        """Plain values for JSON, with the most confident mistakes."""
        return {
            "images": self.images,
            "accuracy": self.accuracy,
            "baseline_accuracy": self.baseline_accuracy,
            "per_digit": self.per_digit,
            "confusion": self.confusion.tolist(),
            "mistakes": [vars(mistake) for mistake in self.mistakes[:most_mistakes]],
        }


def evaluate(model: Model, images: Array, labels: Array, baseline: Array | None = None) -> Evaluation:
    """Run the model over labelled images: images (N, ...), labels (N,) of the model's classes.

    baseline: templates (C, ...) whose accuracy on the same images is to stand beside. DataError for
    images that the network cannot take, and labels that it does not know.
    """
    expect_images(images, model.pixels)
    position = {c: i for i, c in enumerate(model.classes)}
    if unknown := set(np.unique(labels).tolist()) - set(position):
        known = ", ".join(map(str, model.classes))
        raise DataError(f"expected labels among {known}; got {', '.join(map(str, sorted(unknown)))}")
    if len(labels) != len(images):
        raise DataError(f"expected one label for each of {len(images)} images; got {len(labels)} labels")
    C, scores = len(position), model.scores(images)
    truth = np.array([position[label] for label in labels.tolist()])
    answers = scores.argmax(axis=1)
    confusion = np.bincount(truth * C + answers, minlength=C * C).reshape(C, C)
    wrong = np.flatnonzero(answers != truth)
    wrong = wrong[np.argsort(-scores[wrong, answers[wrong]], kind="stable")]
    mistakes = [
        Mistake(
            int(i),
            model.classes[truth[i]],
            model.classes[answers[i]],
            float(scores[i, answers[i]]),
            float(scores[i, truth[i]]),
        )
        for i in wrong
    ]
    of_baseline = None if baseline is None else float((templates.predict(baseline, images) == truth).mean())
    return Evaluation(
        len(images), float((answers == truth).mean()), model.classes, confusion, mistakes, of_baseline
    )
