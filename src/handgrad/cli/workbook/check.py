"""handgrad workbook check: which exercises of a file are right, and the mistake in each of the others."""

import contextlib
import sys
from typing import Any

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, output_options, say
from handgrad.workbook.desk.submission import NAMES


@click.command(
    epilog=examples(
        "handgrad workbook check two_layer_net.py",
        "handgrad workbook check two_layer_net.py affine_backward relu_backward",
        "handgrad workbook check course",
    )
)
@click.argument("path", metavar="PATH", type=FILE)
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(NAMES))
@click.option(
    "--local", is_flag=True, help="Run the code in this process and without limits, for a debugger."
)
@output_options
def check(path: str, names: tuple[str, ...], local: bool, as_json: bool, quiet: bool, debug: bool) -> None:
    """Check solutions, and name the mistakes in them.

    PATH is a Python file, a notebook (.ipynb), or a folder or zip file with several of them. NAME is the
    name of an exercise, see 'handgrad workbook hint'; without NAME every exercise is checked.

    The code runs in a process of its own, with limits on time and memory. Its output goes to stderr. The
    exit code is 0 only if every exercise is right.
    """
    from handgrad.workbook.checks.verdict import table
    from handgrad.workbook.desk.desk import Desk
    from handgrad.workbook.desk.remote import RemoteDesk
    from handgrad.workbook.marking.collecting import collect_one
    from handgrad.workbook.marking.grade import verdicts

    handin = collect_one(path)
    sources = handin.sources
    for note in (*handin.notes, *handin.unread):
        say(quiet, note)
    if local:
        desk: Any = Desk()
        with contextlib.redirect_stdout(sys.stderr):
            found = verdicts(desk, sources, names)
    else:
        with RemoteDesk() as desk:
            found = verdicts(desk, sources, names)
        if printed := desk.output.rstrip():
            say(quiet, printed)
    if as_json:
        emit({"exercises": [verdict.to_dict() for verdict in found]})
    else:
        click.echo(table(found))
    if not all(verdict.passed for verdict in found):
        raise click.exceptions.Exit(1)
