"""The table of marks as a CSV file, for spreadsheets and programs: one line a hand-in.

The columns of old stand first and in their places; what came later stands behind the exercises. The file
begins with a byte-order mark, by which Excel sees that it is UTF-8. No cell begins as a formula does.
"""

import csv
import io
from collections.abc import Iterable
from typing import IO, Any

from handgrad.files import Kind, readable
from handgrad.workbook.marking.class_table import Result, Results, cell

COLUMNS = ("student", "file", "passed", "of", "points", "seconds", "failure")
LATER = ("id", "attempt", "late", "marked", "full_points", "points_from", "notes", "flags")
HEADER = ",".join(COLUMNS).encode()  # how every table begins
MARK = b"\xef\xbb\xbf"  # the byte-order mark
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # the wide ones are formulas to Excel, too


def _is_ours(file: IO[bytes]) -> bool:
    return file.read(len(MARK) + len(HEADER)).removeprefix(MARK)[: len(HEADER)] == HEADER


CSV = Kind("a table of marks (CSV)", _is_ours)


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
