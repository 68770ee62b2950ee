"""A model as an ONNX file: opset 17, IR version 8; uint8 images in, outputs and confidence out.

images      (N, ...) uint8    as model.predict takes them, (N, 28, 28) for MNIST's; any N, also 0
scores      (N, C) float32    model.scores(images)
confidence  (N,) float32      model.confidence(scores): calibrated if the model is, 0 for a blank image

The file's metadata has JSON texts: "classes", the label of each column; "threshold", the confidence below
which an answer is doubtful (of calibrated models); "activation", "loss", "accuracy", "handgrad_version".
"""

import json
import math
import os
from importlib.util import find_spec
from typing import IO, Any

import numpy as np

from handgrad.arrays import PIXEL_MAX, NDArray
from handgrad.calibration import LARGEST, LEAST, MOST, NONE
from handgrad.errors import MissingExtraError, name_of
from handgrad.files import Kind, expect_writable, write_atomically
from handgrad.layers import LEAK
from handgrad.model import NEAR_BLANK, Model
from handgrad.model_file import expect_no_own

OPSET, IR = 17, 8  # of 2022: what the library would write today, older runtimes refuse
PRODUCER = "handgrad"
BEGINS = bytes([0x08, IR, 0x12, len(PRODUCER)]) + PRODUCER.encode()  # ir_version 8, producer_name "handgrad"
BLANKEST = 1e-7  # outputs are clipped to this, and to 1 - this, before they are compared with a blank image's
ACTIVATE = {  # h from a
    "relu": "Relu (a)",
    "leaky_relu": f"LeakyRelu <alpha = {LEAK}> (a)",
    "tanh": "Tanh (a)",
    "sigmoid": "Sigmoid (a)",
    "none": "Identity (a)",
}
NETWORK = """
    pixels = Flatten <axis = 1> (images)
    shades = Cast <to = 1> (pixels)
    x = Div (shades, pixel_max)
    a = Gemm <transB = 1> (x, W1, b1)
    h = {activate}
    z = Gemm <transB = 1> (h, W2, b2)
    scores = {outputs} (z)
"""
# The log odds of the outputs. Of a sigmoid they are z, which is exact where float32 has rounded the outputs.
OF_SIGMOID = """
    {name} = Clip (z, {name}_least, {name}_most)
"""
OF_SOFTMAX = """
    {name}_y = Clip (scores, {name}_least, {name}_most)
    {name}_rest = Sub (one, {name}_y)
    {name}_log_y = Log ({name}_y)
    {name}_log_rest = Log ({name}_rest)
    {name} = Sub ({name}_log_y, {name}_log_rest)
"""
UNCALIBRATED = """
    sure = ReduceMax <axes = [1], keepdims = 0> (scores)
"""
CALIBRATED = """
    powers = Mul (odds, power)
    top = ReduceMax <axes = [1], keepdims = 1> (powers)
    below = Sub (powers, top)
    shares = Exp (below)
    classes = ReduceSum <keepdims = 0> (shares, columns)
    minus_top = Neg (top)
    flat = Flatten <axis = 1> (minus_top)
    least_top = Exp (flat)
    none_of_these = Mul (least_top, none)
    none_column = ReduceSum <keepdims = 0> (none_of_these, columns)
    total = Add (classes, none_column)
    probability = Reciprocal (total)
    sure = Clip (probability, unsurest, surest)
"""
BLANK = """
    alone = Unsqueeze (blank_odds, columns)
    differences = Sub (alone, blanks)
    sizes = Abs (differences)
    farthest = ReduceMax <axes = [2], keepdims = 0> (sizes)
    nearest = ReduceMin <axes = [1], keepdims = 0> (farthest)
    blank = LessOrEqual (nearest, near_blank)
    confidence = Where (blank, zero, sure)
"""


def _looks_like_one(file: IO[bytes]) -> bool:
    return file.read(len(BEGINS)) == BEGINS


KIND = Kind("an ONNX file of handgrad's", _looks_like_one)


def expect(file: str | os.PathLike[str], *inputs: str | os.PathLike[str]) -> None:
    """Ask before any work whether a model can be written there.  HandgradError where something else stands
    at the path, or it cannot be written; MissingExtraError without the onnx library."""
    if find_spec("onnx") is None:
        raise MissingExtraError("an ONNX file needs the onnx library: pip install 'handgrad[onnx]'")
    expect_writable(file, KIND, *inputs)


