"""What every student was given: the imports, functions and words of the workbook's chapters and exercises."""

import ast
import itertools
from dataclasses import dataclass
from functools import cache

from handgrad.workbook.book.copies import chapter, chapters, plain_file
from handgrad.workbook.book.exercise import exercises
from handgrad.workbook.marking import code
from handgrad.workbook.marking.shapes import comments, plain, shapes


@dataclass(frozen=True)
class HandedOut:
    """imports: dotted names; shapes: of the functions, blank and solved; words: comments and texts."""

    imports: frozenset[str]
    shapes: frozenset[str]
    words: frozenset[str]


@cache
def handed_out() -> HandedOut:
    """Read from the copies of the workbook: blank and solved, for NumPy and PyTorch."""
    imports, found, words = set[str](), set[str](), set[str]()
    for solved, torch in itertools.product((False, True), repeat=2):
        texts = [chapter(number, solved, torch, script=True) for number in chapters()]
        texts += [plain_file(solved, torch), *(e.text(solved, torch) for e in exercises().values())]
        for text in texts:
            one = code.of_tree(ast.parse(text), "")
            imports |= set(one.imported.values())
            found |= set(shapes(one))
            words |= {*comments(text), *map(plain, text.split("\n"))}
    for exercise in exercises().values():
        words |= {plain(line) for text in (exercise.statement, *exercise.hints) for line in text.split("\n")}
    return HandedOut(frozenset(imports), frozenset(found), frozenset(words))
