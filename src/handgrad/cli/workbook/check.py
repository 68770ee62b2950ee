"""handgrad workbook check: which exercises of a file are right, and the mistake in each of the others."""

import contextlib
import sys
from pathlib import Path
from typing import Any

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, output_options, say
from handgrad.workbook.desk.submission import NAMES, Source


@click.command(
    epilog=examples(
        "handgrad workbook check two_layer_net.py",
        "handgrad workbook check two_layer_net.py affine_backward relu_backward",
    )
)
@click.argument("file", metavar="FILE", type=FILE)
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(NAMES))
@click.option(
    "--local", is_flag=True, help="Run the code in this process and without limits, for a debugger."
)
@output_options
def check(file: str, names: tuple[str, ...], local: bool, as_json: bool, quiet: bool, debug: bool) -> None:
    """Check solutions, and name the mistakes in them.

    FILE is a Python file or a notebook (.ipynb). NAME is the name of an exercise, see 'handgrad workbook
    hint'; without NAME every exercise is checked.

    The code runs in a process of its own, with limits on time and memory. Its output goes to stderr. The
    exit code is 0 only if every exercise is right.
    """
    from handgrad.workbook.checks.verdict import table
    from handgrad.workbook.desk.desk import Desk
    from handgrad.workbook.desk.remote import RemoteDesk
    from handgrad.workbook.marking.grade import read, verdicts

    sources = [Source(Path(file).name, read(file))]
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
