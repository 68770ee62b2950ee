"""Learners' files, wrong and right, as plain data: what the workbook's checker is judged by.

    bases/*.py      whole files, right, each in a style of its own
    mistakes/*.py   wrong ones; the number before the name is that of the table of mistakes, 00 for none of it
    correct/*.py    right ones, written in other ways

A file of mistakes/ or correct/ holds many cases, each under a header:

    # case: einsum, alone; exercise: affine_backward              the learner's file follows
    # case: loops, whole file; exercise: l2_loss; base: loops     bases/loops.py, but for some lines:
    # old:       lines that stand there once, at whatever indentation
    # new:       what stands there instead
    # append:    what is added at the end

remark: yes says that a right answer is passed with a remark. Nothing here runs a learner's code.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

HERE = Path(__file__).parent
HEADER = re.compile(r"^# case: (.*)\n", re.MULTILINE)
SECTION = re.compile(r"^# (old|new|append):\n", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One learner's file: the number of its mistake (None: right, 0: of no number), and where it is."""

    number: int | None
    exercise: str | None  # None: all that the file contains
    style: str
    text: str
    remark: bool = False
    whole: bool = False

    def __str__(self):
        return f"{self.number if self.number is not None else 'right'}: {self.exercise or 'whole file'}, {self.style}"


def bases():
    """The whole files that are right, by name."""
    return {path.stem: path.read_text() for path in sorted((HERE / "bases").glob("*.py"))}


def cases():
    """Every planted mistake."""
    return [
        case
        for path in sorted((HERE / "mistakes").glob("*.py"))
        for case in _read(path, int(path.stem.split("_")[0]))
    ]


def correct():
    """Every right answer, the bases among them."""
    whole = [Case(None, None, f"base {name}", text, whole=True) for name, text in bases().items()]
    return whole + [case for path in sorted((HERE / "correct").glob("*.py")) for case in _read(path, None)]


def _read(path, number):
    _, *parts = HEADER.split(path.read_text())
    for header, body in zip(parts[::2], parts[1::2], strict=True):
        style, *fields = header.split("; ")
        field = dict(part.split(": ", 1) for part in fields)
        text = _edited(bases()[field["base"]], body) if "base" in field else body
        whole = "base" in field or (number is None and "exercise" not in field)
        yield Case(
            number, field.get("exercise"), style, text.strip() + "\n", field.get("remark") == "yes", whole
        )


def _edited(text, edits):
    """A base with its edits carried out."""
    _, *parts = SECTION.split(edits)
    sections = [
        (kind, dedent(lines).strip("\n")) for kind, lines in zip(parts[::2], parts[1::2], strict=True)
    ]
    for i, (kind, lines) in enumerate(sections):
        if kind == "append":
            text += "\n\n" + lines + "\n"
        elif kind == "old":
            assert sections[i + 1][0] == "new", f"expected new lines after these old ones:\n{lines}"
            text = _replaced(text, lines, sections[i + 1][1])
    return text


def _replaced(text, old, new):
    text = "\n" + text.lstrip("\n")
    found = [text.count("\n" + indent(old, depth * "    ") + "\n") for depth in range(8)]
    assert sum(found) == 1, f"expected these lines once, found them {sum(found)} times:\n{old}"
    by = found.index(1) * "    "
    return text.replace("\n" + indent(old, by) + "\n", "\n" + indent(new, by) + "\n")
