"""handgrad predict: pictures -> the digits on them."""

import io
import sys
from typing import Any

import click

from handgrad import model_file
from handgrad.cli import examples
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
from handgrad.photos import Picture, read_picture
from handgrad.photos.reading import Reading, read

MAX_BYTES = 100_000_000  # of a picture on stdin
Lines = list[list[Reading]]


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
@output_options
def predict(
    pictures: tuple[str, ...],
    model: str | None,
    save_boxes: str | None,
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
            lines = _read(name, picture, trained)
        except ImageError as error:
            click.echo(f"handgrad: error: {error}", err=True)
            failed += 1
            continue
        if save_boxes is not None:
            _draw(save_boxes, picture, lines)
        if not read_pictures and not as_json:
            own = your_own(model, "handgrad predict --model")
            say(quiet, f"network: {network_named(model, trained)}{own}")
        read_pictures.append(_document(name, lines))
        if not as_json:
            click.echo(_text(name, lines, trained))
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


def _read(name: str, picture: Picture, model: Model) -> Lines:
    try:
        return read(model, picture)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None


def _draw(path: str, picture: Picture, lines: Lines) -> None:
    from handgrad.photos.boxes import Label, drawn

    labels = [Label(one.box, _marked(one), one.doubtful) for line in lines for one in line]
    write_atomically(path, drawn(picture, labels), PNG)


def _document(name: str, lines: Lines) -> dict[str, Any]:
    return {
        "file": name,
        "text": "\n".join("".join(str(one.digit) for one in line) for line in lines),
        "digits": [
            {
                "digit": one.digit,
                "confidence": one.confidence,
                "runner_up": one.runner_up,
                "box": list(one.box),
                "scores": list(one.scores),
                "doubtful": one.doubtful,
            }
            for line in lines
            for one in line
        ],
    }


def _text(name: str, lines: Lines, model: Model) -> str:
    found = [one for line in lines for one in line]
    if not found:
        return f"{name}: no digit found"
    if len(found) == 1:
        return _one(name, found[0], model)
    rows = ["".join(f"{one.digit}{'?' * one.doubtful}" for one in line) for line in lines]
    told = (
        [f"{name}: {rows[0]}"]
        if len(rows) == 1
        else [f"{name}: {len(rows)} lines", *(f"  {r}" for r in rows)]
    )
    for number, line in enumerate(lines, 1):
        for place, one in enumerate(line, 1):
            if one.doubtful:
                where = f"line {number}, digit {place}" if len(lines) > 1 else f"digit {place}"
                sure = f"confidence {one.confidence:.3f}, runner-up {one.runner_up}"
                told.append(f"  {where}: {one.digit}?  ({sure}; at {one.box[0]}, {one.box[1]})")
    return "\n".join(told)


def _one(name: str, one: Reading, model: Model) -> str:
    """A single digit with all its outputs."""
    mark = "?" if one.doubtful else " "
    told = [f"{name}: {one.digit}{mark}  (confidence {one.confidence:.3f}, runner-up {one.runner_up})"]
    for c, score in zip(model.classes, one.scores, strict=True):
        told.append(f"  {c}  {score:.3f}  {'#' * round(40 * score)}".rstrip())
    return "\n".join(told)


def _marked(one: Reading) -> str:
    return f"{one.digit}? {one.runner_up}" if one.doubtful else str(one.digit)
