"""A model as one C99 header, for microcontrollers: weights of 8 bits, no malloc, no library but math.h.

    int handgrad_predict(const uint8_t image[784])                     the place of the largest output
    int handgrad_scores(const uint8_t image[784], float scores[10])    the same, and the outputs
    const char *handgrad_class(int place)                              the label there, as text

Beside its constants it needs 4 bytes a class on the stack. int8.py computes the same in Python.
"""

import os
from typing import IO

import numpy as np

from handgrad.arrays import NDArray
from handgrad.exports.int8 import Quantised, quantised
from handgrad.files import BEGINNING, Kind, expect_writable, write_atomically
from handgrad.layers import LEAK
from handgrad.model import Model

FIRST = "/* Written by handgrad "  # the first line of the header
WIDTH = 100  # columns of its lines
PLAIN = b" _-+.,:;()"  # stands in a string of C as it is, besides letters and digits
ACTIVATE = {
    "relu": "a > 0.0f ? a : 0.0f",
    "leaky_relu": f"a > 0.0f ? a : {LEAK}f * a",
    "tanh": "tanhf(a)",
    "sigmoid": "handgrad_sigmoid(a)",
    "none": "a",
}
SIGMOID = """
static inline float handgrad_sigmoid(float z)
{
    const float e = expf(-fabsf(z)); /* in (0, 1]: no overflow */
    return (z >= 0.0f ? 1.0f : e) / (1.0f + e);
}
"""
PROGRAM = """
/* z of each class, before the sigmoid or the softmax; returns the place of the largest. */
static inline int handgrad_z(const uint8_t image[HANDGRAD_PIXELS], float z[HANDGRAD_CLASSES])
{
    int unit, pixel, place, best = 0;
    for (place = 0; place < HANDGRAD_CLASSES; place++) z[place] = 0.0f;
    for (unit = 0; unit < HANDGRAD_HIDDEN; unit++) {
        int32_t sum = 0;
        float a, h;
        for (pixel = 0; pixel < HANDGRAD_PIXELS; pixel++)
            sum += (int32_t)handgrad_W1[unit][pixel] * image[pixel];
        a = (float)sum * handgrad_scale1[unit] + handgrad_b1[unit];
        h = ACTIVATE;
        for (place = 0; place < HANDGRAD_CLASSES; place++)
            z[place] += h * (float)handgrad_W2[place][unit];
    }
    for (place = 0; place < HANDGRAD_CLASSES; place++) {
        z[place] = z[place] * handgrad_scale2[place] + handgrad_b2[place];
        if (z[place] > z[best]) best = place;
    }
    return best;
}

/* Which class an image shows: a place from 0 to HANDGRAD_CLASSES - 1. */
static inline int handgrad_predict(const uint8_t image[HANDGRAD_PIXELS])
{
    float z[HANDGRAD_CLASSES];
    return handgrad_z(image, z);
}

/* The outputs, from 0 to 1, one a class; returns what handgrad_predict does. */
static inline int handgrad_scores(const uint8_t image[HANDGRAD_PIXELS], float scores[HANDGRAD_CLASSES])
{
    const int best = handgrad_z(image, scores);
    int place;
OUTPUTS
    return best;
}

/* The label of a place, as text in UTF-8. */
static inline const char *handgrad_class(int place)
{
    static const char *const labels[HANDGRAD_CLASSES] = {LABELS};
    return labels[place];
}
"""
BY_SIGMOID = """\
    for (place = 0; place < HANDGRAD_CLASSES; place++) scores[place] = handgrad_sigmoid(scores[place]);"""
BY_SOFTMAX = """\
    const float largest = scores[best];
    float total = 0.0f;
    for (place = 0; place < HANDGRAD_CLASSES; place++) {
        scores[place] = expf(scores[place] - largest); /* at most 1: no overflow */
        total += scores[place];
    }
    for (place = 0; place < HANDGRAD_CLASSES; place++) scores[place] /= total;"""


def _looks_like_one(file: IO[bytes]) -> bool:
    return file.read(BEGINNING).startswith(FIRST.encode())


