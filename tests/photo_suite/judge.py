"""How many of the pictures are read: digits right, strings entirely right, and what was in doubt or left out."""

import io
from typing import NamedTuple

from handgrad.errors import ImageError
from handgrad.photos import read_picture
from handgrad.photos.reading import read_page


class Verdict(NamedTuple):
    """What was read on one picture."""

    expected: str
    got: str  # with the signs that were read
    doubtful: int  # how many digits were marked
    digits: int = 0  # how many were read
    left_out: int = 0  # how many marks were left out, in words
    in_doubt: bool = False  # whether a person should check the picture

    @property
    def right(self):
        return self.expected == self.got

    @property
    def surely_wrong(self):
        """Whether nobody would check what is wrong."""
        return not self.right and not self.in_doubt


def judged(model, samples):
    """A verdict for each sample."""
    return [verdict(model, sample) for sample in samples]


def verdict(model, sample):
    """What is read on a sample; a picture that is refused is in doubt."""
    try:
        page = read_page(model, read_picture(io.BytesIO(sample.data), "picture"), **sample.options)
    except ImageError as refusal:
        return Verdict(sample.text, f"({refusal})", 0, in_doubt=True)
    marked = sum(one.doubtful for one in page.digits)
    return Verdict(sample.text, page.text, marked, len(page.digits), len(page.left_out), page.doubtful)


def digits_right(verdicts):
    """The share of digits read: those that are left after the fewest insertions, deletions and exchanges."""
    asked = sum(len(v.expected.replace("\n", "")) for v in verdicts)
    wrong = sum(distance(v.expected, v.got) for v in verdicts)
    return max(0.0, 1 - wrong / max(1, asked))


def strings_right(verdicts):
    """The share of pictures read entirely right."""
    return sum(v.right for v in verdicts) / len(verdicts)


def distance(one, other):
    """How many insertions, deletions and exchanges make one text of the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row, before = [i], row
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]
