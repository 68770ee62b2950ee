"""handgrad workbook grade: a folder of submissions, marked."""

import sys
from typing import TYPE_CHECKING

import click

from handgrad.cli.shared import FILE, emit, output_options
from handgrad.errors import HandgradError
from handgrad.files import expect_writable, write_atomically

if TYPE_CHECKING:
    from handgrad.workbook.marking.class_table import Mark


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.option("--out", type=FILE, help="Write the table as CSV, too.")
@click.option("--seconds", type=click.FloatRange(1, 3600), default=60.0, show_default=True,
              help="What one submission may take in all.")  # fmt: skip
@click.option("--memory", type=click.IntRange(64, 1024**2), default=2048, show_default=True,
              help="Megabytes that one submission may use.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 256), help="How many at once.  [default: one a core]")
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
    """Mark every submission in DIR: each .py or .ipynb file, and each folder that holds one.

    A submission is named for its file or folder. Each runs in a process of its own, with limits: these keep
    mistakes and mischief in check, but they are no sandbox. The exit code is 0 when every submission was
    marked, whatever the marks.
    """
    from handgrad.workbook.desk.remote import MB, Limits
    from handgrad.workbook.marking import grade as grading
    from handgrad.workbook.marking.class_table import CSV

    if out is not None:
        grading.expect_no_submission(out)
        expect_writable(out, CSV)
    shown, count = sys.stderr.isatty() and not quiet, 0

    def progress(mark: "Mark") -> None:
        nonlocal count
        count += 1
        if shown:
            click.echo(f"\r\x1b[K{count} marked, the last: {mark.student}", nl=False, err=True)

    try:
        marks = grading.grade(
            folder, Limits(call=min(5.0, seconds), total=seconds, memory=memory * MB), workers, progress
        )
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)
    try:
        if out is not None:
            write_atomically(out, marks.csv().encode("utf-8", "backslashreplace"), CSV)
    finally:  # whatever may have happened to the file meanwhile, the marks are told
        if as_json:
            emit(marks.to_dict())
        else:
            click.echo(str(marks))
    if failed := marks.failed:
        which = ", ".join(mark.student for mark in failed)
        raise HandgradError(f"{len(failed)} of {len(marks.marks)} submissions could not be marked: {which}")
