"""Walls around the process of a learner's code, where the system offers them: Linux with bubblewrap.

Within them there are no other processes, no network and no shared memory of others, and of the disk only
what Python needs, to be read: the system's programs and libraries, the environment, handgrad. All that can be
written is a small folder in memory. When the process ends, everything in it ends with it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from handgrad.workbook.desk.environment import variables

FOLDER = "/tmp/handgrad"  # within the walls: where the code starts, its home, its temporary files
LARGEST_FOLDER, LARGEST_SHARED = 64 * 1024**2, 16 * 1024**2  # bytes
IN_MEMORY = (FOLDER, "/dev/shm")  # what can be written
SYSTEM = (  # what is not there is left out
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime"),
    *("/etc/fonts", "/sys/devices/system/cpu", "/sys/devices/system/node"),
)
ASK = "import json, sys; print(json.dumps([sys.prefix, sys.base_prefix, sys.base_exec_prefix, *sys.path]))"
PATIENCE = 60  # seconds for a start that takes milliseconds


@dataclass(frozen=True)
class Walls:
    """How to start a program within them."""

    program: str  # bwrap
    places: tuple[str, ...]  # of Python and its packages, beside the system's

    def command(self, hidden: Iterable[str], words: Sequence[str]) -> list[str]:
        """The command that runs `words` within. hidden: real paths that are empty there, should they be in
        one of the places.
        """
        mounts = {place: _shown(place) for place in (*SYSTEM, *self.places) if os.path.lexists(place)}
        seen = [path for path in hidden if os.path.exists(path) and any(_holds(p, path) for p in mounts)]
        mounts |= {path: _emptied(path) for path in seen}
        in_order = sorted(mounts, key=lambda path: path.count("/"))  # outer ones first
        return [
            *(self.program, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"),
            *("--proc", "/proc", "--dev", "/dev", *_memory("/dev/shm", LARGEST_SHARED)),
            *(word for path in in_order for word in mounts[path]),
            *_memory(FOLDER, LARGEST_FOLDER),
            *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", FOLDER, "--", *words),
        ]


@dataclass(frozen=True)
class Level:
    """How learners' code is kept from harm: behind walls, or by limits only."""

    walls: Walls | None = None
    lacks: str = ""  # why there are no walls

    @property
    def name(self) -> str:
        """In one word: walls, or limits."""
        return "walls" if self.walls else "limits"

    def __str__(self) -> str:
        if self.walls:
            return "behind walls (bubblewrap): no network, no files or processes but its own"
        return f"with limits only, which are no sandbox: {self.lacks}"


@cache
def best() -> Level:
    """The best level that this system offers, tried once."""
    if sys.platform != "linux":
        return Level(lacks="walls need Linux")
    program = shutil.which("bwrap")
    if program is None:
        return Level(lacks="bubblewrap is not installed")
    try:
        walls = Walls(program, _places())
        words = walls.command((), [sys.executable, "-I", "-S", "-c", "pass"])
        tried = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Level(lacks=f"bubblewrap cannot be started: {error}")
    if tried.returncode:
        said = " ".join(tried.stderr.split()) or f"it ended with {tried.returncode}"
        return Level(lacks=f"bubblewrap does not work here ({said:.200})")
    return Level(walls)


def _places() -> tuple[str, ...]:
    """What Python reads: its own folders, those of its packages and of handgrad, as a new process has them.

    Nothing that holds the user's home folder, whatever the paths are set to.
    """
    environment = variables("/", walled=False)
    words = [sys.executable, "-c", ASK]
    asked = subprocess.run(words, capture_output=True, text=True, check=True, cwd="/", env=environment)
    own = [sys.executable, str(Path(__file__).parents[2]), *filter(None, json.loads(asked.stdout))]
    whole = {os.path.abspath(path) for path in own} | {os.path.realpath(path) for path in own}
    home = os.path.expanduser("~")
    whole -= {path for path in whole if _holds(path, home) or _holds(path, os.path.realpath(home))}
    outer = sorted(whole, key=lambda path: path.count("/"))
    kept = list[str]()
    for path in outer:
        if os.path.exists(path) and not any(_holds(place, path) for place in (*SYSTEM, *kept)):
            kept.append(path)
    return tuple(kept)


def _holds(place: str, path: str) -> bool:
    return f"{path}/".startswith(f"{place.rstrip('/')}/")


def _shown(place: str) -> list[str]:
    """To be read; a link stays one."""
    return ["--symlink", os.readlink(place), place] if os.path.islink(place) else ["--ro-bind", place, place]


def _emptied(path: str) -> list[str]:
    if not os.path.isdir(path):
        return ["--ro-bind", "/dev/null", path]
    return [*_memory(path, 4096), "--remount-ro", path]


def _memory(path: str, size: int) -> list[str]:
    return ["--size", str(size), "--tmpfs", path]
