"""What a learner's code prints, as a part of a command's own output: labelled, indented and bounded."""

import io
from collections.abc import Callable, Sequence

from handgrad.errors import readable
from handgrad.workbook.desk.submission import Source

MOST_LINES, MOST_LIVE_LINES, LONGEST_LINE = 40, 2000, 200
MARGIN = "    "


def labelled(sources: Sequence[Source], text: str) -> str:
    """The lines to show; "" where nothing was printed."""
    shown: list[str] = []
    printed = Printed(sources, shown.append, MOST_LINES)
    printed.write(text.rstrip())
    printed.end()
    return "".join(shown).removesuffix("\n")


class Printed(io.TextIOBase):
    """A stdout for a learner's code. What is printed goes on to `show` at once, as a debugger needs it."""

    def __init__(
        self, sources: Sequence[Source], show: Callable[[str], object], most: int = MOST_LIVE_LINES
    ) -> None:
        names = [source.name for source in sources]
        who = names[0] if len(names) == 1 else f"the {len(names)} files"
        self._label, self._show, self._most = f"printed by {who}:\n", show, most
        self._lines, self._letters = 0, 0  # whole lines; letters of the open one

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Show the text."""
        for piece in text.splitlines(keepends=True):
            self._piece(piece.rstrip("\r\n"))
            if piece.endswith("\n"):
                self._end_line()
        return len(text)

    def end(self) -> None:
        """End the open line, and say how much was left out."""
        if self._letters:
            self._end_line()
        if self._lines > self._most:
            self._show(f"{MARGIN}... and {self._lines - self._most:,} lines more\n")

    def _piece(self, text: str) -> None:
        if not self._lines and not self._letters:
            self._show(self._label)
        if self._lines < self._most:
            room = max(0, LONGEST_LINE - self._letters)
            text = readable(text.expandtabs(4))
            cut = "..." if len(text) > room > 0 else ""
            self._show((MARGIN if text and not self._letters else "") + text[:room] + cut)
        self._letters += len(text)

    def _end_line(self) -> None:
        if self._lines < self._most:
            self._show("\n")
        self._lines, self._letters = self._lines + 1, 0
