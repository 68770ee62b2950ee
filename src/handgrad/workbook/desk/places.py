"""Where an object keeps its arrays, and how a function is called: what a learner's classes show."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

MARKS = re.compile(r"grads?|gradients?|params?|parameters|_|\.|'")
INPUTS = re.compile(r"^(x|inp|inputs?|x_in|z|a|h|a_prev|h_prev|pre.*)$", re.IGNORECASE)
CACHES = re.compile(r"^(cache.*|saved|ctx|memory|context|state|store)$")


class Place(NamedTuple):
    """An array in an object: an attribute, or an item of a dictionary or list, however deep."""

    path: str
    holder: Any
    key: Any

    def get(self) -> Any:
        """The array."""
        return (
            self.holder[self.key] if isinstance(self.holder, dict | list) else getattr(self.holder, self.key)
        )

    def set(self, value: Any) -> None:
        """Another array in its place; a parameter of PyTorch's is filled."""
        old = self.get()
        if hasattr(old, "requires_grad") and old.requires_grad:
            old.data.copy_(value)
        elif isinstance(self.holder, dict | list):
            self.holder[self.key] = value
        else:
            setattr(self.holder, self.key, value)


def places(thing: Any, path: str = "", depth: int = 4, seen: set[int] | None = None) -> Iterator[Place]:
    """Every array that an object keeps, the nearest first."""
    seen = set() if seen is None else seen
    if id(thing) in seen or not depth:
        return
    seen.add(id(thing))
    held: Iterable[tuple[Any, Any]]
    if isinstance(thing, dict):
        held = list(thing.items())
    elif isinstance(thing, list | tuple):
        held = list(enumerate(thing))
    else:
        held = list(getattr(thing, "__dict__", {}).items())
    for key, value in held:
        inner = f"{path}.{key}" if path else str(key)
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            yield Place(inner, list(thing) if isinstance(thing, tuple) else thing, key)
    for key, value in held:
        if not (hasattr(value, "shape") and hasattr(value, "dtype")) and not inspect.isclass(value):
            yield from places(value, f"{path}.{key}" if path else str(key), depth - 1, seen)


def is_gradient(path: str) -> bool:
    """Whether what is kept there is a gradient, by its name."""
    leaf = path.split(".")[-1].lower()
    return "grad" in path.lower() or bool(re.match(r"^(d|g|delta|nabla)_?(w|b)", leaf))


def plain(path: str) -> str:
    """A path without what tells a gradient from its parameter: grads.dW1 and params.W1 are both w1."""
    *before, leaf = path.split(".")
    leaf = re.sub(r"^(d|g|delta|nabla)_?(?=[wb])", "", MARKS.sub("", leaf.lower()))
    leaf = re.sub(r"^d(?=(x|input|a_?prev)$)", "", leaf)
    return MARKS.sub("", ".".join(before).lower()) + leaf


def parameters(function: Any) -> list[str]:
    """The names of the positional parameters that have no default."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in every if p.kind in kinds and p.default is p.empty]


def is_cache(name: str) -> bool:
    """Whether a parameter of this name takes a cache."""
    return bool(CACHES.match(name))


def takes(function: Any) -> int:
    """How many arguments a function needs."""
    return len(parameters(function))
