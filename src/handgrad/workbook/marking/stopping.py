"""Stop marking on Ctrl-C or another signal, without losing what is marked."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # not every system has all of them


class StoppedError(BaseException):
    """A signal arrived. Not an Exception: nothing takes it for a fault of a submission."""


class Stop:
    """Which signal asked to stop, if one did; while armed, the first one raises StoppedError."""

    def __init__(self) -> None:
        self.number, self._armed = 0, False

    def arm(self) -> None:
        """From now on a signal raises; one that has come already raises at once."""
        self._armed = True
        if self.number:
            raise StoppedError

    def disarm(self) -> None:
        """From now on signals are only noted."""
        self._armed = False

    def hear(self, number: int, _: Any = None) -> None:
        """Handle a signal."""
        self.number = self.number or number
        if self._armed:
            self._armed = False
            raise StoppedError

    def __str__(self) -> str:
        return f"stopped by {signal.Signals(self.number).name}"


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Within the block Ctrl-C, SIGTERM and SIGHUP are heard by a Stop, in place of ending the process."""
    stop, before = Stop(), {}
    if threading.current_thread() is threading.main_thread():  # only there Python lets signals be handled
        for name in SIGNALS:
            if hasattr(signal, name):
                number = getattr(signal, name)
                before[number] = signal.signal(number, stop.hear)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
