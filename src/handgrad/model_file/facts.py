"""What a model file says of its network: the metadata, checked before anybody believes them.

They may be a stranger's. So each has its type and range, history and classes too; every text is short and
readable, since messages, tables and pictures show it; every number is finite; no key stands twice.
"""

import math
from typing import Any

from handgrad.arrays import NDArray
from handgrad.calibration import Calibration
from handgrad.errors import expect_short, quoted
from handgrad.model import STORAGES, Model
from handgrad.network import Params
from handgrad.recipes import MOST, Recipe

NAMES = Params._fields
HISTORY = {"epoch", "loss", "train_accuracy", "validation_accuracy"}
LONGEST = 500  # characters of a text
LARGEST = 10**100  # of whole numbers, beyond all seeds and states of generators


def held_back_by(fitted: Calibration | None) -> int | None:
    """The number of images that the run held back, where the calibration was fitted on these."""
    return fitted.images if fitted is not None and fitted.source == "validation" else None


def model_of(metadata: dict[str, Any], tensors: dict[str, NDArray]) -> Model:
    """The model of these metadata and tensors.  ValueError where they are not valid or disagree."""
    params = Params(*(tensors[name] for name in NAMES))
    storage = _typed(metadata, "storage", str) if "storage" in metadata else STORAGES[0]
    if storage not in STORAGES:
        raise ValueError(f"expected storage as one of {', '.join(STORAGES)}; got {quoted(storage, 30)}")
    for name, tensor in tensors.items():
        expected = storage if name in NAMES else STORAGES[0]
        if tensor.dtype != expected:
            raise ValueError(f"expected {name} as {expected}; got {tensor.dtype}")
    bias = _typed(metadata, "bias", bool)
    classes, shape = _typed(metadata, "classes", list), _typed(metadata, "image_shape", list)
    if not all(type(c) in (int, str) for c in classes) or not all(type(s) is int and s > 0 for s in shape):
        raise ValueError("expected classes to be integers or strings, and image_shape positive integers")
    if not bias and (params.b1.any() or params.b2.any()):
        raise ValueError("the metadata says that biases are off, but b1 or b2 is not zero")
    named, recipe = metadata.get("recipe"), None
    if named is not None:
        recipe_name = _typed(named := dict(_typed(metadata, "recipe", dict)), "name", str, None)
        del named["name"]
        recipe = Recipe.from_dict(named)
        model = {key: metadata[key] for key in ("activation", "loss", "bias")} | {"hidden": len(params.W1)}
        if (said := {key: getattr(recipe, key) for key in model}) != model:
            raise ValueError(f"its recipe says {said}, but the model is {model}")
    else:
        recipe_name = None
    accuracy, history = _typed(metadata, "accuracy", dict), _typed(metadata, "history", list)
    if not all(type(share) is float and 0 <= share <= 1 for share in accuracy.values()):
        raise ValueError(f"expected accuracy to be shares from 0 to 1; got {quoted(accuracy, 60)}")
    if (seed := _typed(metadata, "seed", int, None)) is not None and seed < 0:
        raise ValueError(f"expected seed to be 0 or more; got {seed}")
    expect_history(history)
    fitted = Calibration.from_dict(metadata["calibration"]) if "calibration" in metadata else None
    held_back = metadata.get("held_back", held_back_by(fitted))
    if held_back is not None and (type(held_back) is not int or held_back < 1):
        raise ValueError(f"expected held_back as a number of images; got {quoted(held_back, 30)}")
    continued = metadata.get("continued", [])
    if type(continued) is not list or not all(type(epoch) is int and epoch > 0 for epoch in continued):
        raise ValueError(f"expected continued as numbers of epochs; got {quoted(continued, 30)}")
    if recipe is not None and [*continued, recipe.epochs] != sorted({*continued, recipe.epochs}):
        raise ValueError(
            f"expected to be continued before epoch {recipe.epochs}; got {quoted(continued, 30)}"
        )
    return Model(
        params if bias else params._replace(b1=None, b2=None),
        _typed(metadata, "activation", str),
        _typed(metadata, "loss", str),
        tuple(classes),
        tuple(shape),
        recipe_name,
        recipe,
        seed,
        _typed(metadata, "data_checksum", str, None),
        accuracy,
        history,
        _typed(metadata, "handgrad_version", str),
        fitted,
        storage,
        held_back,
        tuple(continued),
        _typed(metadata, "began", str, None),
        _typed(metadata, "prepared", bool, None) or False,
    )


def expect_history(history: list[Any]) -> None:
    """ValueError unless each record tells of an epoch: its number, its loss, and shares or None."""
    for record in history:
        if not isinstance(record, dict) or not set(record) >= HISTORY:
            raise ValueError(f"expected each record of history to have {', '.join(sorted(HISTORY))}")
        for name, value in record.items():
            if name == "epoch":
                known = type(value) is int and 1 <= value <= MOST
            elif name.endswith("accuracy"):
                known = value is None or (_is_number(value) and 0 <= value <= 1)
            else:
                known = _is_number(value) or (name not in HISTORY and (value is None or type(value) is str))
            if not known:
                raise ValueError(
                    f"expected {name:.40} of a record of history as a number; got {quoted(value, 40)}"
                )


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -LARGEST <= value <= LARGEST  # false of NaN


def expect_plain(metadata: Any) -> None:
    """ValueError unless all texts in the metadata are short and readable, and all numbers finite."""
    left = [metadata]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list | tuple):
            left += value
        elif isinstance(value, str):
            expect_short("each text of the metadata", value, LONGEST)
        elif type(value) is int and abs(value) >= LARGEST:
            raise ValueError("expected whole numbers below 10^100 in the metadata; got a larger one")
        elif isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"expected finite numbers in the metadata; got {value}")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of a JSON text.  ValueError for a key that stands twice, which safetensors forbids."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"the key {quoted(twice, 60)} stands twice")
    return found


def _typed(metadata: dict[str, Any], key: str, kind: type, *others: Any) -> Any:
    """metadata[key], if it is of that type or one of the other values.  ValueError otherwise."""
    value = metadata.get(key)
    if type(value) is not kind and (value not in others or not others):
        raise ValueError(f"expected the metadata's {key} to be {kind.__name__}; got {quoted(value, 60)}")
    return value
