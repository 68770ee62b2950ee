"""Look at a name or a path, and load the labelled images that are there, whatever their format."""

import os

from handgrad.digits.fetch import load_set
from handgrad.digits.labelled import Labelled, Loaded, Note
from handgrad.digits.mnist import load_mnist
from handgrad.digits.sets import SETS
from handgrad.errors import DataError


def load(source: str | os.PathLike[str], note: Note | None = None, *, any_size: bool = False) -> Loaded:
    """(train, test) of a set's name, a file or a folder: each images and labels, test None if there is none.

    source: "mnist", the name of a set that was fetched, or a path; docs/data.md lists the formats.
    note: is called with each line that says what was taken, converted or left out. Without it, what was left
    out becomes a warning (UserWarning).
    any_size: pictures of differing sizes come as Pictures, to be decoded one by one; otherwise they are a
    DataError.

    Images are uint8 (N, height, width), 0 paper and 255 ink as the data has them; labels (N,) are whole
    numbers, or texts where one of them is not a number. handgrad.fit(*train, test=test) learns from them, and
    the model's classes are the labels. DataError names the file, what was expected, what came and what to do.
    """
    name = os.fspath(source)
    if name == "mnist":
        return Loaded(*(Labelled(*part) for part in load_mnist()))
    if name in SETS:
        return Loaded(*(Labelled(*part) for part in load_set(name)))
    raise DataError(f"{name}: not a set's name")
