"""What handgrad predict says about a picture: text for a terminal, and a document for JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from handgrad.model import Model

if TYPE_CHECKING:
    from handgrad.photos import LeftOut, PageReading


def document(name: str, page: "PageReading") -> dict[str, Any]:
    """The part of the JSON document that belongs to one picture."""
    return {
        "file": name,
        "text": page.text,
        "doubtful": page.doubtful,
        "turned": page.turned,
        "mismatch": page.mismatch,
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
        "signs": [
            {"sign": each.text, "box": list(each.box), "line": each.line, "place": each.place}
            for each in page.signs
        ],
        "left_out": [{"box": list(each.box), "reason": each.reason} for each in page.left_out],
        "fields": [
            {"box": list(each.box), "text": each.text, "digits": list(each.digits)} for each in page.fields
        ],
    }


def text(name: str, page: "PageReading", model: Model) -> str:
    """What was read, for people: the digits, those in doubt, and what was left out."""
    unread = notes(page)
    if not page.digits:
        return "\n".join([f"{name}: no digit found", *unread])
    if len(page.digits) == 1:
        return "\n".join([_one(name, page, model), *unread])
    rows = [page.row(number, doubt="?") for number in range(len(page.lines))]
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


def notes(page: "PageReading") -> list[str]:
    """Lines about the page: how it was turned, what was left out, how it differs from what was expected."""
    told = [f"  read turned by {page.turned} degrees"] if page.turned else []
    told += [_left_out(page.left_out)] if page.left_out else []
    return [*told, *([f"  {page.mismatch}"] if page.mismatch else [])]


def _left_out(found: "Sequence[LeftOut]") -> str:
    """One line that says what was left out, such as "left out: 1 dot at 120, 40; 2 marks at the border"."""
    told = []
    for reason, count in Counter(each.reason for each in found).items():
        boxes = [each.box for each in found if each.reason == reason]
        told.append(f"1 {reason} at {boxes[0][0]}, {boxes[0][1]}" if count == 1 else _several(count, reason))
    return "  left out: " + "; ".join(told)


def _several(count: int, reason: str) -> str:
    """A number of things, whose first word gets the ending of a plural."""
    noun, space, rest = reason.partition(" ")
    return f"{count} {noun}{'es' if noun.endswith('sh') else 's'}{space}{rest}"


def _one(name: str, page: "PageReading", model: Model) -> str:
    """A single digit with all its outputs."""
    one = page.digits[0]
    row = page.row(0, doubt="?") + ("" if one.doubtful else " ")
    why = f", {', '.join(one.why)}" if one.why else ""
    told = [f"{name}: {row}  (confidence {one.confidence:.3f}, runner-up {one.runner_up}{why})"]
    for c, score in zip(model.classes, one.scores, strict=True):
        told.append(f"  {c}  {score:.3f}  {'#' * round(40 * score)}".rstrip())
    return "\n".join(told)
