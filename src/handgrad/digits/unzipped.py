"""The bytes in a gzip file, decompressed by zlib.

Python's gzip reads the name and the comment of a member, and the zeros behind the last one, a byte at a time.
What is no data is bounded here: honest files hold a name, or the padding of a tape's block.
"""

import io
import zlib
from gzip import BadGzipFile
from typing import IO, Any

BEGINS = b"\x1f\x8b"  # how each member begins
WRAPPED = 16 + zlib.MAX_WBITS  # zlib's name for members with a header, a CRC and a length, which it checks
PIECE = 1 << 16  # compressed bytes that are read at once,
BUFFER = 1 << 18  # and decompressed ones
MOST_IDLE = 1 << 20  # bytes by which a file may be longer than its data: names, comments, padding


def unzipped(file: IO[bytes]) -> io.BufferedReader:
    """The decompressed bytes of a file that is open at its beginning; to seek back is to begin again.

    BadGzipFile, zlib.error or EOFError, when it is read, if the file is damaged, cut off, or longer by 1 MB
    than what it holds.
    """
    return io.BufferedReader(_Members(file), BUFFER)


class _Members(io.RawIOBase):
    """The data of a file's members, one after the other."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._begin()

    def _begin(self) -> None:
        self._file.seek(0)
        self._member: Any = None  # that is being decompressed
        self._waiting = b""  # compressed bytes that were read
        self._read_in = self._given_out = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place in the decompressed bytes."""
        return self._given_out

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To a place in the decompressed bytes; its end is found by decompressing all of them."""
        if whence == io.SEEK_CUR:
            offset += self._given_out
        elif whence == io.SEEK_END:
            while self._next(BUFFER):
                pass
            offset += self._given_out
        if offset < self._given_out:
            self._begin()
        while self._given_out < offset and self._next(min(BUFFER, offset - self._given_out)):
            pass
        return self._given_out

    def readinto(self, buffer: Any) -> int:
        """As many bytes as there are at once, at least one; 0 at the end."""
        piece = self._next(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _next(self, size: int) -> bytes:
        """Up to so many bytes; none at the end."""
        piece = b""
        while not piece and (self._waiting or self._has_more()):
            if self._member is None:
                self._waiting = self._waiting.lstrip(b"\0")  # padding, behind a member
            if self._waiting:
                piece = self._decompressed(size)
            if self._read_in - len(self._waiting) - self._given_out > MOST_IDLE:
                raise BadGzipFile(f"more than {MOST_IDLE:,} bytes of it are no data")
        return piece

    def _decompressed(self, size: int) -> bytes:
        self._member = self._member or zlib.decompressobj(WRAPPED)
        piece: bytes = self._member.decompress(self._waiting, size)
        self._waiting = self._member.unused_data or self._member.unconsumed_tail
        if self._member.eof:
            self._member = None
        self._given_out += len(piece)
        return piece

    def _has_more(self) -> bool:
        """Read on, if anything is left."""
        self._waiting = self._file.read(PIECE)
        self._read_in += len(self._waiting)
        if not self._waiting and self._member is not None:
            raise EOFError("it ends within its data")
        return bool(self._waiting)
