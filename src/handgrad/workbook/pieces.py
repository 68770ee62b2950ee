"""Whose piece a chapter goes on with: the learner's where it is right in the lesson's layout, else ours."""

import ast
import builtins
import sys
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from handgrad.errors import HandgradError
from handgrad.workbook import caches, lesson
from handgrad.workbook.checks.verdict import LATE, NOT_DONE, Verdict

_judged: "WeakKeyDictionary[Any, tuple[list[Any], Verdict]]" = WeakKeyDictionary()


def chosen(yours: Any, check: Callable[[Any], Verdict]) -> Any:
    """The learner's piece or the lesson's: see yours_or_ours of handgrad.workbook.

    A verdict that check has just given of this very piece counts; else it is asked now.
    """
    own = lesson.learners(yours)
    name = getattr(own, "__name__", "")
    _put_back(name, _names_around(own))
    try:
        verdict = _verdict_of(own, check)
    except HandgradError:
        return yours
    if verdict.passed and not verdict.convention:
        return own if _fits(own) else _stood_in(own, "right, but the lesson's {} has another cache")
    piece = _stood_in(own, _why(verdict))
    if not _fits(piece):  # ours cannot go on from what theirs has kept
        names, other = _names_around(own), caches.partner(name)
        names[other] = _stood_in(names[other], "right, but the lesson's {} needs another cache")
    return piece


def _verdict_of(exercise: Any, check: Callable[[Any], Verdict]) -> Verdict:
    """The verdict that check gave of this very piece, if what it uses is still the same; else a new one."""
    try:
        used, verdict = _judged[exercise]
    except (KeyError, TypeError):
        return check(exercise)
    now = _used(exercise)
    return verdict if len(used) == len(now) and all(map(_same, used, now)) else check(exercise)


def remember(exercise: Any, verdict: Verdict) -> None:
    """Keep a verdict for chosen."""
    try:
        _judged[exercise] = _used(exercise), verdict
    except TypeError:  # what cannot be kept is judged again
        return


def _stood_in(own: Any, why: str) -> Any:
    """The lesson's piece, which replaces the learner's, and the line that says so."""
    why = why.format(caches.partner(own.__name__)) if why.startswith("right, but") else why
    print(f"{own.__name__}: {why}; the lesson's stands in below")  # noqa: T201 (for the reader of a chapter)
    return lesson.stand_in(own)


def _fits(piece: Any) -> bool:
    """Whether a forward and the backward beside it have one cache, if one is the learner's and one ours."""
    names, other = _names_around(lesson.learners(piece)), caches.partner(piece.__name__)
    beside = names.get(other)
    if not callable(beside) or _is_ours(piece) == _is_ours(beside):
        return True
    pair = {piece.__name__: piece, other: beside}
    return caches.agree(other, pair, names["array"] if callable(names.get("array")) else np.array)


def _is_ours(piece: Any) -> bool:
    return lesson.learners(piece) is not piece or getattr(piece, "__module__", "") == lesson.__name__


def _why(verdict: Verdict) -> str:
    if verdict.state == NOT_DONE:
        return "still blank"
    if verdict.state == LATE:
        return "yours ran out of time (the check above says more)"
    if verdict.convention:
        return f"right in another layout ({verdict.convention}), which what follows does not know"
    return "yours is not right yet (the check above says why)"


def _used(exercise: Any) -> list[Any]:
    """What the global names in a function, or in a class's methods, mean now."""
    around = _names_around(exercise)
    parts = vars(exercise).values() if isinstance(exercise, type) else [exercise]
    codes = [code for part in parts if (code := getattr(part, "__code__", None)) is not None]
    return [around.get(name) for code in codes for name in code.co_names]


def _same(one: Any, other: Any) -> bool:
    return one is other


def _names_around(exercise: Any) -> dict[str, Any]:
    """The global names where a function or class was written."""
    module = sys.modules.get(getattr(exercise, "__module__", None) or "")
    return getattr(exercise, "__globals__", None) or (vars(module) if module else {})


# --- names that a learner's cell has given another meaning -------------------------------------------------


def _put_back(exercise: str, names: dict[str, Any]) -> None:
    """Give the names of the chapter's first cell, and Python's own, their meaning again; say which."""
    from handgrad.workbook.book.exercise import exercises

    if names.get("__name__") != "__main__" or exercise not in exercises():
        return
    lost = []
    for name, meaning in _first_cell(exercises()[exercise].chapter, names):
        if name not in exercises() and names.get(name, meaning) is not meaning:
            names[name] = meaning
            lost.append(name)
    for name in [n for n in names if not n.startswith("_") and callable(getattr(builtins, n, None))]:
        if not callable(names[name]):
            del names[name]
            lost.append(name)
    if lost:
        what = "has" if len(lost) == 1 else "have"
        print(f"{', '.join(lost)} {what} the meaning of the first cell again")  # noqa: T201


def _first_cell(chapter: int, names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names that a chapter's first cell imports, `array` among them, and what they mean."""
    from handgrad.workbook.book import copies

    torch, array = names.get("torch"), names.get("array")
    lost = array is not np.array and "import torch" not in copies.chapter(
        chapter
    )  # which some do further down
    for_torch = torch is not None and (lost or array is getattr(torch, "tensor", None))
    cell = copies.chapter(chapter, torch=for_torch).split("\n# %%\n")[1].split("\n# %%")[0]
    kept: list[ast.stmt] = [
        node for node in ast.parse(cell).body
        if isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(node, ast.Assign) and _is_array(node))
    ]  # fmt: skip
    made: dict[str, Any] = {}
    exec(compile(ast.Module(kept, []), "<the first cell>", "exec"), made)
    yield from ((name, meaning) for name, meaning in made.items() if name != "__builtins__")


def _is_array(node: ast.Assign) -> bool:
    """array = np.array: the same object each time."""
    return isinstance(node.value, ast.Attribute) and ast.unparse(node.targets[0]) == "array"
