"""The checks of chapter 1: mean images, normalised templates, agreement."""

from __future__ import annotations

import numpy as np

from handgrad import templates
from handgrad.arrays import NDArray
from handgrad.workbook.checks.common import FailedError, Learner, Results, judge
from handgrad.workbook.checks.guesses import Guess, Truth, products, same
from handgrad.workbook.checks.verdict import Verdict

CLASSES = 10
SHAPES = ((23, 3, 4), (31, 5, 2))  # images, rows, columns


def check_means(name: str, learner: Learner) -> Verdict:
    """mean_images(images, labels) -> (10, ...)."""
    truths, got, changed, remarks = list[dict[str, Truth]](), list[Results](), False, list[str]()
    try:
        for seed, shape in enumerate(SHAPES):
            images, labels = _images(seed, shape)
            reply = learner.call(name, images, labels)
            got.append({"mean_images": _shaped(reply.numbers(), shape, remarks)})
            truths.append({"mean_images": _means(images, labels)})
            changed |= bool(reply.changed)
    except FailedError as failed:
        return Verdict(name, False, str(failed))
    return judge(name, got, truths, changed, remarks)


def check_normalised(name: str, learner: Learner) -> Verdict:
    """normalize_templates(mean_images) -> (10, ...)."""
    truths, got, changed, remarks = list[dict[str, Truth]](), list[Results](), False, list[str]()
    try:
        for seed, shape in enumerate(SHAPES):
            means = templates.mean_images(*_images(seed, shape))
            reply = learner.call(name, means)
            value, truth = _shaped(reply.numbers(), shape, remarks), _normalised(means)
            pixels = shape[1] * shape[2]
            unbiased = truth.value * np.sqrt((pixels - 1) / pixels)
            if same(value, unbiased):
                value = truth.value
                remarks.append(
                    "the deviation divides by pixels - 1, as PyTorch's std does: the same but for one factor"
                )
            got.append({"templates": value})
            truths.append({"templates": truth})
            changed |= bool(reply.changed)
    except FailedError as failed:
        return Verdict(name, False, str(failed))
    return judge(name, got, truths, changed, remarks)


def check_agreement(name: str, learner: Learner) -> Verdict:
    """agreement(templates, images) -> (N, 10)."""
    truths, got, changed, remarks = list[dict[str, Truth]](), list[Results](), False, list[str]()
    try:
        for seed, shape in enumerate(SHAPES):
            images, labels = _images(seed, shape)
            fitted = templates.fit(images, labels, CLASSES)
            reply = learner.call(name, fitted, images)
            value, truth = reply.numbers(), _agreement(fitted, images)
            if same(value, truth.value / (shape[1] * shape[2])):
                value = truth.value
                remarks.append("averaged over the pixels rather than summed: the answers are the same")
            got.append({"agreement": value})
            truths.append({"agreement": truth})
            changed |= bool(reply.changed)
    except FailedError as failed:
        return Verdict(name, False, str(failed))
    return judge(name, got, truths, changed, remarks)


