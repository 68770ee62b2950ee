"""The check of train_model: what it does with a right network, step by step, and what it reaches.

A network that notes everything stands in for the learner's (steps.py reads its notes). A loop with
its own backward pass, which does not call the network's, leaves no notes: it is judged by its final
parameters (inlined.py). Both must read easy images in the end.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.common import FailedError, Learner
from handgrad.workbook.checks.loop import inlined, steps
from handgrad.workbook.checks.loop.running import KEYS, Run, shape_error, train
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.variants import outputs
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.layout import RAW

N, D, H, C, EPOCHS, BATCH, RATE = 22, 5, 4, 3, 3, 4, 0.125
REACHED = 0.9  # share of the easy images that a right loop reads after training; chance is a third
HARD_CODED = 10  # classes, which some files take for granted


def check_loop(name: str, learner: Learner) -> Verdict:
    """train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, ...)."""
    try:
        return _traced(name, learner, H, C)
    except FailedError as failed:
        if not shape_error(failed):
            raise
        with suppress(FailedError):  # where all shapes are alike, a gradient can go to the wrong parameter
            verdict = _traced(name, learner, D, D)
            if verdict.mistake:
                return replace(verdict, message=f"{verdict.message}\n{failed}")
        with suppress(FailedError):  # a first step may pass where a second one raises
            verdict = inlined.check(name, learner, H, C)
            if verdict.mistake:
                return replace(verdict, message=f"{verdict.message}\n{failed}")
        with suppress(FailedError):
            verdict = _traced(name, learner, H, HARD_CODED)
            if verdict.passed or verdict.mistake:
                return replace(verdict, remarks=(*verdict.remarks, "it works with 10 classes only"))
        raise


def _traced(name: str, learner: Learner, H: int, C: int) -> Verdict:
    """The verdict, by a network of H hidden units and C classes."""
    if learner.layout.form == RAW:  # the learner's own network takes no notes
        verdict = inlined.check(name, learner, H, C)
        return _reaches(replace(verdict, remarks=()), learner, C, noted=False) if verdict.passed else verdict
    rng = np.random.default_rng(11)
    params = cases.net(N, D, H, C, 3).params
    data, labels = rng.integers(1, 1000, (N, D)) / 1000, rng.permutation(np.arange(N) % C)
    validation = rng.integers(1, 1000, (7, D)) / 1000, rng.integers(0, C, 7)
    run = Run(params, data, labels, EPOCHS, RATE, BATCH, validation)
    trace, changed = train(learner, run)
    if not trace["backwards"]:
        verdict = inlined.check(name, learner, H, C)
        return _reaches(verdict, learner, C, noted=False) if verdict.passed else verdict
    remarks: list[str] = []
    if found := steps.judge(trace, run, remarks):
        number, words = found
        if words == MISTAKES[60].sentence and learner.has("TwoLayerNet"):  # perhaps its backward moves them
            return inlined.check(name, learner, H, C, own=True)
        return Verdict(name, False, words, mistake=number)
    if changed:
        remarks.append("the arrays handed over are shuffled in place; the caller may still need their order")
    return _reaches(Verdict(name, True, remarks=tuple(remarks)), learner, C)


def _reaches(verdict: Verdict, learner: Learner, C: int, noted: bool = True) -> Verdict:
    """On easy data a right loop ends up reading nearly all of it."""
    accuracy, before = _accuracy_after(learner, C)
    if accuracy < REACHED:
        words = f"after training it reads {accuracy:.0%} of easy images (before: {before:.0%})"
        return replace(verdict, passed=False, message=f"{words}; expected {REACHED:.0%} or more")
    remarks = dict.fromkeys((*verdict.remarks, *_values_of_its_own(learner, C, noted)))
    return replace(verdict, remarks=tuple(remarks))


def _accuracy_after(learner: Learner, C: int) -> tuple[float, float]:
    """The share of easy images that are read after training, and before."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 3, 240)
    data = 0.2 * rng.random((240, D)) + np.eye(3, D)[labels]
    params = {"W1": rng.normal(0, 0.6, (16, D)), "b1": np.zeros(16),
              "W2": rng.normal(0, 0.3, (C, 16)), "b2": np.zeros(C)}  # fmt: skip
    run = Run(params, data, labels, 8, 0.5, 16, (data[:40], labels[:40]))
    trace, _ = train(learner, run, record=0)
    final = {key: np.asarray(trace["params"].get(key, np.nan), float) for key in KEYS}
    before = float((outputs(params, data)[3].argmax(1) == labels).mean())
    if any(final[key].shape != params[key].shape or not np.isfinite(final[key]).all() for key in KEYS):
        return 0.0, before
    answers: NDArray = outputs(final, data)[3].argmax(1)
    return float((answers == labels).mean()), before


def _values_of_its_own(learner: Learner, C: int, noted: bool) -> list[str]:
    """Remarks on the learning rate and batch size that it takes when none are given.

    noted: whether it uses the network's backward, which notes the steps.
    """
    rng = np.random.default_rng(2)
    data, labels = rng.integers(1, 1000, (N, D)) / 1000, np.arange(N) % C
    run = Run(cases.net(N, D, H, C, 3).params, data, labels, 1, None, None, (data[:2], labels[:2]))
    try:
        trace, _ = train(learner, run)
    except FailedError:
        return ["learning_rate and batch_size have no values of their own; the lesson's are 1e-3 and 16"]
    if not trace["backwards"]:
        return ["without a default batch_size nothing is trained"] if noted else []
    step, remarks = steps.read(trace, 0, run), list[str]()
    size = max(len(forward["x"]) for forward in (trace["forwards"][b["forward"]] for b in trace["backwards"]))
    rate = steps.factor(step.move["W2"], -step.grads["W2"])
    if size != 16:
        remarks.append(f"without a batch_size the batches are of {size}; the lesson's are of 16")
    if rate is not None and abs(rate - 1e-3) > 1e-6:
        remarks.append(f"without a learning_rate it is {rate:.4g}; the lesson's is 1e-3")
    return remarks
