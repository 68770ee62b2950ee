"""handgrad explain: one image -> which hidden units and pixels speak for its digit, and which against."""

from dataclasses import replace
from typing import Any, NamedTuple

import click

from handgrad import digits, model_file, templates
from handgrad.arrays import NDArray
from handgrad.cli import examples
from handgrad.cli.own import Own, expect_one_way, own_options
from handgrad.cli.shared import (
    FILE,
    answers,
    data_option,
    emit,
    existing_model,
    expect_one_source,
    expect_picture,
    idx_options,
    network_named,
    output_options,
    say,
    your_own,
)
from handgrad.errors import DataError, ImageError
from handgrad.files import PNG, write_atomically
from handgrad.insight.explain import PIECEWISE, Explanation
from handgrad.insight.explain import explain as take_apart
from handgrad.model import Model

Pair = tuple[NDArray, NDArray]
MNIST_SHAPE = (28, 28)
WIDTH = 42  # of a column of text


class Source(NamedTuple):
    """An image to explain, and what is known of it."""

    name: str
    image: NDArray
    facts: dict[str, Any]  # for the document
    label: int | str | None = None
    photo: NDArray | None = None  # the whole picture, (height, width, 3)
    box: tuple[int, ...] | None = None  # of the digit, in pixels of the photo


