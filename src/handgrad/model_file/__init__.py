"""Model files in the safetensors format: written atomically, and validated when they are read.

A model is four float32 tensors, W1 (H, D), b1 (H,), W2 (C, H), b2 (C,), and metadata whose values are JSON
texts. For a network without biases, b1 and b2 are stored as zeros, and "bias" is false. Six keys are
optional: "calibration"; "storage", which is "float16" if the four tensors are float16, in half the space;
"held_back", the number of images that the run held back, if the calibration does not say it; "continued",
the epochs after which a finished run was continued; "began", the checksum of the data of the model that a
run began with; and "prepared", if its images went through the photo pipeline. The file of an unfinished run
also holds the state that is needed to continue it, in float32 tensors whose names begin with "run.". Nothing
is ever unpickled.
Format: https://github.com/huggingface/safetensors#format
"""

import json
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from handgrad.arrays import PIXEL_MAX, NDArray
from handgrad.errors import OWN, ModelFileError, name_of
from handgrad.files import Kind, reason, write_atomically
from handgrad.layers import ACTIVATIONS
from handgrad.model import STORAGES, Model
from handgrad.model_file.facts import NAMES, expect_history, expect_plain, held_back_by, model_of, once
from handgrad.recipes import Activation

FORMAT_VERSION = 1
RUN = "run."  # prefix of the tensors of a run in progress
MAX_HEADER = 1 << 22  # bytes; the header of a model file has a few thousand
MAX_FLOATS = 1 << 28  # in all tensors together: a gigabyte


@dataclass
class RunState:
    """What is needed to continue an unfinished run: tensors by name, and facts for the metadata."""

    tensors: dict[str, NDArray] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def save(path: str | os.PathLike[str], model: Model, run: RunState | None = None) -> None:
    """Write a model atomically: a reader finds either the old file or the new file, complete. Equal models
    give equal bytes. The parameters are stored as model.storage says. Of a loss, an optimizer or a schedule
    of your own the file holds the name.  ModelFileError, and the old file is unchanged, if the parameters do
    not fit into that type, the activation is your own, the file cannot be written, or what stands there is
    not a model file of ours.
    """
    from safetensors.numpy import save as to_safetensors

    Model.__post_init__(model)  # refuses contradictions and values that are not finite
    expect_no_own(model.activation)
    W1, b1, W2, b2 = model.params
    zeros = [np.zeros(len(W), np.float32) for W in (W1, W2)]
    values = (W1, zeros[0] if b1 is None else b1, W2, zeros[1] if b2 is None else b2)
    tensors = {name: _narrowed(path, name, p, model.storage) for name, p in zip(NAMES, values, strict=True)}
    metadata = {
        "format_version": FORMAT_VERSION,
        "activation": model.activation,
        "loss": name_of(model.loss),
        "bias": model.bias,
        "classes": list(model.classes),
        "image_shape": list(model.image_shape),
        "pixel_scaling": {"divide_by": PIXEL_MAX},
        "recipe": None if model.recipe is None else {"name": model.recipe_name, **model.recipe.to_dict()},
        "seed": model.seed,
        "data_checksum": model.data_checksum,
        "accuracy": model.accuracy,
        "history": model.history,
        "handgrad_version": model.handgrad_version,
    }
    if model.calibration is not None:
        metadata["calibration"] = model.calibration.to_dict()
    if model.storage != STORAGES[0]:
        metadata["storage"] = model.storage
    if run is None and model.held_back is not None and model.held_back != held_back_by(model.calibration):
        metadata["held_back"] = model.held_back
    if model.continued:
        metadata["continued"] = list(model.continued)
    if model.began is not None:
        metadata["began"] = model.began
    if model.prepared:
        metadata["prepared"] = True
    if run is not None:
        tensors |= {
            RUN + name: np.ascontiguousarray(tensor, np.float32) for name, tensor in run.tensors.items()
        }
        metadata["run"] = run.facts
    try:
        expect_history(model.history)
        expect_plain(metadata)
    except ValueError as error:
        raise ModelFileError(f"{path}: {error}") from None
    data = to_safetensors(tensors, metadata={key: json.dumps(value) for key, value in metadata.items()})
    write_atomically(path, _in_order(data), KIND)


def expect_no_own(activation: Activation) -> None:
    """ModelFileError for an activation of one's own: no file holds a function, and without it a network
    cannot answer. Whoever trains asks this before any work is done."""
    if not isinstance(activation, str):
        raise ModelFileError(
            f"expected an activation that has a name, {', '.join(ACTIVATIONS)}; got the function "
            f"{name_of(activation).removeprefix(OWN)}, which a model file cannot hold; keep model.params in "
            "a file of your own, as with numpy.savez, and the function in your program"
        )


