"""A model as a folder for a model hub: README.md, the model card, and model.safetensors, the model file.

The card begins with the YAML that huggingface.co reads: license, library, tags, measured accuracy. Nothing is
sent anywhere: docs/exports.md says how a folder is uploaded.
"""

import json
import os
import re
from pathlib import Path
from typing import IO

from handgrad import model_file
from handgrad.errors import HandgradError, name_of
from handgrad.exports.measuring import Measured, measured
from handgrad.files import BEGINNING, Kind, expect_folder, expect_writable, write_atomically
from handgrad.model import Model

CARD, WEIGHTS = "README.md", "model.safetensors"
LICENSE = "mit"
FIRST = "---\n# written by handgrad, which replaces this file as long as this line stands\n"
ACTIVATE = {
    "relu": "np.maximum(a, 0)",
    "leaky_relu": "np.where(a > 0, a, np.float32(0.01) * a)",
    "tanh": "np.tanh(a)",
    "sigmoid": "1 / (1 + np.exp(-a))",
    "none": "a",
}
SIGMOID = "1 / (1 + np.exp(-z))"
SOFTMAX = "np.exp(z - z.max(axis=1, keepdims=True)); scores /= scores.sum(axis=1, keepdims=True)"
TEXT = """\
# {name}

A network with two layers, {network}. It was made with
handgrad {version}, which derives every gradient by hand.

It takes images of {shape} pixels, uint8: 0 is paper, 255 is ink. Classes: {classes}.

## Use

`pip install handgrad`, then:

```python
from handgrad import model_file

model = model_file.load("model.safetensors")
scores = model.scores(images)  # images (N, {sides}) uint8 -> (N, {count}), from 0 to 1
labels, sure = model.predict(images), model.confidence(scores)
```

Or with NumPy alone:

```python
import numpy as np
from safetensors.numpy import load_file

tensors = load_file("model.safetensors")
W1, b1, W2, b2 = (tensors[name].astype(np.float32) for name in ("W1", "b1", "W2", "b2"))
a = images.reshape(len(images), -1) / np.float32(255) @ W1.T + b1
z = {activate} @ W2.T + b2
scores = {outputs}
```

## Accuracy

{accuracy}

{calibration}

## How it was made

{made}

## Limits

It answers for every image, also for one that shows none of its classes; `model.doubtful(scores)` says which
answers a person should check. Images that are not drawn or prepared like those that it learnt from are read
worse than the accuracy says.
"""


def _looks_like_one(file: IO[bytes]) -> bool:
    return file.read(BEGINNING).startswith(FIRST.encode())


KIND = Kind("a model card of handgrad's", _looks_like_one)


def expect(folder: str | os.PathLike[str], license: str = LICENSE, *inputs: str | os.PathLike[str]) -> None:
    """Make the folder, and ask whether the two files can be written into it. Whatever else it holds stays.

    HandgradError where something else stands in their places, or for a license that is not an identifier such
    as "mit", "apache-2.0" or "other".
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,60}", license):
        wanted = "expected an identifier of a license in small letters, such as mit or apache-2.0"
        raise HandgradError(f"{wanted}; got {license!r:.80}")
    expect_folder(folder)
    expect_writable(Path(folder) / CARD, KIND, *inputs)
    expect_writable(Path(folder) / WEIGHTS, model_file.KIND, *inputs)


def save(folder: str | os.PathLike[str], model: Model, license: str = LICENSE) -> Measured | None:
    """Write the model card and the model file, each atomically; return the accuracy that the card states.

    Errors are those of expect and of model_file.save.
    """
    expect(folder, license)
    known = measured(model)
    model_file.save(Path(folder) / WEIGHTS, model)
    name = Path(os.path.abspath(folder)).name or "handgrad"
    write_atomically(Path(folder) / CARD, card(model, name, known, license).encode("utf-8"), KIND)
    return known


def card(model: Model, name: str, known: Measured | None, license: str = LICENSE) -> str:
    """The text of the model card."""
    outputs = "softmax" if model.loss == "cross_entropy" else "sigmoid"
    text = TEXT.format(
        name=name,
        network=f"{model.pixels} -> {model.hidden} {model.activation} -> {len(model.classes)} {outputs}",
        version=model.handgrad_version,
        shape=" x ".join(map(str, model.image_shape)),
        sides=", ".join(map(str, model.image_shape)),
        count=len(model.classes),
        classes=", ".join(map(json.dumps, model.classes)),
        activate=ACTIVATE[str(model.activation)],
        outputs=SOFTMAX if outputs == "softmax" else SIGMOID,
        accuracy=_accuracy(known),
        calibration=_calibration(model),
        made=_made(model),
    )
    return f"{FIRST}{_facts(name, known, license)}---\n\n{text}"


def _facts(name: str, known: Measured | None, license: str) -> str:
    """The YAML of the card. Strings are written as JSON, which YAML reads."""
    lines = [
        f"license: {license}",
        "library_name: handgrad",
        "pipeline_tag: image-classification",
        "tags:",
        *(f"- {tag}" for tag in ("handgrad", "image-classification", "numpy", "safetensors")),
    ]
    if known is not None:
        if known.is_mnist:
            lines += ["- mnist", "- handwritten-digits", "datasets:", "- ylecun/mnist"]
        kind, dataset = ("ylecun/mnist", "MNIST") if known.is_mnist else ("custom", known.on)
        lines += [
            "metrics:",
            "- accuracy",
            "model-index:",
            f"- name: {json.dumps(name)}",
            "  results:",
            "  - task:",
            "      type: image-classification",
            "    dataset:",
            f"      type: {kind}",
            f"      name: {json.dumps(dataset)}",
            *(["      split: test"] if known.is_mnist else []),
            "    metrics:",
            "    - type: accuracy",
            f"      value: {round(known.accuracy, 6)}",
        ]
    return "\n".join(lines) + "\n"


def _accuracy(known: Measured | None) -> str:
    if known is None:
        return "It was not measured on images of their own."
    number = "" if known.images is None else f" ({known.images:,} images)"
    return f"{100 * known.accuracy:.2f} % on {known.on}{number}."


def _calibration(model: Model) -> str:
    fitted = model.calibration
    if fitted is None:
        return "Its confidence is not calibrated: `model.confidence` is the largest output."
    return (
        f"Its confidence is calibrated on {fitted.images:,} images (temperature {fitted.temperature}). From\n"
        f"{fitted.threshold} on, an answer is not doubtful: {100 * fitted.coverage:.1f} % of the images, so\n"
        f"chosen that {100 * fitted.wanted:g} % of their answers are right."
    )


def _made(model: Model) -> str:
    lines = [f"- loss: {name_of(model.loss)}"]
    if model.recipe is not None:
        recipe = ", ".join(
            f"{key} {value}" for key, value in model.recipe.to_dict().items() if value is not None
        )
        lines.append(f"- recipe {model.recipe_name}: {recipe}")
    if model.seed is not None:
        lines.append(f"- seed: {model.seed}")
    if model.data_checksum is not None:
        lines.append(f"- SHA-256 of the training images and labels: {model.data_checksum}")
    return "\n".join(lines)