@click.command(
    epilog=examples(
        "handgrad explain photo.jpg --out why.png",
        "handgrad explain --row 0",
        "handgrad explain --row 0 --versus 3",
    )
)
@click.argument("picture", metavar="[IMAGE]", type=FILE, required=False)
@click.option(
    "--digit",
    metavar="N",
    type=click.IntRange(min=1),
    help="Number of the digit in IMAGE, counted in reading order. Default: 1.",
)
@click.option(
    "--row",
    metavar="N",
    type=click.IntRange(min=0),
    help="Instead of IMAGE: row N, counted from 0, of MNIST's test images, of --data or of --images.",
)
@data_option
@idx_options
@own_options
@click.option("--model", metavar="FILE", type=FILE, help="Model file. Default: the network in the box.")
@click.option(
    "--versus",
    metavar="DIGIT",
    help="Digit to compare the answer with. Default: the label if it is another digit, or the runner-up.",
)
@click.option(
    "--units",
    metavar="N",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="Number of hidden units to list that speak for a digit, and of those that speak against it.",
)
@click.option("--out", metavar="FILE", type=FILE, help="Also draw the explanation as a PNG picture.")
@output_options
def explain(
    picture: str | None,
    digit: int | None,
    row: int | None,
    data: str | None,
    images: str | None,
    labels: str | None,
    prepare: bool,
    invert: bool | None,
    model: str | None,
    versus: str | None,
    units: int,
    out: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Show which hidden units and pixels led to an answer.

    The score of a digit is a sum over the hidden units, and also a sum over the pixels. Both sums are
    printed, for the answer and for the digit that it is compared with.

    IMAGE is a picture of digits, as 'handgrad predict' reads it. With --row, the image is a row of MNIST's
    test images, of your own images (--data: the test part; without it, all images), or of the IDX file
    --images; --labels is then optional.
    """
    if (picture is None) == (row is None):
        raise click.UsageError("expected one image: a picture, or --row N")
    if (digit is not None and picture is None) or (images is not None and row is None):
        raise click.UsageError("--digit goes with a picture, --images with --row")
    if row is None and (data is not None or prepare or invert is not None):
        raise click.UsageError("--data, --prepare and --invert go with --row")
    expect_one_way(prepare, invert)
    expect_one_source(data, images, labels)
    if labels is not None and images is None:
        raise click.UsageError("--labels goes with --images")
    if out is not None:
        if not out.lower().endswith(".png"):
            raise click.UsageError(f"--out: expected a name that ends in .png; got {out}")
        expect_picture("--out", out, *([] if picture is None else [picture]))
    trained = model_file.load(existing_model(model))
    other = _class_named(versus, trained)
    is_mnist = images is None and data in (None, "mnist")
    mnist = digits.load_mnist() if trained.image_shape == MNIST_SHAPE or is_mnist else None
    if picture is not None:
        source = _photo(picture, digit or 1, trained)
    else:
        assert row is not None  # checked above: wrong usage
        own = Own(prepare or trained.prepared, invert, quiet)
        if data is not None and not is_mnist:
            asked: tuple[NDArray, NDArray | None] = answers(data, quiet, own.prepare)
        else:
            asked = mnist[1] if mnist is not None and is_mnist else _idx(str(images), labels)
        source = _row(row, *asked, None if is_mnist else data or images)
        if not is_mnist:
            source = source._replace(image=own.image(asked[0], row))
    explanation = take_apart(trained, source.image, _baseline(trained, mnist), other)
    if other is None and source.label in trained.classes and source.label != explanation.answer:
        explanation = replace(explanation, second=trained.classes.index(source.label))
    if out is not None:
        _draw(out, explanation, source)
    if as_json:
        facts = {
            "model": network_named(model, trained),
            **source.facts,
            "label": source.label,
            "picture": out,
        }
        emit(facts | explanation.to_dict(units))
    else:
        hint = your_own(model, "handgrad explain --model")
        say(quiet, f"network: {network_named(model, trained)}{hint}")
        click.echo(_text(explanation, source, units))
        if out is not None:
            click.echo(f"\npicture  {out}")


def _class_named(name: str | None, model: Model) -> int | str | None:
    if name is None:
        return None
    named = {str(c): c for c in model.classes}
    if name not in named:
        raise click.UsageError(f"--versus: expected one of {', '.join(named)}; got {name}")
    return named[name]


def _photo(picture: str, number: int, model: Model) -> Source:
    """The digit of that number on a picture, as 'handgrad predict' finds it."""
    from handgrad.photos import read_picture
    from handgrad.photos.reading import read

    if model.image_shape != MNIST_SHAPE:
        shape = " x ".join(map(str, model.image_shape))
        remedy = "name a row of its own images with --data and --row"
        raise ImageError(f"expected a model for 28 x 28 images; this model takes {shape}; {remedy}")
    photo = read_picture(picture)
    found = [reading for line in read(model, photo) for reading in line]
    if not found:
        raise ImageError(f"{picture}: no digit found, so there is nothing to explain")
    if number > len(found):
        raise click.UsageError(
            f"--digit: expected 1 to {len(found)}, the digits that were found; got {number}"
        )
    reading, scale = found[number - 1], photo.pixels.shape[1] / photo.size[0]
    name = picture if len(found) == 1 else f"{picture}, digit {number} of {len(found)}"
    facts = {"file": picture, "row": None, "number": number, "found": len(found), "box": list(reading.box)}
    box = tuple(round(scale * side) for side in reading.box)
    return Source(name, reading.image, facts, photo=photo.pixels, box=box)


def _idx(images: str, labels: str | None) -> tuple[NDArray, NDArray | None]:
    if labels is not None:
        return digits.load_pair(images, labels)
    rows = digits.read_idx(images)
    if rows.ndim < 2:
        raise DataError(f"{images}: expected images, an array of shape (N, ...); got shape {rows.shape}")
    return rows, None


def _row(row: int, rows: NDArray, labels: NDArray | None, file: str | None) -> Source:
    name = file or "MNIST's test images"
    if row >= len(rows):
        raise click.UsageError(f"--row: expected 0 to {len(rows) - 1:,}, the rows of {name}; got {row}")
    label = None if labels is None else labels[row].item()
    facts = {"file": file, "row": row, "number": None, "found": None, "box": None}
    return Source(f"row {row} of {name}", rows[row], facts, label)


def _baseline(model: Model, mnist: tuple[Pair, Pair] | None) -> NDArray | None:
    """MNIST's mean-image templates; None if the model is known to read something other than MNIST."""
    if mnist is None or model.image_shape != MNIST_SHAPE or model.classes != tuple(range(10)):
        return None
    known_other = model.data_checksum not in (None, digits.checksum(*mnist[0]))
    return None if known_other else templates.fit(*mnist[0])


def _draw(out: str, explanation: Explanation, source: Source) -> None:
    from handgrad.insight import plots, plots_explain

    figure = plots_explain.explained(explanation, source.photo, source.box, source.label)
    write_atomically(out, plots.png(figure), PNG)


def _text(told: Explanation, source: Source, most: int) -> str:
    """The explanation as tables whose sums hold in the digits that are printed."""
    line = f"{source.name}: read as {told.answer}"
    if source.label is not None:
        line += ", rightly" if source.label == told.answer else f", but it is {source.label}"
    if told.baseline is not None:
        line += f"; the mean-image templates say {told.baseline_answer}"
    lines = [line, "", *_scores(told), ""]
    units = {c: [k for side in told.strongest(c, most) for k in side] for c in told.shown}
    height = max(map(len, units.values()))
    lines += map("   ".join, zip(*(_terms(told, c, units[c], height) for c in units), strict=True))
    if told.model.activation not in PIECEWISE:
        bends = f"{told.model.activation} is not linear: the sum over pixels holds for this image only"
        lines += ["", bends]
    return "\n".join(line.rstrip() for line in lines)


def _scores(told: Explanation) -> list[str]:
    """A line for each class: for + against + bias = z, the output, and the agreement of the templates."""
    names = [str(c) for c in told.model.classes]
    width = max(5, *map(len, names))
    asked = told.baseline is not None
    lines = [
        f"{'digit':>{width}}       for   against      bias         z       y" + "   templates" * asked,
    ]
    for c, name in enumerate(names):
        added, bias, taken, z = _adding([told.balance(c)[0], told.bias[c]], told.z[c])
        lines.append(f"{name:>{width}}{added:>10}{taken:>10}{bias:>10}{z:>10}{told.y[c]:8.3f}")
        if told.baseline is not None:
            lines[-1] += f"{told.baseline[c]:12.2f}"
    return lines


def _terms(told: Explanation, c: int, units: list[int], height: int) -> list[str]:
    """The score of a class as a sum over hidden units, then as a sum over pixels. All lines are equally long.

    The list of units is padded to the given height, so that two lists can stand side by side.
    """
    name, terms, ink = told.model.classes[c], told.contributions[c], told.pixels[c]
    *listed, bias, others, z = _adding([*terms[units], told.bias[c]], told.z[c])
    question = "why" if c == told.first else "why not"
    lines = [f"{question} {name}", "  unit        a        h     vote     adds"]
    for k, added in zip(units, listed, strict=True):
        vote = told.model.params.W2[c, k]
        lines.append(f"{k:>6}{told.a[k]:>+9.3f}{told.h[k]:>+9.3f}{vote:>+9.3f}{added:>9}")
    lines += [""] * (height - len(units))
    rest = told.model.hidden - len(units)
    red, more, blue, _ = _adding([ink[ink > 0].sum(), told.pixel_bias[c]], told.z[c])
    sums = {f"{rest:,} other units": others, "bias": bias, "z": z, "": ""}
    sums |= {"ink that speaks for it": red, "ink against it": blue, "bias of all units": more, "z ": z}
    lines += [f"  {what:<{WIDTH - 11}}{value:>9}" for what, value in sums.items()]
    return [f"{line:<{WIDTH}}" for line in lines]


def _adding(terms: list[float], total: float) -> list[str]:
    """The terms, the rest, and the total, as text. The rest is chosen so that the printed digits add up."""
    whole = [round(float(term) * 1000) for term in (*terms, total)]
    whole.insert(-1, whole[-1] - sum(whole[:-1]))
    return [f"{part / 1000:+.3f}" for part in whole]
