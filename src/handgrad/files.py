"""Files: whether one may be written, files written whole, and the system's errors in one line.

One rule for writing holds for every command and function: only a regular file of the kind that is to be
written is replaced, one that handgrad would have written itself. An empty file may be replaced too, since
mktemp makes such files. Everything else stays as it is: folders, devices, pipes, sockets, links to nothing,
other people's files, and files without write permission. A link to a file of the right kind stays a link.
"""

import errno
import os
import secrets
import signal
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Never

from handgrad.errors import HandgradError, readable

BEGINNING = 4096  # bytes of a file, by which most kinds are recognised
NAMES = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


@dataclass(frozen=True)
class Kind:
    """A kind of file that handgrad writes: what it is called, and how one that is there is recognised."""

    noun: str
    recognises: Callable[[IO[bytes]], bool]  # of a file that is open at its beginning
    error: type[HandgradError] = HandgradError  # raised where something else stands in the way
    through_links: bool = True  # whether a link to such a file is followed
    remedy: str = "choose another name"
    mode: int | None = None  # permissions; None for those of the file that is replaced, or those of open()


def _is_our_png(file: IO[bytes]) -> bool:
    begins = file.read(BEGINNING)
    return begins.startswith(b"\x89PNG\r\n\x1a\n") and b"tEXtSoftware\0handgrad" in begins


PNG = Kind("a PNG image made by handgrad", _is_our_png)
KEPT = Kind("a file of handgrad's cache", lambda file: True, through_links=False, remedy="remove it")


def expect_writable(path: str | os.PathLike[str], kind: Kind, *inputs: str | os.PathLike[str]) -> None:
    """Ask, before any work is done, whether a file of this kind can be written to path.

    kind.error, in one line that names the path, where something else stands there, where it is one of the
    inputs of the command, and where its folder is missing or read-only. Nothing is changed. What may appear
    under the name later is asked again by the writer.
    """
    _expect_name(path, kind.error)
    if any(_same(path, source) for source in inputs):
        raise kind.error(f"{path}: is the file to read; choose another name")
    expect_replaceable(path, kind)
    folder = Path(os.path.realpath(path)).parent
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except FileNotFoundError as error:
        raise kind.error(f"{path}: cannot be written: {reason(error)}; make the folder first") from None
    except OSError as error:
        raise kind.error(f"{path}: cannot be written: {reason(error)}") from None


def expect_replaceable(path: str | os.PathLike[str], kind: Kind) -> None:
    """kind.error where something stands at path that a file of this kind must not replace."""
    try:
        if os.path.islink(path) and not kind.through_links:
            raise _refusal(path, kind, "a link")
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            raise _refusal(path, kind, "a link to a file that does not exist") from None
        return
    except OSError as error:
        raise kind.error(f"{path}: cannot be written: {reason(error)}") from None
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(path, kind, NAMES.get(stat.S_IFMT(status.st_mode), "a device"))
    if _is_standard_stream(status):
        raise kind.error(f"{path}: is stdin, stdout or stderr of this command; choose another name")
    if not os.access(path, os.W_OK):
        raise kind.error(f"{path}: cannot be written: Permission denied; choose another name")
    try:
        with open(path, "rb", opener=without_waiting) as file:
            ours = status.st_size == 0 or kind.recognises(file)
    except OSError as error:
        raise kind.error(f"{path}: cannot be read, to see what it is: {reason(error)}") from None
    if not ours:
        raise kind.error(f"{path}: exists and is not {kind.noun}; choose another name, or remove it")


def expect_folder(path: str | os.PathLike[str]) -> None:
    """Make the folder where it is missing, and ask whether files can be written into it.  HandgradError where
    something else stands there, or the system refuses."""
    _expect_name(path, HandgradError)
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except FileExistsError:
        raise HandgradError(f"{path}: exists and is not a folder; choose another name") from None
    except OSError as error:
        raise HandgradError(f"{path}: cannot be written: {reason(error)}") from None


def write_atomically(path: str | os.PathLike[str], data: bytes, kind: Kind) -> None:
    """Write data to path, or leave what stood there: see new_file.  kind.error where that must not be
    replaced, and where the folder is missing or read-only or the disk is full; then nothing has changed."""
    _expect_name(path, kind.error)
    try:
        with new_file(path, kind) as file:
            file.write(data)
    except OSError as error:
        raise kind.error(f"{path}: cannot be written: {reason(error)}") from None


