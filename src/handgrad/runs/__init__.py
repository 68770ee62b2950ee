"""A training run from data to model file: split, train, keep the best, save after every epoch, resume.

images, labels -> split -> Data -> run: initial parameters -> train -> best so far -> model file
                                                                ^------ resume ------'
"""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from handgrad import calibration, model_file, templates
from handgrad.arrays import NDArray
from handgrad.digits import checksum
from handgrad.engines import Engine, engine, to_numpy
from handgrad.errors import DataError, ModelFileError
from handgrad.model import Model
from handgrad.model_file import RunState
from handgrad.network import Params, init_params, map_params
from handgrad.optimizers import OPTIMIZERS
from handgrad.recipes import Recipe
from handgrad.runs.distortions import augment
from handgrad.training import Epoch, train

SAMPLE = 5000  # training images that the accuracy is measured on, where none are held back


@dataclass(frozen=True, eq=False)
class Data:
    """The images and labels of a run. The validation split is the last rows of what was given."""

    images: NDArray
    labels: NDArray
    validation: tuple[NDArray, NDArray] | None
    test: tuple[NDArray, NDArray] | None
    given: tuple[NDArray, NDArray]  # all the rows that it was split from
    checksum: str  # of the rows given

    @property
    def classes(self) -> int:
        """C: one more than the largest label."""
        return int(self.given[1].max()) + 1


class Progress(NamedTuple):
    """Where a run stands after an epoch: the epoch, and the model as it would be kept now.

    The last record of model.history says how good the epoch is: loss, train_accuracy (on the first
    training images, as many as are held back for validation, or 5,000) and
    validation_accuracy.
    """

    epoch: Epoch
    model: Model


def split(
    images: NDArray, labels: NDArray, validation: int, test: tuple[NDArray, NDArray] | None = None
) -> Data:
    """Hold back the last `validation` rows (0: none) to choose by.  DataError where that leaves nothing."""
    if not 0 <= validation < len(images):
        expected = f"expected to hold back fewer than the {len(images)} images (--validation)"
        raise DataError(f"{expected}; got {validation}")
    kept = len(images) - validation
    held_back = (images[kept:], labels[kept:]) if validation else None
    return Data(images[:kept], labels[:kept], held_back, test, (images, labels), checksum(images, labels))


def run(
    data: Data,
    recipe: Recipe,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    name: str | None = None,
    resume: tuple[Model, RunState] | None = None,
    where: Engine | None = None,
) -> Iterator[Progress]:
    """Train by a recipe and yield the Progress after each epoch; with out, the file is written first.

    The model is the one of the best validation accuracy so far (the latest, without validation), where
    accuracies count as equal that chance may have parted: see _as_good. With averaging its weights are
    the running average. While the run lasts the file also holds what resume needs: load_run(out). The last
    epoch's file is finished: four tensors, and the accuracy on the test images. The same data, recipe, seed
    and engine give the same bytes, interrupted and resumed or not. DivergedError, DataError, ModelFileError
    as they occur; the file then still holds the last finished epoch.
    """
    where = where or engine()
    rng = np.random.default_rng(seed)
    put, last = where.put, None
    if resume is None:
        best, history, params = None, [], map_params(put, initial_params(data, recipe, rng))
        averaged = params
    else:
        best, history = resume[0], resume[0].history
        last, averaged = _last_epoch(*resume, recipe, data, put)
        params = last.params
    images, labels = put(data.images), put(data.labels)
    validation = (put(data.validation[0]), put(data.validation[1])) if data.validation else None
    sample = slice(0, len(data.validation[1]) if data.validation else SAMPLE)
    distorted = _distorter(data.images, recipe, put)
    for epoch in train(params, images, labels, rng, recipe, last, where.run_epoch, distorted):
        averaged = _average(averaged, epoch, recipe)
        on_training = where.accuracy(averaged, images[sample], labels[sample], recipe.activation)
        reached = where.accuracy(averaged, *validation, recipe.activation) if validation else None
        facts = {"epoch": epoch.epoch, "loss": epoch.loss}
        history = [*history, {**facts, "train_accuracy": on_training, "validation_accuracy": reached}]
        if best is None or data.validation is None or _as_good(history, len(data.validation[1])):
            best = Model(
                map_params(to_numpy, averaged),
                recipe.activation,
                recipe.loss,
                image_shape=data.images.shape[1:],
                recipe_name=name,
                recipe=recipe,
                seed=seed,
                data_checksum=data.checksum,
                accuracy={} if reached is None else {"validation": reached},
            )
        best = replace(best, history=history)
        finished = epoch.epoch == recipe.epochs
        if finished and data.test is not None:
            on_test = where.accuracy(best.params, *data.test, recipe.activation)
            best = replace(best, accuracy=best.accuracy | {"test": on_test})
        if finished and data.validation is not None:
            held_back, truth = data.validation
            best = replace(best, calibration=calibration.fit(where.answering(best).scores(held_back), truth))
        if out is not None:
            model_file.save(out, best, None if finished else _run_state(epoch, averaged, recipe, data))
        yield Progress(epoch, best)


