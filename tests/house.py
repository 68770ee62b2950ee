"""The house as data: its rooms, from the ground floor up, and what each room may import.

tests/test_house.py holds every module against this table, and docs/design.md shows it:

    python tests/house.py          prints the table as Markdown
    python tests/house.py --write  writes it into docs/design.md
"""

import ast
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "handgrad"
DESIGN = ROOT / "docs" / "design.md"
BEGIN, END = "<!-- rooms: python tests/house.py --write -->", "<!-- end of rooms -->"
FACE = "handgrad"  # __init__.py: the version, and names that are found when they are asked for
ANY = "a name that is computed"  # what import_module is asked for, where the text does not say it
HANDED_OUT = "handgrad.workbook.book.chapters"  # notebooks for learners, who may import anything


class Room(NamedTuple):
    """Some modules, what they are for, and the rooms below that they may import."""

    name: str
    what: str
    reads: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()  # by default those that bear the name, and all below them

    @property
    def allowed(self):
        """The names of all rooms that this one may import, itself included."""
        return {self.name, *(name for read in self.reads for name in GROUPS.get(read, (read,)))}

    def holds(self, module):
        """Whether a module, by its dotted name, stands here."""
        return any(f"{module}.".startswith(f"{FACE}.{prefix}.") for prefix in self.modules or (self.name,))


GROUPS = {  # rooms that are read together
    "the floor": ("errors", "files", "threads", "arrays"),
    "the layers": ("errors", "files", "threads", "arrays", "layers", "losses", "network"),
    "the reference": (
        *("errors", "files", "threads", "arrays", "layers", "losses", "network"),
        *("diagnosis", "optimizers", "recipes", "training"),
    ),
}

ROOMS = (
    Room("errors", "what can go wrong, by name, each message one line; tables of choices that name what they have"),
    Room("files", "whether a file may be written; files written whole; the system's errors in one line", ("errors",)),
    Room("threads", "how many cores this process may use; BLAS on one thread", ()),
    Room("arrays", "whose functions work on an array; what counts as images and labels; x = pixel / 255", ("errors",)),
    Room("layers", "each layer's forward beside its backward", ("errors", "arrays")),
    Room("losses", "the losses, each with its gradient", ("errors", "arrays")),
    Room("network", "the parameters, the forward pass and its mirror, backpropagation", ("errors", "arrays", "layers", "losses")),
    Room("diagnosis", "why a network does not learn", ("the layers",)),
    Room("optimizers", "how a parameter moves", ("the layers",)),
    Room("recipes", "every choice of a run as one value; how the learning rate moves", ("the layers", "optimizers")),
    Room("training", "one epoch, and the loop over epochs", ("the layers", "diagnosis", "optimizers", "recipes")),
    Room("templates", "the mean-image baseline, and a network that starts as the baseline", ("the layers",)),
    Room("calibration", "what an output is worth, and when to ask a human ([doubt](doubt.md))", ("the floor",)),
    Room("history", "what was measured, epoch by epoch; tables for notebooks", ()),
    Room("model", "a trained network with its facts", ("the reference", "calibration", "history")),
    Room("model_file", "safetensors in and out", ("the reference", "calibration", "model")),
    Room("photos.decoding", "a file of pictures -> upright pixels", ("the floor",), tuple(f"photos.{name}" for name in ("decoding", "formats", "heic", "pdf", "raster", "reduction", "shades"))),
    Room("digits", "the embedded MNIST, sets that can be fetched, and `load`: files and folders of any format ([data](data.md))", ("the floor", "photos.decoding")),
    Room("pretrained", "the networks in the box ([how they were made](best.md))", ("model", "model_file")),
    Room("engines.dense", "the epoch on NumPy arrays, in buffers made once; what an engine may be given", ("the reference",), ("engines.dense", "engines.arguments", "engines.sparse")),
    Room("engines.ink", "the fast engine: `engine` trains, `scorer` answers, `kernel` computes ([engine](engine.md))", ("the reference", "engines.dense")),
    Room("engines", "which arrays, and which `run_epoch`, an epoch is computed with; a model that answers through `ink`", ("the reference", "model", "engines.dense", "engines.ink")),
    Room("runs", "from data to model file: look, split, initial parameters or those of a model, distortions, keep the best, save, resume ([own digits](own-digits.md))", ("the reference", "templates", "calibration", "history", "model", "model_file", "digits", "engines")),
    Room("runs.sweeps", "many networks side by side: plan, a file for each that is done, threads or Dask, one table ([sweeps](sweeps.md))", ("the reference", "engines", "runs")),
    Room("photos", "a picture -> marks on paper, in lines -> 28x28 images -> digits ([photos](photos.md))", ("the reference", "model", "pretrained", "photos.decoding")),
    Room("insight", "what a trained network does, and why: accuracy, confusion, trust, explanations, pictures, the report", ("the reference", "templates", "calibration", "history", "model", "runs", "runs.sweeps")),
    Room("workbook.lesson", "every exercise's right answer in the learners' layout; which functions are blank", ("the reference", "digits"), ("workbook.lesson", "workbook.blanks")),
    Room("workbook.desk", "where a learner's code runs ([workbook](workbook.md))", ("the layers", "workbook.lesson")),
    Room("workbook.checks", "the truth: inputs that bite, wrong formulas to compare with, the mistakes by name", ("the reference", "templates", "digits", "engines", "runs", "workbook.desk")),
    Room("workbook.book", "the chapters, the exercises as data, learners' copies", ("the floor", "workbook.desk", "workbook.checks")),
    Room("workbook.marking", "a class: a folder of submissions, the class's table, what each student gets back", ("the floor", "workbook.desk", "workbook.checks", "workbook.book")),
    Room("workbook", "what a notebook imports: `check`, `hint`, what the chapters draw with", ("the reference", "insight", "workbook.lesson", "workbook.desk", "workbook.checks", "workbook.book"), ("workbook.pictures", "workbook.pieces", "workbook.own_pieces", "workbook.caches")),
    Room("workbook.zoo", "planted mistakes in a running network ([zoo](zoo.md))", ("the reference", "digits", "insight")),
    Room("bench", "epochs, answers and whole processes by every framework that is installed", ("the reference", "model", "digits", "engines.dense", "engines.ink", "engines", "runs")),
    Room("lab", "the page where one draws, trains and steps: `web`, its server, one file of it, widgets ([lab](lab.md))", ("the floor", "model", "model_file")),
    Room("exports", "a trained network in the forms of others: ONNX, PyTorch, C, a model hub ([exports](exports.md))", ("the reference", "calibration", "model", "model_file", "digits")),
    Room("estimator", "the network and the baseline as scikit-learn classifiers ([estimator](estimator.md))", ()),
    Room("cli", "one thin module a command; nothing imports it", (), ("cli", "__main__")),
)  # fmt: skip
COMPUTED = ("workbook.desk",)  # imports libraries that a learner's file names
SHELLS = ("cli", "estimator")  # they may import everything, and nothing imports them


