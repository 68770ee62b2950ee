"""handgrad workbook grade: mark a folder of submissions."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, expect_apart, level_to_run, output_options, sandbox_option, say
from handgrad.cli.terminal import bars
from handgrad.errors import HandgradError, readable
from handgrad.files import expect_folder, expect_writable, write_atomically

if TYPE_CHECKING:
    from handgrad.workbook.marking.class_table import Result
    from handgrad.workbook.marking.scheme import Scheme


@click.command(
    epilog=examples(
        "handgrad workbook grade submissions",
        "handgrad workbook grade submissions --exercises affine_forward,affine_backward=3",
        "handgrad workbook grade submissions --scheme scheme.toml --out marks.csv --feedback feedback",
    )
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True))
@click.option("--out", metavar="FILE", type=FILE, help="Also write the table as a CSV file.")
@click.option(
    "--feedback", metavar="DIR", type=FILE,
    help="Also write a page (HTML) and a Markdown file for each student into this folder.",
)  # fmt: skip
@click.option(
    "--exercises", metavar="NAME[=POINTS],...", multiple=True,
    help="Exercises that count, with their points (1 by default). Default: all, as a share of 100.",
)  # fmt: skip
@click.option(
    "--scheme", "scheme_file", metavar="FILE", type=FILE,
    help="TOML file with the exercises that count, their points, and a deadline.",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Mark all anew, also what has not changed since the last time.")
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
@sandbox_option
@output_options
def grade(
    folder: str, out: str | None, feedback: str | None, exercises: tuple[str, ...], scheme_file: str | None,
    fresh: bool, seconds: float, memory: int, workers: int | None, require_sandbox: bool, as_json: bool,
    quiet: bool, debug: bool,
) -> None:  # fmt: skip
    """Mark every submission in a folder.

    DIR is a folder of submissions, or a zip file of one: Python files, notebooks (.ipynb), and subfolders
    with such files. A submission is named after its file or subfolder.

    Each submission runs in a process of its own, with limits on time and memory. On Linux with bubblewrap
    it runs behind walls too: without network, and without any files or processes but its own. Elsewhere the
    limits stop mistakes and pranks, but they are not a sandbox; the last line says which. What has not
    changed since the last time is not run again; its marks are kept in the cache folder.

    A scheme is a TOML file of this form; [late] may be left out:

    \b
        [points]
        affine_forward = 1
        affine_backward = 3
        [late]
        deadline = 2026-11-30T23:59:00
        loses = 20  # percent of the points

    Ctrl-C, SIGTERM and SIGHUP stop the marking; what is marked is written and printed, and the same command
    goes on from there.

    The exit code is 0 if every submission could be marked, whatever the marks, and 1 otherwise; then the
    last line says which submissions could not be marked, or only in part.
    """  # noqa: D301 (click looks for the character itself)
    from handgrad.workbook.desk.remote import MB, Limits
    from handgrad.workbook.marking import grade as grading
    from handgrad.workbook.marking import marks, records
    from handgrad.workbook.marking.collecting import collect
    from handgrad.workbook.marking.feedback import Feedback
    from handgrad.workbook.marking.stopping import stoppable

    if exercises and scheme_file:
        raise click.UsageError("expected one of --exercises and --scheme")
    scheme = _scheme(exercises, scheme_file)
    expect_apart(out, folder=feedback, endings=(".html", ".md"))
    if out is not None:
        grading.expect_no_submission(out)
        expect_writable(out, marks.CSV)
    if feedback is not None:
        _expect_elsewhere(feedback, folder)
        expect_folder(feedback)
    level = level_to_run(require_sandbox)
    answer = min(Limits.answer, memory * MB // 16)  # judging it takes the rest
    limits = Limits(call=min(5.0, seconds), total=seconds, memory=memory * MB, answer=answer)
    given = collect(folder)
    pages = None if feedback is None else Feedback(feedback, given)
    table = None if out is None else marks.Growing(out, given, scheme)
    shown, count = sys.stderr.isatty() and not quiet, 0

    def seen(number: int, result: "Result") -> None:
        nonlocal count
        count += 1
        if table:
            table.add(number, result)
        if pages:
            pages.write(number, result)
        if shown:
            marked = f"{count} of {len(given)} marked: {readable(result.student)}"
            click.echo(f"\r\x1b[K{marked}", nl=False, file=bars())

    with stoppable() as stop:
        try:
            kept = records.folder()
            results = grading.mark(given, folder, limits, workers, seen, scheme, kept, fresh, level, stop)
        finally:
            if shown:
                click.echo("\r\x1b[K", nl=False, file=bars())
        try:
            if out is not None:
                write_atomically(out, marks.table(results), marks.CSV)
        finally:  # whatever may have happened to the file meanwhile, the results are printed
            if as_json:
                emit(results.to_dict())
            else:
                click.echo(str(results))
    say(quiet or as_json, f"the code ran {level}")
    if again := sum(result.marked_before for result in results.results):
        say(
            quiet,
            f"{again} of {len(given)} have not changed since they were marked (--fresh marks them anew)",
        )
    if stop.number:
        say(False, f"{stop}: {count} of {len(given)} are marked; the same command goes on from there")
        raise click.exceptions.Exit(128 + stop.number)  # as shells have it
    if pages and pages.failures:
        more = len(pages.failures) - 1
        raise HandgradError(pages.failures[0] + (f"; and {more} more like it" if more else ""))
    if unmarked := results.unmarked():
        raise HandgradError(unmarked)


def _scheme(exercises: tuple[str, ...], file: str | None) -> "Scheme":
    from handgrad.workbook.marking import scheme

    if file is not None:
        return scheme.read(file)
    return scheme.of_words(exercises) if exercises else scheme.SHARE


def _expect_elsewhere(feedback: str, folder: str) -> None:
    """HandgradError for feedback among the submissions, where it would be taken for one the next time."""
    if Path(os.path.realpath(feedback)).is_relative_to(os.path.realpath(folder)):
        raise HandgradError(f"{feedback}: lies among the submissions; choose a folder outside {folder}")
