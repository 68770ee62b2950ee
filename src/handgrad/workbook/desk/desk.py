"""The desk at which a learner's code runs: it calls their functions and describes the results.

It has no expected values and judges nothing. Commands and replies are dictionaries of plain values and
NumPy arrays, so the desk works in a notebook's own process and in a separate one. The learner's objects
(caches, networks) stay here; the other side refers to them by their handles.

    {"do": "load", "files": [Source, ...]}      -> present, kinds, failure, note
    {"do": "reset"}                             -> forgets all objects
    {"do": "use", "kind", "dtype"}              -> "numpy" or "torch", and of what numbers arrays are made
    {"do": "put", "array"}                      -> handle, watched: whether its numbers change later
    {"do": "call", "name" | "of" + "method", "args"}  -> value | error, changed, warnings, seconds
    {"do": "attribute", "of", "name"}           -> value
    {"do": "assign", "of", "key", "array"}      -> value, as it stands in the learner's dictionary now
    {"do": "model", "params"}                   -> handle of a right network, for what wants one
    {"do": "borrow", "names"}                   -> the lesson's pieces in place of these; [] gives back
    {"do": "signature", "name"}                 -> names: of a function's parameters
    {"do": "train", ...}                        -> what a training loop did, step by step (recorder.py)

An argument is a plain value, an array, {"handle": n}, {"tuple": [...]}, {"function": name}, or a cache,
{"as": form, "parts": {...}}.
"""

import ast
import inspect
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.desk import submission
from handgrad.workbook.desk.layout import LESSON, Layout

Command = dict[str, Any]
MISSING = ("ImportError", "ModuleNotFoundError")
MOST_ITEMS, DEEPEST, MOST_NUMBERS = 32, 3, 4_000_000
FUNCTIONS: dict[str, Callable[[Any], Any]] = {  # for numerical_gradient: curved, to detect one-sided steps
    "cubes": lambda x: (x * x * x).sum(),
    "waves": lambda x: (x * x * x * x).sum() + 3 * (x[0] * x[-1]).sum(),
}


class GoneError(Exception):
    """The process with the learner's code ended, hung or lied: str(error) says which, as a sentence."""


