"""The kernel as a function: from the library that came with the package, else compiled here (machine.py).

A wheel may hold a shared library with the kernel in machine code for its system: for x86-64 at the levels v3
and v4, and for ARM (tools/wheels.py makes it). It is used where this processor has its instructions and where
it was made from the very sources that stand beside it. Then nothing is compiled, and llvmlite is not loaded.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.engines.ink.sources import Function, sources

STEM = "ready"  # the library's name, without the system's ending
ENDINGS = (".so", ".dylib", ".dll")
LEVELS = {4: "v4", 3: "v3", 1: "arm"}  # what the library says of this processor: which functions run on it


def code(lanes: int, dtype: Any) -> Function:
    """The kernel for blocks of `lanes` hidden units and parameters of that type; compiled if need be.

    TypeError for parameters that are not float32 or float64 in this machine's byte order. HandgradError if
    the kernel uses a C function that this system does not have.
    """
    library, level = ready()
    if library is not None and dtype in (np.float32, np.float64):
        return _function(library, name_of(level, lanes, np.dtype(dtype).itemsize))
    from handgrad.engines.ink import machine

    return machine.code(lanes, dtype)


@cache
def has_avx512() -> bool:
    """Whether this processor has AVX-512."""
    library, level = ready()
    if library is not None:
        return level == "v4"
    from handgrad.engines.ink import machine

    return "+avx512f" in machine.processor()[1].split(",")


@cache
def ready() -> tuple[ctypes.CDLL | None, str]:
    """The library, if there is one for these sources and this processor, and the name of its level."""
    for ending in ENDINGS:
        path = Path(__file__).with_name(STEM + ending)
        if path.is_file():
            try:
                library = ctypes.CDLL(str(path))
                made_from = (ctypes.c_char * 64).in_dll(library, "sources").raw.decode()
                level = LEVELS.get(library.level(), "")
            except (OSError, ValueError, AttributeError):  # of another system, or damaged
                continue
            if level and made_from == sources():
                return library, level
    return None, ""


def name_of(level: str, lanes: int, itemsize: int) -> str:
    """The name of a function of the library."""
    return f"run_{level}_{lanes}_{itemsize}"


@cache
def _function(library: ctypes.CDLL, name: str) -> Function:
    function = library[name]
    function.argtypes, function.restype = [ctypes.c_void_p], None
    return function
