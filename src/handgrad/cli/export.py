"""handgrad export: a trained network -> forms in which others use it."""

from pathlib import Path
from typing import Any

import click

from handgrad import model_file
from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, existing_model, output_options, say
from handgrad.exports import c, hub, onnx, torch
from handgrad.exports.measuring import Measured, learnt_mnist, measured, on_mnist
from handgrad.files import expect_writable
from handgrad.insight.evaluation import percent
from handgrad.model import Model

FORMS = ("--page", "--site", "--onnx", "--torch", "--c", "--hub")


@click.command(
    epilog=examples(
        "handgrad export --page lab.html",
        "handgrad export model.safetensors --onnx model.onnx --c model.h",
        "handgrad export model.safetensors --hub my-digits --license cc-by-4.0",
    )
)
@click.argument("model", metavar="[MODEL]", type=FILE, required=False)
@click.option(
    "--page",
    metavar="FILE",
    type=FILE,
    help="Write the lab as one HTML file, which opens from disk, offline.",
)
@click.option(
    "--site",
    metavar="DIR",
    type=FILE,
    help="Write the lab as a folder for any static host; DIR is made, or empty.",
)
@click.option(
    "--onnx",
    metavar="FILE",
    type=FILE,
    help="Write an ONNX file: uint8 images in, scores and confidence out.",
)
@click.option("--torch", metavar="FILE", type=FILE, help="Write a state dict that torch.nn.Sequential takes.")
@click.option("--c", metavar="FILE", type=FILE, help="Write one C99 header, with weights of 8 bits.")
@click.option(
    "--hub", metavar="DIR", type=FILE, help="Write a folder for a model hub: model card and model file."
)
@click.option(
    "--license",
    metavar="NAME",
    default="mit",
    show_default=True,
    help="License that the model card of --hub states, as the hub spells it.",
)
@output_options
def export(
    model: str | None, license: str, as_json: bool, quiet: bool, debug: bool, **places: str | None
) -> None:
    """Export a network in the forms that others use.

    MODEL is a model file, as 'handgrad train' writes it. Default: the network in the box. The lab, see
    'handgrad lab --help', is exported with the network in it: as a page of one file with 6,000 training and
    1,000 test images, or as a folder with all of MNIST. Both take networks for images of 28 x 28 pixels.
    The other forms take every network. Several forms can be written at once.
    """
    wanted = {form: place for form in FORMS if (place := places[form.removeprefix("--")]) is not None}
    if not wanted:
        raise click.UsageError(f"expected at least one of {', '.join(FORMS)}; got none")
    inputs = () if model is None else (model,)
    for form, place in wanted.items():
        _expect(form, place, license, *inputs)
    if len({Path(place).resolve() for place in wanted.values()}) < len(wanted):
        raise click.UsageError("expected a place of its own for each form; got the same place twice")
    written = []
    trained = None if set(wanted) <= {"--page", "--site"} else model_file.load(existing_model(model))
    for form, place in wanted.items():
        say(quiet, f"writing {place}")
        facts = (
            _write_lab(form, place, model)
            if trained is None or form in ("--page", "--site")
            else _write(form, place, trained, license)
        )
        written.append({"path": place, "bytes": _size(Path(place)), **facts})
    if as_json:
        emit({"written": written})
        return
    for facts in written:
        click.echo(_line(**facts))


def _expect(form: str, place: str, license: str, *inputs: str) -> None:
    """Before any work: that a form can be written to its place."""
    if form == "--page":
        from handgrad.lab.page import PAGE

        expect_writable(place, PAGE, *inputs)
    elif form == "--site":
        from handgrad.lab.site import expect_site

        expect_site(place)
    elif form == "--hub":
        hub.expect(place, license, *inputs)
    else:
        {"--onnx": onnx, "--torch": torch, "--c": c}[form].expect(place, *inputs)


def _write_lab(form: str, place: str, model: str | None) -> dict[str, Any]:
    if form == "--page":
        from handgrad.lab.page import export_page

        export_page(model, place)
    else:
        from handgrad.lab.site import export_site

        export_site(model, place)
    return {}


def _write(form: str, place: str, model: Model, license: str) -> dict[str, Any]:
    """Write a form -> what is to be told of it, beside its size."""
    if form == "--hub":
        return _told(hub.save(place, model, license))
    if form == "--c":
        small = c.save(place, model)
        facts: dict[str, Any] = {"constants": small.bytes}
        if learnt_mnist(model):
            before = measured(model)
            facts |= _told(on_mnist(model, small.scores))
            facts |= {"accuracy_before": None if before is None else before.accuracy}
        return facts
    {"--onnx": onnx, "--torch": torch}[form].save(place, model)
    return {}


def _told(known: Measured | None) -> dict[str, Any]:
    return {} if known is None else {"accuracy": known.accuracy, "accuracy_on": known.on}


def _size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _line(
    path: str,
    bytes: int,
    constants: int | None = None,
    accuracy: float | None = None,
    accuracy_on: str = "",
    accuracy_before: float | None = None,
) -> str:
    """What was written, as a line of text."""
    parts = [f"{bytes / 1e6:.1f} MB" if bytes >= 1e5 else f"{bytes / 1e3:.1f} kB"]
    if constants is not None:
        parts.append(f"{constants / 1e3:.1f} kB of constants in the program")
    if accuracy is not None:
        before = "" if accuracy_before is None else f" (with weights of 32 bits {percent(accuracy_before)})"
        parts.append(f"{percent(accuracy)} of {accuracy_on} read rightly{before}")
    return f"{path}: {', '.join(parts)}"
