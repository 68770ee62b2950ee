"""The fast engine: run_epoch over images kept as lists of their ink.

Four fifths of a digit image is blank paper, and a blank pixel adds nothing to x W1^T nor to grad_W1. So
the images become lists of their ink, W1 is turned to blocks of hidden units with a row a pixel, and an
epoch works through the lists (kernel.py). The same arguments and numbers as training.run_epoch.
"""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from llvmlite.binding import get_host_cpu_features

from handgrad.arrays import PIXEL_MAX, expect_labels
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


class Ink(NamedTuple):
    """Images as lists of ink, band of pixels after band: the ink of image r in band k is number
    first[r bands + k] to first[r bands + k + 1] of pixel and value."""

    kept: Array  # the pixels that hold ink in some image: row i of a block of W1 is pixel kept[i]
    starts: Array  # the row at which each band begins, and the number of rows
    first: Array
    pixel: Array  # as row numbers
    value: Array  # x, in the parameters' type


class InkEngine:
    """run_epoch with lists of ink; the lists of the images seen last are kept from epoch to epoch."""

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
        dtype, moving = params.W1.dtype, _moving(params, memory)
        lanes, threads = _split(len(params.W1), self.threads)
        row = lanes * dtype.itemsize
        known = self._ink if self._images is images and self._row == row else None
        if (
            known is None
            or known.value.dtype != dtype
            or not set(moving.tolist()) <= set(known.kept.tolist())
        ):
            known = list_ink(images, dtype, moving, row)
            self._images, self._ink, self._row = images, known, row
        layout = _Layout(params, known.kept, recipe, lanes, threads, memory)
        scales = _scales(recipe, rates, len(order), first_step, dtype)
        total, diverged = layout.run(known, labels, order, recipe, scales)
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
    dtype, N = params.W1.dtype, len(images)
    lanes, _ = _split(len(params.W1), threads)  # the code that training has compiled already
    recipe = Recipe(hidden=len(params.W1), activation=activation, optimizer="sgd")
    entry = kernel.read_wide if lanes == kernel.WIDE else kernel.read_narrow

    def part(images: Array) -> Array:
        ink = list_ink(images, dtype, np.zeros(0, np.intp), lanes * dtype.itemsize)
        return _Layout(params, ink.kept, recipe, lanes, 1, None).scores(ink, entry)

    threads = max(1, min(threads, N // kernel.AT_ONCE))
    if threads == 1:
        return part(images)
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(part, np.array_split(images, threads))))


def warm_up(hidden: int, threads: int = 1, dtype: Any = np.float32) -> None:
    """Have the kernel for so many hidden units compiled, or fetched from Numba's cache, by one image."""
    lanes, _ = _split(hidden, threads)
    recipe, rng = Recipe(hidden=lanes, batch_size=1), np.random.default_rng(0)
    image, label, order = np.ones((1, 1), np.uint8), np.zeros(1, np.int64), np.zeros(1, np.int64)
    params, fast = init_params(1, lanes, 2, rng, dtype=dtype), InkEngine()
    fast.run_epoch(params, image, label, order, recipe, np.ones(1))
    fast.accuracy(params, image, label)


def _moving(params: Params, memory: Params | None) -> Array:
    """The pixels whose rows of W1 the optimizer will move even without ink: it remembers some."""
    if memory is None or not memory.W1:
        return np.zeros(0, np.intp)
    return np.flatnonzero(sum(np.abs(array).max(axis=0) for array in memory.W1))


