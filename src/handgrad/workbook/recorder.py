"""A right network that notes what a training loop does with it: which rows, which labels, which updates."""

from typing import Any

import numpy as np

from handgrad.network import Params, backward, forward

Array = np.ndarray[Any, Any]
KEYS = ("W1", "b1", "W2", "b2")


class RightNet:
    """The lesson's network in the learners' layout, with given parameters."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.params: dict[str, Any] = dict(params)
        self.grads: dict[str, Any] = {}

    def _params(self) -> Params:
        return Params(*(self.params[key] for key in KEYS))

    def forward(self, x: Any) -> tuple[Any, Any]:
        """x (N, D) -> y (N, C), cache."""
        cache = forward(self._params(), x)
        return cache.y, cache

    def backward(self, dout: Any, cache: Any, *more: Any) -> dict[str, Any]:
        """dL/dy (N, C) and the cache of forward -> grads, which are returned too."""
        self.grads = backward(self._params(), cache, dout)._asdict()
        return self.grads

    __call__ = forward


class Recorder(RightNet):
    """Notes every forward and backward, with the parameters as they were, up to so many of each."""

    def __init__(self, params: dict[str, Any], most: int) -> None:
        super().__init__(params)
        self._most = most
        self.forwards: list[dict[str, Any]] = []
        self.backwards: list[dict[str, Any]] = []

    def _now(self) -> dict[str, Array]:
        return {key: _copy(value) for key, value in self.params.items()}

    def forward(self, x: Any) -> tuple[Any, Any]:
        """As RightNet's, noted."""
        y, cache = super().forward(x)
        if len(self.forwards) < self._most:
            self.forwards.append({"x": _copy(x), "y": _copy(y), "params": self._now(), "cache": cache})
        return y, cache

    def backward(self, dout: Any, cache: Any, *more: Any) -> dict[str, Any]:
        """As RightNet's, noted."""
        before = _copy(dout)
        grads = super().backward(dout, cache)
        if len(self.backwards) < self._most:
            of = next((i for i, f in reversed(list(enumerate(self.forwards))) if f["cache"] is cache), -1)
            noted = {key: _copy(value) for key, value in grads.items()}
            self.backwards.append(
                {
                    "forward": of,
                    "after": len(self.forwards),
                    "dout": before,
                    "grads": noted,
                    "params": self._now(),
                }
            )
        return grads

    __call__ = forward


def describe_trace(model: Any, returned: Any, objects: list[Any]) -> dict[str, Any]:
    """The notes as plain values and arrays; params: of the network that was trained, or of one returned."""
    final = model.params
    if isinstance(returned, dict) and "handle" in returned:
        candidates = objects[returned["handle"]]
        for thing in candidates if isinstance(candidates, tuple | list) else (candidates,):
            if thing is not model and isinstance(getattr(thing, "params", None), dict):
                final = thing.params
    noted = getattr(model, "forwards", [])
    forwards = [{k: v for k, v in one.items() if k != "cache"} for one in noted]
    params = {str(key): _copy(value) for key, value in final.items()}
    return {"forwards": forwards, "backwards": getattr(model, "backwards", []), "params": params}


def _copy(value: Any) -> Array:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.array(value, copy=True)


__all__ = ["KEYS", "Recorder", "RightNet", "describe_trace"]
