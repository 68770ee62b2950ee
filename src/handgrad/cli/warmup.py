"""handgrad warmup: compile the fast engine now, so that no one waits for it later."""

import time

import click

from handgrad.cli.shared import emit, output_options, say
from handgrad.engines import engine
from handgrad.recipes import RECIPES
from handgrad.threads import available_cores


@click.command()
@output_options
def warmup(as_json: bool, quiet: bool, debug: bool) -> None:
    """Compile the fast engine for this machine and keep it in the user's cache folder: for images and CI.

    What every recipe needs, on one thread and on all cores: the width of a network and the number of
    threads decide which of two variants of the code runs.
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
