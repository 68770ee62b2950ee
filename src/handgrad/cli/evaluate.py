"""handgrad evaluate: a model file and labelled images -> accuracy, confusion, worst mistakes, confidence."""

import click

from handgrad import digits, model_file
from handgrad.arrays import NDArray
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
    your_own,
)
from handgrad.insight.evaluation import Evaluation, percent
from handgrad.insight.evaluation import evaluate as measure

SHOWN = 10  # mistakes listed as text; --json lists twice as many
MANY = 20  # with more classes, the counts do not fit on a terminal
MEASURES = {  # the line in the text -> the key of reliability.measures
    "mean": "mean_confidence",
    "expected calibration error": "expected_calibration_error",
    "  in bins of equal width": "expected_calibration_error_equal_width",
    "maximum calibration error": "maximum_calibration_error",
    "Brier score": "brier_score",
    "area of mistakes over coverage": "risk_coverage_area",
}


@click.command(
    epilog=examples(
        "handgrad evaluate",
        "handgrad evaluate model.safetensors",
        "handgrad evaluate model.safetensors --data test.csv --report report",
    )
)
@click.argument("model", metavar="[MODEL]", type=FILE, required=False)
@data_option
@idx_options
@own_options
@click.option(
    "--report", metavar="FOLDER", type=FILE, help="Also write index.html and its pictures into this folder."
)
@output_options
def evaluate(
    model: str | None,
    data: str | None,
    images: str | None,
    labels: str | None,
    prepare: bool,
    invert: bool | None,
    report: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Measure how well a network reads labelled images.

    MODEL is a model file, as 'handgrad train' writes it. Default: the network in the box. The images are
    MNIST's test images, those of another data set or your own (--data: the test part; without it,
    all images), or a pair of IDX files. Printed are accuracy, confusion matrix, the most confident mistakes,
    and how far the confidence can be trusted.
    """
    if report is not None:
        from handgrad.insight.report import expect_report, write_report

        expect_report(report)
    expect_one_source(data, images, labels)
    expect_one_way(prepare, invert)
    given = pair(images, labels)
    trained = model_file.load(existing_model(model))
    train, test = digits.load_mnist()
    own = Own(prepare or trained.prepared, invert, quiet)
    known: list[tuple[NDArray, NDArray]] = [train]  # what the network may have learnt from
    if data is not None and data != "mnist":
        parts = loaded(data, quiet, own.prepare)
        known_train, *tests = own.brought(*(part for part in parts if part is not None))
        given = tests[0] if tests else known_train
        known.append(known_train)
    elif given is not None:
        given = own.brought(given)[0]
    chosen = given or test
    learnt_from = next((one for one in known if trained.data_checksum == digits.checksum(*one)), None)
    if learnt_from is not None and learnt_from[0] is chosen[0]:
        say(quiet, "the network learnt from these images: others tell how well it reads")
    result = measure(trained, *chosen, learnt_from)
    if report is not None:
        write_report(report, trained, result, chosen[0], learnt_from)
    if as_json:
        emit({"model": network_named(model, trained), **result.to_dict(2 * SHOWN)})
    else:
        network = f"network    {network_named(model, trained)}{your_own(model, 'handgrad evaluate')}"
        click.echo("\n".join([network, *_answers(result), "", *_confidence(result)]))


def _answers(result: Evaluation) -> list[str]:
    """What was read as what, as text."""
    wrong = len(result.mistakes)
    lines = [f"accuracy   {percent(result.accuracy):>8}   {wrong:,} of {result.images:,} images read wrongly"]
    if result.baseline_accuracy is not None:
        lines.append(
            f"templates  {percent(result.baseline_accuracy):>8}   the mean-image baseline, same images"
        )
    seen = [i for i, row in enumerate(result.confusion) if row.any() or result.confusion[:, i].any()]
    across = seen if len(seen) <= MANY else []
    names = [str(result.classes[i]) for i in across]
    width = max([5, *(len(name) + 1 for name in names), len(str(result.confusion.max())) + 1])
    lines += ["", "answers, by label" + " " * max(0, width * len(names) - 9) + "   recall  precision"]
    if names:
        lines.append(" " * 8 + "".join(f"{name:>{width}}" for name in names))
    for i in seen:
        facts = result.per_digit[i]
        counts = "".join(f"{count or '.':>{width}}" for count in result.confusion[i, across].tolist())
        shares = f"{percent(facts['recall']):>9} {percent(facts['precision']):>10}"
        lines.append(f"{facts['digit']!s:>8}{counts} {shares}")
    if wrong:
        lines += [
            "",
            "the most confident mistakes",
            "   image  label  read as  confidence  output of the label",
        ]
        lines += [
            f"{m.index:>8}  {m.label!s:>5}  {m.predicted!s:>7}  {m.confidence:10.3f}  {m.label_score:19.3f}"
            for m in result.mistakes[:SHOWN]
        ]
    return lines


def _confidence(result: Evaluation) -> list[str]:
    """How far confidence can be trusted, before and after calibration, and what doubt leaves, as text."""
    measured = {name: result.measures(name) for name in result.confidences}
    lines = [f"{'confidence':<33}" + "".join(f"{name:>12}" for name in measured)]
    for title, key in MEASURES.items():
        form = percent if key.endswith(("confidence", "error", "width")) else "{:.5f}".format
        figures = (form(values[key]) for values in measured.values() if values is not None)
        lines.append(f"  {title:<31}" + "".join(f"{figure:>12}" for figure in figures))
    lines += ["", "answered, the surest first   accuracy  from confidence"]
    points = [("", point) for point in result.answered]
    if result.calibration is not None and result.undoubted is not None:
        points.append((f"   not doubtful (for {percent(result.calibration.wanted)})", result.undoubted))
    else:
        points[0] = ("   not calibrated: see 'handgrad calibrate --help'", points[0][1])
    for note, point in points:
        lines.append(
            f"{percent(point.coverage):>26} {percent(point.accuracy):>10} {point.confidence:16.4f}{note}"
        )
    return lines
