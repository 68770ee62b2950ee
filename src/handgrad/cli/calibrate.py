"""handgrad calibrate: a model file and labelled images it did not learn from -> confidence to rely on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from handgrad import calibration, digits, model_file
from handgrad.calibration import MIN_IMAGES, MIN_MISTAKES, WANTED
from handgrad.cli.shared import FILE, emit, existing_model, idx_options, output_options, pair
from handgrad.errors import DataError, HandgradError
from handgrad.files import expect_writable
from handgrad.insight.evaluation import columns, percent
from handgrad.model import Model

BOUNDS = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command()
@click.argument("model", type=FILE, required=False)
@idx_options
@click.option("--accuracy", type=BOUNDS, default=WANTED, show_default=True, help="Wanted where not doubtful.")
@click.option("--out", type=FILE, help="The model file to write. Default: MODEL itself.")
@output_options
def calibrate(
    model: str | None,
    images: str | None,
    labels: str | None,
    accuracy: float,
    out: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Fit MODEL's confidence, and the threshold of doubt, on images that it did not learn from.

    'handgrad train' has done it on the images it held back. This does it again, on these or on an IDX
    pair of your own, for an accuracy of your own.
    """
    if model is None and out is None:
        raise click.UsageError("name the MODEL to calibrate, or --out for a copy of the network in the box")
    path = existing_model(model)
    given = pair(images, labels)
    target = path if out is None else Path(out)
    if out is not None or path.exists():  # without either, load says that there is no model
        expect_writable(target, model_file.KIND)
    trained, run = model_file.load_run(path)
    if run is not None:
        raise HandgradError(f"{path}: the run is not finished; go on with it first (handgrad train --resume)")
    shown = given or _held_back(trained, path)
    if digits.checksum(*shown) == trained.data_checksum:
        raise DataError("expected images that the model did not learn from; it was trained on these")
    truth = columns(trained, *shown)
    scores = trained.scores(shown[0])
    fitted = calibration.fit(scores, truth, accuracy, "given" if given else "validation")
    if fitted is None:
        right = int((scores.argmax(axis=1) == truth).sum())
        least = (
            f"at least {MIN_IMAGES} images, {MIN_MISTAKES} of them read rightly and {MIN_MISTAKES} wrongly"
        )
        raise HandgradError(
            f"expected {least}, to calibrate by; got {len(truth)} and {len(truth) - right} wrong"
        )
    model_file.save(target, replace(trained, calibration=fitted))
    if as_json:
        emit({"model": str(target), "calibration": fitted.to_dict()})
        return
    click.echo(
        f"temperature  {fitted.temperature:.4f}, by {fitted.mistakes:,} mistakes in {fitted.images:,} images"
    )
    click.echo(
        f"doubtful     below confidence {fitted.threshold:.6f}, {percent(1 - fitted.coverage)} of them"
    )
    click.echo(f"model        {target}")


def _held_back(model: Model, path: Path) -> Any:
    """The images of MNIST that the model's run held back: the last of the training images."""
    train, _ = digits.load_mnist()
    fitted = model.calibration
    if fitted is None or fitted.source != "validation" or model.data_checksum != digits.checksum(*train):
        hint = "name an IDX pair that it did not learn from: --images and --labels"
        raise HandgradError(f"{path}: which images its run held back is not known; {hint}")
    return train[0][-fitted.images :], train[1][-fitted.images :]
