"""How many of the pictures are read: digits right, and strings entirely right."""

import io
from typing import NamedTuple

from handgrad.photos import read_picture
from handgrad.photos.reading import read


class Verdict(NamedTuple):
    """What was read on one picture."""

    expected: str
    got: str
    doubtful: int  # how many digits were marked

    @property
    def right(self):
        return self.expected == self.got


def judged(model, samples):
    """A verdict for each sample."""
    verdicts = []
    for sample in samples:
        lines = read(model, read_picture(io.BytesIO(sample.data), "picture"))
        text = "\n".join("".join(str(one.digit) for one in line) for line in lines)
        verdicts.append(Verdict(sample.text, text, sum(one.doubtful for line in lines for one in line)))
    return verdicts


def digits_right(verdicts):
    """The share of digits read: those that are left after the fewest insertions, deletions and exchanges."""
    asked = sum(len(v.expected.replace("\n", "")) for v in verdicts)
    wrong = sum(distance(v.expected, v.got) for v in verdicts)
    return max(0.0, 1 - wrong / asked)


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
