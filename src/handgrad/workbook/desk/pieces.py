"""A handed-in file as statements: what can be read of it, where each stands, and what cannot be read.

A file or a cell with an error in it is read in chunks, one for each line that begins at the margin, so that
one broken function costs only itself.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from handgrad.workbook.desk import magics, notebooks

MOST_ATTEMPTS = 200  # at closing an open chunk, in one file or cell
NEW = re.compile(r"[^\s#)\]},]")  # a line that begins a chunk
GOES_ON = re.compile(r"(else|elif|except|finally)\b")
DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
CONFLICT = re.compile(r"^(<{7}|={7}|>{7})(?= |$).*", re.MULTILINE)
STRING = re.compile("[rRbBuU]?(?:\"{3}|'{3})")
DETECTED = re.compile(r" \(detected at line \d+\)")  # counted from the beginning of a chunk
OPEN = ("unterminated triple-quoted", "was never closed", "unexpected EOF")
PARSED = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


class Piece(NamedTuple):
    """A Python file, or one cell of a notebook."""

    file: str
    cell: int  # counted over the code cells from 1; 0 for a file
    text: str

    @property
    def key(self) -> str:
        """The name under which it is compiled, and stands in tracebacks."""
        return f"{self.file}, cell {self.cell}" if self.cell else self.file

    def place(self, line: int | None) -> str:
        """A line of it in words: line 4, or cell 7, line 2."""
        words = [f"cell {self.cell}"] if self.cell else []
        return ", ".join([*words, *([f"line {line}"] if line else [])])


class Statement(NamedTuple):
    """A statement that stands at the margin, and where."""

    node: ast.stmt
    piece: Piece

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return self.piece.place(self.node.lineno)


class Broken(NamedTuple):
    """What could not be read: where, why, and the functions and classes that it defines."""

    place: str
    reason: str
    names: tuple[str, ...]


class Read(NamedTuple):
    """A file as it was read. written: files that a cell would have written (%%writefile), as pieces."""

    statements: tuple[Statement, ...]
    broken: tuple[Broken, ...]
    pieces: tuple[Piece, ...]
    written: tuple[Piece, ...] = ()


def read(text: str, file: str) -> Read:
    """Read a Python file, or a notebook's JSON. ValueError if the JSON is not a notebook."""
    if not (file.endswith(".ipynb") or notebooks.is_notebook(text)):
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        return read_pieces([Piece(file, 0, text)])
    cells = [Piece(file, i, cell) for i, cell in enumerate(notebooks.cells(text), 1)]
    written = [
        piece._replace(file=found[0], text=found[1])
        for piece in cells
        if (found := magics.written_file(piece.text)) and found[0].endswith(".py")
    ]
    return read_pieces(cells)._replace(written=tuple(written))


def read_pieces(pieces: Sequence[Piece]) -> Read:
    """Read pieces, one after the other."""
    statements, broken = list[Statement](), list[Broken]()
    for piece in pieces:
        for part in _parts(piece):
            if isinstance(part, Broken):
                broken.append(part)
            else:
                statements += [Statement(node, piece) for node in part.body]
    return Read(tuple(statements), tuple(broken), tuple(pieces))


def _parts(piece: Piece) -> Iterator[ast.Module | Broken]:
    try:
        yield _parsed(piece.text, piece.key)
        return
    except ERRORS as error:
        chunks = list(_chunks(piece.text))
        if len(chunks) < 2:
            yield _broken(piece, error, piece.text, 0)
            return
    yield from _of_chunks(piece, chunks)


def _of_chunks(piece: Piece, chunks: list[tuple[int, str]]) -> Iterator[ast.Module | Broken]:
    """Each chunk by itself; one that is open at its end with as many of the next as close it."""
    attempts, at = 0, 0  # to close an open one
    found: list[tuple[ast.Module | Broken, str]] = []
    while at < len(chunks):
        start, text = chunks[at]
        taken = 1
        while True:
            try:
                part: ast.Module | Broken = _parsed(text, piece.key, start)
                break
            except ERRORS as error:
                part = part if taken > 1 else _broken(piece, error, text, start)
                last = at + taken >= len(chunks) or attempts > MOST_ATTEMPTS
                if last or not any(words in str(error) for words in OPEN):
                    break
                text += chunks[at + taken][1]
                taken, attempts = taken + 1, attempts + 1
        if isinstance(part, Broken) and STRING.match(chunks[at][1]) and "triple-quoted" in part.reason:
            found.append((part._replace(names=()), text))  # it has no end: what follows is in it
            break
        if isinstance(part, Broken):
            taken, text = 1, chunks[at][1]
            if "unexpected indent" in part.reason and found:  # the end of what stands before it
                _, its_text = found.pop()
                names = (*_names(its_text), *part.names)
                part = Broken(part.place, part.reason, names)
        found.append((part, text))
        at += taken
    yield from (part for part, _ in found)


def _parsed(text: str, key: str, start: int = 0) -> ast.Module:
    """The tree of a text, whose first line comes after `start` others."""
    try:
        tree = compile(text, key, "exec", PARSED, dont_inherit=True)
    except ERRORS:
        new = magics.plain(text)
        if new == text:
            raise
        tree = compile(new, key, "exec", PARSED, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return ast.increment_lineno(tree, start)


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """The lines before it, and the text, of each chunk."""
    lines = text.split("\n")
    start, goes_on = 0, False
    for i, line in enumerate(lines):
        new = NEW.match(line) and not GOES_ON.match(line) and not _inside(lines, i)
        if new and i > start and not goes_on and any(part.strip() for part in lines[start:i]):
            yield start, "\n".join(lines[start:i]) + "\n"
            start = i
        if NEW.match(line):
            goes_on = line.startswith("@") or line.endswith("\\")
    yield start, "\n".join(lines[start:])


def _inside(lines: list[str], i: int) -> bool:
    """Whether a line is a mark of a merge in the middle of a function."""
    if not CONFLICT.match(lines[i]):
        return False
    after = next((line for line in lines[i + 1 :] if line.strip() and not CONFLICT.match(line)), "")
    return after[:1].isspace()


def _broken(piece: Piece, error: BaseException, text: str, start: int) -> Broken:
    line = getattr(error, "lineno", None)
    line = line and line + start
    reason = str(getattr(error, "msg", None) or error or type(error).__name__)
    reason = DETECTED.sub("", reason)
    if conflict := CONFLICT.search(text):
        line = start + text[: conflict.start()].count("\n") + 1
        reason = f"left over from a merge: {conflict[0][:40]}"
    return Broken(piece.place(line), reason, _names(text))


def _names(text: str) -> tuple[str, ...]:
    return tuple(DEFINED.findall(text))
