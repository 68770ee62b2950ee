"""The check of TwoLayerNet: initialisation, forward and backward pass, each by itself and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases, scale, way_back
from handgrad.workbook.checks.common import FailedError, Learner, Results, judge, numbers
from handgrad.workbook.checks.guesses import Guess, Truth, first_difference, same
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.variants import (
    forward_guesses,
    gradient_variants,
    gradients,
    outputs,
    square_variants,
)
from handgrad.workbook.checks.verdict import NOT_DONE, Verdict
from handgrad.workbook.desk.layout import OF_KEY

KEYS = ("W1", "b1", "W2", "b2")
ALIKE = 1e-12
RATE = 0.125  # for a backward that takes one
Case = tuple[cases.Net, dict[str, NDArray]]  # with the parameters as the learner's network holds them


class _WrongError(Exception):
    """Carries a verdict out of a call."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


def check_network(name: str, learner: Learner) -> Verdict:
    """TwoLayerNet(inp_dim, hidden_dim, out_dim), forward and backward."""
    if "forward" in learner.blank_methods:
        return Verdict(name, False, "not done yet: forward is blank", state=NOT_DONE)
    try:
        remarks = _beginning(name, learner)
        wrong_scale = scale.judge(lambda *sizes: _made(name, learner, *sizes)[2], remarks)
        verdict = _way_out(name, learner, remarks)
        if verdict.passed and "backward" in learner.blank_methods:
            verdict = Verdict(name, False, f"backward is blank: {MISTAKES[24].sentence}", mistake=24)
        elif verdict.passed:
            verdict = _way_back(name, learner, list(verdict.remarks))
            verdict = verdict if verdict.passed else way_back.explained(verdict, *_called(name, learner))
        if verdict.passed and wrong_scale:
            return replace(verdict, passed=False, state="", message=wrong_scale, mistake=81)
        return replace(verdict, message=f"{verdict.message}\n{wrong_scale}") if wrong_scale else verdict
    except _WrongError as wrong:
        return wrong.verdict
    except FailedError as failed:
        return Verdict(name, False, str(failed), mistake=failed.number)


def _called(name: str, learner: Learner) -> tuple[list[str], bool]:
    """Which backward functions of the layers the network's backward calls, and whether it raises."""
    net, (case, _) = _prepared(name, learner, cases.NET_SIZES[0], 0)
    cache = {
        "handle": learner.method(net, "forward", case.x, who="forward").items(2, "(out, cache)", 39)[1][
            "handle"
        ]
    }
    args = [learner.layout.give("image", case.dout), cache]
    command = {"do": "call", "of": net, "method": "backward", "args": args, "noting": list(way_back.NOTED)}
    reply = learner.desk.do(command)
    return [str(name) for name in reply.get("called", [])], "error" in reply


def _made(name: str, learner: Learner, D: int, H: int, C: int) -> tuple[int, int, dict[str, NDArray]]:
    """A new network: its handle, that of its params, and their numbers."""
    net = learner.call(name, D, H, C).value["handle"]
    params = learner.attribute(net, "params")
    if params["is"] != "dict":
        raise FailedError(
            f"expected the network's params to be a dictionary; got {params['type']}", number=24
        )
    held = dict(zip(params["keys"], params["items"], strict=True))
    if missing := [key for key in KEYS if key not in held]:
        raise FailedError(f"params has no {', '.join(missing)}; expected W1, b1, W2 and b2")
    wanted = {"W1": (H, D), "b1": (H,), "W2": (C, H), "b2": (C,)}
    values = {}
    for key, shape in wanted.items():
        got = learner.parameter(key, held[key])
        if got is None or got.shape != shape:
            shown = "no array" if got is None else f"shape {got.shape}"
            words = f"{key}: expected shape {shape}; got {shown}. {MISTAKES[56].sentence}"
            raise FailedError(words, number=56)
        values[key] = got
    return net, params["handle"], values


def _beginning(name: str, learner: Learner) -> list[str]:
    """The initialisation, of a network large enough to see its spread -> remarks."""
    D, H, C = 120, 70, 10
    _, _, first = _made(name, learner, D, H, C)
    remarks = []
    for key in ("W1", "W2"):
        W = first[key]
        if not np.isfinite(W).all():
            raise FailedError(f"{key} begins with NaN or infinity")
        rows_alike = len(W) > 1 and np.abs(W - W[:1]).max() < ALIKE
        columns_alike = np.abs(W - W[:, :1]).max() < ALIKE
        if rows_alike or (key == "W2" and columns_alike):
            words = (
                "zero"
                if not W.any()
                else "the same number"
                if rows_alike and columns_alike
                else "the same row"
            )
            raise FailedError(f"{key} begins as {words} everywhere: {MISTAKES[30].sentence}", number=30)
    if first["b1"].any() or first["b2"].any():
        remarks.append("the biases do not begin at 0, as the lesson's do")
    return remarks


