"""Whether a backward can work with what a forward has kept: what is in a cache, its maker decides."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from handgrad.workbook import lesson

FORWARD, BACKWARD = "_forward", "_backward"
PAIRED = ("affine", "relu", "sigmoid", "network")


def partner(name: str) -> str:
    """affine_backward -> affine_forward, and the other way round; "" for a name that has no partner."""
    for way, other in ((FORWARD, BACKWARD), (BACKWARD, FORWARD)):
        if name.endswith(way) and (stem := name.removesuffix(way)) in PAIRED:
            return stem + other
    return ""


def agree(
    name: str, pair: Mapping[str, Callable[..., Any] | None], array: Callable[[Any], Any] = np.array
) -> bool:
    """Whether the two of a pair fit: right gradients come from what the forward has kept.

    name: of one of them. pair: both by name, None for the lesson's.
    """
    forward, backward = sorted((name, partner(name)), reverse=True)
    ours = {way: getattr(lesson, way) for way in (forward, backward)}
    rng = np.random.default_rng(0)
    given = [array(rng.standard_normal(shape)) for shape in _shapes(forward)]
    if forward.startswith("network"):
        given = [dict(zip(lesson.KEYS, given[:4], strict=True)), given[4]]
    try:
        out, cache = ours[forward](*given)
        dout = array(rng.standard_normal(tuple(out.shape)))
        wanted = _arrays(ours[backward](dout, cache))
        got = _arrays((pair[backward] or ours[backward])(dout, (pair[forward] or ours[forward])(*given)[1]))
        return len(wanted) == len(got) and all(
            w.shape == g.shape and np.allclose(w, g, atol=1e-5) for w, g in zip(wanted, got, strict=True)
        )
    except Exception:  # a learner's code that meets a cache which it does not know
        return False


def _shapes(forward: str) -> tuple[tuple[int, ...], ...]:
    if forward.startswith("network"):
        return (3, 4), (3,), (2, 3), (2,), (5, 4)
    return ((5, 4), (3, 4), (3,)) if forward.startswith("affine") else ((5, 3),)


def _arrays(gradients: Any) -> list[Any]:
    if isinstance(gradients, dict):
        gradients = [gradients[key] for key in lesson.KEYS]
    return [np.asarray(g) for g in (gradients if isinstance(gradients, tuple | list) else [gradients])]
