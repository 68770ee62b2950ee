"""handgrad train: images and labels -> a trained network in a model file."""

import shlex
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from handgrad import digits, model_file, runs
from handgrad.cli.shared import (
    FILE,
    Interrupted,
    data_option,
    default_model,
    emit,
    expect_one_source,
    idx_options,
    output_options,
    pair,
    say,
)
from handgrad.engines import ENGINES, engine
from handgrad.errors import DataError, ModelFileError
from handgrad.files import expect_folder, expect_writable
from handgrad.insight.evaluation import baseline_accuracy, percent
from handgrad.insight.evaluation import evaluate as measure
from handgrad.model import Model
from handgrad.model_file import RunState
from handgrad.recipes import CHOICES, RECIPES, Distortion, Recipe
from handgrad.runs import Data, Progress

Names = tuple[str | None, str | None]  # the files of images and of labels
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
    "averaging": float,
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
@click.option(
    "--distort/--no-distort", default=None, help="Learn from images distorted anew in each epoch, or not."
)
@data_option
@idx_options
@click.option("--test-images", type=FILE, help="IDX file of test images, beside --images.")
@click.option("--test-labels", type=FILE, help="IDX file of their labels.")
@click.option("--validation", type=click.IntRange(min=0), help="Images held back (the last).")
@click.option("--seed", type=click.IntRange(min=0), help="Of all that is random. Default: 0.")
@click.option("--engine", "engine_name", type=click.Choice(ENGINES), default="auto", help="What computes.")
@click.option("--device", default="cpu", help="For the torch engine: cpu, cuda, cuda:1, mps.")
@click.option("--threads", type=click.IntRange(1, 64), help="Of the ink engine. Default: all cores.")
@click.option("--resume", type=FILE, help="Go on with the unfinished run in this file.")
@click.option("--out", type=FILE, help="The model file. Default: the user's data folder.")
@click.option("--report", type=FILE, help="Also write pictures and index.html into this folder.")
@output_options
def train(
    name: str | None,
    data: str | None,
    images: str | None,
    labels: str | None,
    test_images: str | None,
    test_labels: str | None,
    validation: int | None,
    seed: int | None,
    engine_name: str,
    device: str,
    threads: int | None,
    resume: str | None,
    out: str | None,
    report: str | None,
    distort: bool | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
    **changes: Any,
) -> None:
    """Train a network and write it to a model file.

    On the embedded MNIST, on another set by name (handgrad data fetch), or on any IDX pair. The file is
    written after every epoch: an interrupted run goes on with --resume, with the same engine and threads
    to the same bytes.
    """
    changes = {key: value for key, value in changes.items() if value is not None}
    if resume is not None and out is not None and Path(out) != Path(resume):
        raise click.UsageError(f"--resume goes on in {resume} itself; leave out --out (or copy the file)")
    chosen = {**changes, "distort": distort, "recipe": name, "seed": seed, "validation": validation}
    if resume is not None and any(value is not None for value in chosen.values()):
        flags = ("--" + key.replace("_", "-") for key, value in chosen.items() if value is not None)
        given = ", ".join(flags)
        raise click.UsageError(f"--resume takes the recipe, seed and split from {resume}; leave out {given}")
    expect_one_source(data, images, labels, test_images, test_labels)
    if report is not None:
        from handgrad.insight.report import expect_report

        expect_report(report)
    path = Path(out or resume or default_model())
    if out is None and resume is None:
        expect_folder(path.parent)
    expect_writable(path, model_file.KIND)
    kept = model_file.load_run(resume) if resume else None
    seed = _default(seed, 0)
    if kept is None:
        name = name or "quick"
        recipe = RECIPES[name]
        if distort is not None:
            changes["distortion"] = (recipe.distortion or Distortion()) if distort else None
        recipe = _changed(recipe, changes)
    else:
        model, state = kept
        if model.recipe is None or model.seed is None:
            raise ModelFileError(
                f"{resume}: expected a training run; the file does not say how it was trained"
            )
        name, recipe, seed = model.recipe_name, model.recipe, model.seed
        validation = 0 if state is None else _count(state, resume)
    with ThreadPoolExecutor(1) as pool:  # images are decompressed while the engine gets ready
        reading = pool.submit(_data, data, (images, labels), (test_images, test_labels), validation)
        where = engine(engine_name, device, threads, lambda line: say(quiet, line), recipe.hidden)
        split = reading.result()
    if kept is not None and kept[1] is None:  # finished: say so, change nothing
        if kept[0].data_checksum != split.checksum:
            raise DataError("expected the data that the run began with; their checksum differs")
        say(quiet, f"{resume} holds a finished run of {recipe.epochs} epochs; nothing is left to do")
        _conclude(kept[0], split, Path(str(resume)), {}, as_json, report)
        return
    say(quiet, f"{name}: {_describe(recipe)}, seed {seed}, {len(split.images):,} images, engine {where.name}")
    resumed = (kept[0], kept[1]) if kept and kept[1] else None
    done = len(resumed[0].history) if resumed else 0
    seconds: dict[int, float] = {}
    began = time.perf_counter()
    try:
        with where.limits():
            for progress in runs.run(split, recipe, seed, path, name, resumed, where):
                done = progress.epoch.epoch
                seconds[done] = progress.epoch.seconds
                say(quiet, _line(progress, recipe, len(split.images), began, len(seconds)))
    except KeyboardInterrupt:
        if done == 0:
            raise Interrupted("interrupted before the first epoch was done; nothing was written") from None
        own = {
            "--data": data,
            "--images": images,
            "--labels": labels,
            "--test-images": test_images,
            "--test-labels": test_labels,
            "--engine": None if engine_name == "auto" else engine_name,  # others round otherwise
            "--device": None if device == "cpu" else device,
            "--threads": None if threads is None else str(threads),
        }
        words = [word for flag, value in own.items() if value for word in (flag, value)]
        going_on = shlex.join(["handgrad", "train", "--resume", str(path), *words])
        raise Interrupted(f"interrupted after epoch {done}; go on with: {going_on}") from None
    _conclude(progress.model, split, path, seconds, as_json, report)


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