def _prepared(name: str, learner: Learner, sizes: tuple[int, int, int, int], seed: int) -> tuple[int, Case]:
    """A network of the learner's that holds the case's parameters."""
    N, D, H, C = sizes
    case = cases.net(N, D, H, C, seed)
    net, params, _ = _made(name, learner, D, H, C)
    held = {}
    for key in KEYS:
        array = learner.layout.give(OF_KEY[key], case.params[key])
        command = {"do": "assign", "of": params, "key": key, "array": array}
        value = learner.parameter(key, learner.ask(command, f"params[{key!r}]").value)
        held[key] = case.params[key] if value is None or value.shape != case.params[key].shape else value
    return net, (case, held)


def _way_out(name: str, learner: Learner, remarks: Sequence[str]) -> Verdict:
    got, truths, changed = list[Results](), list[dict[str, Truth]](), False
    for seed, sizes in enumerate(cases.NET_SIZES):
        net, (case, params) = _prepared(name, learner, sizes, seed)
        reply = learner.method(net, "forward", case.x, who="forward")
        first = reply.items(2, "(out, cache)", 39)[0]
        slope = learner.layout.slope
        y = outputs(params, case.x, slope=slope)[3]
        got.append({"out": numbers(first)})
        truths.append({"out": Truth(y, list(forward_guesses(params, case.x, slope)))})
        changed |= bool(reply.changed)
    return judge(name, got, truths, changed, remarks)


def _way_back(name: str, learner: Learner, remarks: list[str], rate: tuple[float, ...] = ()) -> Verdict:
    def extra(*arguments: Any) -> tuple[Any, ...]:
        return (*arguments, *rate)

    got, truths, variants, changed = list[Results](), list[dict[str, Truth]](), list[Any](), False
    slope = learner.layout.slope
    for seed, sizes in enumerate(cases.NET_SIZES):
        net, held = _prepared(name, learner, sizes, seed)
        case, params = held
        out = learner.method(net, "forward", case.x, who="forward")
        cache = {"handle": out.items(2, "(out, cache)", 39)[1]["handle"]}
        try:
            reply = learner.method(net, "backward", *extra(case.dout, cache), who="backward")
        except FailedError as failed:
            if seed == 0 and failed.type == "TypeError" and "missing 1 required positional" in str(failed):
                return _way_back(
                    name, learner, remarks, (RATE,)
                )  # a backward that wants the learning rate too
            return _raised(name, learner, failed)
        changed |= bool(reply.changed - out.changed)
        after = _params_now(learner, net)
        right = gradients(params, case.x, case.dout, slope=slope)
        grads = _grads(learner, net)
        if moved := [key for key in KEYS if not np.array_equal(after[key], params[key])]:
            return _moved(name, moved, params, after, case, grads, slope)
        got.append(grads)
        truths.append({key: Truth(right[key]) for key in KEYS})
        variants.append(partial(gradient_variants, params, case.x, case.dout, slope))
        if seed == 0:
            again = learner.method(net, "forward", case.x, who="forward")
            cache = {"handle": again.items(2, "(out, cache)", 39)[1]["handle"]}
            learner.method(net, "backward", *extra(case.dout, cache), who="backward")
            second = _grads(learner, net)
            if any(not same(second[k], np.asarray(grads[k])) for k in KEYS if grads[k] is not None):
                return Verdict(
                    name,
                    False,
                    f"a second backward of the same batch gives other gradients: {MISTAKES[23].sentence}",
                    mistake=23,
                )
    return named(name, got, truths, variants, changed, remarks)


def named(
    name: str,
    got: list[Results],
    truths: list[dict[str, Truth]],
    variants: Any,
    changed: bool,
    remarks: Sequence[str],
) -> Verdict:
    """The verdict: a single mistake that explains all four gradients; otherwise each gradient by itself."""
    wrong = [
        key for key in KEYS if not all(same(a[key], t[key].value) for a, t in zip(got, truths, strict=True))
    ]
    if not wrong:
        return judge(name, got, truths, changed, remarks)
    every = [list(variant()) for variant in variants]
    fitting: dict[int, list[str]] = {}
    for several in zip(*every, strict=True):
        number, where, _ = several[0]
        if all(same(a[key], v[2][key]) for a, v in zip(got, several, strict=True) for key in KEYS):
            fitting.setdefault(number, []).append(where)
    if len(fitting) == 1:
        number, wheres = next(iter(fitting.items()))
        where = f" ({wheres[0]})" if wheres[0] else ""
        shown = judge(name, got, truths, changed, remarks)
        words = f"{', '.join('grad of ' + key for key in wrong)}: {MISTAKES[number].sentence}{where}"
        return Verdict(
            name,
            False,
            words,
            mistake=number,
            entry=shown.entry,
            remarks=tuple(remarks),
            pictures=shown.pictures,
        )
    if fitting:
        names = " or ".join(f"{MISTAKES[n].name} ({n})" for n in fitting)
        shown = judge(name, got, truths, changed, remarks)
        return Verdict(
            name, False, f"these explain it equally well: {names}", entry=shown.entry, pictures=shown.pictures
        )
    for i, truth in enumerate(truths):  # not one mistake for all: perhaps one for each
        for key in wrong:
            offered = [
                Guess(number, grads[key], f"{MISTAKES[number].sentence}{f' ({where})' if where else ''}")
                for number, where, grads in every[i]
                if not same(grads[key], truth[key].value)
            ]
            truth[key] = Truth(truth[key].value, offered)
    named = [{f"grads[{key}]": grads[key] for key in KEYS} for grads in got]
    right = [{f"grads[{key}]": truth[key] for key in KEYS} for truth in truths]
    return judge(name, named, right, changed, remarks)


