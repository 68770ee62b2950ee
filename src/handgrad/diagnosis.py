"""What ails a network that does not learn."""

import numpy as np

from handgrad.arrays import Array, array_namespace, as_input
from handgrad.network import Params, forward

FLAT = 1e-4  # y (1 - y), the slope of the sigmoid: below this next to nothing flows back through it


@np.errstate(over="ignore", invalid="ignore")  # looked for, and named
def ailment(
    params: Params, images: Array, labels: Array, activation: str = "relu", loss: str = "l2"
) -> str | None:
    """Why training cannot go on from these parameters, in a few words; None where it can.

    Either a parameter or a score is not finite; or, with the L2 loss, every output for every image sits
    at 0 or 1 while most answers are wrong: the sigmoid's slope is 0 there, no gradient comes back, and
    nothing will ever change. images (N, ...) and labels (N,) as for training: the first 100 are tried.
    """
    few = slice(0, min(100, labels.shape[0]))
    images, labels = images[few, ...], labels[few]
    xp = array_namespace(params.W1)
    if not all(p is None or bool(xp.all(xp.isfinite(p))) for p in params):
        return "a parameter is not finite"
    _, _, _, z, y = forward(params, as_input(images, params.W1.dtype), activation)
    if not bool(xp.all(xp.isfinite(z))):
        return "a score is not finite"
    if loss == "l2":
        wrong = int(xp.count_nonzero(xp.argmax(z, axis=1) != labels))
        if wrong > labels.shape[0] / 2 and bool(xp.all(y * (1 - y) < FLAT)):
            return "every output is saturated at 0 or 1, where no gradient is left,"
    return None
