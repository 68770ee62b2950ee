"""The check of softmax with cross-entropy: the loss, and its gradient by the scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from handgrad import losses
from handgrad.arrays import NDArray
from handgrad.workbook.checks.common import FailedError, Learner, Results, judge, numbers
from handgrad.workbook.checks.guesses import Guess, Truth
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import Verdict

SIZES = ((3, 4), (7, 5), (5, 10))  # N, C
SHAPE_ERRORS = ("ValueError", "RuntimeError", "IndexError", "TypeError")
SQUARE = ((4, 4), (6, 6))
SUMMED = "the loss is summed over the images; it should be their average"
BY_CLASSES = "the average runs over the classes too; it runs over the images only"
COLUMNS = "p[:, labels] takes whole columns; one entry of each row is needed"
SIGMOID = "this is a sigmoid, which works on each score alone; the exercise asks for softmax"
LARGE = 1000.0  # e^1000 is more than any float holds


def check_softmax(name: str, learner: Learner) -> Verdict:
    """softmax_cross_entropy(z, labels) -> loss, dz."""
    try:
        got, truths, changed = _answers(name, learner, SIZES)
    except FailedError as failed:
        if failed.type not in SHAPE_ERRORS:
            raise
        try:
            got, truths, _ = _answers(name, learner, SQUARE)
        except FailedError:
            raise failed from None
        verdict = judge(name, got, truths)
        if not verdict.mistake:
            raise failed from None
        return replace(verdict, message=f"{verdict.message}\n{failed}")
    verdict = judge(name, got, truths, changed)
    return _with_large_scores(verdict, learner) if verdict.passed else verdict


def _answers(
    name: str, learner: Learner, sizes: tuple[tuple[int, int], ...]
) -> tuple[list[Results], list[dict[str, Truth]], bool]:
    got, truths, changed = list[Results](), list[dict[str, Truth]](), False
    for seed, (N, C) in enumerate(sizes):
        rng = np.random.default_rng(seed)
        z, labels = rng.integers(-20, 21, (N, C)) / 10, rng.integers(1, C, N)
        labels[:2] = C - 1, 1
        reply = learner.call(name, z, labels)
        loss, dz = (numbers(item) for item in reply.items(2, "(loss, dz)"))
        if loss is not None and dz is not None and loss.shape == z.shape and dz.size == 1:
            raise FailedError("expected (loss, dz); got them the other way round", number=40)
        got.append({"loss": loss.reshape(()) if loss is not None and loss.size == 1 else loss, "dz": dz})
        truths.append(_truths(z, labels))
        changed |= bool(reply.changed)
    return got, truths, changed


class _Case(NamedTuple):
    """One batch, and the shares that softmax gives, rightly and wrongly."""

    z: NDArray
    labels: NDArray
    p: NDArray  # the right shares
    target: NDArray  # one-hot
    axis: list[NDArray]  # shares by softmax over another axis, wholly or in part
    flat: list[NDArray]  # shares where keepdims was forgotten; only of square scores
    sigmoid: NDArray

    def of_label(self, shares: NDArray) -> NDArray:
        """Minus the logarithm of the right class's share, image by image."""
        logs: NDArray = -np.log(shares[np.arange(len(self.labels)), self.labels])
        return logs


def _truths(z: NDArray, labels: NDArray) -> dict[str, Truth]:
    """L = -1/N sum_i log p_i,label; dz = (p - target) / N."""
    N, C = z.shape
    by_rows = np.exp(z - z.max(1, keepdims=True))
    axis = [
        _shares(z.T).T, by_rows / by_rows.sum(0), _shares(z - z.max(0)), np.exp(z) / np.exp(z).sum(),
    ]  # fmt: skip
    flat = []
    if N == C:
        moved = np.exp(z - z.max(1))
        flat = [
            by_rows / by_rows.sum(1),
            _shares(z - z.max(1)),
            moved / moved.sum(1),
            np.exp(z) / np.exp(z).sum(1),
        ]
    case = _Case(z, labels, _shares(z), losses.one_hot(labels, C), axis, flat, 1 / (1 + np.exp(-z)))
    loss, dz = losses.cross_entropy_loss(z, labels)
    rights = case.p[np.arange(N), labels]

    def loss_terms(_: tuple[int, ...]) -> str:
        shown = " + ".join(f"log {share:.4g}" for share in rights[:4])
        return f"-1 / {N} * ({shown}{' + ...' if N > 4 else ''})"

    def terms(index: tuple[int, ...]) -> str:
        return f"({case.p[index]:.4g} - {case.target[index]:.0f}) / {N}"

    of_loss = [Guess(number, np.asarray(value), words) for number, value, words in _wrong_losses(case)]
    of_dz = [Guess(number, factor * value, words) for number, value, words in _wrong_gradients(case)
             for factor in (1 / N, 1)]  # fmt: skip
    of_dz += [
        Guess(1, dz * N, f"{SUMMED}, and so is its gradient"), Guess(2, dz / C, BY_CLASSES), Guess(3, dz / N),
        Guess(11, dz.T, "the gradient is transposed: it has the shape of z, (N, C)"), Guess(25, dz[0]),
    ]  # fmt: skip
    return {"loss": Truth(np.array(loss), of_loss, loss_terms), "dz": Truth(dz, of_dz, terms)}