def list_ink(images: Array, dtype: Any, also: Array, row: int) -> Ink:
    """Lists of the ink of uint8 images (N, ...); the pixels also are kept whether they hold ink or not.

    row: bytes of a row of W1 in a block; it says how many pixels make a band.
    """
    N = len(images)
    flat = images.reshape(N, -1)
    if (blank := -flat.shape[1] % kernel.WORD) or not flat.flags.c_contiguous:
        flat = np.pad(flat, ((0, 0), (0, blank)))
    words = flat.view(np.uint64)
    inked = np.bitwise_or.reduce(words, axis=0).view(np.uint8) > 0
    inked[also] = True
    inked[0] |= not inked.any()  # blocks have a row at least
    kept = np.flatnonzero(inked)
    bands = -(-len(kept) * row // kernel.TILE)
    begin = [kept[len(kept) * band // bands] // kernel.WORD for band in range(1, bands)]
    edges = np.unique([0, *begin, words.shape[1]]).astype(np.uint64)
    starts = np.searchsorted(kept, edges * kernel.WORD).astype(np.uint64)
    bands = len(edges) - 1
    place = np.zeros(flat.shape[1], np.uint16 if len(kept) <= 2**16 else np.uint32)
    place[kept] = np.arange(len(kept))
    room = np.count_nonzero(flat) + (kernel.UNROLL - 1) * bands * N + kernel.WORD
    first, pixel = np.zeros(N * bands + 1, np.uint64), np.zeros(room, place.dtype)
    value = np.zeros(room, dtype)
    shades = (np.arange(256).astype(dtype) / dtype.type(PIXEL_MAX)).astype(dtype)
    kernel.list_ink(flat, words, edges, starts, place, shades, first, pixel, value)
    return Ink(kept, starts, first, pixel, value)


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
    """The numbers that each batch needs, (batches, SCALES)."""
    scales, k = np.zeros((len(rates), kernel.SCALES)), kernel
    steps, sizes = first_step + np.arange(1, len(rates) + 1), np.full(len(rates), recipe.batch_size)
    sizes[-1] = N - (len(rates) - 1) * recipe.batch_size
    scales[:, [k.BETA, k.BETA_REST, k.BETA2, k.BETA2_REST]] = 0.9, 1 - 0.9, 0.999, 1 - 0.999
    scales[:, [k.EPSILON, k.UNIT, k.LEAK]] = 1e-8, 1.0, 0.01
    scales[:, k.RATE] = rates
    scales[:, k.UNBIAS], scales[:, k.UNBIAS2] = 1 / (1 - 0.9**steps), 1 / (1 - 0.999**steps)
    scales[:, k.PER_IMAGE], scales[:, k.TWO_PER_IMAGE] = 1 / sizes, 2 / sizes
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
        self.parts, dtype = [self._blocks(params)], params.W1.dtype
        for slot in range(2):
            known = memory is not None and slot < self.slots
            remembered = map_params(lambda arrays: arrays[slot], memory) if known and memory else None
            # a slot that the rule does not have is never looked at
            self.parts.append(self._blocks(remembered) if slot < self.slots else [_zeros(dtype, 0)] * 3)

    def run(self, ink: Ink, labels: Array, order: Array, recipe: Recipe, scales: Array) -> tuple[float, int]:
        """An epoch over all threads -> the loss summed over the images, the batch that diverged or 0."""
        (W1, W2, b2), m, v = self.parts
        dtype, size = W1.dtype, min(recipe.batch_size, len(order))
        V2, room = self._turned(W2), _up(size, kernel.TOGETHER)
        targets = _zeros(dtype, self.C + 1, self.Cp)
        targets[: self.C, : self.C], targets[self.C, : self.C] = np.eye(self.C), 1
        h, shares = _zeros(dtype, self.Hp * room), _zeros(dtype, 2, self.threads * room * self.Cp)
        counter = _zeros(np.dtype(np.int64), 8)
        memory = tuple(array for pair in zip(m, v, strict=True) for array in pair)
        order, labels = order.astype(np.uint64), labels.astype(np.uint64)
        entry = kernel.run_wide if self.lanes == kernel.WIDE else kernel.run_narrow
        rows = int(np.diff(ink.starts.astype(np.int64)).max())

        def part(thread: int) -> tuple[float, int]:
            scratch = tuple(
                _zeros(dtype, numbers)
                for numbers in (
                    room * self.Cp, room * self.lanes, rows * self.lanes,
                    (self.C + 2) * self.lanes + len(b2) // self.threads,
                )
            )  # fmt: skip
            done: tuple[float, int] = entry(
                dtype.type(0), np.uintp(thread), np.uintp(self.threads), W1, W2, V2, b2, memory,
                ink.starts, ink.first, ink.pixel, ink.value, labels, order, targets.ravel(), h, shares,
                scratch, counter, np.uintp(size), np.uintp(self.H), np.uintp(self.C), np.uintp(self.Hp),
                np.uintp(self.Cp), ACTIVATIONS[recipe.activation], self.given.b1 is not None,
                LOSSES[recipe.loss], RULES[recipe.optimizer], scales,
            )  # fmt: skip
            return done

        if self.threads == 1:
            return part(0)
        with ThreadPoolExecutor(self.threads) as pool:
            first, *_ = pool.map(part, range(self.threads))  # all come to the same
        return first

    def scores(self, ink: Ink, entry: Any) -> Array:
        """z (N, C) of all images."""
        W1, W2, b2 = self.parts[0]
        dtype, N = W1.dtype, (len(ink.first) - 1) // (len(ink.starts) - 1)
        V2, h = self._turned(W2), _zeros(dtype, self.Hp * kernel.AT_ONCE)
        out = _zeros(dtype, N + kernel.TOGETHER, self.Cp)
        entry(
            dtype.type(0), W1, W2, V2, b2, ink.starts, ink.first, ink.pixel, ink.value,
            np.arange(N, dtype=np.uint64), h, out.ravel(), np.uintp(kernel.AT_ONCE), np.uintp(self.H),
            np.uintp(self.C), np.uintp(self.Hp), np.uintp(self.Cp), ACTIVATIONS[self.recipe.activation],
            _scales(self.recipe, np.ones(1), N, 0, dtype)[0],
        )  # fmt: skip
        return out[:N, : self.C]

    def _turned(self, W2: Array) -> Array:
        """W2 with a row a hidden unit, (Hp, Cp), flat."""
        V2 = _zeros(W2.dtype, self.Hp, self.Cp)
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


def _up(n: int, step: int) -> int:
    return -(-n // step) * step
