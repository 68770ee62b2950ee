"""A folder of submissions: each marked in a process of its own, and what the class got wrong."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np

from handgrad.errors import HandgradError
from handgrad.files import readable
from handgrad.threads import available_cores
from handgrad.workbook import checks
from handgrad.workbook.checks.common import DeskLike
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.remote import Limits, RemoteDesk
from handgrad.workbook.desk.submission import Source
from handgrad.workbook.marking import kinds
from handgrad.workbook.marking.class_table import Result, Results
from handgrad.workbook.marking.collecting import collect, places
from handgrad.workbook.marking.handin import HandIn


def grade(
    folder: str | os.PathLike[str],
    limits: Limits | None = None,
    workers: int | None = None,
    seen: Callable[[Result], None] = lambda result: None,
) -> Results:
    """Mark all that a class handed in, in a folder or an archive: see collecting.collect.

    All are read before the first of them runs. workers: how many at once (as many as there are cores); seen
    is called after each. DataError for a folder without any; a submission that cannot be read or marked says
    so in its Result.
    """
    given = collect(folder)
    hidden = places(folder)
    desks = [RemoteDesk(limits, hidden) for _ in given]
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
    if kinds.kind_of(os.path.realpath(path)) in (kinds.PYTHON, kinds.NOTEBOOK, kinds.ARCHIVE):
        raise HandgradError(f"{path}: this is the name of a submission (.py or .ipynb); choose another name")


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
