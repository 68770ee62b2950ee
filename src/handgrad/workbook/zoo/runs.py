"""One training run on MNIST, with right formulas or wrong ones, and the curves that it leaves."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.diagnosis import FLAT
from handgrad.network import Cache, Params, init_params
from handgrad.recipes import RECIPES, Recipe
from handgrad.threads import one_blas_thread
from handgrad.workbook.zoo.formulas import RIGHT, Formulas, forward, steps

Set = tuple[NDArray, NDArray]  # images, labels
POINTS = 10  # an epoch, that the curves are drawn through
SAMPLE = 2000  # images at most that are held back for validation; as many of the others are read beside them


class Point(NamedTuple):
    """What is measured ten times an epoch.

    The loss and the gradients are means over the batches since the last point. The rest is measured after
    the last of them, on images held back, with the run's own forward, right or wrong.
    """

    epoch: float  # 0.1 after the first tenth
    loss: float
    training_accuracy: float
    validation_accuracy: float
    grad_W1: float  # noqa: N815  norms of the gradients, as they went into the update
    grad_b1: float
    grad_W2: float  # noqa: N815
    grad_b2: float
    dead: float  # share of the hidden units that are silent for every image
    saturated: float  # share of the outputs where the sigmoid is flat
    largest_z: float  # the largest |z|


CURVES = Point._fields[1:]


@dataclass(frozen=True, eq=False)
class Curves:
    """The course of one network."""

    points: tuple[Point, ...]
    params: Params
    ended: str | None = None  # where values became non-finite and the run stopped

    def values(self, curve: str) -> list[float]:
        """One curve, point by point. ValueError for an unknown name."""
        if curve not in CURVES:
            raise ValueError(f"expected a curve among {', '.join(CURVES)}; got {curve!r}")
        return [getattr(point, curve) for point in self.points]


@dataclass(frozen=True, eq=False)
class Course:
    """What the right network and a wrong one share: images, recipe, start, and the order of the images."""

    training: Set
    validation: Set
    recipe: Recipe
    seed: int
    orders: list[NDArray]  # one an epoch

    def start(self, formulas: Formulas = RIGHT) -> Params:
        """The parameters before the first epoch, float32."""
        sizes = self.training[0][0].size, self.recipe.hidden, 10
        params: Params = formulas.init(*sizes, np.random.default_rng(self.seed), dtype=np.float32)
        return params

    @one_blas_thread()
    @np.errstate(over="ignore", invalid="ignore")  # non-finite values end the run, and are reported
    def learn(
        self, formulas: Formulas, params: Params, epochs: range, points_an_epoch: int = POINTS
    ) -> Curves:
        """Train with these formulas through epochs, which are counted from 1."""
        batches = -(-len(self.training[0]) // self.recipe.batch_size)
        rates = self.recipe.learning_rates(range(batches), batches)
        ends = {round(batches * (i + 1) / points_an_epoch) for i in range(points_an_epoch)}
        points: list[Point] = []
        for epoch in epochs:
            since: list[list[float]] = []
            order = self.orders[epoch - 1]
            taken = steps(params, *self.training, order, self.recipe, rates, formulas=formulas)
            for batch, step in enumerate(taken, 1):
                params = step.params
                since.append([step.loss, *(float(np.linalg.norm(grad)) for grad in step.grads)])
                if batch in ends:
                    point = self._measure(formulas, params, epoch - 1 + batch / batches, np.array(since))
                    if not np.isfinite(point).all():
                        return Curves(tuple(points), params, f"not finite any more in epoch {epoch}")
                    points.append(point)
                    since = []
        return Curves(tuple(points), params)

    def _measure(self, formulas: Formulas, params: Params, epoch: float, since: NDArray) -> Point:
        """since (batches, 5): the loss and the norms of the gradients of each batch since the last point."""
        loss, W1, b1, W2, b2 = since.mean(axis=0).tolist()
        few = slice(0, len(self.validation[0]))
        on_training, _ = accuracy(formulas, params, (self.training[0][few], self.training[1][few]))
        on_validation, cache = accuracy(formulas, params, self.validation)
        dead = float((cache.h == 0).all(axis=0).mean())
        flat = float((cache.y * (1 - cache.y) < FLAT).mean())
        largest_z = float(np.abs(cache.z).max())
        return Point(round(epoch, 3), loss, on_training, on_validation, W1, b1, W2, b2, dead, flat, largest_z)


@np.errstate(over="ignore", invalid="ignore")
def accuracy(formulas: Formulas, params: Params, labelled: Set) -> tuple[float, Cache]:
    """The share of images that are read rightly by the forward of these formulas, 0 to 1; and its cache."""
    images, labels = labelled
    cache = forward(formulas, params, formulas.scale(images, params.W1.dtype))
    return float((cache.z.argmax(axis=1) == labels).mean()), cache


def course(given: Set, epochs: int, hidden: int, images: int, seed: int, learning_rate: float) -> Course:
    """Train on the first of the images given; the last are held back. ValueError where there are too few."""
    pixels, labels = given
    most = len(labels) - min(SAMPLE, len(labels) // 10 + 1)
    if not 1 <= images <= most:
        raise ValueError(f"expected images to train on, 1 to {most:,}; got {images:,}")
    recipe = replace(RECIPES["lesson"], hidden=hidden, epochs=epochs, learning_rate=learning_rate)
    rng = np.random.default_rng(seed)
    init_params(pixels[0].size, hidden, 10, rng)  # start draws the same: orders come after it, as in training
    orders = [rng.permutation(images) for _ in range(epochs)]
    return Course((pixels[:images], labels[:images]), (pixels[most:], labels[most:]), recipe, seed, orders)
