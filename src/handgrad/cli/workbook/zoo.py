"""handgrad workbook zoo: a planted mistake in a running network, its curves, and a guess which it is."""

from collections.abc import Callable
from typing import Any

import click

from handgrad.cli.shared import FILE, emit, expect_picture, output_options, say
from handgrad.errors import HandgradError
from handgrad.files import PNG, write_atomically
from handgrad.insight.evaluation import percent
from handgrad.workbook import zoo as bugs


@click.command()
@click.argument("bug", required=False)
@click.option("--from", "switch_on", type=click.IntRange(1), help="The first epoch with the bug. Default: 3.")
@click.option("--epochs", type=click.IntRange(1, 1000), default=6, show_default=True)
@click.option("--hidden", type=click.IntRange(1, 4096), help="Hidden units. Default: 64, or what BUG needs.")
@click.option("--images", type=click.IntRange(1), default=10_000, show_default=True, help="To train on.")
@click.option("--learning-rate", type=click.FloatRange(0, 1e6), default=0.1, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is random.")
@click.option("--out", type=FILE, help="Also write the curves as a picture (PNG).")
@click.option("--quiz", "ask", is_flag=True, help="The curves of a bug that is not named, and four names.")
@click.option("--guess", metavar="BUG", help="With --quiz: say whether that is it, and what shows it.")
@click.option("--all", "every", is_flag=True, help="Every bug from the start: how much each still reads.")
@output_options
def zoo(
    bug: str | None, switch_on: int | None, hidden: int | None, out: str | None, ask: bool, guess: str | None,
    every: bool, as_json: bool, quiet: bool, debug: bool, **settings: Any,
) -> None:  # fmt: skip
    """Switch a bug on in a running network: its curves beside the right ones.

    BUG is a name or a number of the list, which is printed where none is given.
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
    except HandgradError:  # of files and data, which is no wrong usage
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
