"""The fast engine: run_epoch over lists of the images' ink.

Four fifths of a digit image is blank paper, and a blank pixel adds nothing to x W1^T nor to grad_W1. So
W1 is turned to blocks of hidden units with a row a pixel (layout.py), and the compiled kernel (kernel.py)
lists the ink of each batch and works through the lists. The same arguments and numbers as
training.run_epoch.
"""

import warnings
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.engines import dense
from handgrad.engines.arguments import (
    expect_threads,
    plain,
    plain_images,
    plain_memory,
    plain_order,
    plain_params,
    plain_rates,
    plain_rows,
    plain_step,
    plain_weights,
    weight_of_batches,
)
from handgrad.engines.ink import task
from handgrad.engines.ink.ahead import code
from handgrad.engines.ink.helpers import SharedOut, Together
from handgrad.engines.ink.layout import Layout, Work, address, find_bands, rows_of_pixels, scales_of
from handgrad.engines.ink.scorer import WIDTHS, Scorer, modes, split
from handgrad.engines.sparse import Sparse
from handgrad.errors import OWN, DivergedError
from handgrad.network import Params
from handgrad.recipes import Activation, Recipe

RULES = {"sgd": task.SGD, "momentum": task.MOMENTUM, "nesterov": task.NESTEROV, "adam": task.ADAM}
LARGEST = 8192  # images in a batch: the lists of one take 60 MB a thread
LOSSES = {"l2": task.L2, "cross_entropy": task.CROSS_ENTROPY}


class InkEngine:
    """run_epoch over lists of ink, on some threads.

    One engine may be used from several threads (their epochs follow one another) and in forked children,
    and is pickled as its number of threads. HandgradError for a number of threads that cannot be.
    """

    def __init__(self, threads: int = 1) -> None:
        self.threads = expect_threads(threads)
        self._together, self._shared_out = Together(self.threads), SharedOut(self.threads)

    def __reduce__(self) -> tuple[Any, ...]:
        return InkEngine, (self.threads,)

    def run_epoch(
        self,
        params: Params,
        images: NDArray,
        labels: NDArray,
        order: NDArray,
        recipe: Recipe,
        rates: NDArray,
        memory: Params | None = None,
        first_step: int = 0,
        weights: NDArray | None = None,
    ) -> tuple[Params, Params | None, float]:
        """training.run_epoch, faster: the same arguments, batches and numbers (but for rounding).

        Sparse rows in the place of images are lists of ink already. What the kernel is not made for, the
        dense engine computes, with a warning: other images that are not uint8, parameters that are neither
        float32 nor float64, very large batches. DataError and IndexError
        for what no engine takes; HandgradError where the system does not start the engine's threads.
        """
        params, order = plain_params(params), plain_order(order)
        (H, D), C, dtype, M = params.W1.shape, len(params.W2), params.W1.dtype, len(order)
        images, labels = plain_rows(images, labels, D, C)
        batch = min(recipe.batch_size, M)
        if why := _why_dense(recipe, images, dtype, batch):
            warnings.warn(f"{why}; the numpy engine takes over", stacklevel=2)
            return dense.run_epoch(params, images, labels, order, recipe, rates, memory, first_step, weights)
        rates = plain_rates(rates, -(-M // recipe.batch_size))
        memory = plain_memory(memory, params, dense.SLOTS[str(recipe.optimizer)])
        if not (order.min() >= 0 and order.max() < len(images)):  # as NumPy would
            raise IndexError(f"expected rows from 0 to {len(images) - 1}; got {order.min()} to {order.max()}")
        weights, first_step = plain_weights(weights, len(images), dtype), plain_step(first_step)
        sums = weight_of_batches(weights, order, recipe.batch_size)[: len(rates)]
        activation, loss, optimizer = str(recipe.activation), str(recipe.loss), str(recipe.optimizer)
        lanes, threads = split(H, self.threads)
        layout = Layout(params, lanes, threads, optimizer, memory)
        work = Work(layout, find_bands(D, lanes, dtype.itemsize), batch, self._together)
        data = {
            **_images(images, dtype),
            "labels": labels.astype(np.uint64),
            "order": _alike_together(order, labels, recipe.batch_size, C),
            "scales": scales_of(rates, sums, first_step, dtype),
            **({} if weights is None else {"weights": np.ascontiguousarray(weights)}),
        }
        work.tell(N=M, batches=len(rates), **{name: address(array) for name, array in data.items()})
        work.tell(**modes(activation, params, LOSSES[loss], RULES[optimizer]))
        work.tell(sparse=isinstance(images, Sparse), weighted=weights is not None)
        done = work.run(data)
        if diverged := done.diverged:
            epoch = first_step // len(rates) + 1
            raise DivergedError("the loss is not finite", epoch, diverged, float(rates[diverged - 1]))
        return layout.params(), layout.memory(), done.total / float(sums.sum())

    def accuracy(
        self, params: Params, images: NDArray, labels: NDArray, activation: Activation = "relu"
    ) -> float:
        """training.accuracy, faster where images are uint8: the share whose label the network predicts."""
        params = plain_params(params)
        pixels = plain(images, "images").dtype == np.uint8
        if not pixels or params.W1.dtype.name not in WIDTHS or not isinstance(activation, str):
            return dense.accuracy(params, images, labels, activation)
        images, labels = plain_images(images, labels, params.W1.shape[1], len(params.W2))
        lanes, _ = split(len(params.W1), self.threads)  # whose code is compiled already
        z = Scorer(params, activation, self.threads, lanes, self._shared_out).z(images)
        return int(np.count_nonzero(np.argmax(z, axis=1) == labels)) / len(images)


def _images(images: Any, dtype: Any) -> dict[str, NDArray]:
    """The images as the kernel reads them: rows of pixels, or lists."""
    if not isinstance(images, Sparse):
        return {"images": rows_of_pixels(images)}
    columns, values = images.padded
    return {"first": images.first, "column": columns, "value": values.astype(dtype, copy=False)}


def _why_dense(recipe: Recipe, images: Any, dtype: Any, batch: int) -> str | None:
    """Why the kernel cannot compute an epoch, in a few words; None where it can."""
    own = [name.removeprefix(OWN) for choice, name in recipe.own.items() if choice != "schedule"]
    if own:
        return f"the ink engine does not know {', '.join(own)}"
    if images.dtype != np.uint8 and not isinstance(images, Sparse):
        return "the images are not uint8"
    if dtype.name not in WIDTHS:
        return f"the parameters are {dtype}"
    if batch > LARGEST:
        return f"a batch has more than {LARGEST:,} images"
    return None


def warm_up(hidden: int, threads: int = 1, dtype: Any = np.float32) -> None:
    """Have the kernel for that many hidden units compiled, or fetched from where it is kept."""
    code(split(hidden, threads)[0], dtype)


def _alike_together(order: NDArray, labels: NDArray, size: int, C: int) -> NDArray:
    """The order with the rows of each batch sorted by label: two images of one digit share more ink.

    Within a batch the order changes nothing but the rounding of sums.
    """
    keys = np.arange(len(order)) // size * C + labels[order].astype(np.int64)
    kind = np.uint16 if keys.max(initial=0) < 2**16 else np.uint32  # 16 bits are sorted by counting
    sorted_: NDArray = order[np.argsort(keys.astype(kind), kind="stable")].astype(np.uint64)
    return sorted_
