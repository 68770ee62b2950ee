"""The check of train_model: what it does with a right network, step by step, and what it reaches.

A network that notes everything stands in for the learner's. Which images went in is read from the rows,
which labels from the gradient of the loss. A loop that does the way back by itself, without the network's
backward, is judged by one step on one batch.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from handgrad.workbook import cases
from handgrad.workbook.checks.common import FailedError, Learner
from handgrad.workbook.checks.variants import gradient_variants, gradients, outputs
from handgrad.workbook.explain import Truth, first_difference, same
from handgrad.workbook.mistakes import MISTAKES
from handgrad.workbook.verdict import Verdict

Array = np.ndarray[Any, Any]
KEYS = ("W1", "b1", "W2", "b2")
N, D, H, C, EPOCHS, BATCH, RATE = 22, 5, 4, 3, 3, 4, 0.125
REACHED = 0.9  # share of the easy images that a right loop reads after training; chance is a third
ALIKE = 1e-4


class Step(NamedTuple):
    """One batch of training, as it was seen."""

    rows: Array  # of train_data; -1 for what is none of them, -2 for a validation image
    labels: Array | None  # as the gradient of the loss says; None where it cannot be read
    scale: float | None  # dL/dy = scale (y - target)
    grads: dict[str, Array]
    move: dict[str, Array]  # what the parameters changed by before the next forward


def check_loop(name: str, learner: Learner) -> Verdict:
    """train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, ...)."""
    try:
        return _traced(name, learner, H, C)
    except FailedError as failed:
        if failed.type not in ("ValueError", "RuntimeError", "IndexError"):
            raise
        with suppress(FailedError):  # where all shapes are alike, a gradient can go to the wrong parameter
            verdict = _traced(name, learner, D, D)
            if verdict.mistake:
                return replace(verdict, message=f"{verdict.message}\n{failed}")
        raise


def _traced(name: str, learner: Learner, H: int, C: int) -> Verdict:
    """The verdict, by a network of H hidden units and C classes."""
    rng = np.random.default_rng(11)
    params = cases.net(N, D, H, C, 3).params
    data, labels = rng.integers(1, 1000, (N, D)) / 1000, np.arange(N) % C
    labels = rng.permutation(labels)
    validation, v_labels = rng.integers(1, 1000, (7, D)) / 1000, rng.integers(0, C, 7)
    trace, changed = _train(learner, params, data, labels, validation, v_labels, EPOCHS, RATE, BATCH)
    if not trace["backwards"]:
        return _by_one_step(name, learner)
    if np.isclose(_scale(trace["forwards"][trace["backwards"][0]["forward"]]["x"], data), 255):
        return Verdict(name, False, MISTAKES[31].sentence, mistake=31)
    steps = [_step(trace, i, data, validation) for i in range(len(trace["backwards"]))]
    remarks: list[str] = []
    for judge in (_labels, _updates, _passes):
        if found := judge(steps, labels, remarks):
            number, words = found
            if number == 60 and learner.has("TwoLayerNet"):  # perhaps its own network's backward moves them
                return _by_one_step(name, learner, own=True)
            return Verdict(name, False, words, mistake=number)
    if changed:
        remarks.append(
            "the arrays that were handed over are shuffled in place; the caller may still need their order"
        )
    return _reaches(name, learner, remarks)


def _train(
    learner: Learner, params: Any, *arguments: Any, record: int = 2000, own: bool = False
) -> tuple[dict[str, Any], bool]:
    data, labels, validation, v_labels, epochs, rate, batch = arguments
    command = {"do": "train", "params": params, "data": data, "labels": labels, "validation_data": validation,
               "validation_labels": v_labels, "epochs": epochs, "rate": rate, "batch": batch,
               "record": record,
               "own": own}  # fmt: skip
    reply = learner.desk.do(command)
    learner.raise_error(reply, "train_model")
    return reply, bool(set(reply["changed"]) & set(reply["args"]))


def _scale(x: Array, data: Array) -> float:
    """How much larger images are than rows of data, if that is one number; else 1."""
    x = np.atleast_2d(x)
    if x.shape[1:] != data.shape[1:]:
        return 1.0
    ratios = x[0] / data
    row = int(np.ptp(ratios, axis=1).argmin())
    return float(ratios[row].mean()) if np.ptp(ratios[row]) < ALIKE * abs(ratios[row].mean()) else 1.0


def _step(trace: dict[str, Any], i: int, data: Array, validation: Array) -> Step:
    back = trace["backwards"][i]
    forward = trace["forwards"][back["forward"]]
    x = np.atleast_2d(np.asarray(forward["x"], float))
    scale = _scale(x, data)
    rows = _rows(x / scale, data)
    rows = np.where((rows < 0) & (_rows(x, validation) >= 0), -2, rows)
    y, dout = np.asarray(forward["y"], float), np.asarray(back["dout"], float)
    labels, factor = _read_labels(y, dout)
    later = (
        trace["forwards"][back["after"]]["params"]
        if back["after"] < len(trace["forwards"])
        else trace["params"]
    )
    before = forward["params"]
    move = {key: np.asarray(later[key], float) - before[key] for key in KEYS}
    return Step(rows, labels, factor, back["grads"], move)


def _rows(x: Array, data: Array) -> Array:
    """Which row of data each row of x is; -1 for none."""
    if x.ndim != 2 or x.shape[1:] != data.shape[1:]:
        return np.full(len(x), -1)
    near = np.abs(x[:, None] - data[None]).max(2)
    return np.where(near.min(1) < ALIKE, near.argmin(1), -1)


def _read_labels(y: Array, dout: Array) -> tuple[Array | None, float | None]:
    """The labels behind dL/dy = scale (y - target), and the scale."""
    if y.shape != dout.shape:
        return None, None
    n, classes = y.shape
    for scale in (
        2 / n,
        2.0,
        1 / n,
        1.0,
        2 / (n * classes),
        1 / (n * classes),
        2 / n**2,
        -2 / n,
        -1 / n,
        -2.0,
        2 / BATCH,
    ):
        target = y - dout / scale
        if np.abs(target - (target > 0.5)).max() < ALIKE and np.array_equal(
            (target > 0.5).sum(1), np.ones(n)
        ):
            return target.argmax(1), scale
    return None, None


def _labels(steps: list[Step], labels: Array, remarks: list[str]) -> tuple[int | None, str] | None:
    """Do images and labels belong together, and is the gradient that of the loss?"""
    for number, step in enumerate(steps, 1):
        n, C = len(step.rows), int(labels.max()) + 1
        if (step.rows == -2).any():
            return 64, f"batch {number}: {MISTAKES[64].sentence}"
        if (step.rows == -1).any():
            return None, f"batch {number}: the network saw images that are no rows of train_data"
        if step.labels is None:
            return (
                None,
                f"batch {number}: the gradient that backward got is not 2/N (y - target) for any labels",
            )
        if not np.array_equal(step.labels, labels[step.rows]):
            return (
                33,
                f"batch {number}: {MISTAKES[33].sentence}; the images {step.rows.tolist()} met the labels "
                f"{step.labels.tolist()}, theirs are {labels[step.rows].tolist()}",
            )
        wrong = {
            2.0: 1,
            1.0: 1,
            1 / n: 4,
            2 / (n * C): 2,
            1 / (n * C): 2,
            2 / n**2: 3,
            -2 / n: 5,
            -1 / n: 5,
            -2.0: 5,
        }
        if step.scale is not None and step.scale != 2 / n and n > 1 and step.scale in wrong and n == BATCH:
            kind = wrong[step.scale]
            return kind, f"the gradient of the loss: {MISTAKES[kind].sentence}"
    return None


def _updates(steps: list[Step], labels: Array, remarks: list[str]) -> tuple[int | None, str] | None:
    """Is each step minus the learning rate times its own gradient?"""
    if all(not step.move[key].any() for step in steps for key in KEYS):
        return 60, MISTAKES[60].sentence
    factors = []
    for number, step in enumerate(steps, 1):
        off = {key: _factor(step.move[key], -RATE * step.grads[key]) for key in KEYS}
        factors.append(off)
        straight = [k for k in off.values() if k is not None]
        if len(straight) == len(KEYS) and max(straight) - min(straight) < ALIKE:
            continue
        if number > 1 and all(
            _factor(step.move[key], -RATE * steps[number - 2].grads[key]) is not None for key in KEYS
        ):
            return 65, f"batch {number}: {MISTAKES[65].sentence}"
        if number == 1 and not any(step.move[key].any() for key in KEYS) and len(steps) > 1:
            if all(_factor(steps[1].move[key], -RATE * step.grads[key]) is not None for key in KEYS):
                return 65, f"batch 2: {MISTAKES[65].sentence}"
            continue
        return _uneven(number, step, off)
    rates = [float(np.mean([k for k in off.values() if k is not None])) for off in factors]
    return _rate(rates, steps, remarks)


def _uneven(number: int, step: Step, off: dict[str, float | None]) -> tuple[int | None, str]:
    """One parameter moves otherwise than the others."""
    common = [k for k in off.values() if k is not None]
    usual = float(np.median(common)) if common else 1.0
    odd = [key for key, k in off.items() if k is None or abs(k - usual) > ALIKE]
    if len(odd) == 4 or not common:
        return (
            34,
            f"batch {number}: the parameters do not move by minus the learning rate times their gradients",
        )
    still = [key for key in odd if not step.move[key].any()]
    how = (
        "does not move"
        if still == odd
        else "moves otherwise than by minus the learning rate times its own gradient"
    )
    adds = [key for key in odd if (k := off[key]) is not None and abs(k + 1) < ALIKE]
    if adds == odd:
        return 6, f"batch {number}: {', '.join(odd)}: {MISTAKES[6].sentence}"
    return 34, f"batch {number}: {', '.join(odd)} {how}: {MISTAKES[34].sentence}"


def _rate(rates: list[float], steps: list[Step], remarks: list[str]) -> tuple[int | None, str] | None:
    """Is the factor the learning rate that was given?"""
    if all(abs(k - 1) < ALIKE for k in rates):
        return None
    if all(abs(k + 1) < ALIKE for k in rates):
        return 6, MISTAKES[6].sentence
    if all(abs(k * len(s.rows) - 1) < ALIKE for k, s in zip(rates, steps, strict=True)):
        return 3, f"the step is divided by the batch: {MISTAKES[3].sentence}"
    if all(k < 0 for k in rates):
        return 6, MISTAKES[6].sentence
    if max(rates) - min(rates) < ALIKE or rates[0] > 1 + ALIKE or min(rates) < -ALIKE:
        return (
            61,
            f"{MISTAKES[61].sentence}: with learning_rate {RATE} the step is {rates[0] * RATE:.4g} times "
            "the gradient",
        )
    remarks.append("the learning rate changes on the way; asked for is the one given")
    return None


def _factor(move: Array, expected: Array) -> float | None:
    """move = k expected: k, or None where they do not point the same way."""
    if move.shape != expected.shape:
        return None
    size = float((expected * expected).sum())
    if size == 0:
        return 1.0 if not move.any() else None
    k = float((move * expected).sum()) / size
    rest = float(np.linalg.norm(move - k * expected)) / size**0.5
    return k if rest < 1e-3 * max(1.0, abs(k)) and (k or not move.any()) else None


def _passes(steps: list[Step], labels: Array, remarks: list[str]) -> tuple[int | None, str] | None:
    """Does every epoch take every image once, in batches of the size asked for?"""
    sizes = [len(step.rows) for step in steps]
    whole, part = divmod(N, BATCH)
    if set(sizes) - {BATCH, part}:
        return (
            66,
            f"{MISTAKES[66].sentence}: {BATCH}; got batches of {', '.join(map(str, sorted(set(sizes))))}",
        )
    for per_epoch in (whole + 1, whole):
        if len(steps) == EPOCHS * per_epoch:
            break
    else:
        counts = np.bincount(np.concatenate([s.rows for s in steps]), minlength=N)
        if (
            len(steps) in (whole, whole + 1)
            or counts.min() == counts.max()
            or len(steps) % whole == 0
            or len(steps) % (whole + 1) == 0
        ):
            return (
                63,
                f"{MISTAKES[63].sentence}: {EPOCHS}; got {len(steps)} batches, "
                f"{whole} or {whole + 1} are one epoch",
            )
        return (
            62,
            f"{MISTAKES[62].sentence}: {len(steps)} batches in {EPOCHS} epochs of {N} images, "
            f"{BATCH} at a time",
        )
    orders = [
        np.concatenate([s.rows for s in steps[e * per_epoch : (e + 1) * per_epoch]]) for e in range(EPOCHS)
    ]
    seen = len(set(np.concatenate(orders).tolist()))
    if any(len(set(order.tolist())) < len(order) for order in orders):
        if seen < whole * BATCH:
            return 62, f"{MISTAKES[62].sentence}: {seen} of {N} were seen in {EPOCHS} epochs"
        remarks.append("images are drawn anew for each batch, so an epoch repeats some and misses others")
        return None
    if per_epoch == whole and part:
        remarks.append(f"the last {part} of {N} images, less than a batch, are left out")
    if all(np.array_equal(order, np.sort(order)) for order in orders):
        remarks.append("the batches are taken in file order; a new order every epoch learns better")
    elif all(np.array_equal(order, orders[0]) for order in orders):
        remarks.append("the same order in every epoch; a new one each time learns better")
    return None


def _reaches(name: str, learner: Learner, remarks: list[str]) -> Verdict:
    """On easy data a right loop ends up reading nearly all of it."""
    accuracy, before = _accuracy_after(learner)
    if accuracy < REACHED:
        words = f"after training it reads {accuracy:.0%} of easy images (before: {before:.0%})"
        words = f"{words}; expected {REACHED:.0%} or more"
        return Verdict(name, False, words, remarks=tuple(remarks))
    return Verdict(name, True, remarks=tuple(dict.fromkeys([*remarks, *_values_of_its_own(learner)])))


def _values_of_its_own(learner: Learner) -> list[str]:
    """Remarks on the learning rate and batch size that it takes when none are given."""
    rng = np.random.default_rng(2)
    data, labels, params = (
        rng.integers(1, 1000, (N, D)) / 1000,
        np.arange(N) % C,
        cases.net(N, D, H, C, 3).params,
    )
    try:
        trace, _ = _train(learner, params, data, labels, data[:2], labels[:2], 1, None, None)
    except FailedError:
        return ["learning_rate and batch_size have no values of their own; the lesson's are 1e-3 and 16"]
    if not trace["backwards"]:
        return []
    step = _step(trace, 0, data, data + 1)
    rate = _factor(step.move["W2"], -step.grads["W2"])
    remarks = []
    if len(step.rows) != 16:
        remarks.append(f"without a batch_size the batches are of {len(step.rows)}; the lesson's are of 16")
    if rate is not None and abs(rate - 1e-3) > 1e-6:
        remarks.append(f"without a learning_rate it is {rate:.4g}; the lesson's is 1e-3")
    return remarks


def _accuracy_after(learner: Learner) -> tuple[float, float]:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, C, 240)
    centres = np.array([[1.0, 0, 0, 0, 0], [0, 1.0, 0, 0, 0], [0, 0, 1.0, 0, 0]])
    data = 0.2 * rng.random((240, D)) + centres[labels]
    params = {
        "W1": rng.normal(0, 0.6, (16, D)),
        "b1": np.zeros(16),
        "W2": rng.normal(0, 0.3, (C, 16)),
        "b2": np.zeros(C),
    }
    trace, _ = _train(learner, params, data, labels, data[:40], labels[:40], 8, 0.5, 16, record=0)
    final = {key: np.asarray(trace["params"].get(key, np.nan), float) for key in KEYS}
    before = outputs(params, data)[3].argmax(1) == labels
    if any(final[key].shape != params[key].shape or not np.isfinite(final[key]).all() for key in KEYS):
        return 0.0, float(before.mean())
    return float((outputs(final, data)[3].argmax(1) == labels).mean()), float(before.mean())


def _by_one_step(name: str, learner: Learner, own: bool = False) -> Verdict:
    """A loop that does not call the network's backward: one batch of all images, one epoch, one step.

    own: with the learner's network in place of the right one.
    """
    n = 5
    case = cases.net(n, D, H, C, 8)
    x = np.random.default_rng(9).integers(1, 9, (n, D)) / 8
    labels = np.array([0, 2, 1, 2, 0])
    trace, _ = _train(learner, case.params, x, labels, x, labels, 1, RATE, n, own=own)
    move = {key: np.asarray(trace["params"].get(key, np.nan), float) - case.params[key] for key in KEYS}
    if not any(m.any() for m in move.values()):
        return Verdict(name, False, MISTAKES[60].sentence, mistake=60)
    found = {key: m / -RATE for key, m in move.items()}
    dout = _dout(case.params, x, labels)
    right = gradients(case.params, x, dout)
    if own and all(same(found[key], right[key]) for key in KEYS):
        return Verdict(
            name, True, remarks=("the updates are made by the network's backward, not by the loop",)
        )
    if all(same(found[key], right[key]) for key in KEYS):
        return _reaches(name, learner, ["it does the way back by itself, without the network's backward"])
    wrong = [key for key in KEYS if not same(found[key], right[key])]
    entry = (
        first_difference(found[wrong[0]], Truth(right[wrong[0]]), f"grad of {wrong[0]}") if wrong else None
    )
    named = _name_of_step(case.params, x, labels, found, right, move)
    words = (
        MISTAKES[named].sentence
        if named
        else "after one step the parameters are not where a step against the gradient takes them"
    )
    return Verdict(name, False, words, mistake=named, entry=entry)


def _dout(params: dict[str, Array], x: Array, labels: Array) -> Array:
    y = outputs(params, x)[3]
    dout: Array = 2 / len(x) * (y - (labels[:, None] == np.arange(C)))
    return dout


def _name_of_step(
    params: dict[str, Array],
    x: Array,
    labels: Array,
    found: dict[str, Array],
    right: dict[str, Array],
    move: dict[str, Array],
) -> int | None:
    """The one mistake that gives these moves."""
    n = len(x)

    def fits(grads: dict[str, Array]) -> bool:
        return all(same(found[key], grads[key]) for key in KEYS)

    numbers = {number for factor, number in ((-1.0, 6), (float(n), 1), (0.5, 4), (1 / C, 2), (1 / n, 3))
               if fits({key: factor * g for key, g in right.items()})}  # fmt: skip
    for number, _, grads in gradient_variants(params, x, _dout(params, x, labels)):
        if fits(grads):
            numbers.add(number)
    a, _, _, y = outputs(params, x)
    dz = _dout(params, x, labels) * y * (1 - y)
    da = (dz @ (params["W2"] - RATE * right["W2"])) * (a > 0)
    if fits(right | {"W1": da.T @ x, "b1": da.sum(0)}):
        numbers.add(22)
    wrong = [key for key in KEYS if not same(found[key], right[key])]
    if not numbers and len(wrong) == 1:
        numbers.add(6 if same(found[wrong[0]], -right[wrong[0]]) else 34)
    if not numbers:
        for order in permutations(range(n)):
            if fits(gradients(params, x, _dout(params, x, labels[list(order)]))):
                numbers.add(33)
    if not numbers and any(_factor(move[key], -RATE * right[key]) is not None for key in ("W1", "W2")):
        factors = {key: _factor(move[key], -RATE * right[key]) for key in KEYS}
        if all(k is not None for k in factors.values()):
            numbers.add(61)
    return numbers.pop() if len(numbers) == 1 else None
