"""What is right of a layer in one case, and what each mistake would give."""

from __future__ import annotations

import numpy as np

from handgrad import layers
from handgrad.arrays import NDArray
from handgrad.workbook.checks import cases
from handgrad.workbook.checks.guesses import Guess, Truth, products

sigmoid = layers.sigmoid_forward


def affine_out(case: cases.Affine) -> dict[str, Truth]:
    """out = x W^T + b."""
    x, W, b, _ = case
    right: NDArray = layers.affine_forward(x, W, b)
    guesses = [
        Guess(36, x @ W.T, "the bias is left out: a = x W^T + b"),
        Guess(36, x @ W.T - b, "the bias is subtracted: a = x W^T + b"),
        Guess(48, (x @ W.T) * b), Guess(48, x @ W.T + b.sum()), Guess(48, x @ W.T + b.mean()),
        Guess(38, right.T),
        Guess(36, x @ W.T + 2 * b, "the bias is added twice"),
        Guess(75, -right),
    ]  # fmt: skip
    if W.shape[0] == W.shape[1]:
        guesses += [Guess(37, x @ W + b), Guess(37, W @ x.T + b), Guess(38, W @ x.T + b[:, None])]

    def terms(index: tuple[int, ...]) -> str:
        i, k = index
        return products(list(zip(x[i], W[k], strict=True))) + f" + {b[k]:.4g}"

    return {"out": Truth(right, guesses, terms)}


def affine_grads(case: cases.Affine) -> dict[str, Truth]:
    """dx = dout W, dW = dout^T x, db = the sum of dout over the batch."""
    x, W, _, dout = case
    N, H = dout.shape
    _, dW, db = layers.affine_backward(dout, x, W)
    dx: NDArray = dout @ W
    ones, first, last = np.ones_like(dout), np.zeros_like(dout), np.zeros_like(dout)
    first[0], last[-1] = dout[0], dout[-1]
    of_dx = [
        Guess(17, ones @ W), Guess(17, np.broadcast_to(W.sum(0), x.shape[1:])), Guess(38, dx.T),
        Guess(75, -dx),
        Guess(3, dx / N), Guess(25, first @ W), Guess(25, last @ W), Guess(25, dout[0] @ W),
        Guess(25, dout[-1] @ W),
    ]  # fmt: skip
    of_dW = [
        Guess(11, dW.T),
        Guess(3, dW / N, "divided by N here, though the gradient that comes in is an average already"),
        Guess(25, first.T @ x), Guess(25, last.T @ x), Guess(17, ones.T @ x), Guess(75, -dW),
        Guess(41, dW.sum(0)), Guess(41, dW.sum(1)),
    ]  # fmt: skip
    total = db.sum()
    of_db = [
        Guess(7, db / N), Guess(8, dout.copy()), Guess(9, np.array(total)), Guess(9, np.full(H, total)),
        Guess(9, np.array([total])), Guess(9, np.array([[total]])), Guess(9, np.full(H, total / H)),
        Guess(10, db[None, :]),
        Guess(10, db[:, None], "the bias gradient has one dimension too many: (out, 1), not (out,)"),
        Guess(9, np.array(dout.mean()),
              "the bias gradient is averaged over everything; each unit has a sum of its own"),
        Guess(41, dout.sum(1)), Guess(41, dout.mean(1)), Guess(41, dout.sum(1, keepdims=True)),
        Guess(25, dout[0]), Guess(25, dout[-1]), Guess(17, np.full(H, float(N))), Guess(17, np.ones(H)),
        Guess(75, -db), Guess(7, np.abs(db) / N), Guess(10, db[None, :] / N),
    ]  # fmt: skip
    if N > 1:
        of_db.append(Guess(3, db / N))
    if len({*x.shape, H}) == 1:  # square: products that no shape forbids
        of_dx += [Guess(12, dout @ W.T), Guess(12, dout.T @ W), Guess(12, W.T @ dout), Guess(12, W @ dout)]
        of_dx += [Guess(12, W @ dout.T), Guess(12, (dout @ W.T).T)]
        of_dW += [Guess(11, x.T @ dout)]
        words = "a transpose is missing in the gradient of W: the sum runs over the images"
        of_dW += [Guess(11, product, words) for product in (dout @ x, x @ dout, dout @ x.T, x @ dout.T)]

    def terms_dx(index: tuple[int, ...]) -> str:
        return products(list(zip(dout[index[0]], W[:, index[1]], strict=True)))

    def terms_dW(index: tuple[int, ...]) -> str:
        return products(list(zip(dout[:, index[0]], x[:, index[1]], strict=True)))

    def terms_db(index: tuple[int, ...]) -> str:
        return " + ".join(f"{v:.4g}" for v in dout[:, index[0]])

    return {
        "dx": Truth(dx, of_dx, terms_dx),
        "dW": Truth(dW, of_dW, terms_dW),
        "db": Truth(db, of_db, terms_db),
    }


