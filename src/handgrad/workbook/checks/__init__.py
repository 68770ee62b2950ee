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
from handgrad.workbook.checks.verdict import NOT_DONE, Verdict
from handgrad.workbook.desk import submission
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
STEPS = ("initial_params", "network_forward", "network_backward")  # of TwoLayerNet, which needs none of them
GROUPS = (
    ("mean_images", "normalize_templates", "agreement"),
    ("numerical_gradient",),
    STEPS,
    ("contributions", "strongest_units"),
    ("softmax_cross_entropy", "momentum_step", "better_recipe"),
)  # asked for with one of them
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
        loaded = desk.do({"do": "load", "files": [source._asdict() for source in sources]})
        present, failure, caches = loaded["present"], loaded["failure"], loaded["caches"]
        blank_methods = loaded["blank_methods"]
        kinds = [kind for kind in submission.ARRAYS if kind in loaded["kinds"]]
        kinds = sorted(kinds, key=loaded["kinds"].index)
    except GoneError as gone:
        present, failure = {}, f"the file could not be run: {gone}"
    except (KeyError, TypeError, ValueError, AttributeError):
        if isinstance(desk, Desk):
            raise
        present, failure = {}, f"the file could not be run: {SENSELESS}"
    if failure:
        return [Verdict(n, False, failure) for n in only or asked_for(present)]
    right: set[str] = set()
    verdicts = []
    learner = Learner(desk, present, blank_methods, caches)
    text = "\n".join(source.text for source in sources)
    conventions = Conventions(learner, partial(_in_layout, desk, learner, kinds, right), kinds, text)
    for exercise in only or asked_for(present):
        verdict = _one(desk, exercise, present, conventions)
        if verdict.passed:
            right.add(exercise)
        verdicts.append(verdict)
    return [_same_cause(verdict, verdicts) for verdict in verdicts]


def _same_cause(verdict: Verdict, verdicts: Sequence[Verdict]) -> Verdict:
    """A loop that leaves the updates to a backward that makes them has one mistake with it, not two."""
    cause = next((v.mistake for v in verdicts if v.name == "TwoLayerNet" and v.mistake in (22, 78)), None)
    if verdict.name == "train_model" and verdict.mistake == 60 and cause:
        words = f"{verdict.message}; it leaves them to a backward that changes them, see TwoLayerNet"
        return replace(verdict, mistake=cause, message=words)
    return verdict


def asked_for(present: dict[str, str]) -> list[str]:
    """The exercises that a file should hold."""
    optional = {n for group in GROUPS if not any(n in present for n in group) for n in group}
    if present.get("TwoLayerNet") == "done":  # written in one piece: the steps to it may stay blank
        optional |= {n for n in STEPS if present.get(n) != "done"}
    return [n for n in CHECKS if n not in optional]


def check_one(
    desk: DeskLike, name: str, present: dict[str, str], kinds: Sequence[str],
    blank_methods: Sequence[str] = (), caches: Caches | None = None, text: str = "",
) -> Verdict:  # fmt: skip
    """The verdict of one exercise; what it uses of others is borrowed where they may be wrong.

    text: what else the learner has written, where that is known.
    """
    learner = Learner(desk, present, blank_methods, caches)
    judge = partial(_in_layout, desk, learner, kinds, None)
    return _one(desk, name, present, Conventions(learner, judge, kinds, text))


def _one(desk: DeskLike, name: str, present: dict[str, str], conventions: Conventions) -> Verdict:
    if name not in present:
        return Verdict(name, False, f"not done yet: there is no {name}", state=NOT_DONE)
    if present[name] == "blank":
        return Verdict(name, False, f"not done yet: {name} is blank", state=NOT_DONE)
    try:
        return conventions.verdict(name)
    except GoneError as gone:  # it would happen again
        return Verdict(name, False, str(gone))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        if isinstance(desk, Desk):
            raise
        return Verdict(name, False, SENSELESS)


def _in_layout(
    desk: DeskLike, learner: Learner, kinds: Sequence[str], right: set[str] | None, name: str, layout: Layout
) -> Verdict:
    """The verdict of one exercise in a layout. right: those known to be right; others are borrowed."""
    best, present = None, learner.present
    lent = _lent(name, present, right)
    for kind in kinds:
        for dtype in ("float64", "float32"):
            for borrowed in ([], lent) if lent else ([],):
                verdict = _attempt(desk, learner, name, kind, dtype, borrowed)
                if verdict.passed and borrowed and right is not None:
                    wrong = [n for n in borrowed if present.get(n) == "done" and n not in right]
                    stood_in = f"right by itself; the lesson's pieces stood in for {', '.join(wrong)}"
                    remarks = (*verdict.remarks, stood_in) if wrong else verdict.remarks
                    verdict = Verdict(name, True, remarks=remarks)
                if verdict.passed or not verdict.done:
                    return verdict
                best = _better(best, verdict, bool(borrowed))
            if not _about_types(verdict):
                break
    assert best is not None
    return best


def _attempt(
    desk: DeskLike, learner: Learner, name: str, kind: str, dtype: str, borrowed: Sequence[str]
) -> Verdict:
    try:
        desk.reset()
        desk.do({"do": "use", "kind": kind, "dtype": dtype})
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
