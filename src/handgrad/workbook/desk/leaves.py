"""The statements of a file, those within an if, a try or a with too: what each binds, needs and changes.

Names are those that Python itself would look up among the globals (symtable), so that a parameter called x
does not ask for the x of a cell.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from handgrad.workbook.blanks import root_of
from handgrad.workbook.desk.pieces import Piece, Statement

ARRAYS = ("numpy", "torch")
WAYS = {"forward", "backward", "__call__"}  # a class with one of them may be a layer
FUTURE = (
    "from __future__ import annotations\n"  # annotations are not evaluated, so nothing is needed for them
)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Leaf:
    """A statement that is run or left out as a whole, perhaps within an if, a try or a with."""

    def __init__(self, node: ast.stmt, piece: Piece, around: tuple[ast.stmt, ...], guarded: bool) -> None:
        self.node, self.piece, self.around, self.guarded = node, piece, around, guarded
        self.binds = frozenset(_bound(node))

    @cached_property
    def _globals(self) -> tuple[frozenset[str], frozenset[str]]:
        return global_names(self.node)

    @property
    def needs(self) -> frozenset[str]:
        """The global names that it refers to, now or when what it defines is called."""
        return self._globals[0].union(*(_around(node) for node in self.around))

    @property
    def sets(self) -> frozenset[str]:
        """The global names that its functions assign (global x)."""
        return self._globals[1]

    @property
    def changes(self) -> frozenset[str]:
        """The names whose values it changes: TwoLayerNet.step = step, table[3] = 1, losses.append(0)."""
        return frozenset(filter(None, map(root_of, _changed(self.node))))

    @property
    def defines(self) -> bool:
        """Whether it is a function or a class."""
        return isinstance(self.node, Definition)

    @property
    def imports(self) -> bool:
        """Whether it is an import."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    @property
    def star(self) -> ast.ImportFrom | None:
        """from ... import *, if it is that."""
        node = self.node
        return node if isinstance(node, ast.ImportFrom) and node.names[0].name == "*" else None


def leaves_of(statements: Sequence[Statement]) -> list[Leaf]:
    """The statements, those within an if, a try or a with one by one."""
    return [leaf for s in statements for leaf in _leaves([s.node], s.piece, (), False)]


def global_names(node: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    """The global names that a statement refers to, and those that functions in it assign."""
    used, assigned = set[str](), set[str]()
    try:
        table = symtable.symtable(FUTURE + ast.unparse(node), "statement", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return frozenset(used), frozenset()
    tables = [table]
    while tables:
        table = tables.pop()
        if "annotation" in str(table.get_type()).lower():
            continue
        tables += table.get_children()
        whole = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (whole or symbol.is_global()):
                used.add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                assigned.add(symbol.get_name())
                used.add(symbol.get_name())  # calls += 1
    return frozenset(used), frozenset(assigned)


def imports(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """The names that imports make, and the packages they come from."""
    made = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                made[(alias.asname or alias.name).split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                made[alias.asname or alias.name] = (node.module or "").split(".")[0]
    return made


def is_layer(node: ast.AST) -> bool:
    """Whether a class has a forward, a backward, or is called."""
    return isinstance(node, ast.ClassDef) and any(
        isinstance(part, Function) and part.name in WAYS for part in node.body
    )


def _leaves(
    body: Sequence[ast.stmt], piece: Piece, around: tuple[ast.stmt, ...], guarded: bool
) -> Iterator[Leaf]:
    for node in body:
        if isinstance(node, ast.If):
            main = _asks_for_main(node.test)
            yield from _leaves(node.body, piece, around if main else (*around, node), guarded or main)
            yield from _leaves(node.orelse, piece, around if main else (*around, node), guarded)
        elif isinstance(node, ast.Try):
            inner = [*node.body, *(s for h in node.handlers for s in h.body), *node.orelse, *node.finalbody]
            yield from _leaves(inner, piece, (*around, node), guarded)
        elif isinstance(node, ast.With):
            yield from _leaves(node.body, piece, (*around, node), guarded)
        elif isinstance(node, ast.Import | ast.ImportFrom) and not around:
            yield from (Leaf(one, piece, around, guarded) for one in _singly(node))
        else:
            yield Leaf(node, piece, around, guarded)


def _singly(node: ast.Import | ast.ImportFrom) -> Iterator[ast.stmt]:
    """An import, one name at a time."""
    for alias in node.names:
        single = (
            ast.ImportFrom(node.module, [alias], node.level)
            if isinstance(node, ast.ImportFrom)
            else ast.Import([alias])
        )
        yield ast.copy_location(single, node)


def _asks_for_main(test: ast.expr) -> bool:
    """Whether a test is __name__ == "__main__"."""
    return isinstance(test, ast.Compare) and any(
        isinstance(n, ast.Name) and n.id == "__name__" for n in (test.left, *test.comparators)
    )


def _around(node: ast.stmt) -> frozenset[str]:
    """The global names in the head of an if, a try or a with."""
    match node:
        case ast.If(test=test):
            heads = [test]
        case ast.With(items=items):
            heads = [item.context_expr for item in items]
        case ast.Try(handlers=handlers):
            heads = [handler.type for handler in handlers if handler.type]
        case _:
            heads = []
    return frozenset(n.id for head in heads for n in ast.walk(head) if isinstance(n, ast.Name))


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds at the margin."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((a.asname or a.name.split(".")[0]) for a in names if a.name != "*")
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
            yield from (name for part in ast.iter_child_nodes(node) for name in _bound(part))
        case _:
            yield from (name for part in ast.iter_child_nodes(node) for name in _bound(part))


def _changed(node: ast.stmt) -> Iterator[ast.expr]:
    """What a statement assigns to, and the methods that it calls by themselves; those of a loop too."""
    match node:
        case ast.Assign(targets=targets):
            yield from (t for t in targets if isinstance(t, ast.Attribute | ast.Subscript))
        case ast.AugAssign(target=ast.Attribute() | ast.Subscript() as target):
            yield target
        case ast.Expr(ast.Call(func=ast.Attribute() as called)):
            yield called
        case ast.For(body=body) | ast.While(body=body) | ast.If(body=body) | ast.With(body=body):
            yield from (part for statement in body for part in _changed(statement))
