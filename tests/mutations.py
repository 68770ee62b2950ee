"""Mutants: every way to make one small change in a Python source, as sources."""

import ast
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

SYMBOLS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**",
    ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,), ast.Pow: (ast.Mult,),
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq, ast.GtE), ast.NotEq: (ast.Eq,),
}  # fmt: skip
METHODS = {
    "sum": "mean", "mean": "sum", "max": "min", "min": "max", "maximum": "minimum", "argmax": "argmin",
    "std": "var", "exp": "exp2", "sqrt": "square", "eye": "ones", "zeros": "ones", "zeros_like": "ones_like",
    "stack": "hstack", "standard_normal": "random_sample",
}  # fmt: skip
FUNCTIONS = {"np.random.permutation": "np.arange"}
UNTOUCHED = (ast.Import, ast.ImportFrom, ast.expr_context)
HINTS = ("annotation", "returns")


Change = tuple[str, ast.AST]  # how it is told, and the new node


class Mutant(NamedTuple):
    """A source with one small change."""

    line: int  # of the source that was changed
    what: str  # that line, and the change: "dx = dout * (x > 0): > becomes >="
    text: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every small change of a source, once."""
    tree, lines = ast.parse(source), source.split("\n")
    seen = {ast.unparse(tree)}
    for place in _places(tree, None, 0):
        for becomes, new in _changes(place.node, place.function, tree):
            _put(place, new)
            text = ast.unparse(ast.fix_missing_locations(tree))
            _put(place, place.node)
            if text not in seen and _is_python(text):
                seen.add(text)
                shown = lines[place.line - 1].split("  #")[0].strip()
                yield Mutant(place.line, f"{shown}: {becomes}", text)


class _Place(NamedTuple):
    node: ast.AST
    holder: Any  # the node that it belongs to, with key the name of a field; or a list, with key the position
    key: int | str
    function: ast.FunctionDef | None  # the one that it stands in
    line: int


def _places(node: ast.AST, function: ast.FunctionDef | None, line: int) -> Iterator[_Place]:
    """Every node below this one, by the place that it stands in; imports and hints stay."""
    function = node if isinstance(node, ast.FunctionDef) else function
    for name, value in ast.iter_fields(node):
        children = list(enumerate(value)) if isinstance(value, list) else [(name, value)]
        for key, child in children:
            if isinstance(child, ast.AST) and not isinstance(child, UNTOUCHED) and name not in HINTS:
                at = getattr(child, "lineno", line)
                yield _Place(child, value if isinstance(value, list) else node, key, function, at)
                yield from _places(child, function, at)


def _put(place: _Place, node: ast.AST) -> None:
    if isinstance(place.holder, list):
        place.holder[int(place.key)] = node
    else:
        setattr(place.holder, str(place.key), node)


def _changes(node: ast.AST, function: ast.FunctionDef | None, tree: ast.Module) -> Iterator[Change]:
    """What may stand in place of a node."""
    for other in OPERATORS.get(type(node), ()):
        yield f"{SYMBOLS[type(node)]} becomes {SYMBOLS[other]}", other()
    match node:
        case ast.Expr(ast.Constant()):  # a docstring
            return
        case ast.stmt():
            yield from _less(node)
        case ast.Constant(value):
            for new in _instead(value, tree):
                yield f"{value!r} becomes {new!r}", ast.Constant(new)
        case ast.Name(name, ast.Load()) if function and name in (known := _known(function, node.lineno)):
            for new in sorted(known - {name}):
                yield f"{name} becomes {new}", ast.Name(new, ast.Load())
        case ast.Attribute() if whole := FUNCTIONS.get(ast.unparse(node)):
            yield f"{ast.unparse(node)} becomes {whole}", ast.parse(whole, mode="eval").body
        case ast.Attribute(value, name) if name in METHODS:
            yield f"{name} becomes {METHODS[name]}", ast.Attribute(value, METHODS[name], ast.Load())
        case ast.Attribute(kept, "T") | ast.UnaryOp(_, kept):
            yield f"{ast.unparse(node)} becomes {ast.unparse(kept)}", kept
        case ast.BinOp(left, _, right):
            for kept in (left, right):
                yield f"{ast.unparse(node)} becomes {ast.unparse(kept)}", kept
        case ast.Slice(lower, upper):
            for wider in (ast.Slice(None, upper), ast.Slice(lower, None)):
                yield f"{ast.unparse(node)} becomes {ast.unparse(wider)}", wider
        case ast.Call(called, arguments, keywords):
            for gone in keywords:
                kept_ones = [keyword for keyword in keywords if keyword is not gone]
                yield f"{ast.unparse(gone)} is left out", ast.Call(called, arguments, kept_ones)


def _less(statement: ast.stmt) -> Iterator[Change]:
    """A statement left out, or a return of fewer things, or of the same in another order."""
    match statement:
        case ast.Assign() | ast.AugAssign() | ast.Expr():
            yield f"{ast.unparse(statement)!r} is left out", ast.Pass()
        case ast.Return(value):
            parts = value.elts if isinstance(value, ast.Tuple) else []
            kept = [[part for part in parts if part is not gone] for gone in parts] if len(parts) > 1 else []
            for some in [[], *kept, parts[::-1]]:
                some_or_one = some[0] if len(some) == 1 else ast.Tuple(some, ast.Load()) if some else None
                new = ast.Return(some_or_one)
                yield f"it becomes {ast.unparse(new)}", new


def _instead(value: object, tree: ast.Module) -> Iterable[Any]:
    """Other values for a constant; for the key of a dictionary, the other keys."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return list(dict.fromkeys((value + 1, value - 1, -value, 2 * value)))
    if isinstance(value, str) and value.isidentifier():
        return sorted(_keys(tree) - {value})
    return []


def _keys(tree: ast.Module) -> set[str]:
    """The strings that name something: the keys of dictionaries."""
    strings = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {string for string in strings if string.isidentifier()}


def _known(function: ast.FunctionDef, line: int) -> set[str]:
    """The names of a function that hold something when a line is reached."""
    arguments = {a.arg for a in function.args.args}
    stored = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return arguments | {n.id for n in stored if n.lineno < line}


def _is_python(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True
