"""A verdict in the learner's own layout: shapes and entries as they stand in their arrays."""

from __future__ import annotations

import re
from dataclasses import replace

from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.layout import LESSON, OF_LETTER, Layout

SHAPES = re.compile(
    r"^(.*?\b(dx|dW|db|dy|out|[Wb][12])\b.*?)\((\d+), (\d+)\)(.*?)\((\d+), (\d+)\)$", re.MULTILINE
)


def told(verdict: Verdict, layout: Layout) -> Verdict:
    """A verdict of a layout, with its shapes and entries as they stand in the learner's arrays."""
    if layout == LESSON or verdict.passed:
        return verdict

    def shapes(found: re.Match[str]) -> str:
        before, letter, *rest = found.groups()
        a, b = layout.index(letter, (int(rest[0]), int(rest[1])))
        c, d = layout.index(letter, (int(rest[3]), int(rest[4])))
        return f"{before}({a}, {b}){rest[2]}({c}, {d})"

    said = f"judged in your layout: {layout}" if str(layout) else ""
    message = "\n".join(part for part in (SHAPES.sub(shapes, verdict.message), said) if part)
    entry = verdict.entry
    if entry:
        letter = re.sub(r"grads\[(.*)\]|grad of ", r"\1", entry.of)
        entry = replace(entry, index=layout.index(letter, entry.index))
    pictures = tuple(
        (of, *(layout.give(OF_LETTER.get(re.sub(r"grads\[(.*)\]", r"\1", of), ""), a) for a in pair))
        for of, *pair in verdict.pictures
    )
    return replace(verdict, message=message, entry=entry, pictures=pictures)
