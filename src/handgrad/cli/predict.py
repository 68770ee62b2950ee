"""handgrad predict: pictures -> the digits on them."""

import io
import sys
from typing import Any

import click

from handgrad import model_file
from handgrad.cli.shared import FILE, emit, existing_model, output_options
from handgrad.errors import ImageError
from handgrad.model import Model
from handgrad.photos import read_grey
from handgrad.reading import Reading, read

MAX_BYTES = 100_000_000  # of a picture on stdin


@click.command()
@click.argument("pictures", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--model", type=FILE, help="Default: the one that 'handgrad train' wrote last.")
@output_options
def predict(pictures: tuple[str, ...], model: str | None, as_json: bool, quiet: bool, debug: bool) -> None:
    """Read the digit on each picture: PNG or JPEG of any size, dark on light or light on dark.

    "-" reads a picture from stdin. A picture that cannot be read is one line on stderr; the others are
    read all the same, and the exit code is 1.
    """
    trained = model_file.load(existing_model(model))
    read_pictures, failed = [], 0
    for picture in pictures:
        try:
            readings = read(trained, _grey(picture))
        except ImageError as error:
            click.echo(f"handgrad: error: {error}", err=True)
            failed += 1
            continue
        read_pictures.append(_document(picture, readings))
        if not as_json:
            click.echo(_text(picture, readings, trained))
    if as_json:
        emit({"images": read_pictures})
    if failed:
        raise click.exceptions.Exit(1)


def _grey(picture: str) -> Any:
    if picture != "-":
        return read_grey(picture)
    if sys.stdin is None:
        raise ImageError("stdin: expected a picture; it is closed")
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ImageError(f"stdin: expected at most {MAX_BYTES:,} bytes; got more")
    return read_grey(io.BytesIO(data), "stdin")


def _document(picture: str, readings: list[Reading]) -> dict[str, Any]:
    return {
        "file": picture,
        "text": "".join(str(reading.digit) for reading in readings),
        "digits": [{**vars(reading), "box": list(reading.box)} for reading in readings],
    }


def _text(picture: str, readings: list[Reading], model: Model) -> str:
    if not readings:
        return f"{picture}: no digit found"
    lines = []
    for reading in readings:
        sure = f"confidence {reading.confidence:.3f}, runner-up {reading.runner_up}"
        lines.append(f"{picture}: {reading.digit}   ({sure})")
        for c, score in zip(model.classes, reading.scores, strict=True):
            lines.append(f"  {c}  {score:.3f}  {'#' * round(40 * score)}".rstrip())
    return "\n".join(lines)
