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
from handgrad.workbook.checks.guesses import Guess, Truth, explain, narrowed, products, same
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import NOT_DONE, Verdict
from handgrad.workbook.desk.layout import OF_LETTER, ROLES

sigmoid = layers.sigmoid_forward
FIRST = "affine_forward"
BIG = (40, 60, 30)  # N, D, H: enough for loops over single numbers to be felt


# --- what is right, and what mistakes would give --------------------------------------------------------


def affine_out(case: cases.Affine) -> dict[str, Truth]:
    """out = x W^T + b."""
    x, W, b, _ = case
    right: NDArray = layers.affine_forward(x, W, b)
    guesses = [
        Guess(36, x @ W.T, "the bias is left out: a = x W^T + b"),
        Guess(36, x @ W.T - b, "the bias is subtracted: a = x W^T + b"),
        Guess(48, (x @ W.T) * b), Guess(48, x @ W.T + b.sum()), Guess(48, x @ W.T + b.mean()),
        Guess(38, right.T),
        Guess(36, x @ W.T + 2 * b, "the bias is added twice"),
        Guess(75, -right),
    ]  # fmt: skip
    if W.shape[0] == W.shape[1]:
        guesses += [Guess(37, x @ W + b), Guess(37, W @ x.T + b), Guess(38, W @ x.T + b[:, None])]

    def terms(index: tuple[int, ...]) -> str:
        i, k = index
        return products(list(zip(x[i], W[k], strict=True))) + f" + {b[k]:.4g}"

    return {"out": Truth(right, guesses, terms)}


def affine_grads(case: cases.Affine) -> dict[str, Truth]:
    """dx = dout W, dW = dout^T x, db = the sum of dout over the batch."""
    x, W, _, dout = case
    N, H = dout.shape
    _, dW, db = layers.affine_backward(dout, x, W)
    dx: NDArray = dout @ W
    ones, first, last = np.ones_like(dout), np.zeros_like(dout), np.zeros_like(dout)
    first[0], last[-1] = dout[0], dout[-1]
    of_dx = [
        Guess(17, ones @ W), Guess(17, np.broadcast_to(W.sum(0), x.shape[1:])), Guess(38, dx.T),
        Guess(75, -dx),
        Guess(3, dx / N), Guess(25, first @ W), Guess(25, last @ W), Guess(25, dout[0] @ W),
        Guess(25, dout[-1] @ W),
    ]  # fmt: skip
    of_dW = [
        Guess(11, dW.T),
        Guess(3, dW / N, "divided by N here, though the gradient that comes in is an average already"),
        Guess(25, first.T @ x), Guess(25, last.T @ x), Guess(17, ones.T @ x), Guess(75, -dW),
        Guess(41, dW.sum(0)), Guess(41, dW.sum(1)),
    ]  # fmt: skip
    total = db.sum()
    of_db = [
        Guess(7, db / N), Guess(8, dout.copy()), Guess(9, np.array(total)), Guess(9, np.full(H, total)),
        Guess(9, np.array([total])), Guess(9, np.array([[total]])), Guess(9, np.full(H, total / H)),
        Guess(10, db[None, :]),
        Guess(10, db[:, None], "the bias gradient has one dimension too many: (out, 1), not (out,)"),
        Guess(9, np.array(dout.mean()),
              "the bias gradient is averaged over everything; each unit has a sum of its own"),
        Guess(41, dout.sum(1)), Guess(41, dout.mean(1)), Guess(41, dout.sum(1, keepdims=True)),
        Guess(25, dout[0]), Guess(25, dout[-1]), Guess(17, np.full(H, float(N))), Guess(17, np.ones(H)),
        Guess(75, -db), Guess(7, np.abs(db) / N), Guess(10, db[None, :] / N),
    ]  # fmt: skip
    if N > 1:
        of_db.append(Guess(3, db / N))
    if len({*x.shape, H}) == 1:  # square: products that no shape forbids
        of_dx += [Guess(12, dout @ W.T), Guess(12, dout.T @ W), Guess(12, W.T @ dout), Guess(12, W @ dout)]
        of_dx += [Guess(12, W @ dout.T), Guess(12, (dout @ W.T).T)]
        of_dW += [Guess(11, x.T @ dout)]
        words = "a transpose is missing in the gradient of W: the sum runs over the images"
        of_dW += [Guess(11, product, words) for product in (dout @ x, x @ dout, dout @ x.T, x @ dout.T)]

    def terms_dx(index: tuple[int, ...]) -> str:
        return products(list(zip(dout[index[0]], W[:, index[1]], strict=True)))

    def terms_dW(index: tuple[int, ...]) -> str:
        return products(list(zip(dout[:, index[0]], x[:, index[1]], strict=True)))

    def terms_db(index: tuple[int, ...]) -> str:
        return " + ".join(f"{v:.4g}" for v in dout[:, index[0]])

    return {
        "dx": Truth(dx, of_dx, terms_dx),
        "dW": Truth(dW, of_dW, terms_dW),
        "db": Truth(db, of_db, terms_db),
    }


