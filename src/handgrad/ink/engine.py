"""The fast engine: run_epoch over images kept as lists of their ink.

Four fifths of a digit image is blank paper, and a blank pixel adds nothing to x W1^T nor to grad_W1. So
the images become lists of their ink, W1 is turned to blocks of 16 hidden units with a row a pixel, and an
epoch works through the lists (kernel.py). The same arguments and numbers as training.run_epoch.
"""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import PIXEL_MAX
from handgrad.errors import DivergedError
from handgrad.ink import kernel
from handgrad.network import Params, init_params, map_params
from handgrad.recipes import Recipe
from handgrad.training import run_epoch

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
    """Images as lists of ink: image r has the pixels first[r] to first[r + 1], with their values."""

    kept: Array  # the pixels that hold ink in some image: row i of a block of W1 is pixel kept[i]
    first: Array
    pixel: Array  # as row numbers
    value: Array  # x, in the parameters' type


class InkEngine:
    """run_epoch with lists of ink; the lists of the images seen last are kept from epoch to epoch."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self._images: Array | None = None
        self._ink: Ink | None = None

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
        dtype = params.W1.dtype
        moving = _moving(params, memory)
        if self._ink is None or self._images is not images or self._ink.value.dtype != dtype:
            self._images, self._ink = images, list_ink(images, dtype, moving)
        elif not set(moving.tolist()) <= set(self._ink.kept.tolist()):
            self._ink = list_ink(images, dtype, moving)
        layout = _Layout(params, self._ink.kept, recipe, self.threads, memory)
        scales = _scales(recipe, rates, len(order), first_step, dtype)
        total, diverged = layout.run(self._ink, labels, order, recipe, scales)
        if diverged:
            epoch = first_step // len(rates) + 1
            raise DivergedError("the loss is not finite", epoch, diverged, float(rates[diverged - 1]))
        return layout.params(), layout.memory(), total / len(order)


def warm_up(dtype: Any = np.float32) -> None:
    """Have the kernel compiled, or fetched from Numba's cache, by an epoch over one image."""
    recipe, rng = Recipe(hidden=1, batch_size=1), np.random.default_rng(0)
    image, label, order = np.ones((1, 1), np.uint8), np.zeros(1, np.int64), np.zeros(1, np.int64)
    InkEngine().run_epoch(init_params(1, 1, 2, rng, dtype=dtype), image, label, order, recipe, np.ones(1))


def _moving(params: Params, memory: Params | None) -> Array:
    """The pixels whose rows of W1 the optimizer will move even without ink: it remembers some."""
    if memory is None or not memory.W1:
        return np.zeros(0, np.intp)
    return np.flatnonzero(sum(np.abs(array).max(axis=0) for array in memory.W1))


