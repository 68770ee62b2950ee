"""What a row of the table is, and how it is thrown: each part in a process of its own, each item from its own seed.

A part is a function that prepares a folder and yields throw(i, rng), which throws item i. An item survives if throw
returns within ten times the time that is promised and with the memory that is promised. What it raises, and a
process that ends or hangs, is a fault of that item: the others are thrown all the same, by a new process.
"""

import contextlib
import ctypes
import json
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

GENEROUS = 10  # times the promised seconds: machines are busy
HANG = 120  # seconds, beyond the generous ones, after which nothing more is expected
SAID = 300  # characters of a fault that the table shows
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # parts run side by side
MARK = "STRESS_FOLDER"  # in the environment of all that a part starts
BELIEVED = 5  # processes that end or hang one after the other; then the part is given up


class Part(NamedTuple):
    """A part of a row: what is thrown, how many, and what each may take."""

    row: str
    what: str
    make: Callable[[Path], Any]  # folder -> context of throw(i, rng)
    full: Callable[[], int]  # how many items; asked in the process that throws
    quick: int
    seconds: float  # promised for an item
    megabytes: float | None  # promised for an item
    grown: bool  # megabytes are what the process grows by, and not what it has
    each: int  # things thrown by an item
    cores: int  # that an item keeps busy

    @property
    def name(self) -> str:
        return f"{self.row}: {self.what}"


PARTS: dict[str, Part] = {}


def part(row, what, full, quick, seconds, megabytes=None, grown=False, each=1, cores=1):
    """Enter a function that prepares a folder and yields throw(i, rng) as a part of a row."""

    def enter(make):
        one = Part(
            row, what, contextlib.contextmanager(make), full if callable(full) else lambda: full,
            quick, seconds, megabytes, grown, each, cores,
        )  # fmt: skip
        PARTS[one.name] = one
        return make

    return enter


class Outcome:
    """What came of a part: items asked for, thrown and survived, the worst of them, and each fault."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.asked = self.thrown = 0
        self.seconds = self.megabytes = 0.0
        self.took = 0.0
        self.faults: list[tuple[int, str]] = []

    def note(self, item: int, seconds: float, megabytes: float, fault: str) -> None:
        """Count an item. Time and memory of its process stand in the table, whether it survived or not."""
        self.thrown += 1
        self.seconds, self.megabytes = max(self.seconds, seconds), max(self.megabytes, megabytes)
        if fault:
            self.faults.append((item, fault))


def generator(part: Part, seed: int, item: int) -> np.random.Generator:
    """The generator of an item: the same for the same seed, whatever was thrown before it."""
    return np.random.default_rng([seed, zlib.crc32(part.name.encode()), item])


# The process that throws.


def throw(part: Part, items: range, counts: str, seed: int, report: int, folder: Path, loud: bool) -> None:
    """Throw items, and write a line of JSON about each beginning and end. Loud: with their tracebacks."""

    def tell(*values: Any) -> None:
        os.write(report, json.dumps(values).encode() + b"\n")

    _own(folder)
    with part.make(folder / "work") as one:
        many = part.full() if counts == "full" else min(part.quick, part.full())
        tell("asked", many)
        for i in items[: max(0, many - items.start)]:
            tell("begun", i)
            before, began = _peak(reset=True), time.monotonic()
            fault = _fault(one, i, generator(part, seed, i), loud)
            seconds = time.monotonic() - began
            megabytes = _peak() - (before if part.grown else 0)
            if not fault and part.megabytes and megabytes > part.megabytes:
                fault = f"took {megabytes:.0f} MB; promised are {part.megabytes:g} MB"
            if not fault and seconds > GENEROUS * part.seconds:
                fault = f"took {seconds:.1f} s; promised are {part.seconds:g} s"
            tell("ended", i, seconds, megabytes, fault)
    tell("done", 0)


def _fault(one: Callable[..., None], i: int, rng: np.random.Generator, loud: bool) -> str:
    """What went wrong with an item, in one line; nothing where it survived."""
    try:
        one(i, rng)
    except BaseException as error:  # SystemExit is a fault as well
        if loud:
            traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return f"{said:.{SAID}} ({Path(where.filename).name}, line {where.lineno})"
    return ""


def _own(folder: Path) -> None:
    """Folders of its own, so that nothing of the user's is seen or touched; the cache is that of shared_cache."""
    for name in ("work", "home", "tmp"):
        (folder / name).mkdir()
    os.environ |= {"HOME": str(folder / "home"), "XDG_DATA_HOME": str(folder / "home" / "data")}
    os.environ |= {"TMPDIR": str(folder / "tmp"), "no_proxy": "127.0.0.1"}
    tempfile.tempdir = str(folder / "tmp")


