"""Every exercise's check, and how a file goes through all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np

from handgrad.workbook.checks import (
    assembly,
    calculus,
    cross_entropy,
    inside,
    layers,
    loop,
    loss,
    momentum,
    network,
    recipe,
    templates,
)
from handgrad.workbook.checks.common import Caches, DeskLike, FailedError, Learner
from handgrad.workbook.checks.conventions import Conventions
from handgrad.workbook.checks.handed_in import STEPS, HandedIn, asked_for, handed_in, taken
from handgrad.workbook.checks.verdict import LATE, NOT_DONE, NOT_RUN, UNREADABLE, WRONG, Verdict
from handgrad.workbook.desk.desk import Desk, GoneError
from handgrad.workbook.desk.layout import Layout
from handgrad.workbook.desk.submission import Source

CHECKS: dict[str, Callable[[str, Learner], Verdict]] = {
    "mean_images": templates.check_means,
    "normalize_templates": templates.check_normalised,
    "agreement": templates.check_agreement,
    "affine_forward": layers.check_forward,
    "relu_forward": layers.check_forward,
    "sigmoid_forward": layers.check_forward,
    "l2_loss": loss.check_loss,
    "affine_backward": layers.check_backward,
    "relu_backward": layers.check_backward,
    "sigmoid_backward": layers.check_backward,
    "numerical_gradient": calculus.check_numerical_gradient,
    "initial_params": assembly.check_initial,
    "network_forward": assembly.check_forward,
    "network_backward": assembly.check_backward,
    "TwoLayerNet": network.check_network,
    "calculate_accuracy": loss.check_accuracy,
    "train_model": loop.check_loop,
    "contributions": inside.check_contributions,
    "strongest_units": inside.check_strongest,
    "softmax_cross_entropy": cross_entropy.check_softmax,
    "momentum_step": momentum.check_momentum,
    "better_recipe": recipe.check_recipe,
}
STATES_OF = {"unreadable": UNREADABLE, "failed": WRONG, "late": LATE, "lacking": NOT_RUN}
METHODS = "forward(x) and backward(dout, cache)"
SENSELESS = "its process answered, but not with what its functions return"
LAYERS = ("affine", "relu", "sigmoid")
USES = {
    "network_forward": tuple(f"{layer}_forward" for layer in LAYERS),
    "network_backward": (*(f"{n}_{w}" for n in LAYERS for w in ("forward", "backward")), "network_forward"),
    "TwoLayerNet": (*(f"{n}_{w}" for n in LAYERS for w in ("forward", "backward")), *STEPS),
    "train_model": (
        "l2_loss",
        "calculate_accuracy",
        *(f"{n}_{w}" for n in LAYERS for w in ("forward", "backward")),
    ),
    "calculate_accuracy": (),
}


def run(desk: DeskLike, sources: Sequence[Source], only: Sequence[str] = ()) -> list[Verdict]:
    """Check what was handed in -> a verdict for each exercise that belongs in it, by chapter.

    Without PyTorch or NumPy alone in it, both are tried and the better result counts; so are float64 and
    float32. A process that ends, hangs or lies is reported, and the next exercise starts in a fresh one.
    """
    try:
        facts = handed_in(desk.do({"do": "load", "files": [source._asdict() for source in sources]}))
    except GoneError as gone:
        state, failure = LATE if gone.late else WRONG, f"the file could not be run: {gone}"
        return [Verdict(n, False, failure, state=state) for n in only or asked_for({}, sources)]
    except (KeyError, TypeError, ValueError, AttributeError):
        if isinstance(desk, Desk):
            raise
        failure = f"the file could not be run: {SENSELESS}"
        return [Verdict(n, False, failure) for n in only or asked_for({}, sources)]
    asked = list(only or asked_for(facts.present, sources))
    if facts.failure:
        return [Verdict(n, False, facts.failure, state=UNREADABLE) for n in asked]
    if not any(name in facts.present for name in asked):
        words, state = (facts.broken[0], UNREADABLE) if facts.broken else (facts.nothing(asked), NOT_DONE)
        return [Verdict(n, False, words, state=state) for n in asked]
    right: set[str] = set()
    verdicts = []
    text = "\n".join(source.text for source in sources)
    conventions = _conventions(desk, facts, right, text)
    for exercise in asked:
        verdict = _judged(desk, exercise, facts, conventions, right, text)
        if verdict.passed:
            right.add(exercise)
        verdicts.append(verdict)
    return _with_broken([_same_cause(verdict, verdicts) for verdict in verdicts], facts.broken)


def _judged(
    desk: DeskLike, name: str, facts: HandedIn, conventions: Conventions, right: set[str], text: str
) -> Verdict:
    """The verdict of one exercise, from whichever file has it right."""
    state = facts.present.get(name)
    if state is None:
        return Verdict(name, False, facts.missing(name), state=NOT_DONE)
    if state in STATES_OF:
        return Verdict(name, False, facts.reasons.get(name, SENSELESS), state=STATES_OF[state])
    verdict = _checked(desk, name, facts, conventions)
    others = facts.others[name]
    if not verdict.passed and verdict.state != NOT_DONE:
        for file in others:
            again = _elsewhere(desk, name, facts, file, right, text)
            if again and again.passed:
                wrong = f"taken from {file}; the one in {facts.files[name]} is not right"
                facts.files[name] = file
                return replace(again, remarks=(*again.remarks, wrong))
        if others:
            _elsewhere(desk, name, facts, facts.files[name], None, text)
    remarks = verdict.remarks
    if others:
        hold = "holds another one" if len(others) == 1 else "hold others"
        remarks = (*remarks, f"taken from {facts.files[name]}; {', '.join(others)} {hold}")
    if not verdict.passed:
        remarks = (*remarks, *facts.lost.get(name, ()))
    return replace(verdict, remarks=remarks)


def _elsewhere(
    desk: DeskLike, name: str, facts: HandedIn, file: str, right: set[str] | None, text: str
) -> Verdict | None:
    """Take an exercise from another file, and check it there (right is None: only take it)."""
    try:
        desk.reset()
        then = taken(facts, name, desk.do({"do": "take", "name": name, "file": file}))
    except GoneError:
        return None
    except (KeyError, TypeError, ValueError, AttributeError):
        if isinstance(desk, Desk):
            raise
        return None
    return None if right is None else _checked(desk, name, then, _conventions(desk, then, right, text))


def _checked(desk: DeskLike, name: str, facts: HandedIn, conventions: Conventions) -> Verdict:
    verdict = _one(desk, name, facts.present, conventions)
    ways = [way for way in ("forward", "backward") if way not in facts.methods]
    if name != "TwoLayerNet" or verdict.passed or not ways or not facts.methods or verdict.state != WRONG:
        return verdict
    words = (
        f"TwoLayerNet has no {' and no '.join(ways)}; it has {', '.join(facts.methods)}. Expected {METHODS}"
    )
    return Verdict(name, False, words)


def _with_broken(verdicts: list[Verdict], broken: Sequence[str]) -> list[Verdict]:
    """What could not be read is said where something is not done, else once."""
    if not broken:
        return verdicts
    told = [i for i, verdict in enumerate(verdicts) if not verdict.done] or [0]
    return [replace(v, remarks=(*v.remarks, *broken[:3])) if i in told else v for i, v in enumerate(verdicts)]


def _same_cause(verdict: Verdict, verdicts: Sequence[Verdict]) -> Verdict:
    """A loop that leaves the updates to a backward that makes them has one mistake with it, not two."""
    cause = next((v.mistake for v in verdicts if v.name == "TwoLayerNet" and v.mistake in (22, 78)), None)
    if verdict.name == "train_model" and verdict.mistake == 60 and cause:
        words = f"{verdict.message}; it leaves them to a backward that changes them, see TwoLayerNet"
        return replace(verdict, mistake=cause, message=words)
    return verdict


def check_one(
    desk: DeskLike, name: str, present: dict[str, str], kinds: Sequence[str],
    blank_methods: Sequence[str] = (), right: set[str] | None = None, caches: Caches | None = None,
    text: str = "",
) -> Verdict:  # fmt: skip
    """The verdict of one exercise. right: those known to be right; others are borrowed where needed.

    text: all that the learner has written, where that is known.
    """
    learner = Learner(_Noting(desk), present, blank_methods, caches)
    judge = partial(_in_layout, learner, kinds, right)
    return _one(desk, name, present, Conventions(learner, judge, kinds, text))


def _one(desk: DeskLike, name: str, present: dict[str, str], conventions: Conventions) -> Verdict:
    if name not in present:
        return Verdict(name, False, f"not done yet: there is no {name}", state=NOT_DONE)
    if present[name] == "blank":
        return Verdict(name, False, f"not done yet: {name} is blank", state=NOT_DONE)
    try:
        return conventions.verdict(name)
    except GoneError as gone:  # it would happen again: what uses it does without
        present[name] = "late"
        return Verdict(name, False, str(gone), state=LATE if gone.late else "")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        if isinstance(desk, Desk):
            raise
        return Verdict(name, False, SENSELESS)


def _conventions(desk: DeskLike, facts: HandedIn, right: set[str], text: str) -> Conventions:
    """What judges the exercises of what was handed in. right: those known to be right, as they come."""
    learner = Learner(_Noting(desk), facts.present, facts.blank_methods, facts.caches)
    learner.forms, learner.right = facts.forms, right

    def judge(name: str, layout: Layout) -> Verdict:
        beside = {n for n in right if facts.files[n] == facts.files[name]}  # others may not be what it calls
        return _in_layout(learner, facts.kinds_of[name], right, name, layout, beside)

    kinds = dict.fromkeys(kind for kinds in facts.kinds_of.values() for kind in kinds)
    return Conventions(learner, judge, tuple(kinds), text)


def _in_layout(
    learner: Learner, kinds: Sequence[str], right: set[str] | None, name: str, layout: Layout,
    beside: set[str] | None = None,
) -> Verdict:  # fmt: skip
    """The verdict of one exercise in a layout. right: those known to be right; others are borrowed.

    beside: those that are right and stand in the same file; by default all that are right.
    """
    best, present, desk = None, learner.present, learner.desk
    if isinstance(desk, _Noting):
        desk.lacks = ""
    lent = _lent(name, present, right if beside is None else beside)
    every = list(USES.get(name, ()))
    tries = [lent] if any(present.get(n) == "late" for n in lent) else [[], lent] if lent else [[]]
    for kind in kinds:
        for dtype in ("float64", "float32"):
            for borrowed in tries:
                try:
                    verdict = _attempt(desk, learner, name, kind, dtype, borrowed)
                except GoneError as gone:  # perhaps by a piece that it uses
                    if borrowed == tries[-1] and (not gone.late or len(borrowed) == len(every)):
                        raise
                    if borrowed == tries[-1]:
                        tries.append(every)
                    continue
                if verdict.passed and borrowed and right is not None:
                    wrong = [n for n in borrowed if present.get(n) == "done" and n not in right]
                    stood_in = f"right by itself; the lesson's pieces stood in for {', '.join(wrong)}"
                    if borrowed == every and borrowed != lent:
                        wrong = every
                        stood_in = "right by itself, and in time with the lesson's pieces; yours are slow"
                    remarks = (*verdict.remarks, stood_in) if wrong else verdict.remarks
                    verdict = Verdict(name, True, remarks=remarks)
                if verdict.passed or not verdict.done:
                    return verdict
                best = _better(best, verdict, bool(borrowed))
            if not _about_types(verdict):
                break
    assert best is not None
    if isinstance(desk, _Noting) and desk.lacks:
        return Verdict(name, False, f"{name} {desk.lacks}", state=NOT_RUN)
    return best


class _Noting:
    """A desk that notes what the learner's code was told is not installed."""

    def __init__(self, desk: DeskLike) -> None:
        self._desk, self.lacks = desk, ""
        self.reset = desk.reset

    def do(self, command: dict[str, Any]) -> dict[str, Any]:
        reply = self._desk.do(command)
        error = reply.get("error")
        if isinstance(error, dict) and error.get("lacks"):
            self.lacks = str(error["lacks"])
        return reply


