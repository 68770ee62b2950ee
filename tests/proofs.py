"""Three independent proofs that loss_and_gradients is right; each returns its worst relative error.

    by finite differences    the slope of the loss, measured in float64
    by nested loops          the specification, one number at a time
    by autograd              PyTorch's own derivative of the same expression

The functions under test are looked up when called, so that a mistake planted in them is seen here.
"""

from dataclasses import dataclass

import numpy as np
import torch

from handgrad import check_gradients, network
from handgrad.network import Params

import specification


@dataclass
class Case:
    """A network, a batch and its labels, away from the kinks of relu, where no derivative exists."""

    params: Params
    x: np.ndarray
    labels: np.ndarray
    activation: str
    loss: str


def make_case(N, D, H, C, activation, loss, bias, seed):
    """Random weights, images and labels of these sizes; outputs far from saturation.

    A central difference across a kink measures neither slope, so rows of x are drawn again until every
    |a| is at least 1e-3, far more than a step of 1e-5 moves it.
    """
    rng = np.random.default_rng(seed)
    params = network.init_params(D, H, C, rng, bias)
    if bias:
        params.b1[:], params.b2[:] = rng.normal(0, 0.5, H), rng.normal(0, 0.5, C)
    x = rng.normal(0, 1, (N, D))
    for n in range(N):
        while np.abs(x[n] @ params.W1.T + (0 if params.b1 is None else params.b1)).min() < 1e-3:
            x[n] = rng.normal(0, 1, D)
    return Case(params, x, rng.integers(0, C, N), activation, loss)


def ours(case):
    return network.loss_and_gradients(case.params, case.x, case.labels, case.activation, case.loss)


def by_finite_differences(case, step=1e-5):
    """Each entry of each parameter moved by +-step: (L(p + step) - L(p - step)) / (2 step)."""
    pieces = case.loss, case.activation
    return check_gradients(*pieces, case.params, case.x, case.labels, step=step, most=10**6).worst.error


def by_nested_loops(case):
    L, grads = ours(case)
    expected_L, expected = specification.loss_and_gradients(
        case.params, case.x, case.labels, case.activation, case.loss
    )
    worst = abs(float(L) - expected_L) / abs(expected_L)
    for grad, want in zip(grads, expected, strict=True):
        if grad is not None:
            worst = max(worst, relative_error(grad, want))
    return worst


def by_autograd(case):
    L, grads = ours(case)
    leaves = [None if p is None else torch.tensor(p, requires_grad=True) for p in case.params]
    expected_L = torch_loss(
        leaves, torch.tensor(case.x), torch.tensor(case.labels), case.activation, case.loss
    )
    expected_L.backward()
    worst = abs(float(L) - float(expected_L.detach())) / abs(float(expected_L.detach()))
    for grad, leaf in zip(grads, leaves, strict=True):
        if leaf is not None:
            worst = max(worst, relative_error(grad, leaf.grad.numpy()))
    return worst


TORCH_ACTIVATIONS = {
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "none": lambda a: a,
}


def torch_loss(params, x, labels, activation, loss):
    """The loss in PyTorch's own building blocks."""
    W1, b1, W2, b2 = params
    h = TORCH_ACTIVATIONS[activation](torch.nn.functional.linear(x, W1, b1))
    z = torch.nn.functional.linear(h, W2, b2)
    if loss == "cross_entropy":
        return torch.nn.functional.cross_entropy(z, labels)
    target = torch.nn.functional.one_hot(labels, z.shape[1]).to(z.dtype)
    return torch.nn.functional.mse_loss(torch.sigmoid(z), target, reduction="sum") / len(x)


def relative_error(got, expected):
    """Norm of the difference over the norm of what is expected; the shapes must agree strictly."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return np.inf
    return float(np.linalg.norm(got - expected) / max(np.linalg.norm(expected), 1e-12))
