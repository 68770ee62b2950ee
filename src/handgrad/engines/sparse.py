"""Rows of numbers, most of which are 0: only the others are kept, as in SciPy's CSR format."""

from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import DataError


class Sparse:
    """N rows of D numbers, for an engine in the place of images.

    The numbers of row i that are not 0 are number first[i] to first[i + 1] of `values`; they stand in the
    columns `columns`, which rise within the row. The arrays are copies that cannot be written to: the
    compiled kernel trusts them. DataError where they do not fit together.
    """

    def __init__(self, first: Any, columns: Any, values: Any, D: int) -> None:
        first, columns = (np.array(numbers, np.uint64) for numbers in (first, columns))
        values = np.asarray(values)
        N, stored = len(first) - 1, len(values)
        if values.dtype.kind != "f" or not np.isfinite(values).all():
            raise DataError(f"expected the numbers of sparse rows as finite floats; got {values.dtype}")
        steps = columns[1:] > columns[:-1]
        steps[first[(first > 0) & (first < stored)].astype(np.int64) - 1] = True  # from one row to the next
        fit = (
            N >= 0
            and first[0] == 0
            and first[-1] == stored == len(columns)
            and (first[1:] >= first[:-1]).all()
        )
        if not fit or not steps.all() or (stored and columns.max() >= D):
            raise DataError(f"expected sparse rows with rising columns below {D}, as CSR's sorted indices")
        # with an item behind the last, which the kernel looks at
        self.padded = np.append(columns, np.uint64(0)), np.append(values, values.dtype.type(0))
        self.shape, self.dtype, self.first = (N, D), values.dtype, first
        for array in (first, *self.padded):
            array.setflags(write=False)
        self.columns, self.values = (array[:-1] for array in self.padded)

    def __len__(self) -> int:
        return self.shape[0]

    def dense(self, rows: NDArray) -> NDArray:
        """These rows with their zeros: (n, D)."""
        x = np.zeros((len(rows), self.shape[1]), self.dtype)
        begin = self.first[rows].astype(np.int64)
        many = self.first[1:][rows].astype(np.int64) - begin
        at = np.repeat(begin - np.cumsum(many) + many, many) + np.arange(many.sum())
        x[np.repeat(np.arange(len(rows)), many), self.columns[at].astype(np.int64)] = self.values[at]
        return x

    def astype(self, dtype: Any) -> "Sparse":
        """The same rows, their numbers of another floating type."""
        if self.dtype == dtype:
            return self
        return Sparse(self.first, self.columns, self.values.astype(dtype), self.shape[1])
