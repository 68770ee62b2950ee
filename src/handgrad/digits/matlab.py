"""MATLAB's files (.mat) up to version 7, by SciPy: the extra 'mat'."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits.idx import FREE_BYTES, SUSPECT_RATIO
from handgrad.digits.jobs import Job, Raw, train_and_test
from handgrad.digits.labelled import Notes
from handgrad.digits.places import Place
from handgrad.digits.roles import choose
from handgrad.errors import DataError, MissingExtraError

HDF5 = b"\x89HDF\r\n\x1a\n"
NUMERIC = {
    *(
        "double",
        "single",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "logical",
    ),
}


def is_mat(begins: bytes) -> bool:
    """Whether a file with this beginning, 16 bytes or more, is a .mat file of version 5 to 7.3."""
    return begins.startswith((b"MATLAB ", HDF5))


def shapes_in(place: Place, name: str) -> Mapping[str, tuple[int, ...]]:
    """The shape of each array of numbers in a .mat file."""
    _expect_version_7(place, name)
    listed = _of_scipy("whosmat", place, name)
    return {key: tuple(shape) for key, shape, kind in listed if kind in NUMERIC or kind == "char"}


def read_arrays(place: Place, name: str, keys: Iterable[str]) -> dict[str, NDArray]:
    """The named arrays of a .mat file.  DataError also for arrays that are too large."""
    shapes, wanted, size = shapes_in(place, name), list(keys), place.size(name)
    most = max(FREE_BYTES, SUSPECT_RATIO * size)
    if (expected := sum(int(np.prod(shapes[key], dtype=object)) for key in wanted)) > most:
        claim = f"its arrays promise {expected:,} numbers, more than its {size:,} bytes should hold"
        raise DataError(f"{place.shown(name)}: {claim}; get it again")
    loaded = _of_scipy("loadmat", place, name, variable_names=wanted)
    arrays = {key: loaded.get(key) for key in wanted}
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufUS":
            raise DataError(f"{place.shown(name)}: expected {key} as an array of numbers; got something else")
    return arrays


def _expect_version_7(place: Place, name: str) -> None:
    with place.open(name) as file:
        begins = file.read(128)
    if begins.startswith(HDF5) and not name.lower().endswith(".mat"):
        remedy = "save its arrays with numpy.savez, as images and labels"
        raise DataError(f"{place.shown(name)}: is an HDF5 file, which is not read; {remedy}")
    if begins.startswith((HDF5, b"MATLAB 7.3")):
        remedy = "in MATLAB, save it with save(name, 'images', 'labels', '-v7')"
        raise DataError(
            f"{place.shown(name)}: is of MATLAB's version 7.3 (HDF5), which is not read; {remedy}"
        )


def _of_scipy(function: str, place: Place, name: str, **options: Any) -> Any:
    """What a function of scipy.io returns for a file; whatever it raises becomes a DataError."""
    try:
        from scipy import io
    except ImportError:
        raise MissingExtraError(
            f"{place.shown(name)}: .mat files need SciPy: pip install 'handgrad[mat]'"
        ) from None
    with place.open(name) as file:
        try:
            return getattr(io, function)(file, **options)
        except Exception as error:  # of a damaged file SciPy raises whatever its parts raise
            if isinstance(error, DataError):
                raise
            got = f"{type(error).__name__}: {str(error)[:80]}".splitlines()[0]
            raise DataError(f"{place.shown(name)}: not a MATLAB file, or damaged ({got})") from None


def read_mat(job: Job) -> Raw:
    """A MATLAB file; or two, of which the names say train and test, as SVHN has them."""

    def parts_of(name: str) -> tuple[Any, Any | None, str]:
        chosen = choose(shapes_in(job.place, name), job.place.shown(name))
        wanted = [*chosen.train, *(chosen.test or ())]
        arrays = read_arrays(job.place, name, wanted)
        if chosen.rest:
            job.notes.left_out("arrays", chosen.rest)
        parts = [
            tuple(arrays[key] for key in part) for part in (chosen.train, chosen.test) if part is not None
        ]
        parts = [(images, _from_ten(labels, job.notes)) for images, labels in parts]
        return parts[0], parts[1] if chosen.test else None, f".mat with {', '.join(wanted)}"

    return train_and_test(job, parts_of)


def _from_ten(labels: Any, notes: Notes) -> Any:
    """MATLAB's arrays begin at 1, so its sets of digits have 10 for the digit 0."""
    if labels.dtype.kind in "iuf" and set(np.unique(labels).tolist()) == set(range(1, 11)):
        notes.say("labels 1 to 10: 10 is taken as the digit 0, as MATLAB's sets have it")
        return labels % 10
    return labels