def modules():
    """Each module of the package by its dotted name: its text."""
    texts = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not name.startswith(HANDED_OUT):
            texts[name] = path.read_text("utf-8")
    return texts


@cache
def named(text):
    """What a text imports, by dotted names: at its top, within functions, and for type checkers."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "name")]
            names += [ast.literal_eval(name) if isinstance(name, ast.Constant) else ANY for name in given]
    return names


@cache
def elsewhere():
    """The tables of the face: names of modules that moved, and functions that it finds in other modules."""
    tables = {}
    for node in ast.parse((SOURCE / "__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id in ("MOVED", "LAZY"):
            table = ast.literal_eval(node.value)
            tables |= {key if "." in key else f"{FACE}.{key}": module for key, module in table.items()}
    return tables


def imports(text, known):
    """The modules among `known` that a text imports."""
    for name in named(text):
        for old, new in elsewhere().items():
            if f"{name}.".startswith(f"{old}."):
                name = new + name[len(old) :]
        while name not in known and "." in name:
            name = name.rpartition(".")[0]
        if name in known:
            yield name


def room_of(module):
    """The room that a module stands in; None for the face, which belongs to all."""
    found = [room for room in ROOMS if room.holds(module)]
    if module == f"{FACE}.workbook":
        return next(room for room in ROOMS if room.name == "workbook")
    return max(found, key=lambda room: max(map(len, room.modules or (room.name,))), default=None)


def wrong_imports(texts):
    """What is imported against the table: "digits.idx may not import workbook.lesson (room ...)"."""
    names = [room.name for room in ROOMS]
    for module, text in texts.items():
        room = room_of(module)
        if module == FACE or room is None:
            continue
        allowed = names if room.name in SHELLS else room.allowed
        if ANY in named(text) and room.name not in (*SHELLS, *COMPUTED):
            yield f"{module} imports {ANY}: spell it out"
        for other in sorted(set(imports(text, texts)) - {FACE, module}):
            there = room_of(other)
            if there is None or there.name not in allowed:
                yield f"{module} imports {other}: room {room.name} may import {', '.join(room.reads) or 'nothing'}"


def circles(texts):
    """Modules that import each other, in groups."""
    ways = {module: set(imports(text, texts)) - {module, FACE} for module, text in texts.items()}

    def reached(start):
        seen, waiting = set(), [start]
        while waiting:
            for module in ways[waiting.pop()] - seen:
                seen.add(module)
                waiting.append(module)
        return seen

    reach = {module: reached(module) for module in ways}
    return {frozenset(b for b in reach[a] if a in reach[b]) for a in ways if a in reach[a]}


def table():
    """The rooms as a Markdown table, from the ground floor up."""
    lines = ["| room | what lives there | may import |", "|---|---|---|"]
    for room in ROOMS:
        reads = (read if read in GROUPS else f"`{read}`" for read in room.reads)
        may = "every room" if room.name in SHELLS else ", ".join(reads) or "nothing"
        lines.append(f"| `{room.name}` | {room.what} | {may} |")
    groups = (f"{group}: {', '.join(f'`{name}`' for name in names)}" for group, names in GROUPS.items())
    return "\n".join([*lines, "", *(f"- {line}" for line in groups)])


def written(text):
    """A page with the table of today between its marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        DESIGN.write_text(written(DESIGN.read_text("utf-8")), "utf-8")
    else:
        print(table())
