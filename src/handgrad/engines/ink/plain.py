"""The kernel run as Python: slow, but a debugger can step through it, and every index is checked.

    from handgrad.engines.ink import layout, plain
    layout.code = plain.code  # engines and scorers made from now on run kernel.py as Python

Arrays are Pointers, vectors NumPy arrays, single numbers Python's own, and threads Python's threads.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from handgrad.engines.ink import kernel
from handgrad.engines.ink.task import Pointer, Record


class PlainTask:
    """A record as the kernel sees it when it runs as Python: a Pointer in place of each address."""

    def __init__(self, record: Record) -> None:
        vars(self)["record"] = record

    def __getattr__(self, name: str) -> Any:
        if self.record.kinds[name] in ("size", "real"):
            return getattr(self.record, name)
        return Pointer(self.record.arrays[name])

    def __setattr__(self, name: str, value: float) -> None:
        setattr(self.record, name, value)


def code(lanes: int, dtype: Any) -> Callable[[Record], None]:
    """As machine.code: a function that runs the kernel on a task, but as Python."""

    def run(record: Record) -> None:
        with np.errstate(all="ignore"):  # overflow is found by the kernel itself
            kernel.run(PlainTask(record), np.dtype(dtype), lanes)

    return run
