"""A hand-in as definitions and imports, for what is read of its text without running it."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from handgrad.workbook.desk import pieces
from handgrad.workbook.desk.leaves import global_names
from handgrad.workbook.desk.submission import Source

LONGEST = 200_000  # characters of a file that is read closely
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Code:
    """One file. imported: the dotted name that each imported name stands for."""

    file: str
    definitions: dict[str, list[Definition]] = field(default_factory=dict)  # of the top level, by name
    values: dict[str, list[ast.stmt]] = field(default_factory=dict)  # assignments to a name
    imported: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)  # modules of which everything is imported
    statements: tuple[ast.stmt, ...] = ()
    needed: dict[int, frozenset[str]] = field(default_factory=dict)  # what was found already

    @property
    def libraries(self) -> set[str]:
        """The packages that it imports."""
        return {name.partition(".")[0] for name in (*self.imported.values(), *self.stars)}

    def reached(self, name: str) -> Iterator[ast.AST]:
        """Every node of what stands behind a name, and of what that uses of this file's globals."""
        waiting, seen = [name], {name}
        while waiting:
            name = waiting.pop()
            for top in (*self.definitions.get(name, ()), *self.values.get(name, ())):
                yield from ast.walk(top)
                needed = self._needed(top) - seen
                seen |= needed
                waiting += needed

    def _needed(self, top: ast.stmt) -> frozenset[str]:
        if id(top) not in self.needed:
            self.needed[id(top)] = global_names(ast.fix_missing_locations(top))[0]
        return self.needed[id(top)]

    def dotted(self, node: ast.AST) -> str:
        """The whole name of an imported thing: "torch.autograd.grad" for `grad`, `ag.grad`; "" for others.

        A name that the file defines, too, is its own.
        """
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.imported:
            return ""
        if node.id in self.definitions or node.id in self.values:
            return ""
        return ".".join([self.imported[node.id], *reversed(parts)])


def read(sources: Sequence[Source]) -> list[Code]:
    """The files that can be read."""
    found = []
    for source in sources:
        if len(source.text) <= LONGEST:
            try:
                statements = [
                    statement.node for statement in pieces.read(source.text, source.name).statements
                ]
            except ValueError:
                continue
            found.append(of_tree(ast.Module(statements, []), source.name))
    return found


def of_tree(tree: ast.Module, file: str) -> Code:
    """The code of a syntax tree."""
    code = Code(file, statements=tuple(tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                code.imported[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                if alias.name == "*":
                    code.stars.append(node.module or "")
                else:
                    code.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for statement in _flat(tree.body):
        if isinstance(statement, Definition):
            code.definitions.setdefault(statement.name, []).append(statement)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    code.values.setdefault(target.id, []).append(ast.Expr(statement.value))
    return code


def _flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from _flat(getattr(statement, part, []))
