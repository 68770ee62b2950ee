"""The steps of a training loop, read from a network's notes, and what is wrong with them.

Which images went in is read from the rows, which labels from the gradient of the loss; what moved the
parameters, from where they were before and after.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.guesses import explain, narrowed, same
from handgrad.workbook.checks.loop.running import KEYS, Run
from handgrad.workbook.checks.loss import l2
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.variants import gradients, outputs

ALIKE = 1e-4
BYTES = 100  # images so many times too large are pixels that were not divided by 255
OF_OTHERS, OF_VALIDATION = -1, -2
Found = tuple[int | None, str]  # the mistake's number, if it has one, and the message


class Step(NamedTuple):
    """One batch of training, as it was seen."""

    rows: NDArray  # of train_data; OF_OTHERS for what is none of them, OF_VALIDATION for a validation image
    times: float  # how much larger the images are than those rows
    y: NDArray
    dout: NDArray  # dL/dy as the loop has it
    before: dict[str, NDArray]  # the parameters at the forward
    grads: dict[str, NDArray]
    move: dict[str, NDArray]  # what the parameters changed by before the next forward


def judge(trace: dict[str, Any], run: Run, remarks: list[str]) -> Found | None:
    """What is wrong with a run that was noted; remarks on what is right but could be better."""
    backs = trace["backwards"]
    again = {i for i in range(len(backs) - 1) if backs[i]["forward"] == backs[i + 1]["forward"] >= 0}
    steps = [read(trace, i, run) for i in range(len(backs)) if i not in again]  # the last of several counts
    for look in (_images, _labels, _moves, _passes):
        if found := look(steps, run, remarks):
            return found
    return None


def read(trace: dict[str, Any], i: int, run: Run) -> Step:
    """Step i of the notes."""
    back = trace["backwards"][i]
    forward = trace["forwards"][back["forward"]]
    x = np.atleast_2d(np.asarray(forward["x"], float))
    times = _times(x, run.data)
    rows = _rows(x / times, run.data, 0.6 / times if times > BYTES else ALIKE)
    rows = np.where((rows < 0) & (_rows(x, run.validation[0], ALIKE) >= 0), OF_VALIDATION, rows)
    later = trace["forwards"][back["after"]] if back["after"] < len(trace["forwards"]) else trace
    before = {key: np.asarray(forward["params"][key], float) for key in KEYS}
    move = {key: np.asarray(later["params"][key], float) - before[key] for key in KEYS}
    y, dout = np.asarray(forward["y"], float), np.asarray(back["dout"], float)
    return Step(rows, times, y, dout, before, back["grads"], move)


def _times(x: NDArray, data: NDArray) -> float:
    """How much larger images are than rows of data, if that is one number; else 1."""
    if x.shape[1:] != data.shape[1:] or not len(x):
        return 1.0
    ratios = x[0] / data
    row = int((np.ptp(ratios, axis=1) / np.abs(ratios).mean(1).clip(1e-12)).argmin())
    middle = float(np.median(ratios[row]))
    whole = np.abs(x[0] - middle * data[row]).max() <= 1.0  # bytes are rounded
    exact = np.ptp(ratios[row]) < ALIKE * abs(middle)
    return middle if exact or (middle > BYTES and whole) else 1.0


def _rows(x: NDArray, data: NDArray, near: float) -> NDArray:
    """Which row of data each row of x is; OF_OTHERS for none."""
    if x.ndim != 2 or x.shape[1:] != data.shape[1:]:
        return np.full(len(x), OF_OTHERS)
    apart = np.abs(x[:, None] - data[None]).max(2)
    return np.where(apart.min(1) < near, apart.argmin(1), OF_OTHERS)


# --- images and labels -----------------------------------------------------------------------------------


def _images(steps: list[Step], run: Run, remarks: list[str]) -> Found | None:
    """Are they images of the training data, as they came?"""
    for number, step in enumerate(steps, 1):
        if step.times > BYTES:
            return 31, f"batch {number}: {MISTAKES[31].sentence}; here they were in 0..1 already"
        if (step.rows == OF_VALIDATION).any():
            return 64, f"batch {number}: {MISTAKES[64].sentence}"
        if (step.rows == OF_OTHERS).any():
            return None, f"batch {number}: the network saw images that are not rows of train_data"
    if abs(steps[0].times - 1) > ALIKE:
        remarks.append(f"the images are scaled once more, by {steps[0].times:.4g}; they came in 0..1")
    return None


def _labels(steps: list[Step], run: Run, remarks: list[str]) -> Found | None:
    """Do images and labels belong together, and is the gradient that of the loss?"""
    usual = max(len(step.rows) for step in steps)
    for number, step in enumerate(steps, 1):
        n, labels = len(step.rows), run.labels[step.rows]
        truth = l2(cases.Outputs(step.y, labels))["dy"]
        if same(step.dout, truth.value):
            continue
        if n < usual and same(step.dout, truth.value * n / usual):
            remarks.append(
                "the last, smaller batch is divided by the size of a whole one; its own N is right"
            )
            continue
        if (read_off := _labels_of(step)) is not None and not np.array_equal(read_off, labels):
            met = f"the images {step.rows.tolist()} met the labels {read_off.tolist()}"
            met = f"{met}, theirs are {labels.tolist()}"
            return 33, f"batch {number}: {MISTAKES[33].sentence}; {met}"
        found = explain([step.dout], [truth], "dL/dy")
        numbers = narrowed(set(found.fitting))
        words = found.only(numbers).words if numbers else found.words
        return (
            numbers.pop() if len(numbers) == 1 else None
        ), f"batch {number}: the gradient of the loss: {words}"
    return None


def _labels_of(step: Step) -> NDArray | None:
    """The labels behind dL/dy = 2/N (y - target)."""
    if step.y.shape != step.dout.shape:
        return None
    target = step.y - step.dout * len(step.y) / 2
    ones = target > 0.5
    single = np.array_equal(ones.sum(1), np.ones(len(target)))
    return ones.argmax(1) if single and np.abs(target - ones).max() < ALIKE else None


# --- moves -------------------------------------------------------------------------------------------------


def factor(move: NDArray, expected: NDArray) -> float | None:
    """move = k expected: k, or None where they do not point the same way."""
    size = float((expected * expected).sum())
    if move.shape != expected.shape or size == 0:
        return 1.0 if not move.any() else None
    k = float((move * expected).sum()) / size
    rest = float(np.linalg.norm(move - k * expected)) / size**0.5
    return k if rest < 1e-3 * max(1.0, abs(k)) and (k or not move.any()) else None


def _moves(steps: list[Step], run: Run, remarks: list[str]) -> Found | None:
    """Is each move minus the learning rate times the step's own gradient?"""
    assert run.rate is not None
    steps = _before_saturation(steps)
    if not any(step.move[key].any() for step in steps for key in KEYS):
        return 60, MISTAKES[60].sentence
    down = [{key: -run.rate * step.grads[key] for key in KEYS} for step in steps]
    factors = [{key: factor(s.move[key], d[key]) for key in KEYS} for s, d in zip(steps, down, strict=True)]
    if all(_even(of) for of in factors):
        return _rates([float(np.mean(list(of.values()))) for of in factors], steps, run.rate, remarks)
    stale = range(1, len(steps))
    if all(factor(steps[i].move[key], down[i - 1][key]) is not None for i in stale for key in KEYS):
        return 65, f"batch 2: {MISTAKES[65].sentence}"
    first = next(i for i, of in enumerate(factors) if not _even(of))
    if first and all(abs((k or 0) + 1) < ALIKE for k in factors[0].values()):
        return 6, f"batch 1: {MISTAKES[6].sentence}"
    keeps = _momentum(steps, down)
    if keeps is not None and keeps > 0.999:
        return 23, f"batch 2: {MISTAKES[23].sentence}"
    if keeps is not None:
        remarks.append(f"each move keeps {keeps:.2g} of the one before: momentum, more than was asked for")
        return None
    return _uneven(first + 1, steps[first], factors[first], run)


