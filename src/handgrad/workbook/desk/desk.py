"""The desk at which a learner's code runs: it calls their functions and describes the results.

It has no expected values and judges nothing. Commands and replies are dictionaries of plain values and
NumPy arrays, so the desk works in a notebook's own process and in a separate one. The learner's objects
(caches, networks) stay here; the other side refers to them by their handles.

    {"do": "load", "files": [Source, ...], "seconds", "plain", "wanted"}  -> what they hold (Joined.facts)
    {"do": "take", "name", "file"}              -> an exercise from another of the files that hold it
    {"do": "reset"}                             -> forgets all objects
    {"do": "use", "kind", "dtype", "form"}      -> "numpy" or "torch", and of what numbers arrays are made
    {"do": "put", "array"}                      -> handle, watched: whether its numbers change later
    {"do": "call", "name" | "of" + "method", "args", "noting"}  -> value | error, changed, warnings, seconds,
                                                   called: which of the functions in noting
    {"do": "attribute", "of", "name"}           -> value
    {"do": "assign", "of", "key", "array"}      -> value, as it stands in the learner's dictionary now
    {"do": "model", "params"}                   -> handle of a right network, for what wants one
    {"do": "borrow", "names"}                   -> the lesson's pieces in place of these; [] gives back
    {"do": "signature", "name"}                 -> names: of a function's parameters
    {"do": "train", ...}                        -> what a training loop did, step by step (recorder.py)

An argument is a plain value, an array, {"handle": n}, {"tuple": [...]}, {"function": name}, or a cache,
{"as": form, "parts": {...}}.
"""

import inspect
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.desk import forms, submission
from handgrad.workbook.desk.failures import LONGEST_NAME, Failures
from handgrad.workbook.desk.joined import Joined
from handgrad.workbook.desk.layout import LESSON, Layout
from handgrad.workbook.desk.modules import Modules
from handgrad.workbook.desk.network_view import Parameters
from handgrad.workbook.desk.submission import Source
from handgrad.workbook.desk.time_limit import LateError, late, time_limit

Command = dict[str, Any]
ABSENT = object()
MOST_ITEMS, DEEPEST, MOST_NUMBERS = 32, 3, 1_000_000
FUNCTIONS: dict[str, Callable[[Any], Any]] = {  # for numerical_gradient: curved, to detect one-sided steps
    "cubes": lambda x: (x * x * x).sum(),
    # rows and columns together: a row alone has other slopes than as a part of x
    "coupled": lambda x: (x.sum(0) * x.sum(0) * x[-1]).sum(),
    "waves": lambda x: (x * x * x * x).sum() + 3 * (x[0] * x[-1]).sum(),
}


class GoneError(Exception):
    """The learner's code ended its process, hung or lied: str(error) says which, as a sentence."""

    def __init__(self, words: str, late: bool = False) -> None:
        """late: whether it ran out of time."""
        super().__init__(words)
        self.late = late


