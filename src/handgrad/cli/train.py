"""handgrad train: images and labels -> a trained network in a model file."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from handgrad import digits, model_file, runs, templates
from handgrad.cli.shared import default_model, emit, idx_options, output_options, pair, percent
from handgrad.engines import ENGINES, engine
from handgrad.errors import DataError, HandgradError, ModelFileError
from handgrad.files import reason
from handgrad.model import Model
from handgrad.model_file import RunState
from handgrad.recipes import CHOICES, RECIPES, Recipe
from handgrad.runs import Data, Progress

# option -> the choice of the recipe that it changes
CHANGES: dict[str, Any] = {
    "hidden": int,
    "activation": click.Choice(CHOICES["activation"]),
    "bias": None,
    "init": click.Choice(CHOICES["init"]),
    "output_bias": click.Choice(CHOICES["output_bias"]),
    "loss": click.Choice(CHOICES["loss"]),
    "optimizer": click.Choice(CHOICES["optimizer"]),
    "learning_rate": float,
    "schedule": click.Choice(CHOICES["schedule"]),
    "warmup": float,
    "batch_size": int,
    "epochs": int,
}


def _recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name in reversed(CHANGES):
        flag = "--" + name.replace("_", "-")
        if name == "bias":
            command = click.option(f"{flag}/--no-bias", default=None, help="Layers with or without.")(command)
        else:
            command = click.option(flag, name, type=CHANGES[name], help="In place of the recipe's.")(command)
    return command


@click.command()
@click.option("--recipe", "name", type=click.Choice(list(RECIPES)), help="Default: quick.")
@_recipe_options
@idx_options
@click.option("--test-images", type=click.Path(), help="IDX file of test images, beside --images.")
@click.option("--test-labels", type=click.Path(), help="IDX file of their labels.")
@click.option("--validation", type=click.IntRange(min=0), help="Images held back, the last. Default: 5000.")
@click.option("--seed", type=click.IntRange(min=0), help="Of all that is random. Default: 0.")
@click.option("--engine", "engine_name", type=click.Choice(ENGINES), default="auto", help="What computes.")
@click.option("--device", default="cpu", help="For the torch engine: cpu, cuda, cuda:1, mps.")
@click.option("--resume", type=click.Path(), help="Go on with the unfinished run in this file.")
@click.option("--out", type=click.Path(), help="The model file. Default: in the user's data folder.")
@click.option("--report", type=click.Path(), help="Also write pictures and index.html into this folder.")
@output_options
def train(
    name: str | None,
    images: str | None,
    labels: str | None,
    test_images: str | None,
    test_labels: str | None,
    validation: int | None,
    seed: int | None,
    engine_name: str,
    device: str,
    resume: str | None,
    out: str | None,
    report: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
    **changes: Any,
) -> None:
    """Train a network and write it to a model file.

    On the embedded MNIST, or on any IDX pair. The file is written after every epoch: an interrupted
    run goes on with --resume, to the same bytes.
    """
    changes = {key: value for key, value in changes.items() if value is not None}
    if resume is not None and (changes or name or seed is not None or validation is not None):
        given = ", ".join("--" + key.replace("_", "-") for key in changes) or "--recipe, --seed, --validation"
        raise click.UsageError(f"--resume takes the recipe, seed and split from {resume}; leave out {given}")
    if report is not None:
        from handgrad.report import expect_plots

        expect_plots()
    path = _writable(Path(out or resume or default_model()), make_folder=out is None and resume is None)
    where = engine(engine_name, device)
    kept, validation = (model_file.load_run(resume), 0) if resume else (None, _default(validation, 5000))
    seed = _default(seed, 0)
    if kept is None:
        name = name or "quick"
        recipe = _changed(RECIPES[name], changes)
    else:
        model, state = kept
        if model.recipe is None or model.seed is None:
            raise ModelFileError(
                f"{resume}: expected a training run; the file does not say how it was trained"
            )
        name, recipe, seed = model.recipe_name, model.recipe, model.seed
        validation = 0 if state is None else _count(state, resume)
    data = _data(pair(images, labels), pair(test_images, test_labels), validation)
    if kept is not None and kept[1] is None:  # finished: say so, change nothing
        _say(quiet, f"{resume} holds a finished run of {recipe.epochs} epochs; nothing is left to do")
        _conclude(kept[0], data, Path(str(resume)), [], as_json, report)
        return
    _say(quiet, f"{name}: {_describe(recipe)}, seed {seed}, {len(data.images):,} images, engine {where.name}")
    seconds: dict[int, float] = {}
    progress = None
    began = time.perf_counter()
    try:
        resumed = (kept[0], kept[1]) if kept and kept[1] else None
        for progress in runs.run(data, recipe, seed, path, name, resumed, where):
            seconds[progress.epoch.epoch] = progress.epoch.seconds
            _say(quiet, _line(progress, recipe, len(data.images), began, len(seconds)))
    except KeyboardInterrupt:
        if progress is None:
            raise KeyboardInterrupt("interrupted before the first epoch was finished") from None
        done = progress.epoch.epoch
        raise KeyboardInterrupt(
            f"interrupted after epoch {done}; go on with: handgrad train --resume {path}"
        ) from None
    assert progress is not None  # a recipe has at least one epoch
    _conclude(progress.model, data, path, list(seconds.items()), as_json, report)


def _default(value: int | None, default: int) -> int:
    return default if value is None else value


def _changed(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    try:
        return replace(recipe, **changes)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _count(state: RunState, resume: str | None) -> int:
    count = state.facts.get("validation")
    if type(count) is not int:
        raise ModelFileError(f"{resume}: the run does not say how many images were held back; start anew")
    return count


def _data(given: tuple[Any, Any] | None, test: tuple[Any, Any] | None, validation: int) -> Data:
    if given is None:
        if test is not None:
            raise click.UsageError("--test-images goes with --images; MNIST has its own test images")
        given, test = digits.load_mnist()
    elif test is not None and test[0].shape[1:] != given[0].shape[1:]:
        shapes = f"{given[0].shape[1:]} and {test[0].shape[1:]}"
        raise DataError(f"expected images and test images of one size; got {shapes}")
    data = runs.split(given[0], given[1], validation, test)
    if test is not None and test[1].max() >= data.classes:
        raise DataError(
            f"the test labels go up to {test[1].max()}, those to learn from to {data.classes - 1}"
        )
    return data


def _writable(path: Path, make_folder: bool) -> Path:
    """The path, once it is sure that a file can be written there; asked before any work is done."""
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise HandgradError(f"{path}: expected a file to write the model to; this is a folder")
        if not path.parent.is_dir():
            raise HandgradError(f"{path}: the folder {path.parent} does not exist; make it first")
        probe = path.parent / f".{path.name}.{os.getpid()}.probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
        raise HandgradError(f"{path}: cannot be written: {reason(error)}") from None
    return path


def _say(quiet: bool, line: str) -> None:
    if not quiet:
        click.echo(line, err=True)


def _describe(recipe: Recipe) -> str:
    bias = "" if recipe.bias else ", no bias"
    start = "" if recipe.init == "random" else f", from {recipe.init}"
    return (
        f"{recipe.hidden} hidden units ({recipe.activation}{bias}{start}), {recipe.loss} loss, "
        f"{recipe.optimizer} at {recipe.learning_rate:g} ({recipe.schedule}), batches of {recipe.batch_size}"
    )


def _line(progress: Progress, recipe: Recipe, images: int, began: float, done_here: int) -> str:
    epoch, record = progress.epoch, progress.model.history[-1]
    left = (time.perf_counter() - began) / done_here * (recipe.epochs - epoch.epoch)
    head = ""
    if done_here == 1:
        head = " epoch     loss   training  validation  seconds   images/s   left\n"
    on_training, on_validation = (percent(record[f"{on}_accuracy"]) for on in ("train", "validation"))
    return head + (
        f"{epoch.epoch:>6}  {epoch.loss:7.5f}  {on_training:>9}  {on_validation:>10}"
        f"  {epoch.seconds:7.2f}  {images / epoch.seconds:>9,.0f}  {left:4.0f} s"
    )


def _conclude(
    model: Model, data: Data, path: Path, seconds: list[tuple[int, float]], as_json: bool, report: str | None
) -> None:
    """The result, on stdout: what the network reads on the test images, and what the templates read."""
    total, baseline = sum(s for _, s in seconds), None
    if data.test is not None:
        fitted = templates.fit(*data.given, data.classes)
        baseline = float((templates.predict(fitted, data.test[0]) == data.test[1]).mean())
    if report is not None:
        from handgrad.report import write_report

        write_report(report, model, data.given, data.test or data.validation or data.given)
    test_accuracy = model.accuracy.get("test")
    if as_json:
        took = dict(seconds)
        epochs = [{**record, "seconds": took.get(record["epoch"])} for record in model.history]
        emit(
            {
                "model": str(path),
                "recipe": model.recipe_name,
                "seed": model.seed,
                "epochs": epochs,
                "test_accuracy": test_accuracy,
                "baseline_accuracy": baseline,
                "seconds": total,
            }
        )
        return
    if data.test is not None:
        click.echo(f"mean-image templates  {percent(baseline):>8} of {len(data.test[0]):,} test images")
        click.echo(f"network               {percent(test_accuracy):>8}, trained in {total:.2f} s")
    else:
        click.echo(f"network  {percent(model.accuracy.get('validation'))} of the images held back")
    click.echo(f"model                 {path}")
    if report is not None:
        click.echo(f"report                {Path(report) / 'index.html'}")
