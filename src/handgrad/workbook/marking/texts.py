"""The text of a learner's file: its encoding found out, a notebook without its outputs and pictures.

What is mended or guessed is said. Sizes are limited before memory is taken.
"""

import ast
import codecs
import io
import json
import re
import tokenize
from contextlib import suppress
from html.parser import HTMLParser
from typing import NamedTuple

from handgrad.errors import DataError
from handgrad.workbook.marking import kinds

MB = 1_000_000
LARGEST = {
    kinds.PYTHON: 1 * MB,
    kinds.NOTEBOOK: 50 * MB,
    kinds.PERHAPS: 50 * MB,
}  # a notebook holds its pictures
LARGEST_CODE = 10 * MB  # of a notebook, without its pictures
MARKS = (  # how a text in another encoding begins; UTF-32 before UTF-16, whose mark begins alike
    (codecs.BOM_UTF8, "utf-8", ""),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
DEFINES = re.compile(r"^(def|class)[ \t]+\w+.*:", re.MULTILINE)
PICTURE = re.compile(  # "image/png": "...", as a text or a list of texts
    rb'("[\w.-]+/[\w.+-]+"\s*:\s*)("[^"\\]*(?:\\.[^"\\]*)*"|\[\s*"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*,\s*"[^"\\]*(?:\\.[^"\\]*)*")*\s*\])'
)
BEGINNINGS = (
    (b"PK\x03\x04", "a zip archive or an Office document under this name"),
    (b"%PDF", "a PDF document under this name"),
    (b"\x1f\x8b", "a compressed file under this name"),
    (b"Rar!", "a RAR archive under this name"),
)


class Text(NamedTuple):
    """A file as the desk reads it: Python, or the JSON of a notebook's code cells if name ends in .ipynb."""

    name: str
    text: str
    note: str  # what was mended; "" if nothing


def read(name: str, data: bytes) -> Text:
    """The text of a file by its name and bytes. DataError, without the name, says why there is none."""
    kind = kinds.kind_of(name)
    if len(data) > (limit := LARGEST.get(kind, MB)):
        raise DataError(f"expected at most {limit // MB} MB; it is larger")
    for beginning, what in BEGINNINGS:
        if data.startswith(beginning):
            raise DataError(f"{what}; {kinds.INSTEAD}")
    if not data and kind == kinds.NOTEBOOK:
        raise DataError("an empty file, not a Jupyter notebook")
    if kind == kinds.PERHAPS:
        return _perhaps(name, data)
    stem, notes = kinds.stem_of(name), list[str]()
    if _is_notebook(data) or (kind == kinds.NOTEBOOK and not _is_code(data)):
        if kind == kinds.PYTHON:
            notes = ["a notebook under the name of a Python file"]
        return Text(f"{stem}.ipynb", code_cells(data), "; ".join(notes))
    if kind == kinds.NOTEBOOK:
        notes = ["Python under the name of a notebook"]
    text, note = decode(data)
    if text.lstrip()[:15].casefold().startswith(("<!doctype html", "<html")):
        raise DataError(f"a web page under this name; {kinds.INSTEAD}")
    return Text(f"{stem}.py", text, "; ".join([*notes, *([note] if note else [])]))


def decode(data: bytes) -> tuple[str, str]:
    """The text of a Python file with Unix line ends, and what was guessed. DataError for other bytes."""
    for mark, encoding, said in MARKS:
        if data.startswith(mark):
            try:
                return _lines(data[len(mark) :].decode("utf-8") if not said else data.decode(encoding)), (
                    f"read as {said}" if said else ""
                )
            except ValueError:
                break
    if b"\0" in data:
        half = data[1::2].count(0), data[0::2].count(0)
        if max(half) > 0.8 * len(data) / 2:
            encoding = "utf-16-le" if half[0] > half[1] else "utf-16-be"
            return _lines(data.decode(encoding, "replace")), "read as UTF-16"
        raise DataError("expected text; got a binary file")
    try:
        named = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        return _lines(data.decode(named)), ""
    except (SyntaxError, ValueError, LookupError):
        pass
    for encoding, said in (
        ("utf-8", "UTF-8, in spite of what its first lines say"),
        ("cp1252", "Windows-1252"),
    ):
        try:
            text = _lines(data.decode(encoding))
        except ValueError:
            continue
        if not CONTROL.search(text):
            return text, f"read as {said}" if encoding == "utf-8" else f"not UTF-8; read as {said}"
    raise DataError("expected text in UTF-8; got other bytes")


def code_cells(data: bytes) -> str:
    """The JSON of a notebook with its code cells alone; other cells stand there empty, so that they count."""
    for mark, encoding, said in MARKS:
        if data.startswith(mark) and not said:
            data = data[len(mark) :]
        elif data.startswith(mark):
            data = data.decode(encoding, "replace").encode("utf-8", "replace")
    if len(data) > LARGEST_CODE:
        data = PICTURE.sub(rb'\1""', data)
    if len(data) > LARGEST_CODE:
        raise DataError(f"expected at most {LARGEST_CODE // MB} MB besides pictures; it is larger")
    try:
        book = json.loads(data)
        cells = [_cell(cell) for cell in (book["cells"] if "cells" in book else _of_sheets(book))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError("not a Jupyter notebook") from None
    return json.dumps({"cells": cells})


def _cell(cell: dict[str, object]) -> dict[str, str]:
    if cell["cell_type"] != "code":
        return {"cell_type": "markdown", "source": ""}
    lines = cell["source"] if "source" in cell else cell["input"]  # input: the third format, of 2013
    return {"cell_type": "code", "source": "".join(lines)}  # type: ignore[arg-type]


def _of_sheets(book: dict[str, list[dict[str, list[dict[str, object]]]]]) -> list[dict[str, object]]:
    return [cell for sheet in book["worksheets"] for cell in sheet["cells"]]


def _is_notebook(data: bytes) -> bool:
    begin = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return (
        begin.startswith(b"{") and b'"cell_type"' in data and (b'"cells"' in data or b'"worksheets"' in data)
    )


def _is_code(data: bytes) -> bool:
    """Whether this is Python text, with something defined in it."""
    if len(data) > LARGEST[kinds.PYTHON]:
        return False
    try:
        text, _ = decode(data)
        return bool(DEFINES.search(text)) and bool(ast.parse(text))
    except (DataError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _perhaps(name: str, data: bytes) -> Text:
    """A text without a kind of its own: Python, a notebook, or a notebook that was exported as a web page."""
    stem = kinds.stem_of(name)
    if _is_notebook(data):
        return Text(f"{stem}.ipynb", code_cells(data), "a notebook under another name")
    if kinds.suffix_of(name) in (".html", ".htm"):
        return Text(f"{stem}.ipynb", _exported(data), "an exported notebook; its code cells were read")
    if kinds.suffix_of(name) == ".json" or not _is_code(data):
        raise DataError(f"not Python; {kinds.INSTEAD}")
    text, note = decode(data)
    return Text(f"{stem}.py", text, "; ".join(["Python under another name", *([note] if note else [])]))


def _exported(data: bytes) -> str:
    """The code cells of a notebook that was saved as a web page."""
    page = _Page()
    with suppress(DataError):
        page.feed(decode(data)[0])
    if not page.cells:
        raise DataError(f"a web page, not a Python file or notebook; {kinds.INSTEAD}")
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in page.cells]})


class _Page(HTMLParser):
    """Collects what nbconvert writes for a code cell: <div class="highlight hl-ipython3"><pre>code</pre>."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self._next, self._within = False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if tag == "div":
            self._next = "highlight" in classes and any(name.startswith("hl-") for name in classes)
        elif tag == "pre" and self._next:
            self.cells.append("")
            self._within = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._next = self._within = False

    def handle_data(self, data: str) -> None:
        if self._within:
            self.cells[-1] += data


def _lines(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
