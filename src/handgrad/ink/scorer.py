"""What a network that no longer learns makes of images, through the fast engine: microseconds for one."""

import threading
from concurrent.futures import Executor
from functools import cache
from typing import Any

import numpy as np
from llvmlite.binding import get_host_cpu_features

from handgrad.ink import kernel
from handgrad.ink.layout import (
    Layout,
    Work,
    addresses,
    find_bands,
    helpers,
    rows_of_pixels,
    scales_of,
    side_by_side,
)
from handgrad.network import Params
from handgrad.recipes import Recipe

Array = np.ndarray[Any, Any]
ACTIVATIONS = {
    "relu": kernel.RELU,
    "leaky_relu": kernel.LEAKY_RELU,
    "tanh": kernel.TANH,
    "sigmoid": kernel.SIGMOID,
    "none": kernel.NONE,
}
AT_ONCE = 64  # images that go through the network together


class Scorer:
    """What a network with parameters that stay as they are makes of images.

    Prepared once; several threads of the caller may ask it, one after the other.
    """

    def __init__(
        self,
        params: Params,
        activation: str = "relu",
        threads: int = 1,
        lanes: int | None = None,
        pool: Executor | None = None,
    ) -> None:
        """lanes: units in a block, of which there are two kinds to be compiled; by default the faster.

        pool: for the threads but one; by default one of its own.
        """
        H, D = params.W1.shape
        lanes = lanes or split(H, 1)[0]
        self._dtype, self._C, self._nil = params.W1.dtype, len(params.W2), params.W1.dtype.type(0)
        layout, bands = Layout(params, lanes), find_bands(D, lanes, self._dtype.itemsize)
        self._works = [Work(layout, bands, AT_ONCE) for _ in range(threads)]
        self._how = modes(activation, params, kernel.L2, kernel.READ)
        self._lock, self._pool = threading.Lock(), pool or helpers(threads)
        # to ask NumPy for an address takes a third as long as a network for one image
        self._page = np.zeros((AT_ONCE, bands.D), np.uint8)
        self._answers = np.zeros((AT_ONCE, layout.Cp), self._dtype)
        self._page_at, self._answers_at = addresses(self._page, self._answers)
        self._grow(AT_ONCE)

    def z(self, images: Array) -> Array:
        """z (N, C) of uint8 images (N, ...) of the network's D pixels, which is not checked."""
        with self._lock:
            return self._scores(images)[0].copy()

    def scores(self, images: Array) -> Array:
        """As z; not a number, all of them, if one is not finite."""
        return self._finished(images, False)

    def outputs(self, images: Array) -> Array:
        """As scores, but y = sigmoid(z)."""
        return self._finished(images, True)

    def _finished(self, images: Array, squash: bool) -> Array:
        with self._lock:
            z, address = self._scores(images)
            vectors = np.uintp(len(images) * self._answers.shape[1] // kernel.SCORES)
            finite = kernel.finish(self._nil, np.uintp(address), vectors, squash)
            return z.copy() if finite else np.full_like(z, np.nan)

    def _scores(self, images: Array) -> tuple[Array, int]:
        """z (N, C), a view, and where it begins."""
        N = len(images)
        if N <= AT_ONCE:
            flat = images.reshape(N, -1)
            self._page[:N, : flat.shape[1]] = flat
            self._read(self._works[0], self._page_at, N, self._answers_at)
            return self._answers[:N, : self._C], self._answers_at
        if self._many < N:
            self._grow(N)
        flat, out, share = rows_of_pixels(images), self._out[:N], -(-N // len(self._works))
        side_by_side(
            lambda part: self._read(*part),
            [
                (work, flat[low:].ctypes.data, min(share, N - low), out[low:].ctypes.data, (flat, out))
                for work, low in zip(self._works, range(0, N, share), strict=False)
            ],
            self._pool,
        )
        return out[:, : self._C], out.ctypes.data

    def _read(self, work: Work, images: int, N: int, out: int, held: Any = None) -> None:
        """z of N images, between two addresses; held: the arrays, lest they go before the kernel ends."""
        data = images, 0, self._order_at, self._scales_at, out
        work.run(data, N, -(-N // AT_ONCE), self._how)

    def _grow(self, N: int) -> None:
        """Have an order of rows, numbers for the batches and room for the scores of so many images."""
        self._many, self._order = N, np.arange(N, dtype=np.uint64)
        self._out = np.empty((N, self._answers.shape[1]), self._dtype)
        recipe, batches = Recipe(batch_size=AT_ONCE), -(-N // AT_ONCE)
        self._scales = scales_of(recipe, np.ones(batches), N, 0, self._dtype)
        self._order_at, self._scales_at = addresses(self._order, self._scales)


def modes(activation: str, params: Params, loss: int, rule: int) -> tuple[int, bool, int, int]:
    """The kernel's modes."""
    return ACTIVATIONS[activation], params.b1 is not None, loss, rule


def split(H: int, threads: int) -> tuple[int, int]:
    """The width of a block, and the number of threads that have one: what lets the slowest end first.

    A unit costs an eighth more in narrow blocks, where each ink is looked up more often. Without AVX-512
    wide ones do not fit the processor's registers.
    """
    widths = {kernel.NARROW: 1.125}
    if _has_avx512():
        widths[kernel.WIDE] = 1.0
    lanes = min(widths, key=lambda lanes: -(-H // lanes // threads) * lanes * widths[lanes])
    return lanes, min(threads, -(-H // lanes))


@cache  # also because llvmlite tidies up in a destructor, where Python would lose a Ctrl-C
def _has_avx512() -> bool:
    return bool(get_host_cpu_features().get("avx512f"))
