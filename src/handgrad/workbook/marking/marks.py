"""The table of marks as a CSV file, for spreadsheets and programs: one line a hand-in.

The columns of old stand first and in their places; what came later stands behind the exercises. The file
begins with a byte-order mark, by which Excel sees that it is UTF-8. No cell begins as a formula does.
"""

import csv
import io
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any

from handgrad.errors import HandgradError, readable
from handgrad.files import Kind, write_atomically
from handgrad.workbook.marking.class_table import Result, Results, cell
from handgrad.workbook.marking.handin import HandIn
from handgrad.workbook.marking.scheme import Scheme

EVERY = 1.0  # seconds between two writings of a table that grows
COLUMNS = ("student", "file", "passed", "of", "points", "seconds", "failure")
LATER = ("id", "attempt", "late", "marked", "full_points", "points_from", "notes", "flags")
HEADER = ",".join(COLUMNS).encode()  # how every table begins
MARK = b"\xef\xbb\xbf"  # the byte-order mark
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # the wide ones are formulas to Excel, too


def _is_ours(file: IO[bytes]) -> bool:
    return file.read(len(MARK) + len(HEADER)).removeprefix(MARK)[: len(HEADER)] == HEADER


CSV = Kind("a table of marks (CSV)", _is_ours)


class Growing:
    """The table on disk while marks come: every hand-in has a line, and what is not marked yet says so."""

    def __init__(self, path: str, given: Sequence[HandIn], scheme: Scheme) -> None:
        self._path, self._written = path, 0.0
        self._results = [not_marked(one, "not marked yet", scheme) for one in given]

    def add(self, number: int, result: Result) -> None:
        """Take one result in, and write the table unless it was written within the last second.

        Where it cannot be written, marking goes on: the last writing says so.
        """
        self._results[number] = replace(
            result, verdicts=tuple(replace(v, pictures=()) for v in result.verdicts)
        )
        if time.monotonic() - self._written > EVERY:
            with suppress(HandgradError):
                write_atomically(self._path, table(Results(tuple(self._results))), CSV)
            self._written = time.monotonic()


def not_marked(given: HandIn, failure: str, scheme: Scheme) -> Result:
    """The result of a hand-in of which nothing is known, for this reason."""
    student, file, id_ = map(readable, (given.student, given.file, given.id))
    return Result(
        student, file, (), failure, 0.0, id_, given.attempt,
        given.late or scheme.is_late(source.changed for source in given.sources), scheme=scheme,
    )  # fmt: skip


def table(results: Results) -> bytes:
    """The file's bytes."""
    names = dict.fromkeys(verdict.name for result in results.results for verdict in result.verdicts)
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow([*COLUMNS, *names, *LATER])
    for result in results.results:
        cells = {verdict.name: cell(verdict) for verdict in result.verdicts}
        known, more = _row(result)
        rows.writerow([defused(value) for value in (*known, *(cells.get(n, "") for n in names), *more)])
    return MARK + file.getvalue().encode("utf-8", "backslashreplace")


def defused(value: Any) -> Any:
    """A text as one line that a spreadsheet never computes: an apostrophe stands before a formula."""
    if not isinstance(value, str):
        return value
    text = readable(value)
    return f"'{text}" if value.lstrip(" ").startswith(FORMULA) else text


def _row(result: Result) -> tuple[list[Any], list[Any]]:
    """What stands before the exercises, and behind them."""
    count, scheme = len(result.verdicts), result.scheme
    known = [result.student, result.file, result.passed, count, result.points, round(result.seconds, 3)]
    more = [result.id, result.attempt, _said(result.late), result.marked, f"{scheme.full:g}", str(scheme)]
    return [*known, result.failure or ""], [*more, _joined(result.notes), _joined(result.flags)]


def _said(late: bool) -> str:
    return "late" if late else ""


def _joined(words: Iterable[str]) -> str:
    return "; ".join(words)
