"""handgrad train: images and labels -> a trained network in a model file."""

import shlex
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from handgrad import digits, model_file, runs
from handgrad.cli import examples
from handgrad.cli.own import Own, expect_one_way, notes, own_options
from handgrad.cli.ranks import all_ranks
from handgrad.cli.shared import (
    FILE,
    Interrupted,
    data_option,
    default_model,
    emit,
    existing_model,
    expect_apart,
    expect_one_source,
    idx_options,
    loaded,
    output_options,
    pair,
    say,
    test_options,
)
from handgrad.engines import ENGINES, Engine, engine
from handgrad.engines.arguments import MOST_THREADS
from handgrad.errors import HandgradError, RankLostError
from handgrad.files import expect_folder, expect_writable
from handgrad.insight.evaluation import baseline_accuracy, percent
from handgrad.insight.evaluation import evaluate as measure
from handgrad.model import Model
from handgrad.recipes import CHOICES, RECIPES, Distortion, Recipe
from handgrad.runs import Beginning, Data, Progress, Run
from handgrad.runs.beginning import FROM_MODEL, held_back_of_few
from handgrad.runs.beginning import NAME as FINE_TUNE
from handgrad.runs.log import Log

if TYPE_CHECKING:
    from handgrad.engines.ranks import Ranks

DEFAULT_RECIPE = "quick"
# choice of the recipe -> its option's values (a list, or a type and the name of its values) and help
CHANGES: dict[str, tuple[Any, str | None, str]] = {
    "hidden": (int, "N", "Number of hidden units."),
    "activation": (CHOICES["activation"], None, "Non-linearity of the hidden units; none leaves it out."),
    "bias": (bool, None, "Layers with or without biases."),
    "init": (CHOICES["init"], None, "Initial weights: random (He, Xavier), or the mean-image templates."),
    "output_bias": (
        CHOICES["output_bias"], None, "Initial output biases: zero, or prior (each output starts at 1/C).",
    ),
    "loss": (CHOICES["loss"], None, "Loss function; after cross_entropy the outputs are a softmax."),
    "optimizer": (CHOICES["optimizer"], None, "Optimizer, which turns gradients into steps."),
    "learning_rate": (float, "RATE", "Peak learning rate, the factor of the gradient in each step."),
    "schedule": (CHOICES["schedule"], None, "Learning rate after its peak: constant, or a fall to 0."),
    "warmup": (float, "SHARE", "Share of all steps, 0 to 1, in which the learning rate rises to its peak."),
    "batch_size": (int, "N", "Number of images in a mini-batch, for each of which there is one step."),
    "epochs": (int, "N", "Number of epochs, passes over the training images."),
    "averaging": (
        float, "SHARE", "Weight averaging: share of the running average, 0 to 1, that an epoch keeps.",
    ),
}  # fmt: skip


def _recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each choice of the recipe; None, its value by default, stands for the recipe's own."""
    for name, (kind, metavar, words) in reversed(CHANGES.items()):
        flag = "--" + name.replace("_", "-")
        value: object = getattr(RECIPES[DEFAULT_RECIPE], name)
        value = f"{value:g}" if isinstance(value, float) else value
        if kind is bool:
            flag += "/--no-" + name
            value = f"--{name}" if value else f"--no-{name}"
        words += f" Default: the recipe's ({DEFAULT_RECIPE}: {value})."
        values = click.Choice(kind) if isinstance(kind, tuple) else kind
        command = click.option(flag, name, default=None, type=values, metavar=metavar, help=words)(command)
    return command


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
@_recipe_options
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
    name, recipe = _recipe(options, begin)  # with --resume too: epochs that cannot be are wrong usage
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
    _train(run, quiet, go_on, log)
    if where.writes:
        _conclude(run, path, source, as_json, report, found)


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


def _recipe(options: dict[str, Any], begin: Model | None) -> tuple[str, Recipe]:
    """The recipe that the options choose, and its name."""
    name: str = options["name"] or DEFAULT_RECIPE
    recipe = RECIPES[name]
    if begin is not None:
        name, recipe = FINE_TUNE, Beginning(begin).recipe()
    changes = {key: options[key] for key in CHANGES if options[key] is not None}
    if (distort := options["distort"]) is not None:
        changes["distortion"] = (recipe.distortion or Distortion()) if distort else None
    try:
        return name, replace(recipe, **changes)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


class Source(NamedTuple):
    """The options that say what to learn from."""

    data: str | None
    images: str | None
    labels: str | None
    test_images: str | None
    test_labels: str | None

    @property
    def embedded(self) -> bool:
        """Whether MNIST is meant: no other set and no files are named."""
        return self.data in (None, "mnist") and self.images is None and self.labels is None

    def read(self, validation: int | None, own: Own, few: bool) -> Data:
        """The images and labels, ready for a network, and split; few: of few images none is held back."""
        given, test = pair(self.images, self.labels), pair(self.test_images, self.test_labels)
        if self.data is not None and self.data != "mnist":
            given, test = loaded(self.data, own.quiet, own.prepare)
        elif given is None:
            if test is not None:
                raise click.UsageError("--test-images goes with --images; MNIST has its own test images")
            given, test = digits.load_mnist()
        if not self.embedded:
            given, *tests = own.brought(given, *([] if test is None else [test]))
            test = tests[0] if tests else None
        if validation is None and few:
            validation = held_back_of_few(len(given[1]))
        return replace(runs.split(*given, validation, test), prepared=own.prepare)

    def words(self) -> list[str]:
        """The same as words of a command."""
        return _words({"--" + key.replace("_", "-"): value for key, value in self._asdict().items()})

    def evaluation(self, model: Path) -> str:
        """The command that measures a model on the test images."""
        test = {"--data": self.data, "--images": self.test_images, "--labels": self.test_labels}
        return shlex.join(["handgrad", "evaluate", str(model), *_words(test)])


