"""Gradient descent with its common refinements: pure functions.

A rule takes a parameter p, its gradient g and what it remembers of p (a tuple of arrays shaped like p),
and returns the new p and the new memory. step counts from 0.
"""

from collections.abc import Callable
from functools import partial

from array_api_compat import array_namespace

from handgrad.layers import Array
from handgrad.network import Params, map_params

Memory = tuple[Array, ...]
Moved = tuple[Array, Memory]


def sgd(p: Array, g: Array, memory: Memory, learning_rate: float, step: int) -> Moved:
    """p <- p - learning_rate g."""
    return p - learning_rate * g, memory


def momentum(
    p: Array, g: Array, memory: Memory, learning_rate: float, step: int, nesterov: bool = False
) -> Moved:
    """v <- 0.9 v + g,  p <- p - learning_rate v (Polyak 1964); Nesterov's form looks one step ahead,
    p <- p - learning_rate (g + 0.9 v) (Sutskever et al. 2013)."""
    v = 0.9 * memory[0] + g
    return p - learning_rate * (g + 0.9 * v if nesterov else v), (v,)


def adam(p: Array, g: Array, memory: Memory, learning_rate: float, step: int) -> Moved:
    """m <- 0.9 m + 0.1 g,  v <- 0.999 v + 0.001 g^2,  p <- p - learning_rate m' / (sqrt(v') + 1e-8),
    where m' = m / (1 - 0.9^(step + 1)), and v' likewise, undo the start at zero (Kingma and Ba 2015)."""
    m = 0.9 * memory[0] + (1 - 0.9) * g
    v = 0.999 * memory[1] + (1 - 0.999) * g * g
    m_unbiased, v_unbiased = m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))
    return p - learning_rate * m_unbiased / (v_unbiased**0.5 + 1e-8), (m, v)


OPTIMIZERS: dict[
    str, tuple[Callable[..., Moved], int]
] = {  # the rule, and how many arrays it remembers of each parameter
    "sgd": (sgd, 0),
    "momentum": (momentum, 1),
    "nesterov": (partial(momentum, nesterov=True), 1),
    "adam": (adam, 2),
}


def init_memory(optimizer: str, params: Params) -> Params:
    """What the optimizer remembers before its first step: for each parameter a tuple of zeros."""
    slots = OPTIMIZERS[optimizer][1]
    return map_params(lambda p: (array_namespace(p).zeros_like(p),) * slots, params)


def update(
    optimizer: str, params: Params, grads: Params, memory: Params, learning_rate: float, step: int
) -> tuple[Params, Params]:
    """One step for W1, b1, W2 and b2 -> new params, new memory."""
    rule, _ = OPTIMIZERS[optimizer]
    moved = map_params(lambda p, g, m: rule(p, g, m, learning_rate, step), params, grads, memory)
    return map_params(lambda pair: pair[0], moved), map_params(lambda pair: pair[1], moved)
