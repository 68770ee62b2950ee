"""An exception of a learner's code in plain values: its kind, its first line, and the line that raised it."""

import linecache
import traceback
from collections.abc import Iterable
from typing import Any

from handgrad.workbook.desk.pieces import Piece
from handgrad.workbook.desk.stand_ins import NotInstalledError, needs

LONGEST, LONGEST_CODE, LONGEST_NAME = 300, 200, 80


class Failures:
    """Knows the pieces whose lines are the learner's; none in a notebook, where its cells are."""

    def __init__(self, pieces: Iterable[Piece] = (), several: bool = False) -> None:
        """several: whether the file has to be named too."""
        self._pieces, self._several = {piece.key: piece for piece in pieces}, several

    def described(self, error: BaseException) -> dict[str, Any]:
        """type, message, line, where it was in words, code; lacks: what is not installed here, in words."""
        frames = [  # walked, not extracted: that looks every frame's line up, and most are not the learner's
            (frame.f_code.co_filename, line)
            for frame, line in traceback.walk_tb(error.__traceback__)
            if self._mine(frame.f_code.co_filename)
        ]
        line, code, where = None, "", ""
        if frames:
            file, line = frames[-1]
            piece = self._pieces.get(file)
            where = self.place(piece, line) if piece else f"line {line}"
            code = _line(piece.text, line) if piece else linecache.getline(file, line).strip()
        elif isinstance(error, SyntaxError) and (piece := self._pieces.get(str(error.filename))):
            line, where = error.lineno, self.place(piece, error.lineno)
        reply = {
            "type": type(error).__name__[:LONGEST_NAME],
            "line": line,
            "where": where,
            "code": code[:LONGEST_CODE],
        }
        try:
            message = str(error).strip().split("\n")[0][:LONGEST]
        except Exception:  # an exception of the learner's own making
            message = ""
        if lacks := _lacks(error):
            return reply | {"message": message, "lacks": lacks}
        return reply | {"message": message}

    def place(self, piece: Piece, line: int | None) -> str:
        """A line in words: line 4; cell 7, line 2; net.py, line 4."""
        words = piece.place(line)
        return f"{piece.file}, {words}" if self._several else words

    def _mine(self, file: str) -> bool:
        if self._pieces:
            return file in self._pieces
        return "ipykernel" in file or file.startswith("<")


def _lacks(error: BaseException) -> str:
    """What an exception says is missing, in words; "" if it is about something else."""
    if isinstance(error, NotInstalledError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return needs(error.name)
    return ""


def _line(text: str, line: int | None) -> str:
    lines = text.split("\n")
    return lines[line - 1].strip() if line and line <= len(lines) else ""
