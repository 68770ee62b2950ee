"""handgrad workbook grade: mark a folder of submissions."""

import sys
from typing import TYPE_CHECKING

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, output_options
from handgrad.errors import HandgradError
from handgrad.files import expect_writable, write_atomically

if TYPE_CHECKING:
    from handgrad.workbook.marking.class_table import Result


@click.command(
    epilog=examples(
        "handgrad workbook grade submissions",
        "handgrad workbook grade submissions --out marks.csv --seconds 120",
    )
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.option("--out", metavar="FILE", type=FILE, help="Also write the table as a CSV file.")
@click.option(
    "--seconds",
    metavar="SECONDS",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="Time limit for a submission, in seconds.",
)
@click.option(
    "--memory",
    metavar="MB",
    type=click.IntRange(64, 1024**2),
    default=2048,
    show_default=True,
    help="Memory limit for a submission, in megabytes.",
)
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 256),
    help="Number of submissions that are marked at the same time. Default: one for each core.",
)
@output_options
def grade(
    folder: str,
    out: str | None,
    seconds: float,
    memory: int,
    workers: int | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Mark every submission in a folder.

    DIR holds the submissions: Python files, notebooks (.ipynb), or subfolders with a single such file. A
    submission is named after its file or subfolder.

    Each submission runs in a process of its own, with limits on time and memory. The limits stop mistakes
    and pranks, but they are not a sandbox. The exit code is 0 if every submission could be marked, whatever
    the marks.
    """
    from handgrad.workbook.desk.remote import MB, Limits
    from handgrad.workbook.marking import grade as grading
    from handgrad.workbook.marking.class_table import CSV

    if out is not None:
        grading.expect_no_submission(out)
        expect_writable(out, CSV)
    shown, count = sys.stderr.isatty() and not quiet, 0

    def progress(result: "Result") -> None:
        nonlocal count
        count += 1
        if shown:
            click.echo(f"\r\x1b[K{count} marked, the last: {result.student}", nl=False, err=True)

    try:
        results = grading.grade(
            folder, Limits(call=min(5.0, seconds), total=seconds, memory=memory * MB), workers, progress
        )
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)
    try:
        if out is not None:
            write_atomically(out, results.csv().encode("utf-8", "backslashreplace"), CSV)
    finally:  # whatever may have happened to the file meanwhile, the results are printed
        if as_json:
            emit(results.to_dict())
        else:
            click.echo(str(results))
    if failed := results.failed:
        which = ", ".join(result.student for result in failed)
        raise HandgradError(
            f"{len(failed)} of {len(results.results)} submissions could not be marked: {which}"
        )
