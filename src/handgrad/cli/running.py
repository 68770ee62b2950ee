"""A run of handgrad train on the terminal: what is trained, a line an epoch, and the result."""

import time
from pathlib import Path

import click

from handgrad.cli.shared import Interrupted, emit, say
from handgrad.cli.source import Source
from handgrad.errors import HandgradError, RankLostError
from handgrad.insight.evaluation import baseline_accuracy, percent
from handgrad.insight.evaluation import evaluate as measure
from handgrad.recipes import Recipe
from handgrad.runs import Progress, Run
from handgrad.runs.log import Log


def trained(run: Run, quiet: bool, command: str, log: Log | None) -> None:
    """Train, a line an epoch on stderr and in the log; command is what goes on after an interruption."""
    if run.finished:
        say(quiet, f"{run.out} holds a finished run of {run.done} epochs; nothing is left to do")
        return
    recipe, images = run.recipe, len(run.data.images)
    begins = f"{run.name or 'a recipe without a name'}: {_described(recipe)}, seed {run.seed}"
    after = f", after epoch {run.done} of {recipe.epochs}" if run.done else ""
    data = run.data
    shown = f"{images:,} images"
    if data.beside is not None:
        kept = len(data.given[1]) - data.held_back
        others = len(data.beside[1])
        shown = f"{kept:,} images, each {(images - others) // kept} times, beside {others:,} of MNIST's"
    say(quiet, f"{begins}, {shown}, engine {run.engine.name}{after}")
    began = time.perf_counter()
    try:
        for progress in run:
            if log is not None:
                log(progress)
            say(quiet, _line(progress, recipe, images, began, len(run.seconds)))
    except RankLostError as error:
        raise HandgradError(f"{error}; go on with: {command}" if run.done else str(error)) from error
    except KeyboardInterrupt:
        if run.done == 0:
            raise Interrupted("interrupted before the first epoch was done; nothing was written") from None
        raise Interrupted(f"interrupted after epoch {run.done}; go on with: {command}") from None


def _described(recipe: Recipe) -> str:
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
    epoch, record = progress.epoch, progress.record
    left = (time.perf_counter() - began) / done_here * (recipe.epochs - epoch.epoch)
    head = ""
    if done_here == 1:
        head = " epoch     loss   training  validation  seconds   images/s   left\n"
    on_training, on_validation = (percent(record[f"{on}_accuracy"]) for on in ("train", "validation"))
    return head + (
        f"{epoch.epoch:>6}  {epoch.loss:7.5f}  {on_training:>9}  {on_validation:>10}"
        f"  {epoch.seconds:7.2f}  {images / epoch.seconds:>9,.0f}  {left:4.0f} s"
    )


def conclude(
    run: Run, path: Path, source: Source, as_json: bool, report: str | None, found: list[str]
) -> None:
    """The result, on stdout: what the network reads on the test images, and what the templates read."""
    data, model = run.data, run.model
    assert model is not None  # there is no run of no epochs
    baseline = baseline_accuracy(data.given, data.test) if data.test is not None else None
    if report is not None:
        from handgrad.insight.report import write_report

        shown = data.test or data.validation or data.given
        measured = measure(model, *data.named(shown), data.named(data.given))
        write_report(report, model, measured, shown[0], data.named(data.given))
    seconds, test_accuracy = sum(run.seconds.values()), model.accuracy.get("test")
    result = {
        "model": str(path),
        "recipe": model.recipe_name,
        "seed": model.seed,
        "epochs": run.history,
        "test_accuracy": test_accuracy,
        "baseline_accuracy": baseline,
        "seconds": seconds,
        "notes": found,
    }
    if as_json:
        emit(result)
        return
    reached = model.accuracy.get("validation")
    if data.test is not None:
        click.echo(f"mean-image templates  {percent(baseline):>8} of {len(data.test[0]):,} test images")
        network = f"{percent(test_accuracy):>8}" + (f", trained in {seconds:.2f} s" if seconds else "")
    elif reached:
        network = f"{percent(reached)} of the images held back"
    else:
        network = "no images were held back or given to test it on"
    click.echo(f"network               {network}")
    click.echo(f"model                 {path}")
    if data.test is not None:
        click.echo(f"evaluate it with      {source.evaluation(path)}")
    if report is not None:
        click.echo(f"report                {Path(report) / 'index.html'}")
