"""handgrad predict: pictures -> the digits on them."""

import io
import sys
from typing import Any

import click

from handgrad import model_file
from handgrad.cli import examples
from handgrad.cli.filled import text_by_field
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

MAX_BYTES = 100_000_000  # of a picture on stdin


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
    "--fields",
    is_flag=True,
    help="Read each cell of a form on its own, also the empty cells, and nothing beside them.",
)
@output_options
def predict(
    pictures: tuple[str, ...],
    model: str | None,
    save_boxes: str | None,
    fields: bool,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Read the digits on photographs, scans and drawings.

    IMAGE is a PNG, JPEG, WebP or BMP file of at most 25 megapixels and 64 digits, or "-" for stdin. The
    digits may stand in several lines, dark on light or light on dark, on coloured, ruled or unevenly lit
    paper.

    The frames of a form (cells, boxes, combs, tables) are found and taken away. With --fields the answer has
    a line for each cell, in reading order; what stands beside the cells is left out.

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
            page = _read(name, picture, trained, fields)
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
            click.echo(text_by_field(name, page, trained) if fields else text(name, page, trained))
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


def _read(name: str, picture: Picture, model: Model, fields: bool) -> PageReading:
    try:
        return read_page(model, picture, fields=fields)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None


def _draw(path: str, picture: Picture, page: PageReading) -> None:
    from handgrad.photos.boxes import Label, drawn

    labels = [Label(one.box, marked(one), one.doubtful) for one in page.digits]
    write_atomically(path, drawn(picture, labels), PNG)
