"""The checks of chapter 8: what each hidden unit adds to a score, and which units add most."""

from __future__ import annotations

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.common import FailedError, Learner, Results, judge, numbers
from handgrad.workbook.checks.guesses import Guess, Truth
from handgrad.workbook.checks.variants import BIASES, WHERE, outputs
from handgrad.workbook.checks.verdict import Verdict

CASES = ((3, 4, 5, 3, 1), (3, 6, 4, 7, 5), (3, 5, 8, 4, 2))  # N, D, H, C, and the digit
SQUARE = ((3, 5, 6, 6, 2), (3, 4, 5, 5, 3))
SHAPE_ERRORS = ("ValueError", "RuntimeError", "IndexError")
COUNTS = ((7, 3), (12, 6), (5, 5))  # units, and how many are asked for


def check_contributions(name: str, learner: Learner) -> Verdict:
    """contributions(params, x, digit) -> parts, bias."""
    try:
        got, truths, changed = _contributions(name, learner, CASES)
    except FailedError as failed:
        if failed.type not in SHAPE_ERRORS:
            raise
        try:  # a column of W2 has as many numbers as a row only where it is square
            got, truths, _ = _contributions(name, learner, SQUARE)
        except FailedError:
            raise failed from None
        verdict = judge(name, got, truths)
        if not verdict.mistake:
            raise failed from None
        return Verdict(name, False, f"{verdict.message}\n{failed}", mistake=verdict.mistake)
    return judge(name, got, truths, changed)


def _contributions(
    name: str, learner: Learner, sizes: tuple[tuple[int, int, int, int, int], ...]
) -> tuple[list[Results], list[dict[str, Truth]], bool]:
    got, truths, changed = list[Results](), list[dict[str, Truth]](), False
    for seed, (N, D, H, C, digit) in enumerate(sizes):
        net = cases.net(N, D, H, C, seed)
        x = net.x[-1]  # no unit is at its kink for this image
        reply = learner.call(name, {"as": "dictionary", "parts": net.params}, x, digit)
        parts, bias = (numbers(item) for item in reply.items(2, "(parts, bias)"))
        got.append(
            {"parts": parts, "bias": bias.reshape(()) if bias is not None and bias.size == 1 else bias}
        )
        truths.append(_parts(net.params, x, digit))
        changed |= bool(reply.changed)
    return got, truths, changed


def _parts(params: dict[str, NDArray], x: NDArray, digit: int) -> dict[str, Truth]:
    """W2[digit] * h, and b2[digit]."""
    W2, b2 = params["W2"], params["b2"]
    a, h, z, y = (of[0] for of in outputs(params, x[None]))
    h = h + 0.0  # no -0 in the sums that are shown
    right, others = W2[digit] * h + 0.0, (0, digit - 1, (digit + 1) % len(W2), -1)
    guesses = [
        Guess(57, W2[digit] * a, "the features are h, after relu; here they are taken before it"),
        *(Guess(36, W2[digit] * outputs(params, x[None], (first, 1))[1][0],
                f"the bias b1 is {'subtracted' if first < 0 else 'left out'} {WHERE[True, False]}")
          for first in {first for first, _ in BIASES if first != 1}),
        *(Guess(82, W2[c] * h) for c in others),
        Guess(83, np.array(right.sum())), Guess(83, np.array(z[digit])), Guess(83, np.array(y[digit])),
        Guess(83, z), Guess(83, W2 @ h),
        Guess(82, W2 * h, "these are the contributions to all digits; the exercise asks for one digit"),
        Guess(48, right + b2[digit], "the bias is added to every part; it is returned by itself"),
        Guess(48, right + b2[digit] / len(h), "the bias is spread over the parts; it is returned by itself"),
        Guess(100, W2[digit]), Guess(100, h),
        Guess(43, np.abs(right), "the sign is lost; it tells votes for the digit from votes against"),
        Guess(43, right / right.sum(), "these are shares of the sum; the terms themselves are asked for"),
        Guess(75, -right),
    ]  # fmt: skip
    if W2.shape[0] == W2.shape[1]:
        guesses += [Guess(82, W2[:, digit] * h)]
    of_bias = [
        Guess(36, np.array(0.0), "the bias of the digit is left out: the parts and the bias add up to z"),
        Guess(82, b2, "these are the biases of all digits; the exercise asks for one digit"),
        *(Guess(82, np.array(b2[c]), "this is the bias of another digit") for c in others),
        Guess(83, np.array(z[digit]), "this is the score; the exercise asks for the bias of the digit"),
        Guess(75, np.array(-b2[digit])), Guess(82, params["b1"], "this is b1; the score has the bias b2"),
        Guess(82, np.array(params["b1"][min(digit, len(h) - 1)]), "this is b1; the score has the bias b2"),
    ]  # fmt: skip

    def terms(index: tuple[int, ...]) -> str:
        return f"W2[{digit}, {index[0]}] * h[{index[0]}] = {W2[digit][index]:.4g} * {h[index]:.4g}"

    return {"parts": Truth(right, guesses, terms), "bias": Truth(np.array(b2[digit]), of_bias)}


def check_strongest(name: str, learner: Learner) -> Verdict:
    """strongest_units(parts, count) -> the positions of the largest, for or against."""
    got, truths, changed = list[Results](), list[dict[str, Truth]](), False
    for seed, (units, count) in enumerate(COUNTS):
        rng = np.random.default_rng(seed)
        sizes = rng.permutation(np.arange(1, units + 1)) / 10
        parts = sizes * np.where(rng.permutation(np.arange(units) % 2 == 0), 1, -1)
        parts[sizes.argmax()] = -sizes.max()  # the strongest votes against
        reply = learner.call(name, parts, count)
        got.append({"units": reply.numbers()})
        truths.append({"units": _strongest(parts, count)})
        changed |= bool(reply.changed)
    return judge(name, got, truths, changed)


def _strongest(parts: NDArray, count: int) -> Truth:
    by_size, by_value = np.argsort(-np.abs(parts)), np.argsort(-parts)
    right = by_size[:count].astype(float)
    guesses = [
        Guess(84, by_value[:count]), Guess(84, by_value[::-1][:count]),
        Guess(77, by_size[::-1][:count], "the weakest units come first; the strongest are asked for"),
        Guess(101, by_size[:count][::-1]), Guess(101, np.sort(by_size[:count])),
        Guess(85, parts[by_size[:count]]), Guess(85, np.abs(parts[by_size[:count]])),
        Guess(85, parts[by_value[:count]]),
    ]  # fmt: skip

    def terms(index: tuple[int, ...]) -> str:
        return f"the largest of {np.round(parts, 4).tolist()}, by size" if index == (0,) else ""

    return Truth(right, [Guess(n, np.asarray(v, float), w) for n, v, w in guesses], terms)
