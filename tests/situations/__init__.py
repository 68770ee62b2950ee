"""How right work is handed in: each situation as files, and what must be said of it.

    right/*.py      whole files, right, in the ways students write them
    write.py        notebooks, archives and encodings, made of such a file
    kinds/*.py      the situations, by what is unusual about them
    judge.py        writes them, runs the real commands, compares
    class_of.py     a class of any size, for the benchmark and for those who like to look

    python tests/situations            the table: situation, expected, what happened, ok
    python tests/situations WORD...    those whose name has one of the words

"Alone" are the marks that the same functions get in one clean file: no situation may give less.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ALL = (
    "affine_forward", "relu_forward", "sigmoid_forward", "l2_loss",
    "affine_backward", "relu_backward", "sigmoid_backward", "TwoLayerNet",
    "calculate_accuracy", "train_model",
)  # fmt: skip
HERE = Path(__file__).parent
Files = dict[str, str | bytes]  # path in the hand-in -> what the file holds
CLASS, CHECK = "class", "check"


@dataclass(frozen=True)
class Situation:
    """One hand-in (or, of kind "class", a whole folder of them), and what must come of it.

    marks: where an exercise must not simply be right: a state, or the number of a mistake, or several that fit.
    says: words that must be found in what is said of it. never: words that must not.
    """

    name: str
    files: Files
    marks: dict[str, str | int | tuple] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ("Traceback",)
    kind: str | None = None  # CLASS: a folder of hand-ins, one of which is meant; CHECK: for "workbook check"
    group: str = ""  # CLASS: those of one group are one class
    student: str = ""  # CLASS: whose; CHECK: the file or folder
    machine: str = ""  # "bare": one without PyTorch, tqdm, pandas, matplotlib, SciPy
    only: tuple[str, ...] = ALL  # the exercises that count
    convention: str = ""  # a word of the sentence about the layout, in at least one verdict
    changed: dict[str, int] = field(default_factory=dict)  # file -> minutes after the first
    prepare: Callable[[Path], None] | None = None  # makes files that only a command can make

    @property
    def expected(self):
        """In words, for the table."""
        if not self.marks:
            return "all right" + (f", {self.convention}" if self.convention else "")
        of = {}
        for name, mark in self.marks.items():
            of.setdefault(str(mark), []).append(name)
        left = len(self.only) - len(self.marks)
        words = [f"{mark}: {names[0] if len(names) == 1 else len(names)}" for mark, names in of.items()]
        return ", ".join([f"{left} right", *words] if left else words)


def right(name):
    """The text of a right file: of ours, or of the checker's own suite."""
    for folder in (HERE / "right", HERE.parent / "workbook_suite" / "bases"):
        path = folder / f"{name}.py"
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(name)


def situations():
    """All of them."""
    from situations.kinds import conventions, files, folders, notebooks, texts, unfinished, workbook

    kinds = (files, notebooks, folders, texts, conventions, unfinished)
    return [s for kind in kinds for s in kind.SITUATIONS] + workbook.situations()
