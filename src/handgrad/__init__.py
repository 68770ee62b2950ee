"""handgrad: handwritten digits, hand-derived gradients."""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

__version__ = "0.1.0"

MOVED = {  # names that notebooks and programs were given, and where the module is now
    "handgrad.evaluation": "handgrad.insight.evaluation",
    "handgrad.explain": "handgrad.insight.explain",
    "handgrad.plots": "handgrad.insight.plots",
    "handgrad.reading": "handgrad.photos.reading",
}


class _MovedModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets import find a module under the name that it had: both names are one module."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(name, self) if name in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(MOVED[module.__name__])


sys.meta_path.append(_MovedModules())
