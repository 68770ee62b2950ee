"""What a network that no longer learns makes of images, through the fast engine: microseconds for one."""

from concurrent.futures import Executor
from functools import cache
from threading import Lock

import numpy as np

from handgrad.arrays import NDArray
from handgrad.engines.ink import task
from handgrad.engines.ink.layout import (
    Layout,
    Work,
    address,
    find_bands,
    helpers,
    rows_of_pixels,
    side_by_side,
)
from handgrad.engines.ink.machine import processor
from handgrad.network import Params

ACTIVATIONS = {
    "relu": task.RELU,
    "leaky_relu": task.LEAKY_RELU,
    "tanh": task.TANH,
    "sigmoid": task.SIGMOID,
    "none": task.NONE,
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
        self._dtype, self._C, self._lock = params.W1.dtype, len(params.W2), Lock()
        layout, bands = Layout(params, lanes), find_bands(D, lanes, self._dtype.itemsize)
        self._first, *self._works = (Work(layout, bands, AT_ONCE) for _ in range(1 + threads))
        for work in (self._first, *self._works):
            work.tell(**modes(activation, params, task.L2, task.READ))
        self._pool = pool or helpers(threads)
        # few images go by a page whose address is known: to ask for one takes as long as to copy an image
        self._page = np.zeros((AT_ONCE, bands.D), np.uint8)
        self._page_out = np.zeros((AT_ONCE, layout.Cp), self._dtype)
        self._views = [(self._page[:n, :D], self._page_out[:n, : self._C]) for n in range(AT_ONCE + 1)]
        self._grow(AT_ONCE)
        self._first.tell(images=address(self._page), out=address(self._page_out), batches=1)

    def z(self, images: NDArray) -> NDArray:
        """z (N, C) of uint8 images (N, ...) of the network's D pixels, which is not checked."""
        return self._ask(images, False)[0]

    def scores(self, images: NDArray) -> NDArray:
        """As z; not a number, all of them, if one is not finite."""
        return self._checked(images, False)

    def outputs(self, images: NDArray) -> NDArray:
        """As scores, but y = sigmoid(z)."""
        return self._checked(images, True)

    def _checked(self, images: NDArray, squash: bool) -> NDArray:
        answers, finite = self._ask(images, squash)
        return answers if finite else np.full_like(answers, np.nan)

    def _ask(self, images: NDArray, squash: bool) -> tuple[NDArray, bool]:
        """The scores or outputs (N, C), and whether all scores are finite."""
        N = len(images)
        with self._lock:
            if N <= AT_ONCE:
                page, answers = self._views[N]
                page[:] = images.reshape(N, -1)
                asked = self._first.tasks[0]
                asked.N, asked.squash = N, squash
                self._first.run()
                return answers.copy(), asked.finite == 1
            if self._many < N:
                self._grow(N)
            flat, out, share = rows_of_pixels(images), self._out[:N], -(-N // len(self._works))
            parts = list(zip(self._works, range(0, N, share), strict=False))
            for work, low in parts:
                many = min(share, N - low)
                at = {"images": address(flat[low:]), "out": address(out[low:])}
                work.tell(N=many, batches=-(-many // AT_ONCE), squash=squash, **at)
            done = side_by_side(lambda part: part[0].run((flat, out)), parts, self._pool)
            return out[:, : self._C].copy(), all(one.finite for one in done)

    def _grow(self, N: int) -> None:
        """Have an order of rows, and room for the scores of so many images."""
        self._many, self._order = N, np.arange(N, dtype=np.uint64)
        self._out = np.empty((N, self._page_out.shape[1]), self._dtype)
        for work in (self._first, *self._works):
            work.tell(order=address(self._order))


def modes(activation: str, params: Params, loss: int, rule: int) -> dict[str, int]:
    """What the kernel does with each batch."""
    return {"activation": ACTIVATIONS[activation], "bias": params.b1 is not None, "loss": loss, "rule": rule}


def split(H: int, threads: int) -> tuple[int, int]:
    """The width of a block, and the number of threads that have one: what lets the slowest end first.

    A unit costs an eighth more in narrow blocks, where each ink is looked up more often. Without AVX-512
    wide ones do not fit the processor's registers.
    """
    widths = {task.NARROW: 1.125}
    if _has_avx512():
        widths[task.WIDE] = 1.0
    lanes = min(widths, key=lambda lanes: -(-H // lanes // threads) * lanes * widths[lanes])
    return lanes, min(threads, -(-H // lanes))


@cache
def _has_avx512() -> bool:
    return "+avx512f" in processor()[1].split(",")
