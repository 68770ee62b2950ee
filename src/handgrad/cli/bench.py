"""handgrad bench: time epochs, answers and whole runs, beside every framework that is installed."""

import platform
from pathlib import Path
from typing import Any

import click

from handgrad import __version__
from handgrad.bench.measure import PROCESSES, Points, load, measure, processes
from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, expect_picture, output_options, say
from handgrad.files import PNG, write_atomically
from handgrad.threads import available_cores

NAMES = {
    "train": ("ink", "numpy", "reference", "torch", "torch-compile", "jax", "scipy", "sklearn"),
    "answer": ("ink", "numpy", "torch", "jax", "onnxruntime"),
    "process": PROCESSES,
}
WHAT = {"train": "an epoch of 60,000 images", "answer": "the outputs", "process": "a whole process"}


@click.command(
    epilog=examples(
        "handgrad bench --what train --grid 128,64 --rounds 3",
        "handgrad bench --what answer --peers ink,numpy",
    )
)
@click.option(
    "--what",
    metavar="LIST",
    default=",".join(NAMES),
    show_default=True,
    help="What to time: train (an epoch), answer (the outputs for some images), process (a whole run).",
)
@click.option(
    "--peers",
    metavar="LIST",
    help="Engines and frameworks to time; the others are given as multiples of the first. Default: all.",
)
@click.option(
    "--grid",
    metavar="PAIRS",
    default="64,16 128,64 512,64 1024,128",
    show_default=True,
    help="Networks to train: pairs of the number of hidden units and the batch size.",
)
@click.option(
    "--asked",
    metavar="PAIRS",
    default="256,1 256,64 256,10000",
    show_default=True,
    help="Networks to query: pairs of the number of hidden units and the number of images at once.",
)
@click.option(
    "--threads",
    metavar="LIST",
    default="1,2",
    show_default=True,
    help="Numbers of threads; everything is measured with each.",
)
@click.option(
    "--rounds",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="Number of rounds. In each round all peers are timed in turn; medians are printed.",
)
@click.option("--picture", metavar="FILE", type=FILE, help="Also draw the measurements as a PNG picture.")
@output_options
def bench(
    what: str,
    peers: str | None,
    grid: str,
    asked: str,
    threads: str,
    rounds: int,
    picture: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Time handgrad and other frameworks on the same work.

    All peers start from the same weights and see the same images in the same order. A peer that reaches
    another loss, or gives other answers, is reported and not timed. Peers that are not installed are
    left out.

    Two rows are limits rather than peers: "dense products" times only the two matrix products of the first
    layer, and "import torch" times only the import. A whole process starts Python, trains a network that
    reads at least 98 % of MNIST, and saves it.
    """
    kinds = what.split(",")
    if unknown := [kind for kind in kinds if kind not in NAMES]:
        raise click.UsageError(f"expected --what among {', '.join(NAMES)}; got {', '.join(unknown)}")
    points = {"train": _points(grid, "--grid"), "answer": _points(asked, "--asked")}
    counts = [_number(count, "--threads") for count in threads.split(",")]
    named = {kind: _named(peers, kind) for kind in kinds}
    if picture is not None:
        if not picture.endswith(".png"):
            raise click.UsageError(
                f"expected --picture to be a file whose name ends in .png; got {picture!r}"
            )
        expect_picture("--picture", picture)
    document: dict[str, Any] = {"machine": _machine(), "rounds": rounds}
    for kind in kinds:
        if kind == "process":
            say(quiet, f"process: {rounds} rounds of {', '.join(named[kind])}")
            document[kind] = processes(named[kind], rounds)
            continue
        document[kind] = []
        for count in counts:
            on = f"{count} thread{'s' if count > 1 else ''}"
            say(quiet, f"{kind}, {on}: {len(points[kind])} points, {rounds} rounds")
            document[kind] += measure(kind, count, points[kind], named[kind], rounds)
    if picture is not None:
        from handgrad.insight.plots import bench_bars, png

        write_atomically(picture, png(bench_bars(document)), PNG)
    if as_json:
        emit(document)
        return
    click.echo(document["machine"])
    for kind in kinds:
        for row in [document[kind]] if kind == "process" else document[kind]:
            click.echo(_text(kind, row))


def _named(peers: str | None, kind: str) -> list[str]:
    known = NAMES[kind]
    names = list(known) if peers is None else peers.split(",")
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(
            f"expected --peers of {kind} among {', '.join(known)}; got {', '.join(unknown)}"
        )
    return names


def _points(text: str, option: str) -> Points:
    points = []
    for point in text.split():
        hidden, comma, size = point.partition(",")
        if not comma:
            raise click.UsageError(f"expected {option} to be pairs such as '128,64 512,64'; got {point!r}")
        points.append((_number(hidden, option), _number(size, option)))
    return points


def _number(text: str, option: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise click.UsageError(f"expected {option} to be whole numbers of at least 1; got {text!r}")
    return int(text)


def _machine() -> str:
    return (
        f"handgrad {__version__}, Python {platform.python_version()}, {_processor()}, "
        f"{available_cores()} cores{_load(load())}"
    )


def _load(figure: float | None) -> str:
    return "" if figure is None else f", load {figure:.2f}"


def _processor() -> str:
    try:
        _, _, named = Path("/proc/cpuinfo").read_text().partition("model name\t: ")
    except OSError:
        named = ""
    return named.splitlines()[0] if named else platform.machine()


def _text(kind: str, row: dict[str, Any]) -> str:
    if kind == "process":
        head = WHAT[kind]
    elif kind == "train":
        head = (
            f"{WHAT[kind]}, {row['hidden']} hidden units, batches of {row['batch_size']}, "
            f"threads {row['threads']}"
        )
    else:
        head = (
            f"{WHAT[kind]} of {row['batch_size']} images at once, {row['hidden']} hidden units, "
            f"threads {row['threads']}"
        )
    lines = [f"{head}{_load(row['load'])}"]
    for name, timing in row["peers"].items():
        spread = f"({_time(timing['fastest'])} to {_time(timing['slowest'])})"
        loss = "" if timing.get("loss") is None else f"  loss {timing['loss']:.6f}"
        reads = f"  {timing['accuracy']:.2%}" if "accuracy" in timing else ""
        lines.append(
            f"  {name:<15} {_time(timing['seconds']):>9} {spread:<24} {timing['ratio']:6.2f} x{loss}{reads}"
        )
    lines += [f"  {name:<15} not timed: {why}" for name, why in row["left_out"].items()]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.1f} ms" if seconds < 0.1 else f"{seconds:.3f} s"
