"""Read a learner's file before any of it runs: which exercises it has, which are blank, which arrays it uses.

A file is mostly run for its definitions. Functions, classes, imports and plain values are executed; loading
data, training, plotting and printing are left out, unless a function needs a name that is made there.
"""

import ast
import builtins
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from handgrad.errors import HandgradError
from handgrad.workbook.blanks import SAFE, is_blank, root_of

NAMES = (
    "mean_images", "normalize_templates", "agreement",
    "affine_forward", "relu_forward", "sigmoid_forward", "l2_loss",
    "affine_backward", "relu_backward", "sigmoid_backward", "numerical_gradient",
    "initial_params", "network_forward", "network_backward", "TwoLayerNet",
    "calculate_accuracy", "train_model", "contributions", "strongest_units",
    "softmax_cross_entropy", "momentum_step", "better_recipe",
)  # fmt: skip
ARRAYS = ("numpy", "torch")
PLAIN = {
    "math",
    "functools",
    "collections",
    "itertools",
    "typing",
    "dataclasses",
    "random",
    "warnings",
    "sys",
}


class Source(NamedTuple):
    """A file that was handed in: Python, or the code cells of a notebook as JSON."""

    name: str  # relative to what was handed in: net.py, chapters/2_layers.ipynb
    text: str
    changed: float = 0.0  # when it was last changed, in seconds; 0 where that is not known


class SubmissionError(HandgradError, ValueError):
    """A learner's file cannot be read as Python."""


@dataclass(frozen=True)
class Submission:
    """What the source of a file shows.

    present: "done" or "blank" for each exercise that is defined. kinds: the arrays to try, in this order.
    """

    name: str
    text: str
    definitions: ast.Module
    everything: ast.Module
    enough: bool  # whether the definitions work without the other statements
    present: dict[str, str]
    kinds: tuple[str, ...]
    blank_methods: tuple[str, ...]  # of TwoLayerNet
    caches: dict[str, tuple[str, tuple[str, ...]]]  # how a backward reads its cache: form, names


