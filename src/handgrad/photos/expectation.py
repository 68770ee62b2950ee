"""What a line of a picture is expected to hold: a number of digits, or a pattern.

    5             five digits
    dd.dd.dddd    eight digits; "." may be seen between them or not, and so may any other separator
    [01]d:dd      a first digit of 0 or 1
    5dddd         a first digit of 5
    3x5  3xdddd   three lines, each of five digits, or of this pattern; without "3x" any number of lines

A pattern is a row of steps: a digit, or a separator. Reading a line goes through the steps, digit by digit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

ANY = frozenset("0123456789")
MOST = 64  # largest number of digits that can be expected
GRAMMAR = 'a number of digits, or a pattern such as "dd.dd.dddd", "[01]d:dd" or "5dddd"'
STEP = re.compile(r"d|\d|\[(\d+)\]|([^\w\s\[\]])")  # other than letters, spaces and brackets: a separator
Digits = frozenset[str]


@dataclass(frozen=True)
class Expectation:
    """What each line should hold."""

    text: str  # as it was given
    steps: tuple[Digits | None, ...]  # the digits that may stand at each place; None for a separator
    lines: int | None = None  # how many lines; None for any number

    @property
    def digits(self) -> int:
        """How many digits a line has."""
        return sum(step is not None for step in self.steps)

    def mismatch(self, found: Sequence[int], disagreeing: Sequence[int]) -> str | None:
        """How lines of these numbers of digits differ from what is expected; None if they agree.

        disagreeing: the numbers of the lines that cannot be read as expected.
        """
        if self.lines is not None and len(found) != self.lines:
            return f"expected {_counted(self.lines, 'line')}; found {len(found)}"
        if not found:
            return f"expected {_counted(self.digits, 'digit')}; found none"
        if not disagreeing:
            return None
        number = disagreeing[0]
        where = f"line {number + 1}: " if len(found) > 1 else ""
        if found[number] == self.digits:
            return f"{where}expected {self.text}; found other digits"
        return f"{where}expected {_counted(self.digits, 'digit')}; found {found[number]}"

    def next_digit(self, at: int) -> int:
        """The step of the next digit from this step on, past separators; len(steps) at the end."""
        while at < len(self.steps) and self.steps[at] is None:
            at += 1
        return at

    def ends(self, at: int) -> bool:
        """Whether no digit follows from this step on."""
        return self.next_digit(at) == len(self.steps)

    def is_separator(self, at: int) -> bool:
        """Whether this step is a separator."""
        return at < len(self.steps) and self.steps[at] is None


def expectation(given: int | str) -> Expectation:
    """An expectation as people write it. ValueError for a text that is not a number and not a pattern."""
    text = str(given).strip()
    lines, _, row = text.rpartition("x") if re.fullmatch(r"[1-9]\d{0,3}x.+", text) else ("", "", text)
    if re.fullmatch(r"\d{1,6}", row):
        steps: list[Digits | None] = [ANY] * min(int(row), MOST + 1)
    else:
        steps, at = [], 0
        while at < len(row):
            step = STEP.match(row, at)
            if not step:
                raise ValueError(f"expected {GRAMMAR}; got {row[at]!r} in {text!r:.80}")
            sign, several, separator = step.group(), step.group(1), step.group(2)
            steps.append(None if separator else ANY if sign == "d" else frozenset(several or sign))
            at = step.end()
        if not {"d", "["} & {*row}:
            raise ValueError(f"expected {GRAMMAR}; got {text!r:.80}, in which no digit is open")
    found = Expectation(text, tuple(steps), int(lines) if lines else None)
    if isinstance(given, bool) or not 1 <= found.digits <= MOST:
        raise ValueError(f"expected 1 to {MOST} digits in a line; got {text!r:.80}")
    return found


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number > 1)}"
