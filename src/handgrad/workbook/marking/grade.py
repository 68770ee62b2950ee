"""A folder of submissions: each marked in a process of its own, and what the class got wrong."""

import io
import json
import os
import time
import tokenize
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from handgrad.errors import DataError, HandgradError
from handgrad.files import readable, reason
from handgrad.threads import available_cores
from handgrad.workbook import checks
from handgrad.workbook.checks.common import DeskLike
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.remote import Limits, RemoteDesk
from handgrad.workbook.desk.submission import Source
from handgrad.workbook.marking.class_table import Result, Results
from handgrad.workbook.marking.handin import HandIn

LARGEST = {".py": 1_000_000, ".ipynb": 10_000_000}  # bytes; a notebook holds its pictures


def grade(
    folder: str | os.PathLike[str],
    limits: Limits | None = None,
    workers: int | None = None,
    seen: Callable[[Result], None] = lambda result: None,
) -> Results:
    """Mark every submission in a folder: each .py or .ipynb file, and each subfolder that holds one.

    All are read before the first of them runs. workers: how many at once (as many as there are cores); seen
    is called after each. DataError for a folder without any; a submission that cannot be read or marked says
    so in its Result.
    """
    given = collect(folder)
    files = [Path(folder) / one.file for one in given]
    desks = [RemoteDesk(limits, files) for _ in given]
    with ThreadPoolExecutor(workers or available_cores()) as pool:
        futures = [pool.submit(_mark, one, desk) for one, desk in zip(given, desks, strict=True)]
        try:
            for future in as_completed(futures):
                seen(future.result())
        except BaseException:  # Ctrl-C: no process outlives us
            for future, desk in zip(futures, desks, strict=True):
                future.cancel()
                desk.close()
            raise
    return Results(tuple(future.result() for future in futures))


def expect_no_submission(path: str | os.PathLike[str]) -> None:
    """HandgradError where a table of marks would get the name of a submission: even an empty one stays."""
    if Path(os.path.realpath(path)).suffix in LARGEST:
        raise HandgradError(f"{path}: this is the name of a submission (.py or .ipynb); choose another name")


def collect(folder: str | os.PathLike[str]) -> list[HandIn]:
    """Read all submissions of a folder, sorted by student. DataError for a folder without submissions."""
    found = []
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith((".", "__")):
            continue
        if path.is_dir():
            found.append(_of_folder(path))
        elif path.suffix in LARGEST:
            found.append(_given(path.stem, path, path.name))
    if not found:
        raise DataError(f"{folder}: expected submissions, .py or .ipynb files or a folder for each; got none")
    return found


def read(path: str | os.PathLike[str]) -> str:
    """The text of a learner's file; of a notebook, only its code cells. DataError for any other file."""
    path = Path(path)
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: expected a file; got {'a folder' if path.is_dir() else 'something else'}")
    if path.suffix not in LARGEST:
        raise DataError(f"{path}: expected a .py or .ipynb file")
    with open(path, "rb") as file:
        data = file.read(LARGEST[path.suffix] + 1)
    if len(data) > LARGEST[path.suffix]:
        raise DataError(f"{path}: expected at most {LARGEST[path.suffix] // 1_000_000} MB; it is larger")
    if b"\0" in data:
        raise DataError(f"{path}: expected text; got a binary file")
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0] if path.suffix == ".py" else "utf-8"
        text = io.TextIOWrapper(io.BytesIO(data), encoding).read()
    except (SyntaxError, ValueError, LookupError):
        raise DataError(f"{path}: expected text in UTF-8; got other bytes") from None
    return _code_cells(text, path) if path.suffix == ".ipynb" else text


def verdicts(desk: DeskLike, sources: Sequence[Source], only: Sequence[str] = ()) -> list[Verdict]:
    """What is said of each exercise. HandgradError where the answers make no sense, as a liar's may."""
    try:
        with np.errstate(all="ignore"):
            return list(checks.run(desk, sources, only))
    except HandgradError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise HandgradError(f"the checker could not make sense of what came back ({said:.200})") from error


def _mark(given: HandIn, desk: RemoteDesk) -> Result:
    start, found, failure = time.monotonic(), list[Verdict](), given.failure
    if not failure:
        try:
            with desk:
                found = verdicts(desk, given.sources)
        except HandgradError as error:
            failure = str(error)
    failure = failure and readable(failure)
    return Result(
        readable(given.student), readable(given.file), tuple(found), failure, time.monotonic() - start
    )


def _of_folder(folder: Path) -> HandIn:
    files = sorted(
        path for path in folder.iterdir() if path.suffix in LARGEST and not path.name.startswith(".")
    )
    if len(files) == 1:
        return _given(folder.name, files[0], f"{folder.name}/{files[0].name}")
    got = ", ".join(path.name for path in files) or "none"
    return HandIn(folder.name, folder.name, failure=f"expected one .py or .ipynb file; got {got}")


def _given(student: str, path: Path, file: str) -> HandIn:
    try:
        return HandIn(student, file, (Source(readable(path.name), read(path)),))
    except DataError as error:
        return HandIn(student, file, failure=str(error).removeprefix(f"{path}: "))
    except OSError as error:
        return HandIn(student, file, failure=reason(error))


def _code_cells(text: str, path: Path) -> str:
    """The notebook without outputs and pictures."""
    try:
        cells = [
            {"cell_type": "code", "source": "".join(cell["source"])}
            for cell in json.loads(text)["cells"]
            if cell["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{path}: not a Jupyter notebook") from None
    return json.dumps({"cells": cells})
