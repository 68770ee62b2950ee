"""handgrad evaluate: a model file and labelled images -> accuracy, confusion, worst mistakes."""

import click

from handgrad import digits, model_file
from handgrad.cli.shared import FILE, emit, existing_model, idx_options, output_options, pair
from handgrad.evaluation import Evaluation, percent
from handgrad.evaluation import evaluate as measure

SHOWN = 10  # mistakes listed as text; --json lists twice as many


@click.command()
@click.argument("model", type=FILE, required=False)
@idx_options
@click.option("--report", type=FILE, help="Also write pictures and index.html into this folder.")
@output_options
def evaluate(
    model: str | None,
    images: str | None,
    labels: str | None,
    report: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Measure MODEL on MNIST's test images, or on any IDX pair.

    Without MODEL: the one that 'handgrad train' wrote last.
    """
    if report is not None:
        from handgrad.report import expect_report, write_report

        expect_report(report)
    given = pair(images, labels)
    trained = model_file.load(existing_model(model))
    train, test = digits.load_mnist()
    chosen = given or test
    learnt_from = train if trained.data_checksum == digits.checksum(*train) else None
    result = measure(trained, *chosen, learnt_from)
    if report is not None:
        write_report(report, trained, result, chosen[0], learnt_from)
    if as_json:
        emit(result.to_dict(2 * SHOWN))
    else:
        click.echo(_table(result))


def _table(result: Evaluation) -> str:
    """The evaluation as text."""
    wrong = len(result.mistakes)
    lines = [f"accuracy   {percent(result.accuracy):>8}   {wrong:,} of {result.images:,} images read wrongly"]
    if result.baseline_accuracy is not None:
        lines.append(
            f"templates  {percent(result.baseline_accuracy):>8}   the mean-image baseline, same images"
        )
    names = [str(c) for c in result.classes]
    width = max(5, *(len(name) + 1 for name in names), len(str(result.confusion.max())) + 1)
    lines += ["", "answers, by label" + " " * max(0, width * len(names) - 9) + "   recall  precision"]
    lines.append(" " * 8 + "".join(f"{name:>{width}}" for name in names))
    for row, facts in zip(result.confusion, result.per_digit, strict=True):
        counts = "".join(f"{count or '.':>{width}}" for count in row.tolist())
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
    return "\n".join(lines)
