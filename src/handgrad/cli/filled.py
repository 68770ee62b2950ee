"""What handgrad predict --fields says about a picture: a line for each cell of the form."""

from typing import TYPE_CHECKING

from handgrad.cli.predicted import notes, text
from handgrad.model import Model

if TYPE_CHECKING:
    from handgrad.photos import Field, PageReading


def text_by_field(name: str, page: "PageReading", model: Model) -> str:
    """What was read, cell by cell, for people; without cells, the text as it is without --fields."""
    if not page.fields:
        return f"{text(name, page, model)}\n  no field found"
    count = len(page.fields)
    told = [f"{name}: {count} field{'s' * (count != 1)}"]
    told += [f"  field {number}: {_content(page, each)}" for number, each in enumerate(page.fields, 1)]
    return "\n".join([*told, *notes(page)])


def _content(page: "PageReading", field: "Field") -> str:
    """The digits of a field, those in doubt with their reasons."""
    digits = [page.digits[number] for number in field.digits]
    if not digits:
        return "empty"
    shown = "".join(f"{one.digit}{'?' * one.doubtful}" for one in digits)
    doubts = [
        f"{one.digit}: confidence {one.confidence:.3f}, runner-up {one.runner_up}, {', '.join(one.why)}"
        for one in digits
        if one.doubtful
    ]
    return f"{shown}  ({'; '.join(doubts)})" if doubts else shown
