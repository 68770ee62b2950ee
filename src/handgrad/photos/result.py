"""What was read on a picture: the digits line by line, and what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from handgrad.arrays import NDArray

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the upright picture
PRINT = "mark of print beside the cells"  # a reason to leave something out that puts no field in doubt


@dataclass(frozen=True)
class Reading:
    """A digit on a picture."""

    digit: int | str
    confidence: float  # 0 to 1: model.confidence
    runner_up: int | str  # the class of the second highest output
    box: Box
    scores: tuple[float, ...]  # the outputs, one per class
    doubtful: bool  # whether a person should check it
    image: NDArray = field(repr=False, compare=False)  # (28, 28) uint8, what the network saw
    why: tuple[str, ...] = ()  # the reasons of the doubt; empty if there is none


@dataclass(frozen=True)
class LeftOut:
    """Ink on a picture that was not read as a digit."""

    box: Box
    reason: str  # what it is, such as "dot" or "mark at the border"


@dataclass(frozen=True)
class Sign:
    """A sign beside digits, such as a decimal point or a minus."""

    text: str
    box: Box
    line: int  # the number of its line, counted from 0
    place: int  # how many digits of the line stand before it


@dataclass(frozen=True)
class Field:
    """A cell of a form, and what stands in it."""

    box: Box
    text: str  # "" if the cell is empty
    digits: tuple[int, ...]  # the numbers of its digits, counted from 0 over all lines


@dataclass(frozen=True)
class PageReading:
    """What was read on a picture."""

    lines: Sequence[Sequence[Reading]]  # lines from top to bottom, digits from left to right
    left_out: Sequence[LeftOut] = ()
    fields: Sequence[Field] = ()  # the cells of a form, in reading order; empty if there is no form
    signs: Sequence[Sign] = ()  # in reading order
    turned: int = 0  # degrees, clockwise, by which the picture was turned to be read: 0, 90, 180 or 270
    mismatch: str | None = None  # how it differs from what was expected; None if it agrees, or nothing was

    @property
    def digits(self) -> list[Reading]:
        """The digits of all lines, in reading order."""
        return [digit for line in self.lines for digit in line]

    @property
    def text(self) -> str:
        """The digits and signs as text, a row for each line."""
        return "\n".join(self.row(number) for number in range(len(self.lines)))

    def row(self, number: int, doubt: str = "") -> str:
        """A line as text, by its number. doubt: what follows a doubtful digit."""
        line = self.lines[number]
        texts = [*(f"{digit.digit}{doubt * digit.doubtful}" for digit in line), ""]
        for sign in reversed([sign for sign in self.signs if sign.line == number]):
            texts[sign.place] = sign.text + texts[sign.place]
        return "".join(texts)

    @property
    def doubtful(self) -> bool:
        """Whether a person should check the picture: for a digit, something left out, or a mismatch.

        The words that are printed beside the cells of a form are left out without doubt.
        """
        is_lost = any(each.reason != PRINT for each in self.left_out)
        return is_lost or bool(self.mismatch) or any(digit.doubtful for digit in self.digits)
