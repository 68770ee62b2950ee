"""The results of a class: one for each submission, and the most frequent mistakes. Table, CSV and JSON."""

import csv
import io
from dataclasses import dataclass
from typing import Any

from handgrad.files import Kind
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import Verdict

COLUMNS = ("student", "file", "passed", "of", "points", "seconds", "failure")
HEADER = ",".join(COLUMNS).encode()  # how every table begins
CSV = Kind("a table of marks (CSV)", lambda file: file.read(len(HEADER)) == HEADER)


@dataclass(frozen=True)
class Result:
    """What is said of one submission."""

    student: str
    file: str
    verdicts: tuple[Verdict, ...]
    failure: str | None  # why it could not be marked
    seconds: float

    @property
    def passed(self) -> int:
        """How many exercises are right."""
        return sum(verdict.passed for verdict in self.verdicts)

    @property
    def points(self) -> int:
        """The share of exercises that are right, of 100."""
        return round(100 * self.passed / max(1, len(self.verdicts)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "student": self.student,
            "file": self.file,
            "passed": self.passed,
            "of": len(self.verdicts),
            "points": self.points,
            "exercises": [verdict.to_dict() for verdict in self.verdicts],
            "failure": self.failure,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Tally:
    """One kind of mistake, and the students who made it."""

    mistake: int
    students: tuple[str, ...]

    @property
    def title(self) -> str:
        """The mistake's name."""
        return MISTAKES[self.mistake].name


@dataclass(frozen=True)
class Results:
    """What is said of a folder of submissions; str() is a table."""

    results: tuple[Result, ...]

    @property
    def failed(self) -> tuple[Result, ...]:
        """The submissions that could not be marked."""
        return tuple(result for result in self.results if result.failure)

    @property
    def tally(self) -> list[Tally]:
        """The mistakes of the class, those of most students first."""
        made: dict[int, dict[str, None]] = {}
        for result in self.results:
            for verdict in result.verdicts:
                if verdict.mistake is not None:
                    made.setdefault(verdict.mistake, {})[result.student] = None
        return [Tally(n, tuple(made[n])) for n in sorted(made, key=lambda n: (-len(made[n]), n))]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        tally = [{"mistake": t.mistake, "title": t.title, "students": list(t.students)} for t in self.tally]
        return {"submissions": [result.to_dict() for result in self.results], "tally": tally}

    def csv(self) -> str:
        """One line a student: the columns, then one for each exercise."""
        names = dict.fromkeys(verdict.name for result in self.results for verdict in result.verdicts)
        file = io.StringIO()
        table = csv.DictWriter(file, [*COLUMNS, *names], lineterminator="\n")
        table.writeheader()
        for result in self.results:
            known = {name: value for name, value in result.to_dict().items() if name in COLUMNS}
            table.writerow(known | {verdict.name: _state(verdict) for verdict in result.verdicts})
        return file.getvalue()

    def __str__(self) -> str:
        wide = max([len("student"), *(len(result.student) for result in self.results)])
        lines = [f"{'student':<{wide}}   passed   points   what is wrong"]
        for result in self.results:
            wrong = _what_is_wrong(result)
            passed = f"{result.passed} of {len(result.verdicts)}"
            lines.append(
                f"{result.student:<{wide}} {passed:>8}   {result.points:>6}   "
                f"{result.failure or wrong}".rstrip()
            )
        if tally := self.tally:
            lines += ["", "students   mistake"]
            lines += [
                f"{len(t.students):>8}   {t.mistake:>2} {t.title}: {', '.join(t.students)}" for t in tally
            ]
        return "\n".join(lines)


def _state(verdict: Verdict) -> str:
    if verdict.passed:
        return "passed"
    if not verdict.done:
        return "not done"
    return "wrong" if verdict.mistake is None else f"mistake {verdict.mistake}"


def _what_is_wrong(result: Result) -> str:
    """Exercise by exercise; what was never begun in one word, what is said of the whole file once."""
    said = {v.message for v in result.verdicts}
    if (
        len(result.verdicts) > 1
        and len(said) == 1
        and not result.passed
        and all(v.done for v in result.verdicts)
    ):
        return said.pop()
    begun = [f"{v.name}: {_state(v)}" for v in result.verdicts if not v.passed and v.done]
    left = [v.name for v in result.verdicts if not v.done]
    if len(left) > 3:
        left = [*left[:2], f"{len(left) - 2} more"]
    return "; ".join([*begun, *([f"not done: {', '.join(left)}"] if left else [])])
