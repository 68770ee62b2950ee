"""Where an epoch is computed: which arrays it runs on, and which run_epoch.

ink     NumPy arrays, the fast engine: compiled, over lists of the pixels that hold ink
numpy   NumPy arrays, dense products in buffers made once
torch   PyTorch arrays on a device, the reference's functions; all of an epoch stays there
auto    ink where it is available, else numpy; torch for another device than the CPU
"""

import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from copy import copy
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import to_device

from handgrad.arrays import Array, NDArray
from handgrad.engines import dense
from handgrad.engines.arguments import MOST_THREADS, expect_threads
from handgrad.engines.device import epoch_by
from handgrad.errors import OWN, HandgradError, MissingExtraError, came_of_ctrl_c, name_of
from handgrad.model import Model
from handgrad.network import Params, map_params
from handgrad.recipes import RECIPES
from handgrad.threads import available_cores, one_blas_thread
from handgrad.training import accuracy

ENGINES = ("auto", "ink", "numpy", "torch")
PATIENCE = 0.8  # seconds of preparation after which the user is told


def _as_it_is(thing: Any) -> Any:
    return thing


class Engine(NamedTuple):
    """How to train. An engine can be pickled, and used in forked children and by several threads."""

    name: str
    put: Callable[[NDArray], Array]  # places a NumPy array where run_epoch works on it
    run_epoch: Callable[..., Any]
    accuracy: Callable[..., float] = accuracy
    answering: Callable[[Model], Model] = _as_it_is  # the model, to be asked through this engine
    limits: Callable[[], AbstractContextManager[Any]] = nullcontext  # to be entered around each epoch
    writes: bool = True  # whether this process writes the files: of several that train together only one
    agree: Callable[[Mapping[str, Any]], object] = _as_it_is  # HandgradError where their facts differ


def engine(
    name: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    say: Callable[[str], object] = lambda line: None,
    hidden: int = RECIPES["quick"].hidden,
) -> Engine:
    """The engine of that name on a device ("cpu", or what PyTorch knows: "cuda", "cuda:1", "mps").

    threads: of the ink engine; by default the cores that this process may use. say is told, in a line,
    what the user should know: that the kernel is being compiled, or which engine takes over and why.
    hidden: units of the network to come; the ink engine has its code for them ready when this returns.
    HandgradError for another name, for threads that are not a whole number from 1 on, and for a device or
    an engine that cannot be had; MissingExtraError where PyTorch is not installed. "auto" always gives one.
    """
    if name not in ENGINES:
        raise HandgradError(f"expected an engine among {', '.join(ENGINES)}; got {name!r:.30}")
    threads = _threads(threads)
    if name in ("ink", "numpy") and device != "cpu":
        raise HandgradError(f"the {name} engine runs on device cpu; got {device}; use --engine torch")
    if name == "torch" or device != "cpu":
        return _torch(device)
    numpy = Engine("numpy", _as_it_is, dense.run_epoch, dense.accuracy)  # it limits BLAS by itself
    if name == "numpy":
        return numpy
    try:
        fast = _ink(threads, say, hidden)
    except HandgradError as error:
        if name == "ink":
            raise HandgradError(f"the ink engine is not available: {error}; use --engine numpy") from error
        say(f"the ink engine is not available ({error}); the numpy engine takes over")
        return numpy
    return Engine(
        f"ink, {threads} thread{'s' if threads > 1 else ''}",
        _as_it_is,
        fast.run_epoch,
        fast.accuracy,
        answering=partial(_answering, threads=threads),
        limits=one_blas_thread,  # what BLAS computes between epochs would keep the engine's cores
    )


def _answering(model: Model, threads: int) -> Model:
    """The model compiled, or as it is where its activation is a function of the user's own."""
    return compiled(model, threads) if isinstance(model.activation, str) else model


