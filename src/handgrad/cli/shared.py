"""What the commands share: options, where things are kept, how results are printed."""

import json
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from handgrad import digits, pretrained
from handgrad.arrays import NDArray
from handgrad.digits.sets import SETS
from handgrad.errors import HandgradError, MissingExtraError
from handgrad.files import PNG, expect_writable, user_folder

Command = Callable[..., Any]


class _File(click.Path):
    """A path that is not empty (an unset variable of the shell); whether it can be read is seen later."""

    def __init__(self) -> None:
        super().__init__(readable=False)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not value:
            self.fail("expected a file name; got an empty one", param, ctx)
        if "\0" in value:
            self.fail("expected a file name; got one with a zero byte", param, ctx)
        return super().convert(value, param, ctx)


FILE = _File()


class Interrupted(click.ClickException):
    """Stopped by Ctrl-C, with something to say about what was kept."""

    exit_code = 130


def output_options(command: Command) -> Command:
    """--json, --quiet, --debug."""
    for option in (
        click.option("--debug", is_flag=True, help="Show the traceback of a failure."),
        click.option("--quiet", "-q", is_flag=True, help="No progress on stderr."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout."),
    ):
        command = option(command)
    return command


def idx_options(command: Command) -> Command:
    """--images and --labels: an IDX pair in place of the embedded MNIST."""
    for option in (
        click.option("--labels", type=FILE, help="IDX file of their labels."),
        click.option("--images", type=FILE, help="IDX file of images, instead of MNIST's."),
    ):
        command = option(command)
    return command


def data_option(command: Command) -> Command:
    """--data: a set by its name, in place of the embedded MNIST."""
    names = click.Choice(["mnist", *SETS])
    return click.option("--data", type=names, metavar="NAME", help="A set by name: handgrad data list.")(
        command
    )


def expect_one_source(data: str | None, *files: str | None) -> None:
    """Wrong usage where both a set's name and files are given."""
    if data is not None and any(file is not None for file in files):
        raise click.UsageError("--data names images and labels already; leave out the files")


def pair(images: str | None, labels: str | None) -> tuple[NDArray, NDArray] | None:
    """The IDX pair that the options name, or None; one without the other is wrong usage."""
    if (images is None) != (labels is None):
        missing = "--labels" if labels is None else "--images"
        raise click.UsageError(f"--images and --labels go together; {missing} is missing")
    return digits.load_pair(images, labels) if images is not None and labels is not None else None


def default_model() -> Path:
    """Where train writes, when no file is named.  HandgradError for a user without a home folder."""
    try:
        return user_folder("data") / "model.safetensors"
    except HandgradError as error:
        raise HandgradError(f"{error}, or name the model file: --out FILE") from None


def existing_model(path: str | None) -> Path:
    """The model file to read: the one named, else the network in the box."""
    return pretrained.PATH if path is None else Path(path)


def expect_picture(option: str, path: str, *inputs: str) -> None:
    """Before any work: that the picture which an option names can be drawn, and written there."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError(f"{option} needs matplotlib: pip install 'handgrad[plot]'")
    expect_writable(path, PNG, *inputs)


def emit(document: dict[str, Any]) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=2, allow_nan=False))


def say(quiet: bool, line: str) -> None:
    """A line of progress on stderr, unless --quiet."""
    if not quiet:
        with suppress(OSError):  # nobody reads it any more: no reason to stop a run
            click.echo(line, err=True)