def list_ink(images: Array, dtype: Any, also: Array) -> Ink:
    """Lists of the ink of uint8 images (N, ...); the pixels also are kept whether they hold ink or not."""
    flat = np.ascontiguousarray(images.reshape(len(images), -1))
    inked = flat.max(axis=0) > 0
    inked[also] = True
    inked[0] |= not inked.any()  # blocks have a row at least
    kept = np.flatnonzero(inked)
    place = np.zeros(flat.shape[1], np.uint16)
    place[kept] = np.arange(len(kept))
    room = np.count_nonzero(flat) + kernel.UNROLL * len(flat) + 1
    first, pixel, value = np.zeros(len(flat) + 1, np.uint64), np.zeros(room, np.uint16), np.zeros(room, dtype)
    shades = (np.arange(256).astype(dtype) / dtype.type(PIXEL_MAX)).astype(dtype)
    kernel.list_ink(flat, place, shades, first, pixel, value)
    return Ink(kept, first, pixel, value)


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
    """Parameters and memory as the kernel wants them: W1 in blocks with a row a pixel, all padded to 16."""

    def __init__(
        self, params: Params, kept: Array, recipe: Recipe, threads: int, memory: Params | None
    ) -> None:
        self.given, self.kept, self.slots = params, kept, SLOTS[recipe.optimizer]
        self.H, self.C = len(params.W1), len(params.W2)
        self.Hp, self.Cp = _padded(self.H), _padded(self.C)
        self.threads = max(1, min(threads, self.Hp // kernel.LANES))
        self.parts = [self._blocks(params)]
        for slot in range(2):
            known = memory is not None and slot < self.slots
            remembered = map_params(lambda arrays: arrays[slot], memory) if known and memory else None
            self.parts.append(self._blocks(remembered))

    def run(self, ink: Ink, labels: Array, order: Array, recipe: Recipe, scales: Array) -> tuple[float, int]:
        """An epoch over all threads -> the loss summed over the images, the batch that diverged or 0."""
        (W1, b1, W2, b2), m, v = self.parts
        dtype, size = W1.dtype, np.uintp(min(recipe.batch_size, len(order)))
        V2 = _zeros(dtype, self.Hp, self.Cp)
        V2[:, : self.C] = W2.reshape(self.C, self.Hp).T
        h = _zeros(dtype, self.Hp * int(size))
        shares = _zeros(dtype, 2, self.threads, int(size) * self.Cp)
        counter = _zeros(np.dtype(np.int64), 8)
        memory = tuple(array for pair in zip(m[:3], v[:3], strict=True) for array in pair)
        order, labels = order.astype(np.int64), labels.astype(np.int64)

        def part(thread: int) -> tuple[float, int]:
            scratch = (
                _zeros(dtype, int(size) * self.Cp),
                _zeros(dtype, int(size) * kernel.LANES),
                _zeros(dtype, len(self.kept) * kernel.LANES),
                _zeros(dtype, max(self.C, self.Cp) * kernel.LANES),
            )
            done: tuple[float, int] = kernel.run(
                np.uintp(thread), np.uintp(self.threads), W1, b1, W2, V2.ravel(), b2, memory,
                (m[3], v[3]), np.uintp(len(self.kept)), ink.first, ink.pixel, ink.value,
                labels, order, h, shares, scratch, counter, size,
                np.uintp(self.H), np.uintp(self.C), ACTIVATIONS[recipe.activation],
                self.given.b1 is not None, LOSSES[recipe.loss], RULES[recipe.optimizer], scales,
            )  # fmt: skip
            return done

        if self.threads == 1:
            return part(0)
        with ThreadPoolExecutor(self.threads) as pool:
            first, *_ = pool.map(part, range(self.threads))  # all come to the same
        return first

    def params(self) -> Params:
        """The parameters after the epoch, in their own shapes."""
        return self._plain(self.parts[0], self.given)

    def memory(self) -> Params:
        """What the optimizer remembers after the epoch."""
        zeros = Params(*(None if p is None else np.zeros_like(p) for p in self.given))
        slots = [self._plain(self.parts[1 + slot], zeros) for slot in range(self.slots)]
        return map_params(lambda p, *arrays: arrays, self.given, *slots)

    def _blocks(self, params: Params | None) -> list[Array]:
        """W1 -> (blocks, pixels with ink, 16), b1 -> (Hp,), W2 -> (C, Hp), b2 -> (threads, Cp), flat."""
        dtype, rows = self.given.W1.dtype, len(self.kept)
        blocks, b1 = _zeros(dtype, self.Hp // kernel.LANES, rows, kernel.LANES), _zeros(dtype, self.Hp)
        W2, b2 = _zeros(dtype, self.C, self.Hp), _zeros(dtype, self.threads, self.Cp)
        if params is not None:
            W1 = np.zeros((self.Hp, rows), dtype)
            W1[: self.H], W2[:, : self.H] = params.W1[:, self.kept], params.W2
            blocks[:] = W1.reshape(-1, kernel.LANES, rows).transpose(0, 2, 1)
            if params.b1 is not None:
                b1[: self.H], b2[:, : self.C] = params.b1, params.b2
        return [blocks.ravel(), b1, W2.ravel(), b2]

    def _plain(self, parts: list[Array], like: Params) -> Params:
        W1, b1, W2, b2 = parts
        full = like.W1.copy()
        blocks = W1.reshape(-1, len(self.kept), kernel.LANES).transpose(0, 2, 1)
        full[:, self.kept] = blocks.reshape(self.Hp, -1)[: self.H]
        bias = like.b1 is not None
        W2 = W2.reshape(self.C, self.Hp)[:, : self.H].copy()
        return Params(
            full, b1[: self.H].copy() if bias else None, W2, b2[0, : self.C].copy() if bias else None
        )


def _zeros(dtype: Any, *shape: int) -> Array:
    """Zeros that begin at a cache line: a vector of 16 that lies across two costs twice."""
    size = math.prod(shape) * dtype.itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    zeros: Array = room[start : start + size].view(dtype).reshape(shape)
    return zeros


def _padded(n: int) -> int:
    return -(-n // kernel.LANES) * kernel.LANES