def _before_saturation(steps: list[Step]) -> list[Step]:
    """The steps whose gradients do not drown in the rounding of the parameters; the first at least."""
    for i, step in enumerate(steps):
        if any(np.abs(step.grads[key]).max() < 1e-6 for key in KEYS):
            return steps[: max(i, 1)]
    return steps


def _even(factors: dict[str, float | None]) -> bool:
    """Whether all four parameters move by the same multiple of what they should."""
    known = [k for k in factors.values() if k is not None]
    return len(known) == len(KEYS) and max(known) - min(known) < ALIKE * max(1.0, abs(known[0]))


def _momentum(steps: list[Step], down: list[dict[str, NDArray]]) -> float | None:
    """The share of the last move that each move keeps, if it is one number between 0 and 1."""
    shares = []
    for i in range(len(steps)):
        for key in KEYS:
            if i == 0 or not steps[i - 1].move[key].any():
                if not same(steps[i].move[key], down[i][key]):
                    return None
                continue
            k = factor(steps[i].move[key] - down[i][key], steps[i - 1].move[key])
            if k is None:
                return None
            shares.append(k)
    steady = bool(shares) and max(shares) - min(shares) < 1e-2
    return float(np.mean(shares)) if steady and np.mean(shares) > 0.05 else None


def _uneven(number: int, step: Step, off: dict[str, float | None], run: Run) -> Found:
    """One parameter moves otherwise than the others."""
    right = [key for key, k in off.items() if k is not None and abs(k - 1) < ALIKE]
    odd = [key for key in KEYS if key not in right]
    who = ", ".join(odd)
    if right and all(abs((off[key] or 0) + 1) < ALIKE for key in odd):
        return 6, f"batch {number}: {who}: {MISTAKES[6].sentence}"
    if right and set(odd) <= {"b1", "b2"}:
        still = all(not step.move[key].any() for key in odd)
        how = "left where they were" if still else "moved by something else"
        return 34, f"batch {number}: {who}: {how}. {MISTAKES[34].sentence}"
    if set(odd) <= {"W1", "b1"} and _too_late(step, run.data[step.rows], run.rate or 1.0):
        return 22, f"batch {number}: {who}: {MISTAKES[22].sentence}"
    if len(right) == 3:
        return 34, f"batch {number}: {who} is the only parameter updated differently. {MISTAKES[34].sentence}"
    return None, f"batch {number}: {who}: the move is not minus the learning rate times the gradient"


