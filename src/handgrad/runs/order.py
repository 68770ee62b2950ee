"""Whether the classes of a set come in order, and an order in which they do not.

The last rows of a set are held back for validation. Where a file lists one class after the other, these rows
show one class, which is then not learnt at all. Such a set is held back by class.
"""

import numpy as np

from handgrad.arrays import NDArray

TAIL = 10  # a tenth of the rows is compared with all rows
LEAST = 10  # rows; of fewer, labels that rise say nothing
UNLIKE = 0.2  # total variation distance between the classes of the last tenth and of all rows,
CHANCE = 4.0  # which must also be this many standard deviations beyond what mixed rows show


def classes_in_order(labels: NDArray) -> bool:
    """Whether the last tenth of the labels (N,) shows other classes than all of them do, beyond chance.

    Chance: Pearson's chi-squared for a sample drawn without replacement, whose square root is nearly normal
    (Fisher's approximation). Labels that rise or fall from the first to the last are in order, however few.
    """
    N = len(labels)
    present, classes = np.unique(labels, return_inverse=True)
    if N < LEAST or len(present) < 2:
        return False
    steps = np.diff(classes)
    if (steps >= 0).all() or (steps <= 0).all():
        return len(present) < N
    n = max(1, N // TAIL)
    share = np.bincount(classes) / N
    tail = np.bincount(classes[-n:], minlength=len(present)) / n
    squared = n * float(((tail - share) ** 2 / share).sum()) * (N - 1) / max(N - n, 1)
    deviations = np.sqrt(2 * squared) - np.sqrt(2 * (len(present) - 1) - 1)
    return bool(abs(tail - share).sum() / 2 > UNLIKE and deviations > CHANCE)


def evenly_mixed(labels: NDArray) -> NDArray:
    """An order of the rows (N,), in which each stretch shows the classes in the shares that all rows do.

    Rows of one class keep their order, so the last rows of each class come last.
    """
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    by_class = np.argsort(classes, kind="stable")
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(labels))
    rank[by_class] = np.arange(len(labels)) - np.repeat(starts, counts)
    return np.argsort((rank + 0.5) / counts[classes], kind="stable")
