"""The check of a training loop with its own backward pass: judged by its final parameters.

One step on one batch of all images shows the gradient, whatever the order. Many steps on images that are all
the same show how steps follow each other, whatever the order. Images with a pixel of their own show which of
them were used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import permutations

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.common import FailedError, Learner
from handgrad.workbook.checks.guesses import Truth, first_difference, narrowed, same
from handgrad.workbook.checks.loop.running import KEYS, Run, shape_error, train
from handgrad.workbook.checks.loop.steps import factor
from handgrad.workbook.checks.loss import l2
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.variants import BIASES, gradient_variants, gradients, outputs, square_variants
from handgrad.workbook.checks.verdict import Verdict

IMAGES, PIXELS, RATE = 5, 5, 0.125
SMALL = 64  # images so much fainter than 1: taken times 255, they saturate nothing
KEPT = (0.5, 0.8, 0.9, 0.95, 0.99)  # shares of the last move that momentum keeps
Weights = dict[str, NDArray]


def check(name: str, learner: Learner, H: int, C: int, own: bool = False) -> Verdict:
    """The verdict on train_model with a network of these sizes; own: with the learner's network."""
    try:
        verdict = _one_step(name, learner, H, C, own)
    except FailedError as failed:
        if failed.number:
            return Verdict(name, False, str(failed), mistake=failed.number)
        if own or not shape_error(failed):
            raise
        try:  # a square network shows which product was taken
            verdict = _one_step(name, learner, PIXELS, PIXELS, own)
        except FailedError:
            raise failed from None
        if not verdict.mistake:
            raise
        return replace(verdict, message=f"{verdict.message}\n{failed}")
    if own and verdict.passed:
        return replace(verdict, remarks=("the updates are made by the network's backward, not by the loop",))
    if not verdict.passed:
        return verdict
    return _many_steps(name, learner, H, C) or _every_image(name, learner, H, C) or verdict


# --- one step ----------------------------------------------------------------------------------------------


def _one_step(name: str, learner: Learner, H: int, C: int, own: bool) -> Verdict:
    params, x, labels = _case(H, C)
    found, _ = _moved(learner, Run(params, x, labels, 1, RATE, IMAGES, (x, labels)), own)
    found = {key: move / -RATE for key, move in found.items()}
    right = gradients(params, x, _dout(params, x, labels))
    wrong = [key for key in KEYS if not same(found[key], right[key])]
    if not wrong:
        return Verdict(
            name, True, remarks=("it computes the gradients itself, without the network's backward",)
        )
    numbers = _numbers_of_step(H, C, found, right)
    if numbers == {5, 6} and "l2_loss" in learner.right:
        numbers = {6}
    entry = first_difference(found[wrong[0]], Truth(right[wrong[0]]), f"grad of {wrong[0]}")
    who = ", ".join(wrong)
    if len(numbers) == 1:
        number = numbers.pop()
        return Verdict(name, False, f"{who}: {MISTAKES[number].sentence}", mistake=number, entry=entry)
    words = f"{who}: after one step not where a step against the gradient leads"
    if numbers:
        names = " or ".join(f"{MISTAKES[n].name} ({n})" for n in sorted(numbers))
        words = f"{words}; these explain it equally well: {names}"
    return Verdict(name, False, words, entry=entry)


def _case(H: int, C: int) -> tuple[Weights, NDArray, NDArray]:
    x = np.random.default_rng(9).integers(1, 9, (IMAGES, PIXELS)) / SMALL
    return cases.net(IMAGES, PIXELS, H, C, 8).params, x, np.array([0, 2, 1, 2, 0])


def _moved(learner: Learner, run: Run, own: bool = False) -> tuple[Weights, Weights]:
    """By how much a run moves each parameter, and where it ends."""
    trace, _ = train(learner, run, own=own)
    ends = {key: np.asarray(trace["params"].get(key, np.nan), float) for key in KEYS}
    moved = {key: ends[key] - run.params[key] for key in KEYS if ends[key].shape == run.params[key].shape}
    per_image = [key for key in ("b1", "b2") if ends[key].shape == (len(run.data), *run.params[key].shape)]
    if per_image:
        raise FailedError(f"{', '.join(per_image)}: {MISTAKES[8].sentence}", number=8)
    if len(moved) < len(KEYS):
        raise FailedError("after training the parameters have other shapes than before", number=56)
    return moved, ends


def _dout(params: Weights, x: NDArray, labels: NDArray) -> NDArray:
    y = outputs(params, x)[3]
    dout: NDArray = 2 / len(x) * (y - (labels[:, None] == np.arange(y.shape[1])))
    return dout


def _numbers_of_step(H: int, C: int, found: Weights, right: Weights) -> set[int]:
    """The mistakes that give this step."""
    wrong = [key for key in KEYS if not same(found[key], right[key])]
    if set(wrong) <= {"b1", "b2"} and not any(found[key].any() for key in wrong):
        return {34}  # biases that never move
    if not any(found[key].any() for key in KEYS):
        return {60}
    numbers = {
        number
        for number, grads in _all_wrong_steps(H, C)
        if all(same(found[key], grads[key]) for key in KEYS)
    }
    if not numbers and len(wrong) == 1:
        numbers = {6 if same(found[wrong[0]], -right[wrong[0]]) else 34}
    if not numbers and all(factor(found[key], right[key]) is not None for key in KEYS):
        numbers = {61} if len({round(factor(found[key], right[key]) or 0, 4) for key in KEYS}) == 1 else set()
    return narrowed(numbers)


