"""The text of a learner's file: its encoding found out, a notebook without its outputs and pictures.

What is mended or guessed is said. Sizes are limited before memory is taken.
"""

import ast
import codecs
import html
import io
import json
import re
import tokenize
import warnings
from contextlib import suppress
from typing import NamedTuple

from handgrad.errors import DataError
from handgrad.workbook.marking import kinds

MB = 1_000_000
LARGEST = {
    kinds.PYTHON: 4 * MB,
    kinds.NOTEBOOK: 50 * MB,
    kinds.PERHAPS: 20 * MB,
}  # a notebook holds its pictures
LARGEST_CODE = 10 * MB  # of a notebook, without its pictures
MARKS = (  # how a text in another encoding begins; UTF-32 before UTF-16, whose mark begins alike
    (codecs.BOM_UTF8, "utf-8-sig", ""),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
NOT_WESTERN = re.compile(rb"[\xa1-\xff]{4}")  # a Cyrillic or Chinese word; Western ones hold ASCII letters
UNKNOWN = "not in UTF-8, and its encoding is not known; characters other than ASCII are wrong"
INVISIBLE = {0xA0: " ", 0x3000: " ", 0x2028: "\n"} | dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
DEFINES = re.compile(r"^(def|class)[ \t]+\w+.*:", re.MULTILINE)
KEY = re.compile(rb'"[\w.-]++/[\w.+-]++"\s*+:\s*+')  # of a picture: "image/png":
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'  # possessive, so that the time is linear
PICTURE = re.compile(rb"%s|\[\s*+%s(?:\s*+,\s*+%s)*+\s*+\]" % ((STRING,) * 3))  # a text, or a list of texts
CELL = re.compile(r'class="[^"]*\bhighlight\b[^"]*\bhl-[^"]*"[^<>]*>\s*$')  # in a notebook's web page
TAG = re.compile(r"<[^<>]*>")
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
    """The text of a file by its name and bytes. DataError says why it cannot be read, without the name."""
    kind, stem = kinds.kind_of(name), kinds.stem_of(name)
    if len(data) > (limit := LARGEST.get(kind, MB)):
        raise DataError(f"expected at most {limit // MB} MB; it is larger")
    for beginning, what in BEGINNINGS:
        if data.startswith(beginning):
            raise DataError(f"{what}; {kinds.INSTEAD}")
    if not data and kind == kinds.NOTEBOOK:
        raise DataError("an empty file, not a Jupyter notebook")
    if _is_notebook(data) or (kind == kinds.NOTEBOOK and not _is_code(data)):
        text, note = code_cells(data)
        return Text(
            f"{stem}.ipynb",
            text,
            _notes("" if kind == kinds.NOTEBOOK else "a notebook under another name", note),
        )
    if kind == kinds.PERHAPS and kinds.suffix_of(name) in (".html", ".htm"):
        return Text(f"{stem}.ipynb", _exported(data), "an exported notebook; its code cells were read")
    if kind == kinds.PERHAPS and (kinds.suffix_of(name) == ".json" or not _is_code(data)):
        raise DataError(f"not Python; {kinds.INSTEAD}")
    text, note = decode(data)
    if text.lstrip()[:15].casefold().startswith(("<!doctype html", "<html")):
        raise DataError(f"a web page under this name; {kinds.INSTEAD}")
    return Text(f"{stem}.py", text, _notes("" if kind == kinds.PYTHON else "Python under another name", note))


def _notes(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def decode(data: bytes) -> tuple[str, str]:
    """The text of a Python file with Unix line ends, and what was mended. DataError for other bytes."""
    text, note = _decoded(data)
    if not text.isascii() and (mended := text.translate(INVISIBLE)) != text and not _parses(text):
        return mended, "; ".join([*([note] if note else []), "invisible characters were replaced by spaces"])
    return text, note


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, encoding, said in MARKS:
        if data.startswith(mark):
            with suppress(ValueError):
                return _lines(data.decode(encoding)), f"read as {said}" if said else ""
    end = len(data.rstrip(b"\0\x1a"))
    data, padded = data[:end], b"\0" in data[end:]
    if b"\0" in data:
        odd, even = data[1::2].count(0), data[0::2].count(0)
        if max(odd, even) < 0.4 * len(data):
            raise DataError("expected text; got a binary file")
        data += b"\0" * (len(data) % 2)
        return _lines(data.decode("utf-16-le" if odd > even else "utf-16-be", "replace")), "read as UTF-16"
    note = "zero bytes at its end were left out" if padded else ""
    if padded and CONTROL.search(data.decode("latin-1")):
        raise DataError("expected text; got a binary file")
    with suppress(SyntaxError, ValueError, LookupError):
        return _lines(data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0])), note
    with suppress(ValueError):
        return _lines(data.decode("utf-8")), "read as UTF-8, in spite of what its first lines say"
    with suppress(ValueError):
        text = _lines(data.decode("cp1252"))
        if not CONTROL.search(text):
            return text, _no_utf8(data)
    text = _lines(data.decode("latin-1"))
    if not CONTROL.search(text) and _parses(text):
        return text, UNKNOWN
    raise DataError("expected text in UTF-8; got other bytes")


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():  # of invalid escapes in a learner's strings
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def code_cells(data: bytes) -> tuple[str, str]:
    """The JSON of a notebook's code cells, and what was mended; other cells are empty, so that they count."""
    data, note = _in_utf8(data)
    if len(data) > LARGEST_CODE:
        data = _without_pictures(data)
    if len(data) > LARGEST_CODE:
        raise DataError(f"expected at most {LARGEST_CODE // MB} MB besides pictures; it is larger")
    try:
        book = json.loads(data)
        cells = [_cell(cell) for cell in (book["cells"] if "cells" in book else _of_sheets(book))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError("not a Jupyter notebook") from None
    return json.dumps({"cells": cells}), note


def _without_pictures(data: bytes) -> bytes:
    """A notebook's JSON with an empty text for each picture."""
    kept, at = [], 0
    while key := KEY.search(data, at):
        kept.append(data[at : key.end()])
        at = key.end()
        end = data.find(b'"', at + 1)  # of most pictures: there is nothing to escape in base64
        if data[at : at + 1] != b'"' or data.find(b"\\", at, end) >= 0:
            found = PICTURE.match(data, at)
            end = found.end() - 1 if found else -1
        if end >= 0:
            kept.append(b'""')
            at = end + 1
    return b"".join([*kept, data[at:]])


def _in_utf8(data: bytes) -> tuple[bytes, str]:
    for mark, encoding, said in MARKS:
        if data.startswith(mark):
            return (
                (data.decode(encoding, "replace").encode("utf-8", "replace"), f"read as {said}")
                if said
                else (data[3:], "")
            )
    try:
        data.decode("utf-8")
    except ValueError:
        return data.decode("cp1252", "replace").encode(), _no_utf8(data)
    return data, ""


def _no_utf8(data: bytes) -> str:
    return UNKNOWN if NOT_WESTERN.search(data) else "not in UTF-8; read as Windows-1252"


def _cell(cell: dict[str, object]) -> dict[str, str]:
    if cell["cell_type"] != "code":
        return {"cell_type": "markdown", "source": ""}
    lines = cell["source"] if "source" in cell else cell["input"]  # input: the third format, of 2013
    code = "".join(lines)  # type: ignore[arg-type]
    code = code if code.isascii() or _parses(code) else code.translate(INVISIBLE)
    return {"cell_type": "code", "source": code}


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
        return bool(DEFINES.search(text)) and _parses(text)
    except DataError:
        return False


def _exported(data: bytes) -> str:
    """The code cells of a notebook saved as a web page, <div class="highlight hl-ipython3"><pre>..."""
    cells = []
    with suppress(DataError):
        for piece in _decoded(data)[0].split("</pre>")[:-1]:
            before, _, code = piece.rpartition("<pre>")
            if CELL.search(before[-300:]):
                cells.append({"cell_type": "code", "source": html.unescape(TAG.sub("", code))})
    if not cells:
        raise DataError(f"a web page, not a Python file or notebook; {kinds.INSTEAD}")
    return json.dumps({"cells": cells})


def _lines(text: str) -> str:
    text = text.removeprefix("\ufeff").replace("\r\r\n", "\n")
    return text.replace("\r\n", "\n").replace("\r", "\n")