def initial_params(data: Data, recipe: Recipe, rng: np.random.Generator) -> Params:
    """The parameters to start from, in float32.

    With the output bias "prior", b2 = -log(C - 1), so that sigmoid(b2) = 1/C, the share of images that
    show a digit. From 1/2 the first steps push all outputs down at once; with momentum they overshoot,
    and sigmoids that reach 0 do not come back. Small sets need this most.
    """
    C = data.classes
    if recipe.init == "templates":
        if recipe.hidden < 2 * C:
            needed = f"init 'templates' needs two hidden units for each of {C} classes"
            raise DataError(f"{needed}: at least {2 * C}; got {recipe.hidden}")
        fitted = templates.fit(data.images, data.labels, C)
        params = templates.init_from(fitted, recipe.hidden, rng, recipe.bias)
    else:
        params = init_params(math.prod(data.images.shape[1:]), recipe.hidden, C, rng, recipe.bias)
    if recipe.output_bias == "prior" and recipe.bias and C > 2:
        params.b2[:] = -math.log(C - 1)
    return map_params(lambda p: p.astype(np.float32), params)


def _distorter(
    images: NDArray, recipe: Recipe, put: Callable[[NDArray], Any]
) -> Callable[[np.random.Generator], Any] | None:
    """What draws the images of an epoch anew, where the recipe distorts them. DataError where it cannot."""
    how = recipe.distortion
    if how is None:
        return None
    if images.ndim != 3 or images.dtype != np.uint8:
        got = f"{images.dtype} of shape {images.shape}"
        raise DataError(f"expected images to distort as uint8 (N, height, width); got {got}")
    return lambda rng: put(augment(images, rng, how))


def _average(averaged: Params, epoch: Epoch, recipe: Recipe) -> Params:
    """averaged <- s averaged + (1 - s) params; s is the recipe's averaging, and less while epochs are few."""
    stays = min(recipe.averaging, 1 - 1 / epoch.epoch)
    if stays == 0:
        return epoch.params
    return map_params(lambda mean, p: stays * mean + (1 - stays) * p, averaged, epoch.params)


def _as_good(history: list[dict[str, Any]], images: int) -> bool:
    """Whether the last epoch's accuracy is the highest so far, or less by no more than one standard error.

    a >= h - sqrt(h (1 - h) / images). Of many epochs some read a few images more by luck; while the learning
    rate is high these are not the better networks, and the highest alone would keep one of them.
    The rule is by Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees" (1984).
    """
    accuracies = [record["validation_accuracy"] for record in history]
    highest: float = max(accuracies)
    return bool(accuracies[-1] >= highest - math.sqrt(highest * (1 - highest) / images))


def _run_state(epoch: Epoch, averaged: Params, recipe: Recipe, data: Data) -> RunState:
    """What the next epoch needs, as tensors and facts. Without biases nothing is stored for them."""
    tensors: dict[str, NDArray] = {}
    for name, p in epoch.params._asdict().items():
        if p is not None:
            kept = [p, *getattr(epoch.memory, name), *([getattr(averaged, name)] if recipe.averaging else [])]
            tensors |= {key: to_numpy(array) for key, array in zip(_keys(name, recipe), kept, strict=True)}
    held_back = len(data.validation[1]) if data.validation else 0
    return RunState(
        tensors, {"epoch": epoch.epoch, "rng_state": dict(epoch.rng_state), "validation": held_back}
    )


def _keys(name: str, recipe: Recipe) -> list[str]:
    """The names of what is kept of a parameter: itself, the optimizer's memory, its running average."""
    one = np.zeros(1)
    slots = len(OPTIMIZERS[recipe.optimizer](one, one, (), 0.0, 0)[1])
    return [
        name,
        *(f"{name}.{slot}" for slot in range(slots)),
        *([f"{name}.average"] * (recipe.averaging > 0)),
    ]


def _last_epoch(
    model: Model, state: RunState, recipe: Recipe, data: Data, put: Callable[[NDArray], Any]
) -> tuple[Epoch, Params]:
    """The Epoch and the averaged weights that _run_state stored, their arrays put where the engine works.

    ModelFileError where the file contradicts itself, DataError where the data are others.
    """
    if model.data_checksum != data.checksum:
        raise DataError("expected the data that the run began with; their checksum differs")
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
        raise ModelFileError(
            f"the state of the run has no random state that fits ({error}); start anew"
        ) from None
    history = len(model.history) == epoch and (data.validation is None or "validation" in model.accuracy)
    if type(epoch) is not int or not 1 <= epoch < recipe.epochs or not history:
        raise ModelFileError(f"the state of the run says epoch {epoch} of {recipe.epochs}; start anew")
    return Epoch(epoch, Params(**arrays), Params(**memory), rng_state, 0.0, 0.0), Params(**averages)
