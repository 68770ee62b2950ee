"""The whole network, written out so that one step at a time can go wrong: what each mistake would give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from handgrad.arrays import NDArray
from handgrad.layers import sigmoid_forward
from handgrad.losses import log_softmax
from handgrad.workbook.checks.guesses import Guess

Weights = dict[str, NDArray]
BIASES: tuple[tuple[float, float], ...] = ((0, 1), (1, 0), (0, 0), (-1, 1), (1, -1), (-1, -1))
WHERE = {
    (True, True): "in both layers",
    (True, False): "in the first layer",
    (False, True): "in the second layer",
}


def outputs(
    params: Weights,
    x: NDArray,
    bias: tuple[float, float] = (1, 1),
    hidden: str = "relu",
    output: str = "sigmoid",
    slope: float = 0.0,
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """a, h, z, y of the network, or of one with other parts. slope: of its relu, below 0."""
    a = x @ params["W1"].T + bias[0] * params["b1"]
    h = np.where(a > 0, a, slope * a) if hidden == "relu" else SHAPES[hidden](a)
    z = h @ params["W2"].T + bias[1] * params["b2"]
    return a, h, z, SHAPES[output](z)


SHAPES: dict[str, Callable[[NDArray], NDArray]] = {
    "relu": lambda a: np.maximum(a, 0),
    "none": lambda a: a,
    "sigmoid": sigmoid_forward,
    "tanh": np.tanh,
    "softmax": lambda a: np.exp(log_softmax(a)),
    "abs": np.abs,
    "leaky": lambda a: np.where(a > 0, a, 0.01 * a),
    "falling": lambda a: sigmoid_forward(-a),
}


def forward_guesses(params: Weights, x: NDArray, slope: float = 0.0) -> Iterator[Guess]:
    """What wrong networks would answer."""
    out = partial(outputs, slope=slope)
    for bias in BIASES:
        which = WHERE[bias[0] != 1, bias[1] != 1]
        kind = "subtracted" if -1 in bias else "left out"
        yield Guess(36, out(params, x, bias)[3], f"the bias is {kind} {which}")
    yield Guess(57, out(params, x, hidden="none")[3], "relu is missing between the layers")
    yield Guess(57, out(params, x)[2], "the sigmoid at the end is missing")
    yield Guess(57, out(params, x, hidden="none")[2], "both non-linearities are missing")
    for hidden in ("sigmoid", "tanh", "abs", *([] if slope else ["leaky"])):
        yield Guess(43, out(params, x, hidden=hidden)[3], f"the hidden units go through {hidden}, not relu")
    yield Guess(58, out(params, x, output="softmax")[3])
    yield Guess(43, out(params, x, output="tanh")[3], "the outputs go through tanh, not the sigmoid")
    yield Guess(43, out(params, x, output="relu")[3], "the outputs go through relu, not the sigmoid")
    yield Guess(46, out(params, x, output="falling")[3])
    yield Guess(14, sigmoid_forward(out(params, x)[3]), "the sigmoid is applied twice in the forward pass")
    yield Guess(31, out(params, 255 * x)[3])
    for pixels in (np.round(255 * x), np.floor(255 * x)):
        yield Guess(31, out(params, pixels)[3])
    yield Guess(31, out(params, x / 255)[3], "the pixels are divided by 255 here; they come in 0..1 already")
    yield Guess(57, sigmoid_forward(np.maximum(out(params, x)[2], 0)), "a relu too many before the sigmoid")
    yield Guess(38, out(params, x)[3].T)


def gradients(
    params: Weights, x: NDArray, dout: NDArray, wrong: str = "", where: tuple[bool, bool] = (True, True),
    slope: float = 0.0,
) -> Weights:  # fmt: skip
    """grads of W1, b1, W2 and b2; wrong: the step that goes wrong, where: in the first, the second layer."""
    a, h, z, y = outputs(params, x, slope=slope)
    twice = sigmoid_forward(y)
    dz = {
        "sigmoid from z": dout * z * (1 - z), "sigmoid twice": dout * twice * (1 - twice), "no sigmoid": dout,
        "shortcut": dout / 2, "upstream of sigmoid": y * (1 - y), "y only": dout * y,
        "1 - y only": dout * (1 - y),
        "sigmoid squared": dout * (y * (1 - y)) ** 2, "sigmoid sign": -dout * y * (1 - y),
        "two sigmoids": dout * sigmoid_forward(z) * (1 - y) * 1.0, "negative": -dout * y * (1 - y),
        "sigmoid of sigmoid from z": dout * sigmoid_forward(y) * (1 - sigmoid_forward(y)),
        "tanh": dout * (1 - y * y), "accumulated": 2 * dout * y * (1 - y),
    }.get(wrong, dout * y * (1 - y))  # fmt: skip
    features = a if wrong == "a for h" else h
    W2, db2 = _affine(dz, features, wrong, where[1])
    second = params["W2"]
    if wrong == "W transposed" and second.shape[0] == second.shape[1]:
        second = second.T
    dh = (np.ones_like(dz) if wrong == "upstream of affine" and where[1] else dz) @ second
    if wrong == "1/N everywhere" and where[1]:
        dh = dh / len(x)
    if wrong == "no way through W2":
        dh = np.repeat(dz.sum(1, keepdims=True), h.shape[1], 1)
    mask = np.where(a > 0, 1.0, slope)
    da = {
        "no mask": dh, "mask of upstream": dh * np.where(dh > 0, 1.0, slope), "mask at zero": dh * (a >= 0),
        "upstream of relu": mask, "mask turned": dh * (a < 0), "values for mask": dh * h,
        "leaky": np.where(a > 0, dh, 0.01 * dh), "half at zero": np.where(a == 0, dh / 2, dh * mask),
        "mask turned at zero": dh * (a <= 0),
    }.get(wrong, dh * mask)  # fmt: skip
    if slope and wrong in ("mask at zero", "mask turned", "mask turned at zero"):
        passes = {"mask at zero": a >= 0, "mask turned": a < 0, "mask turned at zero": a <= 0}[wrong]
        da = np.where(passes, dh, slope * dh)
    if wrong == "plain relu":
        da = dh * (a > 0)
    W1, db1 = _affine(da, x, wrong, where[0])
    return {"W1": W1, "b1": db1, "W2": W2, "b2": db2}


def _affine(d: NDArray, x: NDArray, wrong: str, here: bool) -> tuple[NDArray, NDArray]:
    """grad_W and grad_b of one layer."""
    W, b, N = d.T @ x, d.sum(0), len(d)
    if not here:
        return W, b
    first, last = d[:1].T @ x[:1], d[-1:].T @ x[-1:]
    match wrong:
        case "bias averaged":
            return W, b / N
        case "bias not summed":
            return W, d
        case "bias scalar":
            return W, np.array(d.sum())
        case "bias everything":
            return W, np.full(len(b), d.sum())
        case "bias kept":
            return W, b[None]
        case "bias column":
            return W, b[:, None]
        case "bias axis":
            return W, d.sum(1)
        case "bias ones":
            return W, np.full(len(b), float(N))
        case "bias zero":
            return W, np.zeros_like(b)
        case "bias negative":
            return W, -b
        case "W transposed back":
            return W.T, b
        case "W averaged" | "1/N" | "1/N everywhere":
            return W / N, b if wrong == "W averaged" else b / N
        case "times N":
            return W * N, b * N
        case "first":
            return first, d[0]
        case "last":
            return last, d[-1]
        case "first W":
            return first, b
        case "last W":
            return last, b
        case "first b":
            return W, d[0]
        case "last b":
            return W, d[-1]
        case "upstream of affine":
            return np.ones_like(d).T @ x, b
        case "W negative":
            return -W, b
        case "nothing":
            return np.zeros_like(W), np.zeros_like(b)
    return W, b


EVERYWHERE = {
    "sigmoid from z": 13, "sigmoid twice": 14, "no sigmoid": 15, "shortcut": 16, "upstream of sigmoid": 17,
    "y only": 47, "1 - y only": 47, "sigmoid squared": 14, "negative": 75, "tanh": 43, "accumulated": 23,
    "a for h": 59, "W transposed": 12, "no way through W2": 12, "no mask": 19, "mask of upstream": 18,
    "mask at zero": 20, "half at zero": 20, "upstream of relu": 17, "mask turned": 44,
    "mask turned at zero": 44,     "values for mask": 45, "leaky": 43,
}  # fmt: skip
IN_A_LAYER = {
    "bias averaged": 7, "bias not summed": 8, "bias scalar": 9, "bias everything": 9, "bias kept": 10,
    "bias column": 10, "bias axis": 41, "bias ones": 17, "W transposed back": 11, "W averaged": 3, "1/N": 3,
    "1/N everywhere": 3, "times N": 1, "first": 25, "last": 25, "first W": 25, "last W": 25, "first b": 25,
    "last b": 25, "upstream of affine": 17, "W negative": 75, "bias negative": 75, "bias zero": 24,
    "nothing": 24,
}  # fmt: skip


def gradient_variants(
    params: Weights, x: NDArray, dout: NDArray, slope: float = 0.0
) -> Iterator[tuple[int, str, Weights]]:
    """Every single mistake: its number, where it is, and the four gradients that it gives."""
    for wrong, number in EVERYWHERE.items():
        yield number, "", gradients(params, x, dout, wrong, slope=slope)
    if slope:
        words = f"relu's slope below 0 is {slope:.4g} on the way out, and 0 on the way back"
        yield 43, words, gradients(params, x, dout, "plain relu", slope=slope)
    for wrong, number in IN_A_LAYER.items():
        for where, words in WHERE.items():
            yield number, words, gradients(params, x, dout, wrong, where, slope)


def square_variants(
    params: Weights, x: NDArray, dout: NDArray, slope: float = 0.0
) -> Iterator[tuple[int, str, Weights]]:
    """Wrong transposes, which fit only if all sizes of the network are equal; empty for other networks."""
    if len({*x.shape, *params["W1"].shape, *params["W2"].shape}) > 1:
        return
    a, h, _, y = outputs(params, x, slope=slope)
    dz, right = dout * y * (1 - y), gradients(params, x, dout, slope=slope)
    mask = np.where(a > 0, 1.0, slope)
    da = (dz @ params["W2"]) * mask
    second = (dz @ h, h @ dz, dz @ h.T, h.T @ dz)
    for W2 in second:
        yield 11, "in the second layer", right | {"W2": W2}
    for W1 in (da @ x, x @ da, da @ x.T, x.T @ da):
        yield 11, "in the first layer", right | {"W1": W1}
        for W2 in second:
            yield 11, "in both layers", right | {"W1": W1, "W2": W2}
    for dh in (dz.T @ params["W2"], params["W2"].T @ dz, params["W2"] @ dz, (dz @ params["W2"].T).T):
        da = dh * mask
        yield 12, "", right | {"W1": da.T @ x, "b1": da.sum(0)}
