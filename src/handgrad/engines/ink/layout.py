"""The memory layout of the kernel: parameters in blocks, pixels in bands, working memory, all padded."""

import math
from ctypes import addressof
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import PIXEL_MAX, NDArray
from handgrad.engines.dense import SLOTS
from handgrad.engines.ink import task
from handgrad.engines.ink.ahead import code
from handgrad.engines.ink.helpers import Together
from handgrad.engines.ink.task import Task
from handgrad.network import Params, map_params
from handgrad.optimizers import BETA, BETA2

LINE = 64  # bytes of a cache line


class Bands(NamedTuple):
    """How the kernel finds the ink of an image, and its rows of W1.

    The pixels stand in bands, whose rows of W1 fill a tile. The kernel looks for ink in pieces of 64 pixels;
    those of band k are number pieces[k] to pieces[k + 1].
    """

    D: int  # pixels of an image, padded to at least one piece
    where: tuple[NDArray, ...]  # starts: the pixels at which the bands begin; pieces; the first pixel of each
    # piece; and a mask of its pixels that count
    place: NDArray  # where the row of a pixel begins in its tile


def find_bands(D: int, lanes: int, itemsize: int) -> Bands:
    """The bands of images of D pixels; lanes: units in a block; itemsize: bytes of a parameter."""
    bands = -(-D * lanes * itemsize // task.TILE)
    starts = [D * band // bands for band in range(bands + 1)]
    pieces, begins, masks = [0], [], []
    for start, end in pairwise(starts):
        for low in range(start, end, task.PIECE):
            high = min(low + task.PIECE, end)
            begins.append(max(0, min(low, D - task.PIECE)))  # a piece lies within the image
            masks.append((1 << high - begins[-1]) - (1 << low - begins[-1]))
        pieces.append(len(begins))
    room = max(D, task.PIECE)
    place, pixel = np.zeros(room, np.uint16), np.arange(D)
    place[:D] = (pixel - np.array(starts)[np.searchsorted(starts, pixel, side="right") - 1]) * lanes
    where = tuple(np.array(numbers, np.uint64) for numbers in (starts, pieces, begins, masks))
    return Bands(room, where, place)


def rows_of_pixels(images: NDArray) -> NDArray:
    """Images (N, ...) as contiguous rows (N, D), padded to at least one piece."""
    flat = images.reshape(len(images), -1)
    if (missing := task.PIECE - flat.shape[1]) > 0:
        flat = np.pad(flat, ((0, 0), (0, missing)))
    return np.ascontiguousarray(flat)


@np.errstate(over="ignore")  # a rate that the type cannot hold is infinite, and training then diverges
def scales_of(rates: NDArray, sums: NDArray, first_step: int, dtype: Any) -> NDArray:
    """The numbers that each batch needs, (batches + 1, SCALES): those of batch k, from 1 on, in row k.

    sums: the weight of each batch, which is its size where all images count once.
    """
    scales, steps = np.zeros((len(rates) + 1, task.SCALES)), first_step + np.arange(1, len(rates) + 1)
    scales[1:, task.RATE] = rates
    scales[1:, task.UNBIAS], scales[1:, task.UNBIAS2] = 1 / (1 - BETA**steps), 1 / (1 - BETA2**steps)
    scales[1:, task.PER_IMAGE], scales[1:, task.TWO_PER_IMAGE] = 1 / sums, 2 / sums
    return scales.astype(dtype)


class Layout:
    """Parameters and the optimizer's memory: W1 in blocks with one row for each pixel, all padded.

    parts: W1, W2 and b2, of the parameters and of the two memories.
    """

    def __init__(
        self,
        params: Params,
        lanes: int,
        threads: int = 1,
        optimizer: str = "sgd",
        memory: Params | None = None,
    ) -> None:
        self.given, self.slots = params, SLOTS[optimizer]
        self.lanes, self.threads, self.dtype = lanes, threads, params.W1.dtype
        (self.H, self.D), self.C = params.W1.shape, len(params.W2)
        self.Hp, self.Cp = _up(self.H, lanes), _up(self.C, task.SCORES)
        self.parts = [self._blocks(params)]
        for slot in range(2):
            known = memory is not None and slot < self.slots
            remembered = map_params(lambda arrays: arrays[slot], memory) if known and memory else None
            # the kernel never reads a slot that the rule does not use
            nothing = [zeros(self.dtype, 0)] * 3
            self.parts.append(self._blocks(remembered) if slot < self.slots else nothing)

    def turned(self) -> NDArray:
        """W2 with one row for each hidden unit, (Hp, Cp), flat."""
        V2, W2 = zeros(self.dtype, self.Hp, self.Cp), self.parts[0][1]
        V2[:, : self.C] = W2.reshape(-1, self.Hp)[: self.C].T
        return V2.ravel()

    def params(self) -> Params:
        """The parameters as they are now, in their own shapes."""
        return self._plain(self.parts[0], self.given)

    def memory(self) -> Params:
        """The optimizer's memory as it is now."""
        nothing = map_params(np.zeros_like, self.given)
        slots = [self._plain(self.parts[1 + slot], nothing) for slot in range(self.slots)]
        return map_params(lambda p, *arrays: arrays, self.given, *slots)

    def _blocks(self, params: Params | None) -> list[NDArray]:
        """W1 -> (blocks, pixels, lanes), W2 and b1 -> (C + 1, Hp), b2 -> (threads, ...), flat."""
        blocks = zeros(self.dtype, self.Hp // self.lanes, self.D, self.lanes)
        W2 = zeros(self.dtype, self.C + 1, self.Hp)
        b2 = zeros(self.dtype, self.threads, _up(self.Cp, self.lanes))
        if params is not None:
            W1 = np.zeros((self.Hp, self.D), self.dtype)
            W1[: self.H], W2[: self.C, : self.H] = params.W1, params.W2
            blocks[:] = W1.reshape(-1, self.lanes, self.D).transpose(0, 2, 1)
            if params.b1 is not None:
                W2[self.C, : self.H], b2[:, : self.C] = params.b1, params.b2
        return [blocks.ravel(), W2.ravel(), b2.ravel()]

    def _plain(self, parts: list[NDArray], like: Params) -> Params:
        blocks, W2, b2 = parts
        blocks = blocks.reshape(-1, self.D, self.lanes).transpose(0, 2, 1)
        W1, bias = blocks.reshape(self.Hp, -1)[: self.H].copy(), like.b1 is not None
        W2 = W2.reshape(-1, self.Hp)[:, : self.H]
        if not bias:
            return Params(W1, None, W2[: self.C].copy(), None)
        return Params(W1, W2[self.C].copy(), W2[: self.C].copy(), b2[: self.C].copy())


class Work:
    """Working memory of the kernel for batches of `size` images; owns the arrays that the tasks point to."""

    def __init__(self, layout: Layout, bands: Bands, size: int, together: Together | None = None) -> None:
        """together: what the layout's threads run on, where there are several."""
        dtype, threads, C, Cp, lanes = layout.dtype, layout.threads, layout.C, layout.Cp, layout.lanes
        room, pairs, many = _up(size, task.TOGETHER), -(-size // 2), len(bands.where[0]) - 1
        rows = int(np.diff(bands.where[0].astype(np.int64)).max())
        entries = rows + task.EMIT - 1
        shades = zeros(dtype, 2 * task.GREYS)  # plus a row of paper for a missing image
        shades[: task.GREYS] = np.arange(task.GREYS).astype(dtype) / dtype.type(PIXEL_MAX)
        targets = zeros(dtype, C + 1, Cp)
        targets[:C, :C], targets[C, :C] = np.eye(C), 1
        self._counter = zeros(np.dtype(np.int64), LINE // 8)
        (W1, W2, b2), m, v = layout.parts
        shared = {
            "W1": W1, "W2": W2, "V2": layout.turned(),
            "m_W1": m[0], "v_W1": v[0], "m_W2": m[1], "v_W2": v[1],
            "place": bands.place, "shades": shades, "targets": targets,
            **dict(zip(("starts", "pieces", "piece", "mask"), bands.where, strict=True)),
            "h": zeros(dtype, layout.Hp * room), "shares": zeros(dtype, 2, threads * room * Cp),
            "counter": self._counter,
        }  # fmt: skip
        sizes = {
            "D": bands.D, "size": size, "H": layout.H, "C": C, "Hp": layout.Hp, "Cp": Cp, "bands": many,
            "pairs": pairs, "room": entries, "threads": threads,
        }  # fmt: skip
        self._held, self.tasks = [shared], []
        for thread in range(threads):
            of_b2 = slice(thread * len(b2) // threads, None)
            own = {
                "b2": b2[of_b2], "m_b2": m[2][of_b2], "v_b2": v[2][of_b2],
                "pixel": np.zeros(2 * many * pairs * entries, np.uint16),
                "ink": zeros(dtype, 2 * many * pairs * entries * 2),
                "count": np.zeros(2 * many * pairs, np.uint64),
                "grad_z": zeros(dtype, room * Cp), "grad_a": zeros(dtype, room * lanes),
                "grad_W1": zeros(dtype, rows * lanes), "grads": zeros(dtype, (C + 2) * lanes + Cp),
            }  # fmt: skip
            self._held.append(own)
            where = {name: address(array) for name, array in (shared | own).items()}
            self.tasks.append(Task(thread=thread, **sizes, **where))
        self._run, self._together = code(lanes, dtype), together if threads > 1 else None
        self._at = list(map(addressof, self.tasks))

    def tell(self, **fields: int) -> None:
        """Fill in these fields of all threads' tasks."""
        for record in self.tasks:
            for name, value in fields.items():
                setattr(record, name, value)

    def run(self, held: Any = None) -> Task:
        """Run the kernel -> a task with the results, which are the same in all tasks.

        held: arrays whose addresses are in the tasks, if they might be freed before the kernel ends.
        """
        if self._together is None:
            self._run(self._at[0])
        else:
            self._counter[:2] = 0

            def part(at: int, held: Any = (self, held)) -> None:
                self._run(at)

            self._together.run(part, self._at, self._give_up)
        return self.tasks[0]

    def _give_up(self) -> None:
        """Tell every thread to stop waiting: another one has failed, or could not be started."""
        self._counter[1] = 1


def zeros(dtype: Any, *shape: int) -> NDArray:
    """Zeros that begin at a cache line: a vector of 16 that lies across two costs twice."""
    size = math.prod(shape) * dtype.itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    made: NDArray = room[start : start + size].view(dtype).reshape(shape)
    return made


def address(array: NDArray) -> int:
    """The address of the array's data, for the kernel; the array must outlive the run."""
    return array.ctypes.data


def _up(n: int, step: int) -> int:
    return -(-n // step) * step
