"""The check of softmax with cross-entropy: the loss, and its gradient by the scores."""

from __future__ import annotations

from dataclasses import replace

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


def _truths(z: NDArray, labels: NDArray) -> dict[str, Truth]:
    """L = -1/N sum_i log p_i,label; dz = (p - target) / N."""
    (N, C), rows = z.shape, np.arange(len(z))
    loss, dz = losses.cross_entropy_loss(z, labels)
    p, target = np.exp(losses.log_softmax(z)), losses.one_hot(labels, C)
    across = np.exp(losses.log_softmax(z.T)).T  # each column sums to 1
    whole = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    mixed = np.exp(z - z.max(1, keepdims=True))  # shifted by rows, summed by columns; or the other way
    across_too = [mixed / mixed.sum(0), _shares(z - z.max(0)), np.exp(z) / np.exp(z).sum()]
    each = -np.log(p[rows, labels])
    sigmoid = 1 / (1 + np.exp(-z))
    squares = ((p - target) ** 2).sum() / N
    through = 2 / N * p * ((p - target) - (p * (p - target)).sum(1, keepdims=True))
    both = -(target * np.log(p) + (1 - target) * np.log(1 - p)).sum() / N
    summed, by_classes = (
        "the loss is summed over the images; average it",
        "the average runs over the classes too",
    )
    wrong_class = [-np.log(p[rows, other]).mean() for other in (labels - 1, (labels + 1) % C, p.argmax(1))]
    of_loss = [
        Guess(1, np.array(loss * N), summed), Guess(2, np.array(loss / C), by_classes),
        Guess(3, np.array(loss / N)), Guess(75, np.array(-loss), "the sign is wrong: the loss is minus the logarithm"),
        Guess(86, np.array(-np.log(across[rows, labels]).mean())), Guess(86, np.array(-np.log(across[rows, labels]).sum())),
        Guess(86, np.array(-np.log(whole[rows, labels]).mean()),
              "softmax runs over all scores of all images; each image's shares sum to 1 by themselves"),
        *(Guess(86, np.array(-np.log(share[rows, labels]).mean())) for share in across_too),
        *(Guess(88, np.array(value)) for value in wrong_class),
        Guess(88, np.array(-np.log(p).sum() / N)), Guess(88, np.array(-np.log(p).mean())),
        Guess(88, np.array(-np.log(p[:, labels]).mean()), "p[:, labels] takes whole columns; one entry of each row is needed"),
        Guess(88, np.array(-np.log(p[:, labels]).sum() / N), "p[:, labels] takes whole columns; one entry of each row is needed"),
        Guess(88, np.array(both), "the terms of the other classes belong to the sigmoid's cross-entropy, not to softmax's"),
        Guess(88, np.array(-np.log(1 - p[rows, labels]).mean())),
        Guess(43, np.array(each.mean() / np.log(2)), "this is the logarithm to base 2; the lesson takes the natural one"),
        Guess(43, np.array(each.mean() / np.log(10)), "this is the logarithm to base 10; the lesson takes the natural one"),
        Guess(43, np.array((1 - p[rows, labels]).mean()), "the logarithm is missing"),
        Guess(43, np.array(-p[rows, labels].mean()), "the logarithm is missing"),
        Guess(89, np.array(-z[rows, labels].mean())), Guess(89, np.array(-np.log(np.abs(z[rows, labels])).mean())),
        Guess(43, np.array(-np.log(sigmoid[rows, labels]).mean()), "this is a sigmoid, which works on each score alone; the exercise asks for softmax"),
        Guess(90, np.array(squares), "this is the L2 loss of the shares; cross-entropy takes the logarithm of one share"),
        Guess(53, each), Guess(53, each / N), Guess(53, -target * np.log(p)),
        Guess(25, np.array(each[0])), Guess(25, np.array(each[0] / N)), Guess(25, np.array(each[-1])),
    ]  # fmt: skip
    as_numbers = p - labels[:, None]
    of_dz = [
        Guess(1, dz * N, "the 1/N is missing: the loss is the mean over the images, and its gradient has the same 1/N"),
        Guess(2, dz / C, by_classes), Guess(3, dz / N),
        Guess(5, -dz, "the sign is wrong: it is the share minus the target"),
        Guess(5, -dz * N, "the sign is wrong, and the 1/N is missing"),
        Guess(86, (across - target) / N), Guess(86, across - target), Guess(86, (whole - target) / N),
        *(Guess(86, (share - target) / N) for share in across_too), *(Guess(86, share - target) for share in across_too),
        Guess(26, as_numbers / N), Guess(26, as_numbers), Guess(26, -as_numbers / N),
        Guess(89, (z - target) / N), Guess(89, z - target), Guess(89, 2 / N * (z - target)),
        Guess(90, 2 * dz), Guess(90, 2 * dz * N), Guess(90, through), Guess(90, through * N),
        Guess(90, 2 * dz * p * (1 - p)), Guess(90, dz * p * (1 - p)), Guess(90, dz * N * p * (1 - p)),
        Guess(90, -target / p / N, "this is the derivative by the shares; softmax has to be gone through as well"),
        Guess(90, -target / p, "this is the derivative by the shares; softmax has to be gone through as well"),
        Guess(51, target * dz), Guess(51, target * dz * N), Guess(51, dz - p / N * (1 - target)),
        Guess(43, (sigmoid - target) / N, "this is a sigmoid, which works on each score alone; the exercise asks for softmax"),
        Guess(76, p / N, "the 1 of the right class is not subtracted"), Guess(76, p, "the 1 of the right class is not subtracted"),
        Guess(11, dz.T, "the gradient is transposed: it has the shape of z, (N, C)"),
        Guess(25, dz[0]), Guess(28, np.array(p[:, None] - target[None]).sum(1) / N),
    ]  # fmt: skip
    if N == C:
        across_labels = p - labels[None, :]
        of_dz += [Guess(26, across_labels / N), Guess(26, across_labels)]
        largest, flat = z.max(1), mixed.sum(1)
        for shares in (
            mixed / flat,
            _shares(z - largest),
            np.exp(z - largest) / np.exp(z - largest).sum(1),
            np.exp(z) / np.exp(z).sum(1),
        ):
            of_loss.append(Guess(102, np.array(-np.log(shares[rows, labels]).mean())))
            of_dz.append(Guess(102, (shares - target) / N))

    def loss_terms(_: tuple[int, ...]) -> str:
        shown = " + ".join(f"log {share:.4g}" for share in p[rows, labels][:4])
        return f"-1 / {N} * ({shown}{' + ...' if N > 4 else ''})"

    def terms(index: tuple[int, ...]) -> str:
        return f"({p[index]:.4g} - {target[index]:.0f}) / {N}"

    return {"loss": Truth(np.array(loss), of_loss, loss_terms), "dz": Truth(dz, of_dz, terms)}


def _shares(z: NDArray) -> NDArray:
    """exp, over the sum of its row."""
    powers = np.exp(z)
    shares: NDArray = powers / powers.sum(1, keepdims=True)
    return shares


def _with_large_scores(verdict: Verdict, learner: Learner) -> Verdict:
    """The same with scores of 1000 and more, which overflow without care."""
    z = np.array([[LARGE, 0.5, -LARGE], [-LARGE, -LARGE, -LARGE - 1], [0.25, LARGE, LARGE]])
    labels = np.array([0, 1, 2])
    reply = learner.call(verdict.name, z, labels)
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
