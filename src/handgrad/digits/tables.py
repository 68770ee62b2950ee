"""Tables of numbers as text (CSV and its kin): a row is an image, one of its columns the label.

text -> separator, header and label column, by the first lines -> one pass of numpy.loadtxt -> pixels, labels
"""

import codecs
import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

import numpy as np

from handgrad.arrays import PIXEL_MAX, NDArray
from handgrad.digits.places import Place
from handgrad.errors import DataError

LABEL_NAMES = ("label", "labels", "class", "target", "y", "digit", "category", "letter", "text")
INDEX_NAMES = ("", "id", "index", "imageid", "unnamed: 0")  # columns that count the rows
SEPARATORS = ",;\t|"
LOOKED_AT = 50  # lines
LONGEST_LINE = 1 << 24  # characters
LABEL = "U40"  # type of a label while the text is read; a longer one is refused
MOST_LABELS = 256  # different values in a column that is taken for the labels
PARTLY = re.compile(rb"[.eEnN]")  # a number with a fraction or an exponent, nan, inf
FAULTS = (
    (re.compile(r"could not convert string (.*) to \w+ at row (\d+), column (\d+)", re.S), 1),
    (re.compile(r"()(\d+) columns but (\d+) were found at row (\d+)"), 0),
    (re.compile(r"()from (\d+) to (\d+) at row (\d+)"), 0),
)


class Table(NamedTuple):
    """A table of images: what it is, in words, the pixels (N, D), and the labels, if it has any."""

    how: str
    images: NDArray
    labels: NDArray | None


class Layout(NamedTuple):
    """How the lines of a table are to be read."""

    separator: str | None  # None: white space
    header: list[str] | None
    width: int  # number of columns
    label: int | None  # its column; None if only all rows can tell
    counted: bool  # whether the first column counts the rows
    encoding: str


def read_table(place: Place, name: str) -> Table:
    """A table of pixels with a label in each row, or without labels; in one pass, in little memory.

    DataError names the file, and the line where it can.
    """
    shown = place.shown(name)
    layout = layout_of(place, name)
    with _text(place, name, layout) as text:
        data = _parsed(text, layout, shown, _is_fractional(place, name, layout))
    how = _named(layout)
    if layout.label is not None:
        parts = [data[key] for key in ("before", "after") if key in (data.dtype.names or ())]
        labels = data["label"]
        if (np.char.str_len(labels) >= int(LABEL[1:])).any():
            raise DataError(
                f"{shown}: expected labels of less than {LABEL[1:]} characters; got a longer label"
            )
        where = f"label in column {layout.header[layout.label]!r}" if layout.header else _place_of(layout)
        return Table(
            f"{how}, {where}", _whole(np.concatenate(parts, axis=1) if parts[1:] else parts[0]), labels
        )
    rows = data["before"]
    if _is_square(layout.width) and not _is_square(layout.width - 1):
        return Table(f"{how}, no labels", _whole(rows), None)
    images, labels, where = apart(rows, shown)
    return Table(f"{how}, {where}", _whole(images), labels)


def apart(rows: NDArray, shown: str) -> tuple[NDArray, NDArray, str]:
    """The pixels and the labels of a table (N, 1 + D) of numbers, and where the labels are, in words."""
    if _label_first(rows, shown):
        return rows[:, 1:], rows[:, 0].astype(np.int64), "label first"
    return rows[:, :-1], rows[:, -1].astype(np.int64), "label last"


class Sample(NamedTuple):
    """The first rows of a table."""

    separator: str | None  # None: white space
    rows: list[list[str]]
    encoding: str


