"""Look before training: what is odd about images and labels, in one line each, with what to do.

Nothing is changed here. A line that begins with "labels" is about labels, and so on, so that it can be read
without the others.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from handgrad.arrays import PIXEL_MAX, NDArray
from handgrad.recipes import Recipe
from handgrad.runs.data import Data, Pair
from handgrad.runs.shades import SCALES, share_of_bright_paper

USUAL = 88.0  # the squares of an image's pixels, summed: the mean of MNIST's training images, pixels 0 to 1
BRIGHT, FAINT = 2.0, 0.25  # shares of that from which on another learning rate is worth a try
MOST_RATE = 4.0  # the rate is raised at most by this factor: faint images tell little, however long the step
PALE = 0.5  # ink paler than this share of full ink is pale
FEW = 10  # images of a class, below which it is hardly learnt
SAMPLE = 5000  # images whose pixels are measured
SHOWN = 5  # classes that a line names


def look(data: Data, recipe: Recipe | None = None, fine_tuned: bool = False) -> list[str]:
    """What is odd about the data of a run, a line each; for MNIST an empty list.

    recipe: the one to train by, for the learning rate that suits the images; None says nothing about it.
    fine_tuned: whether the run begins with a trained model, to which few images of a class are enough.
    """
    pixels = data.images[:: -(-len(data.images) // SAMPLE)]
    if pixels.dtype.kind != "f":
        pixels = pixels.astype(np.float32) / PIXEL_MAX
    return [*_shades(data, pixels, recipe), *_labels(data, fine_tuned), *_parts(data)]


def _shades(data: Data, pixels: NDArray, recipe: Recipe | None) -> Iterator[str]:
    """What is odd about the pixels, of which `pixels` are some, as floats."""
    top = float(data.images.max())
    if data.images.dtype.kind != "f" and 0 < top <= max(SCALES):
        yield f"the largest pixel is {top:g}: black ink should be 255 (runs.in_shades scales)"
        return
    if blank := int((data.given[0].reshape(len(data.given[0]), -1).max(axis=1) == 0).sum()):
        yield f"{blank:,} of {len(data.given[0]):,} images are blank: leave them out"
    bright = share_of_bright_paper(data.given[0])
    if bright > 0.5:
        yield f"the paper is bright in {bright:.0%} of the images, where MNIST's is 0: --invert, or --prepare"
    elif bright > 0.02:
        yield f"the paper is bright in {bright:.0%} of the images, dark in others: --prepare makes them alike"
    ink = float(np.median(pixels.reshape(len(pixels), -1).max(axis=1)))
    if 0 < ink < PALE:
        yield f"the ink is pale, {ink:.0%} of full ink, where MNIST's is 100%: --prepare makes it full"
    squares = float((pixels**2).sum() / len(pixels)) / USUAL
    if recipe is None or recipe.optimizer != "sgd" or FAINT < squares < BRIGHT or squares == 0:
        return
    rate = recipe.learning_rate * (1 / squares if squares > 1 else min(MOST_RATE, squares**-0.5))
    words = f"{squares:.1f} times as bright" if squares > 1 else f"{1 / squares:.0f} times as faint"
    yield f"the images are {words} as MNIST's: try --learning-rate {_rounded(rate)}"


def _rounded(rate: float) -> str:
    return f"{float(f'{rate:.1g}'):g}"


def _labels(data: Data, fine_tuned: bool) -> Iterator[str]:
    """What is odd about the labels, and how many images each class has."""
    counts = np.bincount(data.given[1], minlength=data.classes)
    present = np.flatnonzero(counts)
    if present[0] == 1 and len(present) == data.classes - 1 > 1 and data.names[0] == 0:
        last = data.names[-1]
        ten = "; if 10 stands for the digit 0, write 0" if last == 10 else ""
        yield f"labels run from 1 to {last}, so output 0 will stay unused: count from 0 to avoid that{ten}"
    elif len(present) < data.classes:
        missing = [data.names[i] for i in np.flatnonzero(counts == 0)]
        yield f"{_classes(missing)} no image: the network will never answer {_these(missing)}"
    few = [(data.names[i], int(counts[i])) for i in present if counts[i] < FEW]
    if few and not fine_tuned:
        names = ", ".join(f"{name}: {count}" for name, count in few[:SHOWN])
        more = ", ..." if len(few) > SHOWN else ""
        hint = "more, or --from box where they are digits" if data.images.ndim == 3 else "more"
        yield f"few images of a class ({names}{more}): take {hint}"


def _parts(data: Data) -> Iterator[str]:
    """What is odd about the parts of the data beside each other."""
    if data.in_order and data.held_back:
        yield f"classes are in order: {data.held_back:,} images are held back by class, not the last rows"
    parts = {"training": data.labels}
    if data.validation is not None and data.held_back >= 2 * data.classes:
        parts["validation"] = data.validation[1]
    if data.test is not None and len(data.test[1]) >= 2 * data.classes:
        parts["test"] = data.test[1]
    present = {part: set(np.unique(labels).tolist()) for part, labels in parts.items()}
    for part, classes in present.items():
        others = set().union(*(present[other] for other in present if other != part))
        if len(present) > 1 and (alone := sorted(classes - others)):
            names = [data.names[i] for i in alone]
            why = (
                "the accuracy does not show how they are read"
                if part == "training"
                else "they are not learnt"
            )
            yield f"{_classes(names)} images in the {part} part only: {why}"
    if "test" in present and "validation" in present:
        unseen = (present["training"] & present["validation"]) - present["test"]
        if names := [data.names[i] for i in sorted(unseen)]:
            shown = f"{_classes(names)} no image in the test part"
            yield f"{shown}: the test accuracy does not show how {_they_are(names)} read"
    if data.test is not None and (twice := _seen(data.given, data.test)):
        shown = f"{twice:,} of {len(data.test[0]):,} test images"
        yield f"{shown} are training images, too: leave them out, or the test accuracy is too high"
    elif data.validation is not None and (twice := _seen((data.images, data.labels), data.validation)):
        shown = f"{twice:,} of {data.held_back:,} images held back"
        yield f"{shown} are learnt from, too: leave copies out, or the validation accuracy is too high"


def _seen(train: Pair, shown: Pair) -> int:
    """How many of the images shown are among the training images, to the pixel. Blank ones do not count."""
    if train[0].dtype != shown[0].dtype:
        return 0
    known = {hash(row.tobytes()) for row in train[0]}
    return sum(hash(row.tobytes()) in known for row in shown[0] if row.any())


def _classes(names: Iterable[int | str]) -> str:
    """The start of a sentence: "class 3 has", "classes 3, 4 have"."""
    names = list(names)
    listed = ", ".join(map(str, islice(names, SHOWN))) + (", ..." if len(names) > SHOWN else "")
    return f"class {listed} has" if len(names) == 1 else f"classes {listed} have"


def _these(names: list[int | str]) -> str:
    return "it" if len(names) == 1 else "them"


def _they_are(names: list[int | str]) -> str:
    return "it is" if len(names) == 1 else "they are"
