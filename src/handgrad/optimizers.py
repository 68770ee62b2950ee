"""Gradient descent with its common refinements: pure functions. A rule takes a parameter p, its gradient g
and what it remembers of p (arrays shaped like p; nothing, (), before step 0), and returns both anew."""

from functools import partial

from handgrad.arrays import Array, checked
from handgrad.errors import Choice, Pieces
from handgrad.network import Params, map_params

BETA, BETA2, EPSILON = 0.9, 0.999, 1e-8  # what momentum and adam use, in every engine

Memory = tuple[Array, ...]  # of one parameter; that of all four is a Params of them, or None before step 0
Moved = tuple[Array, Memory]


def sgd(p: Array, g: Array, memory: Memory, learning_rate: float, step: int) -> Moved:
    """p <- p - learning_rate g."""
    return p - learning_rate * g, memory


def momentum(
    p: Array, g: Array, memory: Memory, learning_rate: float, step: int, nesterov: bool = False
) -> Moved:
    """v <- 0.9 v + g,  p <- p - learning_rate v (Polyak 1964); Nesterov's form looks one step ahead,
    p <- p - learning_rate (g + 0.9 v) (Sutskever et al. 2013)."""
    v = BETA * memory[0] + g if memory else g
    return p - learning_rate * (g + BETA * v if nesterov else v), (v,)


def adam(p: Array, g: Array, memory: Memory, learning_rate: float, step: int) -> Moved:
    """m <- 0.9 m + 0.1 g,  v <- 0.999 v + 0.001 g^2,  p <- p - learning_rate m' / (sqrt(v') + 1e-8),
    where m' = m / (1 - 0.9^(step + 1)), and v' likewise, undo the start at zero (Kingma and Ba 2015)."""
    m, v = memory or (0.0, 0.0)
    m, v = BETA * m + (1 - BETA) * g, BETA2 * v + (1 - BETA2) * g * g
    m_unbiased, v_unbiased = m / (1 - BETA ** (step + 1)), v / (1 - BETA2 ** (step + 1))
    return p - learning_rate * m_unbiased / (v_unbiased**0.5 + EPSILON), (m, v)


OPTIMIZERS = Pieces(sgd=sgd, momentum=momentum, nesterov=partial(momentum, nesterov=True), adam=adam)


def update(
    optimizer: Choice, params: Params, grads: Params, memory: Params | None, learning_rate: float, step: int
) -> tuple[Params, Params]:
    """One step for W1, b1, W2 and b2 -> new params, new memory. memory is None before the first step."""
    rule, memory = OPTIMIZERS[optimizer], memory or Params((), (), (), ())
    moved = map_params(lambda p, g, m: checked(rule(p, g, m, learning_rate, step), p), params, grads, memory)
    return map_params(lambda pair: pair[0], moved), map_params(lambda pair: pair[1], moved)