def _peak(reset: bool = False) -> float:
    """The most memory that this process, or a child that has ended, has had, in megabytes.

    reset: begin anew, where the system can (Linux), and return what the process has now: without what others
    have freed and the allocator keeps, so that an item answers for itself.
    """
    try:
        if reset:
            with contextlib.suppress(AttributeError):  # a C library other than GNU's
                ctypes.CDLL(None).malloc_trim(0)
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
        kilobytes = int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if not reset:
        kilobytes = max(kilobytes, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return kilobytes / 1024


# The process that watches.


@contextlib.contextmanager
def shared_cache() -> Iterator[None]:
    """A cache folder for the processes that throw, so that the first compiles the kernel for all; removed at the end."""
    with tempfile.TemporaryDirectory(prefix="stress-cache-", ignore_cleanup_errors=True) as name:
        os.environ["XDG_CACHE_HOME"] = name  # they inherit it
        yield


def end_all_of(folder: Path) -> None:
    """End each process that has this folder in its environment, or works in it, whoever its parent is now.

    A process in a session of its own is not ended with the group of the one that started it. Where there is
    no /proc, this does nothing.
    """
    mark, found = os.fsencode(folder), True
    while found:
        found = False
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                inside = mark in os.fsencode(os.readlink(process / "cwd"))
                if inside or mark in (process / "environ").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
                    found = True
        time.sleep(0.01 * found)


def watch(part: Part, counts: str, seed: int, until: float, only: int | None = None) -> Outcome:
    """Have a part thrown, by new processes where one ends or hangs, until it is done or time is up.

    only: one item of the full counts, with its traceback on stderr.
    """
    outcome, began, ended = Outcome(part), time.monotonic(), 0
    first, last = (0, sys.maxsize) if only is None else (only, only + 1)
    while ended < BELIEVED:
        words = [
            "--part",
            part.name,
            "--first",
            str(first),
            "--last",
            str(last),
            "--seed",
            str(seed),
            "--counts",
            counts,
        ]
        state = _Watched(outcome, loud=only is not None)
        state.run([sys.executable, sys.argv[0], *words], until)
        if state.done or time.monotonic() > until:
            break
        if state.item is None:  # nothing was thrown: the part could not be prepared
            outcome.asked = outcome.asked or 1
            outcome.note(first, 0.0, 0.0, f"could not be prepared: {state.last_words()}")
            break
        ended = ended + 1 if state.item == first else 1
        first = state.item + 1
        if first >= min(last, outcome.asked):
            break
    outcome.took = time.monotonic() - began
    return outcome


class _Watched:
    """A process that throws, seen from outside."""

    def __init__(self, outcome: Outcome, loud: bool) -> None:
        self.outcome, self.loud = outcome, loud
        self.item: int | None = None  # the one that it has begun
        self.done = False
        self.said = Path(os.devnull)

    def run(self, command: list[str], until: float) -> None:
        """Run it to its end, or until it hangs or time is up; then end whatever it has started."""
        with tempfile.TemporaryDirectory(prefix="stress-", ignore_cleanup_errors=True) as name:
            self.said, folder = Path(name) / "said", Path(name) / "own"
            folder.mkdir()
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            with open(self.said, "wb") as said:
                process = subprocess.Popen(
                    [*command, "--report", str(writer), "--folder", str(folder), *["--loud"] * self.loud],
                    stdin=subprocess.DEVNULL, stdout=said, stderr=None if self.loud else said,
                    pass_fds=[writer], start_new_session=True, env=ONE_THREAD | os.environ | {MARK: name},
                )  # fmt: skip
            os.close(writer)
            try:
                self._follow(process, reader, until)
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                end_all_of(Path(name))
                os.close(reader)
                self._words = self.said.read_bytes()[-2000:].decode(errors="replace")

    def _follow(self, process: subprocess.Popen[bytes], reader: int, until: float) -> None:
        text, moved, open_item = b"", time.monotonic(), False
        patience = GENEROUS * self.outcome.part.seconds + HANG
        while not self.done:
            ended = process.poll()  # before reading: what it wrote last is read all the same
            with contextlib.suppress(BlockingIOError):
                while more := os.read(reader, 1 << 16):
                    text += more
            *lines, text = text.split(b"\n")
            for line in lines:
                moved = time.monotonic()
                kind, item, *rest = json.loads(line)
                if kind == "asked":
                    self.outcome.asked = item
                elif kind == "begun":
                    self.item, open_item = item, True
                elif kind == "ended":
                    open_item = False
                    self.outcome.note(item, *rest)
                else:
                    self.done = True
            fault = ""
            if self.done:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(HANG)  # for what it does at its exit
            if self.done or time.monotonic() > until:
                break
            if ended is not None:
                how = f"signal {signal.Signals(-ended).name}" if ended < 0 else f"exit code {ended}"
                fault = f"its process ended with {how}: {self.last_words()}"
            elif time.monotonic() - moved > patience:
                fault = f"hangs: no answer for {patience:.0f} s"
            if fault and open_item:
                self.outcome.note(self.item, time.monotonic() - moved, 0.0, fault)
            if fault:
                break
            time.sleep(0.02)

    def last_words(self) -> str:
        """The last line that it printed."""
        with contextlib.suppress(OSError):
            self._words = self.said.read_bytes()[-2000:].decode(errors="replace")
        lines = [line for line in self._words.splitlines() if line.strip()]
        return lines[-1][:SAID] if lines else "it said nothing"


def spread(i: int, many: int) -> int:
    """The place of item i in a table of so many, each once: few items come from everywhere in it."""
    stride = next(step for step in range(int(many * 0.618) | 1, 2 * many + 2) if math.gcd(step, many) == 1)
    return i * stride % many
