"""The check of momentum_step: where several steps lead a parameter; the form of the velocity is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks.common import FailedError, Learner, judge, numbers
from handgrad.workbook.checks.guesses import Guess, Truth, same
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import Verdict

STEPS = 4
WAY = "param after each step"
CASES = (((3,), 0.5, 0.9), ((2, 3), 0.125, 0.5), ((4,), 2.0, 0.75))  # shape, learning rate, keep
OTHER_KEEP = 0.9  # the default, which a body may hold instead of its argument
Rule = Callable[[NDArray, NDArray, NDArray, float, float], tuple[NDArray, NDArray]]


class Way(NamedTuple):
    """One way to make a step: its number in the catalogue, or 0 for another form of the right one."""

    number: int
    words: str
    step: Rule


def right(p: NDArray, g: NDArray, v: NDArray, rate: float, keep: float) -> tuple[NDArray, NDArray]:
    """v <- keep v + g,  p <- p - rate v."""
    v = keep * v + g
    return p - rate * v, v


def _by(velocity: Callable[..., NDArray], move: Callable[..., NDArray]) -> Rule:
    """A step of two formulas: the new velocity, then the new parameter, which may read both velocities."""

    def step(p: NDArray, g: NDArray, v: NDArray, rate: float, keep: float) -> tuple[NDArray, NDArray]:
        new = velocity(g, v, rate, keep)
        return move(p, g, v, new, rate, keep), new

    return step


def _usual(g: NDArray, v: NDArray, rate: float, keep: float) -> NDArray:
    return keep * v + g


def _down(p: NDArray, g: NDArray, old: NDArray, v: NDArray, rate: float, keep: float) -> NDArray:
    return p - rate * v


NESTEROV = "this is Nesterov's form of momentum, which looks one step ahead; the lesson's is the plain one"
RUNNING = "the velocity is a running mean here, with 1 - keep at the gradient; the lesson adds it whole"
CONVENTIONS = (
    Way(0, NESTEROV, _by(_usual, lambda p, g, old, v, rate, keep: p - rate * (g + keep * v))),
    Way(0, NESTEROV, _by(lambda g, v, rate, keep: keep * v - rate * g,
                         lambda p, g, old, v, rate, keep: p - keep * old + (1 + keep) * v)),
    Way(0, RUNNING, _by(lambda g, v, rate, keep: keep * v + (1 - keep) * g, _down)),
)  # fmt: skip
WRONG = (
    Way(91, "", _by(lambda g, v, rate, keep: g, _down)),
    Way(91, "", _by(lambda g, v, rate, keep: 0 * v, lambda p, g, old, v, rate, keep: p - rate * g)),
    Way(91, "the old velocity is returned; the next step needs the new one",
        lambda p, g, v, rate, keep: (p - rate * (keep * v + g), v)),
    Way(91, "the gradient never reaches the velocity", _by(lambda g, v, rate, keep: keep * v, _down)),
    Way(92, "", _by(_usual, lambda p, g, old, v, rate, keep: p - rate * old)),
    Way(92, "", _by(_usual, lambda p, g, old, v, rate, keep: p - rate * keep * old)),
    Way(93, "", _by(lambda g, v, rate, keep: v + keep * g, _down)),
    Way(93, "", _by(lambda g, v, rate, keep: keep * (v + g), _down)),
    Way(93, "", _by(lambda g, v, rate, keep: (1 - keep) * v + g, _down)),
    Way(93, "", _by(lambda g, v, rate, keep: (1 - keep) * v + keep * g, _down)),
    Way(93, "", _by(lambda g, v, rate, keep: v / keep + g, _down)),
    Way(94, "", _by(lambda g, v, rate, keep: keep * v + rate * g, _down)),
    Way(94, "", _by(_usual, lambda p, g, old, v, rate, keep: p - rate * rate * v)),
    Way(95, "the velocity never shrinks: keep is not used", _by(lambda g, v, rate, keep: v + g, _down)),
    Way(95, "the velocity is kept by 0.9, not by the factor keep that is given",
        _by(lambda g, v, rate, keep: OTHER_KEEP * v + g, _down)),
    Way(6, "", _by(_usual, lambda p, g, old, v, rate, keep: p + rate * v)),
    Way(6, "", _by(lambda g, v, rate, keep: keep * v - rate * g, lambda p, g, old, v, rate, keep: p - v)),
    Way(6, "", _by(lambda g, v, rate, keep: keep * v + rate * g, lambda p, g, old, v, rate, keep: p + v)),
    Way(75, "the gradient enters the velocity with the wrong sign",
        _by(lambda g, v, rate, keep: keep * v - g, _down)),
    Way(61, "", _by(_usual, lambda p, g, old, v, rate, keep: p - v)),
    Way(61, "the step is divided by the learning rate",
        _by(_usual, lambda p, g, old, v, rate, keep: p - v / rate)),
    Way(61, "", _by(lambda g, v, rate, keep: keep * v + g / rate, _down)),
    Way(60, "the parameter is returned as it came", _by(_usual, lambda p, g, old, v, rate, keep: p)),
    Way(48, "the step itself is returned; subtract it from the parameter",
        _by(_usual, lambda p, g, old, v, rate, keep: rate * v)),
    Way(48, "the step itself is returned; add it to the parameter",
        _by(_usual, lambda p, g, old, v, rate, keep: -rate * v)),
)  # fmt: skip


def check_momentum(name: str, learner: Learner) -> Verdict:
    """momentum_step(param, grad, velocity, learning_rate, keep) -> param, velocity."""
    ways, starts, changed = list[NDArray](), list[tuple[NDArray, NDArray, float, float]](), False
    for seed, (shape, rate, keep) in enumerate(CASES):
        rng = np.random.default_rng(seed)
        start, grads = rng.integers(-9, 10, shape) / 10, rng.integers(1, 20, (STEPS, *shape)) / 10
        grads = grads * rng.choice([-1, 1], grads.shape)
        way, touched = _went(name, learner, start, grads, rate, keep)
        ways.append(way)
        starts.append((start, grads, rate, keep))
        changed |= touched
    for other in CONVENTIONS:
        if all(same(way, _path(other.step, *start)) for way, start in zip(ways, starts, strict=True)):
            if changed:
                return Verdict(name, False, MISTAKES[21].sentence, mistake=21)
            return Verdict(name, True, convention=other.words)
    truths = [{WAY: _truth(*start)} for start in starts]
    verdict = judge(name, [{WAY: way} for way in ways], truths, changed)
    return _by_default(verdict, learner) if verdict.passed else verdict


def _went(
    name: str, learner: Learner, start: NDArray, grads: NDArray, rate: float, keep: float
) -> tuple[NDArray, bool]:
    """The parameter after each step, and whether an argument was changed in place."""
    places, changed = list[NDArray](), False
    param, velocity = start, np.zeros_like(start)
    for grad in grads:
        reply = learner.call(name, param, grad, velocity, rate, keep)
        found = [numbers(item) for item in reply.items(2, "(param, velocity)")]
        for of, got in zip(("param", "velocity"), found, strict=True):
            if got is None or got.shape != start.shape:
                shown = "no array" if got is None else f"shape {got.shape}"
                raise FailedError(f"expected {of} of shape {start.shape}; got {shown}")
        new, velocity = (np.array(of) for of in found)
        if len(places) == 0 and same(new, grad) and same(velocity, start - rate * grad):
            raise FailedError("expected (param, velocity); got them the other way round", number=40)
        places.append(new)
        param = new
        changed |= bool(reply.changed)
    return np.stack(places), changed


def _path(step: Rule, start: NDArray, grads: NDArray, rate: float, keep: float) -> NDArray:
    places, param, velocity = list[NDArray](), start, np.zeros_like(start)
    for grad in grads:
        param, velocity = step(param, grad, velocity, rate, keep)
        places.append(param)
    return np.stack(places)


def _truth(start: NDArray, grads: NDArray, rate: float, keep: float) -> Truth:
    guesses = [Guess(w.number, _path(w.step, start, grads, rate, keep), w.words) for w in WRONG]
    path = _path(right, start, grads, rate, keep)

    def terms(index: tuple[int, ...]) -> str:
        step, entry = index[0], index[1:]
        before = start[entry] if step == 0 else path[step - 1][entry]
        powers = [f"{keep:g}^{step - i} * {grads[i][entry]:.4g}" for i in range(step)]
        velocity = " + ".join([*powers, f"{grads[step][entry]:.4g}"])
        return f"{before:.4g} - {rate:g} * ({velocity}), after step {step + 1}"

    return Truth(path, guesses, terms)


def _by_default(verdict: Verdict, learner: Learner) -> Verdict:
    """Right with the factor that it is given; with the one of its own?"""
    start, grads = np.array([0.5, -0.25]), np.array([[1.0, 2.0], [0.5, -1.0]])
    param, velocity = start, np.zeros_like(start)
    try:
        for grad in grads:
            items = learner.call(verdict.name, param, grad, velocity, 0.5).items(2, "(param, velocity)")
            param, velocity = (np.asarray(numbers(item)) for item in items)
    except FailedError as failed:
        if failed.type != "TypeError":
            raise
        return Verdict(verdict.name, True, remarks=("keep has no default; the lesson's is 0.9",))
    if same(param, _path(right, start, grads, 0.5, OTHER_KEEP)[-1]):
        return verdict
    return Verdict(verdict.name, True, remarks=("without a keep it is not 0.9, as the lesson's is",))
