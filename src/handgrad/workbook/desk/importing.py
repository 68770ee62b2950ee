"""What an import in a handed-in file means: a file beside it, a stand-in, or a package that is installed."""

import ast
import builtins
import re
import types
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from handgrad.workbook.desk import stand_ins
from handgrad.workbook.desk.leaves import ARRAYS
from handgrad.workbook.desk.magics import module_name
from handgrad.workbook.desk.stand_ins import Nothing, NotInstalledError
from handgrad.workbook.desk.submission import Reading

NOTEBOOK = re.compile(r"^ipynb\.fs\.(full|defs)\.")  # an import of a notebook
PACKAGE = "handed_in"  # of the modules' names
Error = dict[str, Any]
Parts = tuple[str, ...]


class Module:
    """A file's module: its names, and what of it could not be run."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        path = PurePosixPath(reading.name.replace("\\", "/"))
        self.folder: Parts = path.parts[:-1]
        stem = module_name(path.name)
        self.parts: Parts = self.folder if stem == "__init__" else (*self.folder, stem)
        self.object = types.ModuleType(f"{PACKAGE}.{stem}")
        self.names: dict[str, Any] = self.object.__dict__
        self.state = "new"  # "loading", "loaded"
        self.failed: dict[str, Error] = {}  # definitions, by name
        self.lost: dict[str, str] = {}  # names without a value, and why
        self.needed: frozenset[str] = frozenset()
        self.run = set[int]()  # the leaves that were run, by id
        self.late: list[tuple[dict[str, Any], ast.ImportFrom, str]] = []


class Importer:
    """Finds the module that an import means, and has it loaded first."""

    def __init__(self, modules: Sequence[Module], load: Callable[[Module], None]) -> None:
        self._by_parts = {module.parts: module for module in reversed(modules)}
        self._load = load
        self._namespaces: dict[Parts, types.ModuleType] = {}

    def file(self, module: Module, node: ast.ImportFrom) -> Module | None:
        """The file from which a module takes names; None if they are of no file."""
        parts = tuple(node.module.split(".")) if node.module else ()
        base = self._base(module, parts, node.level)
        return None if base is None else self._by_parts.get((*base, *parts))

    def builtins_of(self, module: Module) -> dict[str, Any]:
        """Python's own, with an import that finds the files beside it, and stand-ins."""
        real = builtins.__import__

        def import_(
            name: str, global_: Any = None, local: Any = None, fromlist: Any = (), level: int = 0
        ) -> Any:
            name = NOTEBOOK.sub("", name)
            found = self._meant(module, name, fromlist or (), level)
            if found is None and not level:
                found = stand_ins.stand_in(name)
            if found is not None:
                return found
            try:
                return real(name, global_, local, fromlist, level)
            except ModuleNotFoundError:
                if (found := stand_ins.if_missing(name)) is None:
                    raise
                return found
            except ImportError as error:
                if level:
                    raise NotInstalledError(f"needs {'.' * level}{name}, which was not handed in") from error
                raise

        nothing = {"get_ipython": Nothing, "display": stand_ins.NOTHING}
        return nothing | vars(builtins) | {"__import__": import_}

    def _meant(self, module: Module, name: str, wanted: Sequence[str], level: int) -> Any:
        """The module of a file, or of a folder, that an import means; None if it means another."""
        parts = tuple(name.split(".")) if name else ()
        base = self._base(module, parts, level)
        if base is None:
            return None
        whole = self._object((*base, *parts))
        for child in wanted:
            if self._exists((*base, *parts, child)) and not hasattr(whole, child):
                setattr(whole, child, self._object((*base, *parts, child)))
        if wanted or len(parts) < 2:
            return whole
        for i in range(len(parts) - 1, 0, -1):  # import a.b: a, which has b
            outer = self._object((*base, *parts[:i]))
            setattr(outer, parts[i], self._object((*base, *parts[: i + 1])))
        return self._object((*base, parts[0]))

    def _base(self, module: Module, parts: Parts, level: int) -> Parts | None:
        """The folder from which the parts of an import count."""
        folder = module.folder
        if level:
            base = folder[: len(folder) - level + 1]
            return base if not parts or self._exists((*base, *parts)) else self._anywhere(parts)
        if not parts or parts[0] in ARRAYS or parts[0] == "handgrad":
            return None
        for i in range(len(folder), -1, -1):
            if self._exists((*folder[:i], *parts)):
                return folder[:i]
        return self._anywhere(parts)

    def _anywhere(self, parts: Parts) -> Parts | None:
        found = [p for p in self._by_parts if p[-len(parts) :] == parts]
        return found[0][: -len(parts)] if found else None

    def _exists(self, parts: Parts) -> bool:
        return bool(parts) and any(known[: len(parts)] == parts for known in self._by_parts)

    def _object(self, parts: Parts) -> types.ModuleType:
        if module := self._by_parts.get(parts):
            self._load(module)
            return module.object
        return self._namespaces.setdefault(parts, types.ModuleType(".".join(parts) or "submission"))
