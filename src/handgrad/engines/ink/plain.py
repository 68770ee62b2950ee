"""The kernel run as Python: slow, but a debugger can step through it, and every index is checked.

    with plain.interpreted():
        InkEngine(1).run_epoch(...)

Arrays are Pointers, vectors NumPy arrays, single numbers Python's own, and threads Python's threads.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import Structure, c_char
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.engines.ink import kernel, layout
from handgrad.engines.ink.task import ADAM, GREYS, READ, SCALES, SGD, TOGETHER, Pointer, Task

Shapes = dict[str, tuple[int, ...]]


@contextmanager
def interpreted() -> Iterator[None]:
    """Within this context every engine, and every scorer that is made, runs kernel.py as Python."""
    names = vars(layout)
    compiled, names["code"] = names["code"], code
    try:
        yield
    finally:
        names["code"] = compiled


def code(lanes: int, dtype: Any) -> Callable[[int], None]:
    """As machine.code, a function of the address of a task, but it runs the kernel as Python."""
    number = np.dtype(dtype)

    def run(address: int) -> None:
        task = Task.from_address(address)
        with np.errstate(all="ignore"):  # the kernel itself looks for numbers that are not finite
            kernel.run(PlainTask(task, Task.kinds, shapes(task, lanes), number), number, lanes)

    return run


class PlainTask:
    """A task as the kernel sees it when it runs as Python: with a Pointer in place of each address."""

    def __init__(self, record: Structure, kinds: dict[str, str], shapes: Shapes, number: Any) -> None:
        """kinds: of the record's fields; shapes: of its arrays; number: the type of the parameters."""
        types = {"byte": np.uint8, "short": np.uint16, "word": np.uint64, "number": number}
        arrays = {
            name: Pointer(_array(getattr(record, name), shapes[name], types[kind]))
            for name, kind in kinds.items()
            if kind in types
        }
        vars(self).update(_record=record, **arrays)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)

    def __setattr__(self, name: str, value: float) -> None:
        setattr(self._record, name, value)


def _array(address: int, shape: tuple[int, ...], dtype: Any) -> NDArray:
    """The array that begins at an address."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    return np.frombuffer((c_char * size).from_address(address), dtype) if size else np.zeros(0, dtype)


def shapes(task: Task, lanes: int) -> Shapes:
    """The shape of each array of a task, for blocks of `lanes` hidden units."""
    N, D, C, Hp, Cp, bands, pairs = task.N, task.D, task.C, task.Hp, task.Cp, task.bands, task.pairs
    order = _array(task.order, (N,), np.uint64)
    starts, pieces = (_array(at, (bands + 1,), np.uint64) for at in (task.starts, task.pieces))
    images, rows = int(order.max(initial=0)) + 1, int(starts[-1])  # rows of W1, D without its padding
    listed = int(_array(task.first, (images + 1,), np.uint64)[-1]) + 1 if task.sparse else 0
    padded = -(-2 * pairs // TOGETHER) * TOGETHER  # images of a batch
    lists = 2, bands, pairs
    is_training, memories = task.rule != READ, {SGD: 0, READ: 0, ADAM: 2}.get(task.rule, 1)
    m, v = int(memories > 0), int(memories > 1)
    b2 = -(-Cp // lanes) * lanes
    return {
        "images": (images * (not task.sparse), D), "weights": (images * task.weighted,),
        "labels": (images * is_training,), "order": (N,),
        "first": (listed and images + 1,), "column": (listed,), "value": (listed,),
        "scales": ((task.batches + 1) * is_training, SCALES),
        "W1": (Hp // lanes, rows, lanes), "W2": (C + 1, Hp), "V2": (Hp, Cp), "b2": (b2,),
        "m_W1": (m * Hp // lanes, rows, lanes), "m_W2": (m * (C + 1), Hp), "m_b2": (m * b2,),
        "v_W1": (v * Hp // lanes, rows, lanes), "v_W2": (v * (C + 1), Hp), "v_b2": (v * b2,),
        "place": (D,), "shades": (2 * GREYS,), "targets": (C + 1, Cp),
        "starts": (bands + 1,), "pieces": (bands + 1,),
        "piece": (int(pieces[-1]),), "mask": (int(pieces[-1]),),
        "pixel": (*lists, task.room), "ink": (*lists, task.room, 2), "count": lists,
        "grad_z": (padded, Cp), "grad_a": (padded, lanes),
        "grad_W1": (int(np.diff(starts.astype(int)).max()), lanes),
        "grads": ((C + 2) * lanes + Cp,),
        "h": (Hp // lanes, padded, lanes), "shares": (2, task.threads, padded, Cp), "counter": (2,),
        "out": (N * (not is_training), Cp),
    }  # fmt: skip
