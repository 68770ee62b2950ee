"""The verdict on one exercise: passed or not, which mistake, one entry to follow by hand."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import one_line
from handgrad.workbook.checks.heat_maps import heat_maps
from handgrad.workbook.checks.mistakes import MISTAKES, titled

RIGHT, WRONG, NOT_DONE = "right", "wrong", "not done"
UNREADABLE, NOT_RUN, LATE = "could not be read", "could not be run here", "ran out of time"
MOST_LINES = 40  # of a message: a learner's code may have written them
STATES = (RIGHT, WRONG, NOT_DONE, UNREADABLE, NOT_RUN, LATE)


@dataclass(frozen=True)
class Entry:
    """One number of a result, to be followed by hand."""

    index: tuple[int, ...]
    got: float | None
    expected: float
    of: str = ""  # the letter of the result: dW
    sum: str = ""  # the terms that make it up, with their numbers

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; non-finite numbers become null."""
        got = self.got if self.got is not None and np.isfinite(self.got) else None
        index = list(self.index)
        return {"index": index, "got": got, "expected": self.expected, "of": self.of, "sum": self.sum}

    def __str__(self) -> str:
        where = f"{self.of}[{', '.join(map(str, self.index))}]" if self.index else self.of
        got = "nothing" if self.got is None else f"{self.got + 0.0:.6g}"
        sums = f" = {self.sum}" if self.sum else ""
        return f"{where}: got {got}, expected {self.expected:.6g}{sums}"


@dataclass(frozen=True)
class Verdict:
    """What is said of one exercise."""

    name: str
    passed: bool
    message: str = ""
    state: str = ""  # one of STATES; "" for right or wrong, as passed says
    mistake: int | None = None
    entry: Entry | None = None
    remarks: tuple[str, ...] = ()
    convention: str = ""  # a right answer in another layout than the lesson's: which, in one sentence
    pictures: tuple[tuple[str, NDArray, NDArray], ...] = field(default=(), repr=False, compare=False)
    # each: the letter of a result, what it should be, what came

    def __post_init__(self) -> None:
        lines = titled(self.mistake, self.message).split("\n")[:MOST_LINES]
        object.__setattr__(self, "message", "\n".join(map(one_line, lines)))
        object.__setattr__(self, "remarks", tuple(map(one_line, self.remarks[:MOST_LINES])))
        if self.state in ("", RIGHT, WRONG):
            object.__setattr__(self, "state", RIGHT if self.passed else WRONG)
        elif self.passed or self.state not in STATES:
            raise ValueError(f"expected one of {', '.join(STATES)}, passed only if right; got {self.state!r}")

    @property
    def done(self) -> bool:
        """Whether there was anything to judge."""
        return self.state != NOT_DONE

    @property
    def title(self) -> str:
        """The mistake's short name, or ""."""
        return MISTAKES[self.mistake].name if self.mistake else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "passed": self.passed,
            "state": self.state,
            "done": self.done,
            "mistake": self.mistake,
            "title": self.title or None,
            "message": self.message,
            "entry": self.entry.to_dict() if self.entry else None,
            "remarks": list(self.remarks),
            "convention": self.convention or None,
        }

    def __str__(self) -> str:
        number = f" (mistake {self.mistake})" if self.mistake else ""
        lines = [f"{self.name}: {self.state}{number}"]
        lines += [f"    {line}" for line in self.message.split("\n") if line]
        lines += [f"    {self.entry}"] if self.entry else []
        lines += [f"    {self.convention}"] if self.convention else []
        return "\n".join(lines + [f"    remark: {remark}" for remark in self.remarks])

    def _repr_html_(self) -> str:
        colour = "#1a7f5a" if self.passed else "#b3541e" if self.done else "#777"
        text = html.escape(str(self)).replace("\n", "<br>").replace("    ", "&nbsp;&nbsp;")
        style = f"border-left: 4px solid {colour}; padding-left: 0.8em"
        return f'<div style="{style}">{text}{heat_maps(self.pictures)}</div>'


def table(verdicts: Sequence[Verdict]) -> str:
    """All verdicts as text, and how many are right."""
    right = sum(verdict.passed for verdict in verdicts)
    counts = {state: sum(v.state == state for v in verdicts) for state in (UNREADABLE, NOT_RUN, LATE)}
    last = "; ".join([f"{right} of {len(verdicts)} right", *(f"{n} {s}" for s, n in counts.items() if n)])
    said = {verdict.message for verdict in verdicts}
    if len(verdicts) > 1 and len(said) == 1 and all(said) and not right:  # of the files as a whole
        return f"{said.pop()}\n{last}"
    return "\n".join([*map(str, verdicts), last])
