"""Zip and tar archives, read in memory and never unpacked to disk; what one may hold is limited."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO, NamedTuple, Self, cast

from handgrad.errors import DataError

MB = 1_000_000
DEEPEST = 5  # archives within archives
LARGEST = 300 * MB  # bytes of an archive within another, which is held in memory
CODE = 30 * MB  # characters of code that are kept of one archive
DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, NotImplementedError, RuntimeError, ValueError, OverflowError, LookupError,
)  # fmt: skip
HEADERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)
LONGEST_HEADERS = 20 * MB  # bytes of them in one archive
UTF8_NAME, ENCRYPTED, TAR_BLOCK = 0x800, 0x1, 512


class TooMuchError(DataError):
    """An archive or a folder holds more than is read."""


class Budget:
    """What may still be read: of one archive with all that is in it, or of one folder."""

    def __init__(
        self, entries: int = 10_000, size: int = 300 * MB, code: int = CODE, headers: int = 100_000
    ) -> None:
        self.entries, self.size, self.code, self.headers = entries, size, code, headers
        self._files, self._megabytes = f"{entries:,} files", f"{size // MB:,} MB unpacked"
        self._over = ""  # of what there was too much; nothing is read afterwards

    def header(self) -> None:
        """One file more in an archive, whether work or not. TooMuchError if these are too many."""
        self.headers -= 1
        self._expect(self.headers, self._files)

    def entry(self) -> None:
        """One file or folder more that may be work. TooMuchError if these are too many."""
        self.entries -= 1
        self._expect(self.entries, self._files)

    def take(self, size: int) -> None:
        """So many bytes more. TooMuchError, before they are read, if these are too many."""
        self.size -= size
        self._expect(self.size, self._megabytes)

    def keep(self, length: int) -> None:
        """So many characters of code more. TooMuchError if these are too many."""
        self.code -= length
        self._expect(self.code, "code than one person writes")

    def _expect(self, left: int, what: str) -> None:
        self._over = self._over or (what if left < 0 else "")
        if self._over:
            than = "" if self._over.startswith("code") else "than "
            raise TooMuchError(f"it holds more {than}{self._over}; what goes beyond was not read")


class Member(NamedTuple):
    """A file in an archive."""

    name: str  # with its folders, as the archive writes it
    size: int  # as the archive says; it may lie
    changed: float  # seconds, 0 if not known
    refusal: str  # why it cannot be read, "" if it can
    read: Callable[[int], bytes]  # of at most so many bytes; before the next member is asked for


def members(file: IO[bytes], name: str, budget: Budget) -> Iterator[Member]:
    """The files of an archive, a zip or by its name a tar. DataError, in one line, if it is damaged."""
    try:
        if name.casefold().endswith(".zip"):
            yield from _of_zip(file, budget)
        else:
            yield from _of_tar(file, budget)
    except TooMuchError:
        raise
    except DAMAGED as error:
        raise DataError(why_damaged(error)) from None


def why_damaged(error: BaseException) -> str:
    """What is said of an archive, or a member of one, that cannot be read."""
    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, NotImplementedError):
        return "packed in a way that cannot be read here; pack it as an ordinary zip file"
    return "a damaged archive; hand in a zip file that opens, or the files themselves"


def _of_zip(file: IO[bytes], budget: Budget) -> Iterator[Member]:
    _expect_short_directory(file, budget.headers)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            budget.header()
            if info.is_dir():
                continue
            kind = info.external_attr >> 28  # of Unix: 8 a file, 10 a link
            refusal = (
                "protected with a password; hand it in without one" if info.flag_bits & ENCRYPTED else ""
            )
            refusal = "a link; the file itself has to be handed in" if kind == 10 else refusal

            def read(most: int, info: zipfile.ZipInfo = info) -> bytes:
                with archive.open(info) as member:
                    return member.read(most)

            yield Member(_name(info), info.file_size, _seconds(info.date_time), refusal, read)


def _name(info: zipfile.ZipInfo) -> str:
    """The name in UTF-8, where an archiver (that of macOS) wrote it so without saying so."""
    if info.flag_bits & UTF8_NAME:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except ValueError:
        return info.filename


def _seconds(date: tuple[int, int, int, int, int, int]) -> float:
    try:
        return datetime(*date).timestamp() if date[0] > 1980 else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0


def _expect_short_directory(file: IO[bytes], most: int) -> None:
    """TooMuchError for a directory so long that reading it would take the memory; each entry has 46 bytes."""
    file.seek(0, io.SEEK_END)
    length = file.tell()
    file.seek(max(0, length - 70_000))
    end = file.read()
    file.seek(0)
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) < at + 16:
        return  # zipfile says that this is not an archive
    size = int.from_bytes(end[at + 12 : at + 16], "little")
    if size == 0xFFFFFFFF and (long := end.rfind(b"PK\x06\x06", 0, at)) >= 0:
        size = int.from_bytes(end[long + 40 : long + 48], "little")
    if min(size, length) > most * 200:  # names and extra fields are seldom longer
        raise TooMuchError(f"it holds more than {most:,} files; none of them was read")


class _Limited(io.RawIOBase):
    """An unpacked stream that may not become longer than the budget."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes. TooMuchError beyond the budget."""
        self._budget.take(max(size, 0))
        data = self._stream.read(size)
        self._budget.size += max(size, 0) - len(data)
        return data


def _careful() -> type[tarfile.TarInfo]:
    """Headers of a tar, of which those with longer names and other facts may not take the memory."""
    left = LONGEST_HEADERS

    class Header(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
            nonlocal left
            header = super().frombuf(buf, encoding, errors)
            if header.type not in tarfile.SUPPORTED_TYPES or header.type in HEADERS:
                left -= header.size
            if left < 0 or header.type == tarfile.GNUTYPE_SPARSE:
                raise tarfile.ReadError("headers that nobody needs")
            return header

    return Header


def _of_tar(file: IO[bytes], budget: Budget) -> Iterator[Member]:
    begin = file.read(6)
    file.seek(0)
    stream: IO[bytes] = file
    if begin.startswith(b"\x1f\x8b"):
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=file))
    elif begin.startswith(b"BZh"):
        stream = cast(IO[bytes], bz2.BZ2File(file))
    elif begin.startswith(b"\xfd7zXZ"):
        stream = cast(IO[bytes], lzma.LZMAFile(file))  # noqa: SIM115
    limited = cast(IO[bytes], _Limited(stream, budget))
    with tarfile.open(
        fileobj=limited, mode="r|", bufsize=64 * TAR_BLOCK, tarinfo=_careful(), errors="surrogateescape"
    ) as archive:
        for info in archive:
            archive.members = []  # type: ignore[attr-defined]  # tarfile keeps every member it has met
            budget.header()
            if info.isdir():
                continue
            regular = info.isreg() and not info.issparse()
            links = info.issym() or info.islnk()
            refusal = (
                "" if regular else "a link; the file itself has to be handed in" if links else "a device"
            )

            def read(most: int, info: tarfile.TarInfo = info) -> bytes:
                member = archive.extractfile(info)
                return member.read(most) if member else b""

            yield Member(info.name, info.size, float(info.mtime), refusal, read)
