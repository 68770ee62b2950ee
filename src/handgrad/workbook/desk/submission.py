"""What people hand in, before any of it runs: which exercises a file has, and which of them are blank."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np

from handgrad.errors import HandgradError, quoted
from handgrad.workbook.blanks import is_blank
from handgrad.workbook.desk.leaves import ARRAYS, Function, Leaf, imports, leaves_of
from handgrad.workbook.desk.pieces import Broken, Piece, Read, read_pieces
from handgrad.workbook.desk.pieces import read as read_text

CHAPTERS = {  # the exercises by chapter, in the order in which they are told
    1: ("mean_images", "normalize_templates", "agreement"),
    2: ("affine_forward",),
    3: ("relu_forward", "sigmoid_forward"),
    4: ("l2_loss",),
    5: ("affine_backward", "relu_backward", "sigmoid_backward", "numerical_gradient"),
    6: ("initial_params", "network_forward", "network_backward", "TwoLayerNet"),
    7: ("calculate_accuracy", "train_model"),
    8: ("contributions", "strongest_units"),
    9: ("softmax_cross_entropy", "momentum_step", "better_recipe"),
}
NAMES = tuple(name for names in CHAPTERS.values() for name in names)
BY_LOWER_CASE = {name.casefold(): name for name in NAMES}
CANNOT_BE_READ = "cannot be read as Python"
Cache = tuple[str, tuple[str, ...]]


class Source(NamedTuple):
    """A file that was handed in: Python, or the code cells of a notebook as JSON."""

    name: str  # relative to what was handed in: net.py, chapters/2_layers.ipynb
    text: str
    changed: float = 0.0  # when it was last changed, in seconds; 0 where that is not known


class SubmissionError(HandgradError, ValueError):
    """Nothing of a learner's file can be read."""


@dataclass(frozen=True)
class Reading:
    """What a handed-in file shows.

    present: "done" or "blank" for each exercise that it defines; unreadable: the others, with the reason.
    kinds: the arrays that it uses, the more used first. caches: how a backward reads its cache.
    """

    name: str
    leaves: tuple[Leaf, ...]
    pieces: tuple[Piece, ...]
    broken: tuple[Broken, ...]
    present: dict[str, str]
    unreadable: dict[str, str]
    kinds: tuple[str, ...]
    blank_methods: tuple[str, ...]  # of TwoLayerNet
    caches: dict[str, Cache]
    classes: dict[str, tuple[str, ...]]  # with their methods
    functions: tuple[str, ...]
    changed: float = 0.0
    codes: dict[str, str] = field(default_factory=dict)  # of each exercise, without its layout


def no_exercise(name: object) -> str:
    """What to say of a name that no exercise has: those that begin so, the nearest, or all exercises."""
    typed = str(name).casefold()
    near = [n for n in BY_LOWER_CASE if typed and n.startswith(typed)]
    near = [repr(BY_LOWER_CASE[n]) for n in near or get_close_matches(typed, BY_LOWER_CASE, 1)]
    instead = f"did you mean {' or '.join(near)}?" if near else f"the exercises are {', '.join(NAMES)}"
    return f"expected the name of an exercise; got {quoted(name)}; {instead}"


def read(text: str, name: str, changed: float = 0.0) -> Reading:
    """Read a file. SubmissionError, in one line, if nothing of it can be read."""
    return _readings(Source(name, text, changed))[0]


def read_all(sources: Iterable[Source]) -> tuple[list[Reading], list[str]]:
    """Read files, and those that their cells would write -> readings, and what is said of the others."""
    readings, failures = list[Reading](), list[str]()
    for source in sources:
        try:
            readings += _readings(source)
        except SubmissionError as error:
            failures.append(str(error))
    return readings, failures


def _readings(source: Source) -> list[Reading]:
    name = source.name
    try:
        found = read_text(source.text, name)
    except ValueError as error:
        raise SubmissionError(f"{name}: {error}") from None
    if found.broken and not found.statements:
        place, reason, _ = found.broken[0]
        raise SubmissionError(f"{', '.join(filter(None, (name, place)))}: {CANNOT_BE_READ}: {reason}")
    written = [_shown(read_pieces([piece]), piece.file, source.changed) for piece in found.written]
    return [_shown(found, name, source.changed), *written]


