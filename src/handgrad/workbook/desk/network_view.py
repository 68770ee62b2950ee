"""A learner's network as the lesson's, wherever it keeps its parameters and however it is called."""

from __future__ import annotations

from typing import Any, NamedTuple

from handgrad.workbook.desk.places import CACHES, INPUTS, Place, is_gradient, parameters, places, plain

KEYS = ("W1", "b1", "W2", "b2")
LOOKED_AT = (7, 5, 3)  # D, H, C: all different, so that shapes show which parameter is which


class Given(NamedTuple):
    """What stands for a cache where forward hands none over."""

    x: Any


class View:
    """A learner's network as the lesson's: params and grads as dictionaries, forward with a cache."""

    def __init__(self, theirs: Any, sizes: tuple[int, ...]) -> None:
        self.raw = theirs(*sizes)
        self._paths = _paths(theirs)
        self._returned: Any = None

    @property
    def params(self) -> Parameters:
        """W1, b1, W2 and b2, wherever the network keeps them."""
        by_path = {place.path: place for place in places(self.raw)}
        return Parameters({key: by_path[path] for key, path in self._paths.items()})

    @property
    def grads(self) -> dict[str, Any]:
        """The gradients that backward returned, or left: in grads, where the parameters are in params."""
        if all(path == f"params.{key}" for key, path in self._paths.items()):
            left: dict[str, Any] = self.raw.grads
            return left
        kept = [
            *places({"grads": self._returned}),
            *(p for p in places(self.raw) if is_gradient(p.path)),
        ]
        by_name = {}
        for place in reversed(kept):
            by_name[plain(place.path)] = place.get()
        wanted = {key: plain(path) for key, path in self._paths.items()}
        named = {key: by_name[name] for key, name in wanted.items() if name in by_name}
        if not named and isinstance(self._returned, tuple | list) and len(self._returned) == len(KEYS):
            return dict(zip(KEYS, self._returned, strict=True))
        return named or {key: by_name[key.lower()] for key in KEYS if key.lower() in by_name}

    def forward(self, x: Any) -> Any:
        """x -> out, cache. A network that returns its output alone gets a cache of ours."""
        result = self.raw.forward(x) if hasattr(self.raw, "forward") else self.raw(x)
        return result if isinstance(result, tuple | list) and len(result) == 2 else (result, Given(x))

    def backward(self, dout: Any, cache: Any) -> None:
        """Fills grads."""
        taken = parameters(self.raw.backward)
        if len(taken) == 1:
            self._returned = self.raw.backward(dout)
        elif CACHES.match(taken[0]):
            self._returned = self.raw.backward(cache, dout)
        elif isinstance(cache, Given):
            self._returned = self.raw.backward(*(cache.x if INPUTS.match(t) else dout for t in taken))
        else:
            self._returned = self.raw.backward(dout, cache)


class Parameters(dict[str, Any]):
    """A dictionary of a network's arrays that writes through to where they are kept."""

    def __init__(self, places: dict[str, Place]) -> None:
        super().__init__({key: place.get() for key, place in places.items()})
        self._kept = places

    def __setitem__(self, key: str, value: Any) -> None:
        self._kept[key].set(value)
        super().__setitem__(key, value)


def _paths(theirs: Any) -> dict[str, str]:
    """Where a network keeps each of its four parameters. ValueError where that is not to be seen."""
    D, H, C = LOOKED_AT
    shapes: dict[str, set[tuple[int, ...]]] = {
        "W1": {(H, D), (D, H)}, "b1": {(H,), (H, 1), (1, H)},
        "W2": {(C, H), (H, C)}, "b2": {(C,), (C, 1), (1, C)},
    }  # fmt: skip
    kept = [place for place in places(theirs(D, H, C)) if not is_gradient(place.path)]
    found = {}
    for key, wanted in shapes.items():
        fitting = [p.path for p in kept if tuple(p.get().shape) in wanted]
        if not fitting:
            raise ValueError(f"expected a network with {key}; {theirs.__name__} keeps no array of its shape")
        found[key] = min(fitting, key=len)
    return found
