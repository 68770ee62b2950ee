"""What an engine is given, checked and made plain: NumPy's own arrays, in this machine's byte order.

The compiled kernel reads and writes memory by addresses, so nothing may reach it unseen; and both engines
on NumPy arrays refuse the same things in the same words.
"""

from typing import Any

import numpy as np

from handgrad.arrays import NDArray, expect_images, expect_labels
from handgrad.engines.sparse import Sparse
from handgrad.errors import DataError, HandgradError
from handgrad.network import Params, map_params

MOST_THREADS, MOST_STEPS = 1024, 1 << 53


def expect_threads(threads: Any) -> int:
    """A number of threads, as an int.  HandgradError for what is not one."""
    whole = isinstance(threads, int | np.integer) and not isinstance(threads, bool)
    if not whole or not 1 <= threads <= MOST_THREADS:
        raise HandgradError(
            f"expected threads to be a whole number, 1 to {MOST_THREADS:,}; got {threads!r:.30}"
        )
    return int(threads)


def plain(array: Any, name: str) -> NDArray:
    """The array as one of NumPy's own class and of this machine's byte order; copied only where it must be.

    DataError for what is not a NumPy array, and for masked arrays: their masks would be lost.
    """
    if not isinstance(array, np.ndarray):
        raise DataError(f"expected {name} as a NumPy array; got {type(array).__name__}")
    if hasattr(array, "mask"):
        raise DataError(f"expected {name} without a mask; got a masked array: fill it, array.filled(value)")
    native: NDArray = np.asarray(array).astype(array.dtype.newbyteorder("="), copy=False)
    return native


def plain_images(images: Any, labels: Any, D: int, C: int) -> tuple[NDArray, NDArray]:
    """Images (N, ...) of D pixels, and their labels (N,), 0 to C - 1.  DataError for others."""
    images, labels = plain(images, "images"), plain(labels, "labels")
    expect_images(images, D)
    expect_labels(labels, len(images), C)
    return images, labels


def plain_rows(images: Any, labels: Any, D: int, C: int) -> tuple[Any, NDArray]:
    """What an epoch learns from: images, or rows of any finite floats (or Sparse), and labels (N,).

    DataError for others.
    """
    labels = plain(labels, "labels")
    if isinstance(images, Sparse):
        if images.shape[1] != D or len(images) == 0:
            raise DataError(f"expected rows of {D} numbers, as the network has; got shape {images.shape}")
    else:
        expect_images(images := plain(images, "images"), D, any_numbers=True)
    expect_labels(labels, len(images), C)
    return images, labels


def plain_weights(weights: Any, N: int, dtype: Any) -> NDArray | None:
    """Weights of N images, each 0 or more, of the parameters' type; None for none.  DataError for others."""
    if weights is None:
        return None
    weights = plain(weights, "weights")
    if weights.shape != (N,) or weights.dtype.kind not in "iuf":
        got = f"{weights.dtype} of shape {weights.shape}"
        raise DataError(f"expected weights as numbers of shape ({N},), one for each image; got {got}")
    if not (weights.min() >= 0 and np.isfinite(weights.max())):  # also true of NaN
        raise DataError("expected weights of 0 or more; got others")
    with np.errstate(over="ignore"):  # infinite weights are refused
        given: NDArray = weights.astype(dtype, copy=False)
    if not np.isfinite(given).all():
        raise DataError(f"expected weights within the range of {dtype}; got {weights.max():g}")
    return given


def plain_step(first_step: Any) -> int:
    """The number of steps before an epoch, as an int.  DataError for what is not one."""
    whole = isinstance(first_step, int | np.integer) and not isinstance(first_step, bool)
    if not whole or not 0 <= first_step <= MOST_STEPS:
        raise DataError(f"expected first_step as a whole number from 0 on; got {first_step!r:.30}")
    return int(first_step)


