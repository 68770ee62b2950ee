"""handgrad bench: seconds of an epoch, beside every framework that is installed."""

from typing import Any

import click

from handgrad.bench.measure import Grid, measure
from handgrad.cli.shared import emit, output_options

NAMES = ("ink", "numpy", "torch", "jax")
GRID = "64,16 128,64 512,64 1024,128"


@click.command()
@click.option(
    "--peers", default=",".join(NAMES), show_default=True, help="Who takes part; the first sets 1 x."
)
@click.option("--grid", default=GRID, show_default=True, help="Pairs of hidden units and batch size.")
@click.option("--threads", default="1,2", show_default=True, help="Each a run of its own.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, show_default=True, help="Of all in turn.")
@output_options
def bench(peers: str, grid: str, threads: str, rounds: int, as_json: bool, quiet: bool, debug: bool) -> None:
    """Time one epoch of MNIST by each peer: the same weights, order and arithmetic, interleaved, medians.

    A peer that ends with another loss is reported, not timed. "dense products" are the two matrix
    products of the first layer alone: what an epoch costs at least when blank paper is multiplied too.
    """
    names, points, counts = (
        peers.split(","),
        _grid(grid),
        [_number(count, "--threads") for count in threads.split(",")],
    )
    if unknown := [name for name in names if name not in NAMES]:
        raise click.UsageError(f"expected --peers among {', '.join(NAMES)}; got {', '.join(unknown)}")
    rows = []
    for count in counts:
        if not quiet:
            click.echo(
                f"{count} thread{'s' if count > 1 else ''}: {len(points)} points, {rounds} rounds", err=True
            )
        rows += measure(count, points, names, rounds)
    if as_json:
        emit({"rows": rows})
        return
    for row in rows:
        click.echo(_text(row))


def _grid(text: str) -> Grid:
    points = []
    for point in text.split():
        hidden, comma, size = point.partition(",")
        if not comma:
            raise click.UsageError(f"expected --grid as pairs such as '128,64 512,64'; got {point!r}")
        points.append((_number(hidden, "--grid"), _number(size, "--grid")))
    return points


def _number(text: str, option: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise click.UsageError(f"expected {option} to hold whole numbers of at least 1; got {text!r}")
    return int(text)


def _text(row: dict[str, Any]) -> str:
    head = f"{row['hidden']} hidden units, batches of {row['batch_size']}, threads {row['threads']}"
    lines = [f"{head}, load {row['load']:.2f}"]
    for name, told in row["peers"].items():
        spread = f"({told['fastest']:.3f} to {told['slowest']:.3f})"
        loss = "" if told["loss"] is None else f"  loss {told['loss']:.6f}"
        lines.append(f"  {name:<15} {told['seconds']:7.3f} s {spread:<18} {told['ratio']:6.2f} x{loss}")
    lines += [f"  {name:<15} not timed: {why}" for name, why in row["left_out"].items()]
    return "\n".join(lines)