def _too_late(step: Step, x: NDArray, rate: float) -> bool:
    """Whether W1 was moved by a gradient that came back through a W2 that had moved already."""
    W2 = step.before["W2"] + step.move["W2"]
    a, _, _, y = outputs(step.before, x)
    again = step.before | {"W2": W2, "b2": step.before["b2"] + step.move["b2"]}
    ways = [((step.dout * y * (1 - y)) @ W2 * (a > 0)).T @ x, gradients(again, x, step.dout)["W1"]]
    a, _, _, y_again = outputs(again, x)
    ways.append(gradients(again, x, step.dout + 2 / len(y) * (y_again - y))["W1"])  # forward and loss again
    return any(same(step.move["W1"] / -rate, way) for way in ways)


def _rates(rates: list[float], steps: list[Step], rate: float, remarks: list[str]) -> Found | None:
    """Is the factor the learning rate that was given?"""
    still = [i for i, k in enumerate(rates, 1) if abs(k) < ALIKE]
    if still:
        return (
            60,
            f"batches {', '.join(map(str, still[:6]))} ... move nothing; each must change the parameters",
        )
    if all(abs(k - 1) < ALIKE for k in rates):
        return None
    if all(k < 0 for k in rates):
        return 6, MISTAKES[6].sentence
    if all(abs(k * len(s.rows) - 1) < ALIKE for k, s in zip(rates, steps, strict=True)):
        return 3, f"the step is divided by the batch: {MISTAKES[3].sentence}"
    steady = max(rates) - min(rates) < ALIKE
    if steady or rates[0] > 1 + ALIKE or min(rates) < 0.01:
        words = f"with learning_rate {rate} the step is {rates[0] * rate:.4g} times the gradient"
        words = words if steady else f"{words}, at the end {rates[-1] * rate:.4g}"
        return 61, f"{MISTAKES[61].sentence}: {words}"
    remarks.append("the learning rate changes during training; it should stay as given")
    return None


# --- passes ------------------------------------------------------------------------------------------------


def _passes(steps: list[Step], run: Run, remarks: list[str]) -> Found | None:
    """Does every epoch take every image once, in batches of the size asked for?"""
    N, batch, epochs = len(run.data), run.batch, run.epochs
    assert batch is not None
    sizes, (whole, part) = [len(step.rows) for step in steps], divmod(N, batch)
    several = ", ".join(map(str, sorted(set(sizes))))
    if max(sizes) != batch or min(sizes) < min(part or batch, batch - 1):
        return 66, f"{MISTAKES[66].sentence}: {batch}; got batches of {several}"
    if set(sizes) - {batch, part}:
        remarks.append(f"the batches are of {several}; asked for were {batch}")
    for per_epoch in (whole + bool(part), whole):
        if len(steps) == epochs * per_epoch:
            return _epochs(steps, per_epoch, run, remarks)
    counts = np.bincount(np.concatenate([s.rows for s in steps]), minlength=N)
    if counts.min() == counts.max() or len(steps) % whole == 0 or len(steps) % (whole + 1) == 0:
        seen = f"got {len(steps)} batches, {whole} or {whole + 1} are one epoch"
        return 63, f"{MISTAKES[63].sentence}: {epochs}; {seen}"
    seen = f"{len(steps)} batches in {epochs} epochs of {N} images, {batch} at a time"
    return 62, f"{MISTAKES[62].sentence}: {seen}"


def _epochs(steps: list[Step], per_epoch: int, run: Run, remarks: list[str]) -> Found | None:
    """The order of the images, epoch by epoch."""
    N, batch = len(run.data), run.batch or 1
    orders = [
        np.concatenate([s.rows for s in steps[start : start + per_epoch]])
        for start in range(0, len(steps), per_epoch)
    ]
    seen = len(set(np.concatenate(orders).tolist()))
    if any(len(set(order.tolist())) < len(order) for order in orders):
        if seen < N // batch * batch:
            return 62, f"{MISTAKES[62].sentence}: {seen} of {N} were seen in {len(orders)} epochs"
        remarks.append("images are drawn anew for each batch, so an epoch repeats some and misses others")
        return None
    if len(orders[0]) < N:
        remarks.append(f"the last {N - len(orders[0])} of {N} images, less than a batch, are left out")
    if all(np.array_equal(order, np.sort(order)) for order in orders):
        remarks.append("the batches are taken in file order; a new order every epoch learns better")
    elif all(np.array_equal(order, orders[0]) for order in orders):
        remarks.append("the same order in every epoch; a new one each time learns better")
    return None
