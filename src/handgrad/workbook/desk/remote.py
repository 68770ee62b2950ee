"""A desk in a process of its own: the learner's code may hang, crash or lie, and only its process suffers.

Where the system offers walls the process stands behind them (walls.py). Elsewhere there are limits only: they
stop mistakes and mischief, but not a determined attacker.
"""

import os
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Never, Self

from handgrad.errors import HandgradError
from handgrad.workbook.desk import wire
from handgrad.workbook.desk.child import OUT_OF_MEMORY, UNCLEAR
from handgrad.workbook.desk.desk import Command, GoneError
from handgrad.workbook.desk.disk import MOST_BYTES, MOST_ENTRIES, MOST_PROCESSES
from handgrad.workbook.desk.process import KILLED, Process
from handgrad.workbook.desk.time_limit import late
from handgrad.workbook.desk.walls import Level, best

MB = 1024**2
FIRST = 1  # behind walls, the process that ends all others with the checker
CLOSED = "the check was stopped"
BROKEN = "it broke the connection to the checker"
FULL = f"it put more than {MOST_ENTRIES:,} files or {MOST_BYTES / MB:g} MB on the disk"
CROWDED = f"it made more than {MOST_ENTRIES:,} files, or started more than {MOST_PROCESSES} processes"
ENDED = "it ended the process (os._exit or sys.exit)"


@dataclass(frozen=True)
class Limits:
    """The resources that the code of one submission may use."""

    call: float = 5.0  # seconds for one command
    total: float = 60.0  # seconds for all commands, for judging the answers, for starting the process again
    start: float = 60.0  # seconds for one start, in which none of the code runs yet
    memory: int = 2048 * MB  # bytes, on top of what Python and its libraries use
    output: int = 64 * 1024  # bytes of printed text that are kept
    answer: int = 16 * MB  # bytes of the arrays in one reply; judging them takes some 15 times as many


class RemoteDesk:
    """A Desk whose do raises GoneError when the process with the learner's code ended, hung or lied; then
    reset starts another and loads the same file.

    hidden: files and folders that the code must not read. A context manager: the process has to be ended.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        hidden: Iterable[str | os.PathLike[str]] = (),
        level: Level | None = None,
    ) -> None:
        """level: walls or limits only; by default the best that this system offers."""
        self.limits, self.level = limits or Limits(), level or best()
        self._hidden = [os.path.realpath(path) for path in hidden]
        self._load: Command = {}
        self._taken: dict[str, Command] = {}
        self._process: Process | None = None
        self._gone = GoneError("nothing has been loaded")  # why there is no process
        self._used = 0.0  # seconds
        self._answered = (0, 0.0)  # the thread that got the last answer, and its processor time then
        self._printed = ""
        self._closed, self._lock = False, threading.Lock()

    def do(self, command: Command) -> Command:
        """Carry out one command -> its reply. GoneError with the reason if the process has ended."""
        if command["do"] == "load":
            self._load, self._taken = command | {"seconds": self.limits.call}, {}
            self._begin()
            return self._loaded()
        reply = self._ask(command)
        if command["do"] == "take":
            self._taken[command["name"]] = command
        return reply

    def reset(self) -> None:
        """Forget all objects; if the process has ended, start another and load the same file again."""
        if self._process:
            self._ask({"do": "reset"})
        elif self._load:
            self._begin()
            self._loaded()
            for command in self._taken.values():
                self._ask(command)

    @property
    def output(self) -> str:
        """What the code has printed so far, of each of its processes at most limits.output bytes."""
        return self._printed + (self._process.printed() if self._process else "")

    def close(self) -> None:
        """End the process; every later command raises GoneError. Any thread may call it."""
        with self._lock:
            self._closed = True
        if process := self._process:
            process.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _loaded(self) -> Command:
        """Load the files; where what they run ends or hangs the process, only what cannot take long."""
        try:
            return self._ask(self._load)
        except GoneError as gone:
            if self._closed or self._load.get("plain"):
                raise
            self._load |= {"plain": str(gone)}
            self._begin()
            return self._ask(self._load)

    def _ask(self, command: Command) -> Command:
        """One command and its reply, in the time that is left."""
        if not self._process:
            raise GoneError(str(self._gone), self._gone.late)
        thread, processor = self._answered
        if thread == threading.get_ident():  # what the judging of the last answer took counts, too
            self._used += time.thread_time() - processor
        left = self.limits.total - self._used
        if left <= 0:
            self._lose(self._late(True))
        start = time.monotonic()
        try:
            return self._process.ask(command, min(self.limits.call, left), self.limits.answer)
        except TimeoutError:
            whole = left < self.limits.call
            self._lose(self._late(whole))
        except (OSError, EOFError, wire.MessageError) as error:
            self._process.end()
            self._lose(GoneError(self._why(error, self._process.exit_code)))
        finally:
            self._used += time.monotonic() - start
            self._answered = threading.get_ident(), time.thread_time()

    def _begin(self) -> None:
        """Start a new process in place of the old one. HandgradError if it cannot be started."""
        if self._process:
            self._forget(GoneError("it was loaded anew"))
        if self.limits.total <= self._used:
            self._lose(self._late(True))
        start = time.monotonic()
        settings = {
            "text": "\n".join(source["text"] for source in self._load["files"]),
            "hidden": self._hidden,
            "seconds": self.limits.total,
            "memory": self.limits.memory,
            "parent": FIRST if self.level.walls else os.getpid(),
        }
        try:
            with self._lock:
                if self._closed:
                    raise GoneError(CLOSED)
                self._process = Process(self.limits.output, self.level.walls, self._hidden)
            self._process.ask({"do": "prepare", "with": settings}, self.limits.start, self.limits.answer)
        except (OSError, EOFError, wire.MessageError) as error:
            self._forget(GoneError(BROKEN))
            if self._closed:
                raise GoneError(CLOSED) from None
            said = self._printed.strip().split("\n")[-1] or str(error)
            raise HandgradError(f"no process could be started for the code to be checked: {said}") from None
        if self._used:
            self._used += time.monotonic() - start

    def _why(self, error: Exception, exit_code: int) -> str:
        """The reason, in words, why the connection ended."""
        if self._closed:
            return CLOSED
        if self._process and self._process.overfull:
            return CROWDED if self.level.walls else FULL
        if isinstance(error, wire.MessageError):
            return f"its answer is missing, or larger than {self.limits.answer / MB:g} MB"
        if exit_code == OUT_OF_MEMORY:
            return f"it used more than {self.limits.memory / MB:g} MB of memory"
        if exit_code in (KILLED, UNCLEAR):
            return BROKEN
        return f"it crashed ({signal.Signals(-exit_code).name})" if exit_code < 0 else ENDED

    def _late(self, whole: bool) -> GoneError:
        limit = f"{late(self.limits.total)} in all" if whole else late(self.limits.call)
        return GoneError(limit, late=True)

    def _lose(self, gone: GoneError) -> Never:
        self._forget(gone)
        raise gone

    def _forget(self, gone: GoneError) -> None:
        self._gone = gone
        if self._process:
            self._process.end()
            self._printed += self._process.printed()
            self._process = None
