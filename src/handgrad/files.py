"""What is asked of the operating system: files written whole, its errors in one line, how many cores."""

import os
import tempfile
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write data to path, or leave what stood there: temporary file, fsync, rename, fsync the folder.

    The temporary file lives in the same folder, so that the rename cannot cross a file system. A
    process killed at any moment leaves the old file or the new one, never a torn one. OSError where
    the folder is missing or read-only, or the disk is full; then nothing has changed.
    """
    path = Path(os.path.realpath(path))  # a link stays a link: what it points to is replaced
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode_for(path))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _fsync_folder(path.parent)


def _mode_for(path: Path) -> int:
    """The permissions of the file that is replaced, else those that open() would give a new one."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def _fsync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened, and rename is durable enough
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reason(error: OSError) -> str:
    """An operating system's error in a few words: "No such file or directory"."""
    return error.strerror or str(error) or type(error).__name__


def available_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
