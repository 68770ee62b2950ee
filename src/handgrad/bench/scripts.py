"""Scripts that train a good network, as a user would: whole processes, from the imports to a saved file.

    python -m handgrad.bench.scripts torch 0 FILE      prints the accuracy on MNIST's test images

Each follows the recipe quick: same network, initial weights, orders, rates and updates, in the framework's
own code. scikit-learn cannot follow that recipe: it trains with its own Adam until it reaches 98 %.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from handgrad import digits
from handgrad.arrays import as_input
from handgrad.recipes import RECIPES
from handgrad.runs import initial_params, split


def torch(seed: int, path: Path) -> float:
    """PyTorch, eager."""
    import torch

    data, recipe, orders, rates, start = _task(seed)
    x, labels = torch.tensor(as_input(data.images, np.float32)), torch.tensor(data.labels).long()
    target = torch.nn.functional.one_hot(labels, 10).float()
    leaves = [torch.tensor(p, requires_grad=True) for p in start]
    optimizer = torch.optim.SGD(leaves, recipe.learning_rate)
    W1, b1, W2, b2 = leaves
    for order, of_epoch in zip(orders, rates, strict=True):
        parts = torch.tensor(order).split(recipe.batch_size)  # type: ignore[no-untyped-call]  # torch leaves it so
        for rows, rate in zip(parts, of_epoch, strict=True):
            optimizer.param_groups[0]["lr"] = float(rate)
            y = torch.sigmoid(torch.relu(x[rows] @ W1.T + b1) @ W2.T + b2)
            loss = ((y - target[rows]) ** 2).sum() / len(rows)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
            optimizer.step()
    torch.save(leaves, path)
    with torch.inference_mode():
        test = torch.tensor(as_input(data.test[0], np.float32))
        z = torch.relu(test @ W1.T + b1) @ W2.T + b2
        return float((z.argmax(1).numpy() == data.test[1]).mean())


def jax(seed: int, path: Path) -> float:
    """JAX, an epoch one compiled scan."""
    import jax
    import jax.numpy as jnp

    data, recipe, orders, rates, start = _task(seed)
    x, target = jnp.asarray(as_input(data.images, np.float32)), jax.nn.one_hot(data.labels, 10)
    full = len(data.images) // recipe.batch_size

    def loss_of(params: Any, rows: Any) -> Any:
        W1, b1, W2, b2 = params
        y = jax.nn.sigmoid(jax.nn.relu(x[rows] @ W1.T + b1) @ W2.T + b2)
        return jnp.sum((y - target[rows]) ** 2) / rows.shape[0]

    def step(params: Any, batch: Any) -> Any:
        rows, rate = batch
        grads = jax.grad(loss_of)(params, rows)
        return tuple(p - rate * g for p, g in zip(params, grads, strict=True)), 0.0

    @jax.jit
    def epoch(params: Any, head: Any, tail: Any, rates: Any) -> Any:
        params, _ = jax.lax.scan(step, params, (head, rates[:full]))
        return step(params, (tail, rates[full]))[0] if len(tail) else params

    params = tuple(map(jnp.asarray, start))
    for order, of_epoch in zip(orders, rates, strict=True):
        cut = full * recipe.batch_size
        head = jnp.asarray(order[:cut].reshape(full, -1))
        params = epoch(params, head, jnp.asarray(order[cut:]), jnp.asarray(of_epoch, jnp.float32))
    W1, b1, W2, b2 = map(np.asarray, params)
    np.savez(path, W1=W1, b1=b1, W2=W2, b2=b2)
    z = np.maximum(as_input(data.test[0], np.float32) @ W1.T + b1, 0) @ W2.T + b2
    return float((z.argmax(1) == data.test[1]).mean())


def sklearn(seed: int, path: Path) -> float:
    """scikit-learn: MLPClassifier with Adam."""
    import joblib
    from sklearn.neural_network import MLPClassifier

    data, recipe, *_ = _task(seed)
    network = MLPClassifier(
        (recipe.hidden,), batch_size=recipe.batch_size, max_iter=20, random_state=seed, alpha=0
    )
    for _ in range(20):
        network.partial_fit(as_input(data.images, np.float32), data.labels, classes=np.arange(10))
        if network.score(as_input(data.validation[0], np.float32), data.validation[1]) >= 0.984:
            break
    joblib.dump(network, path)
    return float(network.score(as_input(data.test[0], np.float32), data.test[1]))


def _task(seed: int) -> Any:
    recipe, (train, test) = RECIPES["quick"], digits.load_mnist()
    data, rng = split(*train, 5000, test), np.random.default_rng(seed)
    start = initial_params(data, recipe, rng)
    orders = [rng.permutation(len(data.images)) for _ in range(recipe.epochs)]
    batches = -(-len(data.images) // recipe.batch_size)
    rates = recipe.learning_rates(range(recipe.epochs * batches), recipe.epochs * batches)
    return data, recipe, orders, rates.reshape(recipe.epochs, batches), start


if __name__ == "__main__":
    name, seed, path = sys.argv[1:]
    script = {"torch": torch, "jax": jax, "sklearn": sklearn}[name]
    sys.stdout.write(f"{script(int(seed), Path(path))}\n")