def _images(seed: int, shape: tuple[int, int, int]) -> tuple[NDArray, NDArray]:
    """Images with pixels in tenths, every class among the labels, in no order."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(CLASSES), rng.integers(0, CLASSES, shape[0] - CLASSES)])
    return rng.integers(0, 11, shape) / 10, rng.permutation(labels)


def _shaped(value: NDArray | None, shape: tuple[int, int, int], remarks: list[str]) -> NDArray | None:
    """Flat templates (10, D) count as (10, rows, columns)."""
    if value is not None and value.shape == (CLASSES, shape[1] * shape[2]):
        remarks.append("the pixels come in one row; as pictures they are easier to look at")
        return value.reshape(CLASSES, *shape[1:])
    return value


def _means(images: NDArray, labels: NDArray) -> Truth:
    right = templates.mean_images(images, labels, CLASSES)
    counts = np.bincount(labels, minlength=CLASSES)[:, None, None]
    sums = right * counts
    medians = np.stack([np.median(images[labels == k], axis=0) for k in range(CLASSES)])
    first = np.stack([images[labels == k][0] for k in range(CLASSES)])
    appearing = list(dict.fromkeys(labels.tolist()))
    guesses = [
        Guess(70, sums), Guess(71, sums / len(images)), Guess(43, medians, "this is the median image"),
        Guess(25, first, "only one image of each class is used"), Guess(80, right[::-1]),
        Guess(80, right[appearing]),
        Guess(41, right.mean((1, 2)),
              "the mean runs over the pixels too; it runs over the images of a class only"),
        Guess(31, right / 255, "the images are scaled once more here"), Guess(71, sums / CLASSES),
        Guess(41, images.mean(0), "this is the mean of all images, whatever their label"),
        Guess(41, np.stack([images.mean(0)] * CLASSES),
              "this is the mean of all images, whatever their label"),
    ]  # fmt: skip

    def terms(index: tuple[int, ...]) -> str:
        pixels = images[labels == index[0]][(slice(None), *index[1:])]
        return f"({' + '.join(f'{p:.4g}' for p in pixels)}) / {len(pixels)}"

    return Truth(right, guesses, terms)


def _normalised(means: NDArray) -> Truth:
    mean, deviation = means.mean((1, 2), keepdims=True), means.std((1, 2), keepdims=True)
    right = (means - mean) / deviation
    guesses = [
        Guess(72, means / deviation), Guess(73, means - mean),
        Guess(73, (means - mean) / deviation**2, "divided by the variance, not by its root"),
        Guess(74, (means - means.mean()) / means.std()), Guess(74, (means - means.mean(0)) / means.std(0)),
        Guess(74, (means - means.mean(0)) / np.where(means.std(0) > 0, means.std(0), 1)),
        Guess(72, (means + mean) / deviation), Guess(73, (means - mean) * deviation),
        Guess(74, means - means.mean(0)),
        Guess(73, (means - mean) / np.sqrt((means**2).sum((1, 2), keepdims=True))),
        Guess(73, (means - mean) / np.sqrt(((means - mean) ** 2).sum((1, 2), keepdims=True)),
              "divided by the length; the standard deviation is the root of the mean square"),
        Guess(74, (means - means.mean(1, keepdims=True)) / means.std(1, keepdims=True)),
        Guess(74, (means - means.mean(2, keepdims=True)) / means.std(2, keepdims=True)),
        Guess(73, (means - mean) / (means.max((1, 2), keepdims=True) - means.min((1, 2), keepdims=True))),
        Guess(73, (means - mean) / mean), Guess(75, -right), Guess(74, means - means.mean()),
        Guess(74, (means - means.mean()) / deviation), Guess(74, (means - mean) / means.std()),
    ]  # fmt: skip

    def terms(index: tuple[int, ...]) -> str:
        k = index[0]
        return f"({means[index]:.4g} - {mean[k, 0, 0]:.4g}) / {deviation[k, 0, 0]:.4g}"

    return Truth(right, guesses, terms)


def _agreement(fitted: NDArray, images: NDArray) -> Truth:
    T, x = fitted.reshape(CLASSES, -1), images.reshape(len(images), -1)
    right = templates.agreement(fitted, images)
    guesses = [
        Guess(38, right.T),
        Guess(43, ((x[:, None] - T[None]) ** 2).sum(2),
              "this is a distance, which is smallest for the best template"),
        Guess(43, -((x[:, None] - T[None]) ** 2).sum(2)),
        Guess(43, np.sqrt(((x[:, None] - T[None]) ** 2).sum(2))),
        Guess(43, np.abs(x[:, None] - T[None]).sum(2)), Guess(75, -right),
        Guess(29, right.argmax(1).astype(float),
              "these are the answers; the exercise asks for the agreement with each template"),
        Guess(41, right.sum(1)), Guess(41, right.sum(0)), Guess(43, (x[:, None] + T[None]).sum(2)),
        Guess(53, x[:, None] * T[None], "the products are not summed over the pixels"),
    ]  # fmt: skip

    def terms(index: tuple[int, ...]) -> str:
        i, c = index
        return products(list(zip(T[c], x[i], strict=True)))

    return Truth(right, guesses, terms)
