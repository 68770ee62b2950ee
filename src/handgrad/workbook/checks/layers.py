"""The checks of affine, relu and sigmoid, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from handgrad import layers
from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.common import SLOW, TOO_SLOW, FailedError, Learner, Results, judge, numbers
from handgrad.workbook.checks.guesses import Truth, explain, narrowed, same
from handgrad.workbook.checks.layer_caches import laid_out, right_caches
from handgrad.workbook.checks.layer_truths import (
    affine_grads,
    affine_out,
    relu_grad,
    relu_out,
    sigmoid_grad,
    sigmoid_out,
)
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import NOT_DONE, Verdict

sigmoid = layers.sigmoid_forward
BIG = (40, 60, 30)  # N, D, H: enough for loops over single numbers to be felt


def check_forward(name: str, learner: Learner) -> Verdict:
    """affine_forward, relu_forward or sigmoid_forward."""
    truth, make = _truth(FORWARD, name, learner), FORWARD[name][1]
    remarks: list[str] = []

    def answers(some: Sequence[Any]) -> tuple[list[Results], bool]:
        results, changed = [], False
        for case in some:
            reply = learner.call(name, *(case[:3] if name == "affine_forward" else case[:1]))
            items = reply.value.get("items", [])
            if "array" in reply.value and len(items) != 2:
                raise FailedError(
                    f"expected {name} to return (out, cache); got {reply.value['type']} alone", number=39
                )
            first = reply.items(2, "(out, cache)", 39)[0]
            results.append({"out": numbers(first)})
            changed |= bool(reply.changed)
        return results, changed

    some = [make(i) for i in range(3)]
    try:
        got, changed = answers(some)
    except FailedError as failed:
        return _square(name, failed, lambda: _answers_square(learner, name), truth)
    if name == "sigmoid_forward":
        remarks += _extremes(learner)
    return _with_speed(judge(name, got, [truth(case) for case in some], changed, remarks), learner)


def check_backward(name: str, learner: Learner) -> Verdict:
    """affine_backward, relu_backward or sigmoid_backward; a remark where it is slow."""
    return _with_speed(_check_backward(name, learner), learner)


def _check_backward(name: str, learner: Learner) -> Verdict:
    """With the cache of the learner's own forward.

    Where that forward is absent, blank or wrong, with the caches that one would expect; any will do.
    """
    truth, make = _truth(BACKWARD, name, learner), BACKWARD[name][1]
    forward, some = name.replace("backward", "forward"), [make(i) for i in range(3)]
    truths = [truth(case) for case in some]
    if not learner.has(forward):
        return _without_forward(name, learner, some, truths)
    verdict = _with_cache(name, learner, some, truths, None)
    if verdict.passed:
        return verdict
    forward_right = check_forward(forward, learner).passed
    tried = [_with_cache(name, learner, some, truths, cache) for cache in right_caches(name, learner, some)]
    if passed := next((v for v in tried if v.passed), None):
        if not forward_right:
            remark = f"judged with a right cache, since {forward} is wrong"
            return Verdict(name, True, remarks=(*passed.remarks, remark))
        if verdict.mistake is None:
            words = f"{name} expects a different cache from the one that {forward} returns"
            return replace(verdict, message=f"{words}\n{verdict.message}")
    if forward_right:  # a cache that this learner never makes names no mistake
        return verdict
    stood_in = next((v for v in tried if v.mistake and " raised " not in v.message), None)
    if stood_in is None:
        return verdict
    remark = f"judged with a right cache, since {forward} is wrong"
    return replace(stood_in, remarks=(*stood_in.remarks, remark))


OF_A_CACHE = (  # how code fails that is handed a cache of another kind than its own
    "TypeError: ", "AttributeError: ", "KeyError: ", "IndexError: ", "values to unpack",
)  # fmt: skip


def _without_forward(name: str, learner: Learner, some: Sequence[Any], truths: Any) -> Verdict:
    """With the cache that the backward reads by its names, or else with those that one would expect."""
    tried = [_with_cache(name, learner, some, truths, cache) for cache in right_caches(name, learner, some)]
    if passed := next((v for v in tried if v.passed), None):
        return passed
    with_number = [v for v in tried if v.mistake]
    if len({v.mistake for v in with_number}) == 1:
        return with_number[0]
    if all(" raised " in v.message for v in tried):
        forward = name.replace("backward", "forward")
        if all(any(kind in v.message for kind in OF_A_CACHE) for v in tried):
            words = f"it cannot be judged before {forward} is done: only that makes the cache that it reads"
            return Verdict(name, False, f"{words}\n{tried[0].message}", state=NOT_DONE)
        return tried[0]
    return min(tried, key=lambda v: " raised " in v.message)


def way_back_of_weights(learner: Learner, columns: bool) -> tuple[int, int]:
    """Of dx and dW on square arrays: how many are right for W (out, in), and how many for W (in, out)."""
    case = cases.affine(*cases.SQUARE[0], seed=0)
    x, W, b, dout = (part.T if columns and part.ndim == 2 else part for part in case)
    x, W, b, dout = x, case.W, b[:, None] if columns else b, dout
    plain, turned = (affine_grads(case._replace(W=weights)) for weights in (W, W.T))
    try:
        cache = learner.call("affine_forward", x, W, b).items(2, "(out, cache)")[1]["handle"]
        items = learner.call("affine_backward", dout, {"handle": cache}).items(3, "(dx, dW, db)")
    except FailedError:
        return 0, 0
    dx, dW = (numbers(item) for item in items[:2])
    dx = dx.T if columns and dx is not None else dx
    lesson = same(dx, plain["dx"].value) + same(dW, plain["dW"].value)
    return lesson, same(dx, turned["dx"].value) + same(dW, plain["dW"].value.T)


def _with_speed(verdict: Verdict, learner: Learner) -> Verdict:
    """The verdict, with a remark where an affine layer takes far longer than arrays do."""
    name = verdict.name
    if not verdict.passed or not name.startswith("affine"):
        return verdict
    x, W, b, dout = cases.affine(*BIG, seed=0)
    try:
        if name == "affine_forward":
            seconds = min(learner.call(name, x, W, b).seconds for _ in range(3))
        elif learner.has("affine_forward"):
            cache = learner.call("affine_forward", x, W, b).items(2, "(out, cache)")[1]["handle"]
            seconds = min(learner.call(name, dout, {"handle": cache}).seconds for _ in range(3))
        else:
            return verdict
    except FailedError:
        return verdict
    return replace(verdict, remarks=(*verdict.remarks, TOO_SLOW)) if seconds > SLOW else verdict


def _with_cache(name: str, learner: Learner, some: Sequence[Any], truths: Any, cache: Any) -> Verdict:
    try:
        got, changed, remarks = _backward_answers(name, learner, some, cache)
    except FailedError as failed:
        answers_square = lambda: _backward_answers(name, learner, _squares(name), cache)[0]  # noqa: E731
        return _square(name, failed, answers_square, _truth(BACKWARD, name, learner))
    return judge(name, got, truths, changed, remarks, lambda: _shuffled(name, got, truths))


def _backward_answers(
    name: str, learner: Learner, some: Sequence[Any], cache: Callable[[Any], Any] | None
) -> tuple[list[Results], bool, list[str]]:
    results: list[Results] = []
    changed, remarks, forward = False, list[str](), name.replace("backward", "forward")
    for i, case in enumerate(some):
        before: set[int] = set()
        if cache is None:
            made = learner.call(forward, *(case[:3] if name == "affine_backward" else case[:1]))
            before = made.changed
            given: Any = {"handle": made.items(2, "(out, cache)", 39)[1]["handle"]}
        else:
            given = cache(laid_out(case, learner))
        reply = learner.call(name, case.dout, given)
        changed |= bool(reply.changed - before)
        results.append(_results(name, reply))
        if i == 0 and not reply.changed - before:
            again = _results(name, learner.call(name, case.dout, given))
            if any(not _alike(again[of], results[0][of]) for of in again):
                words = "the same call gives another result the second time"
                raise FailedError(f"{words}: {MISTAKES[23].sentence}", number=23)
    return results, changed, remarks


def _results(name: str, reply: Any) -> Results:
    if name != "affine_backward":
        items = reply.value.get("items")
        if items and "array" not in reply.value and len(items) == 1:
            return {"dx": numbers(items[0])}
        if reply.value["is"] == "none":
            raise FailedError(f"{name} returned None", number=24)
        return {"dx": reply.numbers()}
    items = reply.items(3, "(dx, dW, db)", 24)
    if missing := [of for of, item in zip(("dx", "dW", "db"), items, strict=True) if item["is"] == "none"]:
        raise FailedError(f"{', '.join(missing)} is None", number=24)
    return dict(zip(("dx", "dW", "db"), map(numbers, items), strict=True))


def _alike(a: NDArray | None, b: NDArray | None) -> bool:
    return (a is None) == (b is None) and (a is None or b is None or np.array_equal(a, b, equal_nan=True))


def _shuffled(name: str, got: Sequence[Results], truths: Sequence[dict[str, Truth]]) -> Verdict | None:
    """Right gradients in the wrong places."""
    if name != "affine_backward":
        return None
    for order in (
        ("dW", "dx", "db"),
        ("dW", "db", "dx"),
        ("dx", "db", "dW"),
        ("db", "dW", "dx"),
        ("db", "dx", "dW"),
    ):
        cases_ = list(zip(got, truths, strict=True))
        if all(same(a[p], t[of].value) for a, t in cases_ for of, p in zip(order, a, strict=True)):
            return Verdict(name, False, f"expected dx, dW, db; got {', '.join(order)}", mistake=40)
    return None


def _square(
    name: str,
    failed: FailedError,
    again: Callable[[], list[Results]],
    truth: Callable[[Any], dict[str, Truth]],
) -> Verdict:  # fmt: skip
    """A call that raised: where a shape was the reason, square arrays show which product was taken."""
    if failed.number or failed.type not in ("ValueError", "RuntimeError", "IndexError"):
        return Verdict(name, False, str(failed), mistake=failed.number)
    try:
        got = again()
    except FailedError:
        return Verdict(name, False, str(failed))
    truths = [truth(case) for case in _squares(name)]
    found = [explain([a[of] for a in got], [t[of] for t in truths], of) for of in truths[0]
             if not all(same(a[of], t[of].value) for a, t in zip(got, truths, strict=True))]  # fmt: skip
    named = [set(f.fitting) for f in found if f.fitting]
    common = narrowed(set.intersection(*named)) if named else set()
    if len(common) == 1:
        words = next(f.only(common).words for f in found if f.fitting)
        return Verdict(name, False, f"{words}\n{failed}", mistake=common.pop())
    return Verdict(name, False, str(failed))


def _squares(name: str) -> list[Any]:
    if name.startswith("affine"):
        return [cases.affine(*sizes, seed=seed) for seed, sizes in enumerate(cases.SQUARE)]
    return [cases.elementwise((4, 4), 5, True), cases.elementwise((6, 6), 6, True)]


def _answers_square(learner: Learner, name: str) -> list[Results]:
    results: list[Results] = []
    for case in _squares(name):
        reply = learner.call(name, *(case[:3] if name == "affine_forward" else case[:1]))
        results.append({"out": numbers(reply.items(2, "(out, cache)", 39)[0])})
    return results


def _extremes(learner: Learner) -> list[str]:
    """Remarks on large inputs."""
    x = np.array([[-1000.0, -30.0, 0.0, 30.0, 1000.0]])
    try:
        reply = learner.call("sigmoid_forward", x)
        out = numbers(reply.items(2, "(out, cache)")[0])
    except FailedError as failed:
        return [f"{MISTAKES[32].sentence} (32)"] if "Overflow" in failed.type else []
    if out is not None and not np.isfinite(out).all():
        return ["NaN for inputs like 1000 or -1000: write it with e^-|x|, which cannot overflow"]
    if any("overflow" in text for text in reply.warnings):
        return [MISTAKES[32].sentence + " (32)"]
    return []


def _affine(i: int) -> cases.Affine:
    return cases.affine(*cases.SIZES[i], seed=i)


def _elementwise(i: int) -> cases.Elementwise:
    return cases.elementwise(((3, 4), (5, 2), (4, 7))[i], i, zeros=True)


def _plain(i: int) -> cases.Elementwise:
    return cases.elementwise(((3, 4), (5, 2), (4, 7))[i], i)


FORWARD: dict[str, tuple[Callable[[Any], dict[str, Truth]], Callable[[int], Any]]] = {
    "affine_forward": (affine_out, _affine),
    "relu_forward": (relu_out, _elementwise),
    "sigmoid_forward": (sigmoid_out, _plain),
}
BACKWARD: dict[str, tuple[Callable[[Any], dict[str, Truth]], Callable[[int], Any]]] = {
    "affine_backward": (affine_grads, _affine),
    "relu_backward": (relu_grad, _elementwise),
    "sigmoid_backward": (sigmoid_grad, _plain),
}


def _truth(table: Any, name: str, learner: Learner) -> Callable[[Any], dict[str, Truth]]:
    """What is right of a case, and what mistakes would give; of a leaky relu with its slope."""
    truth: Callable[..., dict[str, Truth]] = table[name][0]
    return partial(truth, slope=learner.layout.slope) if name.startswith("relu") else truth
