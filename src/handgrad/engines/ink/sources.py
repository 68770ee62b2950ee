"""What the kernel is made from: machine code that was made earlier is of these sources, or is not used."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from handgrad.layers import LEAK
from handgrad.optimizers import BETA, BETA2, EPSILON

KERNEL = ("kernel.py", "task.py", "operations.py", "values.py", "compiler.py")
CONSTANTS = BETA, BETA2, EPSILON, LEAK  # of the kernel, defined outside these files
Function = Callable[[int], None]  # takes the address of a task; runs without the interpreter's lock


@cache
def sources() -> str:
    """The SHA-256 of all that the kernel is made from."""
    texts = [(Path(__file__).parent / name).read_bytes().replace(b"\r\n", b"\n") for name in KERNEL]
    return hashlib.sha256(b"".join([*texts, repr(CONSTANTS).encode()])).hexdigest()
