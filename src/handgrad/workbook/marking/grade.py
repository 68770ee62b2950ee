"""A folder of submissions: each marked in a process of its own, and what the class got wrong."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np

from handgrad.errors import HandgradError, readable
from handgrad.threads import available_cores
from handgrad.workbook import checks
from handgrad.workbook.checks.common import DeskLike
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.remote import Limits, RemoteDesk
from handgrad.workbook.desk.submission import Source
from handgrad.workbook.desk.walls import Level, best
from handgrad.workbook.marking import kinds
from handgrad.workbook.marking.class_table import Result, Results
from handgrad.workbook.marking.collecting import collect, places
from handgrad.workbook.marking.flags import flags_of
from handgrad.workbook.marking.handin import HandIn
from handgrad.workbook.marking.marks import not_marked
from handgrad.workbook.marking.records import Records
from handgrad.workbook.marking.scheme import SHARE, Scheme
from handgrad.workbook.marking.stopping import Stop

STOPPED = "not marked yet: the marking was stopped"


def grade(
    folder: str | os.PathLike[str],
    limits: Limits | None = None,
    workers: int | None = None,
    seen: Callable[[int, Result], object] = lambda number, result: None,
    scheme: Scheme = SHARE,
    records: Path | None = None,
    level: Level | None = None,
) -> Results:
    """Mark all that a class handed in, in a folder or an archive: see collecting.collect, and mark."""
    return mark(collect(folder), folder, limits, workers, seen, scheme, records, level=level)


def mark(
    given: Sequence[HandIn],
    folder: str | os.PathLike[str],
    limits: Limits | None = None,
    workers: int | None = None,
    seen: Callable[[int, Result], object] = lambda number, result: None,
    scheme: Scheme = SHARE,
    records: Path | None = None,
    fresh: bool = False,
    level: Level | None = None,
    stop: Stop | None = None,
) -> Results:
    """Mark the hand-ins that were read from a folder. What cannot be read or marked says so in its Result.

    workers: how many at once (as many as there are cores). seen is called after each, with its place among
    the given; only there a verdict has its pictures. records: where verdicts are kept, to mark only what has
    changed; None keeps nothing, and fresh marks all anew. level: behind walls or not; by default the best
    that this system offers. stop: tells of a signal (stopping.stoppable); then the results are of those that
    were marked until then, and the others say that they are not.
    """
    limits, level, stop = limits or Limits(), level or best(), stop or Stop()
    kept = Records(records, limits, scheme.exercises, fresh, level.name) if records else None
    hidden = [*map(Path, places(folder)), *([records] if records else [])]
    marker = _Marker(limits, scheme, kept, hidden, level)
    flags, results = flags_of(given, scheme.exercises, kept), dict[int, Result]()
    with ThreadPoolExecutor(workers or available_cores()) as pool:
        numbers = {pool.submit(marker.mark, given[n], flags[n]): n for n in _in_order(given, kept)}
        try:
            stop.arm()
            for future in as_completed(numbers):
                n, result = numbers.pop(future), future.result()
                results[n] = replace(
                    result, verdicts=tuple(replace(verdict, pictures=()) for verdict in result.verdicts)
                )
                seen(n, result)
                del future, result  # with its pictures
            stop.disarm()
        except BaseException:  # no process outlives us
            for future in numbers:
                future.cancel()
            marker.stop()
            if not stop.number:
                raise
    whole = tuple(results.get(n) or not_marked(one, STOPPED, scheme) for n, one in enumerate(given))
    return Results(whole, level.name)


def _in_order(given: Sequence[HandIn], records: Records | None) -> list[int]:
    """The places of the hand-ins; those come last at which a checker was killed before."""
    places = range(len(given))
    return sorted(places, key=lambda n: records.was_begun(given[n].sources)) if records else list(places)


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


class _Marker:
    """Marks hand-ins, each at a desk of its own; any thread may stop it."""

    def __init__(
        self, limits: Limits, scheme: Scheme, records: Records | None, hidden: list[Path], level: Level
    ) -> None:
        self._limits, self._scheme, self._records, self._hidden = limits, scheme, records, hidden
        self._level = level
        self._desks, self._stopped, self._lock = set[RemoteDesk](), False, Lock()

    def mark(self, given: HandIn, flags: Sequence[str]) -> Result:
        """The result of one hand-in."""
        start, found, failure = time.monotonic(), list[Verdict](), given.failure
        kept = self._records and not failure and self._records.find(given.sources)
        if kept:
            found = kept
        elif not failure:
            try:
                if self._records:
                    self._records.begin(given.sources)
                found = self._verdicts(given)
                if self._stopped:  # what was said since is about the end of its process
                    raise HandgradError(STOPPED)
                if self._records:
                    self._records.keep(given.sources, found)
            except HandgradError as error:
                failure = str(error)
            finally:
                if self._records:
                    self._records.end(given.sources)
        return Result(
            readable(given.student), readable(given.file), tuple(found), failure and readable(failure),
            time.monotonic() - start, readable(given.id), given.attempt,
            given.late or self._scheme.is_late(source.changed for source in given.sources),
            tuple(readable(source.name) for source in given.sources),
            tuple(map(readable, (*given.notes, *given.unread))), tuple(flags), bool(kept), self._scheme,
        )  # fmt: skip

    def stop(self) -> None:
        """End all processes; none is started any more."""
        with self._lock:
            self._stopped = True
            desks = list(self._desks)
        for desk in desks:
            desk.close()

    def _verdicts(self, given: HandIn) -> list[Verdict]:
        desk = RemoteDesk(self._limits, self._hidden, self._level)
        with self._lock:
            if self._stopped:
                raise HandgradError(STOPPED)
            self._desks.add(desk)
        try:
            with desk:
                return verdicts(desk, given.sources, self._scheme.exercises)
        finally:
            with self._lock:
                self._desks.discard(desk)
