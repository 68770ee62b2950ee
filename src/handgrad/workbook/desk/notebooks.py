"""The code cells of a notebook's JSON, as text: nbformat 3 and later, with all their lenience."""

import json
from typing import Any

NO_NOTEBOOK = "not a Jupyter notebook"


def cells(text: str) -> list[str]:
    """The text of each code cell, blank ones too: cell 1 is the first. ValueError for anything else."""
    try:
        book = json.loads(text.removeprefix("\ufeff"))
        sheets = book.get("worksheets", [book])
        found = [_source(cell) for sheet in sheets for cell in sheet["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(NO_NOTEBOOK) from None
    return found


def slim(text: str) -> str:
    """A notebook's JSON without its outputs, pictures and words. ValueError for anything else."""
    return json.dumps({"cells": [{"cell_type": "code", "source": source} for source in cells(text)]})


def is_notebook(text: str) -> bool:
    """Whether a text is a notebook's JSON, whatever its file is called."""
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return False
    try:
        cells(text)
    except ValueError:
        return False
    return True


def _source(cell: Any) -> str:
    source = cell.get("source", cell.get("input", ""))
    joined = source if isinstance(source, str) else "".join(source)
    return joined.replace("\r\n", "\n").replace("\r", "\n")
