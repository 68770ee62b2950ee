"""Which statements of a file its exercises need: their definitions, and whatever gives them a name they use.

Names are those that Python itself would look up among the globals (symtable), so that a parameter called x
does not ask for the x of a cell. All else (loading data, training, plotting, printing) is not run.
"""

import ast
import builtins
import re
import symtable
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from handgrad.workbook.blanks import SAFE, is_blank, root_of
from handgrad.workbook.desk.pieces import Piece, Statement

ARRAYS = ("numpy", "torch")
PLAIN = {
    *("math", "functools", "collections", "itertools", "typing", "dataclasses", "random", "warnings", "sys"),
    *("enum", "abc", "operator", "numbers", "string", "re", "copy", "types", "typing_extensions"),
}
SETTINGS = re.compile(r"(seed|manual_seed|set)\w*")  # np.random.seed, torch.set_default_dtype
GIVEN = {*dir(builtins), "__name__", "__file__", "__doc__", "get_ipython", "display"}
WAYS = {"forward", "backward", "__call__"}  # a class with one of them may be a layer
STAND_IN = "yours_or_ours"  # puts the lesson's piece in place of a blank one
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


def leaves(statements: Sequence[Statement]) -> list[Leaf]:
    """The statements, those within an if, a try or a with one by one."""
    return [leaf for s in statements for leaf in _leaves([s.node], s.piece, (), False)]


def select(
    found: Sequence[Leaf],
    roots: Iterable[str],
    offered: Callable[[ast.ImportFrom], frozenset[str] | None] = lambda node: None,
) -> list[Leaf]:
    """The leaves that the roots need, in the order of the file.

    offered: the names that from ... import * of another handed-in file brings; None for any other module.
    """
    imported = imports(leaf.node for leaf in found)
    own = {name for leaf in found if leaf.defines for name in leaf.binds}
    stars = {id(leaf): offered(leaf.star) for leaf in found if leaf.star}
    brings = {id(leaf): leaf.binds | (stars.get(id(leaf)) or frozenset()) for leaf in found}
    openly = {name for leaf in found if not leaf.guarded for name in brings[id(leaf)]}
    setters = {name: leaf.sets for leaf in found if leaf.defines for name in leaf.binds if leaf.sets}
    needed, taken = set(roots), dict[int, Leaf]()

    def wanted(leaf: Leaf) -> bool:
        if _stands_in(leaf.node) or leaf.node in superseded:
            return False
        if leaf.guarded and (
            brings[id(leaf)] & openly or not (leaf.defines or is_plain(leaf, imported, own))
        ):
            return False
        if brings[id(leaf)] & needed:
            return True
        if isinstance(leaf.node, ast.Expr):
            return (
                _setting(leaf.node, imported, own, needed)
                or _calls(leaf.node, setters, needed)
                or bool(leaf.changes & (needed - own - set(imported)))
            )
        return bool(leaf.changes & needed)

    superseded = _superseded(found)
    while True:
        new = [leaf for leaf in found if id(leaf) not in taken and wanted(leaf)]
        if not new:
            bound = GIVEN.union(*(brings[i] for i in taken))
            new = [
                leaf
                for leaf in found
                if leaf.star and id(leaf) not in taken and stars[id(leaf)] is None and needed - bound
            ]
        if not new:
            return [leaf for leaf in found if id(leaf) in taken]
        for leaf in new:
            taken[id(leaf)] = leaf
            needed |= leaf.needs


def grouped(chosen: Sequence[Leaf]) -> list[tuple[ast.stmt, list[Leaf]]]:
    """The statements to run, each with its leaves; what stands within one if, try or with is run together."""
    groups: list[list[Leaf]] = []
    for leaf in chosen:
        last = groups[-1][0] if groups else None
        if leaf.around and last and last.around and last.around[0] is leaf.around[0]:
            groups[-1].append(leaf)
        else:
            groups.append([leaf])
    return [
        (
            _pruned(group[0].around[0], {id(leaf.node) for leaf in group})
            if group[0].around
            else group[0].node,
            group,
        )
        for group in groups
    ]


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


