"""The files of a submission joined by the names of the exercises: from which file each is taken.

What is done goes before what could not be read, and that before what is blank; then the newest file, then the
one in which most is done. Which was taken is told, and another can be taken instead.
"""

import re
import sys
import types
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any

from handgrad.workbook.desk import forms
from handgrad.workbook.desk.importing import Module
from handgrad.workbook.desk.modules import Modules, in_words
from handgrad.workbook.desk.stand_ins import Missing, Nothing, needs, what_lacks
from handgrad.workbook.desk.submission import CANNOT_BE_READ, NAMES

RANKS = {"done": 0, "lacking": 1, "late": 1, "failed": 1, "unreadable": 2, "blank": 3}
ATTEMPT = re.compile(r"[ _-]*\((\d+)\)$|[ _-](?:v|version[ _-]?)(\d+)$|-Copy(\d+)$", re.IGNORECASE)
OLD = re.compile(r"(^|[^a-z])(old|backup|bak|orig|original|checkpoint|copy of)([^a-z]|$)", re.IGNORECASE)
SAME_TIME = 120  # seconds: files that were unpacked or copied together
MOST_FOUND = 12


class Joined:
    """The exercises of all files, each with the file that it is taken from."""

    def __init__(self, modules: Modules) -> None:
        self._modules, self._several = modules, len(modules.all) > 1
        newest = max((module.reading.changed for module in modules.all), default=0.0)
        self._ages = {id(m): int((newest - m.reading.changed) // SAME_TIME) for m in modules.all}
        self._held = {n: sorted(found, key=self._rank) for n in NAMES if (found := modules.of(n))}
        self.names: dict[str, Any] = {}
        for module in reversed(modules.all):
            self.names |= module.names
        for name in NAMES:
            self.names.pop(name, None)
        for name, ((module, _), *_) in self._held.items():
            self._use(name, module)

    def everywhere(self) -> list[dict[str, Any]]:
        """The names of every module, and those that calls go by."""
        return [*(module.names for module in self._modules.all), self.names]

    def take(self, name: str, file: str) -> dict[str, Any]:
        """Take an exercise from another of the files that hold it -> what is known of it there."""
        for module, state in self._held.get(name, ()):
            if module.reading.name == file:
                self._use(name, module)
                return self._facts(name, module, state)
        raise ValueError(f"expected a file that holds {name}; got {file}")

    def facts(self) -> dict[str, Any]:
        """What the desk tells of the files when they have been loaded."""
        taken = {name: held[0] for name, held in self._held.items()}
        each = {name: self._facts(name, *one) for name, one in taken.items()}
        kinds = dict.fromkeys(kind for one in each.values() for kind in one["kinds"])
        net = each.get("TwoLayerNet", {})
        readings = [module.reading for module in self._modules.all]
        other = {name: words for name, words in forms.found(_there(self.names)).items() if name not in each}
        every = [kind for kind in dict.fromkeys(k for r in readings for k in r.kinds) if _is_here(kind)]
        return {
            "present": {name: one["state"] for name, one in each.items()} | dict.fromkeys(other, "done"),
            "files": {name: one["file"] for name, one in each.items()} | dict.fromkeys(other, ""),
            "others": {name: self._others(name) for name in each} | {name: [] for name in other},
            "forms": other,
            "kinds": list(kinds) or ["numpy"],
            "kinds_of": {name: one["kinds"] for name, one in each.items()} | dict.fromkeys(other, every),
            "caches": {name: one["cache"] for name, one in each.items() if one["cache"]},
            "blank_methods": net.get("blank_methods", []),
            "methods": self._methods(),
            "reasons": {name: one["reason"] for name, one in each.items() if one["reason"]},
            "lost": {name: one["lost"] for name, one in each.items() if one["lost"]},
            "broken": [self._broken(reading, one) for reading in readings for one in reading.broken],
            "classes": sorted({n for reading in readings for n in reading.classes})[: 4 * MOST_FOUND],
            "functions": sorted({n for reading in readings for n in reading.functions})[: 8 * MOST_FOUND],
        }

    def _use(self, name: str, module: Module) -> None:
        if name in module.names:
            self.names[name] = module.names[name]

    def _rank(self, held: tuple[Module, str]) -> tuple[Any, ...]:
        """What sorts the files that hold an exercise: the first is taken."""
        module, state = held
        path = PurePosixPath(module.reading.name)
        number = ATTEMPT.search(path.stem)
        attempt = int(next(filter(None, number.groups()))) if number else 0
        done = sum(one == "done" for one in module.reading.present.values())
        old = bool(OLD.search(module.reading.name))
        return RANKS[state], old, -attempt, self._ages[id(module)], -done, module.reading.name

    def _facts(self, name: str, module: Module, state: str) -> dict[str, Any]:
        reading = module.reading
        kinds = reading.kinds or tuple(
            dict.fromkeys(kind for other in self._modules.all for kind in other.reading.kinds)
        )
        cache = reading.caches.get(name)
        reason = self._reason(name, module, state)
        if kinds[:1] == ("torch",) and state == "done" and not _has_torch():
            state, reason = "lacking", f"{name} {needs('torch')}"
        kinds = tuple(kind for kind in kinds if _is_here(kind))
        return {
            "state": state,
            "file": reading.name,
            "kinds": list(kinds) or ["numpy"],
            "cache": list(cache) if cache else None,
            "blank_methods": list(reading.blank_methods) if name == "TwoLayerNet" else [],
            "reason": reason,
            "lost": self._modules.lost(module, name),
        }

    def _reason(self, name: str, module: Module, state: str) -> str:
        if state == "unreadable":
            return module.reading.unreadable[name]
        error, thing = module.failed.get(name), module.names.get(name)
        if isinstance(thing, Missing):
            return f"{name} {what_lacks(thing)}"
        if not error:
            return ""
        if error.get("lacks"):
            return f"{name} {error['lacks']}"
        return f"{name} could not be defined, {error['where']}: {in_words(error)}"

    def _others(self, name: str) -> list[str]:
        """The other files that hold another answer to an exercise."""
        (first, _), *rest = self._held[name]
        code = first.reading.codes.get(name)
        return [m.reading.name for m, state in rest if state == "done" and m.reading.codes.get(name) != code]

    def _methods(self) -> list[str]:
        """The methods of the learner's network, those that it inherits too."""
        net = self.names.get("TwoLayerNet")
        if not isinstance(net, type):
            return []
        own = {
            n for kind in net.__mro__[:-1] for n, f in vars(kind).items() if isinstance(f, types.FunctionType)
        }
        return sorted(name for name in own if name == "__call__" or not name.startswith("_"))

    def _broken(self, reading: Any, broken: Any) -> str:
        file = f"{reading.name}, " if self._several else ""
        return f"{file}{broken.place} was left out: {CANNOT_BE_READ}: {broken.reason}"


def _is_here(kind: str) -> bool:
    return kind != "torch" or _has_torch()


def _has_torch() -> bool:
    return sys.modules["torch"] is not None if "torch" in sys.modules else find_spec("torch") is not None


def _there(names: dict[str, Any]) -> dict[str, Any]:
    """The names without those of what is not installed or stood in for."""
    return {name: thing for name, thing in names.items() if not isinstance(thing, Missing | Nothing)}