def load(path: str | os.PathLike[str]) -> Model:
    """Read a model file. The parameters of the model are float32, whatever type they are stored in.

    ModelFileError, in one line that names the file, unless all of it is valid: the format version, the names,
    types and shapes of the tensors, their values (finite), and the metadata.
    """
    return load_run(path)[0]


def load_run(path: str | os.PathLike[str]) -> tuple[Model, RunState | None]:
    """The model as from load, and the state of the run if the file is that of an unfinished run."""
    metadata, tensors = _read(path)
    try:
        version = metadata.get("format_version")
        if type(version) is not int or version < 1:
            raise ValueError("not a handgrad model: its metadata has no format version")
        if version > FORMAT_VERSION:
            raise ValueError(f"format version {version} is newer than {FORMAT_VERSION}; update handgrad")
        if metadata.get("pixel_scaling") != {"divide_by": PIXEL_MAX}:
            raise ValueError(
                f"expected pixel_scaling divide_by {PIXEL_MAX:g}; got {metadata.get('pixel_scaling')}"
            )
        run_names = {name for name in tensors if name.startswith(RUN)}
        if set(tensors) - run_names != set(NAMES) or (run_names and "run" not in metadata):
            raise ValueError(
                f"expected the tensors {', '.join(NAMES)}; got {', '.join(sorted(tensors)) or 'none'}"
            )
        model = model_of(metadata, tensors)
        expect_plain(metadata)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ModelFileError(f"{path}: {error}") from None
    if "run" not in metadata:
        return model, None
    if not isinstance(metadata["run"], dict):
        raise ModelFileError(f"{path}: the state of the run is damaged: expected a dictionary")
    return model, RunState({name.removeprefix(RUN): tensors[name] for name in run_names}, metadata["run"])


def _narrowed(path: str | os.PathLike[str], name: str, p: NDArray, storage: str) -> NDArray:
    """A parameter in the type of its storage.  ModelFileError if a number is too large for the type."""
    with np.errstate(over="ignore"):  # infinite values are checked below and reported
        narrow = p.astype(storage, copy=False)
    if not np.isfinite(narrow).all():
        most, largest = float(np.finfo(storage).max), float(np.abs(p).max())
        raise ModelFileError(
            f"{path}: expected {name} within +-{most:g} to be stored as {storage}; got {largest:g}; "
            "store it as float32"
        )
    return narrow


def looks_like_one(file: IO[bytes]) -> bool:
    """Whether an open file begins as our model files do, whole or not: a length, then a JSON header that
    names the version of handgrad. Other programs' safetensors files do not."""
    length = int.from_bytes(file.read(8), "little")
    header = file.read(length) if length <= MAX_HEADER else b""
    return header.startswith(b"{") and b'"handgrad_version"' in header


KIND = Kind("a model file", looks_like_one, ModelFileError)


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """Metadata and tensors of a safetensors file. Header, types and sizes are checked before any is read."""
    from safetensors import SafetensorError, safe_open

    try:
        if not Path(path).is_file():
            raise ModelFileError(f"{path}: no such model file")
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > MAX_HEADER:
                raise ModelFileError(f"{path}: not a safetensors file, or its header is damaged")
            json.loads(file.read(length), object_pairs_hook=once)
        with safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  not a dict
            floats = sum(int(np.prod(part.get_shape(), dtype=object)) for part in slices.values())
            if floats > MAX_FLOATS:
                raise ModelFileError(f"{path}: expected at most {MAX_FLOATS} numbers; got {floats}")
            odd = {part.get_dtype() for part in slices.values()} - {"F32", "F16"}
            if odd:
                raise ModelFileError(
                    f"{path}: expected float16 or float32 tensors; got {', '.join(sorted(odd))}"
                )
            metadata = {
                key: json.loads(text, object_pairs_hook=once) for key, text in (file.metadata() or {}).items()
            }
            return metadata, {name: file.get_tensor(name) for name in slices}
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {reason(error)}") from None
    except (SafetensorError, ValueError, RecursionError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"{path}: not a safetensors file, or damaged ({error})") from None


def _in_order(data: bytes) -> bytes:
    """The same file with sorted keys in its header: the library writes metadata in random order."""
    length = struct.unpack_from("<Q", data)[0]
    header = json.dumps(json.loads(data[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + data[8 + length :]
