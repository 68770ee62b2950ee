"""handgrad data cut: photographs of sheets of known digits -> a folder of pictures for each class."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handgrad import model_file
from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, existing_model, output_options, say
from handgrad.errors import ImageError, readable
from handgrad.files import PNG, expect_folder, expect_replaceable, write_atomically

if TYPE_CHECKING:
    from handgrad.photos.known import Known

MOSTLY = 0.5  # the share of digits read as labelled, below which the labels are probably wrong


@click.command(
    epilog=examples(
        "handgrad data cut sheet.jpg --labels 0123456789 --out digits",
        "handgrad data cut sheet.jpg --labels 0,1,2,3,4,5,6,7,8,9 --out digits",
    )
)
@click.argument("pictures", metavar="IMAGE...", nargs=-1, type=FILE, required=True)
@click.option(
    "--labels",
    required=True,
    metavar="DIGITS",
    help="Digits that each line shows, once or several times. With commas: those of each line, from the top.",
)
@click.option("--out", required=True, metavar="FOLDER", type=FILE, help="Folder to write the pictures into.")
@output_options
def cut(pictures: tuple[str, ...], labels: str, out: str, as_json: bool, quiet: bool, debug: bool) -> None:
    """Cut sheets of known digits into pictures to train with.

    Each IMAGE is a photograph or a scan of lines of digits that you know, such as 0123456789 in each line.
    Each digit becomes a picture of 28 x 28 pixels, as MNIST's are, in the folder of its class. The eighth
    digit in line 2 of sheet.jpg is 7/sheet-2-8.png. A line with another number of digits is left out.

    'handgrad train --data FOLDER' learns from them. Look at them first.
    """
    expected = labels.split(",")
    if not all(text.isascii() and text.isdigit() for text in expected):
        raise click.UsageError(f"--labels: expected digits, and commas between lines; got {labels}")
    stems = [Path(picture).stem for picture in pictures]
    if len(set(stems)) < len(stems):
        raise click.UsageError("expected pictures of different names, after which the digits are named")
    expect_folder(out)
    from handgrad.photos.known import known_digits

    network = model_file.load(existing_model(None))
    found: dict[str, list[Known]] = {}
    left_out: dict[str, list[str]] = {}
    for picture, stem in zip(pictures, stems, strict=True):
        try:
            sheet = known_digits(network, picture, expected)
        except ImageError as error:
            text = str(error)
            raise ImageError(text if text.startswith(picture) else f"{picture}: {text}") from None
        found[stem], left_out[picture] = sheet.digits, sheet.left_out
        for line in sheet.left_out:
            say(quiet, f"note: {picture}, {line}; the line is left out")
        right = sum(digit.label == digit.read_as for digit in sheet.digits)
        if right < MOSTLY * len(sheet.digits):
            says = f"only {right} of {len(sheet.digits)} digits are read as their labels"
            say(quiet, f"note: {picture}: {says}; are the labels right?")
    places = [(digit, _place(out, stem, digit)) for stem, digits in found.items() for digit in digits]
    for _, path in places:  # all of them, or none
        expect_replaceable(path, PNG)
    written = [_write(digit, path) for digit, path in places]
    if not written:
        raise ImageError("no line shows the digits that --labels names; nothing was written")
    if as_json:
        emit({"folder": out, "pictures": written, "left_out": left_out})
        return
    counts = {
        label: sum(each["label"] == label for each in written) for label in sorted(set("".join(expected)))
    }
    click.echo(
        f"{len(written)} digits: " + ", ".join(f"{count} of {label}" for label, count in counts.items())
    )
    click.echo(f"read as labelled  {sum(each['label'] == each['read_as'] for each in written)}")
    click.echo(f"folder            {readable(out)}")


def _place(folder: str, stem: str, digit: "Known") -> Path:
    return Path(folder, digit.label, f"{stem}-{digit.line}-{digit.place}.png")


def _write(digit: "Known", path: Path) -> dict[str, str]:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    expect_folder(path.parent)
    buffer, maker = io.BytesIO(), PngInfo()
    maker.add_text("Software", "handgrad")  # by which files.PNG recognises it
    Image.fromarray(digit.image).save(buffer, "PNG", pnginfo=maker)
    write_atomically(path, buffer.getvalue(), PNG)
    return {"file": str(path), "label": digit.label, "read_as": digit.read_as}
