"""Where an epoch is computed: which arrays it runs on, and which run_epoch.

An engine is the name of an array library; the reference mathematics is the same lines on each.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import to_device

from handgrad.errors import HandgradError, MissingExtraError
from handgrad.layers import Array
from handgrad.training import run_epoch

ENGINES = ("auto", "numpy", "torch")


class Engine(NamedTuple):
    """How to train: put(array) places a NumPy array where run_epoch works on it."""

    name: str
    put: Callable[[np.ndarray[Any, Any]], Array]
    run_epoch: Callable[..., Any]


def engine(name: str = "auto", device: str = "cpu") -> Engine:
    """The engine of that name on a device ("cpu", or what PyTorch knows: "cuda", "cuda:1", "mps").

    "auto" is NumPy on the CPU and PyTorch elsewhere. MissingExtraError where PyTorch is not installed;
    HandgradError for a device that is not there.
    """
    if name == "numpy" and device != "cpu":
        raise HandgradError(f"the numpy engine runs on device cpu; got {device}; use --engine torch")
    if name != "torch" and device == "cpu":
        return Engine("numpy", lambda array: array, run_epoch)
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


def to_numpy(array: Array) -> np.ndarray[Any, Any]:
    """The array, back in NumPy, from whatever engine."""
    return np.asarray(to_device(array, "cpu"))
