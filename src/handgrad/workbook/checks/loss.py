"""The checks of the L2 loss and of the accuracy."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from handgrad import losses
from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.common import FailedError, Learner, Results, judge, numbers
from handgrad.workbook.checks.guesses import Guess, Truth, explain, same
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.variants import outputs
from handgrad.workbook.checks.verdict import Verdict

SIZES = ((3, 4), (7, 5), (5, 10), (1, 6))  # N, C
SQUARE = ((4, 4), (6, 6))
TEN_CLASSES = ((3, 10), (7, 10), (5, 10))


def l2(case: cases.Outputs) -> dict[str, Truth]:
    """L = 1/N sum_i sum_j (y_ij - target_ij)^2, dy = 2/N (y - target)."""
    y, labels = case
    N, C = y.shape
    loss, dy = losses.l2_loss(y, labels)
    target = losses.one_hot(labels, C)
    factors = {1: N, 2: 1 / C, 3: 1 / N, 4: 0.5}
    several = np.zeros_like(y)
    several[:, labels] = 1
    as_numbers = y - labels[:, None]
    right_only = np.where(target > 0, y - 1, 0.0)
    spread = y[None] - target[:, None]  # (N, N, C)
    first, last = np.zeros_like(y), np.zeros_like(y)
    first[0], last[-1] = dy[0], dy[-1]
    clipped = np.clip(y, 1e-12, 1)
    entropy = -(target * np.log(clipped)).sum() / N
    both = entropy - ((1 - target) * np.log(np.clip(1 - y, 1e-12, 1))).sum() / N
    softmax = np.exp(losses.log_softmax(y))
    size = np.abs(y - target)
    of_loss = [Guess(n, np.array(loss * k)) for n, k in factors.items()]
    of_loss += [
        Guess(26, np.array((as_numbers**2).sum() / N)), Guess(27, np.array(((y - several) ** 2).sum() / N)),
        Guess(28, np.array((spread**2).sum() / N)), Guess(28, np.array((spread**2).sum() / N**2)),
        Guess(53, ((y - target) ** 2).sum(1)), Guess(53, ((y - target) ** 2).sum(1) / N),
        Guess(53, (y - target) ** 2 / N), Guess(53, (y - target) ** 2),
        Guess(53, ((y - target) ** 2).sum(0) / N), Guess(53, ((y - target) ** 2).mean(1)),
        Guess(49, np.sqrt(loss)), Guess(49, np.array(np.sqrt(((y - target) ** 2).sum(1)).mean())),
        Guess(49, np.sqrt(loss * N) / N), Guess(49, np.sqrt(loss * N)), Guess(49, np.sqrt(loss / C)),
        Guess(50, np.array(size.sum() / N)), Guess(50, np.array(size.mean())),
        Guess(50, np.array((y - target).sum() / N)),
        Guess(51, np.array((right_only**2).sum() / N)),
        Guess(51, np.array((1 - y[np.arange(N), labels]).mean())),
        Guess(25, np.array(((y - target)[0] ** 2).sum())),
        Guess(25, np.array(((y - target)[0] ** 2).sum() / N)),
        Guess(25, np.array(((y - target)[-1] ** 2).sum())),
        Guess(25, np.array(((y - target)[-1] ** 2).sum() / N)),
        Guess(52, np.array(entropy)), Guess(52, np.array(entropy * N)), Guess(52, np.array(both)),
        Guess(52, np.array(both / C)), Guess(75, np.array(-loss)),
        Guess(26, np.array((as_numbers**2).mean())), Guess(27, np.array(((y - several) ** 2).mean())),
    ]  # fmt: skip
    of_dy = [Guess(n, dy * k) for n, k in factors.items()] + [Guess(5, -dy)]
    names = {n: MISTAKES[n].name for n in (*factors, 5)}
    pairs = [(1, 4), (2, 4), (3, 4), (1, 2), (2, 3)]
    for one, other in pairs:
        words = f"two things at once: {names[one]} ({one}) and {names[other]} ({other})"
        of_dy.append(Guess(one, dy * factors[one] * factors[other], words))
    of_dy += [
        Guess(5, -dy * k, f"two things at once: {names[5]} (5) and {names[n]} ({n})")
        for n, k in factors.items()
    ]
    of_dy += [
        Guess(26, 2 / N * as_numbers), Guess(26, as_numbers / N), Guess(26, 2 * as_numbers),
        Guess(26, as_numbers),
        Guess(26, -2 / N * as_numbers), Guess(26, 2 / (N * C) * as_numbers),
        Guess(27, 2 / N * (y - several)), Guess(27, 2 * (y - several)),
        Guess(27, 2 / (N * C) * (y - several)),
        Guess(28, 2 / N * spread), Guess(28, 2 / N * spread.transpose(1, 0, 2)),
        Guess(28, 2 / N * spread.sum(0)),
        Guess(28, 2 / N * spread.sum(1)), Guess(28, 2 * spread), Guess(28, 2 / N * spread.mean(0)),
        Guess(25, first), Guess(25, last), Guess(25, first * N), Guess(25, last * N), Guess(25, dy[0]),
        Guess(25, dy[-1]),
        Guess(51, 2 / N * right_only), Guess(50, np.abs(dy)), Guess(50, np.sign(y - target) / N),
        Guess(50, np.sign(y - target)),
        *(Guess(n, value) for n in (16, 52) for value in (
            (y - target) / (clipped * (1 - y)) / N, (y - target) / (clipped * (1 - y)), -target / clipped / N,
            -target / clipped, (softmax - target) / N, (y - target) / (clipped * (1 - y)) / N / C)),
        Guess(15, dy * y * (1 - y),
              "the sigmoid's derivative is in here already; it belongs to sigmoid_backward"),
        Guess(11, dy.T, "the gradient is transposed: it must have the shape of y, (N, C)"),
        Guess(76, ((y - target) ** 2) / N), Guess(76, 2 / N * y), Guess(76, 2 / N * (y - target) ** 2),
        Guess(49, dy / (2 * np.sqrt(loss))),
    ]  # fmt: skip

    def terms(index: tuple[int, ...]) -> str:
        return f"2 / {N} * ({y[index]:.4g} - {target[index]:.4g})"

    def squares(_: tuple[int, ...]) -> str:
        shown = " + ".join(f"({a:.4g} - {t:.4g})^2" for a, t in zip(y[0], target[0], strict=True))
        return f"1 / {N} * ({shown}" + (" + the other images' squares)" if N > 1 else ")")

    return {"loss": Truth(np.array(loss), of_loss, squares), "dy": Truth(dy, of_dy, terms)}


def check_loss(name: str, learner: Learner) -> Verdict:
    """l2_loss."""
    remarks: list[str] = []

    def answers(sizes: Any) -> tuple[list[Results], bool, list[dict[str, Truth]]]:
        got, truths, changed = [], [], False
        for seed, (N, C) in enumerate(sizes):
            case = cases.outputs(N, C, seed)
            reply = learner.call(name, case.y, case.labels)
            loss, dy = reply.items(2, "(loss, dy)")
            value, gradient = numbers(loss), numbers(dy)
            swapped = value is not None and gradient is not None and value.size > gradient.size == 1
            if swapped and value is not None and value.shape == case.y.shape:
                raise FailedError("expected (loss, dy); got them the other way round", number=40)
            if value is not None and value.size == 1 and value.ndim and (N > 1 or remarks):
                remarks.append(f"the loss is an array of shape {value.shape}; a plain number is enough")
                value = value.reshape(())
            got.append({"loss": value, "dy": gradient})
            truths.append(l2(case))
            changed |= bool(reply.changed)
        return got, changed, truths

    try:
        got, changed, truths = answers(SIZES)
    except FailedError as failed:
        with suppress(FailedError):  # some take ten classes for granted
            got, changed, truths = answers(TEN_CLASSES)
            if (verdict := judge(name, got, truths, changed, ["it works with 10 classes only"])).passed:
                return verdict
        return _raised(name, failed, answers)
    verdict = judge(name, got[:3], truths[:3], changed, remarks)
    if verdict.passed and not judge(name, got, truths).passed:
        return judge(name, got[3:], truths[3:], changed, ["with a single image only"])
    if verdict.passed:
        return verdict
    loss_right = all(same(a["loss"], t["loss"].value) for a, t in zip(got, truths, strict=True))
    if loss_right and verdict.mistake is None:
        words = f"{MISTAKES[76].sentence}\n{verdict.message}"
        return Verdict(
            name,
            False,
            words,
            mistake=76,
            entry=verdict.entry,
            remarks=verdict.remarks,
            pictures=verdict.pictures,
        )
    return verdict


def _raised(name: str, failed: FailedError, answers: Any) -> Verdict:
    """An exception of shapes: labels that never became rows, or rows of (N, 1) labels."""
    if failed.number:
        return Verdict(name, False, str(failed), mistake=failed.number)
    if failed.type not in ("ValueError", "RuntimeError", "IndexError"):
        return Verdict(name, False, str(failed))
    try:
        got, _, truths = answers(SQUARE)
    except FailedError:
        return Verdict(name, False, str(failed))
    y = [cases.outputs(N, C, seed) for seed, (N, C) in enumerate(SQUARE)]
    for truth, case in zip(truths, y, strict=True):
        across = case.y - case.labels[None, :]  # (C,) labels against the columns
        N, C = case.y.shape
        truth["loss"].guesses.extend(
            [
                Guess(26, np.array((across**2).sum() / N)),
                Guess(26, np.array((across**2).mean())),
            ]
        )
        truth["dy"].guesses.extend([Guess(26, k * across) for k in (2 / N, 1 / N, 2.0, 1.0, 2 / (N * C))])
    found = explain([a["dy"] for a in got], [t["dy"] for t in truths], "dy")
    found = found if found.fitting else explain([a["loss"] for a in got], [t["loss"] for t in truths], "loss")
    if len(found.fitting) == 1:
        return Verdict(name, False, f"{found.words}\n{failed}", mistake=next(iter(found.fitting)))
    return Verdict(name, False, str(failed))


def check_accuracy(name: str, learner: Learner) -> Verdict:
    """calculate_accuracy, of a right network whose answers are known."""
    sizes = ((40, 5, 4, 3), (55, 4, 6, 5))  # N, D, H, C
    remarks: list[str] = []

    def answers(sizes: Any) -> tuple[list[Results], list[dict[str, Truth]], bool]:
        got, truths, changed = [], [], False
        for seed, (N, D, H, C) in enumerate(sizes):
            net = cases.net(N, D, H, C, seed + 20)
            y = outputs(net.params, net.x)[3]
            labels = y.argmax(1)
            rng = np.random.default_rng(seed)
            wrong = rng.permutation(N)[: N // 3 + 1]
            labels[wrong] = (labels[wrong] + 1 + rng.integers(0, C - 1, len(wrong))) % C
            model, labelled = learner.model(net.params), learner.layout.give("labels", labels, C)
            reply = learner.call(name, {"handle": model}, net.x, labelled)
            value = reply.numbers()
            if value is not None and value.size == 1:
                value = value.reshape(())
                if np.isclose(value, 100 * np.mean(y.argmax(1) == labels)):
                    remarks.append("right, in percent; a share in 0 to 1 is what others expect")
                    value = value / 100
            got.append({"accuracy": value})
            truths.append(_accuracy(y, labels))
            changed |= bool(reply.changed)
        return got, truths, changed

    try:
        got, truths, changed = answers(sizes)
    except FailedError as failed:
        if failed.type in ("ValueError", "RuntimeError", "IndexError"):
            return _accuracy_square(name, answers, str(failed))
        return Verdict(name, False, str(failed), mistake=failed.number)
    verdict = judge(name, got, truths, changed, remarks)
    if not verdict.passed and verdict.mistake is None:
        again = _accuracy_square(name, answers, verdict.message)
        return again if again.mistake else verdict
    return verdict


def _accuracy_square(name: str, answers: Any, words: str) -> Verdict:
    """With as many images as classes, argmax over either axis gives as many answers."""
    try:
        got, truths, _ = answers(((6, 5, 4, 6), (8, 4, 6, 8)))
    except FailedError:
        return Verdict(name, False, words)
    found = explain([a["accuracy"] for a in got], [t["accuracy"] for t in truths], "accuracy")
    if len(found.fitting) == 1:
        return Verdict(name, False, f"{found.words}\n{words}", mistake=next(iter(found.fitting)))
    return Verdict(name, False, words)


def _accuracy(y: NDArray, labels: NDArray) -> dict[str, Truth]:
    N, C = y.shape
    answers = y.argmax(1)
    right = answers == labels
    pairs = answers[:, None] == labels[None, :]
    guesses = [
        Guess(54, np.array(float(right.sum()))), Guess(55, np.array(1 - right.mean())),
        Guess(55, np.array(float((~right).sum()))),
        Guess(28, np.array(pairs.mean())), Guess(28, np.array(pairs.sum() / N)),
        Guess(28, np.array(float(pairs.sum()))), Guess(28, np.array(1 - (~pairs).sum() / N)),
        Guess(28, np.array(1 - (~pairs).mean())),
        Guess(77, np.array((y.argmin(1) == labels).mean())),
        Guess(29, np.array(np.mean(labels == y.argmax())),
              "argmax runs over the wrong axis, or over all of them"),
        Guess(54, np.array(right.sum() / C)),
        Guess(53, right.astype(float), "one number is asked for: the share over all images"),
        Guess(28, np.array(100 * pairs.mean())),
        Guess(29, np.array(0.0), "no answer is ever right") if not right.any() else
        Guess(54, np.array(100.0 * right.sum())),
    ]  # fmt: skip
    if N == C:
        across = y.argmax(0)
        guesses += [
            Guess(29, np.array((across == labels).mean())),
            Guess(29, np.array(float((across == labels).sum()))),
        ]

    def terms(_: tuple[int, ...]) -> str:
        first = f"the first answers {answers[:8].tolist()}, their labels {labels[:8].tolist()}"
        return f"{int(right.sum())} right of {N}; {first}"

    return {"accuracy": Truth(np.array(right.mean()), guesses, terms)}