def relu_out(case: cases.Elementwise, slope: float = 0.0) -> dict[str, Truth]:
    """out = max(x, 0); slope: of a leaky one, below 0."""
    x = case.x
    right = np.where(x > 0, x, slope * x)
    other = [np.minimum(x, 0), np.abs(x), sigmoid(x), np.tanh(x), np.clip(x, 0, 1)]
    other += [
        np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        np.log1p(np.exp(x)),
        np.where(x > 0, x, 0.01 * x),
    ]
    guesses = [Guess(42, (x > 0) * 1.0), Guess(42, (x >= 0) * 1.0), *(Guess(43, value) for value in other)]
    guesses += [Guess(43, x.copy(), "nothing was cut off: what is negative becomes 0")]
    guesses += [Guess(75, -right), Guess(43, np.array(np.maximum(x, 0).max())), Guess(43, np.maximum(x, 1))]
    return {"out": Truth(right, guesses, lambda index: f"max({x[index]:.4g}, {slope:.4g} * {x[index]:.4g})"
                         if slope else f"max({x[index]:.4g}, 0)")}  # fmt: skip


def relu_grad(case: cases.Elementwise, slope: float = 0.0) -> dict[str, Truth]:
    """dx = dout where x > 0, else 0; slope: of a leaky one, below 0."""
    x, dout = case
    mask = np.where(x > 0, 1.0, slope)
    right = dout * mask
    guesses = [
        Guess(17, mask), Guess(17, np.where(x >= 0, 1.0, slope)), Guess(18, dout * (dout > 0)),
        Guess(18, np.where(dout > 0, 1.0, slope)), Guess(18, dout * np.where(dout > 0, 1.0, slope)),
        Guess(18, np.where(dout > 0, x, 0)), Guess(19, dout.copy()),
        Guess(20, dout * np.where(x >= 0, 1.0, slope)), Guess(20, np.where(x == 0, 0.5 * dout, right)),
        Guess(44, dout * np.where(x < 0, 1.0, slope)), Guess(44, dout * np.where(x <= 0, 1.0, slope)),
        Guess(45, dout * np.where(x > 0, x, slope * x)), Guess(45, dout * np.maximum(x, 0)),
        Guess(45, dout * x),
        Guess(18, dout * (dout >= 0)), Guess(17, np.where(x > 0, x, slope * x)), Guess(75, -right),
        Guess(3, right / len(x)),
        Guess(25, np.where(np.arange(len(x))[:, None] == 0, right, 0)),
    ]  # fmt: skip
    kept = f"({x.dtype.type(slope):.4g} elsewhere)" if slope else ""
    return {
        "dx": Truth(right, guesses, lambda index: f"{dout[index]:.4g} * ({x[index]:.4g} > 0) {kept}".strip())
    }


def sigmoid_out(case: cases.Elementwise) -> dict[str, Truth]:
    """out = 1 / (1 + e^-x)."""
    x, y = case.x, sigmoid(case.x)
    softmax = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    guesses = [
        Guess(46, sigmoid(-x)), Guess(43, np.tanh(x)), Guess(58, softmax),
        Guess(58, np.exp(x) / np.exp(x).sum()),
        Guess(43, x.copy()), Guess(47, y * (1 - y), "this is the derivative; the forward gives the value"),
        Guess(46, 1 / (1 + np.exp(x))), Guess(46, 1 / np.exp(-x)), Guess(14, sigmoid(y)),
        Guess(46, 1 + np.exp(-x)),
        Guess(46, np.exp(x)), Guess(46, np.exp(-x)), Guess(46, 1 / (1 - np.exp(-x))),
        Guess(43, np.maximum(x, 0)),
    ]  # fmt: skip
    return {"out": Truth(y, guesses, lambda index: f"1 / (1 + e^-({x[index]:.4g}))")}


def sigmoid_grad(case: cases.Elementwise) -> dict[str, Truth]:
    """dx = dout y (1 - y)."""
    x, dout = case
    y = sigmoid(x)
    right, twice = layers.sigmoid_backward(dout, y), sigmoid(y)
    guesses = [
        Guess(13, dout * x * (1 - x)), Guess(14, dout * twice * (1 - twice)), Guess(15, dout.copy()),
        Guess(16, dout / 2), Guess(17, y * (1 - y)), Guess(47, dout * y), Guess(47, dout * (1 - y)),
        Guess(47, dout * y * (y - 1), "the sign of 1 - y is wrong"), Guess(47, dout * y * (1 + y)),
        Guess(43, dout * (1 - y * y), "this is the derivative of tanh"), Guess(43, dout * (1 - x * x)),
        Guess(13, x * (1 - x)), Guess(47, dout * y * y), Guess(14, dout * y * (1 - y) * y * (1 - y)),
        Guess(13, dout * x * (1 - y)), Guess(13, dout * y * (1 - x)), Guess(47, dout + y * (1 - y)),
        Guess(3, right / len(x)), Guess(17, dout * 0 + twice * (1 - twice)),
    ]  # fmt: skip

    def terms(index: tuple[int, ...]) -> str:
        return f"{dout[index]:.4g} * {y[index]:.4g} * (1 - {y[index]:.4g})"

    return {"dx": Truth(right, guesses, terms)}


