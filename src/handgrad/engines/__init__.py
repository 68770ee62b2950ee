"""Where an epoch is computed: which arrays it runs on, and which run_epoch.

ink     NumPy arrays, the fast engine: compiled, over lists of the pixels that hold ink
numpy   NumPy arrays, dense products in buffers made once
torch   PyTorch arrays on a device, the reference
auto    ink where it is available, else numpy; torch for another device than the CPU
"""

import os
import threading
from collections.abc import Callable
from copy import copy
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import to_device

from handgrad.arrays import Array, NDArray
from handgrad.engines import dense
from handgrad.errors import HandgradError, MissingExtraError
from handgrad.files import available_cores
from handgrad.model import Model
from handgrad.recipes import RECIPES
from handgrad.training import accuracy, run_epoch

ENGINES = ("auto", "ink", "numpy", "torch")
PATIENCE = 0.8  # seconds of preparation after which the user is told


class Engine(NamedTuple):
    """How to train: put(array) places a NumPy array where run_epoch works on it."""

    name: str
    put: Callable[[NDArray], Array]
    run_epoch: Callable[..., Any]
    accuracy: Callable[..., float] = accuracy
    # None: as many as there are. They wait awake for a while after each product, on cores that others need
    blas_threads: int | None = None
    answering: Callable[[Model], Model] = lambda model: model  # the model, to be asked through this engine


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
    MissingExtraError where PyTorch is not installed; HandgradError for a device that is not there.
    """
    if name in ("ink", "numpy") and device != "cpu":
        raise HandgradError(f"the {name} engine runs on device cpu; got {device}; use --engine torch")
    if name == "torch" or device != "cpu":
        return _torch(device)
    if name == "numpy":
        return Engine("numpy", lambda array: array, dense.run_epoch)
    if missing := _why_no_ink():
        if name == "ink":
            raise HandgradError(f"the ink engine is not available: {missing}; use --engine numpy")
        say(f"the ink engine is not available ({missing}); the numpy engine takes over")
        return Engine("numpy", lambda array: array, dense.run_epoch)
    threads = threads or available_cores()
    fast = _ink(threads, say, hidden)
    return Engine(
        f"ink, {threads} thread{'s' if threads > 1 else ''}",
        lambda array: array,
        fast.run_epoch,
        fast.accuracy,
        blas_threads=1,
        answering=lambda model: compiled(model, threads),
    )


def compiled(
    model: Model, threads: int | None = None, say: Callable[[str], object] = lambda line: None
) -> Model:
    """The model, answering through the fast engine: microseconds for one uint8 image, batches on all threads.

    The same predict and scores (but for rounding); other images than uint8 go the slower way. Its code is
    compiled when this is first called (say is told). HandgradError where the fast engine is not available.
    """
    if missing := _why_no_ink():
        raise HandgradError(f"the ink engine is not available: {missing}; use the model as it is")
    threads = threads or available_cores()
    _ink(1, say, model.hidden)
    from handgrad.engines.ink import Scorer

    fast = copy(model)
    fast.scorer = Scorer(model.params, model.activation, threads)
    return fast


def to_numpy(array: Array) -> NDArray:
    """The array, back in NumPy, from whatever engine."""
    return np.asarray(to_device(array, "cpu"))


def _why_no_ink() -> str | None:
    if find_spec("llvmlite") is None:
        return "llvmlite is not installed"
    if os.name != "posix":
        return "its threads need a POSIX system"
    return None


def _ink(threads: int, say: Callable[[str], object], hidden: int) -> Any:
    """The fast engine, compiled; the user is told where that takes long (the first time)."""
    told = threading.Timer(PATIENCE, say, ["compiling the fast engine for this machine, once"])
    told.daemon = True
    told.start()
    try:
        from handgrad.engines.ink import InkEngine, warm_up

        warm_up(hidden, threads)
    finally:
        told.cancel()
    return InkEngine(threads)


def _torch(device: str) -> Engine:
    try:
        import torch
    except ImportError:
        raise MissingExtraError("the torch engine needs PyTorch: pip install 'handgrad[torch]'") from None
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # how PyTorch says that a device is not there
        text = str(error).splitlines()[0]
        raise HandgradError(f"expected a device that PyTorch has here; got {device!r}: {text}") from None
    return Engine(f"torch on {device}", lambda array: torch.tensor(array, device=device), run_epoch)
