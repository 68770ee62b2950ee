"""handgrad predict: pictures -> the digits on them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from handgrad import model_file
from handgrad.cli import examples
from handgrad.cli.filled import text_by_field
from handgrad.cli.pictures import Drawings, Item, Lines, listed, pages_of, progress, titled, with_own_drawings
from handgrad.cli.predicted import document, text
from handgrad.cli.shared import (
    FILE,
    emit,
    existing_model,
    network_named,
    output_options,
    your_own,
)
from handgrad.cli.side_by_side import in_order
from handgrad.errors import ImageError
from handgrad.files import PNG, write_atomically
from handgrad.model import Model
from handgrad.threads import available_cores

if TYPE_CHECKING:
    from handgrad.photos import PageReading, Picture

MOST_AT_ONCE = 4  # files; each takes memory


def _expected(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """The value of --expect, if it is a number of digits or a pattern."""
    if value is not None:
        from handgrad.photos.expectation import expectation

        try:
            expectation(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


@click.command(
    epilog=examples(
        "handgrad predict photo.jpg",
        "handgrad predict scan.png --save-boxes boxes.png --json",
        "handgrad predict scans --save-boxes found/",
    )
)
@click.argument("pictures", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--model", metavar="FILE", type=FILE, help="Model file. Default: the network in the box.")
@click.option(
    "--save-boxes",
    metavar="FILE",
    type=FILE,
    help="Also draw IMAGE with boxes around the digits and around what was left out, as a PNG picture. "
    "For several pictures: a folder.",
)
@click.option(
    "--expect",
    metavar="N|PATTERN",
    callback=_expected,
    help='Digits of each line: a number, or a pattern such as "dd.dd.dddd", "[01]d:dd" or "5dddd", where d '
    'is any digit; with "3x" before it, three lines. It decides between readings.',
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
    expect: str | None,
    fields: bool,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Read the digits on photographs, scans and drawings.

    IMAGE is a PNG, JPEG, WebP, BMP, GIF, TIFF, PNM, AVIF, HEIC or PDF file with at most 64 digits on a page,
    a folder of such files, or "-" for stdin. HEIC and PDF need an extra, which the error names. The digits
    may stand in several lines, dark on light or light on dark, on coloured, ruled or unevenly lit paper.

    The frames of a form (cells, boxes, combs, tables) are found and taken away. With --fields the answer has
    a line for each cell, in reading order; what stands beside the cells is left out.

    A doubtful digit, which a human should check, is marked with "?" and shown with its runner-up. Points,
    commas, minus signs and slashes stand in the text where they can be read safely. Other ink beside the
    digits is left out, and one line says so. A picture without digits is not an error. If a picture cannot
    be read, the error is one line on stderr, the other pictures are still read, and the exit code is 1.
    """
    found = list(listed(pictures, quiet))
    items = with_own_drawings([each for each in found if isinstance(each, Item)])
    drawings = None if save_boxes is None else Drawings(save_boxes, pictures, items)
    trained = model_file.load(existing_model(model))
    entries: list[dict[str, Any]] = []
    failed = 0
    with progress(len(items), quiet) as lines:
        for error in (each for each in found if isinstance(each, ImageError)):
            lines.echo(f"handgrad: error: {error}", err=True)
            failed += 1
        for outcome in _all_read(items, Reader(trained, expect, fields), drawings, lines):
            if isinstance(outcome, ImageError):
                lines.echo(f"handgrad: error: {outcome}", err=True)
                failed += 1
                continue
            if not entries and not as_json and not quiet:
                own = your_own(model, "handgrad predict --model")
                lines.echo(f"network: {network_named(model, trained)}{own}", err=True)
            if outcome.note and not quiet:
                lines.echo(outcome.note, err=True)
            entries.append(outcome.entry)
            if not as_json:
                lines.echo(outcome.text)
    if as_json:
        emit({"model": network_named(model, trained), "images": entries})
    if failed:
        raise click.exceptions.Exit(1)


class Reader(NamedTuple):
    """What reads the pictures of a call."""

    model: Model
    expect: str | None  # what each line has, as photos.expectation describes it
    fields: bool  # whether only the cells of a form are read

    def read(self, name: str, picture: "Picture") -> "PageReading":
        """What is read on a picture. ImageError, which begins with the name, if it cannot be read."""
        from handgrad.photos import read_page

        try:
            return read_page(self.model, picture, expect=self.expect, fields=self.fields)
        except ImageError as error:
            raise ImageError(f"{name}: {error}") from None


class Outcome(NamedTuple):
    """What was read on a page."""

    entry: dict[str, Any]  # for the document
    text: str
    note: str  # what of the file was not read


def _all_read(
    items: Sequence[Item], reader: Reader, drawings: Drawings | None, lines: Lines
) -> Iterator[Outcome | ImageError]:
    """What is read on each page of each file, in order. Several files are read at once, a core for each."""
    read = partial(_outcomes, reader, drawings)
    if len(items) == 1:
        yield from read(items[0], nullcontext())
        return
    number, is_here = min(MOST_AT_ONCE, available_cores()), any(item.path == "-" for item in items)
    with closing(in_order(partial(_list_of, read), items, number, is_here)) as found:
        for outcomes in found:
            yield from outcomes
            lines.step()


def _list_of(read: Callable[..., Iterator[Any]], *arguments: Any) -> list[Any]:
    return list(read(*arguments))


def _outcomes(
    reader: Reader, drawings: Drawings | None, item: Item, decoding: AbstractContextManager[Any]
) -> Iterator[Outcome | ImageError]:
    """What is read on each page of a file, or why it cannot be read.

    decoding: held while a page is decoded. That takes the most memory, and not all decoders bear two threads.
    """
    try:
        pages = pages_of(item)
    except ImageError as error:
        yield error
        return
    while True:
        try:
            with decoding:
                picture = next(pages, None)
        except ImageError as error:
            yield error
            return
        if picture is None:
            return
        title = titled(item, picture)
        try:
            page = reader.read(title, picture)
        except ImageError as error:
            yield error
            continue
        if drawings is not None:
            _draw(drawings, item, picture, page)
        told = (text_by_field if reader.fields else text)(title, page, reader.model)
        yield Outcome(_entry(item, picture, page), told, _note(item, picture))


def _entry(item: Item, picture: "Picture", page: "PageReading") -> dict[str, Any]:
    """The part of the document that belongs to one page."""
    entry = document(item.path, page)
    where = {"page": picture.page, "pages": picture.pages, "note": picture.note or None}
    return {"file": entry.pop("file"), **where, **entry}


def _note(item: Item, picture: "Picture") -> str:
    return f"{item.path}: {picture.note}" if picture.note else ""


def _draw(drawings: Drawings, item: Item, picture: "Picture", page: "PageReading") -> None:
    from handgrad.photos.boxes import drawn, labels

    path = drawings.path(item, picture)
    if path is not None:
        write_atomically(path, drawn(picture, labels(page)), PNG)
