"""What a teacher should look at in a hand-in. Read from the text only; marks never change for it."""

from collections.abc import Sequence

from handgrad.workbook.marking.handin import HandIn


def flags_of(given: Sequence[HandIn], exercises: Sequence[str] = ()) -> list[tuple[str, ...]]:
    """The flags of each hand-in."""
    return [() for _ in given]
