"""What was measured of a training, epoch by epoch, and how a notebook shows it."""

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

SHOWN = 12  # epochs in a notebook


class History(list[dict[str, Any]]):
    """What was measured, epoch by epoch: a list of flat dictionaries, ready for JSON and for
    pandas.DataFrame, which is shown in short.
    """

    def __repr__(self) -> str:
        last = ", ".join(f"{key} {cell}" for key, cell in _cells(self[-1]).items()) if self else ""
        return f"History({len(self)} epochs{', the last: ' if last else ''}{last})"

    def _repr_html_(self) -> str:
        """A table for notebooks: a row an epoch, of many the first, the last and some between."""
        shown = [self[i] for i in np.unique(np.linspace(0, len(self) - 1, SHOWN).round().astype(int))]
        rows = [_cells(record) for record in (self if len(self) <= SHOWN else shown)]
        names = list(dict.fromkeys(name for row in rows for name in row))
        return html_table(names, [[row.get(name, "") for name in names] for row in rows])


def html_table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A table in HTML; every cell is escaped."""
    lines = ["".join(f"<th>{escape(str(cell))}</th>" for cell in head)]
    lines += ["".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _cells(record: dict[str, Any]) -> dict[str, str]:
    """What is known of an epoch as text, accuracies in percent."""
    return {name.replace("_", " "): _cell(name, value) for name, value in record.items() if value is not None}


def _cell(name: str, value: Any) -> str:
    if type(value) is not float:
        return str(value)[:40]
    return f"{100 * value:.2f} %" if name.endswith("accuracy") else f"{value:.4g}"