def _shown(found: Read, name: str, changed: float) -> Reading:
    leaves = leaves_of(found.statements)
    nodes = [statement.node for statement in found.statements]
    last: dict[str, ast.AST] = {}
    patched = set[str]()
    for leaf in leaves:
        if leaf.guarded:
            continue
        for exercise in leaf.binds & set(NAMES):
            if leaf.defines or _makes(leaf.node, exercise):
                kept = last.get(exercise)
                if kept is None or is_blank(kept) or not is_blank(leaf.node):
                    last[exercise] = leaf.node
        patched |= _patched(leaf.node)
    present = {n: "blank" if is_blank(last[n]) else "done" for n in NAMES if n in last}
    if patched and present.get("TwoLayerNet") == "blank":
        present["TwoLayerNet"] = "done"
    net = last.get("TwoLayerNet")
    blank_methods = tuple(
        f.name
        for f in (net.body if isinstance(net, ast.ClassDef) else [])
        if isinstance(f, ast.FunctionDef) and is_blank(f) and f.name not in patched
    )
    unreadable = {
        n: f"{name}, {broken.place}: {CANNOT_BE_READ}: {broken.reason}"
        for broken in found.broken
        for n in broken.names
        if n in NAMES and present.get(n) != "done"
    }
    caches = {n: read for n, f in last.items() if n.endswith("_backward") and (read := _cache_of(f))}
    classes = {
        leaf.node.name: tuple(f.name for f in leaf.node.body if isinstance(f, Function))
        for leaf in leaves
        if isinstance(leaf.node, ast.ClassDef)
    }
    functions = tuple(leaf.node.name for leaf in leaves if isinstance(leaf.node, Function))
    return Reading(
        name, tuple(leaves), found.pieces, found.broken,
        {n: state for n, state in present.items() if n not in unreadable}, unreadable, _kinds(nodes),
        blank_methods, caches, classes, functions, changed,
        {n: _code(node) for n, node in last.items()},
    )  # fmt: skip


def _makes(node: ast.stmt, name: str) -> bool:
    """Whether an assignment makes a function of that name, and does not pass on the one that is there."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not any(isinstance(target, ast.Name) and target.id == name for target in targets):
        return False
    arguments = node.value.args if isinstance(node.value, ast.Call) else []
    return not any(isinstance(a, ast.Name) and a.id == name for a in arguments)


def _patched(node: ast.stmt) -> set[str]:
    """The methods that a statement gives TwoLayerNet: TwoLayerNet.forward = forward."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {
        target.attr
        for target in targets
        if isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == "TwoLayerNet"
    }


def _code(node: ast.AST) -> str:
    try:
        return ast.dump(node)
    except RecursionError:
        return ""


def _cache_of(function: ast.AST) -> Cache | None:
    """How a backward reads its second argument: as a tuple, dictionary, object or single thing; the names."""
    if not isinstance(function, ast.FunctionDef) or len(function.args.args) < 2:
        return None
    given, keys, fields = function.args.args[1].arg, list[str](), list[str]()
    for node in ast.walk(function):
        match node:
            case ast.Assign([ast.Tuple(parts)], ast.Name(id=source)) if source == given:
                names = [
                    p.id if isinstance(p, ast.Name) else "_" for p in parts if not isinstance(p, ast.Starred)
                ]
                return "tuple", tuple(names)
            case ast.Assign([ast.Name(id=name)], ast.Name(id=source)) if source == given:
                return "single", (name,)
            case ast.Subscript(ast.Name(id=source), ast.Constant(str(key))) if source == given:
                keys.append(key)
            case ast.Attribute(ast.Name(id=source), attr=attribute) if source == given:
                fields.append(attribute)
    if keys:
        return "dictionary", tuple(dict.fromkeys(keys))
    return ("object", tuple(dict.fromkeys(fields))) if fields and not _of_arrays(fields) else None


def _of_arrays(fields: list[str]) -> bool:
    """Whether these are attributes of arrays; then the cache is an array."""
    return all(hasattr(np.ndarray, name) or name in ("clamp", "gt", "ge", "float", "type") for name in fields)


def _kinds(nodes: Sequence[ast.stmt]) -> tuple[str, ...]:
    """NumPy, PyTorch or both: the more used first; nothing where neither is imported."""
    inner = [node for statement in nodes for node in ast.walk(statement)]
    imported = imports(inner)
    uses = [imported.get(n.id) for n in inner if isinstance(n, ast.Name)]
    kinds = [kind for kind in ARRAYS if kind in imported.values()]
    return tuple(sorted(kinds, key=lambda kind: -uses.count(kind)))
