"""Digits that the network in the box did not learn from, to measure it by: other hands, other resolutions.

    python tools/other_hands.py            # what the network in the box reads of them, as a table
    python tools/other_hands.py FILE...    # the same of model files

The hands are the photo suite's (tests/photo_suite), which writes with paths of its own, not with those of
allographs.py: in the styles of its strokes.py, and as Europeans write (european.py). All images pass through
the product's own normalisation. Of 16 x 16 pixels with two levels, and of 8 x 8 pixels, some real sets are.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from hands import Pair
from measured import HELD_BACK
from no_digits import nothings

from handgrad import digits, model_file, pretrained
from handgrad.arrays import NDArray
from handgrad.model import Model
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normalisation import normalised

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from photo_suite.european import EUROPEAN
from photo_suite.sheets import drawn
from photo_suite.strokes import STYLES

PENS = ("ballpoint", "pencil", "felt", "marker", "fountain")
HANDS = 2000  # digits of each kind of hand
COARSE = 1000  # digits at each lower resolution
TEST = "MNIST, test"  # the set that only reports


def sets_of(held_back: Pair, seed: int = 0, hands: int = HANDS) -> dict[str, Pair]:
    """The sets, by name; held_back: images of MNIST that the network did not learn from, and their labels.

    hands: digits of each kind of hand.
    """
    european, suite = _written(EUROPEAN, seed, hands), _written(STYLES, seed + 1, hands)
    real = (held_back[0][:COARSE], held_back[1][:COARSE])
    some = (european[0][:COARSE], european[1][:COARSE])
    return {
        "MNIST, held back": held_back,
        "European hands": european,
        "the photo suite's hands": suite,
        "MNIST, 16 x 16, two levels": _coarse(real, 16, two_levels=True),
        "MNIST, 8 x 8": _coarse(real, 8),
        "European hands, 16 x 16, two levels": _coarse(some, 16, two_levels=True),
        "European hands, 8 x 8": _coarse(some, 8),
    }


def _written(styles: dict[str, dict[str, list[list[tuple[float, float]]]]], seed: int, count: int) -> Pair:
    """Digits 0 to 9 in turn, written with pens of all widths, at 40 to 150 pixels."""
    images = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        height, pen = int(rng.integers(40, 150)), PENS[rng.integers(len(PENS))]
        images.append(_normalised(drawn(str(number % 10), height, pen, rng, styles)))
    return np.stack(images), np.arange(count) % 10


def _coarse(pair: Pair, side: int, two_levels: bool = False) -> Pair:
    """The digits of a pair on so many pixels, and enlarged again as the product does."""
    images = []
    for image in pair[0]:
        ink = _cut(np.clip(cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC), 0, 255) / 255)
        share = side / max(ink.shape)
        size = max(2, round(ink.shape[1] * share)), max(2, round(ink.shape[0] * share))
        small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
        images.append(_normalised((small > 0.4).astype(float) if two_levels else small))
    return np.stack(images), pair[1]


def _cut(ink: NDArray) -> NDArray:
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _normalised(ink: NDArray) -> NDArray:
    """The image (28, 28) that the product makes of all the ink."""
    ink = np.pad(_cut(ink).astype(np.float32), 6)
    mark = Mark((1,), 6, 6, ink.shape[1] - 6, ink.shape[0] - 6)
    return normalised(Page(ink, (ink > 0.3).astype(np.int32), [[mark]], ink.shape[::-1]), mark)


def learnt(name: str) -> bool:
    """Whether the network in the box learnt from the images of a set of that name."""
    return name.startswith("MNIST") and name != TEST


def measured_on(sets: Mapping[str, Pair], model: Model) -> None:
    """Print what a network reads of each set.

    These are the share of right answers, that of answers without doubt, and the share of right ones of these.
    """
    print("| | right | answered without doubt | of these right |\n|---|---|---|---|")
    for name, (images, labels) in sets.items():
        scores = model.scores(images)
        right, sure = scores.argmax(axis=1) == labels, ~model.doubtful(scores)
        of_sure = right[sure].sum() / max(1, sure.sum())
        print(f"| {name} | {100 * right.mean():.2f} % | {100 * sure.mean():.1f} % | {100 * of_sure:.2f} % |")


def main() -> None:
    """Measure the network in the box, or model files, on what it did not learn from."""
    train, test = digits.load_mnist()
    held_back = train[0][-HELD_BACK:], train[1][-HELD_BACK:]
    sets = {TEST: test} | sets_of(held_back, seed=2)
    empty = nothings(2000, 99, held_back[0])
    for path in sys.argv[1:] or [pretrained.PATH]:
        model = model_file.load(path)
        print(f"{Path(path).name}\n")
        measured_on({name: pair for name, pair in sets.items() if not learnt(name)}, model)
        doubted = model.doubtful(model.scores(empty)).mean()
        print(f"\nof 2,000 images of no digit, doubtful: {100 * doubted:.1f} %\n")


if __name__ == "__main__":
    main()
