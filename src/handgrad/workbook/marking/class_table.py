"""The results of a class: one for each hand-in, and the most frequent mistakes. As a table and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import LATE, NOT_DONE, NOT_RUN, UNREADABLE, WRONG, Verdict
from handgrad.workbook.marking.scheme import SHARE, Scheme

UNMARKED = (UNREADABLE, NOT_RUN)  # states that say nothing about the work
LONGEST_LIST = 3  # names of exercises in one cell of the table, before the others are only counted


@dataclass(frozen=True)
class Result:
    """What is said of one hand-in."""

    student: str
    file: str
    verdicts: tuple[Verdict, ...]
    failure: str | None  # why it could not be marked
    seconds: float
    id: str = ""
    attempt: int = 1
    late: bool = False
    read: tuple[str, ...] = ()  # the files that were taken
    notes: tuple[str, ...] = ()  # files that could not be read, each with its reason, and what was mended
    flags: tuple[str, ...] = ()  # what a teacher should look at; they never change the points
    marked_before: bool = False
    scheme: Scheme = SHARE

    @property
    def passed(self) -> int:
        """How many exercises are right."""
        return sum(verdict.passed for verdict in self.verdicts)

    @property
    def points(self) -> float:
        """The points by the scheme: without one the share of exercises that are right, of 100."""
        points = self.scheme.points(self.verdicts, self.late)
        return int(points) if points == int(points) else points

    @property
    def unmarked(self) -> tuple[Verdict, ...]:
        """The exercises that could not be read or run: nothing is known of them."""
        return tuple(verdict for verdict in self.verdicts if verdict.state in UNMARKED)

    @property
    def marked(self) -> str:
        """Whether it was: "yes", "in part", or "no" where nothing is known of any exercise."""
        if self.failure or (self.unmarked and len(self.unmarked) == len(self.verdicts)):
            return "no"
        return "in part" if self.unmarked else "yes"

    @property
    def who(self) -> str:
        """The student, with what sets this hand-in apart from others."""
        apart = [f"attempt {self.attempt}"] * (self.attempt > 1) + ["late"] * self.late
        return f"{self.student} ({', '.join(apart)})" if apart else self.student

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "student": self.student,
            "id": self.id or None,
            "file": self.file,
            "attempt": self.attempt,
            "late": self.late,
            "passed": self.passed,
            "of": len(self.verdicts),
            "points": self.points,
            "full_points": self.scheme.full,
            "marked": self.marked,
            "exercises": [verdict.to_dict() for verdict in self.verdicts],
            "failure": self.failure,
            "read": list(self.read),
            "notes": list(self.notes),
            "flags": list(self.flags),
            "marked_before": self.marked_before,
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
    """What is said of a folder of hand-ins; str() is a table."""

    results: tuple[Result, ...]
    level: str = ""  # walls or limits: what the code ran behind

    @property
    def failed(self) -> tuple[Result, ...]:
        """The hand-ins that could not be marked."""
        return tuple(result for result in self.results if result.marked == "no")

    @property
    def in_part(self) -> tuple[Result, ...]:
        """The hand-ins in which some exercises could not be read or run."""
        return tuple(result for result in self.results if result.marked == "in part")

    @property
    def tally(self) -> list[Tally]:
        """The mistakes of the class, those of most students first."""
        made: dict[int, dict[str, None]] = {}
        for result in self.results:
            for verdict in result.verdicts:
                if verdict.mistake is not None:
                    made.setdefault(verdict.mistake, {})[result.student] = None
        return [Tally(n, tuple(made[n])) for n in sorted(made, key=lambda n: (-len(made[n]), n))]

    def unmarked(self) -> str:
        """How many of how many could not be marked, or only in part, and who; "" where all were."""
        said = []
        for those, words in ((self.failed, ""), (self.in_part, " only in part")):
            if those:
                who = ", ".join(result.who for result in those)
                how = f"could be marked{words}" if words else "could not be marked"
                said.append(f"{len(those)} of {len(self.results)} submissions {how}: {who}")
        return "; ".join(said)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        tally = [{"mistake": t.mistake, "title": t.title, "students": list(t.students)} for t in self.tally]
        counts = {
            "submissions": len(self.results), "not_marked": len(self.failed), "in_part": len(self.in_part)
        }  # fmt: skip
        points = str(self.results[0].scheme) if self.results else str(SHARE)
        return {
            "submissions": [result.to_dict() for result in self.results],
            "tally": tally,
            "counts": counts,
            "points": points,
            "level": self.level,
        }

    def __str__(self) -> str:
        wide = max([len("student"), *(len(result.who) for result in self.results)])
        lines = [f"{'student':<{wide}}   passed   points   what is wrong"]
        for result in self.results:
            passed = f"{result.passed} of {len(result.verdicts)}"
            lines.append(
                f"{result.who:<{wide}} {passed:>8}   {result.points:>6}   "
                f"{result.failure or what_is_wrong(result.verdicts)}".rstrip()
            )
        if self.results and self.results[0].scheme != SHARE:
            scheme = self.results[0].scheme
            lines += ["", f"points, of {scheme.full:g}: {scheme}"]
        if tally := self.tally:
            lines += ["", "students   mistake"]
            lines += [
                f"{len(t.students):>8}   {t.mistake:>2} {t.title}: {', '.join(t.students)}" for t in tally
            ]
        lines += _listed("about the files", [(result.who, result.notes) for result in self.results])
        lines += _listed("to look at", [(result.who, result.flags) for result in self.results])
        return "\n".join(lines)


def cell(verdict: Verdict) -> str:
    """A verdict in one cell of a table."""
    if verdict.passed:
        return "passed"
    return f"mistake {verdict.mistake}" if verdict.mistake is not None else verdict.state


def what_is_wrong(verdicts: Sequence[Verdict]) -> str:
    """Exercise by exercise; what was never begun in one word, what is said of the whole file once."""
    said = {v.message for v in verdicts}
    passed = any(v.passed for v in verdicts)
    if len(said) == 1 and not passed and all(v.done for v in verdicts):
        (message,), state = said, verdicts[0].state
        if state != WRONG:
            return f"{state}: {message}"
        if len(verdicts) > 1:
            return message
    wrong = [f"{v.name}: {cell(v)}" for v in verdicts if v.state == WRONG]
    for state in (LATE, UNREADABLE, NOT_RUN, NOT_DONE):
        names = [v.name for v in verdicts if v.state == state]
        if len(names) > LONGEST_LIST:
            names = [*names[: LONGEST_LIST - 1], f"{len(names) - LONGEST_LIST + 1} more"]
        if names:
            wrong.append(f"{state}: {', '.join(names)}")
    return "; ".join(wrong)


def _listed(title: str, rows: list[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Lines under a title, those of one hand-in after the other; [] where there is nothing to say."""
    lines = [f"    {who}: {words}" for who, said in rows for words in said]
    return ["", title, *lines] if lines else []
