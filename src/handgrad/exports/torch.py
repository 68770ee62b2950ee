"""A model as a state dict of PyTorch's, and state dicts of others as models.

    nn.Sequential(nn.Linear(D, H), nn.ReLU(), nn.Linear(H, C), nn.Sigmoid()).load_state_dict(torch.load(file))

takes the file as it is: keys 0.weight (H, D), 0.bias (H,), 2.weight (C, H), 2.bias (C,); without the biases
for a network that has none. Its input is x = pixel / 255, (N, D) float32. What a state dict has no place for,
such as classes and calibration, travels as a JSON text in its attribute _metadata, which load_state_dict
passes over and torch.load(weights_only=True) keeps.
"""

import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from importlib.util import find_spec
from io import BytesIO
from itertools import pairwise
from typing import IO, Any

from handgrad.calibration import Calibration
from handgrad.errors import MissingExtraError, ModelFileError, name_of
from handgrad.files import Kind, expect_writable, reason, write_atomically
from handgrad.model import Model
from handgrad.model_file import expect_no_own
from handgrad.network import Params
from handgrad.recipes import Activation, Loss

KEYS = {"0.weight": "W1", "0.bias": "b1", "2.weight": "W2", "2.bias": "b2"}
MARK = "handgrad"  # the name of our facts in _metadata
FIRST = b'{"handgrad_version": '  # how their text begins
MOST = 1 << 30  # bytes of a file that is read
DAMAGE = (  # what torch.load raises for files that are not its own, besides OSError
    *(pickle.UnpicklingError, struct.error, RuntimeError, ValueError, TypeError, LookupError, EOFError),
    *(AttributeError, AssertionError, ArithmeticError, ImportError),
)


def _looks_like_one(file: IO[bytes]) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            return bool(names) and FIRST in archive.read(names[0])
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError):
        return False


KIND = Kind("a PyTorch file of handgrad's", _looks_like_one, ModelFileError)


def expect(file: str | os.PathLike[str], *inputs: str | os.PathLike[str]) -> None:
    """Ask before any work whether a model can be written there.  ModelFileError where something else stands
    at the path, or it cannot be written; MissingExtraError without PyTorch."""
    _expect_torch()
    expect_writable(file, KIND, *inputs)


def save(file: str | os.PathLike[str], model: Model) -> None:
    """Write the model's parameters as a state dict, atomically.  Errors are those of expect, and
    ModelFileError for a model with an activation of one's own."""
    expect(file)
    write_atomically(file, as_bytes(model), KIND)


def as_bytes(model: Model) -> bytes:
    """The PyTorch file of a model."""
    expect_no_own(model.activation)
    import torch

    kept: Any = OrderedDict()
    for key, name in KEYS.items():
        if (p := getattr(model.params, name)) is not None:
            kept[key] = torch.tensor(p)
    facts = {
        "handgrad_version": model.handgrad_version,
        "activation": model.activation,
        "loss": name_of(model.loss),
        "classes": list(model.classes),
        "image_shape": list(model.image_shape),
        "data_checksum": model.data_checksum,
        "accuracy": model.accuracy,
        "calibration": None if model.calibration is None else model.calibration.to_dict(),
    }
    kept._metadata = OrderedDict({MARK: json.dumps(facts)})
    buffer = BytesIO()
    torch.save(kept, buffer)
    return buffer.getvalue()


def load(
    file: str | os.PathLike[str],
    activation: Activation = "relu",
    loss: Loss = "l2",
    classes: tuple[int | str, ...] = (),
    image_shape: tuple[int, ...] = (),
) -> Model:
    """The model in a file of torch.save: one that save wrote, or a state dict of two linear layers.

    A file that save wrote says what its network is, and the arguments are not needed. In others the tensors
    are taken in their order, whatever their names: a weight (H, D), perhaps its bias (H,), a weight (C, H),
    perhaps its bias (C,). The arguments then say what such a file does not: the activation of the hidden
    layer, the loss ("l2" for sigmoid outputs, "cross_entropy" for softmax), and the rest as in Model. The
    network must have learnt from x = pixel / 255. Nothing but tensors is unpickled. ModelFileError, in one
    line that names the file, for everything else; MissingExtraError without PyTorch.
    """
    _expect_torch()
    import torch

    try:
        if os.path.getsize(file) > MOST:
            raise ModelFileError(f"{file}: expected at most {MOST} bytes; got {os.path.getsize(file)}")
        found = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelFileError(f"{file}: cannot be read: {reason(error)}") from None
    except DAMAGE as error:
        if isinstance(error, ModelFileError):
            raise
        what = "not a file of torch.save that holds tensors alone, or damaged"
        raise ModelFileError(f"{file}: {what} ({type(error).__name__})") from None
    try:
        params = _params(found)
        text = (getattr(found, "_metadata", None) or {}).get(MARK)
        if text is None:
            return Model(params, activation, loss, classes, image_shape)
        return _model(params, json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelFileError(f"{file}: {' '.join(str(error).split()):.300}") from None


def _params(found: Any) -> Params:
    """The parameters among the tensors of a state dict.  ValueError unless they are those of two layers."""
    import torch

    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ValueError(f"expected a state dict: tensors by name; got {type(found).__name__}")
    tensors = [value.detach() for value in found.values()]
    layers = [place for place, tensor in enumerate(tensors) if tensor.ndim == 2]
    parts = [tensors[begin:end] for begin, end in pairwise([*layers, len(tensors)])]
    if len(parts) != 2 or layers[0] != 0 or any(len(part) > 2 for part in parts):
        shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in found.items())
        raise ValueError(f"expected a weight and perhaps a bias of each of two linear layers; got {shapes}")
    if len({len(part) for part in parts}) == 2:
        parts = [[part[0], part[1] if len(part) == 2 else torch.zeros(len(part[0]))] for part in parts]
    W1, b1, W2, b2 = (
        None if number == len(part) else part[number].to(torch.float32).numpy()
        for part in parts
        for number in (0, 1)
    )
    return Params(W1, b1, W2, b2)


def _model(params: Params, facts: dict[str, Any]) -> Model:
    """A model from its parameters and the facts that save wrote."""
    fitted = facts["calibration"]
    return Model(
        params,
        facts["activation"],
        facts["loss"],
        tuple(facts["classes"]),
        tuple(facts["image_shape"]),
        data_checksum=facts["data_checksum"],
        accuracy=dict(facts["accuracy"]),
        handgrad_version=str(facts["handgrad_version"]),
        calibration=None if fitted is None else Calibration.from_dict(fitted),
    )


def _expect_torch() -> None:
    if find_spec("torch") is None:
        raise MissingExtraError("a PyTorch file needs PyTorch: pip install 'handgrad[torch]'")