@cache
def _all_wrong_steps(H: int, C: int) -> tuple[tuple[int, Weights], ...]:
    """Worked out once: a wrong loop is looked at in many layouts, and all of a class at the same sizes."""
    params, x, labels = _case(H, C)
    return tuple(_wrong_steps(params, x, labels, gradients(params, x, _dout(params, x, labels))))


def _wrong_steps(
    params: Weights, x: NDArray, labels: NDArray, right: Weights
) -> Iterator[tuple[int, Weights]]:
    """Each mistake with the four gradients that it would give."""
    n, y = len(x), outputs(params, x)[3]
    dout = _dout(params, x, labels)
    yield 6, {key: -g for key, g in right.items()}
    for number, _, grads in (*gradient_variants(params, x, dout), *square_variants(params, x, dout)):
        yield number, grads
    for number, value, _ in l2(cases.Outputs(y, labels))["dy"].guesses:
        if value.shape == y.shape:
            yield number, gradients(params, x, value)
    yield 31, gradients(params, 255 * x, _dout(params, 255 * x, labels))
    for bias in BIASES:
        yield 36, _without_bias(params, x, labels, bias)
    a = outputs(params, x)[0]
    dz = dout * y * (1 - y)
    da = (dz @ (params["W2"] - RATE * right["W2"])) * (a > 0)
    yield 22, right | {"W1": da.T @ x, "b1": da.sum(0)}
    for order in permutations(range(n)):
        shuffled = labels[list(order)]
        if not np.array_equal(shuffled, labels):
            yield 33, gradients(params, x, _dout(params, x, shuffled))


def _without_bias(params: Weights, x: NDArray, labels: NDArray, bias: tuple[float, float]) -> Weights:
    """The gradients of a network that leaves out or subtracts its biases; those it has not are not moved."""
    used = params | {"b1": bias[0] * params["b1"], "b2": bias[1] * params["b2"]}
    return gradients(used, x, _dout(used, x, labels))


# --- many steps --------------------------------------------------------------------------------------------


def _many_steps(name: str, learner: Learner, H: int, C: int) -> Verdict | None:
    """What is wrong with how steps follow each other; None if they are right."""
    params = cases.net(IMAGES, PIXELS, H, C, 12).params
    x = np.tile(np.random.default_rng(4).integers(1, 9, PIXELS) / 8, (10, 1))
    labels = np.full(10, 1)
    epochs, batch = 3, 4  # 10 images: three batches an epoch, the last of two, or two without them
    _, ends = _moved(learner, Run(params, x, labels, epochs, RATE, batch, (x, labels)))

    def after(steps: int, keeps: float = 0.0, kept: float = 1.0) -> Weights:
        """The parameters after so many steps; keeps: of the last move; kept: the rate after each epoch."""
        now, speed = dict(params), {key: np.zeros_like(p) for key, p in params.items()}
        for step in range(steps):
            rate = RATE * kept ** (step // (steps // epochs or 1))
            grads = gradients(now, x[:batch], _dout(now, x[:batch], labels[:batch]))
            speed = {key: keeps * speed[key] - rate * grads[key] for key in KEYS}
            now = {key: now[key] + speed[key] for key in KEYS}
        return now

    def reached(weights: Weights) -> bool:
        return all(same(ends[key] - params[key], weights[key] - params[key]) for key in KEYS)

    counts = (9, 6)
    if any(reached(after(count)) for count in counts):
        return None
    if any(reached(after(count, keeps=share)) for count in counts for share in KEPT):
        return None  # momentum
    if any(reached(after(count, kept=share)) for count in counts for share in (0.5, *KEPT)):
        return None  # a rate that falls from epoch to epoch
    if any(reached(after(count, keeps=1.0)) for count in counts):
        return Verdict(name, False, MISTAKES[23].sentence, mistake=23)
    few = next((n for n in range(1, 30) if n not in counts and reached(after(n))), None)
    if few:
        words = (
            f"after {epochs} epochs of 10 images, {batch} at a time, {few} steps were taken; expected 9, or 6"
        )
        number = 63 if few in (2, 3) or few % 3 == 0 or few % 2 == 0 else 62
        return Verdict(name, False, f"{words}. {MISTAKES[number].sentence}", mistake=number)
    wrong = [key for key in KEYS if not any(same(ends[key], after(count)[key]) for count in counts)]
    entry = first_difference(ends[wrong[0]], Truth(after(9)[wrong[0]]), wrong[0]) if wrong else None
    words = "the first step is right; after more of them the parameters are not where they should be"
    return Verdict(name, False, f"{words}: each step starts where the last one ended", entry=entry)


def _every_image(name: str, learner: Learner, H: int, C: int) -> Verdict | None:
    """Whether images are left out: each has a pixel of its own, whose weights move only if it is used."""
    N, batch = 10, 4
    params = cases.net(N, N, H, C, 13).params
    params["b1"] = np.full(H, 4.0)  # every unit takes part
    x, labels = np.eye(N), np.arange(N) % C
    moved, _ = _moved(learner, Run(params, x, labels, 1, RATE, batch, (x, labels)))
    unused = int((~moved["W1"].any(axis=0)).sum())
    if unused > N % batch:
        return Verdict(name, False, f"{MISTAKES[62].sentence}: {N - unused} of {N} were", mistake=62)
    return None
