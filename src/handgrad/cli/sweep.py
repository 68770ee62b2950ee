"""handgrad sweep: many networks side by side -> a file for each, and one table."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from handgrad.cli import examples
from handgrad.cli.choices import DEFAULT_RECIPE
from handgrad.cli.own import Own, expect_one_way, own_options
from handgrad.cli.shared import (
    FILE,
    Interrupted,
    data_option,
    emit,
    expect_one_source,
    idx_options,
    output_options,
    say,
    test_options,
)
from handgrad.cli.source import Source
from handgrad.cli.swept import command_of, document, printed
from handgrad.cli.terminal import bars
from handgrad.errors import MissingExtraError
from handgrad.files import PNG, expect_folder, expect_replaceable, write_atomically
from handgrad.recipes import RECIPES
from handgrad.runs import sweeps
from handgrad.runs.sweeps import Folder, Plan, Setting, Shard, Step

TABLE, PARQUET, PLOT = "table.csv", "table.parquet", "sweep.png"


@click.command(
    epilog=examples(
        "handgrad sweep --grid hidden=64,128 --grid learning_rate=0.5,1,2 --seeds 3 --out sweep",
        "handgrad sweep --random learning_rate=0.1:4:log --draws 20 --out sweep --shard 1/2",
        "handgrad sweep --grid hidden=64,128 --out sweep --dask tcp://10.0.0.1:8786",
    )
)
@click.option(
    "--recipe",
    "name",
    type=click.Choice(list(RECIPES)),
    default=DEFAULT_RECIPE,
    show_default=True,
    help="Recipe for all choices that the sweep does not vary.",
)
@click.option(
    "--grid",
    metavar="CHOICE=VALUES",
    multiple=True,
    help="Values of a choice, such as hidden=64,128 or epochs=3; may be repeated. Every combination is "
    "trained. Default: the recipe's value.",
)
@click.option(
    "--random",
    "drawn",
    metavar="CHOICE=RANGE",
    multiple=True,
    help="Range to draw a choice from: learning_rate=0.1:4 evenly, learning_rate=0.1:4:log evenly in its "
    "logarithm, loss=l2,cross_entropy among values; may be repeated. Default: nothing is drawn.",
)
@click.option(
    "--draws",
    metavar="N",
    type=click.IntRange(min=1),
    help="Number of draws for --random, each with every combination of the grid. Default: 10.",
)
@click.option(
    "--draw-seed", metavar="N", type=click.IntRange(min=0), help="Random seed of the draws. Default: 0."
)
@click.option(
    "--seeds",
    metavar="N|FIRST-LAST",
    default="1",
    show_default=True,
    help="Seeds of the networks: 5 is 0 to 4, 10-19 is ten seeds. Every setting is trained with each.",
)
@click.option(
    "--out",
    metavar="FOLDER",
    type=FILE,
    required=True,
    help="Folder for the files of the networks and the table. Several processes and machines may share it.",
)
@click.option(
    "--shard",
    metavar="I/N",
    default="1/1",
    show_default=True,
    help="Train only part I of N of the networks, as a job of an array does.",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 1024),
    help="Number of networks to train at the same time, each on one thread. Default: one for each core.",
)
@click.option(
    "--dask", metavar="ADDRESS", help="Train on the workers of this Dask scheduler. Default: on this machine."
)
@data_option
@idx_options
@test_options
@own_options
@click.option(
    "--validation",
    metavar="N",
    type=click.IntRange(min=1),
    help="Hold back the last N training images for validation, which decides. Default: a tenth, at most "
    "5000.",
)
@click.option(
    "--engine",
    type=click.Choice(sweeps.ENGINES),
    default="auto",
    show_default=True,
    help="Engine: ink (compiled) or numpy; auto takes the fastest that is available.",
)
@click.option("--parquet", is_flag=True, help=f"Also write {PARQUET} into the folder.")
@click.option("--plot", is_flag=True, help=f"Also draw {PLOT} into the folder: curves, accuracy by choice.")
@output_options
def sweep(
    out: str, as_json: bool, quiet: bool, parquet: bool, plot: bool, dask: str | None, jobs: int | None,
    engine: str, **options: Any,
) -> None:  # fmt: skip
    """Train many networks side by side, and compare them.

    Every combination of the grid is trained with every draw and every seed. A network that is done is a file
    in the folder, named by its choices. So the same command goes on after an interruption, and redoes
    nothing; parts of a sweep (--shard), several processes and machines that share the folder give one table.
    More values and more seeds may be added later.

    The images held back for validation decide which setting is best. The test images only report: no choice
    is made by them.
    """
    expect_one_way(options["prepare"], options["invert"])
    plan, shard = _plan(options), _shard(options["shard"])
    source = Source(**{key: options[key] for key in Source._fields})
    expect_one_source(*source)
    if dask is not None and jobs is not None:
        raise click.UsageError("--dask uses all cores of its workers; leave out --jobs")
    folder = Path(out)
    _expect_places(folder, parquet, plot, dask)
    data = source.read(options["validation"], Own(options["prepare"], options["invert"], quiet), False)
    files = sweeps.folder_of(plan, data, folder)
    here = len(shard.of_trials(plan.trials))
    if dask is None:
        hidden = plan.recipes[0].hidden
        sweeps.engine_for(data, engine, hidden, lambda line: say(quiet, line))  # the first one may compile
    part = "" if shard.of == 1 else f", of which part {shard.number}/{shard.of} has {here:,}"
    say(quiet, f"{len(plan.trials):,} networks{part}; done before: {len(files.done()):,}")
    try:
        with _progress(here, quiet) as show:
            for step in sweeps.sweep(plan, data, folder, shard, engine, jobs, dask):
                show(step)
    except KeyboardInterrupt:
        kept = f"{len(files.done()):,} of {len(plan.trials):,} networks are done"
        raise Interrupted(f"interrupted; {kept}; the same command goes on") from None
    _conclude(files, plan, options["name"], as_json, parquet, plot)


def _plan(options: dict[str, Any]) -> Plan:
    """The sweep that the options describe.  Wrong usage for choices that cannot be."""
    if not options["drawn"] and (options["draws"] is not None or options["draw_seed"] is not None):
        raise click.UsageError("--draws and --draw-seed go with --random; nothing is drawn")
    try:
        grid = [sweeps.grid_choice(text) for text in options["grid"]]
        drawn = [sweeps.random_choice(text) for text in options["drawn"]]
        for flag, pairs in (("--grid", grid), ("--random", drawn)):
            names = [name for name, _ in pairs]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"expected each choice in one {flag}; got {', '.join(twice)} in several")
        plan = Plan(
            RECIPES[options["name"]],
            dict(grid),
            dict(drawn),
            options["draws"] or 10,
            _seeds(options["seeds"]),
            options["draw_seed"] or 0,
        )
        assert plan.trials
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return plan


def _seeds(text: str) -> tuple[int, ...]:
    first, dash, last = text.partition("-")
    low, high = (first, last) if dash else ("0", first)
    if not (low.isascii() and high.isascii() and low.isdecimal() and high.isdecimal()):
        raise ValueError(f"expected --seeds to be a number such as 5, or 10-19; got {text!r:.30}")
    seeds = range(int(low), int(high) + bool(dash))
    if not 0 < len(seeds) <= sweeps.MOST_TRIALS:
        raise ValueError(f"expected --seeds to be 1 to {sweeps.MOST_TRIALS:,} seeds; got {text!r:.30}")
    return tuple(seeds)


def _shard(text: str) -> Shard:
    number, _, of = text.partition("/")
    try:
        if not (number.isascii() and of.isascii() and number.isdecimal() and of.isdecimal()):
            raise ValueError(f"expected --shard to be such as 1/4; got {text!r:.30}")
        return Shard(int(number), int(of))
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _expect_places(folder: Path, parquet: bool, plot: bool, dask: str | None) -> None:
    """Before any work: that what the sweep writes can be written, and that the extras it needs are there."""
    if dask is not None:
        sweeps.expect_dask()
    if parquet:
        sweeps.expect_pyarrow()
    if plot and find_spec("matplotlib") is None:
        raise MissingExtraError("--plot needs matplotlib: pip install 'handgrad[plot]'")
    expect_folder(folder)
    kinds = {TABLE: sweeps.CSV, PARQUET: sweeps.PARQUET, PLOT: PNG}
    wanted = {TABLE: True, PARQUET: parquet, PLOT: plot}
    for name, kind in kinds.items():
        if wanted[name]:
            expect_replaceable(folder / name, kind)


@contextmanager
def _progress(total: int, quiet: bool) -> Iterator[Any]:
    """What shows a step: a bar on a terminal, else a line for each tenth of the networks."""
    if quiet or sys.stderr is None:
        yield lambda step: None
    elif sys.stderr.isatty():
        with click.progressbar(length=total, label="networks", file=bars(), show_pos=True) as bar:
            yield lambda step: bar.update(step.done - bar.pos)
    else:

        def line(step: Step) -> None:
            if step.done == step.of or step.done * 10 // step.of > (step.done - 1) * 10 // step.of:
                say(False, f"{step.done:,} of {step.of:,} networks")

        yield line


def _conclude(files: Folder, plan: Plan, name: str, as_json: bool, parquet: bool, plot: bool) -> None:
    """The tables in the folder and on stdout, of all that is done, by whomever."""
    settings = _written(files, parquet, plot, plan)
    results = [result for setting in settings for result in setting.results]
    best = settings[0] if settings and settings[0].validation else None
    command = None if best is None else shlex.join(command_of(name, best.recipe))
    if as_json:
        emit(
            {
                "folder": str(files.path),
                "networks": len(plan.trials),
                "done": len(results),
                "decides": "validation",
                "settings": [document(setting, plan) for setting in settings],
                "best": command,
            }
        )
        return
    for line in printed(settings, plan, TABLE):
        click.echo(line)
    diverged = sum(result.validation_accuracy is None for result in results)
    ended = f", {diverged:,} of which diverged" if diverged else ""
    click.echo(f"networks              {len(results):,} of {len(plan.trials):,} done{ended}")
    written = [TABLE, *([PARQUET] if parquet else []), *([PLOT] if plot and results else [])]
    click.echo(f"written               {', '.join(str(files.path / name) for name in written)}")
    if command is not None:
        click.echo(f"train the best with   {command}")


def _written(files: Folder, parquet: bool, plot: bool, plan: Plan) -> list[Setting]:
    """The settings, ranked, after the files of the table were written.

    Another process may finish at the same time, and write its table before this one, which then lacks its
    last networks: so it is looked again, until nothing was added.
    """
    seen = -1
    settings: list[Setting] = []
    while len(files.done()) > seen:
        results = list(files.results())
        seen, settings = len(results), sweeps.ranked(results)
        table = sweeps.rows(settings)
        write_atomically(files.path / TABLE, sweeps.csv_table(table), sweeps.CSV)
        if parquet:
            write_atomically(files.path / PARQUET, sweeps.parquet_table(table), sweeps.PARQUET)
    if plot and settings:
        from handgrad.insight.plots import png
        from handgrad.insight.plots_sweep import sweep_picture

        write_atomically(files.path / PLOT, png(sweep_picture(settings, plan.varied)), PNG)
    return settings
