"""The fast engine: run_epoch over lists of the images' ink.

Four fifths of a digit image is blank paper, and a blank pixel adds nothing to x W1^T nor to grad_W1. So
W1 is turned to blocks of hidden units with a row a pixel, and the compiled kernel (kernel.py) lists the ink
of each batch and works through the lists. The same arguments and numbers as training.run_epoch.
"""

import gc
import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from llvmlite.binding import get_host_cpu_features

from handgrad.arrays import PIXEL_MAX, expect_images, expect_labels
from handgrad.errors import DivergedError
from handgrad.ink import kernel
from handgrad.network import Params, init_params, map_params
from handgrad.recipes import Recipe
from handgrad.training import accuracy, run_epoch

Array = np.ndarray[Any, Any]
RULES = {"sgd": kernel.SGD, "momentum": kernel.MOMENTUM, "nesterov": kernel.NESTEROV, "adam": kernel.ADAM}
ACTIVATIONS = {
    "relu": kernel.RELU,
    "leaky_relu": kernel.LEAKY_RELU,
    "tanh": kernel.TANH,
    "sigmoid": kernel.SIGMOID,
    "none": kernel.NONE,
}
LOSSES = {"l2": kernel.L2, "cross_entropy": kernel.CROSS_ENTROPY}
SLOTS = {"sgd": 0, "momentum": 1, "nesterov": 1, "adam": 2}
LINE = 64  # bytes of a cache line
AT_ONCE = 64  # images read at a time


class Ink(NamedTuple):
    """Where the ink of some images can be, and how the kernel finds it there.

    The pixels that hold ink in some image stand in bands, whose rows of W1 fill a tile. The kernel looks for
    ink in pieces of 64 pixels; those of band k are number pieces[k] to pieces[k + 1].
    """

    images: Array  # (N, D) uint8
    kept: Array  # the pixels that hold ink in some image: row i of a block of W1 is pixel kept[i]
    where: tuple[Array, ...]  # starts: the rows at which the bands begin; pieces; the first pixel of each
    # piece; and a mask of its pixels that count
    place: Array  # where the row of a pixel begins in its tile


class InkEngine:
    """run_epoch over lists of ink; where the images seen last have ink is kept from epoch to epoch."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self._images: Array | None = None
        self._ink: Ink | None = None
        self._row = 0

    def run_epoch(
        self,
        params: Params,
        images: Array,
        labels: Array,
        order: Array,
        recipe: Recipe,
        rates: Array,
        memory: Params | None = None,
        first_step: int = 0,
    ) -> tuple[Params, Params | None, float]:
        """training.run_epoch, faster: the same arguments, batches and numbers (but for rounding).

        Where the images are not uint8 pixels the reference takes over, with a warning.
        """
        if images.dtype != np.uint8:
            warnings.warn("the images are no uint8 pixels; the numpy engine takes over", stacklevel=2)
            return run_epoch(params, images, labels, order, recipe, rates, memory, first_step)
        expect_images(images, params.W1.shape[1])
        expect_labels(labels, len(images), len(params.W2))
        if len(order) and not (order.min() >= 0 and order.max() < len(images)):  # as NumPy would
            raise IndexError(f"expected rows from 0 to {len(images) - 1}; got {order.min()} to {order.max()}")
        dtype, moving = params.W1.dtype, _moving(params, memory)
        lanes, threads = _split(len(params.W1), self.threads)
        known = self._ink if self._images is images and self._row == lanes * dtype.itemsize else None
        if known is None or not set(moving.tolist()) <= set(known.kept.tolist()):
            kept = np.union1d(_inked(images), moving)
            known = find_ink(images, kept, lanes, dtype.itemsize)
            self._images, self._ink, self._row = images, known, lanes * dtype.itemsize
        layout = _Layout(params, known.kept, recipe, lanes, threads, memory)
        scales = _scales(recipe, rates, len(order), first_step, dtype)
        total, diverged = layout.run(known, labels, order, scales)
        if diverged:
            epoch = first_step // len(rates) + 1
            raise DivergedError("the loss is not finite", epoch, diverged, float(rates[diverged - 1]))
        return layout.params(), layout.memory(), total / len(order)

    def accuracy(self, params: Params, images: Array, labels: Array, activation: str = "relu") -> float:
        """training.accuracy, faster: the share of images whose label the network predicts."""
        if images.dtype != np.uint8:
            return accuracy(params, images, labels, activation)
        expect_labels(labels, len(images), len(params.W2))
        z = scores(params, images, activation, self.threads)
        return int(np.count_nonzero(np.argmax(z, axis=1) == labels)) / len(images)


def scores(params: Params, images: Array, activation: str = "relu", threads: int = 1) -> Array:
    """z (N, C) for uint8 images (N, ...), each thread a part of them."""
    expect_images(images, params.W1.shape[1])
    lanes, _ = _split(len(params.W1), threads)  # the code that training has compiled already
    recipe = Recipe(hidden=len(params.W1), activation=activation, batch_size=AT_ONCE)
    kept = np.arange(images[0].size)

    def part(images: Array) -> Array:
        ink = find_ink(images, kept, lanes, params.W1.dtype.itemsize)
        return _Layout(params, kept, recipe, lanes, 1, None).scores(ink)

    threads = max(1, min(threads, len(images) // AT_ONCE))
    if threads == 1:
        return part(images)
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(part, np.array_split(images, threads))))


def warm_up(hidden: int, threads: int = 1, dtype: Any = np.float32) -> None:
    """Have the kernel for so many hidden units compiled, or fetched from Numba's cache, by one image."""
    lanes, _ = _split(hidden, threads)
    params = init_params(1, lanes, 2, np.random.default_rng(0), dtype=dtype)
    collecting = gc.isenabled()
    gc.disable()  # the compiler throws little away: looking for it takes an eighth of the time
    try:
        scores(params, np.ones((1, 1), np.uint8))  # the same code as an epoch
    finally:
        if collecting:
            gc.enable()


