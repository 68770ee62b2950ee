"""What a copy of the workbook needs beside handgrad, and what of it is missing here."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from handgrad.errors import MissingExtraError


class Need(NamedTuple):
    """A package: its module, what pip calls it, and what it is needed for."""

    module: str
    package: str
    what_for: str


LAB = Need("jupyterlab", "jupyterlab", "opens the notebooks")
NOTEBOOKS = (LAB, Need("ipykernel", "ipykernel", "runs the cells of the notebooks"))
PICTURES = Need("matplotlib", "matplotlib", "draws the pictures, in the notebooks and in the Python files")
TORCH = Need("torch", "torch", "makes the arrays of this copy")
INSTEAD = ("notebook", "google.colab")  # they open notebooks, too
EXTRA = {"notebooks": "workbook", "python": "plot", "both": "workbook"}


def needs(form: str, torch: bool) -> list[Need]:
    """All that a copy of that form needs: "notebooks", "python" or "both"."""
    return [*(NOTEBOOKS if form != "python" else ()), PICTURES, *((TORCH,) if torch else ())]


def missing(form: str, torch: bool) -> list[Need]:
    """What of it is not installed where this runs."""
    return [need for need in needs(form, torch) if not _is_there(need)]


def install(form: str, torch: bool) -> str:
    """The command that installs all that the copy needs; handgrad itself from a wheel here, if need be."""
    more = [*(["jupyterlab"] if form != "python" else []), *(["torch"] if torch else [])]
    return " ".join(["pip install --find-links .", f'"handgrad[{EXTRA[form]}]"', *more])


def without(error: ModuleNotFoundError) -> BaseException:
    """What to raise where a chapter's pictures cannot be imported: one line, if it is for want of matplotlib.

    It ends a chapter that runs as a script, without a traceback, and a notebook shows the line alone.
    """
    if error.name != PICTURES.module:
        return error
    line = f"the pictures need {PICTURES.package}: pip install {PICTURES.package}"
    if re.fullmatch(r"\d_\w+\.py", Path(getattr(sys.modules["__main__"], "__file__", None) or "").name):
        return SystemExit(line)
    told = MissingExtraError(line)
    setattr(told, "_render_traceback_", lambda: [line])  # noqa: B010 (what IPython asks an exception for)
    return told


def _is_there(need: Need) -> bool:
    modules = (need.module, *(INSTEAD if need is LAB else ()))
    return any(_found(module) for module in modules)


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # the package around it is not there
        return False
