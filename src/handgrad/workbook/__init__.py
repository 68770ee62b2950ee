"""The workbook: build the network with your own hands, and be told which mistake you made.

from handgrad.workbook import check, hint
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from typing import Any

from handgrad.errors import HandgradError
from handgrad.workbook.checks.verdict import Verdict

SECONDS = 5.0  # for a call of a function, as on the command line


def check(exercise: Callable[..., Any]) -> Verdict:
    """Check one of the workbook's functions, or the class TwoLayerNet, as it stands in the notebook.

    It is known by its name; what it needs of its neighbours (the forward of a backward) is taken from
    beside it, and from the lesson where it is not there. Of a piece of the lesson's that stands in for the
    learner's, the learner's is checked. A call that does not come to an end is interrupted. HandgradError for
    another name.
    """
    from handgrad.workbook.lesson import learners
    from handgrad.workbook.pieces import remember

    exercise = learners(exercise)
    verdict = _verdict(exercise)
    if not verdict.passed and (kept := _own_forward(exercise)):
        with_own = _verdict(exercise, kept)
        verdict = with_own if with_own.passed or " raised " in verdict.message else verdict
    remember(exercise, verdict)
    return verdict


def yours_or_ours(yours: Any) -> Any:
    """The learner's function or class where it is right; else the lesson's, and a line that says so.

    Right means that its check passes in the lesson's layout, in which the rest of a chapter calls it. check
    of the result still judges the learner's own. What is none of the exercises is given back as it is.
    Names of the chapter's first cell that were given another meaning (np = 3) get theirs back.
    """
    from handgrad.workbook.pieces import chosen

    return chosen(yours, check)


def _own_forward(exercise: Any) -> dict[str, Any]:
    """The learner's forward, if ours stands in for it: a backward reads what the learner's has kept."""
    from handgrad.workbook.caches import FORWARD, partner
    from handgrad.workbook.lesson import learners, still_blank

    other = partner(getattr(exercise, "__name__", ""))
    beside = getattr(exercise, "__globals__", {}).get(other)
    own = learners(beside)
    return {other: own} if other.endswith(FORWARD) and own is not beside and not still_blank(own) else {}


def _verdict(exercise: Any, instead: dict[str, Any] | None = None) -> Verdict:
    """The verdict, with other neighbours instead. Names mean afterwards what they meant before."""
    from handgrad.workbook import checks
    from handgrad.workbook.desk import submission
    from handgrad.workbook.desk.desk import Desk
    from handgrad.workbook.desk.leaves import ARRAYS

    name = getattr(exercise, "__name__", "")
    if name not in checks.CHECKS:
        got = name or type(exercise).__name__
        raise HandgradError(f"expected one of {', '.join(checks.CHECKS)}; got {got}")
    where = getattr(exercise, "__globals__", None) or vars(sys.modules[exercise.__module__])
    before = dict(where)
    where.update(instead or {})
    state, blank_methods = _state(exercise)
    present = {n: _state(where[n])[0] for n in submission.NAMES if callable(where.get(n))} | {name: state}
    modules = {v.__name__ for v in where.values() if type(v) is type(sys) and v.__name__ in ARRAYS}
    kinds = tuple(kind for kind in ARRAYS if kind in modules) or ("numpy",)
    desk = Desk(seconds=SECONDS)
    desk.adopt(where if where.get(name) is exercise else {**where, name: exercise}, kinds)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return checks.check_one(desk, name, present, kinds, blank_methods)
    finally:
        desk.reset()
        where.update({n: thing for n, thing in before.items() if where.get(n) is not thing})  # global np


def _state(exercise: Any) -> tuple[str, list[str]]:
    """Whether a function or class is done or blank, from its source; its blank methods."""
    from handgrad.workbook.lesson import learners, still_blank

    if learners(exercise) is not exercise:  # a neighbour for which the lesson's piece stands in
        return "done", []
    if still_blank(exercise):
        return "blank", []
    own = vars(exercise) if isinstance(exercise, type) else {}
    return "done", [way for way in ("forward", "backward") if way in own and still_blank(own[way])]


def __getattr__(name: str) -> Any:
    """What only notebooks ask for is read when they do: it loads the exercises."""
    if name == "hint":
        from handgrad.workbook.book.exercise import hint

        return hint
    if name == "use_your_own":
        from handgrad.workbook.own_pieces import use_your_own

        return use_your_own
    raise AttributeError(f"module 'handgrad.workbook' has no attribute {name!r}")


__all__ = ["Verdict", "check", "hint", "use_your_own", "yours_or_ours"]
