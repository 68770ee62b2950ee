"""Choices of a sweep, as people write them: "hidden=64,128", or "learning_rate=0.1:3:log" to draw from."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from handgrad.recipes import CHOICES, MOST, Distortion, Recipe

WHOLE = ("hidden", "batch_size", "epochs")
REAL = ("learning_rate", "warmup", "averaging")
YES_OR_NO = {"yes": True, "no": False}
NAMES = tuple(field.name for field in fields(Recipe))  # what a sweep may vary


@dataclass(frozen=True)
class Between:
    """Numbers from low to high to draw from: evenly, or evenly in their logarithm.

    whole: whole numbers, low and high among them. ValueError for a range that cannot be.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        if not -MOST <= self.low <= self.high <= MOST:
            raise ValueError(f"expected a range from low to high; got {self.low:g} to {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"expected a range above 0 for log; got {self.low:g} to {self.high:g}")

    def draw(self, rng: np.random.Generator) -> float | int:
        """One number. A range of whole numbers is drawn from low - 1/2 to high + 1/2 and rounded, so that its
        ends are as likely as the others."""
        low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
        if self.log:
            low, high = np.log([max(low, 0.5) if self.whole else low, high])
        number = float(rng.uniform(low, high))
        number = float(np.exp(number)) if self.log else number
        if not self.whole:
            return float(f"{number:.6g}")  # as a table shows it: what one reads can be typed in again
        return round(min(max(number, self.low), self.high))


@dataclass(frozen=True)
class OneOf:
    """Values to draw from, each as likely as the others."""

    values: tuple[Any, ...]

    def draw(self, rng: np.random.Generator) -> Any:
        """One of the values."""
        return self.values[int(rng.integers(len(self.values)))]


Range = Between | OneOf


def grid_choice(text: str) -> tuple[str, tuple[Any, ...]]:
    """A choice of a grid: "hidden=64,128" -> ("hidden", (64, 128)).  ValueError for what it cannot be."""
    name, values = _named(text, "CHOICE=VALUE,VALUE such as hidden=64,128")
    return name, _values(name, values)


def random_choice(text: str) -> tuple[str, Range]:
    """A choice to draw: "learning_rate=0.1:3:log" -> Between; "loss=l2,cross_entropy" -> OneOf."""
    example = "CHOICE=LOW:HIGH, CHOICE=LOW:HIGH:log or CHOICE=VALUE,VALUE"
    name, values = _named(text, example)
    if ":" not in values:
        return name, OneOf(_values(name, values))
    low, high, *more = values.split(":")
    if name not in WHOLE + REAL or more not in ([], ["log"]):
        kind = "" if name in WHOLE + REAL else f" ({name} has no range: name its values)"
        raise ValueError(f"expected {example}; got {text!r:.60}{kind}")
    return name, Between(value(name, low), value(name, high), bool(more), name in WHOLE)


def value(name: str, text: str) -> Any:
    """A choice's value of its text: "64" -> 64.  ValueError where it is not a value of that choice.

    What lies outside the choice's limits shows when the recipe is made.
    """
    if name in WHOLE:
        if not text.isascii() or not text.isdecimal():
            raise ValueError(f"expected {name} as whole numbers; got {text!r:.30}")
        return int(text)
    if name in REAL:
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"expected {name} as numbers; got {text!r:.30}") from None
    if name in ("bias", "distortion"):
        if text not in YES_OR_NO:
            raise ValueError(f"expected {name} as yes or no; got {text!r:.30}")
        return YES_OR_NO[text] if name == "bias" else (Distortion() if YES_OR_NO[text] else None)
    if text not in CHOICES[name]:
        raise ValueError(f"expected {name} among {', '.join(CHOICES[name])}; got {text!r:.30}")
    return text


def shown(choice: Any) -> str:
    """A choice's value as a table shows it, and as it is typed in."""
    if choice is None or isinstance(choice, bool):
        return "yes" if choice else "no"
    if isinstance(choice, float):
        return f"{choice:.6g}"
    return "yes" if isinstance(choice, Distortion) else str(choice)


def _named(text: str, expected: str) -> tuple[str, str]:
    name, equals, values = text.partition("=")
    name = name.strip().replace("-", "_")
    name = "distortion" if name == "distort" else name
    if not equals or not values:
        raise ValueError(f"expected {expected}; got {text!r:.60}")
    if name not in NAMES:
        raise ValueError(f"expected a choice among {', '.join(NAMES)}; got {name!r:.30}")
    return name, values


def _values(name: str, text: str) -> tuple[Any, ...]:
    values = tuple(value(name, one.strip()) for one in text.split(","))
    if len(set(values)) < len(values):
        raise ValueError(f"expected each value of {name} once; got {text!r:.60}")
    return values
