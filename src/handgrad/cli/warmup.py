"""handgrad warmup: compile the ink engine ahead of its first use."""

import time

import click

from handgrad.cli import examples
from handgrad.cli.shared import emit, output_options, say
from handgrad.engines import engine
from handgrad.recipes import RECIPES
from handgrad.threads import available_cores


@click.command(epilog=examples("handgrad warmup"))
@output_options
def warmup(as_json: bool, quiet: bool, debug: bool) -> None:
    """Compile the ink engine ahead of its first use.

    The machine code is kept in the user's cache folder, so that the first 'handgrad train' does not wait
    for the compiler: useful in container images and CI. All variants that the recipes need are compiled,
    for one thread and for all cores.
    """
    began = time.perf_counter()
    for threads in sorted({1, available_cores()}):
        for recipe in RECIPES.values():
            name = engine("auto", "cpu", threads, lambda line: say(quiet, line), recipe.hidden).name
    seconds = time.perf_counter() - began
    if as_json:
        emit({"engine": name, "seconds": seconds})
    else:
        click.echo(f"{name}: ready after {seconds:.2f} s")
