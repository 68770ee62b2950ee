"""Everything as the kernel wants it: parameters in blocks, pixels in bands, room to work in, all padded."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import PIXEL_MAX
from handgrad.dense import SLOTS
from handgrad.ink import kernel
from handgrad.network import Params, map_params
from handgrad.recipes import Recipe

Array = np.ndarray[Any, Any]
LINE = 64  # bytes of a cache line


class Bands(NamedTuple):
    """How the kernel finds the ink of an image, and its rows of W1.

    The pixels stand in bands, whose rows of W1 fill a tile. The kernel looks for ink in pieces of 64 pixels;
    those of band k are number pieces[k] to pieces[k + 1].
    """

    D: int  # pixels of an image, a piece's at least
    where: tuple[Array, ...]  # starts: the pixels at which the bands begin; pieces; the first pixel of each
    # piece; and a mask of its pixels that count
    place: Array  # where the row of a pixel begins in its tile


def find_bands(D: int, lanes: int, itemsize: int) -> Bands:
    """The bands of images of D pixels; lanes: units in a block; itemsize: bytes of a parameter."""
    bands = -(-D * lanes * itemsize // kernel.TILE)
    starts = [D * band // bands for band in range(bands + 1)]
    pieces, begins, masks = [0], [], []
    for start, end in pairwise(starts):
        for low in range(start, end, kernel.PIECE):
            high = min(low + kernel.PIECE, end)
            begins.append(max(0, min(low, D - kernel.PIECE)))  # a piece lies within the image
            masks.append((1 << high - begins[-1]) - (1 << low - begins[-1]))
        pieces.append(len(begins))
    room = max(D, kernel.PIECE)
    place, pixel = np.zeros(room, np.uint16), np.arange(D)
    place[:D] = (pixel - np.array(starts)[np.searchsorted(starts, pixel, side="right") - 1]) * lanes
    where = tuple(np.array(numbers, np.uint64) for numbers in (starts, pieces, begins, masks))
    return Bands(room, where, place)


def rows_of_pixels(images: Array) -> Array:
    """Images (N, ...) as (N, D) one behind the other, a piece's pixels at least."""
    flat = images.reshape(len(images), -1)
    if (missing := kernel.PIECE - flat.shape[1]) > 0:
        flat = np.pad(flat, ((0, 0), (0, missing)))
    return np.ascontiguousarray(flat)


def scales_of(recipe: Recipe, rates: Array, N: int, first_step: int, dtype: Any) -> Array:
    """The numbers that each batch needs, (batches + 1, SCALES): those of batch k, from 1 on, in row k."""
    scales, k = np.zeros((len(rates) + 1, kernel.SCALES)), kernel
    steps, sizes = first_step + np.arange(1, len(rates) + 1), np.full(len(rates), recipe.batch_size)
    sizes[-1] = N - (len(rates) - 1) * recipe.batch_size
    scales[:, [k.BETA, k.BETA_REST, k.BETA2, k.BETA2_REST]] = 0.9, 1 - 0.9, 0.999, 1 - 0.999
    scales[:, [k.EPSILON, k.UNIT, k.LEAK]] = 1e-8, 1.0, 0.01
    scales[1:, k.RATE] = rates
    scales[1:, k.UNBIAS], scales[1:, k.UNBIAS2] = 1 / (1 - 0.9**steps), 1 / (1 - 0.999**steps)
    scales[1:, k.PER_IMAGE], scales[1:, k.TWO_PER_IMAGE] = 1 / sizes, 2 / sizes
    return scales.astype(dtype)