def is_plain(leaf: Leaf, imported: dict[str, str], own: set[str]) -> bool:
    """Whether running it only defines, imports, or computes with NumPy, PyTorch and the like."""
    if any(not isinstance(outer, ast.If | ast.Try) for outer in leaf.around):
        return False
    tests = [outer.test for outer in leaf.around if isinstance(outer, ast.If)]
    if not all(_plain(test, imported, own) for test in tests):
        return False
    return _plain_statement(leaf.node, imported, own)


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


def _superseded(found: Sequence[Leaf]) -> set[ast.stmt]:
    """Blank definitions, and the lesson's, of what another one does: the last that is done counts."""
    blank, done, reused = list[tuple[str, ast.stmt]](), set[str](), set[str]()
    for leaf in found:
        if isinstance(leaf.node, ast.ImportFrom) and (leaf.node.module or "").startswith("handgrad."):
            blank += [(name, leaf.node) for name in leaf.binds if len(leaf.binds) == 1]
        if not leaf.defines:
            continue
        (name,) = leaf.binds
        if is_blank(leaf.node):
            blank.append((name, leaf.node))
        elif not leaf.guarded:
            done.add(name)
            reused |= leaf.needs & leaf.binds  # class TwoLayerNet(TwoLayerNet)
    return {node for name, node in blank if name in done - reused}


def _stands_in(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and root_of(node.value.func) in (STAND_IN, "lesson")
        and STAND_IN in ast.dump(node.value.func)
    )


def _setting(node: ast.Expr, imported: dict[str, str], own: set[str], needed: set[str]) -> bool:
    """Whether a call sets something of a library that is used: np.random.seed(0)."""
    match node.value:
        case ast.Call(func=ast.Attribute(attr=name) as called) | ast.Call(func=ast.Name(id=name) as called):
            root = root_of(called)
            known = imported.get(root) in {*ARRAYS, "random"} and root in needed | {name}
            return known and bool(SETTINGS.fullmatch(name)) and _plain(node.value, imported, own)
    return False


def _calls(node: ast.Expr, setters: dict[str, frozenset[str]], needed: set[str]) -> bool:
    """Whether a call is of a function that assigns a needed global."""
    match node.value:
        case ast.Call(func=ast.Name(id=name)) if name in setters:
            return bool(setters[name] & needed)
    return False


def _pruned(node: ast.stmt, kept: set[int]) -> ast.stmt:
    """An if, a try or a with with only those of its statements."""

    def body(statements: list[ast.stmt], needed: bool = True) -> list[ast.stmt]:
        left = [part for part in (_part(s, kept) for s in statements) if part is not None]
        passing = ast.Pass(lineno=node.lineno, col_offset=0, end_lineno=node.lineno, end_col_offset=0)
        return left or ([passing] if needed else [])

    match node:
        case ast.If():
            new: ast.stmt = ast.If(node.test, body(node.body), body(node.orelse, False))
        case ast.Try():
            handlers = [
                ast.copy_location(ast.ExceptHandler(h.type, h.name, body(h.body)), h) for h in node.handlers
            ]
            turns = any(id(n) in kept for h in (*node.handlers, *node.orelse) for n in ast.walk(h))
            tried = node.body if turns else body(node.body)  # whether it fails decides
            final = body(node.finalbody, not handlers)
            new = ast.Try(tried, handlers, body(node.orelse, False), final)
        case ast.With():
            new = ast.With(node.items, body(node.body), node.type_comment)
        case _:
            return node
    return ast.copy_location(new, node)


def _part(node: ast.stmt, kept: set[int]) -> ast.stmt | None:
    if id(node) in kept or isinstance(node, ast.Raise):
        return node
    if isinstance(node, ast.If | ast.Try | ast.With) and any(id(n) in kept for n in ast.walk(node)):
        return _pruned(node, kept)
    return None


def _plain_statement(node: ast.stmt, imported: dict[str, str], own: set[str]) -> bool:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            now = [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
            return all(_plain(part, imported, own) for part in now)
        case ast.ClassDef():
            now = [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
            inner = all(_plain_statement(part, imported, own) for part in node.body)
            return inner and all(_plain(part, imported, own) for part in now)
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(ast.Constant()):
            return True
        case ast.Assign(value=value) | ast.AugAssign(value=value):
            return _plain(value, imported, own)
        case ast.AnnAssign(value=value):
            return value is None or _plain(value, imported, own)
        case ast.Expr(ast.Call(func=ast.Attribute()) as call):
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
