"""What handgrad predict says about a picture: text for a terminal, and a document for JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from handgrad.model import Model
from handgrad.photos import LeftOut, PageReading, Reading


def document(name: str, page: PageReading) -> dict[str, Any]:
    """The part of the JSON document that belongs to one picture."""
    return {
        "file": name,
        "text": page.text,
        "doubtful": page.doubtful,
        "turned": page.turned,
        "digits": [
            {
                "digit": one.digit,
                "confidence": one.confidence,
                "runner_up": one.runner_up,
                "box": list(one.box),
                "scores": list(one.scores),
                "doubtful": one.doubtful,
                "why": list(one.why),
            }
            for one in page.digits
        ],
        "left_out": [{"box": list(each.box), "reason": each.reason} for each in page.left_out],
        "fields": [
            {"box": list(each.box), "text": each.text, "digits": list(each.digits)} for each in page.fields
        ],
    }


def text(name: str, page: PageReading, model: Model) -> str:
    """What was read, for people: the digits, those in doubt, and what was left out."""
    unread = [left_out(page.left_out)] if page.left_out else []
    if not page.digits:
        return "\n".join([f"{name}: no digit found", *unread])
    if len(page.digits) == 1:
        return "\n".join([_one(name, page.digits[0], model), *unread])
    rows = ["".join(f"{one.digit}{'?' * one.doubtful}" for one in line) for line in page.lines]
    told = (
        [f"{name}: {rows[0]}"]
        if len(rows) == 1
        else [f"{name}: {len(rows)} lines", *(f"  {row}" for row in rows)]
    )
    for number, line in enumerate(page.lines, 1):
        for place, one in enumerate(line, 1):
            if one.doubtful:
                where = f"line {number}, digit {place}" if len(rows) > 1 else f"digit {place}"
                sure = f"confidence {one.confidence:.3f}, runner-up {one.runner_up}, {', '.join(one.why)}"
                told.append(f"  {where}: {one.digit}?  ({sure}; at {one.box[0]}, {one.box[1]})")
    return "\n".join([*told, *unread])


def left_out(found: Sequence[LeftOut]) -> str:
    """One line that says what was left out, and why."""
    reasons = Counter(each.reason for each in found)
    return "  left out: " + ", ".join(f"{count} {reason}" for reason, count in reasons.items())


def _one(name: str, one: Reading, model: Model) -> str:
    """A single digit with all its outputs."""
    mark = "?" if one.doubtful else " "
    why = f", {', '.join(one.why)}" if one.why else ""
    told = [f"{name}: {one.digit}{mark}  (confidence {one.confidence:.3f}, runner-up {one.runner_up}{why})"]
    for c, score in zip(model.classes, one.scores, strict=True):
        told.append(f"  {c}  {score:.3f}  {'#' * round(40 * score)}".rstrip())
    return "\n".join(told)


def marked(one: Reading) -> str:
    """The text above the box of a digit."""
    return f"{one.digit}? {one.runner_up}" if one.doubtful else str(one.digit)
