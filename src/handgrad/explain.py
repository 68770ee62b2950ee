"""Looking inside a network: what it amounts to without its non-linearity."""

import numpy as np

from handgrad.layers import Array
from handgrad.network import Params


def collapse(params: Params) -> tuple[Array, Array]:
    """The one affine layer that two become without a non-linearity: W = W2 W1 (C, D), b = W2 b1 + b2 (C,).

    z = (x W1^T + b1) W2^T + b2 = x W^T + b: however many hidden units, C templates remain.
    """
    W1, b1, W2, b2 = params
    if b1 is None:
        return W2 @ W1, np.zeros(len(W2), W2.dtype)
    return W2 @ W1, W2 @ b1 + b2
