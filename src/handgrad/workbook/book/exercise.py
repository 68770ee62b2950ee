"""An exercise is data: what is asked, a blank, three hints, a solution, and mistakes planted in the solution.

One TOML file each, in `exercises/`, in the order of their names. What is incomplete is refused when it is
read; what is complete but wrong (a blank that passes, a solution that fails) is refused by expect_sound.
"""

import ast
import contextlib
import html
import io
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from handgrad.errors import HandgradError
from handgrad.workbook.desk.submission import no_exercise

LEVELS = {1: "the symptom", 2: "where to look", 3: "the line"}
REQUIRED = {
    "name": str,
    "chapter": int,
    "statement": str,
    "hints": list,
    "blank": str,
    "solution": str,
    "planted": list,
}
OPTIONAL = {"solution_torch": str}


class ExerciseError(HandgradError, ValueError):
    """An exercise is incomplete or contradicts itself, or its name is unknown."""


@dataclass(frozen=True)
class Planted:
    """A mistake: its number in the catalogue, and the change of the solution that makes it."""

    number: int
    replace: str
    by: str  # "with" in the file


@dataclass(frozen=True)
class Exercise:
    """One exercise. blank and solution are whole: they import what they need."""

    name: str
    chapter: int
    statement: str  # Markdown
    blank: str
    hints: tuple[str, str, str]  # LEVELS
    solution: str  # NumPy, or no library at all
    planted: tuple[Planted, ...]
    solution_torch: str | None = None  # where PyTorch wants other functions

    def with_mistake(self, planted: Planted) -> str:
        """The solution with one mistake in it."""
        return self.solution.replace(planted.replace, planted.by)

    def text(self, solved: bool = False, torch: bool = False) -> str:
        """The blank, or the solution; for NumPy or for PyTorch."""
        if solved:
            return self.solution_torch if torch and self.solution_torch else self.solution
        return self.blank.replace("import numpy as np\n", "import torch\n") if torch else self.blank


@dataclass(frozen=True)
class Hint:
    """One of an exercise's three hints."""

    name: str
    level: int
    text: str

    def __str__(self) -> str:
        return f"{self.name}, hint {self.level} of {len(LEVELS)} ({LEVELS[self.level]})\n\n{self.text}"

    def _repr_markdown_(self) -> str:
        heading = f"**{html.escape(self.name)}**, hint {self.level} of {len(LEVELS)} ({LEVELS[self.level]})"
        return f"{heading}\n\n{self.text}"


@cache
def exercises() -> dict[str, Exercise]:
    """All exercises by name, in order. ExerciseError, naming the file, for one that is incomplete."""
    found = {}
    folder = files("handgrad.workbook.book") / "exercises"
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name):
        exercise = parse(file.read_text("utf-8"), file.name)
        if exercise.name in found:
            raise ExerciseError(f"{file.name}: expected a name of its own; got {exercise.name!r} once more")
        found[exercise.name] = exercise
    return found


def find(name: str) -> Exercise:
    """The exercise of that name; ExerciseError, which says what is near, for an unknown name."""
    if name not in exercises():
        raise ExerciseError(no_exercise(name))
    return exercises()[name]


def hint(name: object, level: int = 1) -> Hint:
    """A hint for an exercise, by name or by the function: 1 the symptom, 2 where to look, 3 the line."""
    exercise = find(name if isinstance(name, str) else getattr(name, "__name__", repr(name)))
    if level not in LEVELS:
        raise ExerciseError(f"expected level 1, 2 or 3; got {level!r}")
    return Hint(exercise.name, level, exercise.hints[level - 1])


def parse(text: str, file: str) -> Exercise:
    """The exercise of a TOML text. ExerciseError names the file and what is missing or does not agree."""
    try:
        return _parse(text)
    except ExerciseError as error:
        raise ExerciseError(f"{file}: {error}") from None


