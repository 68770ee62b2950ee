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


def baseline_accuracy(train: tuple[Array, Array], test: tuple[Array, Array]) -> float:
    """The share of test images that the mean-image templates of the training images read rightly, 0 to 1.

    Each is a pair of images and labels. Classes without a training image are never answered.
    """
    present, position = np.unique(train[1], return_inverse=True)
    fitted = templates.fit(train[0], position, len(present))
    return float((present[templates.predict(fitted, test[0])] == test[1]).mean())


def evaluate(
    model: Model, images: Array, labels: Array, learnt_from: tuple[Array, Array] | None = None
) -> Evaluation:
    """Run the model over labelled images: images (N, ...), labels (N,) of the model's classes.

    learnt_from: the images and labels that the model was trained on, where they are known; the baseline
    is fitted on them. DataError for images that the network cannot take, and labels it does not know.
    """
    expect_images(images, model.pixels)
    labels = np.asarray(labels)
    if labels.shape != (len(images),):
        raise DataError(f"expected one label for each of {len(images)} images; got shape {labels.shape}")
    position = {c: i for i, c in enumerate(model.classes)}
    if unknown := set(labels.tolist()) - set(position):
        known = ", ".join(map(str, model.classes))
        raise DataError(f"expected labels among {known}; got {', '.join(sorted(map(str, unknown)))}")
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
    of_baseline = baseline_accuracy(learnt_from, (images, labels)) if learnt_from else None
    return Evaluation(
        len(images), float((answers == truth).mean()), model.classes, confusion, mistakes, of_baseline
    )


def percent(share: float | None) -> str:
    """0.9812 -> "98.12 %"; nothing known -> "-"."""
    return "-" if share is None else f"{100 * share:.2f} %"
