"""Folders and zip archives, as files by their names; each is opened with the same few errors.

What a header promises is compared with the file before memory is taken: a small archive does not expand
without end.
"""

import gzip
import io
import os
import stat
import weakref
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from handgrad.digits.idx import CHUNK, FREE_BYTES, SUSPECT_RATIO
from handgrad.digits.unzipped import BEGINS, unzipped
from handgrad.errors import DataError, readable
from handgrad.files import reason, without_waiting

try:
    from lzma import LZMAError
except ImportError:  # Python was built without it; then zipfile raises NotImplementedError
    LZMAError = zlib.error  # type: ignore[misc, assignment]  # a second name for one that is listed below

IGNORED = ("__MACOSX", "Thumbs.db", "desktop.ini")  # what systems leave in folders; so are names with a dot
MOST_FILES = 2_000_000
# What damaged archives raise; zipfile raises NotImplementedError for methods of compression that it lacks.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, LZMAError, EOFError, gzip.BadGzipFile),
    *(NotImplementedError, RuntimeError),
)


class Place(ABC):
    """Files by names with slashes, relative to a folder."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def names(self) -> list[str]:
        """The names of all files, at any depth, sorted; without those that systems leave behind."""
        names = [name for name in self._listed() if not _is_ignored(name)]
        return sorted(names)

    @abstractmethod
    def _listed(self) -> Iterator[str]:
        """The names of all files."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes of the file; of a file in an archive, as it is stored."""

    @abstractmethod
    def source(self, name: str) -> Any:
        """A path, or an open file, for readers that take either."""

    def shown(self, name: str) -> str:
        """The name of a file for a message."""
        return readable(f"{self.name}/{name}")

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """The bytes of a file, decompressed if they are gzip's. DataError, also within the block."""
        try:
            with self._opened(name) as file:
                if file.read(2) == BEGINS:
                    yield _Bounded(unzipped(file), self.size(name), self.shown(name))  # type: ignore[misc]  # it has what readers of IO use
                else:
                    file.seek(0)
                    yield file
        except DAMAGE as error:
            if isinstance(error, RuntimeError) and "password" in str(error):
                raise DataError(f"{self.shown(name)}: is encrypted; extract it first") from None
            raise DataError(f"{self.shown(name)}: is damaged or cut off ({error}); get it again") from None
        except MemoryError:
            raise DataError(f"{self.shown(name)}: needs more memory than there is") from None
        except OSError as error:
            raise DataError(f"{self.shown(name)}: cannot be read: {reason(error)}") from None

    @abstractmethod
    def _opened(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """The bytes of a file as they are stored."""

    def read(self, name: str) -> bytes:
        """All bytes of a file, decompressed."""
        with self.open(name) as file:
            return file.read()


class Folder(Place):
    """The files in a folder and in those below it."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        super().__init__(str(path) if name is None else name)
        self.path = path

    def _listed(self) -> Iterator[str]:
        seen, count = set(), 0

        def refused(error: OSError) -> None:
            raise DataError(f"{error.filename}: cannot be read: {reason(error)}")

        for folder, folders, files in os.walk(self.path, onerror=refused, followlinks=True):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:  # a link to a folder above
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            below = Path(folder).relative_to(self.path)
            folders[:] = sorted(name for name in folders if not _is_ignored(name))
            count += len(files)
            if count > MOST_FILES:
                raise DataError(f"{self.name}: expected at most {MOST_FILES:,} files in the folder; got more")
            yield from ((below / name).as_posix() for name in files)

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        try:
            return (self.path / name).is_file()
        except (OSError, ValueError):  # too long to be a name, or with a zero byte
            return False

    def size(self, name: str) -> int:
        """Bytes of the file."""
        return (self.path / name).stat().st_size

    def source(self, name: str) -> Path:
        """The path of a file."""
        return self.path / name

    def shown(self, name: str) -> str:
        """The path of a file, as it was given."""
        return readable(str(Path(self.name) / name))

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        with open(self.path / name, "rb", opener=without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise DataError(f"{self.shown(name)}: expected a file; this is a pipe or a device")
            yield file


class Archive(Place):
    """The files in a zip archive."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        super().__init__(str(path) if name is None else name)
        try:
            self._zip = zipfile.ZipFile(path)
            weakref.finalize(self, self._zip.close)  # the collector might take the open file before it
            named = (one for one in self._zip.infolist() if one.filename)  # without it is_dir fails
            self._members = {one.filename: one for one in named if not one.is_dir()}
        except (*DAMAGE, ValueError, UnicodeError) as error:
            raise DataError(f"{self.name}: the zip archive is damaged ({error}); get it again") from None
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {reason(error)}") from None

    def _listed(self) -> Iterator[str]:
        yield from self._members

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return name in self._members

    def size(self, name: str) -> int:
        """Bytes that the file takes in the archive."""
        return self._members[name].compress_size

    def expanded(self, name: str) -> int:
        """Bytes of the file once it is decompressed, as the archive promises."""
        return self._members[name].file_size

    def source(self, name: str) -> IO[bytes]:
        """A file in memory."""
        return io.BytesIO(self.read(name))

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        expected, size = self.expanded(name), self.size(name)
        if expected > max(FREE_BYTES, SUSPECT_RATIO * size):
            claim = f"it expands more than {SUSPECT_RATIO}-fold, to {expected:,} bytes"
            raise DataError(f"{self.shown(name)}: {claim}; extract it first if that is meant")
        with self._zip.open(self._members[name]) as file:
            yield file


class _Bounded(io.RawIOBase):
    """A gzip stream that ends in a DataError where it expands beyond what honest data does."""

    def __init__(self, stream: io.BufferedReader, size: int, name: str) -> None:
        self._stream, self._name = stream, name
        self._most = max(FREE_BYTES, SUSPECT_RATIO * size)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always: to go back, it is decompressed again."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """To a place in the decompressed bytes."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The place in the decompressed bytes."""
        return self._stream.tell()

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, or all that are left."""
        if size is not None and size >= 0:
            return self._checked(self._stream.read(size))
        pieces = []
        while piece := self._checked(self._stream.read(CHUNK)):
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, buffer: Any) -> int:
        """As many bytes as fit."""
        piece = self._checked(self._stream.read(len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)

    def _checked(self, piece: bytes) -> bytes:
        if self._stream.tell() > self._most:
            claim = f"it expands more than {SUSPECT_RATIO}-fold"
            raise DataError(f"{self._name}: {claim}; decompress it first if that is meant")
        return piece


def _is_ignored(name: str) -> bool:
    return any(part.startswith(".") or part in IGNORED for part in name.split("/"))
