"""Cores and threads: how many cores this process may use, and BLAS on the calling thread alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock, local
from typing import Any


def available_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within it, BLAS computes NumPy's products on the calling thread alone; afterwards as it did before.

    For products of a few milliseconds. BLAS shares each among its threads, and all wait for the slowest: on
    a busy machine that is a thread which has no core for the moment, and an epoch took up to 50 times as
    long. Its idle threads also stay awake for a while, on cores that others need. Contexts may be nested,
    and entered from several threads: the number of threads belongs to the process, and the last one out
    restores it.
    """
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()


class _Limit:
    """How many callers have asked for one BLAS thread, and what restores the number of before."""

    def __init__(self) -> None:
        self.lock, self._inside, self._own = Lock(), 0, local()
        self._limiter: Any = None

    def enter(self) -> None:
        with self.lock:
            if self._inside == 0:
                self._limiter = _blas().limit(limits=1)
            self._count(1)

    def leave(self) -> None:
        with self.lock:
            self._count(-1)
            if self._inside == 0:
                self._restore()

    def after_fork(self) -> None:
        """In a forked child only the forking thread goes on: the other callers will never leave."""
        others = self._inside - getattr(self._own, "inside", 0)
        self._inside -= others
        if others and self._inside == 0:
            self._restore()
        self.lock.release()

    def _count(self, change: int) -> None:
        self._inside += change
        self._own.inside = getattr(self._own, "inside", 0) + change

    def _restore(self) -> None:
        _release_control()  # it belongs to the thread that was the first one in
        self._limiter.restore_original_limits()
        _release_control()


@cache
def _blas() -> Any:
    """The BLAS libraries of this process: finding them takes 2 ms, setting their threads 0.03 ms."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _release_control() -> None:
    """Let any thread set the number again: newer threadpoolctl leaves that to the first that did."""
    for library in _blas().lib_controllers:
        if release := getattr(library, "clear_controlling_thread", None):
            release(force=True)


_limit = _Limit()
if hasattr(os, "register_at_fork"):  # a child must not inherit the lock while another thread holds it
    os.register_at_fork(
        before=_limit.lock.acquire,
        after_in_parent=_limit.lock.release,
        after_in_child=_limit.after_fork,
    )
