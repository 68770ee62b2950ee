"""What the commands share: options, where things are kept, how results are printed."""

import json
import os
import shlex
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.errors import HandgradError, MissingExtraError
from handgrad.files import PNG, expect_writable, user_folder

if TYPE_CHECKING:  # NumPy is loaded where it is used: 'handgrad lab' answers sooner without
    from handgrad.arrays import NDArray
    from handgrad.digits import Labelled, Loaded
    from handgrad.model import Model
    from handgrad.workbook.desk.walls import Level

Command = Callable[..., Any]


class _File(click.Path):
    """A path that is not empty (as from an unset shell variable). Whether it can be read shows later."""

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
    """Stopped by Ctrl-C; the message says what was kept."""

    exit_code = 130


def output_options(command: Command) -> Command:
    """--json, --quiet, --debug."""
    for option in (
        click.option("--debug", is_flag=True, help="Show the traceback if the command fails."),
        click.option("--quiet", "-q", is_flag=True, help="Print no progress on stderr."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document."),
    ):
        command = option(command)
    return command


def sandbox_option(command: Command) -> Command:
    """--require-sandbox."""
    words = "Refuse to run any code where the system offers no walls (Linux with bubblewrap)."
    return click.option("--require-sandbox", is_flag=True, help=words)(command)


def level_to_run(require_sandbox: bool) -> "Level":
    """The level at which learners' code runs here.  HandgradError where a sandbox is asked for, and lacks."""
    from handgrad.workbook.desk.walls import best

    level = best()
    if require_sandbox and not level.walls:
        raise HandgradError(f"--require-sandbox: nothing was run, there is no sandbox here: {level.lacks}")
    return level


def idx_options(command: Command) -> Command:
    """--images and --labels: a pair of IDX files to use instead of the embedded MNIST."""
    for option in (
        click.option("--labels", metavar="FILE", type=FILE, help="IDX file with the labels of --images."),
        click.option(
            "--images", metavar="FILE", type=FILE, help="IDX file with images. Default: the embedded MNIST."
        ),
    ):
        command = option(command)
    return command


def test_options(command: Command) -> Command:
    """--test-images and --test-labels: a pair of IDX files to measure with, beside the pair to learn from."""
    for option in (
        click.option(
            "--test-labels", metavar="FILE", type=FILE, help="IDX file with the labels of --test-images."
        ),
        click.option(
            "--test-images", metavar="FILE", type=FILE, help="IDX file with test images, to go with --images."
        ),
    ):
        command = option(command)
    return command


def data_option(command: Command) -> Command:
    """--data: a set, or files of one's own, to use instead of the embedded MNIST."""
    words = (
        "Name of a data set, see 'handgrad data list', or path of your own: IDX, CSV, .npz, .npy, .mat, "
        "Parquet, a folder of pictures, a zip archive. Default: mnist."
    )
    return click.option("--data", type=FILE, metavar="NAME-OR-PATH", help=words)(command)


def loaded(data: str, quiet: bool, any_size: bool = False) -> "Loaded":
    """What --data names; what was taken, converted and left out is said on stderr."""
    from handgrad import digits

    return digits.load(data, lambda line: say(quiet, line), any_size=any_size)


def answers(data: str, quiet: bool, any_size: bool = False) -> "Labelled":
    """The images of --data to ask a network: its test part, or all of its images if it has none."""
    train, test = loaded(data, quiet, any_size)
    return train if test is None else test


def expect_one_source(data: str | None, *files: str | None) -> None:
    """UsageError if both --data and files are given."""
    if data is not None and any(file is not None for file in files):
        raise click.UsageError("--data names images and labels already; leave out the files")


def expect_apart(*files: str | Path | None, folder: str | None = None, endings: tuple[str, ...] = ()) -> None:
    """UsageError where two of the files to write are one, or where one lies in a folder to write and ends as
    the files there do: of the two only one could be kept, which would be seen after the work."""
    places = [os.path.realpath(file) for file in files if file is not None]
    if len(set(places)) < len(places):
        raise click.UsageError("expected a place of its own for each file to write; got the same place twice")
    for place in places if folder is not None else []:
        if os.path.dirname(place) == os.path.realpath(str(folder)) and place.endswith(endings):
            raise click.UsageError(
                f"expected {' and '.join(endings)} files in {folder} to be those that are made there; "
                f"got {os.path.basename(place)}, another file to write"
            )


def pair(images: str | None, labels: str | None) -> "tuple[NDArray, NDArray] | None":
    """The IDX pair that the options name, or None.  UsageError if only one of the two is given."""
    if (images is None) != (labels is None):
        missing = "--labels" if labels is None else "--images"
        raise click.UsageError(f"--images and --labels go together; {missing} is missing")
    from handgrad import digits

    return digits.load_pair(images, labels) if images is not None and labels is not None else None


def default_model() -> Path:
    """The model file that train writes unless --out names another.  HandgradError without a home folder."""
    try:
        return user_folder("data") / "model.safetensors"
    except HandgradError as error:
        raise HandgradError(f"{error}, or name the model file: --out FILE") from None


def existing_model(path: str | None) -> Path:
    """The model file to read: the one that is named, otherwise the network in the box."""
    from handgrad import pretrained

    return pretrained.PATH if path is None else Path(path)


def expect_picture(option: str, path: str, *inputs: str) -> None:
    """Before any work: that the picture which an option names can be drawn, and written there."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError(f"{option} needs matplotlib: pip install 'handgrad[plot]'")
    expect_writable(path, PNG, *inputs)


def network_named(path: str | None, model: "Model") -> str:
    """Which network answers, in words: the file that was named, or the network in the box."""
    return f"the network in the box (recipe {model.recipe_name})" if path is None else path


def your_own(path: str | None, command: str) -> str:
    """A hint to append where the network in the box answers, though the user has trained one."""
    try:
        own = default_model()
    except HandgradError:  # without a home folder train has written none
        return ""
    return f"; yours: {command} {shlex.quote(str(own))}" if path is None and own.is_file() else ""


def emit(document: dict[str, Any]) -> None:
    """One JSON document on stdout."""
    text = json.dumps(document, indent=2, allow_nan=False)
    click.echo(text.replace("\x7f", "\\u007f"))  # the one control character that JSON leaves as it is


def say(quiet: bool, line: str) -> None:
    """A line of progress on stderr, unless --quiet."""
    if not quiet:
        with suppress(OSError):  # a closed stderr is no reason to stop a run
            click.echo(line, err=True)
