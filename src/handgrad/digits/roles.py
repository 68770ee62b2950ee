"""Which of several named arrays or files are images and which are labels, to train with and to test with.

x_train, TrainImages, train-images-idx3-ubyte.gz -> ("train", "images")
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from handgrad.errors import DataError

PARTS = {
    "train": ("training", "train", "trn"),
    "test": ("testing", "t10k", "test", "tst"),
    "validation": ("validation", "valid", "val", "dev"),
}
KINDS = {
    "images": ("images", "image", "imgs", "img", "data", "pixels", "features", "inputs", "x", "arr0"),
    "labels": ("labels", "label", "lbls", "targets", "target", "classes", "digits", "y", "t", "arr1"),
}
EXAMPLES = "x_train and y_train, images and labels, X and y, data and target"


class Choice(NamedTuple):
    """The names of the images and the labels of each part, and the names that are left out."""

    train: tuple[str, str]
    test: tuple[str, str] | None
    rest: list[str]


def part_of(name: str) -> str | None:
    """The part that a name tells, as a word of its own: "train", "test", "validation" or None."""
    words = re.findall(r"[a-z]+[0-9]*k?|[0-9]+", name.lower())
    return next((part for part, names in PARTS.items() if set(names) & set(words)), None)


def role_of(name: str) -> tuple[str | None, str | None]:
    """The part and the kind ("images" or "labels") that the name of an array or an IDX file tells."""
    short = re.sub(r"[^a-z0-9]", "", re.sub(r"idx[0-9]|ubyte|idx|int$", "", name.lower().removesuffix(".gz")))
    part = None
    for known, names in PARTS.items():
        word = next((word for word in names if word in short), None)
        if word is not None:
            part, short = known, short.replace(word, "", 1)
            break
    exact = next((kind for kind, names in KINDS.items() if short in names), None)
    long = (
        kind for kind, names in KINDS.items() if any(len(word) > 2 and short.endswith(word) for word in names)
    )
    return part, exact or next(long, None)


def choose(shapes: Mapping[str, tuple[int, ...]], shown: str) -> Choice:
    """Which arrays are which, by their names, or for two arrays by their shapes.  DataError if none tells."""
    found: dict[tuple[str | None, str | None], list[str]] = {}
    for name in shapes:
        found.setdefault(role_of(name), []).append(name)
    pairs: dict[str | None, tuple[str, str]] = {}
    for part in (None, *PARTS):
        images, labels = found.get((part, "images"), []), found.get((part, "labels"), [])
        if len(images) > 1 or len(labels) > 1:
            raise DataError(f"{shown}: expected one array of images and one of labels; got {_listed(shapes)}")
        if images and labels:
            pairs[part] = (images[0], labels[0])
    if not pairs and len(shapes) == 2 and (by_shape := _by_shape(shapes)):
        pairs[None] = by_shape
    train = pairs.get("train") or pairs.get(None)
    if train is None:
        raise DataError(f"{shown}: expected arrays such as {EXAMPLES}; got {_listed(shapes)}")
    test = pairs.get("test") or pairs.get("validation")
    used = {*train, *(test or ())}
    return Choice(train, test, [name for name in shapes if name not in used])


def _by_shape(shapes: Mapping[str, tuple[int, ...]]) -> tuple[str, str] | None:
    """Images and labels of two arrays whose names say nothing: the labels have one dimension alone."""
    sides = {name: sum(side > 1 for side in shape) for name, shape in shapes.items()}
    images, labels = sorted(sides, key=lambda name: -sides[name])
    return (images, labels) if sides[images] > 1 >= sides[labels] else None


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    names: Iterable[str] = (f"{name[:40]} {shape}" for name, shape in list(shapes.items())[:8])
    return ", ".join(names) + (", ..." if len(shapes) > 8 else "") if shapes else "no array"
