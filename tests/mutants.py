"""Small changes of each exercise's solution, to see that its check notices every one of them.

A mutant is the solution with one operator, number, name or statement changed. The check notices it when it
refuses it, or passes it with a remark that the solution does not get. `python tests/mutants.py`
counts them. Those that do what the solution does, or that the exercise leaves free, are in EQUIVALENT, each
with its reason.
"""

import io
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, NamedTuple

import click

from handgrad.workbook.book.exercise import Exercise, ExerciseError, exercises
from handgrad.workbook.checks import run
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.submission import Source

from mutations import Mutant, mutants

SECONDS = 10.0  # a mutant that takes longer loops for ever, and is noticed

CACHE_IS_FREE = "the cache is free in form; the backward that reads it shows whether it is enough"
SAME_ARRAY = "the cache is that very array"
EQUIVALENT = (  # exercise, what it is (both regular expressions), and why it need not be noticed
    ("normalize_templates|agreement", r"reshape\(.*: 1 becomes 2$", "NumPy works out any negative length"),
    ("normalize_templates|calculate_accuracy|softmax_cross_entropy", r"axis=1.*: 1 becomes -1$", "of two axes, the last is axis 1"),
    ("affine_forward|relu_forward|network_forward", r"^cache = ", CACHE_IS_FREE),
    ("sigmoid_forward", r"^cache = out: out becomes x$", CACHE_IS_FREE),
    ("(affine|relu|sigmoid|network)_forward", r": cache becomes ", CACHE_IS_FREE),
    ("sigmoid_forward", r"(it becomes return \(?cache, out\)?|: out becomes cache)$", SAME_ARRAY),
    ("sigmoid_backward", r": out becomes cache$", SAME_ARRAY),
    ("relu_backward", r": x becomes cache$", SAME_ARRAY),
    ("network_forward", r": out becomes cache_sigmoid$", SAME_ARRAY),
    ("TwoLayerNet", r"^self.grads = {}: .* is left out$", "nobody reads it before backward makes it anew"),
    ("numerical_gradient", r"1e-05 becomes (-1e-05|2e-05)$", "the sign of h cancels, and 2 h is as exact"),
    ("numerical_gradient", r"zeros_like becomes ones_like$", "every entry is overwritten"),
    ("numerical_gradient", r": x becomes grad$", "x and grad have one shape and type"),
    ("train_model", r": train_data becomes (order|train_labels)$", "as many labels, and rows, as images"),
    ("train_model", r"^print\(", "what is printed is for the reader, and free"),
)  # fmt: skip


class Fate(NamedTuple):
    """How an exercise's mutants fared."""

    refused: int
    remarked: int
    equivalent: list[tuple[Mutant, str]]  # each with its reason
    surviving: list[Mutant]


class _TimeUp(BaseException):
    """Not an Exception: the desk reports those as the learner's."""


def fate(exercise: Exercise) -> Fate:
    """Run the check on each mutant of the solution. ExerciseError where it refuses the solution itself."""
    refused, remarked, usual = 0, 0, _remarks(exercise.solution, exercise.name)
    if usual is None:
        raise ExerciseError(f"{exercise.name}: expected its solution to pass the check; it is refused")
    equivalent: list[tuple[Mutant, str]] = []
    surviving: list[Mutant] = []
    for mutant in mutants(exercise.solution):
        remarks = _remarks(mutant.text, exercise.name)
        if remarks is None:
            refused += 1
        elif remarks != usual:
            remarked += 1
        elif reason := reason_for(exercise.name, mutant):
            equivalent.append((mutant, reason))
        else:
            surviving.append(mutant)
    return Fate(refused, remarked, equivalent, surviving)


def survivors(exercise: Exercise) -> list[Mutant]:
    """The mutants that the exercise's check does not notice."""
    return fate(exercise).surviving


def reason_for(name: str, mutant: Mutant) -> str | None:
    """Why nobody need notice a mutant; None where somebody must."""
    return next((entry[2] for entry in EQUIVALENT if matches(entry, name, mutant)), None)


def matches(entry: tuple[str, str, str], name: str, mutant: Mutant) -> bool:
    """Whether an entry of EQUIVALENT is about this mutant of that exercise."""
    return bool(re.fullmatch(entry[0], name) and re.search(entry[1], mutant.what))


def _remarks(text: str, name: str) -> tuple[str, ...] | None:
    """What is said of an answer that passes, but of its speed; None where it is refused."""
    with _limited(), redirect_stdout(io.StringIO()):
        verdict = run(Desk(), [Source(f"{name}.py", text)], only=[name])[0]
        said = (*verdict.remarks, *filter(None, [verdict.convention]))
        return tuple(remark for remark in said if "slow" not in remark) if verdict.passed else None
    return None


@contextmanager
def _limited() -> Iterator[None]:
    """End what takes longer than SECONDS, without a word. Needs Unix, and the main thread."""

    def stop(signum: int, frame: Any) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, stop)
    others = signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    except _TimeUp:
        return
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *others)


def main(names: list[str]) -> int:
    """Print the table of the exercises named, or of all; 1 where a mutant survives."""
    fates, row = {}, "{:<22}{:>9}{:>9}{:>10}{:>12}{:>11}".format
    click.echo(row("exercise", "mutants", "refused", "remarked", "equivalent", "surviving"))
    for name in names or exercises():
        f = fates[name] = fate(exercises()[name])
        counts = f.refused, f.remarked, len(f.equivalent), len(f.surviving)
        click.echo(row(name, sum(counts), *counts))
    for name, f in fates.items():
        for mutant, reason in f.equivalent:
            click.echo(f"{name}, line {mutant.line}, equivalent ({reason}): {mutant.what}")
        for mutant in f.surviving:
            click.echo(f"{name}, line {mutant.line}, SURVIVES: {mutant.what}")
    return int(any(f.surviving for f in fates.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
