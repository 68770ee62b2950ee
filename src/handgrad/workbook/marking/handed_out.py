"""What every student was given: the imports, functions and words of the workbook's chapters and exercises."""

import ast
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from handgrad.workbook.book.copies import chapters
from handgrad.workbook.book.exercise import exercises
from handgrad.workbook.marking import code
from handgrad.workbook.marking.shapes import comments, plain, shapes


@dataclass(frozen=True)
class HandedOut:
    """imports: dotted names; shapes: of the functions, blank and solved; words: comments and texts."""

    imports: frozenset[str]
    shapes: frozenset[str]
    words: frozenset[str]
    chapters: tuple[str, ...]  # the names of their files


@cache
def handed_out() -> HandedOut:
    """Read from the workbook."""
    folder = files("handgrad.workbook.book") / "chapters"
    texts = [file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".py")]
    lines = "\n".join(texts)
    for exercise in exercises().values():
        given = [exercise.text(solved, torch) for solved in (False, True) for torch in (False, True)]
        texts += given
        lines += "\n".join([*given, exercise.statement, *exercise.hints])
    words = {*comments(lines), *(plain(line) for line in lines.split("\n"))}
    imports, found = set[str](), set[str]()
    for text in texts:
        one = code.of_tree(ast.parse(text), "")
        imports |= set(one.imported.values())
        found |= set(shapes(one))
    return HandedOut(frozenset(imports), frozenset(found), frozenset(words), tuple(chapters().values()))
