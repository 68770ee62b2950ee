"""The rows that an estimator learns from: each once, with its weight, in an order of their own.

A row that stands twice in the data counts twice; so does a row of weight 2. To make that true to the last
bit, equal rows of one class are merged and their weights added, rows of weight 0 are left out, and the rest
is put into an order that depends on nothing but the rows. What is drawn at random afterwards is drawn
for these rows: a fit depends neither on the order of the rows nor on whether a row is repeated or weighted.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, issparse

from handgrad.arrays import PIXEL_MAX, NDArray, expect_no_mask
from handgrad.engines.sparse import Sparse
from handgrad.errors import DataError

USUAL = 0.1  # the mean square of x that suits the learning rates: MNIST's
SPARSE = 0.5  # share of numbers other than 0 below which lists of them are faster than products
TYPES = (np.float64, np.float32, np.uint8)  # of X that are kept; pixels (uint8) stand for pixel / 255
CHUNK = 4_000_000  # numbers that are looked at together


class Rows(NamedTuple):
    """M different rows of X in their own order, the numbers of their classes, and how much each counts."""

    X: Any  # (M, D), an array or CSR
    numbers: NDArray  # (M,)
    weights: NDArray  # (M,) float64, mean 1

    def of(self, chosen: NDArray) -> "Rows":
        """Some of the rows, by their numbers."""
        return Rows(self.X[chosen], self.numbers[chosen], self.weights[chosen])


def expect_numbers(**given: Any) -> None:
    """DataError for what scikit-learn takes without its mask, or refuses with all its numbers."""
    for name, array in given.items():
        expect_no_mask(name, array)
        dtype = getattr(array, "dtype", None)
        if isinstance(dtype, np.dtype) and dtype.kind in "cV":
            what = "Complex data not supported: " if dtype.kind == "c" else ""  # scikit-learn's words
            raise DataError(f"{what}expected {name} as real numbers; got {dtype}")


def lists(X: Any) -> Any:
    """X (N, D) as CSR with sorted indices and no zeros, if that pays; else as it is.

    Pixels (uint8) stay: the fast engine lists their ink by itself.
    """
    if issparse(X):
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
        return X
    if X.dtype == np.uint8:
        return X
    held = X != 0
    counts = np.count_nonzero(held, axis=1)
    if counts.sum() > SPARSE * X.size:
        return X
    at = np.flatnonzero(held)
    first = np.concatenate([[0], np.cumsum(counts)])
    return csr_matrix((X.ravel()[at], at % X.shape[1], first), X.shape)


def merged(X: Any, numbers: NDArray, weights: NDArray) -> Rows:
    """X (N, D), an array or CSR with sorted indices, numbers and weights (N,) -> the Rows, each once."""
    if not (here := weights > 0).all():
        X, numbers, weights = X[here], numbers[here], weights[here]
    keys = _keys(X, numbers)
    order = np.argsort(keys, kind="stable")
    again = np.zeros(len(order), bool)  # whether a row is the one before
    candidates = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    if len(candidates):
        a, b = order[candidates], order[candidates + 1]
        again[candidates + 1] = _equal(X[a], X[b]) & (numbers[a] == numbers[b])
    first = np.flatnonzero(~again)
    sums = np.add.reduceat(weights[order], first)
    rows = order[first]
    return Rows(X[rows], numbers[rows], sums / sums.mean())


def of_engine(X: Any, scale: float, dtype: Any, engine: Any = "auto") -> Any:
    """The rows as an engine takes them: pixels as they are, else floats times the scale, Sparse if that pays.

    Pixels (uint8) stand for pixel / 255. "ink" takes no other floats than Sparse ones, an engine of one's own
    or PyTorch none.
    """
    if engine not in ("auto", "ink", "numpy"):
        x = as_x(X.toarray() if issparse(X) else X, dtype)
        return x * dtype.type(scale)
    if not issparse(X):
        if X.dtype == np.uint8 and scale == 1:
            return X
        X = lists(as_x(X, dtype))
        if not issparse(X):
            if engine != "ink":
                return X * dtype.type(scale)
            X = csr_matrix(X)
    x = as_x(X, dtype)
    return Sparse(x.indptr, x.indices, x.data * dtype.type(scale), x.shape[1])


def as_x(X: Any, dtype: Any) -> Any:
    """X as floats: pixels (uint8) divided by 255, all else as it is.  An array or CSR."""
    x = X.astype(dtype, copy=False)
    return x / dtype.type(PIXEL_MAX) if X.dtype == np.uint8 else x


def scale_of(X: Any, weights: NDArray) -> float:
    """The power of two that brings the mean square of x nearest to that of MNIST's images.

    A power of two changes no digit of a number, and is the same for a row that is repeated as for its weight.
    """
    N, D = X.shape
    largest = float(max(abs(X.max()), abs(X.min()))) if X.shape[1] else 0.0
    if largest == 0:
        return 1.0
    squares = 0.0
    for rows in _chunks(N, D):
        some = X[rows].astype(np.float64) / largest  # whose squares cannot overflow
        of_rows = (some.multiply(some) if issparse(some) else some * some).sum(axis=1)
        squares += float(weights[rows] @ np.asarray(of_rows).ravel())
    mean = squares / (float(weights.sum()) * D)
    unit = PIXEL_MAX if X.dtype == np.uint8 else 1.0
    power = round(math.log2(USUAL / mean) / 2 - math.log2(largest / unit))
    most = 110 if X.dtype == np.float32 else 1000  # what W1 times the scale has room for
    return float(2.0 ** min(max(power, -most), most))


def _keys(X: Any, numbers: NDArray) -> NDArray:
    """A hash of each row with its class, (N,) uint64: sum over the columns of bits times an odd number.

    A 0 adds nothing, so that an array and the same rows in CSR have the same keys.
    """
    N, D = X.shape
    factors = _mixed(np.arange(D, dtype=np.uint64)) | np.uint64(1)
    if issparse(X):
        running = np.cumsum(_bits(X.data) * factors[X.indices], dtype=np.uint64)
        running = np.concatenate([np.zeros(1, np.uint64), running])
        keys = running[X.indptr[1:]] - running[X.indptr[:-1]]
    else:
        keys = np.concatenate([(_bits(X[rows]) * factors).sum(axis=1) for rows in _chunks(N, D)])
    return _mixed(keys + _mixed(numbers.astype(np.uint64)))


def _bits(values: NDArray) -> NDArray:
    """The bits of each number, as uint64; those of -0.0 are those of 0.0."""
    if values.dtype.kind != "f":
        return values.astype(np.uint64)
    bits: NDArray = (values + values.dtype.type(0)).view(f"u{values.itemsize}").astype(np.uint64)
    return bits


def _mixed(numbers: NDArray) -> NDArray:
    """Numbers whose bits depend on all bits of the given ones (splitmix64; Steele, Lea and Flood 2014)."""
    z = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray = z ^ (z >> np.uint64(31))
    return mixed


def _equal(a: Any, b: Any) -> NDArray:
    """Which rows of two arrays, or of two CSR matrices, are the same: (n,) bool."""
    if issparse(a):
        same: NDArray = np.asarray((a != b).sum(axis=1)).ravel() == 0
        return same
    same = np.asarray((a == b).all(axis=1))
    return same


def _chunks(N: int, D: int) -> list[slice]:
    step = max(1, CHUNK // max(D, 1))
    return [slice(i, min(i + step, N)) for i in range(0, N, step)]
