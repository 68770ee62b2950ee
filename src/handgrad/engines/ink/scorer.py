"""What a network that no longer learns makes of images, through the fast engine: microseconds for one."""

from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.engines.arguments import expect_threads, plain, plain_params
from handgrad.engines.ink import task
from handgrad.engines.ink.ahead import has_avx512
from handgrad.engines.ink.helpers import SharedOut, renew_in_children
from handgrad.engines.ink.layout import Layout, Work, address, find_bands, rows_of_pixels
from handgrad.errors import Choices, DataError
from handgrad.network import Params

ACTIVATIONS = Choices(
    relu=task.RELU,
    leaky_relu=task.LEAKY_RELU,
    tanh=task.TANH,
    sigmoid=task.SIGMOID,
    none=task.NONE,
)
WIDTHS = ("float32", "float64")  # the parameters that the kernel is compiled for
AT_ONCE = 64  # images that go through the network together
PIXEL = np.dtype(np.uint8)


class Room(NamedTuple):
    """Where a scorer works. A forked child makes its own: another thread may be at work in the parent's."""

    first: Work  # for a page of images
    works: list[Work]  # for more, one a thread
    # a page whose address is known: to ask for one takes as long as to copy an image
    page: NDArray  # (AT_ONCE, D)
    page_out: NDArray  # (AT_ONCE, Cp)
    order: NDArray  # of the page's images: the kernel has the address
    views: list[tuple[NDArray, NDArray]]  # of n images, and their scores


class Scorer:
    """What a network makes of images, with the parameters as they are when this is made.

    Several threads may ask one scorer at the same time; they are answered one after the other. It works in
    forked children, whatever the parent's other threads are doing, and is pickled as what it was made of.
    """

    def __init__(
        self,
        params: Params,
        activation: str = "relu",
        threads: int = 1,
        lanes: int | None = None,
        helpers: SharedOut | None = None,
    ) -> None:
        """lanes: units in a block, of which there are two kinds to be compiled; by default the faster.

        helpers: the threads for large batches; by default some of its own. DataError for parameters that
        are not float32 or float64 arrays that fit.
        """
        params, threads = plain_params(params), expect_threads(threads)
        if params.W1.dtype.name not in WIDTHS:
            raise DataError(f"expected parameters as {' or '.join(WIDTHS)}; got {params.W1.dtype}")
        (H, self._D), self._C = params.W1.shape, len(params.W2)
        self._modes = modes(activation, params, task.L2, task.READ)
        self._layout = Layout(params, lanes or split(H, 1)[0])  # a copy of the parameters, never changed
        self._made_with = activation, threads, lanes
        self._threads, self._helpers = threads, helpers or SharedOut(threads)
        self.renew()
        self._prepared()
        renew_in_children(self)

    def renew(self) -> None:
        """Forget the lock and the room to work in: in a forked child, they are another thread's."""
        self._lock = Lock()
        self._room: Room | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Scorer, (self._layout.params(), *self._made_with)

    def z(self, images: NDArray) -> NDArray:
        """z (N, C) of uint8 images (N, ...) of the network's D pixels.  DataError for other images."""
        return self._ask(images, False)[0]

    def checked_z(self, images: NDArray) -> NDArray:
        """z (N, C); if any z is not finite, all of them are NaN."""
        return self._checked(images, False)

    def outputs(self, images: NDArray) -> NDArray:
        """y = sigmoid(z), (N, C); if any z is not finite, all of them are NaN."""
        return self._checked(images, True)

    def _checked(self, images: NDArray, squash: bool) -> NDArray:
        answers, finite = self._ask(images, squash)
        return answers if finite else np.full_like(answers, np.nan)

    def _ask(self, images: NDArray, squash: bool) -> tuple[NDArray, bool]:
        """The scores or outputs (N, C), and whether all scores are finite."""
        if type(images) is not np.ndarray:
            images = plain(images, "images")
        N = len(images) if images.ndim > 1 else 0
        if images.dtype != PIXEL or N == 0 or images.size != N * self._D:
            got = f"{images.dtype} of shape {images.shape}"
            raise DataError(f"expected uint8 images (N, ...) of {self._D} pixels each; got {got}")
        with self._lock:
            room = self._room or self._prepared()
            if N <= AT_ONCE:
                page, answers = room.views[N]
                page[:] = images.reshape(N, -1)
                asked = room.first.tasks[0]
                asked.N, asked.squash = N, squash
                room.first.run()
                return answers.copy(), asked.finite == 1
            flat, out = rows_of_pixels(images), np.empty((N, room.page_out.shape[1]), self._layout.dtype)
            order, share = np.arange(N, dtype=np.uint64), -(-N // self._threads)
            parts = list(zip(room.works, range(0, N, share), strict=False))
            for work, low in parts:
                many = min(share, N - low)
                at = {"images": address(flat[low:]), "out": address(out[low:]), "order": address(order)}
                work.tell(N=many, batches=-(-many // AT_ONCE), squash=squash, **at)
            held = flat, out, order
            done = self._helpers.run(lambda part: part[0].run(held), parts)
            return out[:, : self._C].copy(), all(record.finite for record in done)

    def _prepared(self) -> Room:
        """Room to work in, kept until a child is forked."""
        layout, bands = self._layout, find_bands(self._D, self._layout.lanes, self._layout.dtype.itemsize)
        first, *works = (Work(layout, bands, AT_ONCE) for _ in range(1 + self._threads))
        for work in (first, *works):
            work.tell(**self._modes)
        page, page_out = np.zeros((AT_ONCE, bands.D), np.uint8), np.zeros((AT_ONCE, layout.Cp), layout.dtype)
        order = np.arange(AT_ONCE, dtype=np.uint64)
        first.tell(images=address(page), out=address(page_out), order=address(order), batches=1)
        views = [(page[:n, : self._D], page_out[:n, : self._C]) for n in range(AT_ONCE + 1)]
        self._room = Room(first, works, page, page_out, order, views)
        return self._room


def modes(activation: str, params: Params, loss: int, rule: int) -> dict[str, int]:
    """What the kernel does with each batch."""
    return {"activation": ACTIVATIONS[activation], "bias": params.b1 is not None, "loss": loss, "rule": rule}


def split(H: int, threads: int) -> tuple[int, int]:
    """The width of a block, and the number of threads that have one: what lets the slowest end first.

    A unit costs an eighth more in narrow blocks, where each ink is looked up more often. Without AVX-512
    wide ones do not fit the processor's registers.
    """
    widths = {task.NARROW: 1.125}
    if has_avx512():
        widths[task.WIDE] = 1.0
    lanes = min(widths, key=lambda lanes: -(-H // lanes // threads) * lanes * widths[lanes])
    return lanes, min(threads, -(-H // lanes))