KIND = Kind("a C header of handgrad's", _looks_like_one)


def expect(file: str | os.PathLike[str], *inputs: str | os.PathLike[str]) -> None:
    """Ask before any work whether a header can be written there.  HandgradError where something else stands
    at the path, or it cannot be written."""
    expect_writable(file, KIND, *inputs)


def save(file: str | os.PathLike[str], model: Model) -> Quantised:
    """Write the model as a C header, atomically, and return what was written, which computes the same.

    Errors are those of expect; ModelFileError for an activation of one's own, and for images of more than
    66,311 pixels.
    """
    expect(file)
    small = quantised(model)
    write_atomically(file, header(model, small).encode("ascii"), KIND)
    return small


def header(model: Model, small: Quantised) -> str:
    """The text of the header, in ASCII."""
    outputs = BY_SOFTMAX if small.softmax else BY_SIGMOID
    program = PROGRAM.replace("OUTPUTS", outputs).replace("ACTIVATE", ACTIVATE[small.activation])
    program = program.replace("{LABELS}", "{" + ", ".join(map(_literal, model.classes)) + "}")
    sizes = {"PIXELS": model.pixels, "HIDDEN": model.hidden, "CLASSES": len(model.classes)}
    shape = " x ".join(map(str, model.image_shape))
    needs_sigmoid = not small.softmax or small.activation == "sigmoid"
    return "".join(
        [
            f"{FIRST}{model.handgrad_version}: do not edit.\n",
            f"   A network with two layers for uint8 images, {shape}, 0 is paper and 255 is ink:\n",
            f"   {model.pixels} pixels -> {model.hidden} units ({small.activation}) -> ",
            f"{len(model.classes)} classes ({'softmax' if small.softmax else 'sigmoid'}).\n",
            f"   {small.bytes:,} bytes of constants. One file includes it, and links with -lm. */\n",
            "#ifndef HANDGRAD_H\n#define HANDGRAD_H\n\n#include <math.h>\n#include <stdint.h>\n\n",
            *(f"#define HANDGRAD_{name} {size}\n" for name, size in sizes.items()),
            _array("int8_t handgrad_W1[HANDGRAD_HIDDEN][HANDGRAD_PIXELS]", small.W1),
            _array("float handgrad_scale1[HANDGRAD_HIDDEN]", small.scale1),
            _array("float handgrad_b1[HANDGRAD_HIDDEN]", small.b1),
            _array("int8_t handgrad_W2[HANDGRAD_CLASSES][HANDGRAD_HIDDEN]", small.W2),
            _array("float handgrad_scale2[HANDGRAD_CLASSES]", small.scale2),
            _array("float handgrad_b2[HANDGRAD_CLASSES]", small.b2),
            SIGMOID if needs_sigmoid else "",
            program,
            "\n#endif\n",
        ]
    )


def _array(declared: str, values: NDArray) -> str:
    """An array of constants; a matrix row by row."""
    rows = [_row(row) for row in values] if values.ndim == 2 else [_row(values)]
    inside = ",\n".join(f"{{\n{row}}}" for row in rows) if values.ndim == 2 else rows[0]
    return f"\nstatic const {declared} = {{\n{inside}}};\n"


def _row(values: NDArray) -> str:
    lines = [""]
    for value in values.tolist():
        text = str(value) if values.dtype == np.int8 else _float(value)
        if len(lines[-1]) + len(text) > WIDTH:
            lines.append("")
        lines[-1] += f"{text},"
    return "\n".join(lines).rstrip(",")


def _float(value: float) -> str:
    """A float32 as a constant of C that reads back to the same bits."""
    text = f"{value:.9g}"
    return f"{text}{'' if '.' in text or 'e' in text else '.0'}f"


def _literal(label: int | str) -> str:
    """A label as a string of C. What is not plain is written in octal; ? too, since ??= is a trigraph."""
    text = "".join(
        chr(b) if b < 128 and (chr(b).isalnum() or b in PLAIN) else f"\\{b:03o}" for b in str(label).encode()
    )
    return f'"{text}"'
