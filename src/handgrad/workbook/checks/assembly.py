"""The checks of a network in small steps, each a function: initial parameters, forward and backward pass."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.common import FailedError, Learner, Reply, Results, judge, numbers, what
from handgrad.workbook.checks.guesses import Guess, Truth, same
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.network import KEYS, named
from handgrad.workbook.checks.variants import (
    Weights,
    forward_guesses,
    gradient_variants,
    gradients,
    outputs,
    square_variants,
)
from handgrad.workbook.checks.verdict import Verdict

ALIKE = 1e-12
OFF = 0.07  # of the size of the first weights; sampling alone stays below 0.04
LARGE = (400, 150, 40)  # D, H, C: enough weights to see their spread
SHAPE_ERRORS = ("ValueError", "RuntimeError", "IndexError")


def check_initial(name: str, learner: Learner) -> Verdict:
    """initial_params(inp_dim, hidden_dim, out_dim) -> params."""
    D, H, C = LARGE
    params = _by_key(learner.call(name, D, H, C), "params")
    for key, shape in {"W1": (H, D), "b1": (H,), "W2": (C, H), "b2": (C,)}.items():
        if (got := params[key]).shape != shape:
            words = f"{key}: expected shape {shape}; got {got.shape}. {MISTAKES[56].sentence}"
            return Verdict(name, False, words, mistake=56)
        if not np.isfinite(got).all():
            return Verdict(name, False, f"{key} holds NaN or infinity")
    for key in ("W1", "W2"):
        W = params[key]
        if np.abs(W - W[:1]).max() < ALIKE or np.abs(W - W[:, :1]).max() < ALIKE:
            words = f"{key} is {'zero everywhere' if not W.any() else 'made of equal rows or columns'}"
            return Verdict(name, False, f"{words}: {MISTAKES[30].sentence}", mistake=30)
    for key, variance, law in (("W1", 2 / D, "2/D"), ("W2", 2 / (H + C), "2/(H + C)")):
        size, expected = float(np.sqrt((params[key] ** 2).mean())), float(np.sqrt(variance))
        if abs(size / expected - 1) > OFF:
            words = f"{key} has the variance {size**2:.3g}; expected {law} = {variance:.3g}, for D = {D}"
            words = f"{words}, H = {H}, C = {C}. {MISTAKES[81].sentence}"
            return Verdict(name, False, words, mistake=81)
        if abs(params[key].mean()) > 0.1 * expected:
            return Verdict(name, False, f"the numbers in {key} should be 0 on average", mistake=81)
    nonzero = [key for key in ("b1", "b2") if params[key].any()]
    remarks = (f"{' and '.join(nonzero)} should begin at zero, as in the lesson",) if nonzero else ()
    return Verdict(name, True, remarks=remarks)


def check_forward(name: str, learner: Learner) -> Verdict:
    """network_forward(params, x) -> out, cache."""
    got, truths, changed = list[Results](), list[dict[str, Truth]](), False
    try:
        for seed, sizes in enumerate(cases.NET_SIZES):
            case = cases.net(*sizes, seed)
            reply = learner.call(name, _dictionary(case.params), case.x)
            got.append({"out": numbers(reply.items(2, "(out, cache)", 39)[0])})
            guesses = list(forward_guesses(case.params, case.x))
            truths.append({"out": Truth(outputs(case.params, case.x)[3], guesses)})
            changed |= bool(reply.changed)
    except FailedError as failed:
        if failed.type not in SHAPE_ERRORS:
            raise
        return _forward_square(name, learner, failed)
    return judge(name, got, truths, changed)


def _forward_square(name: str, learner: Learner, failed: FailedError) -> Verdict:
    """Where shapes did not fit: with all sizes equal, which product was computed?"""
    got, truths = list[Results](), list[dict[str, Truth]]()
    try:
        for seed, sizes in enumerate(cases.NET_SQUARE):
            case = cases.net(*sizes, seed + 50)
            reply = learner.call(name, _dictionary(case.params), case.x)
            got.append({"out": numbers(reply.items(2, "(out, cache)", 39)[0])})
            guesses = [
                Guess(37, outputs(case.params | {key: case.params[key].T for key in turned}, case.x)[3])
                for turned in (("W1",), ("W2",), ("W1", "W2"))
            ]
            truths.append({"out": Truth(outputs(case.params, case.x)[3], guesses)})
    except FailedError:
        raise failed from None
    verdict = judge(name, got, truths)
    if not verdict.mistake:
        raise failed
    return Verdict(name, False, f"{verdict.message}\n{failed}", mistake=verdict.mistake)


def check_backward(name: str, learner: Learner) -> Verdict:
    """network_backward(dout, cache) -> grads, with the cache of network_forward."""
    got, truths, variants, changed = list[Results](), list[dict[str, Truth]](), list[Any](), False
    try:
        for seed, sizes in enumerate(cases.NET_SIZES):
            case = cases.net(*sizes, seed)
            grads, repeated, touched = _gradients(name, learner, case)
            if any(not same(repeated[key], grads[key]) for key in KEYS):
                return Verdict(name, False, MISTAKES[23].sentence, mistake=23)
            if touched & {"W1", "b1", "W2", "b2"}:
                return Verdict(name, False, MISTAKES[78].sentence, mistake=78)
            got.append(dict(grads))
            right = gradients(case.params, case.x, case.dout)
            truths.append({key: Truth(right[key]) for key in KEYS})
            variants.append(partial(gradient_variants, case.params, case.x, case.dout))
            changed |= bool(touched)
    except FailedError as failed:
        if failed.type not in SHAPE_ERRORS:
            raise
        return _backward_square(name, learner, failed)
    return named(name, got, truths, variants, changed, ())


def _backward_square(name: str, learner: Learner, failed: FailedError) -> Verdict:
    """Where shapes did not fit: with all sizes equal, which product was computed?"""
    got, truths, variants = list[Results](), list[dict[str, Truth]](), list[Any]()
    try:
        for seed, sizes in enumerate(cases.NET_SQUARE):
            case = cases.net(*sizes, seed + 50)
            got.append(dict(_gradients(name, learner, case)[0]))
            right = gradients(case.params, case.x, case.dout)
            truths.append({key: Truth(right[key]) for key in KEYS})
            variants.append(partial(_every_variant, case))
    except FailedError:
        raise failed from None
    verdict = named(name, got, truths, variants, False, ())
    if not verdict.mistake:
        raise failed
    return Verdict(name, False, f"{verdict.message}\n{failed}", mistake=verdict.mistake)


def _every_variant(case: cases.Net) -> list[tuple[int, str, Weights]]:
    of = case.params, case.x, case.dout
    return [*gradient_variants(*of), *square_variants(*of)]


def _gradients(name: str, learner: Learner, case: cases.Net) -> tuple[Weights, Weights, set[str]]:
    """The gradients of a backward pass, those of a second, and the arrays that it changed: W1, ..., dout."""
    forward = learner.call("network_forward", _dictionary(case.params), case.x)
    cache = {"handle": forward.items(2, "(out, cache)", 39)[1]["handle"]}
    names = dict(zip(forward.args, (*case.params, "x"), strict=True))
    first = learner.call(name, case.dout, cache)
    names |= dict.fromkeys(first.args, "dout")
    changed = {names[handle] for handle in first.changed - forward.changed if handle in names}
    second = learner.call(name, case.dout, cache)
    return _by_key(first, "grads", 24), _by_key(second, "grads", 24), changed


def _by_key(reply: Reply, of: str, number: int | None = None) -> Weights:
    """The four arrays of a dictionary that was returned. FailedError where one is missing."""
    if reply.value["is"] != "dict":
        words = f"expected {of} as a dictionary with the keys W1, b1, W2 and b2; got {what(reply.value)}"
        raise FailedError(words, number=number)
    held = dict(zip(reply.value["keys"], reply.value["items"], strict=True))
    found = {key: numbers(held[key]) for key in KEYS if key in held}
    if missing := [key for key in KEYS if found.get(key) is None]:
        why = f": {MISTAKES[number].sentence}" if number else ""
        raise FailedError(f"{of} has nothing for {', '.join(missing)}{why}", number=number)
    return {key: value for key in KEYS if (value := found[key]) is not None}


def _dictionary(params: dict[str, NDArray]) -> dict[str, Any]:
    """The parameters as an argument."""
    return {"as": "dictionary", "parts": params}
