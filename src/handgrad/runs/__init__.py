"""Training runs from data to model file: split, train, keep the best, save after every epoch, resume.

images, labels -> split -> Data -> start: initial parameters -> Run: train -> best so far -> model file
                                                                ^---------- resume ---------------'
"""

import operator
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from handgrad import engines, model_file
from handgrad.digits import checksum
from handgrad.engines import Engine
from handgrad.errors import DataError, HandgradError, ModelFileError
from handgrad.files import expect_writable
from handgrad.model import Model
from handgrad.model_file import RunState
from handgrad.recipes import RECIPES, Recipe
from handgrad.runs.beginning import FROM_MODEL, NAME, Beginning, beside_mnist, held_back_of_few
from handgrad.runs.data import Data, split
from handgrad.runs.distortions import augment
from handgrad.runs.looking import look
from handgrad.runs.loop import Progress, Run, initial_params
from handgrad.runs.shades import in_shades
from handgrad.runs.state import begin_after, unpack

__all__ = [
    "Beginning",
    "Data",
    "Progress",
    "Run",
    "augment",
    "checksum",
    "fit",
    "in_shades",
    "initial_params",
    "look",
    "resume",
    "run",
    "split",
    "start",
]

Path = str | os.PathLike[str]


def start(
    data: Data,
    recipe: Recipe | None = None,
    seed: int = 0,
    out: Path | None = None,
    name: str | None = None,
    engine: Engine | str = "auto",
    begin: Model | None = None,
) -> Run:
    """A run from the beginning. Nothing is computed or written until the Run is iterated.

    out: the model file, written after each epoch. name: the recipe's, for the file to record.
    begin: a trained model whose weights the run begins with; it is fine-tuned to the data. Without a recipe
    one is made of the model's own (beginning.py). Where the labels are not among its classes, the last layer
    begins at random. A model that learnt from MNIST goes on learning from some of MNIST's digits as well.
    ModelFileError, before any work is done, where no model file can be written to out. DataError for images
    of another size than those of the model to begin with.
    """
    beginning = None if begin is None else Beginning(begin)
    if beginning is not None:
        data, own = beginning.prepared(data), beginning.recipe()
        name = NAME if recipe is None and name is None else name
        recipe = own if recipe is None else recipe
        differs = [key for key in FROM_MODEL[:4] if getattr(recipe, key) != getattr(own, key)]
        if differs:
            raise ValueError(f"expected {', '.join(differs)} as the model has, to begin with it; got others")
    if recipe is None:
        raise ValueError("expected a recipe, or a model to begin with")
    if out is not None:
        if not isinstance(engine, Engine) or engine.writes:
            expect_writable(out, model_file.KIND)
        model_file.expect_no_own(recipe.activation)
    seed = operator.index(seed)
    if seed < 0:
        raise ValueError(f"expected seed to be 0 or more; got {seed}")
    return Run(data, recipe, seed, _engine(engine, data, recipe.hidden), out, name, begin=beginning)


def run(
    data: Data,
    recipe: Recipe,
    seed: int = 0,
    out: Path | None = None,
    name: str | None = None,
    engine: Engine | str = "auto",
) -> Iterator[Progress]:
    """Train by a recipe from the beginning, and yield the Progress after each epoch: iter(start(...))."""
    return iter(start(data, recipe, seed, out, name, engine))