def relu_out(case: cases.Elementwise, slope: float = 0.0) -> dict[str, Truth]:
    """out = max(x, 0); slope: of a leaky one, below 0."""
    x = case.x
    right = np.where(x > 0, x, slope * x)
    other = [np.minimum(x, 0), np.abs(x), sigmoid(x), np.tanh(x), np.clip(x, 0, 1)]
    other += [
        np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        np.log1p(np.exp(x)),
        np.where(x > 0, x, 0.01 * x),
    ]
    guesses = [Guess(42, (x > 0) * 1.0), Guess(42, (x >= 0) * 1.0), *(Guess(43, value) for value in other)]
    guesses += [Guess(43, x.copy(), "nothing was cut off: what is negative becomes 0")]
    guesses += [Guess(75, -right), Guess(43, np.array(np.maximum(x, 0).max())), Guess(43, np.maximum(x, 1))]
    return {"out": Truth(right, guesses, lambda index: f"max({x[index]:.4g}, {slope:.4g} * {x[index]:.4g})"
                         if slope else f"max({x[index]:.4g}, 0)")}  # fmt: skip


def relu_grad(case: cases.Elementwise, slope: float = 0.0) -> dict[str, Truth]:
    """dx = dout where x > 0, else 0; slope: of a leaky one, below 0."""
    x, dout = case
    mask = np.where(x > 0, 1.0, slope)
    right = dout * mask
    guesses = [
        Guess(17, mask), Guess(17, np.where(x >= 0, 1.0, slope)), Guess(18, dout * (dout > 0)),
        Guess(18, np.where(dout > 0, 1.0, slope)), Guess(18, dout * np.where(dout > 0, 1.0, slope)),
        Guess(18, np.where(dout > 0, x, 0)), Guess(19, dout.copy()),
        Guess(20, dout * np.where(x >= 0, 1.0, slope)), Guess(20, np.where(x == 0, 0.5 * dout, right)),
        Guess(44, dout * np.where(x < 0, 1.0, slope)), Guess(44, dout * np.where(x <= 0, 1.0, slope)),
        Guess(45, dout * np.where(x > 0, x, slope * x)), Guess(45, dout * np.maximum(x, 0)),
        Guess(45, dout * x),
        Guess(18, dout * (dout >= 0)), Guess(17, np.where(x > 0, x, slope * x)), Guess(75, -right),
        Guess(3, right / len(x)),
        Guess(25, np.where(np.arange(len(x))[:, None] == 0, right, 0)),
    ]  # fmt: skip
    kept = f"({x.dtype.type(slope):.4g} elsewhere)" if slope else ""
    return {
        "dx": Truth(right, guesses, lambda index: f"{dout[index]:.4g} * ({x[index]:.4g} > 0) {kept}".strip())
    }


def sigmoid_out(case: cases.Elementwise) -> dict[str, Truth]:
    """out = 1 / (1 + e^-x)."""
    x, y = case.x, sigmoid(case.x)
    softmax = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    guesses = [
        Guess(46, sigmoid(-x)), Guess(43, np.tanh(x)), Guess(58, softmax),
        Guess(58, np.exp(x) / np.exp(x).sum()),
        Guess(43, x.copy()), Guess(47, y * (1 - y), "this is the derivative; the forward gives the value"),
        Guess(46, 1 / (1 + np.exp(x))), Guess(46, 1 / np.exp(-x)), Guess(14, sigmoid(y)),
        Guess(46, 1 + np.exp(-x)),
        Guess(46, np.exp(x)), Guess(46, np.exp(-x)), Guess(46, 1 / (1 - np.exp(-x))),
        Guess(43, np.maximum(x, 0)),
    ]  # fmt: skip
    return {"out": Truth(y, guesses, lambda index: f"1 / (1 + e^-({x[index]:.4g}))")}


def sigmoid_grad(case: cases.Elementwise) -> dict[str, Truth]:
    """dx = dout y (1 - y)."""
    x, dout = case
    y = sigmoid(x)
    right, twice = layers.sigmoid_backward(dout, y), sigmoid(y)
    guesses = [
        Guess(13, dout * x * (1 - x)), Guess(14, dout * twice * (1 - twice)), Guess(15, dout.copy()),
        Guess(16, dout / 2), Guess(17, y * (1 - y)), Guess(47, dout * y), Guess(47, dout * (1 - y)),
        Guess(47, dout * y * (y - 1), "the sign of 1 - y is wrong"), Guess(47, dout * y * (1 + y)),
        Guess(43, dout * (1 - y * y), "this is the derivative of tanh"), Guess(43, dout * (1 - x * x)),
        Guess(13, x * (1 - x)), Guess(47, dout * y * y), Guess(14, dout * y * (1 - y) * y * (1 - y)),
        Guess(13, dout * x * (1 - y)), Guess(13, dout * y * (1 - x)), Guess(47, dout + y * (1 - y)),
        Guess(3, right / len(x)), Guess(17, dout * 0 + twice * (1 - twice)),
    ]  # fmt: skip

    def terms(index: tuple[int, ...]) -> str:
        return f"{dout[index]:.4g} * {y[index]:.4g} * (1 - {y[index]:.4g})"

    return {"dx": Truth(right, guesses, terms)}
