"""Messages between the checker and the process of a learner's code: plain values and arrays, as bytes.

    8 bytes  the mark: chosen by the checker for each command, repeated in the reply
    8 bytes  how long the text is       8 bytes  how long the arrays are
    JSON     the message; an array stands in it as {"array of": [type, shape]}
    bytes    the numbers of the arrays, in the order in which the text names them

What comes from a learner's process is read as JSON and as numbers of known types: nothing is unpickled or
evaluated, sizes are checked before memory is allocated, and an inconsistent message is refused. A number
counts as 8 bytes, whatever its type: so many it takes once somebody computes with it.
"""

import json
import math
import os
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from handgrad.arrays import NDArray

HEADER = struct.Struct(">8sQQ")
LONGEST_TEXT = 4 * 1024 * 1024
LARGEST_SIDE = 2**48
PIECE = 1024 * 1024
WIDE = 8  # bytes of a number that is computed with
ARRAY = "array of"
NUMBERS = re.compile(r"[<>|][biufc]\d{1,2}")  # boolean, integer, float and complex types by NumPy's names


class MessageError(ValueError):
    """A message is malformed or larger than allowed."""


def send(descriptor: int, mark: bytes, message: Any) -> None:
    """Write one message.  TypeError or ValueError, before anything is written, if it is not a plain value."""
    arrays: list[bytes] = []
    text = json.dumps(_plain(message, arrays)).encode()
    _write(descriptor, HEADER.pack(mark, len(text), sum(map(len, arrays))) + text)
    for data in arrays:
        _write(descriptor, data)


def receive(descriptor: int, largest: int, clean: Callable[[str], str] = str) -> tuple[bytes, Any]:
    """Read one message -> its mark, and what it says, each string as clean makes it.

    EOFError if the other side has closed; MessageError for more than `largest` bytes of arrays, or for more
    numbers than fit there as float64, and for malformed messages.
    """
    mark, text_size, data_size = HEADER.unpack(_read(descriptor, HEADER.size))
    if text_size > LONGEST_TEXT or data_size > largest:
        raise MessageError(f"expected at most {largest:,} bytes; got {text_size + data_size:,}")
    text, data = _read(descriptor, text_size), _read(descriptor, data_size)
    try:
        return mark, _Reader(data, clean, largest // WIDE).whole(json.loads(text))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise MessageError(f"expected a message; got something else ({error})") from None


def printable(text: str) -> str:
    """text with terminal control characters and unencodable characters replaced."""
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
    )


def _plain(value: Any, arrays: list[bytes]) -> Any:
    """value as JSON takes it; the bytes of its arrays are appended to arrays."""
    if isinstance(value, np.ndarray):
        if not NUMBERS.fullmatch(value.dtype.str):
            raise TypeError(f"expected arrays of numbers; got one of {value.dtype}")
        arrays.append(value.tobytes())
        return {ARRAY: [value.dtype.str, list(value.shape)]}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [_plain(part, arrays) for part in value]
    if isinstance(value, dict):
        if ARRAY in value:
            raise ValueError(f"expected keys other than {ARRAY!r}")
        return {str(key): _plain(part, arrays) for key, part in value.items()}
    return value


class _Reader:
    """Puts the arrays back in their places."""

    def __init__(self, data: bytearray, clean: Callable[[str], str], most: int) -> None:
        self._data, self._clean, self._start, self._most = data, clean, 0, most

    def whole(self, plain: Any) -> Any:
        """The message of a JSON value; ValueError where numbers are missing or left."""
        message = self._value(plain)
        if self._start != len(self._data):
            raise ValueError(f"{len(self._data) - self._start} bytes that belong to no array")
        return message

    def _value(self, plain: Any) -> Any:
        if isinstance(plain, str):
            return self._clean(plain)
        if isinstance(plain, list):
            return [self._value(part) for part in plain]
        if isinstance(plain, dict):
            if ARRAY in plain:
                return self._array(*plain[ARRAY])
            return {self._clean(key): self._value(part) for key, part in plain.items()}
        return plain

    def _array(self, name: str, shape: list[int]) -> NDArray:
        if not NUMBERS.fullmatch(name):
            raise ValueError(f"no type of numbers: {name:.20}")
        if not all(type(side) is int and 0 <= side <= LARGEST_SIDE for side in shape):
            raise ValueError("no shape")
        dtype = np.dtype(name)
        size = math.prod(shape) * dtype.itemsize
        if size > len(self._data) - self._start:
            raise ValueError("an array without its numbers")
        self._most -= math.prod(shape)
        if self._most < 0:
            raise ValueError("more numbers than are allowed")
        flat = np.frombuffer(self._data, dtype, math.prod(shape), self._start) if size else np.empty(0, dtype)
        self._start += size
        return flat.reshape(shape).copy()


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left[:PIECE]) :]


def _read(descriptor: int, size: int) -> bytearray:
    data = bytearray()
    while len(data) < size:
        piece = os.read(descriptor, min(PIECE, size - len(data)))
        if not piece:
            raise EOFError("the other side has gone")
        data += piece
    return data
