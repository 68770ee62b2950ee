"""A sheet of digits that are known -> an image of each digit with its label, for training.

Who writes 0123456789 several times on a sheet has labelled digits. What was read does not matter: a line
counts if as many digits were found on it as it should show. What was read is compared with the labels all the
same, since a sheet that is mostly read as something else has probably been labelled wrongly.
"""

from collections.abc import Sequence
from typing import NamedTuple

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.model import Model
from handgrad.photos.decoding import Picture, Source
from handgrad.photos.reading import read_page
from handgrad.photos.result import Reading


class Known(NamedTuple):
    """A digit on a sheet, and what it is."""

    label: str
    image: NDArray  # (28, 28) uint8, as MNIST's
    line: int  # counted from 1
    place: int  # in the line, counted from 1
    read_as: str


class Sheet(NamedTuple):
    """The digits of a sheet, and the lines that were left out: a line of text each."""

    digits: list[Known]
    left_out: list[str]


def known_digits(model: Model, picture: Picture | NDArray | Source, labels: Sequence[str]) -> Sheet:
    """The digits of a sheet with their labels.

    labels: what each line shows, such as ["0123456789"], from top to bottom; a single text holds for all
    lines. A line may show its text several times. A line on which another number of digits is found is left
    out: nobody could tell which of them is which.
    ImageError if the number of lines is not that of the labels, or if the picture cannot be read.
    """
    lines = read_page(model, picture).lines
    if not lines:
        raise ImageError("no digit found")
    if len(labels) not in (1, len(lines)):
        expected = f"expected {len(labels)} lines of digits, one for each of the labels"
        raise ImageError(f"{expected}; found {len(lines)}: crop the picture, or name the labels of all lines")
    digits: list[Known] = []
    left_out: list[str] = []
    for number, line in enumerate(lines, 1):
        text = labels[0 if len(labels) == 1 else number - 1]
        times, rest = divmod(len(line), len(text))
        if rest:
            found = f"found {len(line)} digits, read as {''.join(str(one.digit) for one in line)}"
            left_out.append(f"line {number}: expected {text}, once or several times; {found}")
            continue
        digits += [
            _known(*each, number) for each in zip(text * times, line, range(1, len(line) + 1), strict=True)
        ]
    return Sheet(digits, left_out)


def _known(label: str, reading: Reading, place: int, line: int) -> Known:
    return Known(label, reading.image, line, place, str(reading.digit))
