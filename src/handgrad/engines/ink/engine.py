"""The fast engine: run_epoch over lists of the images' ink.

Four fifths of a digit image is blank paper, and a blank pixel adds nothing to x W1^T nor to grad_W1. So
W1 is turned to blocks of hidden units with a row a pixel (layout.py), and the compiled kernel (kernel.py)
lists the ink of each batch and works through the lists. The same arguments and numbers as
training.run_epoch.
"""

import threading
import warnings
from typing import Any

import numpy as np

from handgrad.arrays import NDArray, expect_images, expect_labels
from handgrad.engines import dense
from handgrad.engines.ink import task
from handgrad.engines.ink.layout import Layout, Work, address, find_bands, helpers, rows_of_pixels, scales_of
from handgrad.engines.ink.machine import code
from handgrad.engines.ink.scorer import Scorer, modes, split
from handgrad.errors import DivergedError
from handgrad.network import Params
from handgrad.recipes import Recipe
from handgrad.training import accuracy

RULES = {"sgd": task.SGD, "momentum": task.MOMENTUM, "nesterov": task.NESTEROV, "adam": task.ADAM}
LARGEST = 8192  # images in a batch: the lists of one take 60 MB a thread
LOSSES = {"l2": task.L2, "cross_entropy": task.CROSS_ENTROPY}


class InkEngine:
    """run_epoch over lists of ink, on some threads."""

    def __init__(self, threads: int = 1) -> None:
        self.threads, self._pool, self._lock = threads, helpers(threads), threading.Lock()

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
    ) -> tuple[Params, Params | None, float]:
        """training.run_epoch, faster: the same arguments, batches and numbers (but for rounding).

        Where the images are not uint8 pixels, or the batches very large, the dense engine takes over, with
        a warning.
        """
        if images.dtype != np.uint8 or min(recipe.batch_size, len(order)) > LARGEST:
            why = f"a batch has more than {LARGEST:,} images"
            why = "the images are no uint8 pixels" if images.dtype != np.uint8 else why
            warnings.warn(f"{why}; the numpy engine takes over", stacklevel=2)
            return dense.run_epoch(params, images, labels, order, recipe, rates, memory, first_step)
        expect_images(images, params.W1.shape[1])
        expect_labels(labels, len(images), len(params.W2))
        if len(order) and not (order.min() >= 0 and order.max() < len(images)):  # as NumPy would
            raise IndexError(f"expected rows from 0 to {len(images) - 1}; got {order.min()} to {order.max()}")
        dtype, N, D = params.W1.dtype, len(order), params.W1.shape[1]
        lanes, threads = split(len(params.W1), self.threads)
        layout = Layout(params, lanes, threads, recipe.optimizer, memory)
        work = Work(layout, find_bands(D, lanes, dtype.itemsize), min(recipe.batch_size, N), self._pool)
        data = {
            "images": rows_of_pixels(images),
            "labels": labels.astype(np.uint64),
            "order": _alike_together(order, labels, recipe.batch_size, len(params.W2)),
            "scales": scales_of(recipe, rates, N, first_step, dtype),
        }
        work.tell(N=N, batches=len(rates), **{name: address(array) for name, array in data.items()})
        work.tell(**modes(recipe.activation, params, LOSSES[recipe.loss], RULES[recipe.optimizer]))
        with self._lock:  # two epochs at once would wait for each other's helpers
            done = work.run(data)
        if diverged := done.diverged:
            epoch = first_step // len(rates) + 1
            raise DivergedError("the loss is not finite", epoch, diverged, float(rates[diverged - 1]))
        return layout.params(), layout.memory(), done.total / N

    def accuracy(self, params: Params, images: NDArray, labels: NDArray, activation: str = "relu") -> float:
        """training.accuracy, faster: the share of images whose label the network predicts."""
        if images.dtype != np.uint8:
            return accuracy(params, images, labels, activation)
        expect_images(images, params.W1.shape[1])
        expect_labels(labels, len(images), len(params.W2))
        lanes, _ = split(len(params.W1), self.threads)  # whose code is compiled already
        z = Scorer(params, activation, self.threads, lanes, self._pool).z(images)
        return int(np.count_nonzero(np.argmax(z, axis=1) == labels)) / len(images)


def warm_up(hidden: int, threads: int = 1, dtype: Any = np.float32) -> None:
    """Have the kernel for so many hidden units compiled, or fetched from where it is kept."""
    code(split(hidden, threads)[0], dtype)


def _alike_together(order: NDArray, labels: NDArray, size: int, C: int) -> NDArray:
    """The order with the rows of each batch sorted by label: two images of one digit share more ink.

    Within a batch the order changes nothing but the rounding of sums.
    """
    keys = np.arange(len(order)) // size * C + labels[order]
    kind = np.uint16 if keys.max(initial=0) < 2**16 else np.uint32  # 16 bits are sorted by counting
    sorted_: NDArray = order[np.argsort(keys.astype(kind), kind="stable")].astype(np.uint64)
    return sorted_
