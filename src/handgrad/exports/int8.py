"""A model with weights of 8 bits and a scale a row, computed exactly as the exported C program does.

q_kd = round(W_kd / s_k),  s_k = max_d |W_kd| / 127          int8, and one float32 a row
a_k  = (s_k / 255) sum_d q_kd pixel_d + b_k                  the sum is exact, in 32 bits
z_c  = s_c sum_k q_ck h_k + b_c                              float32, from the first unit to the last
"""

from typing import NamedTuple

import numpy as np

from handgrad.arrays import PIXEL_MAX, NDArray
from handgrad.errors import ModelFileError
from handgrad.layers import ACTIVATIONS, sigmoid_forward
from handgrad.losses import log_softmax
from handgrad.model import Model
from handgrad.model_file import expect_no_own

LARGEST = 127  # of a quantised weight
MOST_PIXELS = (2**31 - 1) // (LARGEST * 255)  # of an image: with more the sum might not fit into 32 bits
CHUNK = 1000  # images at once


class Quantised(NamedTuple):
    """The parameters of a model in 8 bits. Scales of the first layer hold the division of pixels by 255."""

    W1: NDArray  # (H, D) int8
    scale1: NDArray  # (H,) float32
    b1: NDArray  # (H,) float32
    W2: NDArray  # (C, H) int8
    scale2: NDArray  # (C,) float32
    b2: NDArray  # (C,) float32
    activation: str
    softmax: bool  # whether the outputs are softmax(z), or sigmoid(z)

    @property
    def bytes(self) -> int:
        """The size of all parameters."""
        return sum(part.nbytes for part in self if isinstance(part, np.ndarray))

    def z(self, images: NDArray) -> NDArray:
        """uint8 images (N, ...) -> z (N, C) float32, to the last bit those of the C program where its hidden
        layer takes no exp or tanh, and its compiler does not contract products and sums."""
        pixels = images.reshape(len(images), self.W1.shape[1])
        chunks = [self._z(pixels[i : i + CHUNK]) for i in range(0, len(pixels), CHUNK)]
        return np.concatenate([np.empty((0, len(self.W2)), np.float32), *chunks])

    def scores(self, images: NDArray) -> NDArray:
        """uint8 images (N, ...) -> the outputs (N, C) float32."""
        z = self.z(images)
        y: NDArray = np.exp(log_softmax(z)) if self.softmax else sigmoid_forward(z)
        return y

    def _z(self, pixels: NDArray) -> NDArray:
        sums = pixels.astype(np.float64) @ self.W1.T.astype(np.float64)  # of whole numbers: exact
        a = sums.astype(np.float32) * self.scale1 + self.b1
        h = ACTIVATIONS[self.activation][0](a)
        total = np.zeros((len(pixels), len(self.W2)), np.float32)
        for k, votes in enumerate(self.W2.T.astype(np.float32)):
            total += h[:, k, None] * votes
        return total * self.scale2 + self.b2


def quantised(model: Model) -> Quantised:
    """The model in 8 bits.  ModelFileError for an activation of one's own, and for too many pixels."""
    expect_no_own(model.activation)
    if model.pixels > MOST_PIXELS:
        raise ModelFileError(f"expected images of at most {MOST_PIXELS} pixels; got {model.pixels}")
    W1, b1, W2, b2 = model.params
    (q1, scale1), (q2, scale2) = _rows(W1), _rows(W2)
    return Quantised(
        q1,
        (scale1 / PIXEL_MAX).astype(np.float32),
        np.zeros(len(W1), np.float32) if b1 is None else b1,
        q2,
        scale2.astype(np.float32),
        np.zeros(len(W2), np.float32) if b2 is None else b2,
        str(model.activation),
        model.loss == "cross_entropy",
    )


def _rows(W: NDArray) -> tuple[NDArray, NDArray]:
    """W (H, D) -> int8 (H, D) and the scale of each row (H,) float64; 0 for a row of zeros."""
    scale = np.abs(W).max(axis=1).astype(np.float64) / LARGEST
    rows = np.rint(W / np.where(scale > 0, scale, 1)[:, None])
    return rows.astype(np.int8), scale
