"""Which statements of a file its exercises need: their definitions, and whatever gives them a name they use.

All else (loading data, training, plotting, printing) is not run.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterable, Sequence

from handgrad.workbook.blanks import SAFE, is_blank, root_of
from handgrad.workbook.desk.leaves import ARRAYS, Leaf, imports

PLAIN = {
    *("math", "functools", "collections", "itertools", "typing", "dataclasses", "random", "warnings", "sys"),
    *("enum", "abc", "operator", "numbers", "string", "re", "copy", "types", "typing_extensions"),
}
SETTINGS = re.compile(r"(seed|manual_seed|set)\w*")  # np.random.seed, torch.set_default_dtype
GIVEN = {*dir(builtins), "__name__", "__file__", "__doc__", "get_ipython", "display"}
STAND_IN = "yours_or_ours"  # puts the lesson's piece in place of a blank one


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


def is_plain(leaf: Leaf, imported: dict[str, str], own: set[str]) -> bool:
    """Whether running it only defines, imports, or computes with NumPy, PyTorch and the like."""
    if any(not isinstance(outer, ast.If | ast.Try) for outer in leaf.around):
        return False
    tests = [outer.test for outer in leaf.around if isinstance(outer, ast.If)]
    if not all(_plain(test, imported, own) for test in tests):
        return False
    return _plain_statement(leaf.node, imported, own)


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