def compiled(
    model: Model, threads: int | None = None, say: Callable[[str], object] = lambda line: None
) -> Model:
    """The model, answering through the fast engine: microseconds for one uint8 image, batches on all threads.

    The same predict and scores (but for rounding); other images than uint8 go the slower way. Its code is
    compiled when this is first called (say is told). HandgradError where the fast engine is not available.

    Several threads may ask it at the same time, and it answers in forked children. It is pickled as the
    model and the number of threads, and compiled again where it is read; where that fails, a warning says
    so and the model answers as it is. Its parameters are a copy that cannot be written to. Given others
    (fast.params = ...) or another activation, it answers by those, as a model that is not compiled: compile
    it again.
    """
    threads = _threads(threads)
    if not isinstance(model.activation, str):
        name = name_of(model.activation).removeprefix(OWN)
        raise HandgradError(f"the ink engine does not know the activation {name}; use the model as it is")
    try:
        _ink(1, say, model.hidden)
    except HandgradError as error:
        raise HandgradError(f"the ink engine is not available: {error}; use the model as it is") from error
    fast = copy(model)
    fast.params = _frozen(map_params(np.copy, model.params))
    fast.scorer = _Compiled(fast.params, model.activation, threads)
    return fast


class _Compiled:
    """The scorer of a compiled model: what it answers by, and how it is pickled."""

    def __init__(self, params: Params, activation: str, threads: int) -> None:
        from handgrad.engines.ink import Scorer

        scorer = Scorer(params, activation, threads)
        self.params, self.activation, self.threads = params, activation, threads
        self.checked_z, self.outputs = scorer.checked_z, scorer.outputs

    def __reduce__(self) -> tuple[Any, ...]:
        return _compiled_again, (self.params, self.activation, self.threads)


def _compiled_again(params: Params, activation: str, threads: int) -> _Compiled | None:
    """A compiled model's scorer, read in another process; None, with a warning, where it cannot be had."""
    try:
        _ink(1, lambda line: None, len(params.W1))
    except HandgradError as error:
        warnings.warn(
            f"the ink engine is not available ({error}); the model answers without it", stacklevel=2
        )
        return None
    return _Compiled(_frozen(params), activation, threads)  # the very params of the model


def _frozen(params: Params) -> Params:
    """The same parameters; their arrays cannot be written to from now on."""
    for p in params:
        if p is not None:
            p.setflags(write=False)
    return params


def to_numpy(array: Array) -> NDArray:
    """The array, back in NumPy, from whatever engine."""
    return np.asarray(to_device(array, "cpu"))


def _threads(threads: int | None) -> int:
    return min(available_cores(), MOST_THREADS) if threads is None else expect_threads(threads)


def _ink(threads: int, say: Callable[[str], object], hidden: int) -> Any:
    """The fast engine, compiled; say is told where that takes long (the first time).

    HandgradError, with the reason in a few words, where it cannot be had: whatever goes wrong between
    llvmlite, the processor and the cache of code, there is an engine that needs none of them.
    """
    notice = threading.Timer(PATIENCE, say, ["compiling the fast engine for this machine, once"])
    notice.daemon = True
    with suppress(RuntimeError):  # no thread can be started: nothing is said
        notice.start()
    try:
        from handgrad.engines.ink import InkEngine, warm_up

        warm_up(hidden, threads)
    except Exception as error:
        if came_of_ctrl_c(error):
            raise
        raise HandgradError(_why(error)) from error
    finally:
        notice.cancel()
    return InkEngine(threads)


def _why(error: Exception) -> str:
    """What went wrong, on one line: the error's kind and the beginning of its text."""
    if isinstance(error, ModuleNotFoundError) and error.name == "llvmlite":
        return "llvmlite is not installed"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text:.200}" if text else type(error).__name__


def _torch(device: str) -> Engine:
    try:
        import torch
    except ImportError:
        raise MissingExtraError("the torch engine needs PyTorch: pip install 'handgrad[torch]'") from None
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, TypeError) as error:  # how PyTorch says that a device is not there
        text = str(error).splitlines()[0]
        raise HandgradError(f"expected a device that PyTorch has here; got {device!r}: {text}") from None
    return Engine(f"torch on {device}", partial(_on_device, device=device), epoch_by())


def _on_device(array: NDArray, device: str) -> Array:
    import torch

    return torch.tensor(array, device=device)