def _attempt(
    desk: DeskLike, learner: Learner, name: str, kind: str, dtype: str, borrowed: Sequence[str]
) -> Verdict:
    try:
        desk.reset()
        desk.do({"do": "use", "kind": kind, "dtype": dtype, "form": learner.layout.form})
        if borrowed:
            desk.do({"do": "borrow", "names": list(borrowed), "layout": asdict(learner.layout)})
        try:
            with np.errstate(all="ignore"):  # wrong formulas may divide by 0
                verdict = CHECKS[name](name, learner)
        except FailedError as failed:
            verdict = Verdict(name, False, str(failed), mistake=failed.number)
        desk.reset()
        return verdict
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        if isinstance(desk, Desk):
            raise
        return Verdict(name, False, SENSELESS)


def _lent(name: str, present: dict[str, str], right: set[str] | None) -> list[str]:
    """Functions that this exercise uses but the file lacks or has wrong; forward and backward go together."""
    if right is None:
        return [n for n in USES.get(name, ()) if present.get(n) != "done"]
    wrong = {n for n in USES.get(name, ()) if n not in right}
    pairs = {n.replace("forward", "backward") for n in wrong} | {
        n.replace("backward", "forward") for n in wrong
    }
    return [n for n in USES.get(name, ()) if n in wrong | pairs]


def _better(best: Verdict | None, new: Verdict, borrowed: bool) -> Verdict:
    """The verdict that says more: one that names a mistake, before one of types that do not match.

    With borrowed pieces what is still wrong is the exercise's own.
    """
    if best is None or (borrowed and not _raised(new)):
        return new
    if _raised(best) and not _raised(new):
        return new
    return new if new.mistake and not best.mistake else best


def _raised(verdict: Verdict) -> bool:
    return " raised " in verdict.message


def _about_types(verdict: Verdict) -> bool:
    """Whether float64 met float32, as PyTorch refuses."""
    return _raised(verdict) and any(
        word in verdict.message for word in ("dtype", "scalar type", "Double", "Float")
    )


def known(names: Sequence[str]) -> list[Any]:
    """The names that are not exercises."""
    return [n for n in names if n not in CHECKS]