# --- the checks ------------------------------------------------------------------------------------------


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
    tried = [_with_cache(name, learner, some, truths, cache) for cache in _caches(name, learner, some)]
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
    tried = [_with_cache(name, learner, some, truths, cache) for cache in _caches(name, learner, some)]
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


def _caches(name: str, learner: Learner, some: Sequence[Any]) -> list[Callable[[Any], Any]]:
    """Right caches for a backward: as it reads its own, or of the kind that the learner's forward makes."""
    if named := _as_it_is_read(name, learner):
        return [named]
    forward = name.replace("backward", "forward")
    if not learner.has(forward):
        return CACHES[name]
    try:
        case = some[0]
        made = learner.call(forward, *(case[:3] if name == "affine_backward" else case[:1]))
        theirs = made.items(2, "(out, cache)", 39)[1]
    except FailedError:
        return CACHES[name]
    return [cache for cache in CACHES[name] if _alike_in_kind(cache(case), theirs)]


def _alike_in_kind(cache: Any, theirs: dict[str, Any]) -> bool:
    """Whether a cache is of the kind of the learner's: as many parts, of truth values or of numbers."""
    if isinstance(cache, dict):
        parts, items = cache["tuple"], theirs.get("items", [])
        return len(parts) == len(items) and all(map(_alike_in_kind, parts, items))
    array = theirs.get("array")
    return array is not None and (np.asarray(array).dtype == bool) == (cache.dtype == bool)


def _as_it_is_read(name: str, learner: Learner) -> Callable[[Any], Any] | None:
    """The cache that fits the names by which a backward reads it; None where they say nothing."""
    form, names = learner.caches.get(name, ("", ()))
    meant = [next((key for key, words in MEANT[name].items() if n.lower() in words), None) for n in names]
    if not names or None in meant:
        return None
    return lambda case: {
        "as": form,
        "parts": dict(zip(names, (_part(name, case, m, learner) for m in meant), strict=True)),
    }


def _laid_out(case: Any, learner: Learner) -> Any:
    """A case's arrays in the learner's layout, for a cache."""
    return type(case)(*(learner.layout.give(OF_LETTER[of], array) for of, array in case._asdict().items()))


def _part(name: str, case: Any, meant: str | None, learner: Learner) -> NDArray:
    """What a forward could keep: x, W, b, its output, or the mask of relu."""
    if meant in ("x", "W", "b"):
        kept: NDArray = getattr(case, meant)
    elif meant == "mask":
        kept = case.x > 0
    elif name == "affine_backward":
        x, W, b = (learner.layout.take(of, part) for of, part in zip(ROLES[FIRST][0], case[:3], strict=True))
        kept = learner.layout.give("image", layers.affine_forward(x, W, b))
    else:
        kept = np.maximum(case.x, 0) if name == "relu_backward" else sigmoid(case.x)
    return kept


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
            given = cache(_laid_out(case, learner))
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


INPUT, OUTPUT = {"x", "inp", "input", "inputs", "x_in", "z"}, {"out", "output", "y", "result", "outputs"}
MEANT = {  # by the names that people give
    "affine_backward": {"x": INPUT, "W": {"w", "weight", "weights"}, "b": {"b", "bias", "_"}, "out": OUTPUT},
    "relu_backward": {"x": INPUT | {"a", "_"}, "out": OUTPUT | {"h"}, "mask": {"mask", "positive", "m"}},
    "sigmoid_backward": {"x": INPUT | {"_"}, "out": OUTPUT | {"s", "sig", "sigma"}},
}
CACHES: dict[str, list[Callable[[Any], Any]]] = {
    "affine_backward": [lambda c: {"tuple": list(c[:3])}, lambda c: {"tuple": list(c[:2])}],
    "relu_backward": [
        lambda c: c.x,
        lambda c: {"tuple": [c.x]},
        lambda c: {"tuple": [c.x, np.maximum(c.x, 0)]},
        lambda c: c.x > 0,
        lambda c: c.x <= 0,
    ],
    "sigmoid_backward": [
        lambda c: sigmoid(c.x),
        lambda c: {"tuple": [sigmoid(c.x)]},
        lambda c: c.x,
        lambda c: {"tuple": [c.x]},
    ],
}