def _words(options: dict[str, Any]) -> list[str]:
    """Options that are given, as words of a command."""
    return [str(word) for flag, value in options.items() if value is not None for word in (flag, value)]


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
    return shlex.join(["handgrad", "train", "--resume", str(path), *source.words(), *inverted, *_words(own)])


def _train(run: Run, quiet: bool, command: str, log: Log | None) -> None:
    """Train, a line an epoch on stderr and in the log; command is what goes on after an interruption."""
    if run.finished:
        say(quiet, f"{run.out} holds a finished run of {run.done} epochs; nothing is left to do")
        return
    recipe, images = run.recipe, len(run.data.images)
    chosen = f"{run.name or 'a recipe without a name'}: {_describe(recipe)}, seed {run.seed}"
    after = f", after epoch {run.done} of {recipe.epochs}" if run.done else ""
    data = run.data
    shown = f"{images:,} images"
    if data.beside is not None:
        kept = len(data.given[1]) - data.held_back
        others = len(data.beside[1])
        shown = f"{kept:,} images, each {(images - others) // kept} times, beside {others:,} of MNIST's"
    say(quiet, f"{chosen}, {shown}, engine {run.engine.name}{after}")
    began = time.perf_counter()
    try:
        for progress in run:
            if log is not None:
                log(progress)
            say(quiet, _line(progress, recipe, images, began, len(run.seconds)))
    except RankLostError as error:
        raise HandgradError(f"{error}; go on with: {command}" if run.done else str(error)) from error
    except KeyboardInterrupt:
        if run.done == 0:
            raise Interrupted("interrupted before the first epoch was done; nothing was written") from None
        raise Interrupted(f"interrupted after epoch {run.done}; go on with: {command}") from None


def _describe(recipe: Recipe) -> str:
    bias = "" if recipe.bias else ", no bias"
    start = "" if recipe.init == "random" else f", from {recipe.init}"
    distorted = "" if recipe.distortion is None else ", distorted images"
    averaged = f", averaged ({recipe.averaging:g})" if recipe.averaging else ""
    return (
        f"{recipe.hidden} hidden units ({recipe.activation}{bias}{start}), {recipe.loss} loss, "
        f"{recipe.optimizer} at {recipe.learning_rate:g} ({recipe.schedule}), batches of {recipe.batch_size}"
        f"{distorted}{averaged}"
    )


def _line(progress: Progress, recipe: Recipe, images: int, began: float, done_here: int) -> str:
    epoch, record = progress.epoch, progress.record
    left = (time.perf_counter() - began) / done_here * (recipe.epochs - epoch.epoch)
    head = ""
    if done_here == 1:
        head = " epoch     loss   training  validation  seconds   images/s   left\n"
    on_training, on_validation = (percent(record[f"{on}_accuracy"]) for on in ("train", "validation"))
    return head + (
        f"{epoch.epoch:>6}  {epoch.loss:7.5f}  {on_training:>9}  {on_validation:>10}"
        f"  {epoch.seconds:7.2f}  {images / epoch.seconds:>9,.0f}  {left:4.0f} s"
    )


def _conclude(
    run: Run, path: Path, source: Source, as_json: bool, report: str | None, found: list[str]
) -> None:
    """The result, on stdout: what the network reads on the test images, and what the templates read."""
    data, model = run.data, run.model
    assert model is not None  # there is no run of no epochs
    baseline = baseline_accuracy(data.given, data.test) if data.test is not None else None
    if report is not None:
        from handgrad.insight.report import write_report

        shown = data.test or data.validation or data.given
        measured = measure(model, *data.named(shown), data.named(data.given))
        write_report(report, model, measured, shown[0], data.named(data.given))
    seconds, test_accuracy = sum(run.seconds.values()), model.accuracy.get("test")
    result = {
        "model": str(path),
        "recipe": model.recipe_name,
        "seed": model.seed,
        "epochs": run.history,
        "test_accuracy": test_accuracy,
        "baseline_accuracy": baseline,
        "seconds": seconds,
        "notes": found,
    }
    if as_json:
        emit(result)
        return
    reached = model.accuracy.get("validation")
    if data.test is not None:
        click.echo(f"mean-image templates  {percent(baseline):>8} of {len(data.test[0]):,} test images")
        network = f"{percent(test_accuracy):>8}" + (f", trained in {seconds:.2f} s" if seconds else "")
    elif reached:
        network = f"{percent(reached)} of the images held back"
    else:
        network = "no images were held back or given to test it on"
    click.echo(f"network               {network}")
    click.echo(f"model                 {path}")
    if data.test is not None:
        click.echo(f"evaluate it with      {source.evaluation(path)}")
    if report is not None:
        click.echo(f"report                {Path(report) / 'index.html'}")
