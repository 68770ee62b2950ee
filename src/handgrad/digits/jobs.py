"""What the readers of formats share: the files to read, what they found, and which part a file is."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits.labelled import Notes
from handgrad.digits.pairs import as_pictures
from handgrad.digits.pictures import InFiles, InMemory, in_one_array
from handgrad.digits.places import Folder, Place
from handgrad.digits.roles import part_of, role_of
from handgrad.errors import DataError

FRAME = re.compile("training|train|testing|t10k|test|validation|valid|val|images|image|labels|label")


class Raw(NamedTuple):
    """What a reader found: what it is, in words, and the parts (images, labels) as they came."""

    how: str
    train: tuple[Any, Any]
    test: tuple[Any, Any] | None = None


class Job(NamedTuple):
    """A place, the files in it to read, and what to say of them."""

    place: Place
    names: list[str]
    notes: Notes
    any_size: bool


def train_and_test(job: Job, read: Callable[[str], tuple[Any, Any | None, str]]) -> Raw:
    """One file with one or two parts; or a file to train with and one to test with, by their names."""
    parts: dict[str | None, list[str]] = {}
    for name in job.names:
        parts.setdefault(part_of(PurePosixPath(name).name), []).append(name)
    if len(job.names) == 1:
        train, test, how = read(job.names[0])
        return Raw(how, train, test)
    if len(parts.get("train", [])) != 1 or len(parts.get("test", [])) > 1:
        names = ", ".join(job.names[:4])
        raise DataError(
            f"{job.notes.name}: expected one file, or one named train and one named test; got {names}"
        )
    others = [name for name in job.names if name not in (*parts["train"], *parts.get("test", []))]
    if others:
        job.notes.left_out("files", others)
    train, inner, how = read(parts["train"][0])
    test = read(parts["test"][0])[0] if "test" in parts else inner
    return Raw(how, train, test)


def upright(images: NDArray, name: str, notes: Notes) -> NDArray:
    """Images as one looks at them: EMNIST is published with rows and columns exchanged, and is turned."""
    pictures = as_pictures(images)
    if not PurePosixPath(name).name.lower().startswith("emnist") or pictures.shape[1] != pictures.shape[2]:
        return images
    notes.say("EMNIST's files have rows and columns exchanged: the images are turned upright")
    return np.ascontiguousarray(pictures.transpose(0, 2, 1))


def partners(place: Place, name: str, form: Callable[[str], bool]) -> list[str]:
    """The files that belong to one: those beside it whose names differ in the part and the kind alone."""
    if not isinstance(place, Folder):
        return [name]
    path = place.source(name)
    part, kind = role_of(path.name)
    if kind is None:
        return [name]
    beside = [one.name for one in path.parent.iterdir() if form(one.name) and one.is_file()]
    wanted = [(part, "images"), (part, "labels")]
    if part == "train":
        wanted += [("test", "images"), ("test", "labels")]
    frame = _frame(path.name)
    return sorted(one for one in beside if role_of(one) in wanted and _frame(one) == frame)


def _frame(name: str) -> str:
    """What names of one set have in common: their beginning in front of the part and the kind."""
    return FRAME.split(name.lower(), maxsplit=1)[0].strip("-_.xy")


def as_asked(pictures: InFiles | InMemory, labels: NDArray, job: Job) -> tuple[Any, NDArray]:
    """Pictures in files, one by one if that was asked for, otherwise decoded into one array."""
    return (pictures, labels) if job.any_size else in_one_array(pictures, labels, job.notes)
