"""handgrad workbook check: which exercises of a file are right, and the mistake in each of the others."""

import contextlib
from functools import partial
from typing import Any

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, level_to_run, output_options, sandbox_option, say
from handgrad.workbook.desk.submission import NAMES, no_exercise

UNKNOWN = 3  # exit code where nothing is known of an exercise


class _Exercise(click.Choice):  # type: ignore[type-arg]  # which click 8.1 does not have
    """The name of an exercise. A wrong name is answered by the nearest, instead of by all."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if value not in NAMES:
            self.fail(no_exercise(value), param, ctx)
        return super().convert(value, param, ctx)


@click.command(
    epilog=examples(
        "handgrad workbook check two_layer_net.py",
        "handgrad workbook check two_layer_net.py affine_backward relu_backward",
        "handgrad workbook check course",
    )
)
@click.argument("path", metavar="PATH", type=FILE)
@click.argument("names", nargs=-1, metavar="[NAME]...", type=_Exercise(NAMES))
@click.option(
    "--local", is_flag=True, help="Run the code in this process and without limits, for a debugger."
)
@sandbox_option
@output_options
def check(
    path: str, names: tuple[str, ...], local: bool, require_sandbox: bool, as_json: bool, quiet: bool,
    debug: bool,
) -> None:  # fmt: skip
    """Check solutions, and name the mistakes in them.

    PATH is a Python file, a notebook (.ipynb), or a folder or zip file with several of them. NAME is the
    name of an exercise, see 'handgrad workbook hint'; without NAME every exercise is checked.

    The code runs in a process of its own, with limits on time and memory, and on Linux with bubblewrap behind
    walls (no network, no files or processes but its own). What it prints goes to stderr, and so does which of
    the two it was.

    The exit code is 0 only if every exercise is right; 1 if one is wrong, not done or ran out of time; and 3
    if one could not be read or could not be run here, so that nothing is known of it.
    """
    from handgrad.cli.workbook.printed import Printed, labelled
    from handgrad.workbook.checks.verdict import NOT_RUN, RIGHT, UNREADABLE, table
    from handgrad.workbook.desk.desk import Desk
    from handgrad.workbook.desk.remote import RemoteDesk
    from handgrad.workbook.marking.collecting import collect_one
    from handgrad.workbook.marking.grade import verdicts

    if local and require_sandbox:
        raise click.UsageError("--local runs the code without a sandbox; leave out one of the two")
    handin = collect_one(path)
    sources = handin.sources
    for note in (*handin.notes, *handin.unread):
        say(quiet, note)
    level = None if local else level_to_run(require_sandbox)
    if local:
        desk: Any = Desk()
        stdout = Printed(sources, partial(_tell, quiet))
        try:
            with contextlib.redirect_stdout(stdout):
                found = verdicts(desk, sources, names)
        finally:
            stdout.end()
    else:
        with RemoteDesk(level=level) as desk:
            found = verdicts(desk, sources, names)
        if printed := labelled(sources, desk.output):
            say(quiet, printed)
    if as_json:
        told = level.name if level else "none"
        emit({"exercises": [verdict.to_dict() for verdict in found], "level": told})
    else:
        click.echo(table(found))
        say(quiet or local, f"the code ran {level}")
    states = {verdict.state for verdict in found}
    if states & {UNREADABLE, NOT_RUN}:
        raise click.exceptions.Exit(UNKNOWN)
    if states - {RIGHT}:
        raise click.exceptions.Exit(1)


def _tell(quiet: bool, text: str) -> None:
    """Text on stderr as it comes, unless --quiet."""
    if not quiet:
        with contextlib.suppress(OSError):
            click.echo(text, nl=False, err=True)