def save(file: str | os.PathLike[str], model: Model) -> None:
    """Write the model as an ONNX file, atomically.  Errors are those of expect, and ModelFileError for a
    model with an activation of one's own."""
    expect(file)
    write_atomically(file, as_bytes(model), KIND)


def as_bytes(model: Model) -> bytes:
    """The ONNX file of a model. It has passed ONNX's own checker, which infers all shapes."""
    expect_no_own(model.activation)
    from onnx import checker, helper, numpy_helper, parser

    text, constants = _graph(model)
    made: Any = parser.parse_model(text)
    made.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    helper.set_model_props(made, {key: json.dumps(value) for key, value in _facts(model).items()})
    made.doc_string = f"{model!r}"
    checker.check_model(made, full_check=True)
    data: bytes = made.SerializeToString(deterministic=True)
    return data


def _graph(model: Model) -> tuple[str, dict[str, NDArray]]:
    """The graph in ONNX's textual syntax, and its constants by name."""
    W1, b1, W2, b2 = model.params
    constants = {
        "W1": W1,
        "b1": np.zeros(len(W1), np.float32) if b1 is None else b1,
        "W2": W2,
        "b2": np.zeros(len(W2), np.float32) if b2 is None else b2,
        "pixel_max": _number(PIXEL_MAX),
        "zero": _number(0),
        "columns": np.array([1]),
        "blanks": _blanks(model)[None],  # (1, 2, C)
        "near_blank": _number(NEAR_BLANK),
    }
    is_softmax = model.loss == "cross_entropy"
    outputs = "Softmax <axis = 1>" if is_softmax else "Sigmoid"
    log_odds = OF_SOFTMAX if is_softmax else OF_SIGMOID
    if is_softmax:
        constants["one"] = _number(1)
    nodes = NETWORK.format(activate=ACTIVATE[str(model.activation)], outputs=outputs)
    if model.calibration is None:
        nodes += UNCALIBRATED
    else:
        nodes += log_odds.format(name="odds") + CALIBRATED
        constants |= {
            "odds_least": _bound(LEAST, is_softmax),
            "odds_most": _bound(MOST, is_softmax),
            "power": _number(1 / model.calibration.temperature),
            "none": _number(NONE),
            "unsurest": _number(1 / (1 + math.exp(LARGEST))),
            "surest": _number(1 / (1 + math.exp(-LARGEST))),
        }
    nodes += log_odds.format(name="blank_odds") + BLANK
    constants |= {
        "blank_odds_least": _bound(BLANKEST, is_softmax),
        "blank_odds_most": _bound(1 - BLANKEST, is_softmax),
    }
    head = f'<ir_version: {IR}, opset_import: ["" : {OPSET}], producer_name: "{PRODUCER}">'
    images = f"uint8[N, {', '.join(map(str, model.image_shape))}] images"
    ends = f"network ({images}) => (float[N, {len(W2)}] scores, float[N] confidence)"
    return f"{head}\n{ends} {{{nodes}}}", constants


def _blanks(model: Model) -> NDArray:
    """The log odds of the outputs for images of paper alone, black and white: (2, C) float32."""
    papers = np.repeat(np.array([[0], [255]], np.uint8), model.pixels, axis=1)
    y = np.clip(model.scores(papers).astype(np.float64), BLANKEST, 1 - BLANKEST)
    return np.log(y / (1 - y)).astype(np.float32)


def _bound(y: float, is_softmax: bool) -> NDArray:
    """Where log odds are clipped: at an output of a softmax, at the z of a sigmoid's output."""
    return _number(y if is_softmax else math.log(y / (1 - y)))


def _facts(model: Model) -> dict[str, Any]:
    facts = {
        "classes": list(model.classes),
        "activation": model.activation,
        "loss": name_of(model.loss),
        "accuracy": model.accuracy,
        "handgrad_version": model.handgrad_version,
    }
    return facts if model.calibration is None else {**facts, "threshold": model.calibration.threshold}


def _number(value: float) -> NDArray:
    return np.array(value, np.float32)
