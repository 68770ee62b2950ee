"""What a learner's code has made in its own folder or behind its walls, counted from outside; removing it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MOST_ENTRIES, MOST_BYTES = 1000, 64 * 1024**2  # in the folder, at any time
MOST_PROCESSES = 64  # behind walls, at any time
EVERY = 0.1  # seconds between two looks
CLEANING = 20.0  # seconds for the removal
BLOCK = 512  # bytes, in which the system counts what a file takes


def is_overfull(folder: str) -> bool:
    """Whether it holds more files and folders, or bytes on the disk, than it may.

    What vanishes meanwhile counts nothing. No link is followed. A look ends at the limit, however much there
    is; folders without end within each other are beyond it before their path is too long.
    """
    entries = size = 0
    folders = [folder]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as found:
            for entry in found:
                entries += 1
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    size += getattr(status, "st_blocks", -(-status.st_size // BLOCK)) * BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                if entries > MOST_ENTRIES or size > MOST_BYTES:
                    return True
    return False


def is_crowded(pid: int, places: Iterable[str]) -> bool:
    """Whether within the walls of a process of bubblewrap there are more files or processes than may be.

    places: the folders in memory there, whose bytes are limited but not their files. Seen through /proc;
    False where the system does not show them.
    """
    with suppress(OSError, ValueError):
        first = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0:1]
        for root in (f"/proc/{one}/root" for one in first):
            for place in places:
                space = os.statvfs(f"{root}{place}")
                if space.f_files - space.f_ffree > MOST_ENTRIES:
                    return True
            with os.scandir(f"{root}/proc") as entries:
                return sum(entry.name.isdigit() for entry in entries) > MOST_PROCESSES
    return False


def remove(folder: str) -> None:
    """Remove a folder, however deep the folders in it are nested, in the seconds that it may take."""
    with suppress(OSError):
        os.rmdir(folder)  # nearly always it is empty
        return
    if os.name != "posix":
        shutil.rmtree(folder, ignore_errors=True)
        return
    until, found = time.monotonic() + CLEANING, {"PATH": f"{os.environ.get('PATH', '')}:{os.defpath}"}
    for words in (["rm", "-rf"], ["chmod", "-R", "u+rwx"], ["rm", "-rf"]):  # some may be protected
        left = max(0.0, until - time.monotonic())
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run([*words, folder], stderr=subprocess.DEVNULL, check=False, timeout=left, env=found)
        if not os.path.exists(folder):
            return
