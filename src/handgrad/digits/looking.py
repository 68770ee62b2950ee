"""Look at a name or a path, and load the labelled images that are there, whatever their format.

name or path -> what it is: a set, a file of some format, a folder, an archive -> its reader -> one form
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from handgrad.digits import folders, idx_files, matlab, npz, parquet, table_files
from handgrad.digits.fetch import load_set
from handgrad.digits.idx import TYPES
from handgrad.digits.jobs import Job, Raw
from handgrad.digits.labelled import Converter, Labelled, Loaded, Note, Notes
from handgrad.digits.mnist import load_mnist
from handgrad.digits.pictures import InFiles, InMemory
from handgrad.digits.places import Archive, Folder
from handgrad.digits.sets import SETS
from handgrad.errors import DataError, HandgradError, readable
from handgrad.files import reason

FORMATS = "IDX, CSV, .npz, .npy, .mat, Parquet, a folder of pictures, or a zip archive of these"
NEVER = {  # beginnings of files that are not read, and what to do
    b"\x80": "is a pickle, which can run code and is never loaded; save its arrays with numpy.savez",
    b"\x7fELF": "is a program",
    b"%PDF": "is a PDF document; 'handgrad predict' reads the digits on it",
}


def load(source: str | os.PathLike[str], note: Note | None = None, *, any_size: bool = False) -> Loaded:
    """The training part and the test part of a set's name, a file or a folder; test is None without one.

    source: "mnist", the name of a set that was fetched, or a path; docs/data.md lists the formats.
    note: is called with each line that says what was taken, converted or left out. Without it, what was left
    out becomes a warning (UserWarning).
    any_size: pictures in files come as Pictures, which may differ in size and are decoded one by one;
    otherwise pictures of differing sizes are a DataError.

    Images are uint8 (N, height, width), 0 paper and 255 ink where the data has them so; labels (N,) are whole
    numbers, or texts where one of them is not a number. handgrad.fit(*train, test=test) learns from them, and
    the model's classes are the labels. DataError names the file, what was expected, what came and what to do;
    MissingExtraError a format whose library is not installed.
    """
    name = os.fspath(source)
    if name == "mnist":
        return Loaded(*(Labelled(*part) for part in load_mnist()))
    if name in SETS:
        return Loaded(*(Labelled(*part) for part in load_set(name)))
    notes = Notes(readable(name), note)
    raw = _look(Path(name), notes, any_size)
    if isinstance(raw.train[0], InFiles | InMemory):
        labels = Converter(notes).labels([part[1] for part in (raw.train, raw.test) if part is not None])
        images = [part[0] for part in (raw.train, raw.test) if part is not None]
        parts = [Labelled(*pair) for pair in zip(images, labels, strict=True)]
        loaded = Loaded(parts[0], parts[1] if raw.test is not None else None)
    else:
        loaded = Converter(notes).parts(raw.train, raw.test)
    notes.tell(_described(raw.how, loaded))
    return loaded


def _look(path: Path, notes: Notes, any_size: bool) -> Raw:
    """What is at a path."""
    try:
        if path.is_dir():
            return _in_place(Job(Folder(path), [], notes, any_size))
        if not path.exists():
            names = ", ".join(["mnist", *list(SETS)[:3]])
            raise DataError(
                f"{notes.name}: no such file or folder, and not the name of a data set ({names}, ...)"
            )
        folder = Folder(path.parent)
        with folder.open(path.name) as file:
            begins = file.read(128)
        job = Job(folder, [path.name], notes, any_size)
        return _archive(job) if begins[:4] in (b"PK\3\4", b"PK\5\6") else _of_file(job, begins)
    except (OSError, ValueError) as error:
        if isinstance(error, HandgradError):
            raise
        text = reason(error) if isinstance(error, OSError) else str(error)
        raise DataError(f"{notes.name}: cannot be read: {text}") from None


def _archive(job: Job) -> Raw:
    """A zip archive: NumPy's .npz, or files and folders."""
    place = Archive(Path(job.place.source(job.names[0])), job.place.shown(job.names[0]))
    if npz.names_in(place) and len(npz.names_in(place)) == len(place.names):
        return npz.read_npz(job)
    return _in_place(job._replace(place=place, names=[]))


