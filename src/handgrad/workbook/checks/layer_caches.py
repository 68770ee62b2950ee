"""Right caches for a backward without a right forward: as it reads its own, or of the usual kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from handgrad import layers
from handgrad.arrays import NDArray
from handgrad.workbook.checks.common import FailedError, Learner
from handgrad.workbook.desk.layout import OF_LETTER, ROLES

sigmoid = layers.sigmoid_forward
FIRST = "affine_forward"
INPUT, OUTPUT = {"x", "inp", "input", "inputs", "x_in", "z"}, {"out", "output", "y", "result", "outputs"}
MEANT = {  # by the names that people give
    "affine_backward": {"x": INPUT, "W": {"w", "weight", "weights"}, "b": {"b", "bias", "_"}, "out": OUTPUT},
    "relu_backward": {"x": INPUT | {"a", "_"}, "out": OUTPUT | {"h"}, "mask": {"mask", "positive", "m"}},
    "sigmoid_backward": {"x": INPUT | {"_"}, "out": OUTPUT | {"s", "sig", "sigma"}},
}
CACHES: dict[str, list[Callable[[Any], Any]]] = {
    "affine_backward": [lambda c: {"tuple": list(c[:3])}, lambda c: {"tuple": list(c[:2])}],
    "relu_backward": [
        lambda c: c.x,
        lambda c: {"tuple": [c.x]},
        lambda c: {"tuple": [c.x, np.maximum(c.x, 0)]},
        lambda c: c.x > 0,
        lambda c: c.x <= 0,
    ],
    "sigmoid_backward": [
        lambda c: sigmoid(c.x),
        lambda c: {"tuple": [sigmoid(c.x)]},
        lambda c: c.x,
        lambda c: {"tuple": [c.x]},
    ],
}


def right_caches(name: str, learner: Learner, some: Sequence[Any]) -> list[Callable[[Any], Any]]:
    """Right caches for a backward: as it reads its own, or of the kind that the learner's forward makes."""
    if named := _as_it_is_read(name, learner):
        return [named]
    forward = name.replace("backward", "forward")
    if not learner.has(forward):
        return CACHES[name]
    try:
        case = some[0]
        made = learner.call(forward, *(case[:3] if name == "affine_backward" else case[:1]))
        theirs = made.items(2, "(out, cache)", 39)[1]
    except FailedError:
        return CACHES[name]
    return [cache for cache in CACHES[name] if _alike_in_kind(cache(case), theirs)]


def _alike_in_kind(cache: Any, theirs: dict[str, Any]) -> bool:
    """Whether a cache is of the kind of the learner's: as many parts, of truth values or of numbers."""
    if isinstance(cache, dict):
        parts, items = cache["tuple"], theirs.get("items", [])
        return len(parts) == len(items) and all(map(_alike_in_kind, parts, items))
    array = theirs.get("array")
    return array is not None and (np.asarray(array).dtype == bool) == (cache.dtype == bool)


def _as_it_is_read(name: str, learner: Learner) -> Callable[[Any], Any] | None:
    """The cache that fits the names by which a backward reads it; None where they say nothing."""
    form, names = learner.caches.get(name, ("", ()))
    meant = [next((key for key, words in MEANT[name].items() if n.lower() in words), None) for n in names]
    if not names or None in meant:
        return None
    return lambda case: {
        "as": form,
        "parts": dict(zip(names, (_part(name, case, m, learner) for m in meant), strict=True)),
    }


def laid_out(case: Any, learner: Learner) -> Any:
    """A case's arrays in the learner's layout, for a cache."""
    return type(case)(*(learner.layout.give(OF_LETTER[of], array) for of, array in case._asdict().items()))


def _part(name: str, case: Any, meant: str | None, learner: Learner) -> NDArray:
    """What a forward could keep: x, W, b, its output, or the mask of relu."""
    if meant in ("x", "W", "b"):
        kept: NDArray = getattr(case, meant)
    elif meant == "mask":
        kept = case.x > 0
    elif name == "affine_backward":
        x, W, b = (learner.layout.take(of, part) for of, part in zip(ROLES[FIRST][0], case[:3], strict=True))
        kept = learner.layout.give("image", layers.affine_forward(x, W, b))
    else:
        kept = np.maximum(case.x, 0) if name == "relu_backward" else sigmoid(case.x)
    return kept