class Layout:
    """Parameters, and what an optimizer remembers: W1 in blocks with a row a pixel, all padded.

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
        self.Hp, self.Cp = _up(self.H, lanes), _up(self.C, kernel.SCORES)
        self.parts = [self._blocks(params)]
        for slot in range(2):
            known = memory is not None and slot < self.slots
            remembered = map_params(lambda arrays: arrays[slot], memory) if known and memory else None
            # a slot that the rule does not have is never looked at
            nothing = [zeros(self.dtype, 0)] * 3
            self.parts.append(self._blocks(remembered) if slot < self.slots else nothing)

    def turned(self) -> Array:
        """W2 with a row a hidden unit, (Hp, Cp), flat."""
        V2, W2 = zeros(self.dtype, self.Hp, self.Cp), self.parts[0][1]
        V2[:, : self.C] = W2.reshape(-1, self.Hp)[: self.C].T
        return V2.ravel()

    def params(self) -> Params:
        """The parameters as they are now, in their own shapes."""
        return self._plain(self.parts[0], self.given)

    def memory(self) -> Params:
        """What the optimizer remembers now."""
        nothing = map_params(np.zeros_like, self.given)
        slots = [self._plain(self.parts[1 + slot], nothing) for slot in range(self.slots)]
        return map_params(lambda p, *arrays: arrays, self.given, *slots)

    def _blocks(self, params: Params | None) -> list[Array]:
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

    def _plain(self, parts: list[Array], like: Params) -> Params:
        blocks, W2, b2 = parts
        blocks = blocks.reshape(-1, self.D, self.lanes).transpose(0, 2, 1)
        W1, bias = blocks.reshape(self.Hp, -1)[: self.H].copy(), like.b1 is not None
        W2 = W2.reshape(-1, self.Hp)[:, : self.H]
        if not bias:
            return Params(W1, None, W2[: self.C].copy(), None)
        return Params(W1, W2[self.C].copy(), W2[: self.C].copy(), b2[: self.C].copy())


class Work:
    """Room for the kernel to work in, with batches of so many images; it holds what the addresses name."""

    def __init__(self, layout: Layout, bands: Bands, size: int, pool: Executor | None = None) -> None:
        """pool: where the layout's threads but one run; it must have a worker for each."""
        dtype, threads, C, Cp = layout.dtype, layout.threads, layout.C, layout.Cp
        room, pairs, many = _up(size, kernel.TOGETHER), -(-size // 2), len(bands.where[0]) - 1
        rows = int(np.diff(bands.where[0].astype(np.int64)).max())
        entries = rows + int(kernel.EMIT) - 1
        shades = zeros(dtype, 2 * kernel.GREYS)  # and paper, for an image that is not there
        shades[: kernel.GREYS] = np.arange(kernel.GREYS).astype(dtype) / dtype.type(PIXEL_MAX)
        targets = zeros(dtype, C + 1, Cp)
        targets[:C, :C], targets[C, :C] = np.eye(C), 1
        self._counter = zeros(np.dtype(np.int64), LINE // 8)
        shared = zeros(dtype, layout.Hp * room), zeros(dtype, 2, threads * room * Cp), self._counter
        (W1, W2, b2), m, v = layout.parts
        V2, tables = layout.turned(), (bands.place, shades, targets)
        self._held: list[Any] = [layout, V2, bands, tables, shared]
        self._run = kernel.run_wide if layout.lanes == kernel.WIDE else kernel.run_narrow
        self._pool = pool if threads > 1 else None
        self._nil, self._tables = dtype.type(0), addresses(*tables)
        self._sizes = tuple(map(np.uintp, (bands.D, size, layout.H, C, layout.Hp, Cp)))
        where, shared_at = (*addresses(*bands.where), many), addresses(*shared)
        self._threads = []
        for thread in range(threads):
            of_own = room * Cp, room * layout.lanes, rows * layout.lanes, (C + 2) * layout.lanes + Cp
            own = tuple(zeros(dtype, numbers) for numbers in of_own)
            lists = (
                np.zeros(2 * many * pairs * entries, np.uint16),
                zeros(dtype, 2 * many * pairs * entries * 2),
                np.zeros(2 * many * pairs, np.uint64),
            )
            self._held += [own, lists]
            of_b2, u = slice(thread * len(b2) // threads, None), np.uintp
            weights = addresses(W1, W2, V2, b2[of_b2])
            memory = addresses(m[0], v[0], m[1], v[1], m[2][of_b2], v[2][of_b2])
            listed = (*addresses(*lists), pairs, entries)
            own_at = addresses(*own)
            self._threads.append((u(thread), u(threads), weights, memory, where, listed, own_at, shared_at))

    def run(
        self, data: tuple[int, ...], N: int, batches: int, modes: tuple[int, bool, int, int], held: Any = None
    ) -> tuple[float, int]:
        """The kernel over N images -> the loss summed over them, and the batch that diverged or 0.

        data: addresses of images, labels, order, scales and out, as the kernel has them; held: the arrays,
        if they might go before the kernel ends.
        """
        self._counter[:2] = 0
        images, labels, order, scales, out = data
        data = images, labels, order, *self._tables, scales, out
        sizes = np.uintp(N), *self._sizes, np.uintp(batches)

        def part(thread: tuple[Any, ...], held: Any = held) -> tuple[float, int]:
            done: tuple[float, int] = self._run(self._nil, data, sizes, modes, *thread)
            return done

        if self._pool is None:
            return part(self._threads[0])
        first: tuple[float, int] = side_by_side(part, self._threads, self._pool, self._give_up)[0]
        return first  # as all of them

    def _give_up(self) -> None:
        """Who waits for a thread that never began must not wait for ever."""
        self._counter[1] = 1


def side_by_side(
    function: Callable[[Any], Any],
    tasks: Sequence[Any],
    pool: Executor | None,
    give_up: Callable[[], object] = lambda: None,
) -> list[Any]:
    """The results of a function for each task, the first here, the others in the pool.

    If the caller only waited, its core would look busy when the helpers start, and they share one. After
    an error or Ctrl-C here the others are told to give up, and waited for: they work on the same arrays.
    """
    if pool is None:
        return [function(task) for task in tasks]
    others: list[Future[Any]] = []
    try:
        others.extend(pool.submit(function, task) for task in tasks[1:])
        return [function(tasks[0]), *(other.result() for other in others)]
    except BaseException:
        give_up()
        wait(others)
        raise


def helpers(threads: int) -> Executor | None:
    """The pool for side_by_side, beside the caller's own thread."""
    return ThreadPoolExecutor(threads - 1) if threads > 1 else None


def zeros(dtype: Any, *shape: int) -> Array:
    """Zeros that begin at a cache line: a vector of 16 that lies across two costs twice."""
    size = math.prod(shape) * dtype.itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    made: Array = room[start : start + size].view(dtype).reshape(shape)
    return made


def addresses(*arrays: Array) -> tuple[int, ...]:
    """Where the arrays begin, for the kernel; they must outlive its run."""
    return tuple(array.ctypes.data for array in arrays)


def _up(n: int, step: int) -> int:
    return -(-n // step) * step
