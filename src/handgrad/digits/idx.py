"""The IDX format of the MNIST files: two zero bytes, a type, a rank, the sizes, the values.

All numbers are big-endian. A file may be gzip-compressed; its first bytes decide, not its
name. The reader is strict: the sizes in the header and the length of the file must agree exactly, and
are compared before memory is taken.
"""

import gzip
import io
import math
import os
import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits.unzipped import BEGINS, unzipped
from handgrad.errors import DataError
from handgrad.files import Kind, reason, without_waiting, write_atomically

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CODES = {np.dtype(name).newbyteorder("="): code for code, name in TYPES.items()}
MAX_RANK = 32
GZIP_LARGEST_RATIO = 1032  # deflate cannot shrink by more
FREE_BYTES, SUSPECT_RATIO = 60 << 20, 100  # larger and beyond this ratio: treated as a decompression bomb
CHUNK = 1 << 20

Wanted = Callable[[np.dtype[Any], tuple[int, ...]], object]  # DataError for a type and shape that it is not


def read_idx(path: str | os.PathLike[str], wanted: Wanted = lambda dtype, shape: None) -> NDArray:
    """The array in an IDX file, raw or gzip, in native byte order.

    wanted is called with the type and the shape that the header promises, before memory is taken.

    DataError, in one line that names the file, if it is not a complete and valid IDX file. Source:
    http://yann.lecun.com/exdb/mnist (the format's description).
    """
    try:
        with open(path, "rb", opener=without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise DataError(f"{path}: expected a file; this is a pipe or a device")
            size = status.st_size
            compressed = file.read(2) == BEGINS
            file.seek(0)
            return _read(unzipped(file) if compressed else file, path, size, compressed, wanted)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path}: the gzip data is damaged or cut off ({error}); get it again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {reason(error)}") from None


def write_idx(path: str | os.PathLike[str], array: NDArray) -> None:
    """Write an array as an IDX file, gzip-compressed where the name ends in .gz; atomically.

    DataError for a type that IDX does not know, if the file cannot be written, and if the path is an existing
    file that is not an IDX file.
    """
    data = idx_bytes(array, str(path))
    write_atomically(path, gzip.compress(data, mtime=0) if Path(path).suffix == ".gz" else data, KIND)


def idx_bytes(array: NDArray, name: str) -> bytes:
    """The array as the bytes of an IDX file. DataError, which begins with the name, for an unknown type."""
    array = np.asarray(array)
    code = CODES.get(array.dtype.newbyteorder("="))
    if code is None or not 1 <= array.ndim <= MAX_RANK or max(array.shape) >= 1 << 32:
        known = ", ".join(str(dtype) for dtype in CODES)
        raise DataError(
            f"{name}: IDX holds arrays of {known} with 1 to {MAX_RANK} dimensions; got {array.dtype} "
            f"of shape {array.shape}"
        )
    header = struct.pack(f">2xBB{array.ndim}I", code, array.ndim, *array.shape)
    return header + array.astype(TYPES[code]).tobytes()


def parse_idx(data: bytearray, name: str) -> NDArray:
    """The array in the bytes of an IDX file; it shares their memory, where bytes that can
    be written to are swapped. DataError as for read_idx."""
    dtype, shape, start = _parse_header(bytes(data[: 4 + 4 * MAX_RANK]), name)
    expected = start + math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise DataError(f"{name}: expected {expected} bytes for shape {shape}; got {len(data)}")
    array = _shaped(np.frombuffer(data, dtype, offset=start), shape, name)
    if array.flags.writeable and not dtype.isnative:  # where it stands: large files fit into memory once
        return array.byteswap(inplace=True).view(dtype.newbyteorder("="))
    return array.astype(dtype.newbyteorder("="), copy=False)


def _shaped(array: NDArray, shape: tuple[int, ...], name: str) -> NDArray:
    """The array in this shape. DataError if there are no values, and sizes that cannot be addressed."""
    try:
        return array.reshape(shape)
    except ValueError:
        raise DataError(f"{name}: expected sizes of an array; got {shape}") from None


def _is_idx(file: IO[bytes]) -> bool:
    """Whether an open file begins as an IDX file does, raw or gzip."""
    begins = file.read(4)
    if begins.startswith(BEGINS):
        try:
            begins = unzipped(file).read(4)
        except (gzip.BadGzipFile, zlib.error, EOFError):
            return False
    return len(begins) == 4 and begins[:2] == b"\0\0" and begins[2] in TYPES and 1 <= begins[3] <= MAX_RANK


KIND = Kind("an IDX file", _is_idx, DataError)


def _read(stream: io.BufferedReader, path: Any, size: int, compressed: bool, wanted: Wanted) -> NDArray:
    """Read header and values from a stream; size is the length of the file on disk."""
    data = bytearray(stream.read(4))
    if len(data) == 4 and 1 <= data[3] <= MAX_RANK:
        data += stream.read(4 * data[3])
    dtype, shape, start = _parse_header(bytes(data), str(path))
    wanted(dtype.newbyteorder("="), shape)
    expected = start + math.prod(shape) * dtype.itemsize
    if compressed and expected > GZIP_LARGEST_RATIO * size:
        claim = f"its header promises {expected} bytes, more than its {size} compressed bytes can hold"
        raise DataError(f"{path}: {claim}; get it again")
    if compressed and expected > max(FREE_BYTES, SUSPECT_RATIO * size):
        claim = f"it expands more than {SUSPECT_RATIO}-fold, to {expected} bytes"
        raise DataError(f"{path}: {claim}; decompress it first if that is meant")
    if not compressed and expected != size:
        raise DataError(f"{path}: expected {expected} bytes for shape {shape}; got {size}")
    values = bytearray(expected - start)  # the system gives memory as it is filled
    view, filled = memoryview(values), 0
    while filled < len(values) and (count := stream.readinto(view[filled : filled + CHUNK])):
        filled += count
    if filled < len(values):
        raise DataError(f"{path}: expected {expected} bytes for shape {shape}; got {start + filled}")
    if stream.read(1):
        raise DataError(f"{path}: expected {expected} bytes for shape {shape}; more follow")
    array = np.frombuffer(values, dtype)
    if not dtype.isnative:  # in place, since a copy would double the memory
        array = array.byteswap(inplace=True).view(dtype.newbyteorder("="))
    return _shaped(array, shape, str(path))


def _parse_header(data: bytes, name: str) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Type, shape and the offset of the values."""
    if data[:1] == b"<":
        raise DataError(f"{name}: expected an IDX file; got a web page (HTML); download the file itself")
    if len(data) < 4:
        raise DataError(f"{name}: expected an IDX file; got only {len(data)} bytes")
    zeros, code, rank = struct.unpack_from(">HBB", data)
    if zeros != 0 or code not in TYPES or not 1 <= rank <= MAX_RANK:
        got = data[:4].hex(" ")
        types = ", ".join(f"{known:02x}" for known in TYPES)
        raise DataError(
            f"{name}: expected an IDX file, which begins 00 00, a type ({types}), a rank; got {got}"
        )
    if len(data) < 4 + 4 * rank:
        raise DataError(f"{name}: the IDX header is cut off: {rank} sizes announced; get it again")
    return np.dtype(TYPES[code]), struct.unpack_from(f">{rank}I", data, 4), 4 + 4 * rank
