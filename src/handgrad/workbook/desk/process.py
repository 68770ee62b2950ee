"""A process for a learner's code: start it, exchange messages with it, end it with all its children."""

import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress

from handgrad.workbook.desk import disk, wire
from handgrad.workbook.desk.desk import Command
from handgrad.workbook.desk.environment import variables
from handgrad.workbook.desk.walls import FOLDER, IN_MEMORY, Walls

KILLED = -9
SIGNALLED = 128  # behind walls, the exit code after a signal is this much more than its number


class Process:
    """One process of child.py, with an empty folder of its own; a thread for each of its two pipes, and one
    that looks at the folder, and behind walls at all that is there.

    Behind walls that folder is in memory and gone with the process.
    """

    def __init__(self, most_output: int, walls: Walls | None = None, hidden: Sequence[str] = ()) -> None:
        """hidden: real paths that cannot be seen from behind the walls."""
        self._walls = walls
        self._folder = "" if walls else tempfile.mkdtemp(prefix="handgrad-")
        child = [sys.executable, "-u", "-m", "handgrad.workbook.desk.child"]
        try:
            self._popen = subprocess.Popen(
                walls.command(hidden, child) if walls else child,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                cwd=self._folder or "/", env=variables(self._folder or FOLDER, bool(walls)),
                start_new_session=True,
            )  # fmt: skip
        except BaseException:
            if self._folder:
                os.rmdir(self._folder)
            raise
        self._commands: queue.SimpleQueue[tuple[Command, int] | None] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[Command | Exception] = queue.SimpleQueue()
        self._kept, self._lost, self._most = bytearray(), 0, most_output
        self._ended, self._lock = False, threading.Lock()
        self.overfull, self._ends = False, threading.Event()  # overfull: killed for what it made
        works = [self._talk, self._drain, self._look]
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in self._threads:
            thread.start()

    def ask(self, command: Command, seconds: float, largest: int) -> Command:
        """The reply to a command. TimeoutError, EOFError, OSError or MessageError if no reply arrives."""
        self._commands.put((command, largest))
        try:
            reply = self._replies.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError(f"no answer within {seconds:g} seconds") from None
        if isinstance(reply, Exception):
            raise reply
        return reply

    def printed(self) -> str:
        """The beginning of stdout and stderr, and the number of further bytes."""
        more = f"\n... and {self._lost:,} bytes more\n" if self._lost else ""
        return wire.printable(self._kept.decode("utf-8", "replace")) + more

    @property
    def exit_code(self) -> int:
        """The exit code of the ended process; a negative value is the signal that ended it."""
        code = self._popen.returncode
        if code is None:
            return KILLED
        return SIGNALLED - code if self._walls and code > SIGNALLED else code

    def end(self) -> None:
        """Kill the process and all of its group, and remove its folder."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            self._commands.put(None)
            self._ends.set()
            self._kill()
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(10)
            for thread in self._threads:
                thread.join(1)
            if self._folder:
                disk.remove(self._folder)

    def _kill(self) -> None:
        """Kill the whole group; before wait(), since afterwards the process id may be reused."""
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(self._popen.pid, signal.SIGKILL)
            else:
                self._popen.kill()

    def _look(self) -> None:
        """Kill the process once it has put too much into its folder, or too many are behind its walls."""
        while not self._ends.wait(disk.EVERY):
            folder, pid = self._folder, self._popen.pid
            if disk.is_overfull(folder) if folder else disk.is_crowded(pid, IN_MEMORY):
                with self._lock:
                    if not self._ended:
                        self.overfull = True
                        self._kill()
                return

    def _talk(self) -> None:
        assert self._popen.stdin
        assert self._popen.stdout
        with suppress(OSError), self._popen.stdin as commands, self._popen.stdout as replies:
            while task := self._commands.get():
                command, largest = task
                try:
                    self._replies.put(_exchange(commands.fileno(), replies.fileno(), command, largest))
                except Exception as error:
                    self._replies.put(error)

    def _drain(self) -> None:
        assert self._popen.stderr
        with suppress(OSError), self._popen.stderr as pipe:
            while piece := os.read(pipe.fileno(), 64 * 1024):
                kept = piece[: self._most - len(self._kept)]
                self._kept += kept
                self._lost += len(piece) - len(kept)


def _exchange(commands: int, replies: int, command: Command, largest: int) -> Command:
    mark = secrets.token_bytes(8)
    wire.send(commands, mark, command)
    repeated, reply = wire.receive(replies, largest, wire.printable)
    if repeated != mark or not isinstance(reply, dict):
        raise wire.MessageError("expected the reply to this command; got another one")
    return reply