class Desk:
    """Runs in the process that holds the learner's code."""

    def __init__(self, caught: type[BaseException] | tuple[type[BaseException], ...] = Exception) -> None:
        """caught: the exceptions of the learner's code that are reported, not raised."""
        self._caught = caught if isinstance(caught, tuple) else (caught, SystemExit, GeneratorExit)
        self._names: dict[str, Any] = {}
        self._name, self._lines = "", list[str]()
        self._borrowed: dict[str, Any] = {}
        self._kind, self._dtype = "numpy", "float64"
        self._seen: list[str] = []
        self._missing: dict[str, str] = {}  # names that an import did not bring, and the modules
        self.reset()

    def reset(self) -> None:
        """Forget all objects, and give back what was borrowed."""
        self._objects: list[Any] = []
        self._watched: dict[int, NDArray] = {}
        self._borrow([])

    def adopt(self, names: dict[str, Any], kinds: tuple[str, ...] = ("numpy",)) -> None:
        """Work with functions that exist already: those of a notebook."""
        self._names = names
        self._kind = kinds[0]

    def do(self, command: Command) -> Command:
        """Carry out one command -> its reply."""
        match command["do"]:
            case "load":
                (source,) = command["files"]
                return self._load(source["text"], source["name"])
            case "reset":
                self.reset()
                return {}
            case "use":
                self._kind, self._dtype = command["kind"], command["dtype"]
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

    def _load(self, text: str, name: str) -> Command:
        try:
            given = submission.read(text, name)
        except submission.SubmissionError as error:
            return {
                "present": {},
                "kinds": [],
                "blank_methods": [],
                "failure": str(error),
                "note": None,
                "caches": {},
            }
        self._name, self._lines, note = name, given.text.split("\n"), None
        self._missing = {}
        if torch := sys.modules.get("torch"):  # global settings that an earlier file may have changed
            torch.set_grad_enabled(True)
            torch.set_default_dtype(torch.float32)
        wrong = None
        if not given.enough and (skipped := self._execute([given.everything])):
            self._names = {}
            note = f"line {skipped['line']} was left out: {skipped['type']}: {skipped['message']}"
        if given.enough or note:
            wrong = self._execute([ast.Module([statement], []) for statement in given.definitions.body])
        failure = None
        if wrong:
            where = f", line {wrong['line']}" if wrong["line"] else ""
            failure = f"{name}{where}: {wrong['type']}: {wrong['message']}"
        theirs = [
            n for n in submission.NAMES if callable(thing := self._names.get(n)) and not _is_ours(thing)
        ]
        present = {n: given.present.get(n, "done") for n in theirs}  # a name may be defined without def
        blank = list(given.blank_methods)
        caches = {name: list(read) for name, read in given.caches.items()}
        facts = {
            "caches": caches,
            "kinds": list(given.kinds),
            "blank_methods": blank,
            "failure": failure,
            "note": note,
        }
        return {"present": present, **facts}

    def _execute(self, parts: list[ast.Module]) -> Command | None:
        """Run the parts of a module in names of their own -> the error, or None.

        An import or a value that fails leaves its name undefined: perhaps no function needs it. A definition
        that fails, or a whole file in one part, is an error.
        """
        module = types.ModuleType("submission")
        module.__dict__["__file__"] = self._name
        self._names = module.__dict__
        self._kept_module = module

        for part in parts:
            code = compile(part, self._name, "exec")
            failed: Command | None = self._run(partial(exec, code, self._names)).get("error")
            statement: ast.stmt = part.body[0]
            defines = len(parts) == 1 or isinstance(statement, ast.FunctionDef | ast.ClassDef)
            if failed and (defines or failed["type"] == "MemoryError"):
                return failed
            if failed and failed["type"] in MISSING and isinstance(statement, ast.Import | ast.ImportFrom):
                source = getattr(statement, "module", None) or statement.names[0].name
                self._missing |= {alias.asname or alias.name: source for alias in statement.names}
        return None

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
            return function(x)

        return noting

    def _assign(self, of: int, key: str, array: NDArray) -> Any:
        """In place, where the shape is the same: what the learner's network reads may be the same memory."""
        mapping = self._objects[of]
        old = mapping.get(key)
        new = self._array(array)
        if _numbers(old) is not None and tuple(old.shape) == new.shape:
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
        theirs = self._names.get("TwoLayerNet")
        return None if theirs is None or _is_ours(theirs) else theirs

    def _borrow(self, names: list[str], layout: Layout = LESSON) -> None:
        for name, own in self._borrowed.items():
            if own is None:
                self._names.pop(name, None)
            else:
                self._names[name] = own
        self._borrowed = {name: self._names.get(name) for name in names}
        if names:
            from handgrad.workbook.desk.adapters import lent

            self._names.update({name: lent(name, layout) for name in names})

    # --- calls -----------------------------------------------------------------------------------------

    def _call(self, command: Command) -> Command:
        handles: list[int] = []
        args = [self._argument(given, handles) for given in command["args"]]
        if "method" in command:
            function = getattr(self._objects[command["of"]], command["method"], None)
        else:
            function = self._names.get(command["name"])
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
        self._seen = []
        reply = self._run(lambda: function(*args))
        return reply | {"args": handles, "seen": sorted(set(self._seen))}

    def _train(self, command: Command) -> Command:
        from handgrad.workbook.desk.recorder import describe_trace, right_net, sizes

        layout = _layout(command)
        data = [
            self._array(command[name]) for name in ("data", "labels", "validation_data", "validation_labels")
        ]
        handles = [self._put(array) for array in data]
        loop, params = self._names["train_model"], {k: self._array(v) for k, v in command["params"].items()}
        model: Any = right_net(params, self._own_net(), command["record"], layout)
        if command.get("own"):
            model = self._names["TwoLayerNet"](*sizes(params, layout))
            self._objects.append(model.params)
            for key, value in command["params"].items():
                self._assign(len(self._objects) - 1, key, value)
        chosen = [command[name] for name in ("rate", "batch") if command[name] is not None]  # else its own
        reply = self._run(lambda: loop(model, *data, command["epochs"], *chosen))
        return reply | {"args": handles} | describe_trace(model, reply.get("value"), self._objects, layout)

    def _run(self, function: Callable[[], Any]) -> Command:
        """The result of a call: value or exception, warnings, and the watched arrays that changed."""
        reply: Command = {}
        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                with np.errstate(all="warn"):
                    result = function()
                reply["seconds"] = time.perf_counter() - start
                reply["value"] = self._described(result)
            except self._caught as error:
                reply["error"] = self._failure(error)
        reply["seconds"] = reply.get("seconds", time.perf_counter() - start)
        reply["warnings"] = [f"{w.category.__name__}: {w.message}"[:200] for w in warned[:MOST_ITEMS]]
        reply["changed"] = [n for n, before in self._watched.items() if _differs(self._objects[n], before)]
        return reply

    def _failure(self, error: BaseException) -> Command:
        """An exception as its type, first line, and the learner's line that raised it."""
        frames = [
            f for f in traceback.extract_tb(error.__traceback__) if f.filename == self._name or self._mine(f)
        ]
        line = frames[-1].lineno if frames else None
        code = (frames[-1].line or "") if frames else ""
        if line and not code and line <= len(self._lines):
            code = self._lines[line - 1].strip()
        try:
            message = str(error).strip().split("\n")[0][:300]
        except Exception:  # an exception of the learner's own making
            message = ""
        if isinstance(error, NameError) and (module := self._missing.get(str(error.name))):
            message = f"{message}; the module {module} is not installed here"
        return {"type": type(error).__name__, "message": message, "line": line, "code": code[:200]}

    def _mine(self, frame: traceback.FrameSummary) -> bool:
        """Whether a frame belongs to a notebook's cell, which has no file."""
        return not self._name and ("ipykernel" in frame.filename or frame.filename.startswith("<"))

    def _described(self, value: Any, depth: int = 0) -> Command:
        """A description of a value: its type, its numbers if it has any, and a handle for it."""
        self._objects.append(value)
        described: Command = {"type": type(value).__name__, "handle": len(self._objects) - 1}
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
