"""Which wrong formula gave these numbers: named only where exactly one fits every case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks.mistakes import MISTAKES, titled
from handgrad.workbook.checks.verdict import Entry

# of two that explain the same numbers, the one that says more: the first
NARROWER = ((7, 3), (16, 52), (6, 75), (5, 75))
TOLERANCE = 2e-5  # of the largest number of a result: float32 within, far below what any mistake changes


class Guess(NamedTuple):
    """The result that this mistake would give."""

    number: int
    value: NDArray
    words: str = ""  # more exactly, where the mistake's own sentence is too general


@dataclass(frozen=True)
class Truth:
    """One result in one case: what it is, what mistakes would make of it, how an entry comes about."""

    value: NDArray
    guesses: list[Guess] = field(default_factory=list)
    terms: Callable[[tuple[int, ...]], str] | None = None


@dataclass(frozen=True)
class Finding:
    """Why a result is wrong, as far as it is known."""

    fitting: dict[int, str]  # the mistakes that give it, each in words; empty if no mistake does
    otherwise: str = ""  # what is known if no mistake gives it

    @property
    def words(self) -> str:
        """All that is known."""
        return " -- or: ".join(self.fitting.values()) or self.otherwise

    def only(self, numbers: set[int]) -> Finding:
        """Of the mistakes that fit, those with these numbers."""
        return Finding({n: words for n, words in self.fitting.items() if n in numbers}, self.otherwise)


def narrowed(numbers: set[int]) -> set[int]:
    """Without those that another of them says more exactly."""
    return numbers - {than for rather, than in NARROWER if rather in numbers}


def same(got: NDArray | None, want: NDArray) -> bool:
    """Whether a result is right: the shape strictly, the numbers within float32's rounding."""
    if got is None or got.shape != want.shape:
        return False
    if not np.isfinite(got).all():
        return bool(np.isinf(want).any()) and np.array_equal(got, want)
    scale = float(np.abs(want).max(initial=0.0))
    return bool(np.abs(got - want).max(initial=0.0) <= TOLERANCE * max(scale, 1e-9))


def explain(got: Sequence[NDArray | None], truths: Sequence[Truth], of: str) -> Finding:
    """The mistakes that give got in every case; if there are none, how got and truth are related."""
    fitting: dict[int, str] = {}
    of_case = [_by_place(truth.guesses) for truth in truths]
    for number, words, place in of_case[0]:
        values = [guesses.get((number, words, place)) for guesses in of_case]
        if all(value is not None and same(mine, value) for mine, value in zip(got, values, strict=True)):
            fitting.setdefault(number, titled(number, words) if words else MISTAKES[number].sentence)
    if fitting:
        return Finding(fitting)
    return Finding({}, _related(got, truths, of))


def _by_place(guesses: Sequence[Guess]) -> dict[tuple[int, str, int], NDArray]:
    """Guesses by number, words, and which of those with the same number and words it is."""
    found: dict[tuple[int, str, int], NDArray] = {}
    for number, value, words in guesses:
        place = sum(key[:2] == (number, words) for key in found)
        found[number, words, place] = value
    return found


def _related(got: Sequence[NDArray | None], truths: Sequence[Truth], of: str) -> str:
    """A description if no mistake is recognised: shapes, then a factor k, the remainder and the direction."""
    for mine, truth in zip(got, truths, strict=True):
        if mine is None:
            return f"{of} is missing"
        if mine.shape != truth.value.shape:
            return f"{of} has shape {mine.shape}; expected {truth.value.shape}"
        if not np.isfinite(mine).all():
            return f"{of} holds NaN or infinity"
    if all(truth.value.size == 1 for truth in truths):
        found = [float(np.asarray(mine).ravel()[0]) for mine in got]
        right = [float(truth.value.ravel()[0]) for truth in truths]
        pairs = zip(found, right, strict=True)
        return f"{of} is " + ", ".join(f"{a:.4g} where {b:.4g} is right" for a, b in pairs)
    factors = []
    for mine, truth in zip(got, truths, strict=True):
        u, g = np.asarray(mine, float).ravel(), np.asarray(truth.value, float).ravel()
        if not g.any():
            continue
        k = float(u @ g / (g @ g))
        rest = float(np.linalg.norm(u - k * g) / np.linalg.norm(g))
        if rest > 1e-4:
            size = float(np.linalg.norm(u))
            cosine = float(u @ g / (size * np.linalg.norm(g))) if size else 0.0
            if not size:
                return f"{of} is zero everywhere"
            wrong = int((np.abs(u - g) > TOLERANCE * np.abs(g).max()).sum())
            known = f"{of} is wrong in {wrong} of {g.size} numbers (cosine with the right one {cosine:.3f})"
            return f"{known}; no single known mistake explains it"
        factors.append(k)
    if factors and max(factors) - min(factors) < 1e-4 * max(1.0, abs(factors[0])):
        return f"{of} is {factors[0]:.4g} times the right one"
    listed = ", ".join(f"{k:.4g}" for k in factors)
    return f"{of} is a multiple of the right one, by a factor that depends on the sizes: {listed}"


def first_difference(got: NDArray | None, truth: Truth, of: str) -> Entry | None:
    """The entry that is furthest off, with the terms it should be made of; None where the shapes differ."""
    want = np.asarray(truth.value, float)
    if got is None or got.shape != want.shape or not want.size:
        return None
    off = np.abs(np.asarray(got, float) - want)
    off = np.where(np.isfinite(off), off, np.inf)
    index = tuple(int(i) for i in np.unravel_index(int(off.argmax()), want.shape))
    mine = float(got[index])
    return Entry(index, mine, float(want[index]), of, truth.terms(index) if truth.terms else "")


def products(pairs: Sequence[tuple[Any, Any]]) -> str:
    """A sum of products as text: 0.5 * 2 + ..."""
    shown = [f"{float(a):.4g} * {float(b):.4g}" for a, b in pairs[:8]]
    return " + ".join(shown + (["..."] if len(pairs) > 8 else []))