def _of_file(job: Job, begins: bytes) -> Raw:
    """A file by its first bytes, decompressed."""
    shown = job.place.shown(job.names[0])
    for known, what in NEVER.items():
        if begins.startswith(known):
            raise DataError(f"{shown}: {what}")
    if begins.startswith(npz.MAGIC):
        return npz.read_npy(job)
    if matlab.is_mat(begins):
        return matlab.read_mat(job)
    if begins.startswith(parquet.MAGIC):
        return parquet.read_parquet(job)
    if len(begins) >= 4 and begins[:2] == b"\0\0" and begins[2] in TYPES:
        return idx_files.read(job)
    if folders.pictures_in(job.names):
        raise DataError(
            f"{shown}: is one picture; 'handgrad predict' reads it; expected many pictures with labels"
        )
    if b"\0" in begins and begins[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        is_model = begins[8:9] == b"{"  # safetensors: the length of the header, then the header
        got = "a model file" if is_model else f"a file that begins {begins[:4].hex(' ')}"
        raise DataError(f"{shown}: expected {FORMATS}; got {got}")
    return table_files.read(job)


def _in_place(job: Job) -> Raw:
    """A folder or an archive: pictures with labels, or files of one format."""
    place, notes = job.place, job.notes
    families = {format_: [name for name in place.names if form(name)] for format_, form in FAMILIES.items()}
    families = {format_: names for format_, names in families.items() if names}
    if not families or "pictures" in families:
        if (found := folders.read_pictures(job, len(families) > 1)) is not None:
            return found
        families.pop("pictures", None)
    if not families:
        files = ", ".join(place.names[:3]) + (", ..." if len(place.names) > 3 else "")
        raise DataError(
            f"{notes.name}: expected {FORMATS}; got {f'a folder with {files}' if files else 'no files'}"
        )
    if len(families) > 1:
        named = ", ".join(names[0] for names in families.values())
        raise DataError(f"{notes.name}: expected data of one format; got {named}; name one of them")
    ((format_, names),) = families.items()
    if others := sorted({*place.names} - {*names}):
        notes.left_out("other files", others)
    return READERS[format_](job._replace(names=names))


def _described(how: str, loaded: Loaded) -> str:
    """What was taken: "CSV with a header, label first: 42,000 images 28 x 28, 10 classes"."""
    images, labels = loaded.train
    size = "" if isinstance(images, InFiles | InMemory) else f" {images.shape[2]} x {images.shape[1]}"
    count = f"{len(labels):,} images{size}"
    if loaded.test is not None:
        count = f"{len(labels):,} training and {len(loaded.test.labels):,} test images{size}"
    classes = len(np.unique(labels))
    return f"{how}: {count}, {classes} class{'es' if classes != 1 else ''}"


def _has_suffix(*suffixes: str) -> Callable[[str], bool]:
    return lambda name: name.lower().removesuffix(".gz").endswith(suffixes)


FAMILIES = {
    "pictures": lambda name: bool(folders.pictures_in([name])),
    "idx": lambda name: idx_files.is_idx(name) and not folders.pictures_in([name]),
    "npz": _has_suffix(".npz"),
    "npy": _has_suffix(".npy"),
    "mat": _has_suffix(".mat"),
    "parquet": _has_suffix(".parquet"),
    "table": _has_suffix(".csv", ".tsv"),
}
READERS: dict[str, Callable[[Job], Raw]] = {
    "idx": idx_files.read,
    "npz": npz.read_npz,
    "npy": npz.read_npy,
    "mat": matlab.read_mat,
    "parquet": parquet.read_parquet,
    "table": table_files.read,
}  # fmt: skip