def weight_of_batches(weights: NDArray | None, order: NDArray, size: int) -> NDArray:
    """The sum of the weights of each batch of `size` images, float64; without weights, their number.

    DataError for a batch of weight 0, whose mean loss is not defined.
    """
    counts = np.ones(len(order)) if weights is None else weights[order].astype(np.float64)
    sums: NDArray = np.add.reduceat(counts, np.arange(0, len(order), size))
    if not sums.all():
        raise DataError("expected some weight in each batch; got none: leave out images of weight 0")
    return sums


def plain_params(params: Any) -> Params:
    """Parameters of one floating type, the widest among them, with shapes that fit.  DataError for others."""
    if not isinstance(params, Params):
        raise DataError(f"expected parameters as Params(W1, b1, W2, b2); got {type(params).__name__}")
    arrays = {name: plain(p, name) for name, p in params._asdict().items() if p is not None}
    for name, p in arrays.items():
        if p.dtype.kind != "f":
            raise DataError(f"expected {name} as floats, float32 or float64; got {p.dtype}")
    W1, W2 = (arrays.get(name, np.empty(0)) for name in ("W1", "W2"))
    if W1.ndim != 2 or W2.ndim != 2 or W1.size == 0 or W2.size == 0 or W2.shape[1] != len(W1):
        raise DataError(f"expected W1 (H, D) and W2 (C, H); got shapes {W1.shape} and {W2.shape}")
    if ("b1" in arrays) != ("b2" in arrays):
        raise DataError("expected two biases, or None for both; got a single one")
    for name, W in (("b1", W1), ("b2", W2)):
        if name in arrays and arrays[name].shape != W.shape[:1]:
            raise DataError(f"expected {name} of shape {W.shape[:1]}; got {arrays[name].shape}")
    dtype = np.result_type(*arrays.values())
    return Params(
        *(arrays[name].astype(dtype, copy=False) if name in arrays else None for name in Params._fields)
    )


def plain_memory(memory: Any, params: Params, slots: int) -> Params | None:
    """What an optimizer remembers: an array a slot, each shaped as its parameter.  DataError for others."""
    if memory is None:
        return None

    def of(p: NDArray, arrays: Any) -> tuple[NDArray, ...]:
        if not isinstance(arrays, tuple) or len(arrays) != slots:
            got = f"{len(arrays)} arrays" if isinstance(arrays, tuple) else type(arrays).__name__
            raise DataError(f"expected the optimizer's memory as {slots} arrays a parameter; got {got}")
        remembered = tuple(plain(array, "the optimizer's memory") for array in arrays)
        for array in remembered:
            if array.shape != p.shape or array.dtype.kind != "f":
                got = f"{array.dtype} of shape {array.shape}"
                raise DataError(f"expected the optimizer's memory as floats of shape {p.shape}; got {got}")
        return remembered

    if not isinstance(memory, Params) or [p is None for p in memory] != [p is None for p in params]:
        raise DataError("expected the optimizer's memory as an earlier epoch returned it; got another")
    return map_params(of, params, memory)


def plain_order(order: Any) -> NDArray:
    """The rows of an epoch (M,), M at least 1, as 64-bit integers.  DataError for what is no list of rows."""
    order = plain(order, "order")
    if order.ndim != 1 or order.dtype.kind not in "iu" or len(order) == 0:
        got = f"{order.dtype} of shape {order.shape}"
        raise DataError(f"expected order as integers of shape (M,), row numbers, M at least 1; got {got}")
    if order.dtype.kind == "u" and order.max() > np.iinfo(np.int64).max:
        raise IndexError(f"expected rows of the images; got {order.max()}")
    rows: NDArray = order.astype(np.int64, copy=False)
    return rows


def plain_rates(rates: Any, batches: int) -> NDArray:
    """The learning rates of an epoch's batches, all or the first of them, in float64.  DataError."""
    rates = plain(np.array(rates) if isinstance(rates, list | tuple) else rates, "learning rates")
    if rates.ndim != 1 or rates.dtype.kind not in "iuf" or not 1 <= len(rates) <= batches:
        got = f"{rates.dtype} of shape {rates.shape}"
        raise DataError(f"expected a learning rate for each of the {batches} batches; got {got}")
    given: NDArray = rates.astype(np.float64, copy=False)
    return given
