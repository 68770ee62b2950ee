"""handgrad train: images and labels -> a trained network in a model file."""

import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad import model_file, runs
from handgrad.cli import examples
from handgrad.cli.choices import CHANGES, DEFAULT_RECIPE, chosen_recipe, recipe_options
from handgrad.cli.own import Own, expect_one_way, notes, own_options
from handgrad.cli.ranks import all_ranks
from handgrad.cli.running import conclude, trained
from handgrad.cli.shared import (
    FILE,
    data_option,
    default_model,
    existing_model,
    expect_apart,
    expect_one_source,
    idx_options,
    output_options,
    say,
    test_options,
)
from handgrad.cli.source import Source, as_words
from handgrad.engines import ENGINES, Engine, engine
from handgrad.engines.arguments import MOST_THREADS
from handgrad.errors import HandgradError
from handgrad.files import expect_folder, expect_writable
from handgrad.model import Model
from handgrad.recipes import RECIPES
from handgrad.runs import Beginning, Data
from handgrad.runs.beginning import FROM_MODEL
from handgrad.runs.log import Log

if TYPE_CHECKING:
    from handgrad.engines.ranks import Ranks


@click.command(
    epilog=examples(
        "handgrad train",
        "handgrad train --hidden 64 --epochs 3 --seed 7 --out model.safetensors",
        "handgrad train --from box --data digits --prepare --out mine.safetensors",
    )
)
@click.option(
    "--recipe",
    "name",
    type=click.Choice(list(RECIPES)),
    help="Recipe for all choices up to --distort: lesson (as in the lesson), quick (a good network in "
    f"seconds) or best (the most accurate, in minutes). Default: {DEFAULT_RECIPE}.",
)
@recipe_options
@click.option(
    "--distort/--no-distort",
    default=None,
    help="Learn from images that are distorted anew in each epoch, or from the images as they are. "
    f"Default: the recipe's ({DEFAULT_RECIPE}: --no-distort).",
)
@data_option
@idx_options
@test_options
@own_options
@click.option(
    "--validation",
    metavar="N",
    type=click.IntRange(min=0),
    help="Hold back the last N training images for validation, of each class its share where the classes are "
    "in order. Default: a tenth, at most 5000; with --from, 0 of fewer than 500.",
)
@click.option(
    "--from",
    "begin",
    metavar="FILE",
    type=FILE,
    help="Begin with the weights of this model file, or of the network in the box (box), and fine-tune them "
    "by a recipe made for that. Default: random weights.",
)
@click.option("--seed", metavar="N", type=click.IntRange(min=0), help="Random seed. Default: 0.")
@click.option(
    "--engine",
    "engine_name",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="Engine: ink (compiled), numpy or torch; auto takes the fastest that is available.",
)
@click.option(
    "--device",
    metavar="NAME",
    default="cpu",
    show_default=True,
    help="Device of the torch engine: cpu, cuda, cuda:1, mps.",
)
@click.option(
    "--threads",
    metavar="N",
    type=click.IntRange(1, MOST_THREADS),
    help="Number of threads of the ink engine. Default: one for each core.",
)
@click.option(
    "--resume",
    metavar="FILE",
    type=FILE,
    help="Continue the unfinished run in this model file; with --epochs N, continue a finished run to N "
    "epochs in all.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=FILE,
    help="Model file to write. Default: model.safetensors in the user's data folder.",
)
@click.option(
    "--report", metavar="FOLDER", type=FILE, help="Also write index.html and its pictures into this folder."
)
@click.option(
    "--log",
    "log_file",
    metavar="FILE",
    type=FILE,
    help="Also write a JSON line after each epoch to this file.",
)
@output_options
def train(
    resume: str | None, out: str | None, report: str | None, log_file: str | None, as_json: bool, quiet: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Train a network and write it to a model file.

    The training images are the embedded MNIST, a data set that was fetched or files of your own (--data),
    or a pair of IDX files (--images and --labels). Labels of any kind become the classes of the network: the
    model file records them. A recipe makes all choices; options change single choices. What is odd about the
    images and labels is said before training, in lines that begin with "note:".

    With --from, a trained network learns your images in addition: a few of each digit are enough. A network
    that learnt from MNIST sees some of MNIST's digits beside yours, so that it does not forget them.

    The model file is written after every epoch. An interrupted run continues with --resume; with the same
    engine and number of threads it writes the same bytes as a run that was never interrupted.

    Several processes train one network together where torchrun starts them (docs/cluster.md):
    torchrun --nproc-per-node 2 -m handgrad train
    """
    with all_ranks(options["device"]) as ranks:
        first = ranks is None or ranks.first
        mine = (report, log_file) if first else (None, None)
        _run(ranks, resume, out, *mine, as_json, quiet or not first, options)


def _run(
    ranks: "Ranks | None",
    resume: str | None,
    out: str | None,
    report: str | None,
    log_file: str | None,
    as_json: bool,
    quiet: bool,
    options: dict[str, Any],
) -> None:
    """What the command does, in each process that takes part."""
    if resume is not None:
        _expect_nothing_chosen(resume, out, options)
    expect_one_way(options["prepare"], options["invert"])
    begin = _beginning(options)
    name, recipe = chosen_recipe(options, begin)  # with --resume too: epochs that cannot be are wrong usage
    source = Source(**{key: options[key] for key in Source._fields})
    expect_one_source(*source)
    if begin is not None and source.embedded:
        raise click.UsageError(
            "--from goes with images of your own: name them (--data, or --images and --labels)"
        )
    path = Path(out or resume or default_model())
    expect_apart(path, log_file, folder=report, endings=(".html", ".png"))
    if report is not None:
        from handgrad.insight.report import expect_report

        expect_report(report)
    if ranks is None or ranks.first:
        if out is None and resume is None:
            expect_folder(path.parent)
        expect_writable(path, model_file.KIND)
    log = None if log_file is None else Log(log_file)
    resumed = model_file.load(resume) if resume else None
    hidden = recipe.hidden if resumed is None else resumed.hidden
    prepare = options["prepare"] or (resumed is not None and resumed.prepared)
    own = Own(prepare, options["invert"], quiet)
    with ThreadPoolExecutor(1) as pool:  # images are decompressed while the engine gets ready
        reading = pool.submit(source.read, options["validation"], own, begin is not None)
        where = _engine(ranks, options, quiet, hidden)
        data = reading.result()
    found: list[str] = []
    if not source.embedded and resume is None:
        found = runs.look(data, None if options["learning_rate"] else recipe, begin is not None)
    notes(found, quiet)
    if resume is None:
        run = runs.start(data, recipe, options["seed"] or 0, path, name, where, begin)
        if begin is not None:
            notes(_about_beginning(begin, data), quiet)
    else:
        run = runs.resume(path, data, where, options["epochs"])
    go_on = _command(path, source, options, None if resume is None else options["epochs"], log_file)
    trained(run, quiet, go_on, log)
    if where.writes:
        conclude(run, path, source, as_json, report, found)


def _engine(ranks: "Ranks | None", options: dict[str, Any], quiet: bool, hidden: int) -> Engine:
    """The engine that the options name; of several processes each takes its share of the cores or a GPU."""
    device, threads = options["device"], options["threads"]
    if ranks is None:
        return engine(options["engine_name"], device, threads, lambda line: say(quiet, line), hidden)
    device = f"cuda:{ranks.local}" if device == "cuda" else device
    threads = threads or min(ranks.threads, MOST_THREADS)
    own = engine(options["engine_name"], device, threads, lambda line: say(quiet, line), hidden)
    return ranks.engine(own)


def _expect_nothing_chosen(resume: str, out: str | None, options: dict[str, Any]) -> None:
    """Wrong usage where --resume stands beside what the file itself says."""
    if out is not None and Path(out) != Path(resume):
        raise click.UsageError(f"--resume goes on in {resume} itself; leave out --out (or copy the file)")
    told = {*CHANGES, "distort", "name", "seed", "validation", "begin"} - {"epochs"}
    given = [param for param in click.get_current_context().command.params if param.name in told]
    given = [param for param in given if options[str(param.name)] is not None]
    if given:
        flags = ", ".join(param.opts[0] for param in given)
        raise click.UsageError(f"--resume takes the recipe, seed and split from {resume}; leave out {flags}")


def _beginning(options: dict[str, Any]) -> Model | None:
    """The model that --from names.  Wrong usage where it stands beside choices that its weights have made."""
    if options["begin"] is None:
        return None
    made = {"name": "--recipe"} | {key: "--" + key.replace("_", "-") for key in FROM_MODEL}
    if given := [flag for key, flag in made.items() if options[key] is not None]:
        raise click.UsageError(
            f"--from takes the network, and a recipe to fine-tune it; leave out {', '.join(given)}"
        )
    begin: str = options["begin"]
    model, run = model_file.load_run(existing_model(None if begin == "box" else begin))
    if run is not None:
        raise HandgradError(f"{begin}: its run is not finished; continue it first (handgrad train --resume)")
    return model


def _about_beginning(begin: Model, data: Data) -> list[str]:
    """What becomes of the model to begin with, where it does not stay what it was."""
    if Beginning(begin).knows(data):
        return []
    known = ", ".join(map(str, begin.classes[:12])) + (", ..." if len(begin.classes) > 12 else "")
    return [f"labels are not those of the model to begin with ({known}): its last layer begins at random"]


def _command(path: Path, source: Source, options: dict[str, Any], epochs: int | None, log: str | None) -> str:
    """The command that goes on with this run. Another engine or number of threads would round otherwise."""
    engine_name, device = options["engine_name"], options["device"]
    own = {
        "--epochs": epochs,
        "--engine": None if engine_name == "auto" else engine_name,
        "--device": None if device == "cpu" else device,
        "--threads": options["threads"],
        "--log": log,
    }
    inverted = {None: [], True: ["--invert"], False: ["--no-invert"]}[options["invert"]]
    return shlex.join(
        ["handgrad", "train", "--resume", str(path), *source.words(), *inverted, *as_words(own)]
    )
