"""Training on a mixture: MNIST's digits, digits drawn by a program (hands), and images of no digit.

The target of an image of no digit is ten zeros. It gets there as an eleventh class: with sigmoids and the L2
loss the targets of the other ten outputs are then zeros. The eleventh output is dropped in the end: the ten
that stay are the network that was trained, and no engine needs to know of it.
"""

import math
from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np
from hands import Pair, drawn
from no_digits import nothings

from handgrad import runs
from handgrad.arrays import NDArray
from handgrad.digits import load_mnist
from handgrad.engines import engine
from handgrad.network import Params, init_params, map_params
from handgrad.recipes import Recipe
from handgrad.training import Epoch, train

NOTHING = 10  # the label of images of no digit


class Mixture(NamedTuple):
    """What is added to MNIST's images, in each epoch."""

    drawn: int = 15_000  # images of drawn digits
    nothings: int = 6_000  # images of no digit
    sets: int = 8  # that are drawn beforehand, and taken in turn
    left_out: Collection[str] = ()  # allographs and kinds of no digit, by their functions' names


def trained_on(
    mixture: Mixture,
    real: Pair,
    recipe: Recipe,
    seed: int,
    start: Params | None = None,
    each: Callable[[Epoch], object] = lambda epoch: None,
) -> Params:
    """A network of ten outputs, trained on MNIST's images and labels and the mixture; from start if given."""
    images, labels = real
    sets = [_added(mixture, real, 1000 * seed + number) for number in range(mixture.sets)]
    added = (np.arange(mixture.drawn) % 10, np.full(mixture.nothings, NOTHING))
    every_label = np.concatenate([labels, *added]).astype(np.uint8)
    rng, where = np.random.default_rng(seed), engine(threads=1, hidden=recipe.hidden)
    turn = iter(np.arange(recipe.epochs) % mixture.sets)

    def distorted(rng: np.random.Generator) -> NDArray:
        return runs.augment(np.concatenate([images, sets[next(turn)]]), rng, recipe.distortion, threads=1)

    params = _begun(start, recipe, NOTHING + 1 if mixture.nothings else NOTHING, rng)
    with where.limits():
        for epoch in train(
            params,
            np.concatenate([images, sets[0]]),
            every_label,
            rng,
            recipe,
            run_epoch=where.run_epoch,
            distorted=distorted,
        ):
            each(epoch)
    W1, b1, W2, b2 = epoch.params
    return Params(W1, b1, W2[:NOTHING], b2[:NOTHING])


def _added(mixture: Mixture, real: Pair, seed: int) -> NDArray:
    digits, _ = drawn(mixture.drawn, seed, real, mixture.left_out)
    return np.concatenate([digits, nothings(mixture.nothings, seed, real[0], mixture.left_out)])


def _begun(start: Params | None, recipe: Recipe, outputs: int, rng: np.random.Generator) -> Params:
    """Parameters to begin with: drawn, or those to start from, with a further output if one is needed."""
    fresh = init_params(math.prod(load_mnist()[0][0].shape[1:]), recipe.hidden, outputs, rng)
    fresh.b2[:] = -math.log(outputs - 1)
    if start is not None:
        known = len(start.W2)
        W2, b2 = (np.concatenate([old, new[known:]]) for old, new in zip(start[2:], fresh[2:], strict=True))
        fresh = Params(start.W1.copy(), start.b1.copy(), W2, b2)
    return map_params(lambda p: p.astype(np.float32), fresh)
