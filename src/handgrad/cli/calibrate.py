"""handgrad calibrate: a model file and labelled images that it did not learn from -> a calibrated model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from handgrad import calibration, digits, model_file, runs
from handgrad.calibration import MIN_IMAGES, MIN_MISTAKES, WANTED
from handgrad.cli import examples
from handgrad.cli.own import Own, expect_one_way, own_options
from handgrad.cli.shared import (
    FILE,
    data_option,
    emit,
    existing_model,
    expect_one_source,
    idx_options,
    loaded,
    network_named,
    output_options,
    pair,
    say,
)
from handgrad.errors import DataError, HandgradError
from handgrad.files import expect_writable
from handgrad.insight.evaluation import columns, percent
from handgrad.model import Model

BOUNDS = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command(
    epilog=examples(
        "handgrad calibrate model.safetensors --accuracy 0.9995",
        "handgrad calibrate --data mine.csv --out mine.safetensors",
    )
)
@click.argument("model", metavar="[MODEL]", type=FILE, required=False)
@data_option
@idx_options
@own_options
@click.option(
    "--accuracy",
    metavar="SHARE",
    type=BOUNDS,
    default=WANTED,
    show_default=True,
    help="Wanted accuracy, as a share between 0 and 1, of the answers that are not marked as doubtful.",
)
@click.option("--out", metavar="FILE", type=FILE, help="Model file to write. Default: MODEL itself.")
@output_options
def calibrate(
    model: str | None,
    data: str | None,
    images: str | None,
    labels: str | None,
    prepare: bool,
    invert: bool | None,
    accuracy: float,
    out: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Fit the confidence of a network to labelled images.

    MODEL is a model file; without it, --out writes a calibrated copy of the network in the box. The images
    must be images that the network did not learn from: your own (--data: the test part; without one, the
    images that its run held back, or all), a pair of IDX files, or by default the images that the training
    run held back.

    'handgrad train' calibrates every model. Calibrate again for images of your own, or to choose the
    accuracy that answers must have unless they are marked as doubtful.
    """
    if model is None and out is None:
        raise click.UsageError("expected MODEL, or --out for a copy of the network in the box; got neither")
    expect_one_source(data, images, labels)
    expect_one_way(prepare, invert)
    path = existing_model(model)
    given = pair(images, labels)
    target = path if out is None else Path(out)
    if out is not None or path.exists():  # without either, load says that there is no model
        expect_writable(target, model_file.KIND)
    trained, run = model_file.load_run(path)
    if run is not None:
        raise HandgradError(f"{path}: the run is not finished; continue it first (handgrad train --resume)")
    own = Own(prepare or trained.prepared, invert, quiet)
    if data is not None and data != "mnist":
        given = _of_data(trained, data, own)
    elif given is not None:
        given = own.brought(given)[0]
    shown = given or _held_back(trained, path)
    if digits.checksum(*shown) == trained.data_checksum:
        raise DataError("expected images that the model did not learn from; it was trained on these images")
    truth = columns(trained, *shown)
    outputs = trained.scores(shown[0])
    fitted = calibration.fit(outputs, truth, accuracy, "given" if given else "validation")
    if fitted is None:
        right = int((outputs.argmax(axis=1) == truth).sum())
        least = f"at least {MIN_IMAGES} images with {MIN_MISTAKES} right and {MIN_MISTAKES} wrong answers"
        raise HandgradError(
            f"expected {least} to calibrate; got {len(truth)} images with {len(truth) - right} wrong answers"
        )
    model_file.save(target, replace(trained, calibration=fitted))
    if as_json:
        network = network_named(model, trained)
        emit({"model": str(target), "network": network, "calibration": fitted.to_dict()})
        return
    click.echo(f"network      {network_named(model, trained)}")
    click.echo(
        f"temperature  {fitted.temperature:.4f}, by {fitted.mistakes:,} mistakes in {fitted.images:,} images"
    )
    click.echo(
        f"doubtful     below confidence {fitted.threshold:.6f}, {percent(1 - fitted.coverage)} of the images"
    )
    click.echo(f"model        {target}")


def _of_data(model: Model, data: str, own: Own) -> Any:
    """The images of --data that the model did not learn from: the test part, or those that its run held back,
    or all of them."""
    train, *tests = own.brought(*(part for part in loaded(data, own.quiet, own.prepare) if part is not None))
    test = tests[0] if tests else None
    if test is None and model.held_back and digits.checksum(*train) == model.data_checksum:
        split = runs.split(*train, model.held_back)
        say(
            own.quiet,
            f"the network learnt from these images: the {model.held_back:,} that were held back are taken",
        )
        return split.named(split.validation) if split.validation else train
    return test or train


def _held_back(model: Model, path: Path) -> Any:
    """The last of MNIST's training images, which the model's run held back."""
    train, _ = digits.load_mnist()
    if not model.held_back or model.data_checksum != digits.checksum(*train):
        hint = "name images that it did not learn from: --data"
        raise HandgradError(f"{path}: it is not known which images the run held back; {hint}")
    return train[0][-model.held_back :], train[1][-model.held_back :]
