"""Imports and runs itself, again and again."""

import importlib
import sys


class Now:
    sys.path.append(".")
    for name in (
        __name__,
        "import_itself",
        "submission",
        "handgrad.workbook.child",
        "handgrad.workbook.remote",
    ):
        try:
            importlib.reload(importlib.import_module(name))
        except (ImportError, TypeError):
            pass
    importlib.import_module("handgrad.workbook.child").main()
