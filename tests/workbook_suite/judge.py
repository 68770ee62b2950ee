"""The checker's judge: runs every case through the check, and makes the tables of what came out."""

import io
import sys
import time
from collections import Counter
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

import numpy as np

from handgrad.workbook.checks import run
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.submission import Source
from workbook_suite import cases, correct

TABLE = range(1, 37)  # the numbers of the table of mistakes; 32 is a remark, not a mistake


@dataclass(frozen=True)
class Judged:
    """A case and all that was said of it."""

    case: object
    verdicts: tuple
    seconds: float

    @property
    def verdict(self):
        """What was said of the exercise that the case is about."""
        found = [v for v in self.verdicts if v.name == self.case.exercise]
        assert len(found) == 1, f"{self.case}: expected one verdict; got {[v.name for v in self.verdicts]}"
        return found[0]

    @property
    def alarms(self):
        """Of a right answer: the verdicts that blame it, or do not see it."""
        asked = [v for v in self.verdicts if self.case.exercise in (None, v.name)]
        return [v for v in self.verdicts if v.done and (not v.passed or v.mistake)] + [
            v for v in asked if not v.done
        ]

    def __str__(self):
        number = self.verdict.mistake
        return f"{self.case}\n    named {number}, {'passed' if self.verdict.passed else 'rejected'}: {self.verdict.message}"


def judge(case):
    """What the check says of one case; the case leaves nothing behind in this process."""
    began = time.perf_counter()
    with _restored(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        verdicts = tuple(run(Desk(), [Source("learner.py", case.text)]))
    return Judged(case, verdicts, time.perf_counter() - began)


def judge_all():
    """Every planted mistake and every right answer, judged."""
    return [judge(case) for case in cases()], [judge(case) for case in correct()]


@contextmanager
def _restored():
    """Learners set seeds, error states and default types; here they are put back."""
    state, errors = np.random.get_state(), np.geterr()  # noqa: NPY002 (what learners draw from)
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
        np.seterr(**errors)
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(1)  # small arrays: threads would only wait for each other
            torch.set_grad_enabled(True)
            torch.set_default_dtype(torch.float32)


def confusion(planted):
    """A line for each planted number: how many, how many rejected, how many named so, and what else was named."""
    lines = ["planted   cases   rejected   named so   named otherwise"]
    for number in sorted({j.case.number for j in planted}):
        of = [j.verdict for j in planted if j.case.number == number]
        named = Counter(v.mistake for v in of if not v.passed)
        right = named.pop(number, 0)
        others = ", ".join(f"{name or 'none'} x {count}" for name, count in named.items())
        rejected = sum(not v.passed for v in of)
        label, right = (f"{number:>7}", right) if number else ("  other", "-")
        lines.append(f"{label}   {len(of):>5}   {rejected:>8}   {right:>8}   {others}".rstrip())
    return "\n".join([*lines, totals(planted)])


def totals(planted):
    """One line: how many planted mistakes were rejected, and how many named."""
    numbered = [j.verdict for j in planted if j.case.number]
    numbers = [j.case.number for j in planted if j.case.number]
    named = sum(v.mistake == number and not v.passed for v, number in zip(numbered, numbers, strict=True))
    rejected = sum(not j.verdict.passed for j in planted)
    share = f"{named} of {len(numbered)} named ({named / len(numbered):.1%})"
    return f"{rejected} of {len(planted)} wrong answers rejected, {share}"


def false_alarms(right):
    """A line for each right answer that was blamed, and their number."""
    lines = [f"{j.case}\n    {v}" for j in right for v in j.alarms]
    blamed = sum(bool(j.alarms) for j in right)
    return "\n".join([*lines, f"{blamed} of {len(right)} right answers blamed"])
