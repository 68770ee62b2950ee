"""handgrad workbook check: which exercises of a file are right, and which mistake the others make."""

import contextlib
import sys
from pathlib import Path
from typing import Any

import click

from handgrad.cli.shared import FILE, emit, output_options, say
from handgrad.workbook.desk.submission import NAMES


@click.command()
@click.argument("file", type=FILE)
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(NAMES))
@click.option(
    "--local", is_flag=True, help="Run the code in this very process, without limits (for a debugger)."
)
@output_options
def check(file: str, names: tuple[str, ...], local: bool, as_json: bool, quiet: bool, debug: bool) -> None:
    """Check a learner's FILE (.py or .ipynb); with a NAME or several, these exercises only.

    The code runs in a process of its own, with limits of time and memory. What it prints goes to stderr. The
    exit code is 0 only when every exercise is right.
    """
    from handgrad.workbook.checks.verdict import table
    from handgrad.workbook.desk.desk import Desk
    from handgrad.workbook.desk.remote import RemoteDesk
    from handgrad.workbook.marking.grade import read, verdicts

    text, name = read(file), Path(file).name
    if local:
        desk: Any = Desk()
        with contextlib.redirect_stdout(sys.stderr):
            found = verdicts(desk, text, name, names)
    else:
        with RemoteDesk() as desk:
            found = verdicts(desk, text, name, names)
        if printed := desk.output.rstrip():
            say(quiet, printed)
    if as_json:
        emit({"exercises": [verdict.to_dict() for verdict in found]})
    else:
        click.echo(table(found))
    if not all(verdict.passed for verdict in found):
        raise click.exceptions.Exit(1)
