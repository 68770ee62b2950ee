"""Interrupt Python code that takes too long, in the thread that runs it."""

import ctypes
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN = 0.05  # seconds, after which code that catches the interruption is interrupted once more


LATE = "did not finish within"


class LateError(BaseException):
    """The time is up. Not an Exception: code that catches those is interrupted as well."""


def late(seconds: float) -> str:
    """What is said of code that took too long."""
    return f"it {LATE} {seconds:g} second{'' if seconds == 1 else 's'}"


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """LateError in the code within when it has taken so many seconds; None is no limit.

    With a signal in the main thread of POSIX; elsewhere from a thread beside it, which interrupts between
    two steps of Python code only.
    """
    if seconds is None:
        yield
    elif os.name == "posix" and threading.current_thread() is threading.main_thread():
        yield from _by_signal(seconds)
    else:
        yield from _by_thread(seconds)


def _by_signal(seconds: float) -> Iterator[None]:
    within = True

    def interrupt(*_: Any) -> None:
        if within:
            raise LateError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), AGAIN)
    try:
        try:
            yield
        finally:
            within = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)


def _by_thread(seconds: float) -> Iterator[None]:
    me, done, lock = threading.get_ident(), threading.Event(), threading.Lock()
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            with lock:
                if not done.is_set():
                    throw(ctypes.c_ulong(me), ctypes.py_object(LateError))
            wait = AGAIN

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        with lock:
            done.set()
            throw(ctypes.c_ulong(me), None)  # what was thrown and has not arrived