def append(path: str | os.PathLike[str], data: bytes, kind: Kind) -> None:
    """Append data to the file at path, in one write.  kind.error where something else stands there, and where
    the system refuses; what stood there before then still does."""
    expect_replaceable(path, kind)
    try:
        with open(path, "ab", buffering=0) as file:
            size = file.tell()
            if file.write(data) < len(data):  # the disk is full
                file.truncate(size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise kind.error(f"{path}: cannot be written: {reason(error)}") from None


@contextmanager
def new_file(path: str | os.PathLike[str], kind: Kind) -> Iterator[IO[bytes]]:
    """A file to write into; it appears under the path when the block ends well, and vanishes otherwise.

    Temporary file, fsync, rename, fsync of the folder. The temporary file lives in the same folder, so that
    the rename cannot cross a file system. A process killed at any moment leaves the old file or the new one,
    never a torn one. On Linux the temporary file has no name until just before the rename, so that the system
    removes it however the process ends; elsewhere SIGTERM and SIGHUP remove it. kind.error where what stands
    there must not be replaced; OSError where the system refuses. This is asked before the block and again
    after it. What appears between that last look and the rename, some microseconds, is replaced: no system
    call renames by kind.
    """
    expect_replaceable(path, kind)
    real = Path(os.path.realpath(path))  # a link stays a link: what it points to is replaced
    descriptor, name = _without_name(real.parent), ""
    with nullcontext() if descriptor else _signals_unwind():
        if not descriptor:
            descriptor, name = tempfile.mkstemp(prefix=_beginning(real), suffix=".tmp", dir=real.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(descriptor)
                os.chmod(name or descriptor, _mode_for(real) if kind.mode is None else kind.mode)
                expect_replaceable(real, kind)
                name = name or _named(descriptor, real)
            os.replace(name, real)
        except BaseException:
            if name:
                Path(name).unlink(missing_ok=True)
            raise
    _fsync_folder(real.parent)


def reason(error: OSError) -> str:
    """An operating system's error in a few words: "No such file or directory"."""
    return error.strerror or str(error) or type(error).__name__


def without_waiting(path: str, flags: int) -> int:
    """An opener for open(): do not wait for a writer at the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def user_folder(kind: str) -> Path:
    """The user's folder for handgrad, of kind "cache" or "data"; it need not exist yet.

    HandgradError for a user without a home folder: HOME is not set, and passwd has no entry.
    """
    from platformdirs import user_cache_path, user_data_path

    find = {"cache": user_cache_path, "data": user_data_path}[kind]
    variable = f"XDG_{kind.upper()}_HOME"
    try:
        folder = find("handgrad", appauthor=False)
    except (RuntimeError, KeyError):
        folder = Path("~")
    if not folder.is_absolute():  # older versions of platformdirs return the ~ as it is
        raise HandgradError(f"you have no home folder, so no {kind} folder either; set HOME or {variable}")
    return folder


def _expect_name(path: str | os.PathLike[str], error: type[HandgradError]) -> None:
    """Names that no line of output can hold: the command would end in an encoding error after its work."""
    if (name := os.fspath(path)) != readable(name):
        expected = "expected a file name in UTF-8 without control characters"
        raise error(f"{readable(name)}: {expected}; choose another name")


def _refusal(path: str | os.PathLike[str], kind: Kind, what: str) -> HandgradError:
    return kind.error(f"{path}: exists and is not {kind.noun} but {what}; {kind.remedy}")


def _same(path: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):  # one of them is not there
        return False


def _is_standard_stream(status: os.stat_result) -> bool:
    """Whether the file is where the shell has redirected this process's stdin, stdout or stderr."""
    for descriptor in range(3):
        try:
            if os.path.samestat(status, os.fstat(descriptor)):
                return True
        except OSError:  # it is closed
            pass
    return False


def _beginning(real: Path) -> str:
    return f".{real.name[:40]}."  # short: the temporary name must not be longer than the file's own


def _without_name(folder: Path) -> int:
    """The descriptor of a new file without a name; 0 where the system or the file system knows none."""
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except (AttributeError, OSError):
        return 0
    if descriptor and os.path.exists(f"/proc/self/fd/{descriptor}"):  # by which it gets its name
        return descriptor
    os.close(descriptor)
    return 0


def _named(descriptor: int, real: Path) -> str:
    """Give a file without a name a temporary one beside `real`."""
    while True:
        name = str(real.with_name(f"{_beginning(real)}{secrets.token_hex(4)}.tmp"))
        with suppress(
            FileExistsError
        ):  # given a folder, Python calls linkat, which follows the link in /proc
            os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=descriptor)
            return name


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """SIGTERM and SIGHUP raise SystemExit, so that a temporary file with a name is removed."""
    signals = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    ours = [one for one in signals if one and signal.getsignal(one) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        ours = []  # only the main thread may

    def unwind(number: int, _: object) -> Never:
        raise SystemExit(128 + number)

    for one in ours:
        signal.signal(one, unwind)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, signal.SIG_DFL)


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
