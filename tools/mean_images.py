"""Writes the mean image of each digit, src/handgrad/lab/web/mean_images.js: the lab's baseline.

python tools/mean_images.py
"""

import base64
from pathlib import Path

import numpy as np

from handgrad import digits, templates

FILE = Path(__file__).parent.parent / "src/handgrad/lab/web/mean_images.js"
TEXT = """\
// Written by tools/mean_images.py: do not edit.

/** The mean of MNIST's training images of each digit, (10, 784): 0 to 65535, two bytes, the low one first. */
export const MEAN_IMAGES =
  "{text}";
"""


def text() -> str:
    """The module."""
    (images, labels), _ = digits.load_mnist()
    means = np.rint(65535 * templates.mean_images(images, labels)).astype("<u2")
    return TEXT.format(text=base64.b64encode(means.tobytes()).decode())


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