class Desk:
    """Runs in the process that holds the learner's code."""

    def __init__(
        self,
        caught: type[BaseException] | tuple[type[BaseException], ...] = Exception,
        seconds: float | None = None,
    ) -> None:
        """caught: the exceptions of the learner's code that are reported, not raised. seconds: for a call;
        code that takes longer is interrupted, with a GoneError.
        """
        more = caught if isinstance(caught, tuple) else (caught, SystemExit, GeneratorExit)
        self._caught: tuple[type[BaseException], ...] = (*more, LateError)
        self._seconds = seconds
        self._names: dict[str, Any] = {}
        self._everywhere: list[dict[str, Any]] = [self._names]
        self._joined: Joined | None = None
        self._failures = Failures()
        self._borrowed: list[tuple[dict[str, Any], str, Any]] = []
        self._kind, self._dtype, self._form = "numpy", "float64", ""
        self._seen: list[str] = []  # the types of the arrays that a learner handed to a function of FUNCTIONS
        self._shapes = set[tuple[int, ...]]()  # and their shapes
        self.reset()

    def reset(self) -> None:
        """Forget all objects, and give back what was borrowed."""
        self._objects: list[Any] = []
        self._watched: dict[int, NDArray] = {}
        self._borrow([])

    def adopt(self, names: dict[str, Any], kinds: tuple[str, ...] = ("numpy",)) -> None:
        """Work with functions that exist already: those of a notebook."""
        self._names, self._everywhere = names, [names]
        self._kind = kinds[0]

    def do(self, command: Command) -> Command:
        """Carry out one command -> its reply."""
        match command["do"]:
            case "load":
                return self._load(command)
            case "take":
                return self._take(command["name"], command["file"])
            case "reset":
                self.reset()
                return {}
            case "use":
                self._kind, self._dtype = command["kind"], command["dtype"]
                self._form = command.get("form", "")
                return {}
            case "put":
                return {"handle": self._put(self._array(command["array"]))}
            case "call":
                return self._call(command)
            case "attribute":
                return self._run(lambda: getattr(self._objects[command["of"]], command["name"]))
            case "assign":
                return self._run(lambda: self._assign(command["of"], command["key"], command["array"]))
            case "model":
                return self._run(lambda: self._model(command["params"], _layout(command)))
            case "borrow":
                self._borrow(command["names"], _layout(command))
                return {}
            case "signature":
                return {"names": _parameters(self._names.get(command["name"]))}
            case "train":
                return self._train(command)
        raise ValueError(f"expected a command that the desk knows; got {command['do']!r}")

    # --- the learner's file ----------------------------------------------------------------------------

    def _load(self, command: Command) -> Command:
        """Read the files, and run of them what their exercises need."""
        sources = [Source(f["name"], f["text"], f.get("changed", 0.0)) for f in command["files"]]
        readings, unread = submission.read_all(sources)
        if torch := sys.modules.get("torch"):  # global settings that an earlier file may have changed
            torch.set_grad_enabled(True)
            torch.set_default_dtype(torch.float32)
        pieces = [piece for reading in readings for piece in reading.pieces]
        self._failures = Failures(pieces, len(readings) > 1)
        wanted = command.get("wanted") or (*submission.NAMES, *forms.GRADIENTS)
        seconds, plain = command.get("seconds"), command.get("plain", "")
        modules = Modules(readings, self._failures, self._caught, seconds, plain, wanted)
        self._joined = Joined(modules)
        self._names, self._everywhere = self._joined.names, self._joined.everywhere()
        failure = unread[0] if unread and not readings else None
        return self._joined.facts() | {"failure": failure, "unread": unread if readings else []}

    # --- objects ---------------------------------------------------------------------------------------

    def _put(self, thing: Any) -> int:
        self._objects.append(thing)
        handle = len(self._objects) - 1
        if (numbers := _numbers(thing)) is not None:
            self._watched[handle] = numbers
        return handle

    def _array(self, array: NDArray) -> Any:
        """An array of the learner's kind; floats of the type in use, labels as whole numbers."""
        kind = {"f": self._dtype, "b": "bool"}.get(array.dtype.kind, "int64")
        array = np.array(array, dtype=kind)
        if self._kind == "torch":
            import torch

            return torch.from_numpy(array)
        return array

    def _argument(self, given: Any, handles: list[int]) -> Any:
        if isinstance(given, np.ndarray):
            handles.append(self._put(self._array(given)))
            return self._objects[handles[-1]]
        if isinstance(given, dict) and "function" in given:
            return self._function(given["function"])
        if isinstance(given, dict) and "parts" in given:
            return self._cache(
                given["as"], {k: self._argument(v, handles) for k, v in given["parts"].items()}
            )
        if isinstance(given, dict) and "tuple" in given:
            return tuple(self._argument(part, handles) for part in given["tuple"])
        return self._objects[given["handle"]] if isinstance(given, dict) else given

    @staticmethod
    def _cache(form: str, parts: dict[str, Any]) -> Any:
        """A cache as a learner's backward reads it: a dictionary, an object, a tuple, or the thing itself."""
        if form == "dictionary":
            return parts
        if form == "object":
            return types.SimpleNamespace(**parts)
        return tuple(parts.values()) if form == "tuple" else next(iter(parts.values()))

    def _function(self, name: str) -> Callable[[Any], Any]:
        function = FUNCTIONS[name]

        def noting(x: Any) -> Any:
            self._seen.append(str(x.dtype).removeprefix("torch."))
            self._shapes.add(tuple(x.shape))
            return function(x)

        return noting

    def _assign(self, of: int, key: str, array: NDArray) -> Any:
        """In place, where the shape is the same: what the learner's network reads may be the same memory."""
        mapping = self._objects[of]
        old = mapping.get(key)
        new = self._array(array)
        own = isinstance(mapping, Parameters) and getattr(old, "dtype", None) != new.dtype
        if not own and _numbers(old) is not None and tuple(old.shape) == new.shape:
            if type(old).__module__.startswith("torch"):
                old.data.copy_(new)
            elif old.dtype.kind == "f":
                old[...] = new
            else:
                mapping[key] = new
        else:
            mapping[key] = new
        return mapping[key]

    def _model(self, params: dict[str, NDArray], layout: Layout) -> Any:
        from handgrad.workbook.desk.recorder import right_net

        held = {key: self._array(value) for key, value in params.items()}
        return right_net(held, self._own_net(), layout=layout)

    def _own_net(self) -> Any:
        """The learner's class of networks, if there is one."""
        theirs = self._names.get("TwoLayerNet") or forms.network(self._names)
        return None if theirs is None or _is_ours(theirs) else theirs

    def _borrow(self, names: list[str], layout: Layout = LESSON) -> None:
        """The lesson's pieces under these names, in every module; first, give back what was borrowed."""
        for held, name, own in reversed(self._borrowed):
            if own is ABSENT:
                held.pop(name, None)
            else:
                held[name] = own
        self._borrowed = [(held, n, held.get(n, ABSENT)) for held in self._everywhere for n in names]
        if names:
            from handgrad.workbook.desk.adapters import lent

            for held, name, _ in self._borrowed:
                held[name] = lent(name, layout)

    def _take(self, name: str, file: str) -> Command:
        if self._joined is None:
            raise ValueError("expected a loaded submission")
        self._borrow([])
        return self._joined.take(name, file)

    # --- calls -----------------------------------------------------------------------------------------

    def _call(self, command: Command) -> Command:
        handles: list[int] = []
        args = [self._argument(given, handles) for given in command["args"]]
        if "method" in command:
            function = getattr(self._objects[command["of"]], command["method"], None)
        else:
            function = self._named(command["name"])
        if not callable(function):
            what = command.get("method") or command["name"]
            return {
                "error": {
                    "type": "AttributeError",
                    "message": f"there is no {what}",
                    "line": None,
                    "code": "",
                }
            }
        self._seen, self._shapes = [], set()
        with self._noting(command.get("noting", ())) as called:
            reply = self._run(lambda: function(*args))
        shapes = [list(shape) for shape in sorted(self._shapes)[:MOST_ITEMS]]
        seen = {"seen": sorted(set(self._seen)), "shapes": shapes, "called": called[:MOST_ITEMS]}
        return reply | {"args": handles} | seen

    @contextmanager
    def _noting(self, names: Sequence[str]) -> Iterator[list[str]]:
        """Note the calls of the learner's functions of these names, in their order."""
        called: list[str] = []

        def noting(name: str, own: Any) -> Any:
            def noted(*args: Any, **named: Any) -> Any:
                called.append(name)
                return own(*args, **named)

            return noted

        kept = [(held, name, held[name]) for held in self._everywhere for name in names if name in held]
        for held, name, own in kept:
            held[name] = noting(name, own)
        try:
            yield called
        finally:
            for held, name, own in kept:
                held[name] = own

    def _named(self, name: str) -> Any:
        """A function or class of the learner's; in a form of its own, called as the lesson's is."""
        return forms.function(name, self._names) if self._form else self._names.get(name)

    def _train(self, command: Command) -> Command:
        from handgrad.workbook.desk.recorder import describe_trace, right_net, sizes

        layout = _layout(command)
        data = [
            self._array(command[name]) for name in ("data", "labels", "validation_data", "validation_labels")
        ]
        handles = [self._put(array) for array in data]
        loop, params = self._names["train_model"], {k: self._array(v) for k, v in command["params"].items()}
        model: Any = right_net(params, self._own_net(), command["record"], layout)
        given = model
        if command.get("own"):
            made = self._run(lambda: self._named("TwoLayerNet")(*sizes(params, layout)))
            if "error" in made:
                return made
            model = self._objects[made["value"]["handle"]]
            given = getattr(model, "raw", model)
            self._objects.append(model.params)
            for key, value in command["params"].items():
                self._assign(len(self._objects) - 1, key, value)
        chosen = [command[name] for name in ("rate", "batch") if command[name] is not None]  # else its own
        reply = self._run(lambda: loop(given, *data, command["epochs"], *chosen))
        return reply | {"args": handles} | describe_trace(model, reply.get("value"), self._objects, layout)

    def _run(self, function: Callable[[], Any]) -> Command:
        """The result of a call: value or exception, warnings, and the watched arrays that changed."""
        reply: Command = {}
        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                with np.errstate(all="warn"), time_limit(self._seconds):
                    result = function()
                    reply["seconds"] = time.perf_counter() - start
                    reply["value"] = self._described(result)
            except self._caught as error:
                reply["error"] = self._failures.described(error)
        reply["seconds"] = reply.get("seconds", time.perf_counter() - start)
        if self._seconds and reply["seconds"] >= self._seconds:  # whatever it made of the interruption
            raise GoneError(late(self._seconds), late=True)
        reply["warnings"] = [f"{w.category.__name__}: {w.message}"[:200] for w in warned[:MOST_ITEMS]]
        reply["changed"] = [n for n, before in self._watched.items() if _differs(self._objects[n], before)]
        return reply

    def _described(self, value: Any, depth: int = 0) -> Command:
        """A description of a value: its type, its numbers if it has any, and a handle for it."""
        self._objects.append(value)
        described: Command = {"type": type(value).__name__[:LONGEST_NAME], "handle": len(self._objects) - 1}
        numbers = _numbers(value)
        if numbers is not None and numbers.size <= MOST_NUMBERS:
            is_ = "torch" if type(value).__module__.startswith("torch") else "numpy"
            is_ = "number" if isinstance(value, np.generic) else is_
            return described | {"is": is_, "array": numbers, "dtype": str(numbers.dtype)}
        if isinstance(value, bool | int | float):
            return described | {"is": "number", "array": np.array(float(value)), "dtype": "float64"}
        if value is None:
            return described | {"is": "none"}
        if isinstance(value, str):
            return described | {"is": "text", "text": str(value[:200])}
        if (
            isinstance(value, tuple | list)
            and len(value) <= 4096
            and (numbers := _of_list(value)) is not None
        ):
            items = [self._described(v, depth + 1) for v in value] if len(value) <= 4 and depth == 0 else []
            return described | {"is": "list", "array": numbers, "dtype": str(numbers.dtype), "items": items}
        if isinstance(value, tuple | list) and len(value) <= MOST_ITEMS and depth < DEEPEST:
            return described | {"is": "tuple", "items": [self._described(v, depth + 1) for v in value]}
        if isinstance(value, dict) and len(value) <= MOST_ITEMS and depth < DEEPEST:
            items = [self._described(v, depth + 1) for v in value.values()]
            return described | {"is": "dict", "keys": [str(k)[:50] for k in value], "items": items}
        return described | {"is": "other"}


