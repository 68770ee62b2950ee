"""The process in which a learner's code runs: a desk, limits, and a pipe. It is started by `remote`.

It never holds an expected value: the learner's code can tamper with its own process only.
"""

import os
import re
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

from handgrad.workbook.desk import guard, wire
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.stand_ins import give_old_names

OUT_OF_MEMORY, UNCLEAR = 97, 98  # exit codes
LARGEST_COMMAND = 1024**3  # bytes of arrays; the checker is to be trusted
MOST_FILES, LARGEST_FILE = 128, 16 * 1024 * 1024  # open at once; bytes
LIBRARIES = 512 * 1024 * 1024  # bytes: code and reserved addresses that imports map, of which little is used
BEFOREHAND = ("torch", "numba")  # on import they do what the guard refuses
NO_PLAIN_VALUE = "the returned value contains something that is not a number"


def main() -> None:
    """Serve commands until the checker has gone."""
    commands, replies = _pipes()
    desk = Desk(BaseException)
    while True:
        try:
            mark, command = wire.receive(commands, LARGEST_COMMAND)
            reply = prepare(**command["with"]) if command["do"] == "prepare" else desk.do(command)
            try:
                wire.send(replies, mark, reply)
            except (TypeError, ValueError, RecursionError):
                error = {"type": "TypeError", "message": NO_PLAIN_VALUE, "line": None, "code": ""}
                wire.send(replies, mark, {"error": error})
        except (EOFError, BrokenPipeError):
            os._exit(0)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except BaseException:
            os._exit(UNCLEAR)


def prepare(text: str, hidden: list[str], seconds: float, memory: int, parent: int) -> dict[str, Any]:
    """Import the modules that the code may need, then set the limits permanently.

    hidden: real paths that must not be read; seconds: of processor time; memory: bytes on top of what is in
    use now.
    """
    for name in BEFOREHAND:
        # in a notebook, which comes as JSON, lines begin behind the characters \n
        if re.search(rf"(?:\b|\\[nrt])(?:import|from)\b[^\n\\]*\b{name}\b", text):
            with suppress(ImportError):
                import_module(name)
    give_old_names()
    if os.name == "posix":
        _limit(int(seconds) + 1, memory)
        threading.Thread(target=_watch, args=(parent, memory), daemon=True).start()
        guard.install(os.path.realpath(os.getcwd()), tuple(hidden))
    return {}


def _pipes() -> tuple[int, int]:
    """Move the descriptors for commands and replies away from 0, 1 and 2.

    Then stdin is empty, and printed text goes to the pipe of stderr.
    """
    commands, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands, replies


def _limit(seconds: int, memory: int) -> None:
    import resource

    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_NOFILE: MOST_FILES,
        resource.RLIMIT_FSIZE: LARGEST_FILE,
    }
    with suppress(OSError), open("/proc/self/statm") as file:  # Linux: pages of all that is mapped, of data
        mapped, _, _, _, _, data, _ = (int(pages) * resource.getpagesize() for pages in file.read().split())
        limits[resource.RLIMIT_DATA] = data + memory
        limits[resource.RLIMIT_AS] = mapped + memory + LIBRARIES
    for what, most in limits.items():
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _watch(parent: int, memory: int) -> None:
    """End the process when the checker has exited; on macOS, which lacks RLIMIT_AS, also for its memory."""
    import resource

    leave, sleep, who, usage = os._exit, time.sleep, os.getppid, resource.getrusage
    darwin, myself = sys.platform == "darwin", resource.RUSAGE_SELF
    most = usage(myself).ru_maxrss + memory  # bytes there
    while True:
        sleep(0.1)
        if who() != parent:
            leave(0)
        if darwin and usage(myself).ru_maxrss > most:
            leave(OUT_OF_MEMORY)


if __name__ == "__main__":
    main()
