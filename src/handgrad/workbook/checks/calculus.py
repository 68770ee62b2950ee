"""The check of numerical_gradient: central differences, in float64, that leave x as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks.common import FailedError, Learner, Reply, judge
from handgrad.workbook.checks.guesses import Guess, Truth
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.desk import FUNCTIONS

HALVED = "the difference is one-sided, and divided by 2h where it spans h only"
H = 1e-3  # so large that a difference on one side only is seen to be one


def check_numerical_gradient(name: str, learner: Learner) -> Verdict:
    """numerical_gradient(f, x, h) for three functions whose slopes are known."""
    got, truths, seen, changed, part = [], [], set[str](), False, ""
    rng = np.random.default_rng(3)
    try:
        for function, shape_of_x in (("cubes", (2, 3)), ("waves", (4,)), ("coupled", (3, 2))):
            x = rng.integers(2, 20, shape_of_x) / 10
            reply = _called(name, learner, function, x)
            got.append({"gradient": reply.numbers()})
            truths.append({"gradient": _slopes(function, x)})
            seen |= set(reply.seen)
            if other := next((shape for shape in reply.shapes if shape != list(shape_of_x)), None):
                part = f"x has shape {tuple(shape_of_x)}, and f was called with shape {tuple(other)}"
            changed |= bool(reply.changed)
    except FailedError as failed:
        return Verdict(name, False, str(failed), mistake=failed.number)
    right = all(_close(a["gradient"], t["gradient"].value) for a, t in zip(got, truths, strict=True))
    if "float32" in seen or "float16" in seen:
        return Verdict(name, False, MISTAKES[35].sentence, mistake=35)
    if part:
        return Verdict(name, False, f"{MISTAKES[103].sentence}: {part}", mistake=103)
    if changed:
        return Verdict(name, False, MISTAKES[69].sentence, mistake=69)
    if right:
        return _with_its_own_step(name, learner, rng.integers(2, 20, (2, 3)) / 10)
    verdict = judge(name, got, truths)
    if not verdict.mistake and all(
        _near(a["gradient"], t["gradient"].value) for a, t in zip(got, truths, strict=True)
    ):
        return replace(verdict, mistake=35, message=f"the slopes are rough: {MISTAKES[35].sentence}")
    return verdict


def _called(name: str, learner: Learner, function: str, x: NDArray) -> Reply:
    """Call it with the step H, or without a step if it does not take one."""
    try:
        return learner.call(name, {"function": function}, x, H)
    except FailedError as failed:
        if failed.type != "TypeError":
            raise
        return learner.call(name, {"function": function}, x)


def _with_its_own_step(name: str, learner: Learner, x: NDArray) -> Verdict:
    """Right with the step it was given; with the one it has of its own?"""
    try:
        got = learner.call(name, {"function": "cubes"}, x).numbers()
    except FailedError as failed:
        if failed.type == "TypeError":
            return Verdict(name, True, remarks=("h has no default; 1e-5 works for most functions",))
        raise
    slopes = 3 * x * x
    if got is not None and got.shape == x.shape and np.abs(got - slopes).max() < 1e-4:
        return Verdict(name, True)
    words = "right with the h that it is given, but not without one: its default h is too large or too small"
    return Verdict(name, False, f"{words}; 1e-5 works for most functions")


def _close(got: NDArray | None, want: NDArray) -> bool:
    """Central differences with h are off by a few h^2, one-sided ones by a few h."""
    return got is not None and got.shape == want.shape and bool(np.abs(got - want).max() < 20 * H * H)


def _near(got: NDArray | None, want: NDArray) -> bool:
    """Off by what a float32 loses when two nearly equal numbers are subtracted."""
    return (
        got is not None
        and got.shape == want.shape
        and bool(np.abs(got - want).max() < 0.02 * np.abs(want).max())
    )


def _slopes(function: str, x: NDArray) -> Truth:
    """The slopes as central differences give them, and as mistaken ones would."""
    f = FUNCTIONS[function]
    central, forward, backward, kept = (np.zeros(x.shape) for _ in range(4))
    moved = x.copy()
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += H
        down[index] -= H
        central[index] = (f(up) - f(down)) / (2 * H)
        forward[index], backward[index] = (f(up) - f(x)) / H, (f(x) - f(down)) / H
        moved[index] += H
        top = f(moved)
        moved[index] -= 2 * H
        kept[index] = (top - f(moved)) / (2 * H)
    guesses = [
        Guess(67, 2 * central), Guess(67, central * 2 * H, "the difference is not divided by 2h"),
        Guess(67, central / 2),
        Guess(68, forward), Guess(68, backward), Guess(75, -central), Guess(69, kept),
        Guess(67, 2 * H * H * central),
        Guess(68, forward / 2, HALVED), Guess(68, backward / 2, HALVED),
        Guess(67, H * H * central, "/ 2 * h multiplies by h: it should be divided by (2 * h)"),
        Guess(75, -forward),
    ]  # fmt: skip
    return Truth(central, guesses, lambda index: f"(f(x + h) - f(x - h)) / (2 h), only x[{index}] moved")
