"""handgrad workbook zoo: plant a bug in a network that is being trained, and watch the curves."""

from collections.abc import Callable
from typing import Any

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, expect_picture, output_options, say
from handgrad.errors import HandgradError
from handgrad.files import PNG, write_atomically
from handgrad.insight.evaluation import percent
from handgrad.workbook import zoo as bugs


@click.command(
    epilog=examples(
        "handgrad workbook zoo",
        "handgrad workbook zoo update-adds --from 2 --epochs 4",
        "handgrad workbook zoo --quiz --seed 5",
    )
)
@click.argument("bug", metavar="[BUG]", required=False)
@click.option(
    "--from",
    "switch_on",
    metavar="EPOCH",
    type=click.IntRange(1),
    help="First epoch with the bug. Default: 3, or 1 for a bug of the initialisation.",
)
@click.option(
    "--epochs",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=6,
    show_default=True,
    help="Number of epochs, passes over the training images.",
)
@click.option(
    "--hidden",
    metavar="N",
    type=click.IntRange(1, 4096),
    help="Number of hidden units. Default: 64, or the number that BUG needs.",
)
@click.option(
    "--images",
    metavar="N",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="Number of training images.",
)
@click.option(
    "--learning-rate",
    metavar="RATE",
    type=click.FloatRange(0, 1e6),
    default=0.1,
    show_default=True,
    help="Learning rate, the factor of each gradient step.",
)
@click.option(
    "--seed", metavar="N", type=click.IntRange(0), default=0, show_default=True, help="Random seed."
)
@click.option("--out", metavar="FILE", type=FILE, help="Also draw the curves as a PNG picture.")
@click.option(
    "--quiz", "ask", is_flag=True, help="Show the curves of an unnamed bug, and four names to choose from."
)
@click.option("--guess", metavar="BUG", help="With --quiz: answer with this bug, and see how to tell.")
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Train with each bug from the first epoch on, and compare test accuracies.",
)
@output_options
def zoo(
    bug: str | None, switch_on: int | None, hidden: int | None, out: str | None, ask: bool, guess: str | None,
    every: bool, as_json: bool, quiet: bool, debug: bool, **settings: Any,
) -> None:  # fmt: skip
    """Plant a bug in a network and watch it train.

    BUG is the name or the number of a bug; without it the bugs are listed. The curves of the network with
    the bug are printed beside the curves of the right network. Both networks are the same until the bug is
    switched on.
    """
    if sum((bug is not None, ask, every)) > 1:
        raise click.UsageError("expected one of BUG, --quiz and --all")
    if guess is not None and not ask:
        raise click.UsageError("--guess goes with --quiz")
    if switch_on is not None and bug is None:
        raise click.UsageError("--from goes with BUG")
    if out is not None and bug is None and not ask:
        raise click.UsageError("--out goes with BUG or --quiz")
    if out is not None:
        expect_picture("--out", out)
    try:
        if every:
            _all(settings | {"hidden": hidden or 64}, as_json, quiet)
        elif ask:
            _quiz(settings | {"hidden": hidden or 64}, guess, out, as_json)
        elif bug is not None:
            _watch(bug, settings | {"switch_on": switch_on, "hidden": hidden}, out, as_json)
        else:
            _list(as_json)
    except HandgradError:  # an error of files or data, not of usage
        raise
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _list(as_json: bool) -> None:
    if as_json:
        emit({"bugs": [bug.to_dict() for bug in bugs.BUGS]})
    else:
        click.echo("\n".join(map(str, bugs.BUGS)))


def _watch(bug: str, settings: dict[str, Any], out: str | None, as_json: bool) -> None:
    watched = bugs.watch(bug, **settings)
    _write(out, watched.picture)
    if as_json:
        emit({"bug": watched.bug.to_dict(), **watched.to_dict()})
    else:
        click.echo(f"{watched.bug}\n\n{watched.text()}")


def _quiz(settings: dict[str, Any], guess: str | None, out: str | None, as_json: bool) -> None:
    guessed = None if guess is None else bugs.find(guess).name
    question = bugs.quiz(**settings)
    answer = None if guessed is None else question.answer(guessed)
    _write(out, question.picture)
    if as_json:
        emit({"choices": question.choices, **question.watched.to_dict(), "answer": answer})
    else:
        click.echo(question.text() if answer is None else f"{question.text()}\n\n{answer}")


def _all(settings: dict[str, Any], as_json: bool, quiet: bool) -> None:
    rows = []
    for row in bugs.survey(**settings):
        rows.append(row)
        say(quiet, f"{len(rows)} of {len(bugs.BUGS)}: {row.bug.name}")
    rows.sort(key=lambda row: -row.accuracy)
    baseline = rows[0].baseline
    if as_json:
        emit({**settings, "baseline_accuracy": baseline, "bugs": [row.to_dict() for row in rows]})
        return
    click.echo(f"{'bug':<36}  test images read   right code   learns")
    for row in rows:
        line = f"{row.bug.title:<36}  {percent(row.accuracy):>16}   {percent(row.right):>10}   "
        click.echo(line + ("yes" if row.learns else "no") + (f", {row.ended}" if row.ended else ""))
    click.echo(f"mean-image templates of the same {settings['images']:,} images: {percent(baseline)}")


def _write(out: str | None, picture: Callable[[], bytes]) -> None:
    if out is not None:
        write_atomically(out, picture(), PNG)
