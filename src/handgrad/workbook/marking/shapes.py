"""Functions and comments in a form that renaming, comments and layout do not change."""

import ast
import builtins
import hashlib
import re
from collections.abc import Iterator

from handgrad.workbook.checks import CHECKS
from handgrad.workbook.marking.code import Code

KEPT = {*CHECKS, *dir(builtins), "self", "forward", "backward", "params", "grads"}  # names that all must use
SKIPPED = {"ctx", "type_comment", "annotation", "returns", "type_params", "kind", "lineno"}
COMMENT = re.compile(r"(?:^|\s)#+\s*(.*)$", re.MULTILINE)
FEWEST_WORDS = 3


def shapes(code: Code) -> dict[str, int]:
    """The functions of a file: a hash of each one's shape -> how many parts it has."""
    found = {}
    for statement in code.statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                try:
                    parts = list(_parts(node, {}, code))
                except RecursionError:
                    continue
                found[hashed("\0".join(parts))] = len(parts)
    return found


def hashed(text: str) -> str:
    """A hash, short and enough for a class."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def comments(text: str) -> set[str]:
    """The comments of three words or more, in small letters and without punctuation."""
    found = map(plain, COMMENT.findall(text))
    return {words for words in found if words.count(" ") >= FEWEST_WORDS - 1}


def plain(line: str) -> str:
    """The words of a line in small letters, without punctuation."""
    return re.sub(r"\W+", " ", line).strip().casefold()


def _parts(node: ast.AST, numbers: dict[str, str], code: Code) -> Iterator[str]:
    """A function's syntax, part by part; names of one's own are numbered as they come."""
    name = code.dotted(node) if isinstance(node, ast.Attribute | ast.Name) else ""
    name = name or (node.id if isinstance(node, ast.Name) and node.id in CHECKS else "")
    if name:
        last = name.rpartition(".")[2]
        yield last if last in CHECKS else name  # an exercise's function, from wherever it comes
        return
    yield type(node).__name__
    for field, value in ast.iter_fields(node):
        if field in SKIPPED:
            continue
        items = value if isinstance(value, list) else [value]
        if field == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            items = [item for item in items if not _is_text(item)]
        for item in items:
            if isinstance(item, ast.AST):
                yield from _parts(item, numbers, code)
            elif isinstance(item, str) and _is_own_name(node, field):
                yield item if item in KEPT else numbers.setdefault(item, f"name {len(numbers)}")
            elif item is not None:
                yield repr(item)


def _is_own_name(node: ast.AST, field: str) -> bool:
    """Whether a field holds a name that its author may change everywhere: of a variable, of self's."""
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.value.id == "self"
    return field in ("id", "arg", "name") and not isinstance(node, ast.keyword)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or another text that does nothing."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