def expect_sound(exercise: Exercise) -> None:
    """ExerciseError unless the check refuses the blank, passes the solutions and names each mistake."""
    from handgrad.workbook.checks import run
    from handgrad.workbook.desk.desk import Desk
    from handgrad.workbook.desk.submission import Source

    def verdict(text: str) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):  # training loops print
            return run(Desk(), [Source(f"{exercise.name}.py", text)], only=[exercise.name])[0]

    if verdict(exercise.blank).passed:
        raise ExerciseError(f"{exercise.name}: expected the blank to be refused; its check passes")
    for solution in filter(None, (exercise.solution, exercise.solution_torch)):
        if not (said := verdict(solution)).passed:
            raise ExerciseError(
                f"{exercise.name}: expected the solution to pass; its check says: {said.message}"
            )
    for planted in exercise.planted:
        said = verdict(exercise.with_mistake(planted))
        if said.passed or said.mistake != planted.number:
            got = "it passes" if said.passed else f"{said.mistake}: {said.message}"
            expected = f"mistake {planted.number} to be named for {planted.by.strip()!r}"
            raise ExerciseError(f"{exercise.name}: expected {expected}; got {got}")


def _parse(text: str) -> Exercise:
    try:
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExerciseError(f"expected TOML: {error}") from None
    if missing := [name for name in REQUIRED if not fields.get(name)]:
        raise ExerciseError(f"expected {', '.join(missing)}; missing or empty")
    if unknown := sorted(set(fields) - set(REQUIRED) - set(OPTIONAL)):
        raise ExerciseError(
            f"expected only {', '.join((*REQUIRED, *OPTIONAL))}; got {', '.join(unknown)} too"
        )
    for name, kind in (REQUIRED | OPTIONAL).items():
        if name in fields and type(fields[name]) is not kind:
            raise ExerciseError(f"expected {name} as {kind.__name__}; got {type(fields[name]).__name__}")
    hints = fields["hints"]
    if len(hints) != len(LEVELS) or not all(isinstance(h, str) and h.strip() for h in hints):
        raise ExerciseError(f"expected exactly three hints ({', '.join(LEVELS.values())}); got {len(hints)}")
    planted = tuple(_planted(entry, fields["solution"]) for entry in fields.pop("planted"))
    exercise = Exercise(**fields | {"hints": tuple(h.strip() for h in hints), "planted": planted})
    _expect_one_outline(exercise)
    _expect_nothing_given_away(exercise)
    return exercise


def _planted(entry: Any, solution: str) -> Planted:
    kinds = {"number": int, "replace": str, "with": str}
    whole = isinstance(entry, dict) and {k: type(v) for k, v in entry.items()} == kinds
    if not whole:
        raise ExerciseError(f"expected a planted mistake with a number, replace and with; got {entry!r:.80}")
    if (count := solution.count(entry["replace"])) != 1:
        raise ExerciseError(
            f"expected {entry['replace']!r} exactly once in the solution; got it {count} times"
        )
    planted = Planted(entry["number"], entry["replace"], entry["with"])
    _tree(solution.replace(planted.replace, planted.by), f"the solution with mistake {planted.number}")
    return planted


def _expect_one_outline(exercise: Exercise) -> None:
    """Blank and solutions define the same names with the same parameters, the exercise's among them."""
    blank = list(_outline(_tree(exercise.blank, "blank")))
    if exercise.name not in {line.split("(")[0] for line in blank}:
        raise ExerciseError(f"expected blank to define {exercise.name}; got {', '.join(blank) or 'nothing'}")
    for field in ("solution", "solution_torch"):
        if text := getattr(exercise, field):
            outline = list(_outline(_tree(text, field)))
            if outline != blank:
                raise ExerciseError(
                    f"expected {field} to define {'; '.join(blank)}; got {'; '.join(outline)}"
                )


def _expect_nothing_given_away(exercise: Exercise) -> None:
    """No line of the solution stands in the blank, the statement, or the first two hints."""
    blank = {line.strip() for line in exercise.blank.split("\n")}
    answer = {line.split("  #")[0].strip() for line in exercise.solution.split("\n")} - blank
    for where, text in (
        ("hint 1", exercise.hints[0]),
        ("hint 2", exercise.hints[1]),
        ("statement", exercise.statement),
    ):
        if given := sorted(line for line in answer if len(line) > 8 and line in text):
            raise ExerciseError(f"expected {where} to leave the answer open; got the line {given[0]!r}")


def _tree(text: str, field: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise ExerciseError(f"expected {field} to be Python: line {error.lineno}: {error.msg}") from None


def _outline(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    """name(parameters) of each function, and of each method as Class(...).name(parameters)."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield f"{node.name}({ast.unparse(node.args)})"
        elif isinstance(node, ast.ClassDef):
            yield f"{node.name}({', '.join(map(ast.unparse, node.bases))})"
            yield from (f"{node.name}().{method}" for method in _outline(node))