def first_rows(place: Place, name: str) -> Sample:
    """The first rows of a table as text.  DataError for a file that is not text."""
    shown = place.shown(name)
    with place.open(name) as file:
        begins = file.read(4)
    if begins[:1] == b"<":
        raise DataError(f"{shown}: expected data; got a web page (HTML); download the file itself")
    encoding = "utf-16" if begins[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    with place.open(name) as file, _errors(shown):
        with io.TextIOWrapper(file, encoding, newline=None) as text:
            lines = list(_lines(text, shown))
        separator = max(SEPARATORS, key=lines[0].count) if lines else ","
        found = separator if lines and separator in lines[0] else None
        rows = list(csv.reader(lines, delimiter=found)) if found else [line.split() for line in lines]
    if not rows:
        raise DataError(f"{shown}: expected rows of numbers; got an empty file")
    return Sample(found, rows, encoding)


def layout_of(place: Place, name: str) -> Layout:
    """How a table of pixels is to be read, from its first lines.  DataError if it is not a table."""
    shown = place.shown(name)
    separator, rows, encoding = first_rows(place, name)
    header = [cell.strip() for cell in rows[0]] if _is_header(rows[0]) else None
    body = rows[1:] if header else rows
    if not body or len(rows[0]) < 2:
        got = "a header alone" if len(rows[0]) > 1 else f"{rows[0][0][:40]!r}"
        raise DataError(f"{shown}: expected rows with a label and pixels, separated by commas; got {got}")
    index = header is not None and len(header) > 2 and header[0].lower() in INDEX_NAMES
    return Layout(separator, header, len(rows[0]), _label_column(header, body, shown), index, encoding)


def _lines(text: IO[str], shown: str) -> Iterator[str]:
    """The first lines that are not empty."""
    for _ in range(LOOKED_AT):
        line = text.readline(LONGEST_LINE)
        if len(line) >= LONGEST_LINE:
            raise DataError(
                f"{shown}: expected lines of less than {LONGEST_LINE:,} characters; got a longer line"
            )
        if line.strip():
            yield line


def _is_header(cells: Sequence[str]) -> bool:
    """Whether a first row names the columns: most are no numbers, or they count 0, 1, 2 and so on."""
    words = sum(not _is_number(cell) for cell in cells)
    numbers = [cell.strip() for cell in cells if _is_number(cell)]
    counts = len(numbers) > 2 and numbers == [str(i + (numbers[0] == "1")) for i in range(len(numbers))]
    return words > len(cells) / 2 or counts


def _label_column(header: list[str] | None, body: list[list[str]], shown: str) -> int | None:
    """The column that a header names, or that has words in it; None where neither tells."""
    names = [name.lower() for name in header or ()]
    named = [names.index(name) for name in LABEL_NAMES if name in names]
    if named:
        return named[0]
    first = int(bool(names) and names[0] in INDEX_NAMES and len(names) > 2)
    words = {
        i
        for row in body
        for i, cell in enumerate(row[first:], first)
        if not _is_number(cell) and cell.strip()
    }
    if len(words) > 1:
        columns = ", ".join(str(i + 1) for i in sorted(words)[:3])
        raise DataError(f"{shown}: expected numbers and one column of labels; got words in columns {columns}")
    return words.pop() if words else None


@contextmanager
def _text(place: Place, name: str, layout: Layout) -> Iterator[IO[str]]:
    """The rows of a table as text, behind its header."""
    with (
        place.open(name) as file,
        _errors(place.shown(name)),
        io.TextIOWrapper(file, layout.encoding, newline=None) as text,
    ):
        if layout.header is not None:
            while not text.readline().strip():
                pass
        yield text


@contextmanager
def _errors(shown: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise DataError(f"{shown}: expected text in UTF-8; got other bytes ({error.reason})") from None
    except csv.Error as error:
        raise DataError(f"{shown}: expected a table as text; {error}") from None


def _is_fractional(place: Place, name: str, layout: Layout) -> bool:
    """Whether numbers may have a fraction. loadtxt would read 0.5 as the whole number 0."""
    if layout.encoding == "utf-16":
        return True
    with place.open(name) as file:
        if layout.header is not None:
            while not file.readline().strip(codecs.BOM_UTF8 + b" \t\r\n"):
                pass
        while chunk := file.read(1 << 20):
            if PARTLY.search(chunk):
                return True
    return False


def _parsed(text: IO[str], layout: Layout, shown: str, fractional: bool) -> NDArray:
    """The columns of a table: the pixels before and after the label, and the label as text."""
    first, label, width = int(layout.counted), layout.label, layout.width
    end = width if label is None else label
    types = [np.uint8, np.float32] if not fractional else [np.float32]
    for pixels in types:
        fields: list[Any] = [("index", LABEL)] * first
        if end > first:
            fields.append(("before", pixels, (end - first,)))
        if label is not None:
            fields.append(("label", LABEL))
            if width > label + 1:
                fields.append(("after", pixels, (width - label - 1,)))
        if len(fields) < 2 and label is not None:
            raise DataError(f"{shown}: expected pixels beside the labels; got one column")
        where = text.tell() if pixels is not types[-1] else None
        try:
            return np.loadtxt(
                text, np.dtype(fields), comments=None, delimiter=layout.separator, quotechar='"', ndmin=1
            )
        except ValueError as error:
            if isinstance(error, UnicodeError | DataError):
                raise
            if where is None or "could not convert" not in str(error):
                raise DataError(f"{shown}: {_fault(str(error), layout)}") from None
            text.seek(where)
    raise AssertionError("the last type of pixels returns or raises")


def _fault(message: str, layout: Layout) -> str:
    """What loadtxt says, with the line of the file."""
    before = layout.header is not None
    for form, kind in FAULTS:
        if (found := form.search(message)) is None:
            continue
        if kind:
            text, row, column = found.groups()
            return f"line {int(row) + 1 + before}, column {column}: expected a number; got {text[:40]}"
        _, expected, got, row = found.groups()
        return f"line {int(row) + before}: expected {expected} columns; got {got}"
    return f"expected a table of numbers ({message[:80]})"


def _label_first(rows: NDArray, shown: str) -> bool:
    """Whether the labels are the first column, not the last: the one whose values are a few whole numbers.

    The pixel in a corner of an image mostly has one value; the labels have several.
    """
    able = [_could_be_labels(rows[:, column]) for column in (0, -1)]
    if max(able) == 0 or able[0] == able[1]:
        expected = "expected the label in the first column or the last; neither tells from its values"
        raise DataError(f"{shown}: {expected}; add a header line that names the column 'label'")
    return able[0] > able[1]


def _could_be_labels(column: NDArray) -> int:
    """How much a column looks like labels: 0 not at all, 1 a few whole numbers, 2 counting from 0 or 1."""
    values = np.unique(column)
    if not 2 <= len(values) <= MOST_LABELS or (values != np.rint(values)).any():
        return 0
    return 1 + int(values[0] in (0, 1) and values[-1] - values[0] == len(values) - 1)


def _whole(pixels: NDArray) -> NDArray:
    """Floats that are all whole numbers from 0 to 255, and not only 0 and 1, as uint8."""
    if pixels.dtype == np.uint8:
        return pixels
    high = pixels.max(initial=0)
    whole = 1 < high <= PIXEL_MAX and pixels.min() >= 0 and (pixels == np.rint(pixels)).all()
    return pixels.astype(np.uint8) if whole else pixels


def _named(layout: Layout) -> str:
    kind = {",": "CSV", "\t": "TSV"}.get(str(layout.separator), "table")
    return f"{kind} with a header" if layout.header else f"{kind} without a header"


def _place_of(layout: Layout) -> str:
    return {0: "label first", layout.width - 1: "label last"}.get(
        layout.label or 0, f"label in column {(layout.label or 0) + 1}"
    )


def _is_square(D: int) -> bool:
    return math.isqrt(D) ** 2 == D and D > 1


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
