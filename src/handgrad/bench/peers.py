"""Training by each engine and framework: a function that trains one epoch and returns its mean loss.

Same images, initial weights, order of rows, batches, L2 loss and plain SGD in float32. What a framework
needs (its own arrays, compiled code) is prepared before the clock starts.
"""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray, as_input
from handgrad.engines import dense
from handgrad.network import Params, init_params
from handgrad.recipes import Recipe
from handgrad.training import run_epoch

Epoch = Callable[[], float]


class Problem(NamedTuple):
    """One epoch of MNIST."""

    params: Params
    images: NDArray  # (N, 28, 28) uint8
    labels: NDArray
    order: NDArray
    recipe: Recipe
    threads: int

    @property
    def rates(self) -> NDArray:
        """The learning rate of each batch."""
        return np.full(-(-len(self.order) // self.recipe.batch_size), self.recipe.learning_rate)


def problem(images: NDArray, labels: NDArray, hidden: int, batch_size: int, threads: int) -> Problem:
    """The epoch that all are measured on: seed 0, learning rate 0.1."""
    rng = np.random.default_rng(0)
    params = init_params(images[0].size, hidden, 10, rng, dtype=np.float32)
    recipe = Recipe(hidden=hidden, batch_size=batch_size, learning_rate=0.1)
    return Problem(params, images, labels, rng.permutation(len(images)), recipe, threads)


def ink(p: Problem) -> Epoch:
    """handgrad's fast engine."""
    from handgrad.engines.ink import InkEngine

    fast = InkEngine(p.threads)
    return lambda: fast.run_epoch(p.params, p.images, p.labels, p.order, p.recipe, p.rates)[2]


def numpy(p: Problem) -> Epoch:
    """handgrad's dense engine: NumPy in buffers made once."""
    return lambda: dense.run_epoch(p.params, p.images, p.labels, p.order, p.recipe, p.rates)[2]


def reference(p: Problem) -> Epoch:
    """handgrad's reference on NumPy arrays: the lesson, line by line."""
    return lambda: run_epoch(p.params, p.images, p.labels, p.order, p.recipe, p.rates)[2]


def torch(p: Problem, compiled: bool = False) -> Epoch:
    """PyTorch, eager: autograd and SGD, batches gathered from a float tensor."""
    import torch

    torch.set_num_threads(p.threads)
    x = torch.tensor(as_input(p.images, np.float32))
    target = torch.nn.functional.one_hot(torch.tensor(p.labels).long(), 10).float()
    batches = torch.tensor(p.order).split(p.recipe.batch_size)  # type: ignore[no-untyped-call]  # torch leaves it so

    def loss_of(params: Any, x: Any, target: Any) -> Any:
        W1, b1, W2, b2 = params
        y = torch.sigmoid(torch.relu(x @ W1.T + b1) @ W2.T + b2)
        return ((y - target) ** 2).sum() / len(x)

    if compiled:
        loss_of = torch.compile(loss_of)

    def epoch() -> float:
        leaves = [torch.tensor(array, requires_grad=True) for array in p.params]
        optimizer, total = torch.optim.SGD(leaves, p.recipe.learning_rate), torch.zeros(())
        for rows in batches:
            loss = loss_of(leaves, x[rows], target[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
        return float(total) / len(p.order)

    return epoch


def torch_compile(p: Problem) -> Epoch:
    """PyTorch with the loss, and its derivative, through torch.compile (which needs a C++ compiler)."""
    return torch(p, compiled=True)


def sklearn(p: Problem) -> Epoch:
    """scikit-learn's MLPClassifier, plain SGD. It knows neither the L2 loss nor given initial weights."""
    from sklearn.neural_network import MLPClassifier

    x, labels, r = as_input(p.images, np.float32)[p.order], p.labels[p.order], p.recipe
    network = MLPClassifier(
        (r.hidden,), solver="sgd", alpha=0, batch_size=r.batch_size, learning_rate_init=r.learning_rate,
        max_iter=1, shuffle=False, random_state=0, momentum=0,
    )  # fmt: skip

    def epoch() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch does not converge
            return float(network.fit(x, labels).loss_)

    return epoch


def jax(p: Problem) -> Epoch:
    """JAX: the whole epoch one compiled scan, and one step for the batch that is left over."""
    import jax
    import jax.numpy as jnp

    x, rate, size = jnp.asarray(as_input(p.images, np.float32)), p.recipe.learning_rate, p.recipe.batch_size
    target = jax.nn.one_hot(jnp.asarray(p.labels), 10)
    full = len(p.order) // size * size
    head, tail = jnp.asarray(p.order[:full].reshape(-1, size)), jnp.asarray(p.order[full:])

    def loss_of(params: Any, rows: Any) -> Any:
        W1, b1, W2, b2 = params
        y = jax.nn.sigmoid(jax.nn.relu(x[rows] @ W1.T + b1) @ W2.T + b2)
        return jnp.sum((y - target[rows]) ** 2) / rows.shape[0]

    def step(params: Any, rows: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_of)(params, rows)
        moved = tuple(q - rate * g for q, g in zip(params, grads, strict=True))
        return moved, loss * rows.shape[0]

    @jax.jit
    def whole(params: Any) -> Any:
        params, losses = jax.lax.scan(step, params, head)
        total = losses.sum()
        return (params, total + step(params, tail)[1]) if full < len(p.order) else (params, total)

    start = tuple(map(jnp.asarray, p.params))
    return lambda: float(whole(start)[1]) / len(p.order)


def scipy(p: Problem) -> Epoch:
    """SciPy: the hand-derived gradients on rows of a CSR matrix, which skips the blank paper as well.

    W1 is kept turned, (D, H), as SciPy's products read it row by row.
    """
    from scipy.sparse import csr_matrix

    x, labels, size = csr_matrix(as_input(p.images, np.float32)), p.labels, p.recipe.batch_size
    eye, rate = np.eye(10, dtype=np.float32), np.float32(p.recipe.learning_rate)

    def epoch() -> float:
        V1, (_, b1, W2, b2), total = p.params.W1.T.copy(), map(np.copy, p.params), 0.0
        shuffled = x[p.order]  # once an epoch: neighbouring rows are cut out faster than scattered ones
        for i in range(0, len(p.order), size):
            rows = p.order[i : i + size]
            batch = shuffled[i : i + size]  # (n, D), sparse
            h = np.maximum(batch @ V1 + b1, 0)
            y = 1 / (1 + np.exp(-(h @ W2.T + b2)))
            error = y - eye[labels[rows]]
            total += float((error * error).sum())
            grad_z = error * y * (1 - y) * np.float32(2 / len(rows))
            grad_a = (grad_z @ W2) * (h > 0)
            V1 -= rate * (batch.T @ grad_a)
            b1 -= rate * grad_a.sum(0)
            W2 -= rate * (grad_z.T @ h)
            b2 -= rate * grad_z.sum(0)
        return total / len(p.order)

    return epoch


def dense_products(p: Problem) -> Epoch:
    """Not a peer: a lower bound for dense arithmetic: x W1^T and grad_a^T x of every batch, nothing else."""
    x, W1 = as_input(p.images, np.float32), p.params.W1
    size, a = p.recipe.batch_size, np.zeros((p.recipe.batch_size, len(W1)), np.float32)
    grad = np.zeros_like(W1)

    def epoch() -> float:
        for i in range(0, len(x) - size + 1, size):
            np.matmul(x[i : i + size], W1.T, out=a)
            np.matmul(a.T, x[i : i + size], out=grad)
        return 0.0

    return epoch


PEERS: dict[str, Callable[[Problem], Epoch]] = {
    "ink": ink,
    "numpy": numpy,
    "reference": reference,
    "torch": torch,
    "torch-compile": torch_compile,
    "jax": jax,
    "scipy": scipy,
    "sklearn": sklearn,
}
FLOOR = "dense products"