def _data(name: str | None, named: Names, named_test: Names, validation: int | None) -> Data:
    given, test = pair(*named), pair(*named_test)
    if name is not None and name != "mnist":
        given, test = digits.load_set(name)
    elif given is None:
        if test is not None:
            raise click.UsageError("--test-images goes with --images; MNIST has its own test images")
        given, test = digits.load_mnist()
    elif test is not None and test[0].shape[1:] != given[0].shape[1:]:
        shapes = f"{given[0].shape[1:]} and {test[0].shape[1:]}"
        raise DataError(f"expected images and test images of one size; got {shapes}")
    held_back = min(5000, len(given[0]) // 10) if validation is None else validation
    data = runs.split(given[0], given[1], held_back, test)
    if test is not None and test[1].max() >= data.classes:
        raise DataError(
            f"the test labels go up to {test[1].max()}, those to learn from to {data.classes - 1}"
        )
    return data


def _describe(recipe: Recipe) -> str:
    bias = "" if recipe.bias else ", no bias"
    start = "" if recipe.init == "random" else f", from {recipe.init}"
    distorted = "" if recipe.distortion is None else ", distorted images"
    averaged = f", averaged ({recipe.averaging:g})" if recipe.averaging else ""
    return (
        f"{recipe.hidden} hidden units ({recipe.activation}{bias}{start}), {recipe.loss} loss, "
        f"{recipe.optimizer} at {recipe.learning_rate:g} ({recipe.schedule}), batches of {recipe.batch_size}"
        f"{distorted}{averaged}"
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
    model: Model, data: Data, path: Path, seconds: dict[int, float], as_json: bool, report: str | None
) -> None:
    """The result, on stdout: what the network reads on the test images, and what the templates read."""
    total = sum(seconds.values())
    baseline = baseline_accuracy(data.given, data.test) if data.test is not None else None
    if report is not None:
        from handgrad.insight.report import write_report

        shown = data.test or data.validation or data.given
        write_report(report, model, measure(model, *shown, data.given), shown[0], data.given)
    test_accuracy = model.accuracy.get("test")
    if as_json:
        epochs = [{**record, "seconds": seconds.get(record["epoch"])} for record in model.history]
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
        reached = model.accuracy.get("validation")
        held_back = "no images were held back or given to test it on"
        click.echo(
            f"network               {f'{percent(reached)} of the images held back' if reached else held_back}"
        )
    click.echo(f"model                 {path}")
    if report is not None:
        click.echo(f"report                {Path(report) / 'index.html'}")
