"""handgrad warmup: compile the fast engine now, so that no one waits for it later."""

import time

import click

from handgrad.cli.shared import emit, output_options
from handgrad.engines import engine


@click.command()
@output_options
def warmup(as_json: bool, quiet: bool, debug: bool) -> None:
    """Compile the fast engine for this machine and keep it in Numba's cache: for images and CI."""
    began = time.perf_counter()
    name = engine(say=lambda line: None if quiet else click.echo(line, err=True)).name
    seconds = time.perf_counter() - began
    if as_json:
        emit({"engine": name, "seconds": seconds})
    else:
        click.echo(f"{name}: ready after {seconds:.2f} s")
