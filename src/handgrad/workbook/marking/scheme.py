"""Which exercises count, for how many points, and what a late hand-in loses: options, or a small TOML file.

[points]                 # the exercises that count; the others are not asked for
affine_forward = 1
affine_backward = 3

[late]                   # both are optional
deadline = 2026-11-30T23:59:00
loses = 20               # percent of the points
"""

import math
import os
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from handgrad.errors import DataError
from handgrad.workbook.checks import CHECKS
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.submission import no_exercise

LARGEST = 100_000  # bytes of a file
EVERYTHING = 100.0  # points of a hand-in that has all exercises right, where no scheme says more


@dataclass(frozen=True)
class Scheme:
    """How points are given. Without points for single exercises: the share of them that is right, of 100."""

    by_exercise: dict[str, float] = field(default_factory=dict)
    deadline: datetime | None = None
    loses: float = 0.0  # percent of the points, of a late hand-in

    @property
    def exercises(self) -> tuple[str, ...]:
        """The exercises to ask for, by chapter; () for those that belong into the hand-in."""
        return tuple(name for name in CHECKS if name in self.by_exercise)

    @property
    def full(self) -> float:
        """The points of a hand-in in which all is right."""
        return sum(self.by_exercise.values()) if self.by_exercise else EVERYTHING

    def points(self, verdicts: Sequence[Verdict], late: bool) -> float:
        """The points for these verdicts."""
        if self.by_exercise:
            points = sum(self.by_exercise.get(v.name, 0) for v in verdicts if v.passed)
        else:
            points = EVERYTHING * sum(v.passed for v in verdicts) / max(1, len(verdicts))
            points = float(round(points))
        return round(points * (1 - self.loses / 100), 2) if late else points

    def is_late(self, changed: Iterable[float]) -> bool:
        """Whether a file was changed after the deadline; changed: seconds, 0 where the time is not known."""
        return self.deadline is not None and max(changed, default=0) > self.deadline.timestamp()

    def __str__(self) -> str:
        words = ", ".join(f"{name} {points:g}" for name, points in self._ordered()) or (
            f"share of the exercises that are right, of {EVERYTHING:g}"
        )
        return words + (f"; late: {self.loses:g} % less" if self.loses else "")

    def _ordered(self) -> list[tuple[str, float]]:
        return [(name, self.by_exercise[name]) for name in self.exercises]


SHARE = Scheme()


def of_words(words: Sequence[str]) -> Scheme:
    """The scheme of options such as "affine_forward,relu_forward=2": 1 point where none are said."""
    points: dict[str, Any] = {}
    for word in ",".join(words).split(","):
        name, said, number = (part.strip() for part in word.partition("="))
        if name in points:
            raise DataError(f"expected each exercise once; got {name!r} two times")
        try:
            points[name] = float(number) if said else 1
        except ValueError:
            raise DataError(f"expected a number of points for {name}; got {number!r}") from None
    return Scheme(_points(points))


def read(path: str | os.PathLike[str]) -> Scheme:
    """The scheme of a TOML file. DataError, in one line that names the file, for one that makes no sense."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise DataError(f"expected at most {LARGEST // 1000} kB; the file is larger")
        return _of_toml(tomllib.loads(data.decode("utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read as TOML: {error}") from None
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _of_toml(document: dict[str, Any]) -> Scheme:
    _expect_keys("tables", document, ("points", "late"))
    points, late = _table(document, "points"), _table(document, "late")
    if not points:
        raise DataError("expected a table [points] with the exercises that count; got none")
    _expect_keys("keys in [late]", late, ("deadline", "loses"))
    deadline = late.get("deadline")
    if deadline is not None and not isinstance(deadline, date):
        raise DataError(f"expected a date and time as the deadline, 2026-11-30T23:59:00; got {deadline!r}")
    if deadline is not None and not isinstance(deadline, datetime):  # a day: to its end
        deadline = datetime(deadline.year, deadline.month, deadline.day, 23, 59, 59)
    loses = late.get("loses", 0)
    if not _is_number(loses) or not 0 <= loses <= 100:
        raise DataError(f"expected 0 to 100 percent that a late hand-in loses; got {loses!r}")
    return Scheme(_points(points), deadline, float(loses))


def _points(given: dict[str, Any]) -> dict[str, float]:
    for name, number in given.items():
        if name not in CHECKS:
            raise DataError(no_exercise(name))
        if not _is_number(number):
            raise DataError(f"expected a number of points for {name}; got {number!r}")
        if number < 0:
            raise DataError(f"expected 0 points or more for {name}; got {number:g}")
    if not any(given.values()):
        raise DataError("expected points for at least one exercise; all have 0")
    return {name: given[name] for name in CHECKS if name in given}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise DataError(f"expected a table [{name}]; got {table!r}")
    return table


def _expect_keys(what: str, table: dict[str, Any], known: tuple[str, ...]) -> None:
    if others := [key for key in table if key not in known]:
        raise DataError(f"expected {what} {' and '.join(known)}; got {others[0]!r}")
