"""Machine code on disk, behind its SHA-256. Code that somebody else could have put there is not loaded.

The checksum finds damage, not ill will: whoever can write the file can write its checksum. So the file and
its folder must be this user's own, or root's, and nobody else may be able to write them, as pip demands of
its cache. Links are neither followed nor replaced.
"""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from handgrad.errors import HandgradError
from handgrad.files import KEPT, Kind, new_file, without_waiting

CHECKSUM = hashlib.sha256().digest_size
OTHERS = stat.S_IWGRP | stat.S_IWOTH  # write permission of others
PRIVATE_FOLDER = 0o700
CODE = Kind(KEPT.noun, KEPT.recognises, through_links=False, remedy=KEPT.remedy, mode=0o600)


def read(path: Path) -> bytes | None:
    """The code in a file. None if the file is missing or damaged, or if others could have written it."""
    try:
        if not _is_ours(path.parent.stat()):
            return None
        with open(path, "rb", opener=_without_links) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
                return None
            data = file.read()
    except OSError:
        return None
    code = data[CHECKSUM:]
    return code if hashlib.sha256(code).digest() == data[:CHECKSUM] else None


def write(path: Path, code: bytes) -> None:
    """Write the code to a file that nobody else can read or write. Where that is refused, nothing happens.

    A folder of this user's that others can write is closed to them first.
    """
    with suppress(OSError, HandgradError):
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        folder = path.parent.stat()
        if os.name == "posix" and folder.st_uid == os.geteuid() and folder.st_mode & OTHERS:
            path.parent.chmod(stat.S_IMODE(folder.st_mode) & ~OTHERS)
        if _is_ours(path.parent.stat()):
            with new_file(path, CODE) as file:
                file.write(hashlib.sha256(code).digest() + code)


def _is_ours(status: os.stat_result) -> bool:
    """Whether only this user and root can change a file or a folder."""
    if os.name != "posix":  # elsewhere the user's own folders are closed to others
        return True
    return status.st_uid in (os.geteuid(), 0) and not status.st_mode & OTHERS


def _without_links(path: str, flags: int) -> int:
    """An opener for open(): neither follow a link nor wait for a pipe."""
    return without_waiting(path, flags | getattr(os, "O_NOFOLLOW", 0))