def read(text: str, name: str) -> Submission:
    """The submission of a file's text. SubmissionError, in one line, if it is not Python."""
    if name.endswith(".ipynb"):
        text = _code_of_notebook(text, name)
    try:
        tree = ast.parse(text, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        raise SubmissionError(
            f"{name}{where}: cannot be read as Python: {getattr(error, 'msg', None) or error}"
        ) from None
    imported = _imports(tree)
    own = {node.name for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)}
    kept, left_out = _filter(tree.body, imported, own)
    needed = {
        n.id for d in kept for n in ast.walk(d) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }
    made = {
        n.id for d in kept for n in ast.walk(d) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    elsewhere = {
        n.id
        for d in left_out
        for n in ast.walk(d)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    enough = not (needed & elsewhere) - made - set(dir(builtins))
    definitions = ast.Module(kept, [])
    found: dict[str, ast.AST] = {}
    for statement in _flat(tree.body if not enough else kept):
        if isinstance(statement, _DEFINITIONS):
            found[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if _wraps(statement, targets):  # f = yours_or_ours(f): keep the definition of f
                continue
            found.update({t.id: statement for t in targets if isinstance(t, ast.Name)})
    present = {n: "blank" if is_blank(found[n]) else "done" for n in NAMES if n in found}
    net = found.get("TwoLayerNet")
    blank_methods = tuple(
        f.name
        for f in (net.body if isinstance(net, ast.ClassDef) else [])
        if isinstance(f, ast.FunctionDef) and is_blank(f)
    )
    caches = {n: read for n, f in found.items() if n.endswith("_backward") and (read := _cache_of(f))}
    return Submission(name, text, definitions, tree, enough, present, _kinds(tree), blank_methods, caches)


def _wraps(statement: ast.Assign | ast.AnnAssign, targets: Sequence[ast.expr]) -> bool:
    """Whether the statement passes a name through a function, as in f = g(f)."""
    if not isinstance(statement.value, ast.Call):
        return False
    names = [a.id for a in statement.value.args if isinstance(a, ast.Name)]
    return any(isinstance(target, ast.Name) and target.id in names for target in targets)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _cache_of(function: ast.AST) -> tuple[str, tuple[str, ...]] | None:
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
            case ast.Attribute(ast.Name(id=source), attr=field) if source == given:
                fields.append(field)
    if keys:
        return "dictionary", tuple(dict.fromkeys(keys))
    return ("object", tuple(dict.fromkeys(fields))) if fields and not _of_arrays(fields) else None


def _of_arrays(fields: list[str]) -> bool:
    """Whether these are attributes of arrays; then the cache is an array."""
    return all(
        hasattr(np.ndarray, field) or field in ("clamp", "gt", "ge", "float", "type") for field in fields
    )


def _code_of_notebook(text: str, name: str) -> str:
    """The code cells of a notebook, one behind the other; lines for the shell (!, %) are left out."""
    try:
        cells = json.loads(text)["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SubmissionError(f"{name}: not a Jupyter notebook") from None
    lines = "\n\n".join(code).split("\n")
    return "\n".join("pass" if line.startswith(("!", "%")) else line for line in lines)


def _imports(tree: ast.Module) -> dict[str, str]:
    """The names that imports make, and the packages they come from."""
    made = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                made[(alias.asname or alias.name).split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                made[alias.asname or alias.name] = (node.module or "").split(".")[0]
    return made


def _kinds(tree: ast.Module) -> tuple[str, ...]:
    """NumPy, PyTorch or both: the more used first; NumPy where neither is imported."""
    imported = _imports(tree)
    uses = [imported.get(n.id) for n in ast.walk(tree) if isinstance(n, ast.Name)]
    kinds = [kind for kind in ARRAYS if kind in imported.values()]
    return tuple(sorted(kinds, key=lambda kind: -uses.count(kind))) or ("numpy",)


def _filter(
    body: list[ast.stmt], imported: dict[str, str], own: set[str]
) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements that define something, and the others."""
    kept: list[ast.stmt] = []
    left: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.If | ast.Try):
            if "__name__" in ast.dump(statement)[:200]:
                left.append(statement)
                continue
            inner, rest = _filter(statement.body, imported, own)
            if rest or not (inner and _plain(getattr(statement, "test", None), imported, own)):
                left.append(statement)
                continue
            kept.append(statement)
        elif _defines(statement, imported, own):
            kept.append(statement)
        else:
            left.append(statement)
    return kept, left


def _defines(statement: ast.stmt, imported: dict[str, str], own: set[str]) -> bool:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Pass() | ast.Expr(ast.Constant()):
            return True
        case ast.Assign(value=value) | ast.AugAssign(value=value):
            return _plain(value, imported, own)
        case ast.AnnAssign(value=value):
            return value is None or _plain(value, imported, own)
        case ast.Expr(
            ast.Call(func=ast.Attribute()) as call
        ):  # np.random.seed(0), torch.set_default_dtype(...)
            return root_of(call.func) in imported and _plain(call, imported, own)
    return False


def _plain(value: ast.expr | None, imported: dict[str, str], own: set[str]) -> bool:
    """Whether an expression only computes with NumPy, PyTorch and the like: no own functions, no files."""
    if value is None or isinstance(value, ast.Lambda):
        return True
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            root = root_of(node.func)
            known = imported.get(root) in {*ARRAYS, *PLAIN} or root in SAFE
            saves = isinstance(node.func, ast.Attribute) and node.func.attr.startswith(
                ("load", "save", "exit")
            )
            if not known or saves or root in own:
                return False
    return True


def _flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a body, and of the ifs and trys in it."""
    flat = []
    for statement in body:
        flat.append(statement)
        for field in ("body", "orelse", "finalbody"):
            if isinstance(statement, ast.If | ast.Try | ast.With):
                flat += _flat(getattr(statement, field, []))
    return flat
