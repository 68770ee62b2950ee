"""A correct network that records what a training loop does with it: rows, labels and updates."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.network import Params, backward, forward

KEYS = ("W1", "b1", "W2", "b2")


class RightNet:
    """The lesson's network in the learners' layout, with given parameters."""

    params: dict[str, Any]
    grads: dict[str, Any]

    def begin(self, params: dict[str, Any], most: int = 0) -> RightNet:
        """Start with these parameters; record up to this number of forward and backward passes."""
        self.params, self.grads = dict(params), {}
        self._most = most
        self.forwards: list[dict[str, Any]] = []
        self.backwards: list[dict[str, Any]] = []
        return self

    def forward(self, x: Any) -> tuple[Any, Any]:
        """x (N, D) -> y (N, C), cache."""
        cache = forward(self._params(), x)
        if len(self.forwards) < self._most:
            noted = {"x": _copy(x), "y": _copy(cache.y), "params": self._now(), "cache": cache}
            self.forwards.append(noted)
        return cache.y, cache

    def backward(self, dout: Any, cache: Any, *more: Any) -> dict[str, Any]:
        """dL/dy (N, C) and the cache of forward -> grads, which are returned too."""
        before = _copy(dout)
        self.grads = backward(self._params(), cache, dout)._asdict()
        if len(self.backwards) < self._most:
            of = next((i for i, f in reversed(list(enumerate(self.forwards))) if f["cache"] is cache), -1)
            grads = {key: _copy(value) for key, value in self.grads.items()}
            self.backwards.append(
                {
                    "forward": of,
                    "after": len(self.forwards),
                    "dout": before,
                    "grads": grads,
                    "params": self._now(),
                }
            )
        return self.grads

    def _params(self) -> Params:
        return Params(*(self.params[key] for key in KEYS))

    def _now(self) -> dict[str, NDArray]:
        return {key: _copy(value) for key, value in self.params.items()}


class _Alone(RightNet):
    """The base class if a file has no network of its own."""

    __call__ = RightNet.forward


def right_net(params: dict[str, Any], theirs: Any, most: int = 0) -> RightNet:
    """A correct network that keeps the other attributes and methods of the learner's class."""
    try:
        made: Any = type("TwoLayerNet", (RightNet, theirs), {})
        net: RightNet = made(params["W1"].shape[1], *reversed(params["W2"].shape))
    except Exception:  # not a class, or it cannot be instantiated
        net = _Alone()
    return net.begin(params, most)


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


def _copy(value: Any) -> NDArray:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.array(value, copy=True)


__all__ = ["KEYS", "RightNet", "describe_trace", "right_net"]
