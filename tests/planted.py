"""Mistakes as people make them, each planted in the reference; run this file to see what catches which.

python tests/planted.py
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from handgrad import layers, losses

import proofs

BOUNDS = {proofs.by_finite_differences: 1e-6, proofs.by_nested_loops: 1e-12, proofs.by_autograd: 1e-12}


def _l2(scale_loss, scale_grad):
    right = losses.l2_loss

    def wrong(y, labels):
        loss, grad_y = right(y, labels)
        return scale_loss(loss, y), scale_grad(grad_y, y)

    return wrong


def _affine_backward(change):
    right = layers.affine_backward
    return lambda grad_a, x, W: change(*right(grad_a, x, W), grad_a, x, W)


def _swapped(index, backward):
    """An entry of ACTIVATIONS whose backward is another."""
    forward, _, read = layers.ACTIVATIONS[index]
    return (forward, backward, read)


# what was planted -> (module or table, name, the wrong thing, the activation that uses it)
MISTAKES = {
    "1/N missing from the gradient of the loss": (losses, "l2_loss", _l2(lambda L, y: L, lambda g, y: g * len(y)), "relu"),
    "1/N missing from loss and gradient": (losses, "l2_loss", _l2(lambda L, y: L * len(y), lambda g, y: g * len(y)), "relu"),
    "factor 2 missing": (losses, "l2_loss", _l2(lambda L, y: L, lambda g, y: g / 2), "relu"),
    "mean over the digits instead of their sum": (losses, "l2_loss", _l2(lambda L, y: L / y.shape[1], lambda g, y: g / y.shape[1]), "relu"),
    "y and target swapped": (losses, "l2_loss", _l2(lambda L, y: L, lambda g, y: -g), "relu"),
    "sigmoid derivative missing": (layers, "sigmoid_backward", lambda grad_y, y: grad_y, "relu"),
    "sigmoid derivative taken twice": (layers, "sigmoid_backward", lambda g, y: g * layers.sigmoid_forward(y) * (1 - layers.sigmoid_forward(y)), "relu"),
    "relu mask from the upstream gradient": (layers.ACTIVATIONS, "relu", _swapped("relu", lambda g, a: np.where(g > 0, g, 0.0)), "relu"),
    "relu mask missing": (layers.ACTIVATIONS, "relu", _swapped("relu", lambda g, a: g), "relu"),
    "leaky relu without its slope": (layers.ACTIVATIONS, "leaky_relu", _swapped("leaky_relu", layers.relu_backward), "leaky_relu"),
    "tanh derivative 1 - h": (layers.ACTIVATIONS, "tanh", _swapped("tanh", lambda g, h: g * (1 - h)), "tanh"),
    "W transposed on the way back": (layers, "affine_backward", _affine_backward(lambda gx, gW, gb, g, x, W: (None if W is None else g @ W.T, gW, gb)), "relu"),
    "gradient of W transposed": (layers, "affine_backward", _affine_backward(lambda gx, gW, gb, g, x, W: (gx, gW.T, gb)), "relu"),
    "bias gradient not summed over the batch": (layers, "affine_backward", _affine_backward(lambda gx, gW, gb, g, x, W: (gx, gW, g)), "relu"),
    "bias gradient averaged over the batch": (layers, "affine_backward", _affine_backward(lambda gx, gW, gb, g, x, W: (gx, gW, gb / len(g))), "relu"),
    "only the first image of the batch used": (layers, "affine_backward", _affine_backward(lambda gx, gW, gb, g, x, W: (gx, g[:1].T @ x[:1], gb)), "relu"),
    "bias forgotten on the way out": (layers, "affine_forward", lambda x, W, b=None: x @ W.T, "relu"),
    "bias subtracted on the way out": (layers, "affine_forward", lambda x, W, b=None: x @ W.T if b is None else x @ W.T - b, "relu"),
    "cross-entropy not averaged": (losses, "cross_entropy_loss", lambda z, labels, right=losses.cross_entropy_loss: (right(z, labels)[0], right(z, labels)[1] * len(z)), "cross_entropy"),
}  # fmt: skip


def caught_by(mistake):
    """The proofs that fail with the mistake planted: an error beyond their bound, or an exception."""
    place, name, wrong, uses = MISTAKES[mistake]
    loss = "cross_entropy" if uses == "cross_entropy" else "l2"
    activation = "relu" if uses == "cross_entropy" else uses
    # H = C, so that a transposed W2 multiplies without complaint; all else differs
    case = proofs.make_case(5, 7, 4, 4, activation, loss, True, 2)
    get, put = (place.__getitem__, place.__setitem__) if isinstance(place, dict) else (
        lambda key: getattr(place, key), lambda key, value: setattr(place, key, value))  # fmt: skip
    right = get(name)
    put(name, wrong)
    if place is losses:  # the table that training reads
        losses.LOSSES[loss] = (wrong, "z" if loss == "cross_entropy" else "y")
    try:
        return [prove.__name__ for prove, bound in BOUNDS.items() if not _passes(prove, bound, case)]
    finally:
        put(name, right)
        losses.LOSSES |= {"l2": (losses.l2_loss, "y"), "cross_entropy": (losses.cross_entropy_loss, "z")}


def _passes(prove, bound, case):
    try:
        return prove(case) < bound
    except (ValueError, RuntimeError, IndexError):  # shapes that no longer fit
        return False


if __name__ == "__main__":
    for mistake in MISTAKES:
        print(f"{mistake:<45} caught {', '.join(caught_by(mistake)).replace('_', ' ')}")
