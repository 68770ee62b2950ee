"""handgrad predict: pictures -> the digits on them."""

import io
import sys
from typing import Any

import click

from handgrad import model_file
from handgrad.cli import examples
from handgrad.cli.predicted import document, marked, text
from handgrad.cli.shared import (
    FILE,
    emit,
    existing_model,
    network_named,
    output_options,
    say,
    your_own,
)
from handgrad.errors import ImageError
from handgrad.files import PNG, expect_writable, write_atomically
from handgrad.model import Model
from handgrad.photos import PageReading, Picture, read_page, read_picture
from handgrad.photos.expectation import expectation

MAX_BYTES = 100_000_000  # of a picture on stdin


def _expected(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """The value of --expect, if it is a number of digits or a pattern."""
    if value is not None:
        try:
            expectation(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


@click.command(
    epilog=examples("handgrad predict photo.jpg", "handgrad predict scan.png --save-boxes boxes.png --json")
)
@click.argument("pictures", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--model", metavar="FILE", type=FILE, help="Model file. Default: the network in the box.")
@click.option(
    "--save-boxes",
    metavar="FILE",
    type=FILE,
    help="Also draw IMAGE with a box around each digit, as a PNG picture; for a single IMAGE.",
)
@click.option(
    "--expect",
    metavar="N|PATTERN",
    callback=_expected,
    help='Digits of each line: a number, or a pattern such as "dd.dd.dddd", "[01]d:dd" or "5dddd", where d '
    'is any digit; with "3x" before it, three lines. It decides between readings.',
)
@output_options
def predict(
    pictures: tuple[str, ...],
    model: str | None,
    save_boxes: str | None,
    expect: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Read the digits on photographs, scans and drawings.

    IMAGE is a PNG, JPEG, WebP or BMP file of at most 25 megapixels and 64 digits, or "-" for stdin. The
    digits may stand in several lines, dark on light or light on dark, on coloured, ruled or unevenly lit
    paper.

    A doubtful digit, which a human should check, is marked with "?" and shown with its runner-up. A picture
    without digits is not an error. If a picture cannot be read, the error is one line on stderr, the other
    pictures are still read, and the exit code is 1.
    """
    if save_boxes is not None:
        if len(pictures) > 1:
            raise click.UsageError(f"--save-boxes draws one picture; got {len(pictures)}: name one IMAGE")
        expect_writable(save_boxes, PNG, pictures[0])
    trained = model_file.load(existing_model(model))
    read_pictures: list[dict[str, Any]] = []
    failed = 0
    for name in pictures:
        try:
            picture = _picture(name)
            page = _read(name, picture, trained, expect)
        except ImageError as error:
            click.echo(f"handgrad: error: {error}", err=True)
            failed += 1
            continue
        if save_boxes is not None:
            _draw(save_boxes, picture, page)
        if not read_pictures and not as_json:
            own = your_own(model, "handgrad predict --model")
            say(quiet, f"network: {network_named(model, trained)}{own}")
        read_pictures.append(document(name, page))
        if not as_json:
            click.echo(text(name, page, trained))
    if as_json:
        emit({"model": network_named(model, trained), "images": read_pictures})
    if failed:
        raise click.exceptions.Exit(1)


def _picture(name: str) -> Picture:
    if name != "-":
        return read_picture(name)
    if sys.stdin is None:
        raise ImageError("stdin: expected a picture; it is closed")
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ImageError(f"stdin: expected at most {MAX_BYTES:,} bytes; got more")
    return read_picture(io.BytesIO(data), "stdin")


def _read(name: str, picture: Picture, model: Model, expect: str | None) -> PageReading:
    try:
        return read_page(model, picture, expect=expect)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None


def _draw(path: str, picture: Picture, page: PageReading) -> None:
    from handgrad.photos.boxes import Label, drawn

    labels = [Label(one.box, marked(one), one.doubtful) for one in page.digits]
    write_atomically(path, drawn(picture, labels), PNG)
