"""NumPy's files: .npz archives and .npy arrays. Pickled objects are never loaded: they can run code."""

import math
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from handgrad.arrays import NDArray
from handgrad.digits.idx import CHUNK
from handgrad.digits.jobs import Job, Raw, partners, train_and_test
from handgrad.digits.labelled import Notes
from handgrad.digits.places import Archive, Place
from handgrad.digits.roles import choose
from handgrad.digits.tables import apart
from handgrad.errors import DataError

MAGIC = b"\x93NUMPY"
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
REMEDY = "save it as an array of numbers"


def names_in(archive: Archive) -> list[str]:
    """The names of the arrays in an .npz archive; none in another zip archive."""
    return [name.removesuffix(".npy") for name in archive.names if name.endswith(".npy") and "/" not in name]


def shapes_in(archive: Archive) -> Mapping[str, tuple[int, ...]]:
    """The shape of each array in an .npz archive, from its header."""
    shapes = {}
    for name in names_in(archive):
        with archive.open(f"{name}.npy") as file:
            shapes[name] = _header(file, archive.shown(name))[0]
    return shapes


def read_array(place: Place, name: str) -> NDArray:
    """The array in an .npy file.  DataError if it is damaged, of another length, or holds Python objects."""
    shown = place.shown(name)
    with place.open(name) as file:
        shape, is_fortran, dtype = _header(file, shown)
        expected = math.prod(shape) * dtype.itemsize
        data = bytearray()
        while len(data) <= expected and (piece := file.read(min(CHUNK, expected + 1 - len(data)))):
            data += piece
    if len(data) != expected:
        more = " or more" if len(data) > expected else ""
        raise DataError(f"{shown}: expected {expected:,} bytes for shape {shape}; got {len(data):,}{more}")
    try:
        array = np.frombuffer(data, dtype)
        return array.reshape(shape[::-1]).T if is_fortran else array.reshape(shape)
    except ValueError:  # no values, but sizes that cannot be addressed
        raise DataError(f"{shown}: expected sizes of an array; got {shape}") from None


def _header(file: IO[bytes], shown: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the first axis runs fastest, and type."""
    try:
        version = npy.read_magic(file)
        shape, is_fortran, dtype = HEADERS[version](file)
    except Exception as error:  # NumPy parses a header as Python's literals: whatever that raises
        if isinstance(error, DataError):
            raise
        got = str(error)[:80].splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{shown}: not an array in NumPy's format, or damaged ({got})") from None
    if dtype.hasobject:
        hint = f"got Python objects, which are never loaded since they can run code; {REMEDY}"
        raise DataError(f"{shown}: expected an array of numbers; {hint}")
    if dtype.kind not in "biufUS" or dtype.itemsize == 0 or any(side < 0 for side in shape):
        raise DataError(f"{shown}: expected an array of numbers; got {dtype} of shape {shape}")
    return shape, is_fortran, dtype


def read_npz(job: Job) -> Raw:
    """An .npz archive; or two, of which the names say train and test."""
    return train_and_test(job, lambda name: _of_archive(_opened(job.place, name), job.notes))


def _opened(place: Place, name: str) -> Archive:
    if isinstance(place, Archive):
        raise DataError(f"{place.shown(name)}: is an archive within an archive; extract it first")
    return Archive(place.source(name), place.shown(name))


def _of_archive(place: Archive, notes: Notes) -> tuple[Any, Any | None, str]:
    chosen = choose(shapes_in(place), place.name)
    if chosen.rest:
        notes.left_out("arrays", chosen.rest)
    parts = [
        tuple(read_array(place, f"{name}.npy") for name in part)
        for part in (chosen.train, chosen.test)
        if part is not None
    ]
    named = ", ".join(name for part in (chosen.train, chosen.test or ()) for name in part)
    return parts[0], parts[1] if chosen.test else None, f".npz with {named}"


def read_npy(job: Job) -> Raw:
    """Arrays in files of their own, x_train.npy and y_train.npy; or one array whose rows hold their label."""
    place, names = job.place, job.names
    if len(names) == 1:
        names = partners(place, names[0], lambda name: name.endswith(".npy"))
    arrays = {name: read_array(place, name) for name in names}
    if len(names) == 1:
        array = arrays[names[0]]
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            expected = "expected a file with its labels beside it (x_train.npy and y_train.npy)"
            raise DataError(f"{place.shown(names[0])}: {expected}; got one array of shape {array.shape}")
        images, labels, where = apart(array, place.shown(names[0]))
        return Raw(f".npy, {where}", (images, labels))
    chosen = choose(
        {name.removesuffix(".npy"): array.shape for name, array in arrays.items()}, job.notes.name
    )
    if chosen.rest:
        job.notes.left_out("arrays", chosen.rest)
    parts: list[Any] = [
        tuple(arrays[f"{name}.npy"] for name in part)
        for part in (chosen.train, chosen.test)
        if part is not None
    ]
    return Raw(f"{len(names) - len(chosen.rest)} .npy files", *parts)
