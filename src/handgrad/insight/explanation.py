"""The explanation of one answer: the terms of its scores, as numbers, text and JSON."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import Array
from handgrad.model import Model

PIECEWISE = ("relu", "leaky_relu", "none")  # affine as long as no hidden unit switches


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Why a network answers as it does on one image. All numbers float64, all classes by position.

    Contributions, pixels and both biases are multiples of one power of two, coarse enough that float64
    adds them without rounding, in any order: these hold to the last bit (==, not about),

        contributions.sum(axis=1) + bias == z == pixels.sum(axis=1) + pixel_bias

    and the step is at most 2^-49 (2e-15) of the largest sum of magnitudes.
    """

    model: Model
    x: Array  # (D,) the image, 0 paper to 1 ink
    a: Array  # (H,) agreement with each hidden template
    h: Array  # (H,) the features that are present
    contributions: Array  # (C, H) W2[c, k] h_k: what unit k adds to the score of class c
    bias: Array  # (C,) b2
    z: Array  # (C,) scores
    y: Array  # (C,) outputs: sigmoid(z), or softmax(z) after cross-entropy
    pixel_templates: Array  # (C, D) M: the templates that this image meets
    pixels: Array  # (C, D) M[c, d] x_d: what pixel d adds to the score of class c
    pixel_bias: Array  # (C,) what the pixels leave: M's biases
    first: int  # the answer
    second: int | None  # what it is compared with: the runner-up, unless asked otherwise
    baseline: Array | None = None  # (C,) agreement of the mean-image templates with the image
    baseline_templates: Array | None = None  # (C, D)

    @property
    def answer(self) -> int | str:
        """The class that the network names."""
        return self.model.classes[self.first]

    @property
    def versus(self) -> int | str | None:
        """The class that the answer is compared with; None where the network knows but one."""
        return None if self.second is None else self.model.classes[self.second]

    @property
    def baseline_answer(self) -> int | str | None:
        """The class that the mean-image templates name."""
        return None if self.baseline is None else self.model.classes[int(self.baseline.argmax())]

    @property
    def shown(self) -> list[int]:
        """The positions of the answer and of what it is compared with."""
        return [self.first] if self.second is None else [self.first, self.second]

    def strongest(self, c: int, most: int) -> tuple[list[int], list[int]]:
        """The hidden units that add most to the score of class c, and those that take most away."""
        terms = self.contributions[c]
        order = np.argsort(-terms, kind="stable")
        speaking = [int(k) for k in order[:most] if terms[k] > 0]
        return speaking, [int(k) for k in order[::-1][:most] if terms[k] < 0]

    def balance(self, c: int) -> tuple[float, float]:
        """What all units together add to the score of class c, and what they take away (below 0)."""
        terms = self.contributions[c]
        return float(terms[terms > 0].sum()), float(terms[terms < 0].sum())

    def to_dict(self, most: int = 5) -> dict[str, Any]:
        """Plain values for JSON, with the strongest units of each class, so many for and so many against.

        For each digit, to the last bit: listed + others + bias = for + against + bias = z, where listed is
        the sum of the units' contributions; and with the pixels: sum + bias = z.
        """
        baseline = None
        if self.baseline is not None:
            baseline = {"answer": self.baseline_answer, "agreement": self.baseline.tolist()}
        return {
            "answer": self.answer,
            "versus": self.versus,
            "activation": self.model.activation,
            "outputs": "softmax" if self.model.loss == "cross_entropy" else "sigmoid",
            "hidden": self.model.hidden,
            "digits": [self._votes(c, most) for c in range(len(self.z))],
            "pixels": {
                "map": "affine" if self.model.activation in PIECEWISE else "chord",
                "digits": [self._ink(c) for c in self.shown],
            },
            "baseline": baseline,
        }

    def _votes(self, c: int, most: int) -> dict[str, Any]:
        terms, (added, taken) = self.contributions[c], self.balance(c)
        units = [k for side in self.strongest(c, most) for k in side]
        listed = float(terms[units].sum())
        return {
            "digit": self.model.classes[c],
            "z": float(self.z[c]),
            "y": float(self.y[c]),
            "for": added,
            "against": taken,
            "bias": float(self.bias[c]),
            "units_for": int((terms > 0).sum()),
            "units_against": int((terms < 0).sum()),
            "units": [
                {
                    "unit": k,
                    "a": float(self.a[k]),
                    "h": float(self.h[k]),
                    "vote": float(self.model.params.W2[c, k]),
                    "contribution": float(terms[k]),
                }
                for k in units
            ],
            "listed": listed,
            "others": float(self.z[c] - self.bias[c] - listed),
        }

    def _ink(self, c: int) -> dict[str, Any]:
        return {
            "digit": self.model.classes[c],
            "sum": float(self.pixels[c].sum()),
            "bias": float(self.pixel_bias[c]),
            "contributions": self.pixels[c].reshape(self.model.plane).tolist(),
        }

    def __repr__(self) -> str:
        versus = "" if self.second is None else f", runner-up {self.versus!r} {self.y[self.second]:.3f}"
        return f"Explanation({self.answer!r} {self.y[self.first]:.3f}{versus})"