def resume(
    path: Path,
    data: Data,
    engine: Engine | str = "auto",
    epochs: int | None = None,
    own: Recipe | None = None,
) -> Run:
    """The Run in a model file, to go on with. The file gives the recipe, the seed and the split of the data.

    An interrupted run ends in the bytes of an uninterrupted one, if the engine is the same.

    A finished run of E epochs has nothing left to do, unless epochs (the number in all) is larger than E.
    Then it is continued. Training starts from the stored weights, which are those of the best epoch. The
    optimizer starts with empty memory, and counts its steps from there. The learning rate is that of a run
    of so many epochs in all, from epoch E on. The orders of the images are drawn by the seed and E. The same
    engine gives the same bytes each time.

    own: the recipe that the run began with, where it holds functions of your own: a file only names them.

    DataError where the data are not those that the run began with. ModelFileError where the file holds no run
    that can go on, or one with another recipe than own.
    HandgradError for another number of epochs of an unfinished run. ValueError for a number
    that cannot be.
    """
    model, state = model_file.load_run(path)
    recipe, seed = model.recipe, model.seed
    if recipe is None or seed is None:
        raise ModelFileError(f"{path}: expected a training run; the file does not say how it was trained")
    if own is not None:
        if own.to_dict() != recipe.to_dict():
            raise ModelFileError(f"{path}: expected own as the recipe that the run began with; they differ")
        recipe = own
    if model.data_checksum != data.checksum:
        raise DataError("expected the data that the run began with; their checksum differs")
    if model.began is not None:
        data = beside_mnist(data.among(model.classes), model.began)
    if model.classes != data.names:
        raise ModelFileError(f"{path}: its classes are not those of the data; start anew")
    wanted = recipe if epochs is None else replace(recipe, epochs=epochs)
    if state is None and len(model.history) != recipe.epochs:
        counts = f"the history has {len(model.history)} epochs, but the recipe has {recipe.epochs}"
        raise ModelFileError(f"{path}: {counts}; start anew")
    more = state is None and wanted.epochs > recipe.epochs
    if state is not None and wanted != recipe:
        expected = f"{path}: expected to go on to {recipe.epochs} epochs, as the unfinished run began"
        raise HandgradError(f"{expected}; got {epochs}: finish the run first, then continue it")
    held_back = _held_back(path, model, state, needed=state is not None or more)
    data = data.holding_back(held_back)
    engine = _engine(engine, data, recipe.hidden)
    last = averaged = None
    if state is not None:
        last, averaged = unpack(model, state, recipe, engine.put)
    elif more:
        last, averaged = begin_after(model, seed, engine.put)
        model = replace(
            model,
            recipe=(recipe := wanted),
            accuracy={name: share for name, share in model.accuracy.items() if name == "validation"},
            calibration=None,
            storage="float32",
            continued=(*model.continued, len(model.history)),
        )
    return Run(data, recipe, seed, engine, path, model.recipe_name, model, last, averaged)


def fit(
    images: Any,
    labels: Any,
    recipe: Recipe | str | None = None,
    engine: Engine | str = "auto",
    seed: int = 0,
    validation: int | None = None,
    test: tuple[Any, Any] | None = None,
    out: Path | None = None,
    on_epoch: Callable[[Progress], object] | None = None,
    begin: Model | None = None,
    **changes: Any,
) -> Model:
    """Train a network in one call, and return it.

    images, labels, validation, test: as runs.split takes them.
    recipe: a name ("lesson", "quick", "best") or a Recipe; by default "quick". changes: choices in place of
    the recipe's, such as hidden=128, epochs=3.
    begin: a trained model to begin with, such as pretrained.load(), as start takes it. recipe is then by
    default the one that start makes; of fewer than 500 images none is held back by default.
    engine: a name ("auto", "ink", "numpy", "torch"), or what engines.engine returns.
    out: a model file, written after each epoch.

    on_epoch is called with the Progress after each epoch; what it returns is ignored. If it raises
    StopIteration, training stops and the best model so far is returned, without calibration and test
    accuracy; runs.resume can go on with the file. All else that it raises reaches the caller.

    DataError, DivergedError, ModelFileError as they occur. ValueError for a choice that cannot be. TypeError
    for a choice that no recipe has.
    """
    if recipe is None:
        name, chosen = ("quick", RECIPES["quick"]) if begin is None else (NAME, Beginning(begin).recipe())
    elif isinstance(recipe, str):
        if recipe not in RECIPES:
            raise ValueError(
                f"expected recipe to be one of {', '.join(RECIPES)}, or a Recipe; got {recipe!r:.80}"
            )
        name, chosen = recipe, RECIPES[recipe]
    else:
        name, chosen = None, recipe
    if begin is not None and validation is None:
        validation = held_back_of_few(len(labels))
    data = split(images, labels, validation, test)
    begun = start(data, replace(chosen, **changes), seed, out, name, engine, begin)
    try:
        for progress in begun:
            if on_epoch is not None:
                on_epoch(progress)
    except StopIteration:
        pass
    return progress.model


def _engine(engine: Engine | str, data: Data, hidden: int) -> Engine:
    """The engine of that name; "auto" is the numpy engine for images that are not uint8."""
    if isinstance(engine, Engine):
        return engine
    pixels = data.images.dtype == np.uint8
    return engines.engine(engine if pixels or engine != "auto" else "numpy", hidden=hidden)


def _held_back(path: Path, model: Model, state: RunState | None, needed: bool) -> int:
    """The number of images that the run held back.  ModelFileError where it is needed and missing."""
    count = model.held_back if state is None else state.facts.get("validation")
    chosen = "validation" in model.accuracy
    if count is None and state is None and not (chosen and needed):
        return 0
    if type(count) is not int:
        expected = f"{path}: the run does not say how many images were held back"
        raise ModelFileError(f"{expected}; start anew")
    if needed and any((record["validation_accuracy"] is not None) != (count > 0) for record in model.history):
        raise ModelFileError(f"{path}: the history does not match {count} images held back; start anew")
    return count
