"""How a learner lays out images, weights, biases and labels, and the way from the lesson's layout and back.

The checks think in the lesson's layout: images in rows, W (out, in), b (out,), labels as class numbers. A
Layout turns what they hand to a learner's function into the learner's layout, and what comes back into the
lesson's. It works with arrays of NumPy and of PyTorch, at both ends of the desk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import NDArray

Given = tuple[str, ...]
ROLES: dict[str, tuple[Given, Given]] = {  # of the arguments and of the results, by function or method
    "affine_forward": (("image", "weight", "bias"), ("image",)),
    "affine_backward": (("image",), ("image", "weight", "bias")),
    "relu_forward": (("image",), ("image",)),
    "relu_backward": (("image",), ("image",)),
    "sigmoid_forward": (("image",), ("image",)),
    "sigmoid_backward": (("image",), ("image",)),
    "l2_loss": (("image", "labels"), ("", "image")),
    "calculate_accuracy": (("", "data"), ()),  # labels: only the caller knows how many classes there are
    "forward": (("image",), ("image",)),
    "backward": (("image",), ()),
}
OF_KEY = {"W1": "weight", "b1": "bias", "W2": "weight", "b2": "bias"}
_IMAGES = ("x", "out", "y", "dout", "dx", "dy")
OF_LETTER = (
    dict.fromkeys(_IMAGES, "image") | {"W": "weight", "dW": "weight", "b": "bias", "db": "bias"} | OF_KEY
)
OWN, RAW = "own", "raw"
FLAT, COLUMN, ROW = "(out,)", "(out, 1)", "(1, out)"


@dataclass(frozen=True)
class Layout:
    """A layout; the defaults are the lesson's."""

    columns: bool = False  # an image is a column: x (D, N), y (C, N)
    transposed: bool = False  # W (in, out)
    bias: str = FLAT
    one_hot: bool = False  # labels (N, C)
    slope: float = 0.0  # of relu below 0
    form: str = ""  # how the learner's pieces are called: OWN (forms.py), RAW for a loop with their network
    data_columns: bool = False  # the images that a training loop or an accuracy is handed are columns

    def give(self, role: str, array: Any, classes: int = 0) -> Any:
        """An array of the lesson's layout in this one. classes: how many, for labels."""
        if role == "labels" and self.one_hot:
            hot: NDArray = (np.asarray(array)[:, None] == np.arange(classes)).astype(float)
            return np.ascontiguousarray(hot.T) if self.columns or self.data_columns else hot
        if role == "bias" and len(array.shape) == 1 and self.bias != FLAT:
            return array[:, None] if self.bias == COLUMN else array[None, :]
        return _turned(array) if self._turns(role) else array

    def take(self, role: str, array: Any) -> Any:
        """An array of this layout in the lesson's; of a shape that it cannot have, as near as can be."""
        if role == "bias":
            if len(array.shape) != 2:
                return array
            if array.shape[0 if self.bias == ROW else 1] == 1 and self.bias != FLAT:
                return array.reshape(-1)
            return _turned(array) if self.columns else array
        return _turned(array) if self._turns(role) else array

    def index(self, letter: str, index: tuple[int, ...]) -> tuple[int, ...]:
        """Where an entry of the lesson's layout stands in this one."""
        role = OF_LETTER.get(letter, "")
        if role == "bias" and len(index) == 1 and self.bias != FLAT:
            return (index[0], 0) if self.bias == COLUMN else (0, index[0])
        return index[::-1] if self._turns(role) else index

    def _turns(self, role: str) -> bool:
        return (
            (role == "image" and self.columns)
            or (role == "data" and self.data_columns)
            or (role == "weight" and self.transposed)
        )

    def __str__(self) -> str:
        """What is other than in the lesson, as a sentence; "" for the lesson's layout."""
        said = []
        if self.columns or self.data_columns:
            said.append("images stand in columns here; the lesson's stand in rows")
        if self.transposed:
            said.append("W is (in, out) here; the lesson's is (out, in)")
        if self.bias != FLAT and not self.columns:
            said.append(f"a bias is {self.bias} here; the lesson's is (out,)")
        if self.one_hot:
            said.append("labels are one-hot here; the lesson's are class numbers")
        if self.slope:
            said.append(f"leaky ReLU with slope {self.slope:.4g}; the lesson's relu has slope 0")
        return ". ".join(said)


LESSON = Layout()


def _turned(array: Any) -> Any:
    """Rows as columns, in an array of its own; anything that is not of two dimensions, as it is."""
    if len(array.shape) != 2:
        return array
    return np.ascontiguousarray(array.T) if isinstance(array, np.ndarray) else array.T.contiguous()
