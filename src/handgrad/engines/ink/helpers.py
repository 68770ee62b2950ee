"""Threads beside the caller's own: started when needed, given up after an error, anew in a forked child."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import zip_longest
from threading import Lock
from typing import Any, Protocol
from weakref import WeakSet

from handgrad.errors import HandgradError


class Renewed(Protocol):
    """Something that holds locks or threads, of which a forked child has only the looks."""

    def renew(self) -> None:
        """Take new locks, and forget threads and whatever another thread may have been working on."""


_renewed: WeakSet[Any] = WeakSet()


def renew_in_children(thing: Renewed) -> None:
    """Have thing.renew() called in each child that this process forks, before anything else runs there."""
    _renewed.add(thing)


def _in_child() -> None:
    for thing in list(_renewed):
        thing.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


class Threads:
    """A number of threads, the caller's own among them: only that one exists until there is something to do.

    May be used from several threads, is pickled as its number, and works in a forked child, whatever its
    other threads were doing.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Forget the pool and its lock: in a forked child its threads do not exist."""
        self._pool: Executor | None = None
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.threads,)

    def _running(self) -> Executor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.threads - 1)
            return self._pool

    def _stop(self, pool: Executor) -> None:
        """End the pool, so that nothing that was submitted to it begins later; the next call starts anew.

        A pool keeps the task for which it could not start a thread: one of its threads would take it in
        the place of another task, which then never runs.
        """
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=True, cancel_futures=True)


class Together(Threads):
    """Threads for tasks that wait for one another, so all must run at the same time."""

    def renew(self) -> None:
        """As Threads.renew; nobody else is at work in a child."""
        super().renew()
        self._at_work = Lock()

    def run(
        self,
        function: Callable[[Any], Any],
        tasks: Sequence[Any],
        give_up: Callable[[], object] = lambda: None,
    ) -> list[Any]:
        """The results of a function for tasks, as many as there are threads at most.

        The first runs here: if the caller only waited, its core would look busy when the others start, and
        they would share what is left. After an error or Ctrl-C the others are told to give up, and waited
        for: they work on the same arrays. HandgradError where the system does not start another thread.
        """

        def guarded(task: Any) -> Any:
            try:
                return function(task)
            except BaseException:
                give_up()
                raise

        with self._at_work:  # the tasks of two callers would wait for each other's threads
            pool = self._running()
            try:
                others = [self._submit(pool, guarded, task) for task in tasks[1:]]
                return [function(tasks[0]), *(other.result() for other in others)]
            except BaseException:
                give_up()
                self._stop(pool)
                raise

    def _submit(self, pool: Executor, function: Callable[[Any], Any], task: Any) -> Future[Any]:
        try:
            return pool.submit(function, task)
        except RuntimeError as error:
            what = f"the ink engine could not start its {self.threads} threads ({error})"
            raise HandgradError(f"{what}; use fewer: --threads 1, or threads=1") from None


class SharedOut(Threads):
    """Threads for tasks that do not wait for one another: as many as can be had do all the work."""

    def run(self, function: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        """The results of a function for tasks; the first runs here, and each for which there is no thread."""
        if len(tasks) == 1:
            return [function(tasks[0])]
        pool, others = self._running(), list[Future[Any]]()
        try:
            with suppress(RuntimeError):  # the system starts no other thread, or the pool was just stopped
                others.extend(pool.submit(function, task) for task in tasks[1:])
            if len(others) < len(tasks) - 1:
                self._stop(pool)
            results = [function(tasks[0])]
            for task, other in zip_longest(tasks[1:], others):
                results.append(function(task) if other is None else _result(other, function, task))
            return results
        except BaseException:  # the others work on the same arrays
            self._stop(pool)
            raise


def _result(other: Future[Any], function: Callable[[Any], Any], task: Any) -> Any:
    """What a thread of the pool found for a task; found here, where the pool was stopped before it began."""
    try:
        return other.result()
    except CancelledError:
        return function(task)
