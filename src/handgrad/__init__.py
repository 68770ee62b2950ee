"""handgrad: handwritten digits, hand-derived gradients."""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

MOVED = {  # names that notebooks and programs were given -> where the module is now
    "handgrad.cores": "handgrad.threads",
    "handgrad.dense": "handgrad.engines.dense",
    "handgrad.evaluation": "handgrad.insight.evaluation",
    "handgrad.explain": "handgrad.insight.explain",
    "handgrad.ink": "handgrad.engines.ink",
    "handgrad.namespaces": "handgrad.arrays",
    "handgrad.plots": "handgrad.insight.plots",
    "handgrad.plots_explain": "handgrad.insight.plots_explain",
    "handgrad.reading": "handgrad.photos.reading",
    "handgrad.reliability": "handgrad.insight.reliability",
    "handgrad.report": "handgrad.insight.report",
    "handgrad.schedules": "handgrad.recipes",
}


LAZY = {  # functions of the package -> the module that has them
    "check_gradients": "handgrad.diagnosis",
    "fit": "handgrad.runs",
}


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(LAZY[name]), name)


class _MovedModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets import find a module, and those below it, under the old name: both names are one module."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A specification for an old name; None for every other name."""
        return None if _moved(name) is None else importlib.machinery.ModuleSpec(name, self)

    def exec_module(self, module: ModuleType) -> None:
        """Put the module that has moved in the place of this empty one."""
        sys.modules[module.__name__] = importlib.import_module(_moved(module.__name__) or "")


def _moved(name: str) -> str | None:
    """The name of today for a name of yesterday, or None."""
    old = ".".join(name.split(".")[:2])
    return MOVED[old] + name[len(old) :] if old in MOVED else None


sys.meta_path.insert(0, _MovedModules())