def _moving(params: Params, memory: Params | None) -> Array:
    """The pixels whose rows of W1 the optimizer will move even without ink: it remembers some."""
    if memory is None or not memory.W1:
        return np.zeros(0, np.intp)
    return np.flatnonzero(sum(np.abs(array).max(axis=0) for array in memory.W1))


def _inked(images: Array) -> Array:
    """The pixels that hold ink in some image (N, ...)."""
    flat = images.reshape(len(images), -1)
    words = flat.view(np.uint64) if flat.flags.c_contiguous and flat.shape[1] % 8 == 0 else flat
    return np.flatnonzero(np.bitwise_or.reduce(words, axis=0).view(np.uint8))


def find_ink(images: Array, kept: Array, lanes: int, itemsize: int) -> Ink:
    """How the kernel finds ink in uint8 images (N, ...), all of it in the pixels kept.

    lanes: units in a block; itemsize: bytes of a parameter. They say how many pixels make a band.
    """
    flat = images.reshape(len(images), -1)
    flat = np.pad(flat, ((0, 0), (0, max(0, kernel.PIECE - flat.shape[1]))))  # a piece at least
    flat = np.ascontiguousarray(flat)
    D = flat.shape[1]
    kept = kept if len(kept) else np.zeros(1, np.intp)  # blocks have a row at least
    bands = -(-len(kept) * lanes * itemsize // kernel.TILE)
    starts = np.array([len(kept) * band // bands for band in range(bands + 1)], np.uint64)
    pieces, begins, masks = [0], [], []
    for rows in np.split(kept, starts[1:-1].astype(np.intp)):
        for low in range(int(rows[0]), int(rows[-1]) + 1, kernel.PIECE):
            high = min(low + kernel.PIECE, int(rows[-1]) + 1)
            begins.append(min(low, D - kernel.PIECE))  # a piece lies within the image
            masks.append((1 << high - begins[-1]) - (1 << low - begins[-1]))
        pieces.append(len(begins))
    place = np.zeros(D, np.uint16)
    band_of = np.searchsorted(starts, np.arange(len(kept)), side="right") - 1
    place[kept] = (np.arange(len(kept)) - starts.astype(np.intp)[band_of]) * lanes
    where = tuple(np.array(numbers, np.uint64) for numbers in (starts, pieces, begins, masks))
    return Ink(flat, kept, where, place)


def _split(H: int, threads: int) -> tuple[int, int]:
    """The width of a block, and the number of threads that have one: what lets the slowest end first.

    A unit costs an eighth more in narrow blocks, where each ink is looked up more often. Without AVX-512
    wide ones do not fit the processor's registers.
    """
    widths = {kernel.NARROW: 1.125}
    if get_host_cpu_features().get("avx512f"):
        widths[kernel.WIDE] = 1.0
    lanes = min(widths, key=lambda lanes: -(-H // lanes // threads) * lanes * widths[lanes])
    return lanes, min(threads, -(-H // lanes))


def _scales(recipe: Recipe, rates: Array, N: int, first_step: int, dtype: Any) -> Array:
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


class _Layout:
    """Parameters and memory as the kernel wants them: W1 in blocks with a row a pixel, all padded."""

    def __init__(
        self, params: Params, kept: Array, recipe: Recipe, lanes: int, threads: int, memory: Params | None
    ) -> None:
        self.given, self.kept, self.slots = params, kept, SLOTS[recipe.optimizer]
        self.lanes, self.threads, self.recipe = lanes, threads, recipe
        self.H, self.C = len(params.W1), len(params.W2)
        self.Hp, self.Cp = _up(self.H, lanes), _up(self.C, kernel.SCORES)
        self.dtype = dtype = params.W1.dtype
        self.parts = [self._blocks(params)]
        for slot in range(2):
            known = memory is not None and slot < self.slots
            remembered = map_params(lambda arrays: arrays[slot], memory) if known and memory else None
            # a slot that the rule does not have is never looked at
            self.parts.append(self._blocks(remembered) if slot < self.slots else [_zeros(dtype, 0)] * 3)

    def run(self, ink: Ink, labels: Array, order: Array, scales: Array) -> tuple[float, int]:
        """An epoch over all threads -> the loss summed over the images, the batch that diverged or 0."""
        return self._run(ink, labels, order, scales, RULES[self.recipe.optimizer], _zeros(self.dtype, 0))

    def scores(self, ink: Ink) -> Array:
        """z (N, C) of all images."""
        N = len(ink.images)
        out, nobody = _zeros(self.dtype, N, self.Cp), np.zeros(0, np.int64)
        scales = _scales(self.recipe, np.ones(-(-N // self.recipe.batch_size)), N, 0, self.dtype)
        self._run(ink, nobody, np.arange(N), scales, kernel.READ, out.ravel())
        return out[:, : self.C]

    def _run(
        self, ink: Ink, labels: Array, order: Array, scales: Array, rule: int, out: Array
    ) -> tuple[float, int]:
        (W1, W2, b2), m, v = self.parts
        dtype, size, D = self.dtype, min(self.recipe.batch_size, len(order)), ink.images.shape[1]
        room, starts, T = _up(size, kernel.TOGETHER), ink.where[0].astype(np.int64), self.threads
        targets = _zeros(dtype, self.C + 1, self.Cp)
        targets[: self.C, : self.C], targets[self.C, : self.C] = np.eye(self.C), 1
        shades = np.zeros(2 * kernel.GREYS, dtype)  # and paper, for an image that is not there
        shades[: kernel.GREYS] = np.arange(kernel.GREYS).astype(dtype) / dtype.type(PIXEL_MAX)
        V2, h, shares = self._turned(), _zeros(dtype, self.Hp * room), _zeros(dtype, 2, T * room * self.Cp)
        counter, labels, order = (
            _zeros(np.dtype(np.int64), 8),
            labels.astype(np.uint64),
            order.astype(np.uint64),
        )
        bands, pairs, rows = len(starts) - 1, -(-size // 2), int(np.diff(starts).max())
        entries = rows + int(kernel.EMIT) - 1
        data = ink.images, labels, order, ink.place, shades, targets, scales, out
        sizes = len(order), D, size, self.H, self.C, self.Hp, self.Cp, len(scales) - 1
        activation, loss = ACTIVATIONS[self.recipe.activation], LOSSES[self.recipe.loss]
        modes = activation, self.given.b1 is not None, loss, rule
        run = kernel.run_wide if self.lanes == kernel.WIDE else kernel.run_narrow

        def part(thread: int) -> tuple[float, int]:
            of_b2 = slice(thread * len(b2) // T, (thread + 1) * len(b2) // T)
            of_own = room * self.Cp, room * self.lanes, rows * self.lanes, (self.C + 2) * self.lanes + self.Cp
            own = tuple(_zeros(dtype, numbers) for numbers in of_own)
            lists = (
                np.zeros(2 * bands * pairs * entries, np.uint16),
                _zeros(dtype, 2 * bands * pairs * entries * 2),
                np.zeros(2 * bands * pairs, np.uint64),
            )
            u, at = np.uintp, _addresses
            done: tuple[float, int] = run(
                dtype.type(0), u(thread), u(T), at(W1, W2, V2, b2[of_b2]),
                at(m[0], v[0], m[1], v[1], m[2][of_b2], v[2][of_b2]), at(*data), (*at(*ink.where), bands),
                (*at(*lists), pairs, entries), at(*own), at(h, shares, counter), tuple(map(u, sizes)), modes,
            )  # fmt: skip
            return done

        if T == 1:
            return part(0)
        with ThreadPoolExecutor(T) as pool:
            first, *_ = pool.map(part, range(T))  # all come to the same
        return first

    def _turned(self) -> Array:
        """W2 with a row a hidden unit, (Hp, Cp), flat."""
        V2, W2 = _zeros(self.dtype, self.Hp, self.Cp), self.parts[0][1]
        V2[:, : self.C] = W2.reshape(-1, self.Hp)[: self.C].T
        return V2.ravel()

    def params(self) -> Params:
        """The parameters after the epoch, in their own shapes."""
        return self._plain(self.parts[0], self.given)

    def memory(self) -> Params:
        """What the optimizer remembers after the epoch."""
        zeros = Params(*(None if p is None else np.zeros_like(p) for p in self.given))
        slots = [self._plain(self.parts[1 + slot], zeros) for slot in range(self.slots)]
        return map_params(lambda p, *arrays: arrays, self.given, *slots)

    def _blocks(self, params: Params | None) -> list[Array]:
        """W1 -> (blocks, pixels with ink, lanes), W2 and b1 -> (C + 1, Hp), b2 -> (threads, ...), flat."""
        dtype, rows = self.given.W1.dtype, len(self.kept)
        blocks = _zeros(dtype, self.Hp // self.lanes, rows, self.lanes)
        W2, b2 = _zeros(dtype, self.C + 1, self.Hp), _zeros(dtype, self.threads, _up(self.Cp, self.lanes))
        if params is not None:
            W1 = np.zeros((self.Hp, rows), dtype)
            W1[: self.H], W2[: self.C, : self.H] = params.W1[:, self.kept], params.W2
            blocks[:] = W1.reshape(-1, self.lanes, rows).transpose(0, 2, 1)
            if params.b1 is not None:
                W2[self.C, : self.H], b2[:, : self.C] = params.b1, params.b2
        return [blocks.ravel(), W2.ravel(), b2.ravel()]

    def _plain(self, parts: list[Array], like: Params) -> Params:
        blocks, W2, b2 = parts
        W1, bias = like.W1.copy(), like.b1 is not None
        blocks = blocks.reshape(-1, len(self.kept), self.lanes).transpose(0, 2, 1)
        W1[:, self.kept] = blocks.reshape(self.Hp, -1)[: self.H]
        W2 = W2.reshape(-1, self.Hp)[:, : self.H]
        if not bias:
            return Params(W1, None, W2[: self.C].copy(), None)
        return Params(W1, W2[self.C].copy(), W2[: self.C].copy(), b2[: self.C].copy())


def _zeros(dtype: Any, *shape: int) -> Array:
    """Zeros that begin at a cache line: a vector of 16 that lies across two costs twice."""
    size = math.prod(shape) * dtype.itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    zeros: Array = room[start : start + size].view(dtype).reshape(shape)
    return zeros


def _addresses(*arrays: Array) -> tuple[int, ...]:
    """Where the arrays begin, for the kernel; they must outlive its run."""
    assert all(array.flags.c_contiguous for array in arrays)
    return tuple(array.ctypes.data for array in arrays)


def _up(n: int, step: int) -> int:
    return -(-n // step) * step
