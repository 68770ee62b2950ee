"""Looking inside a network: who voted for what, and what it amounts to without its non-linearity.

For one image every score is a sum, once over the hidden units and once over the pixels:

    z_c = sum_k W2[c, k] h_k + b2_c
    z_c = sum_d M[c, d] x_d + rest,    M = W2 diag(s) W1,    s_k = (f(a_k) - f(0)) / a_k

f is the non-linearity. With relu s_k is 1 for the units that are on and 0 for the others: as long as no
unit switches, the network is this one affine map, and row c of M is the template that the image meets.
leaky_relu and none are alike. tanh and sigmoid bend everywhere: s_k is then the slope of the chord from 0
to a_k, and M belongs to this image alone, though the sum still holds (the rescale rule of Shrikumar,
Greenside and Kundaje 2017, with a = 0 as the reference).
"""

import math

import numpy as np

from handgrad.arrays import Array, as_input, expect_images, expect_no_mask
from handgrad.errors import Choice, DataError
from handgrad.insight.explanation import PIECEWISE, Explanation
from handgrad.layers import ACTIVATIONS, sigmoid_forward
from handgrad.losses import log_softmax
from handgrad.model import Model
from handgrad.network import Params, forward, map_params
from handgrad.templates import agreement

__all__ = ["PIECEWISE", "Explanation", "collapse", "explain"]

GRID = 50  # bits of a sum of magnitudes that its terms keep; float64 has 53


def collapse(params: Params) -> tuple[Array, Array]:
    """The one affine layer that two become without a non-linearity: W = W2 W1 (C, D), b = W2 b1 + b2 (C,).

    z = (x W1^T + b1) W2^T + b2 = x W^T + b: however many hidden units, C templates remain.
    """
    W1, b1, W2, b2 = params
    if b1 is None:
        return W2 @ W1, np.zeros(len(W2), W2.dtype)
    return W2 @ W1, W2 @ b1 + b2


class _Shown(Explanation):
    """An explanation that a notebook shows as its picture."""

    def _repr_png_(self) -> bytes | None:
        """The picture, for a notebook; None, and so the line above, without matplotlib."""
        try:
            from handgrad.insight import plots, plots_explain
        except ImportError:
            return None
        return plots.png(plots_explain.explained(self))


def explain(
    model: Model, image: Array, baseline: Array | None = None, versus: int | str | None = None
) -> Explanation:
    """Take the scores of one image apart, in float64.

    image: one image as the model takes it, pixels 0..255 or floats 0..1. baseline: templates (C, ...) of
    templates.fit, to ask them too. versus: the class to compare the answer with; by default the
    runner-up. DataError for an image of another size, and for a class that is unknown or the answer itself.
    """
    expect_no_mask("an image", image)
    image = np.asarray(image)[None]
    expect_images(image, model.pixels)
    params = map_params(lambda p: p.astype(np.float64), model.params)
    cache = forward(params, as_input(image, np.float64), model.activation)
    x, a, h = cache.x[0], cache.a[0], cache.h[0]
    W1, _, W2, b2 = params
    b2 = np.zeros(len(W2)) if b2 is None else b2
    M = (W2 * _slopes(a, h, model.activation)) @ W1  # (C, D)
    contributions, pixels, bias = _on_a_grid(W2 * h, M * x, b2[:, None])
    z = contributions.sum(axis=1) + bias[:, 0]
    y = np.exp(log_softmax(z[None]))[0] if model.loss == "cross_entropy" else sigmoid_forward(z)
    first, second = _compared(model, z, versus)
    asked = None if baseline is None else agreement(baseline, image)[0]
    kept = None if baseline is None else baseline.reshape(len(baseline), -1)
    pixel_bias = z - pixels.sum(axis=1)
    return _Shown(
        *(model, x, a, h, contributions, bias[:, 0], z, y, M, pixels, pixel_bias, first, second, asked, kept)
    )


def _slopes(a: Array, h: Array, activation: Choice) -> Array:
    """s (H,) with h = s a + f(0): of the chord from 0 to a, and of the curve itself where a is 0."""
    activate, backward, reads = ACTIVATIONS[activation]
    tangent = backward(np.ones_like(a), {"a": a, "h": h}[reads])
    return np.divide(h - activate(np.zeros(1)), a, out=tangent, where=a != 0)


def _on_a_grid(*terms: Array) -> list[Array]:
    """The terms (C, ...) of sums over the last axis, rounded so that no sum of them needs rounding.

    With every sum of magnitudes below 2^e, multiples of 2^(e - GRID) have at most GRID bits, and so has
    each of their sums; the bits that float64 has beyond are left for sums of two or four sums.
    """
    total = sum(np.abs(some).sum(axis=-1) for some in terms)
    _, e = math.frexp(float(np.max(total)))
    return [np.ldexp(np.rint(np.ldexp(some, GRID - e)), e - GRID) for some in terms]


def _compared(model: Model, z: Array, versus: int | str | None) -> tuple[int, int | None]:
    """Positions of the answer and of the class to compare it with."""
    order = np.argsort(-z, kind="stable")
    first = int(order[0])
    if versus is None:
        return first, int(order[1]) if len(order) > 1 else None
    if versus not in model.classes:
        raise DataError(f"expected one of {', '.join(map(str, model.classes))}; got {versus!r}")
    if versus == model.classes[first]:
        raise DataError(f"{versus} is the answer; compare it with another class")
    return first, model.classes.index(versus)