def _grads(learner: Learner, net: int) -> Results:
    """The gradients that a backward left in self.grads. FailedError where one is missing."""
    try:
        found = learner.attribute(net, "grads")
    except FailedError:
        found = {"is": "none", "type": "nothing"}
    if found["is"] != "dict":
        raise FailedError(f"backward left no dictionary self.grads: {MISTAKES[24].sentence}", number=24)
    held = dict(zip(found["keys"], found["items"], strict=True))
    missing = [key for key in KEYS if key not in held or held[key]["is"] == "none"]
    if missing:
        raise FailedError(f"grads has nothing for {', '.join(missing)}: {MISTAKES[24].sentence}", number=24)
    return {key: learner.parameter(key, held[key]) for key in KEYS}


def _params_now(learner: Learner, net: int) -> dict[str, NDArray]:
    params = learner.attribute(net, "params")
    held = dict(zip(params.get("keys", []), params.get("items", []), strict=True))
    now = {key: learner.parameter(key, held[key]) if key in held else np.array(np.nan) for key in KEYS}
    return {key: np.asarray(value, float) for key, value in now.items()}


def _moved(
    name: str, moved: list[str], before: Any, after: Any, case: cases.Net, grads: Results, slope: float
) -> Verdict:
    """A backward that changes the parameters; with W2 changed before it was used, grad W1 shows it."""
    right = gradients(before, case.x, case.dout, slope=slope)
    early = gradients(before | {"W2": after["W2"]}, case.x, case.dout, slope=slope)
    dh_early = _through(before, after["W2"], case, slope)
    number = 78
    if (
        "W2" in moved
        and not same(grads["W1"], right["W1"])
        and (same(grads["W1"], early["W1"]) or same(grads["W1"], dh_early))
    ) or ("W2" in moved and not same(grads["W1"], right["W1"])):
        number = 22
    entry = first_difference(grads["W1"], Truth(right["W1"]), "grad of W1") if number == 22 else None
    return Verdict(
        name,
        False,
        f"backward changed {', '.join(moved)}: {MISTAKES[number].sentence}",
        mistake=number,
        entry=entry,
    )


def _through(params: dict[str, NDArray], W2: NDArray, case: cases.Net, slope: float) -> NDArray:
    """grad_W1 if the backward pass had used another W2."""
    a, _, _, y = outputs(params, case.x, slope=slope)
    dh = (case.dout * y * (1 - y)) @ W2
    grad: NDArray = (dh * np.where(a > 0, 1.0, slope)).T @ case.x
    return grad


def _raised(name: str, learner: Learner, failed: FailedError) -> Verdict:
    """A shape error in the backward pass: a square network shows which product was computed."""
    if failed.number or failed.type not in ("ValueError", "RuntimeError", "IndexError"):
        return Verdict(name, False, str(failed), mistake=failed.number)
    got, truths, variants = list[Results](), list[dict[str, Truth]](), list[Any]()
    try:
        for seed, sizes in enumerate(cases.NET_SQUARE):
            net, (case, params) = _prepared(name, learner, sizes, seed + 50)
            out = learner.method(net, "forward", case.x, who="forward")
            cache = {"handle": out.items(2, "(out, cache)", 39)[1]["handle"]}
            learner.method(net, "backward", case.dout, cache, who="backward")
            got.append(_grads(learner, net))
            right = gradients(params, case.x, case.dout, slope=learner.layout.slope)
            truths.append({key: Truth(value) for key, value in right.items()})
            variants.append(partial(_all_variants, params, case, learner.layout.slope))
    except FailedError:
        return Verdict(name, False, str(failed))
    verdict = named(name, got, truths, variants, False, ())
    if verdict.mistake:
        return Verdict(name, False, f"{verdict.message}\n{failed}", mistake=verdict.mistake)
    return Verdict(name, False, str(failed))


def _all_variants(
    params: dict[str, NDArray], case: cases.Net, slope: float
) -> list[tuple[int, str, dict[str, NDArray]]]:
    return [
        *gradient_variants(params, case.x, case.dout, slope),
        *square_variants(params, case.x, case.dout, slope),
    ]
