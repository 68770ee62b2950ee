"""The modules of a submission: one for each file, in which only what its exercises need has been run."""

import ast
import sys
import time
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from handgrad.workbook.desk import definitions
from handgrad.workbook.desk.failures import Failures
from handgrad.workbook.desk.importing import PACKAGE, Error, Importer, Module
from handgrad.workbook.desk.leaves import Leaf, imports, is_layer
from handgrad.workbook.desk.magics import module_name
from handgrad.workbook.desk.stand_ins import Missing, Nothing
from handgrad.workbook.desk.submission import NAMES, Reading
from handgrad.workbook.desk.time_limit import LATE, LateError, late, time_limit

ANNOTATIONS = 0x1000000  # the compiler's flag of from __future__ import annotations: they are not evaluated
SHARE, MOST = 0.6, 0.3  # of the time for loading: for statements that may take long, and for one of them


class Modules:
    """Loads the modules of all files, those that another one imports first."""

    def __init__(
        self,
        readings: Sequence[Reading],
        failures: Failures,
        caught: tuple[type[BaseException], ...],
        seconds: float | None = None,
        plain: str = "",
        wanted: Sequence[str] = NAMES,
    ) -> None:
        """seconds: for all of it. plain: why only what cannot take long is run. wanted: names to be there."""
        for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]:
            del sys.modules[name]  # those of the files before
        self.all = [Module(reading) for reading in readings]
        self._failures, self._caught, self._plain, self._wanted = failures, caught, plain, set(wanted)
        self._importer = Importer(self.all, self._load)
        self._seconds = seconds
        self._until = None if seconds is None else time.monotonic() + SHARE * seconds
        self._referred = {id(module): _referred(module.reading) for module in self.all}
        for module in self.all:
            self._load(module)
        for module in self.all:
            self._join(module)

    def of(self, name: str) -> list[tuple[Module, str]]:
        """The modules that have an exercise of their own, and its state."""
        found = []
        for module in self.all:
            if state := self._state(module, name):
                found.append((module, state))
        return found

    def lost(self, module: Module, name: str) -> list[str]:
        """What an exercise needs and does not have, and why."""
        failed = {n: f"{e['where']} was left out: {in_words(e)}" for n, e in module.failed.items()}
        without = module.lost | {n: why for n, why in failed.items() if n not in self._wanted}
        if not without:
            return []
        chosen = definitions.select(module.reading.leaves, {name}, partial(self._offered, module))
        needed = {name}.union(*(leaf.needs for leaf in chosen))
        return list(dict.fromkeys(why for lost, why in without.items() if lost in needed))

    def _state(self, module: Module, name: str) -> str:
        reading, thing = module.reading, module.names.get(name)
        if name in reading.unreadable:
            return "unreadable"
        if name in module.failed:
            error = module.failed[name]
            return "lacking" if error.get("lacks") else "late" if error.get("late") else "failed"
        if isinstance(thing, Missing):
            return "lacking"
        if name in reading.present:
            return reading.present[name] if _is_theirs(thing) else ""
        if _is_theirs(thing) and not any(
            other.names.get(name) is thing and name in other.reading.present for other in self.all
        ):
            return "done"  # a name may be given without def
        return ""

    # --- running -----------------------------------------------------------------------------------------

    def _load(self, module: Module) -> None:
        if module.state != "new":
            return
        module.state = "loading"
        sys.modules[module.object.__name__] = module.object  # dataclasses and inspect look there
        module.names |= {"__file__": module.reading.name, "__builtins__": self._importer.builtins_of(module)}
        self._run_for(module, self._roots(module))
        module.state = "loaded"

    def _run_for(self, module: Module, roots: frozenset[str]) -> None:
        """Run what the roots need, and has not been run."""
        found = module.reading.leaves
        chosen = definitions.select(found, roots, partial(self._offered, module))
        module.needed = module.needed.union(roots, *(leaf.needs for leaf in chosen))
        imported = imports(leaf.node for leaf in found)
        own = {name for leaf in found if leaf.defines for name in leaf.binds}
        for statement, leaves in definitions.grouped([leaf for leaf in chosen if id(leaf) not in module.run]):
            module.run |= set(map(id, leaves))
            plain = all(definitions.is_plain(leaf, imported, own) for leaf in leaves)
            self._run(module, statement, leaves, plain)

    def _roots(self, module: Module) -> frozenset[str]:
        """The exercises, the layers, and what other files take from this one."""
        leaves = module.reading.leaves
        bound = {name for leaf in leaves for name in leaf.binds}
        layers = {name for leaf in leaves if is_layer(leaf.node) for name in leaf.binds}
        taken = [names for key, names in self._referred.items() if key != id(module)]
        if module.parts[-1:] and any(module.parts[-1] in names for names in taken):
            layers = layers.union(*taken)
        return frozenset(bound & (self._wanted | layers))

    def _run(self, module: Module, statement: ast.stmt, leaves: list[Leaf], plain: bool) -> None:
        binds = {name for leaf in leaves for name in leaf.binds}
        if self._plain and not plain:
            error: Error | None = _left_out(self._plain)
        else:
            limit = None if plain and leaves[0].imports else self._left()
            error = self._execute(module, statement, leaves[0], limit)
        if error is None:
            for name in binds:
                module.failed.pop(name, None)
                module.lost.pop(name, None)
            return
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._not_imported(module, statement, error)
            return
        place = self._failures.place(leaves[0].piece, statement.lineno)
        error["where"] = error["where"] or place
        for leaf in leaves:
            for name in leaf.binds - set(module.names) if len(leaves) > 1 else leaf.binds:
                if leaf.defines:
                    module.failed[name] = error
                else:
                    module.lost[name] = f"{place} was left out: {in_words(error)}"
                if error.get("lacks"):
                    module.names[name] = Missing(error["lacks"])

    def _not_imported(self, module: Module, node: ast.Import | ast.ImportFrom, error: Error) -> None:
        """What an import should have brought says that it is missing when it is used."""
        for alias in node.names:
            if alias.name != "*":
                name = alias.asname or alias.name.split(".")[0]
                module.names[name] = Missing(error.get("lacks") or in_words(error))
                if isinstance(node, ast.ImportFrom):
                    module.late.append((module.names, node, name))

    def _execute(self, module: Module, statement: ast.stmt, leaf: Leaf, limit: float | None) -> Error | None:
        """Run a statement in a module -> the error, or None."""
        if limit is not None and limit <= 0:
            return _left_out("there was no time left for it")
        whole = ast.fix_missing_locations(ast.Module([statement], []))
        with warnings.catch_warnings(), np.errstate(all="warn"):
            warnings.simplefilter("ignore")
            try:
                code = compile(whole, leaf.piece.key, "exec", ANNOTATIONS, dont_inherit=True)
                with time_limit(limit):
                    exec(code, module.names)
            except LateError:
                return _left_out(str(late(limit or 0)))
            except self._caught as error:
                return self._failures.described(error)
        return None

    def _left(self) -> float | None:
        if self._until is None or self._seconds is None:
            return None
        return min(MOST * self._seconds, self._until - time.monotonic())

    # --- imports -------------------------------------------------------------------------------------------

    def _offered(
        self, module: Module, node: ast.ImportFrom, asked: tuple[Module, ...] = ()
    ) -> frozenset[str] | None:
        """The names that from ... import * brings of a file beside it."""
        other = self._importer.file(module, node)
        if other is None or other is module or other in asked:
            return None
        found = other.reading.leaves
        stars = [self._offered(other, leaf.star, (*asked, module)) for leaf in found if leaf.star]
        names = frozenset(name for leaf in found for name in leaf.binds)
        return names.union(*(star for star in stars if star))

    def _join(self, module: Module) -> None:
        """Names that are still missing: of files that import each other, or of cells in another notebook."""
        for names, node, name in module.late:
            other = self._importer.file(module, node)
            if other and node.names[0].name in other.names:
                names[name] = other.names[node.names[0].name]
        for name in sorted(module.needed - definitions.GIVEN - set(module.names)):
            for other in self.all:
                if other is not module and any(name in leaf.binds for leaf in other.reading.leaves):
                    self._run_for(other, frozenset({name}))
                if other is not module and _is_given(other.names.get(name)):
                    module.names[name] = other.names[name]
                    module.lost.pop(name, None)


def _referred(reading: Reading) -> set[str]:
    """The names that a file refers to in any way."""
    found = set[str]()
    for leaf in reading.leaves:
        for node in ast.walk(leaf.node):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    found.add(name)
                case ast.ImportFrom(module=source, names=names):
                    found |= {alias.name for alias in names} | {
                        module_name(p) for p in (source or "").split(".")
                    }
                case ast.Import(names=names):
                    found |= {module_name(p) for alias in names for p in alias.name.split(".")}
    return found


def in_words(error: Error) -> str:
    """An error as one sentence."""
    return str(error.get("lacks") or ": ".join(filter(None, (error["type"], error["message"]))))


def _left_out(why: str) -> Error:
    return {"type": "", "message": why, "where": "", "late": LATE in why}


def _is_given(thing: Any) -> bool:
    return thing is not None and not isinstance(thing, Missing | Nothing)


def _is_theirs(thing: Any) -> bool:
    """Whether something can be called and is the learner's own: not the lesson's, and no stand-in."""
    ours = str(getattr(thing, "__module__", "")).startswith("handgrad.")
    return not isinstance(thing, Missing | Nothing) and callable(thing) and not ours