def _wrong_losses(case: _Case) -> Iterator[tuple[int, Any, str]]:
    """What mistakes would make of the loss."""
    z, labels, p, target = case.z, case.labels, case.p, case.target
    (N, C), rows, each = z.shape, np.arange(len(z)), case.of_label(p)
    loss = each.mean()
    yield from ((1, loss * N, SUMMED), (2, loss / C, BY_CLASSES), (3, loss / N, ""))
    yield 75, -loss, "the sign is wrong: the loss is minus the logarithm"
    for number, several in ((86, case.axis), (102, case.flat)):
        for shares in several:
            yield from ((number, case.of_label(shares).mean(), ""), (number, case.of_label(shares).sum(), ""))
    for other in (labels - 1, (labels + 1) % C, p.argmax(1)):
        yield 88, -np.log(p[rows, other]).mean(), ""
    yield from ((88, -np.log(p).sum() / N, ""), (88, -np.log(p).mean(), ""))
    yield from ((88, -np.log(p[:, labels]).mean(), COLUMNS), (88, -np.log(p[:, labels]).sum() / N, COLUMNS))
    others = -((1 - target) * np.log(1 - p)).sum() / N
    yield 88, loss + others, "the terms of the other classes belong to a sigmoid, not to softmax"
    yield 88, -np.log(1 - p[rows, labels]).mean(), ""
    for base in (2, 10):
        words = f"this is the logarithm to base {base}; the lesson takes the natural one"
        yield 43, loss / np.log(base), words
    for value in (1 - p[rows, labels], -p[rows, labels]):
        yield 43, value.mean(), "the logarithm is missing"
    yield 43, case.of_label(case.sigmoid).mean(), SIGMOID
    yield from ((89, -z[rows, labels].mean(), ""), (89, -np.log(np.abs(z[rows, labels])).mean(), ""))
    yield 90, ((p - target) ** 2).sum() / N, "this is the L2 loss of the shares"
    yield from ((53, each, ""), (53, each / N, ""), (53, -target * np.log(p), ""))
    yield from ((25, each[0], ""), (25, each[0] / N, ""), (25, each[-1], ""))


def _wrong_gradients(case: _Case) -> Iterator[tuple[int, NDArray, str]]:
    """What mistakes would make of the gradient, before its 1/N."""
    z, p, target, labels = case.z, case.p, case.target, case.labels[:, None]
    error = p - target
    yield 5, -error, "the sign is wrong: it is the share minus the target"
    for number, several in ((86, case.axis), (102, case.flat)):
        for shares in several:
            yield number, shares - target, ""
    yield from ((26, p - labels, ""), (26, labels - p, ""))
    if z.shape[0] == z.shape[1]:
        yield 26, p - labels.T, ""
    yield from ((89, z - target, ""), (89, 2 * (z - target), ""))
    through = p * (error - (p * error).sum(1, keepdims=True))  # the L2 loss, back through softmax
    for value in (2 * error, 2 * through, through, 2 * error * p * (1 - p), error * p * (1 - p)):
        yield 90, value, ""
    yield 90, -target / p, "this is the derivative by the shares; it has to go back through softmax too"
    yield from ((51, target * error, ""), (43, case.sigmoid - target, SIGMOID))
    yield 76, p, "the 1 of the right class is not subtracted"


def _shares(z: NDArray) -> NDArray:
    """exp, over the sum of its row."""
    powers = np.exp(z)
    shares: NDArray = powers / powers.sum(1, keepdims=True)
    return shares


def _with_large_scores(verdict: Verdict, learner: Learner) -> Verdict:
    """The same with scores of 1000 and more, which overflow without care."""
    z = np.array([[LARGE, 0.5, -LARGE], [-LARGE, -LARGE, -LARGE - 1], [0.25, LARGE, LARGE]])
    labels = np.array([0, 1, 2])
    try:
        reply = learner.call(verdict.name, z, labels)
    except FailedError as failed:  # math.exp raises
        if failed.type not in ("OverflowError", "ZeroDivisionError", "ValueError"):
            raise
        return Verdict(verdict.name, False, f"{MISTAKES[87].sentence}\n{failed}", mistake=87)
    loss, dz = (numbers(item) for item in reply.items(2, "(loss, dz)"))
    right, gradient = losses.cross_entropy_loss(z, labels)
    exact = all(
        got is not None and got.size == want.size and np.allclose(got.reshape(want.shape), want, atol=1e-6)
        for got, want in ((loss, np.asarray(right)), (dz, gradient))
    )
    if exact:
        return verdict
    words = (
        f"with scores of {LARGE:g} the result is {'NaN or infinity' if not _finite(loss, dz) else 'wrong'}"
    )
    return Verdict(verdict.name, False, f"{words}: {MISTAKES[87].sentence}", mistake=87)


def _finite(*arrays: NDArray | None) -> bool:
    return all(array is not None and bool(np.isfinite(array).all()) for array in arrays)
