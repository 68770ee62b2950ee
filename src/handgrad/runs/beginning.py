"""Fine-tuning: a run that begins with the weights of a trained model instead of random ones.

The recipe is the model's own with half its peak learning rate, few epochs, and images distorted anew. A model
that learnt from MNIST goes on seeing MNIST's digits beside the new ones, so that it does not forget them.
How this was chosen, and what it reaches: docs/own-digits.md.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from handgrad import digits
from handgrad.arrays import NDArray
from handgrad.errors import DataError
from handgrad.model import Model
from handgrad.network import Params, init_params
from handgrad.recipes import Distortion, Recipe
from handgrad.runs.data import Data

NAME = "fine-tune"  # of the recipe, in the model file
EPOCHS = 5
SLOWER = 0.5  # the peak learning rate, as a share of the model's
BESIDE, SHARE = 20_000, 0.05  # MNIST's digits in an epoch, and the share of them that the new digits are
FEW = 500  # images; of fewer none is held back, since so small a part would choose by chance
SMALLEST = 8  # pixels of the shorter side of images that can be distorted
FROM_MODEL = ("hidden", "activation", "loss", "bias", "init", "output_bias")  # choices that weights have made


@dataclass(frozen=True, eq=False)
class Beginning:
    """A model to begin with."""

    model: Model

    def recipe(self) -> Recipe:
        """The recipe of a run that begins with this model."""
        model, known = self.model, self.model.recipe
        if known is None:
            known = Recipe(activation=model.activation, loss=model.loss, bias=model.bias, batch_size=128)
            known = replace(known, learning_rate=2 * known.learning_rate)
        distorted = len(model.image_shape) == 2 and min(model.image_shape) >= SMALLEST
        return replace(
            known,
            hidden=model.hidden,
            learning_rate=SLOWER * known.learning_rate,
            schedule="linear",
            warmup=0.05,
            epochs=EPOCHS,
            averaging=0.0,
            distortion=(known.distortion or Distortion()) if distorted else None,
        )

    def prepared(self, data: Data) -> Data:
        """The data with the model's classes, if it knows them all, and with MNIST's digits if it learnt them.

        DataError for images of another size.
        """
        if math.prod(data.images.shape[1:]) != self.model.pixels:
            takes, got = (" x ".join(map(str, s)) for s in (self.model.image_shape, data.images.shape[1:]))
            raise DataError(
                f"expected images of {takes} pixels, as the model has; got {got} (--prepare makes 28 x 28)"
            )
        return beside_mnist(data.among(self.model.classes), self._learnt_from) if self.knows(data) else data

    def knows(self, data: Data) -> bool:
        """Whether all labels of the data are classes of the model, so that its last layer stays."""
        return {data.names[i] for i in np.unique(data.given[1])} <= set(self.model.classes)

    def params(self, data: Data, rng: np.random.Generator) -> Params:
        """The model's weights, or with a new last layer where its classes are not those of the data."""
        params = self.model.params
        if data.names == self.model.classes:
            return params
        H, D = params.W1.shape
        fresh = init_params(D, H, data.classes, rng, self.model.bias)
        if fresh.b2 is not None and data.classes > 2:
            fresh.b2[:] = -math.log(data.classes - 1)
        b2 = None if fresh.b2 is None else fresh.b2.astype(np.float32)
        return params._replace(W2=fresh.W2.astype(np.float32), b2=b2)

    def facts(self, data: Data) -> dict[str, Any]:
        """What the run takes over: whose data came first, and a calibration until it has its own."""
        if data.names != self.model.classes:
            return {}
        known = self.model.calibration
        return {
            "began": self._learnt_from,
            "calibration": None if known is None else replace(known, source="given"),
        }

    @property
    def _learnt_from(self) -> str | None:
        return self.model.began or self.model.data_checksum


def held_back_of_few(images: int) -> int | None:
    """The images to hold back where nothing else is said: none of few, and as usual of more (None)."""
    return 0 if images < FEW else None


def beside_mnist(data: Data, began: str | None) -> Data:
    """The data with MNIST's training digits beside, if `began` is their checksum; otherwise as it is."""
    if began is None or data.beside is not None or data.names != tuple(range(10)):
        return data
    images, labels = digits.load_mnist()[0]
    if began != digits.checksum(images, labels) or data.images.dtype != np.uint8:
        return data
    rows: NDArray = np.linspace(0, len(labels) - 1, BESIDE).astype(int)
    return data.learning_beside(images[rows], labels[rows], SHARE)
