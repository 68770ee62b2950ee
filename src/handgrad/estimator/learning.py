"""Epochs over an estimator's rows, by an engine of handgrad: where training stands after each."""

from collections.abc import Iterator
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.engines import Engine, to_numpy
from handgrad.engines import engine as engine_of
from handgrad.engines.sparse import Sparse
from handgrad.errors import DivergedError, name_of
from handgrad.estimator import rows
from handgrad.network import Params, map_params
from handgrad.recipes import Recipe


class Learnt(NamedTuple):
    """Where training stands: the parameters, the optimizer's memory and steps, the epoch's loss."""

    params: Params
    memory: Any
    step: int
    loss: float


def epochs(
    begun: Learnt, train: rows.Rows, scale: float, recipe: Recipe, engine: Engine | str, threads: int,
    rng: np.random.Generator, constant: bool = False,
) -> Iterator[Learnt]:  # fmt: skip
    """Train from where something was left, and yield where it stands after each epoch.

    The parameters stand for x as it comes; the engine works on x times the scale, a power of two. Rows of
    weight 0 are left out. constant: every epoch has the full learning rate. DivergedError.
    """
    dtype = begun.params.W1.dtype
    images = rows.of_engine(train.X, scale, dtype, engine)
    weights = (train.weights / train.weights.mean()).astype(dtype)
    there = np.flatnonzero(weights > 0)
    weighted = not (weights == weights[0]).all()
    if weighted and not isinstance(recipe.loss, str) and not _takes_weights(recipe.loss):
        raise ValueError(
            "expected a loss that takes weights as its third argument, as rows have some (equal rows are "
            f"merged); got {name_of(recipe.loss)}"
        )
    if not isinstance(engine, Engine):
        lists = isinstance(images, Sparse) or images.dtype == np.uint8
        name = "numpy" if engine == "auto" and not lists else engine
        engine = engine_of(name, threads=threads, hidden=recipe.hidden)
    images, numbers = engine.put(images), engine.put(train.numbers)
    weighed = engine.put(weights) if weighted else None
    params = begun.params._replace(W1=begun.params.W1 / dtype.type(scale))
    params, memory, step = map_params(engine.put, params), begun.memory, begun.step
    batches = -(-len(there) // recipe.batch_size)
    for epoch in range(recipe.epochs):
        steps = range(epoch * batches, (epoch + 1) * batches)
        rates = recipe.learning_rates(steps, recipe.epochs * batches)
        if constant:
            rates = np.full(batches, recipe.learning_rate)
        order = there[rng.permutation(len(there))]
        with engine.limits():
            params, memory, loss = engine.run_epoch(
                params, images, numbers, order, recipe, rates, memory, step, weighed
            )
        step += batches
        here = map_params(to_numpy, params)
        if not all(p is None or np.isfinite(p).all() for p in here):
            raise DivergedError("a parameter is not finite", epoch + 1, batches, float(rates.max()))
        yield Learnt(here._replace(W1=here.W1 * dtype.type(scale)), memory, step, loss)


def _takes_weights(loss: Any) -> bool:
    function = loss[0] if isinstance(loss, tuple) else loss
    try:
        signature(function).bind(None, None, None)
    except TypeError:
        return False
    return True


def weights_of_classes(class_weight: Any, train: rows.Rows, classes: NDArray) -> NDArray:
    """The weights of the rows, times those of their classes.  ValueError for other class weights."""
    if class_weight is None:
        return train.weights
    C = len(classes)
    if isinstance(class_weight, str) and class_weight == "balanced":
        of_class = np.bincount(train.numbers, train.weights, C)
        factors = of_class.sum() / (C * np.where(of_class > 0, of_class, 1))
    elif isinstance(class_weight, dict):
        known = classes.tolist()
        if (unknown := set(class_weight) - set(known)) and not set(known) <= set(class_weight):
            names = ", ".join(map(str, unknown))
            raise ValueError(f"expected class_weight of the classes {classes}; got one of {names:.60}")
        factors = np.array([class_weight.get(c, 1.0) for c in known], float)
    else:
        expected = "expected class_weight to be None, 'balanced' or a dictionary"
        raise ValueError(f"{expected}; got {class_weight!r:.60}")
    weighed: NDArray = train.weights * factors[train.numbers]
    if not (weighed >= 0).all() or not weighed.any():
        raise ValueError("expected class weights of 0 or more, one of them more; got others")
    return weighed
