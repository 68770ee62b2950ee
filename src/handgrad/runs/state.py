"""The state of a run, to and from a model file: what the next epoch needs beside the model."""

from collections.abc import Callable
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.engines import to_numpy
from handgrad.errors import ModelFileError
from handgrad.model import Model
from handgrad.model_file import RunState
from handgrad.network import Params, map_params
from handgrad.optimizers import OPTIMIZERS
from handgrad.recipes import Recipe
from handgrad.training import Epoch


def pack(epoch: Epoch, averaged: Params, recipe: Recipe, held_back: int) -> RunState:
    """What the next epoch needs, as tensors and facts. Without biases nothing is stored for them.

    ModelFileError for the memory of an optimizer of your own that is not arrays of the parameter's shape.
    """
    tensors: dict[str, NDArray] = {}
    for name, p in epoch.params._asdict().items():
        if p is not None:
            memory = getattr(epoch.memory, name)
            keys = _keys(name, recipe)
            kept = [p, *memory, *([getattr(averaged, name)] if recipe.averaging else [])]
            if len(kept) != len(keys) or any(getattr(array, "shape", None) != p.shape for array in memory):
                expected = (
                    f"expected the optimizer to remember arrays of the shape of {name}, as many each time"
                )
                raise ModelFileError(f"{expected}: others cannot be stored in a run's model file")
            tensors |= {key: to_numpy(array) for key, array in zip(keys, kept, strict=True)}
    facts = {"epoch": epoch.epoch, "rng_state": dict(epoch.rng_state), "validation": held_back}
    return RunState(tensors, facts)


def unpack(
    model: Model, state: RunState, recipe: Recipe, put: Callable[[NDArray], Any]
) -> tuple[Epoch, Params]:
    """The Epoch and the averaged weights that were packed, their arrays put where the engine works.

    ModelFileError where the file contradicts itself.
    """
    arrays: dict[str, Any] = {}
    memory: dict[str, Any] = {}
    averages: dict[str, Any] = {}
    for name, kept in model.params._asdict().items():
        expected = _keys(name, recipe) if kept is not None else []
        found = [state.tensors[key] for key in expected if key in state.tensors]
        if len(found) < len(expected) or any(array.shape != kept.shape for array in found):
            raise ModelFileError(f"the state of the run lacks {name}, or its shape differs; start anew")
        if not all(np.isfinite(array).all() for array in found):
            raise ModelFileError(f"the state of the run is not finite in {name}; start anew")
        there = list(map(put, found))
        averages[name] = (there.pop() if recipe.averaging else there[0]) if there else None
        arrays[name], memory[name] = (there[0], tuple(there[1:])) if there else (None, None)
    epoch, rng_state = state.facts.get("epoch"), state.facts.get("rng_state", {})
    try:
        np.random.default_rng().bit_generator.state = rng_state
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        reason = f"the state of the run has no random state that fits ({error}); start anew"
        raise ModelFileError(reason) from None
    if type(epoch) is not int or not 1 <= epoch == len(model.history) < recipe.epochs:
        raise ModelFileError(f"the state of the run says epoch {epoch} of {recipe.epochs}; start anew")
    return Epoch(epoch, Params(**arrays), Params(**memory), rng_state, 0.0, 0.0), Params(**averages)


def begin_after(model: Model, seed: int, put: Callable[[NDArray], Any]) -> tuple[Epoch, Params]:
    """The Epoch to go on after, and the averaged weights, of a finished run: its file holds the model alone.

    The weights are the model's. The optimizer remembers nothing. The random generator is seeded anew, by the
    seed and the number of epochs that are done.
    """
    done = len(model.history)
    params = map_params(put, model.params)
    rng_state = np.random.default_rng([seed, done]).bit_generator.state
    return Epoch(done, params, None, rng_state, 0.0, 0.0), params


def _keys(name: str, recipe: Recipe) -> list[str]:
    """The names of what is kept of a parameter: itself, the optimizer's memory, its running average."""
    one = np.zeros(1)
    slots = len(OPTIMIZERS[recipe.optimizer](one, one, (), 0.0, 0)[1])
    return [
        name,
        *(f"{name}.{slot}" for slot in range(slots)),
        *([f"{name}.average"] * (recipe.averaging > 0)),
    ]
