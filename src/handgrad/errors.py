"""The exceptions that handgrad raises, and tables of choices that raise them for a name they do not have.

A message is one line: what was expected, what came, what to do. It often quotes what strangers wrote: file
names, classes, a server's words. So here is also how a text of theirs is shown: with escapes for what a
terminal would obey, and of bounded length.
"""

import re
import unicodedata
from typing import Any

UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # control characters, bytes that are not UTF-8, separators of lines
TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # marks of direction
LINE_END = re.compile(r"\s*\n\s*")
MOST_OF_LINE = 600  # characters of a message
END_OF_LINE = 200  # of these, what is kept of the end of a longer one: what to do stands there

Choice = Any  # a name of a table of Pieces, or a piece of one's own
OWN, LONGEST = "own: ", 80  # stands before the name of a function, where only its name can be given


def readable(text: str) -> str:
    """A text as one line of a terminal, a table or a JSON document can hold it.

    Bytes that are not UTF-8, control characters, and marks that turn the direction of what follows are
    escaped as Python writes them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(ord(c)) if _is_unprintable(c) else c for c in text)


def one_line(text: str) -> str:
    """A message as one readable line of bounded length: lines are joined, a long middle is left out."""
    text = LINE_END.sub(" ", text).replace("\t", " ")
    if len(text) > MOST_OF_LINE:  # before the escapes, which may be six times as long
        text = _shortened(text)
    return _shortened(readable(text))


def quoted(value: object, most: int = 80) -> str:
    """The beginning of a value's repr, for a message: of an array, say, which has several lines."""
    return one_line(repr(value))[:most]


def expect_short(what: str, text: object, most: int = 100) -> None:
    """ValueError unless this is a text that every message and picture can hold: short, and readable."""
    if not isinstance(text, str) or len(text) > most or text != readable(text):
        expected = f"expected {what} as a text of at most {most} characters, without control characters"
        raise ValueError(f"{expected}; got {quoted(text)}")


def _shortened(text: str) -> str:
    if len(text) <= MOST_OF_LINE:
        return text
    mark = " ... "
    return text[: MOST_OF_LINE - END_OF_LINE - len(mark)] + mark + text[-END_OF_LINE:]


def _is_unprintable(character: str) -> bool:
    return unicodedata.category(character) in UNPRINTABLE or character in TURNING


def _escaped(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a file name that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class Choices(dict[str, Any]):
    """A dictionary that raises ValueError for a missing name; the message lists the names that it has."""

    def __missing__(self, name: str) -> Any:
        raise ValueError(f"expected one of {', '.join(self)}; got {quoted(name)}")


class Pieces(Choices):
    """A table of functions, or of tuples of functions and texts. A piece of one's own stands for itself.

    It must have the form of the entries; texts that it lacks at its end are those of the first entry.
    ValueError for everything else says which names there are, and what the form is.
    """

    def __getitem__(self, choice: Choice) -> Any:
        if isinstance(choice, str):
            return super().__getitem__(choice)
        if (piece := self._completed(choice)) is None:
            raise ValueError(f"expected one of {', '.join(self)}, or {self.form}; got {quoted(choice)}")
        return piece

    def __missing__(self, name: str) -> Any:
        if names_own(name):
            raise ModelFileError(
                f"the model file names the function {name.removeprefix(OWN)}, but does not hold it; put the "
                "function itself in the place of its name"
            )
        return super().__missing__(name)

    def __contains__(self, choice: Choice) -> bool:
        return (
            super().__contains__(choice) if isinstance(choice, str) else self._completed(choice) is not None
        )

    @property
    def form(self) -> str:
        """The form of a piece, in words: "your own in the form of (l2_loss, 'y')"."""
        name, first = next(iter(self.items()))
        parts = [repr(part) if isinstance(part, str) else part.__name__ for part in _parts(first)]
        return "your own in the form of " + (f"({', '.join(parts)})" if len(parts) > 1 else name)

    def _completed(self, choice: Choice) -> Any:
        entries = [_parts(entry) for entry in self.values()]
        parts, first = _parts(choice), entries[0]
        parts += tuple(part for part in first[len(parts) :] if isinstance(part, str))
        columns = list(zip(*entries, strict=True))
        if len(parts) != len(columns) or not all(map(_has_form, parts, columns)):
            return None
        return parts if len(first) > 1 else parts[0]


def _parts(piece: Any) -> tuple[Any, ...]:
    return piece if isinstance(piece, tuple) else (piece,)


def _has_form(part: Any, column: tuple[Any, ...]) -> bool:
    return part in column if isinstance(part, str) else callable(part) and callable(column[0])


def name_of(choice: Choice) -> str:
    """The name of a choice. That of a piece of one's own is "own: " and the name of its (first) function."""
    if isinstance(choice, str):
        return choice
    function = _parts(choice)[0]
    function = getattr(function, "func", function)  # functools.partial has no name
    return f"{OWN}{getattr(function, '__name__', type(function).__name__)}"[:LONGEST]


def names_own(choice: Choice) -> bool:
    """Whether this is a name that name_of gives a piece of one's own."""
    named = isinstance(choice, str) and choice.startswith(OWN) and choice.isprintable()
    return named and len(OWN) < len(choice) <= LONGEST


class HandgradError(Exception):
    """The base class of all errors that handgrad raises about files, data and runs.

    Whatever the message quotes, it is one readable line of bounded length.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(str(message)))


class DataError(HandgradError, ValueError):
    """A data file, or an array of images or labels, is not valid."""


class ImageError(HandgradError, ValueError):
    """A picture cannot be read."""


class ModelFileError(HandgradError, ValueError):
    """A file is not a model file, or it is damaged or contradicts itself."""


class MissingExtraError(HandgradError, ImportError):
    """A feature needs an optional dependency that is not installed."""


class RankLostError(HandgradError):
    """One of the processes that train together has ended, or cannot be reached."""


class DivergedError(HandgradError, ArithmeticError):
    """Training produced values that are not finite, or saturated until no gradient was left."""

    def __init__(self, what: str, epoch: int, batch: int, learning_rate: float) -> None:
        self.what, self.epoch, self.batch, self.learning_rate = what, epoch, batch, learning_rate
        super().__init__(
            f"training diverged: {what} in epoch {epoch}, batch {batch}, at learning rate "
            f"{learning_rate:g}; use a smaller learning rate"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by message and fields, so the error crosses process boundaries whole."""
        return DivergedError, (self.what, self.epoch, self.batch, self.learning_rate)


def came_of_ctrl_c(error: BaseException | None) -> bool:
    """Whether the error is a KeyboardInterrupt, or hides one.

    Up to version 3.11, Python turns a KeyboardInterrupt into a RuntimeError if it arrives while an enum class
    is being created, and importing the modules for HTTP creates hundreds of enums.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