def _parameters(function: Any) -> list[str]:
    """The names of a function's parameters; [] for what has none that can be read."""
    try:
        return [str(name)[:50] for name in list(inspect.signature(function).parameters)[:MOST_ITEMS]]
    except Exception:  # a learner's object may raise anything
        return []


def _layout(command: Command) -> Layout:
    """The layout that a command asks for; the lesson's where it asks for none."""
    return Layout(**command["layout"]) if "layout" in command else LESSON


def _is_ours(thing: Any) -> bool:
    """Whether a function was imported from the lesson, so it is not the learner's work."""
    return str(getattr(thing, "__module__", "")).startswith("handgrad.")


def _numbers(value: Any) -> NDArray | None:
    """A copy of an array's numbers, from any library; None if the value is not an array of numbers."""
    if type(value).__module__.startswith("torch") and hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fiub":
        return np.array(value, subok=False, copy=True)
    return None


def _of_list(value: Any) -> NDArray | None:
    """The numbers of a list of numbers (of lists of numbers); None for any other."""
    flat = list(value)
    while flat and all(isinstance(part, list | tuple) for part in flat):
        flat = [item for part in flat for item in part]
    if not flat or not all(isinstance(item, int | float | np.number) for item in flat):
        return None
    try:
        return np.array(value, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        return None


def _differs(thing: Any, before: NDArray) -> bool:
    now = _numbers(thing)
    return now is None or now.shape != before.shape or not np.array_equal(now, before, equal_nan=True)
