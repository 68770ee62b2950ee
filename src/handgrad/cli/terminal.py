"""What a command prints: whoever wrote the words, a terminal obeys none of them.

File names, classes, the words of a server and of a library come to stdout and stderr by many ways. So both
streams show what a terminal would obey as escapes, while a command runs; on stderr each line is of bounded
length, too. What handgrad itself draws with escape sequences, progress bars, goes to the stream beneath.
"""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from handgrad.errors import one_line, readable


class Shown:
    """A text stream of which every line is shown by a function."""

    def __init__(self, beneath: TextIO, show: Callable[[str], str]) -> None:
        self.beneath, self._show = beneath, show

    def write(self, text: str) -> int:
        """Write a text, its lines as they are shown."""
        if not isinstance(text, str):  # how click finds out what a stream takes
            raise TypeError(f"expected a text; got {type(text).__name__}")
        self.beneath.write("\n".join(map(self._show, text.split("\n"))))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


@contextmanager
def guarded() -> Iterator[None]:
    """stdout and stderr show what a terminal would obey as escapes, until the block ends."""
    kept = sys.stdout, sys.stderr
    if isinstance(sys.stdout, io.TextIOWrapper):  # no result is lost for a character that it cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout = _shown(sys.stdout, _result)
    sys.stderr = _shown(sys.stderr, one_line)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept


def bars() -> TextIO:
    """The stream for progress bars: stderr as it is, for escape sequences of our own and words of our own."""
    return cast(TextIO, getattr(sys.stderr, "beneath", sys.stderr))


def _shown(stream: Any, show: Callable[[str], str]) -> Any:
    return None if stream is None else Shown(stream, show)  # None: it is closed


def _result(line: str) -> str:
    """A line of a result, of any length, with its tabs."""
    return "\t".join(map(readable, line.split("\t")))
