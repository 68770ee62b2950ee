"""Folders of pictures: which picture has which label, by folders, by a list in a CSV file, or by the names.

0/a.png ... 9/z.png        a folder for each class; perhaps within train/ and test/
labels.csv, images/a.png   a line for each picture: its file and its label
7_0001.png                 the label in front of the name, or behind: img_0001_7.png
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from handgrad.digits.jobs import Job, Raw, as_asked
from handgrad.digits.labelled import Notes
from handgrad.digits.pictures import SUFFIXES, InFiles
from handgrad.digits.places import Place
from handgrad.digits.roles import part_of
from handgrad.digits.tables import INDEX_NAMES, LABEL_NAMES, first_rows
from handgrad.errors import DataError

FILE_NAMES = {
    *(
        "file",
        "filename",
        "file_name",
        "path",
        "filepath",
        "image",
        "img",
        "image_id",
        "picture",
        "name",
        "id",
    ),
}
LISTS = {".csv", ".tsv", ".txt"}
MOST_COLUMNS = 12  # of a list of pictures; a table of pixels has more
LONGEST_LIST = 1 << 28  # bytes
FRONT = re.compile(r"([0-9])[_-].+|([0-9]) ?\([0-9]+\)")  # 7_0001, 7-a, 7 (12)
BEHIND = re.compile(r".+[_-]([0-9])")  # img_0001_7
REMEDY = "put them into a folder for each class (0/ to 9/), or add a CSV file with the columns file and label"

Names = list[tuple[str, str]]  # pictures and their labels


class Sorted(NamedTuple):
    """The pictures to train with and to test with, each with its label, and how they were found, in words."""

    how: str
    train: Names
    test: Names | None


def pictures_in(names: Iterable[str]) -> list[str]:
    """The names that are those of pictures."""
    return [name for name in names if PurePosixPath(name).suffix.lower() in SUFFIXES]


def by_labels(place: Place, notes: Notes) -> Sorted | None:
    """The labels of the pictures in a place; None without pictures.  DataError where nothing tells."""
    pictures = pictures_in(place.names)
    if not pictures:
        return None
    lists = [name for name in place.names if PurePosixPath(name).suffix.lower() in LISTS]
    found = {name: rows for name in lists if (rows := listed(place, name, pictures, notes)) is not None}
    if found:
        done = _by_lists(place, found, pictures, notes)
    else:
        done = _by_folders(pictures, notes) or _by_names(pictures, place.name)
    if others := sorted({*place.names} - {*pictures, *found}):
        notes.left_out("other files", others)
    return done


def listed(place: Place, name: str, pictures: Sequence[str], notes: Notes) -> Names | None:
    """The pictures and labels that a CSV file lists; None if it is not a list of these pictures."""
    shown = place.shown(name)
    try:
        separator, rows, encoding = first_rows(place, name)
    except DataError:
        return None
    if not 2 <= len(rows[0]) <= MOST_COLUMNS:
        return None
    with place.open(name) as file:
        data = file.read(LONGEST_LIST + 1)
    if len(data) > LONGEST_LIST:
        raise DataError(f"{shown}: expected a list of at most {LONGEST_LIST >> 20} MB; got more")
    try:
        lines = io.StringIO(data.decode(encoding))
        rows = [row for row in csv.reader(lines, delimiter=separator or " ", skipinitialspace=True) if row]
    except (UnicodeError, csv.Error) as error:
        raise DataError(f"{shown}: expected a list of pictures as text in UTF-8; {error}") from None
    resolve = _Resolver(pictures, str(PurePosixPath(name).parent))
    header, body = (None, rows) if any(map(resolve, rows[0])) else (rows[0], rows[1:])
    column = _file_column(header, body, resolve)
    if column is None:
        return None
    label = _label_column(header, column, len(rows[0]), shown)
    if label is None:
        return None
    found: Names = []
    missing: list[str] = []
    for line, row in enumerate(body, 2 if header else 1):
        if len(row) <= max(column, label):
            raise DataError(f"{shown}: line {line}: expected {len(rows[0])} columns; got {len(row)}")
        picture = resolve(row[column])
        if picture is None:
            missing.append(row[column])
        else:
            found.append((picture, row[label]))
    if missing:
        notes.left_out(f"lines of {shown} whose picture is not there", missing)
    return found


class _Resolver:
    """Finds the picture that a cell of a list means: a path, a name, or a name without its suffix."""

    def __init__(self, pictures: Sequence[str], folder: str) -> None:
        self._exact = {name: name for name in pictures}
        self._loose: dict[str, str | None] = {}
        for name in pictures:
            path = PurePosixPath(name)
            for key in {path.name, path.stem}:
                self._loose[key] = None if key in self._loose else name  # two pictures of one name: neither
        self._folder = "" if folder == "." else f"{folder}/"

    def __call__(self, cell: str) -> str | None:
        cell = cell.strip().replace("\\", "/").removeprefix("./")
        exact = self._exact.get(self._folder + cell) or self._exact.get(cell)
        return exact or self._loose.get(cell.rpartition("/")[2])


def _file_column(header: list[str] | None, body: list[list[str]], resolve: _Resolver) -> int | None:
    """The column in which most of the first lines name pictures, one whose header says so first."""
    some = body[:50]
    width = min(map(len, some), default=0)
    counts = [sum(resolve(row[i]) is not None for row in some) for i in range(width)]
    named = [header is not None and header[i].strip().lower() in FILE_NAMES for i in range(width)]
    best = max(range(width), key=lambda i: (counts[i] * 2 >= len(some), named[i], counts[i]), default=None)
    return best if best is not None and counts[best] * 2 >= len(some) > 0 else None


def _label_column(header: list[str] | None, column: int, width: int, shown: str) -> int | None:
    """The column of the labels beside that of the pictures; None for a list without labels."""
    names = [cell.strip().lower() for cell in header or ()]
    named = [names.index(name) for name in LABEL_NAMES if name in names and names.index(name) != column]
    if named:
        return named[0]
    rest = [i for i in range(width) if i != column and not (names and names[i] in INDEX_NAMES)]
    if len(rest) > 1:
        remedy = "add a header that names the column 'label'"
        raise DataError(
            f"{shown}: expected one column beside that of the pictures; got {len(rest)}; {remedy}"
        )
    return rest[0] if rest else None


def _by_lists(place: Place, found: Mapping[str, Names], pictures: Sequence[str], notes: Notes) -> Sorted:
    parts: dict[str | None, Names] = {}
    for name, rows in found.items():
        part = part_of(PurePosixPath(name).name) or part_of(str(PurePosixPath(name).parent))
        if (part or "train") in parts:
            raise DataError(f"{place.name}: expected one list of pictures; got {', '.join(list(found)[:4])}")
        parts[part or "train"] = rows
    seen = {picture for rows in parts.values() for picture, _ in rows}
    if unlisted := [name for name in pictures if name not in seen]:
        notes.left_out("pictures that no list names", unlisted)
    return _as_parts(f"pictures listed in {', '.join(found)}", parts, place.name, notes)


def _by_folders(pictures: Sequence[str], notes: Notes) -> Sorted | None:
    """A folder for each class, at one depth; None where the pictures lie in one folder."""
    paths = [PurePosixPath(name).parts for name in pictures]
    while len({path[0] for path in paths}) == 1 and min(map(len, paths)) > 2:
        paths = [path[1:] for path in paths]
    parts: dict[str | None, Names] = {}
    depths: dict[int, str] = {}
    has_parts = any(part_of(path[0]) for path in paths if len(path) > 2)
    stray = []
    for name, path in zip(pictures, paths, strict=True):
        part = part_of(path[0]) if has_parts and len(path) > 1 else None
        inner = path[1:] if part else path
        if len(inner) < 2 or (has_parts and part is None):
            stray.append(name)
        else:
            parts.setdefault(part or "train", []).append((name, inner[0]))
            depths.setdefault(len(inner), name)
    if not parts:
        return None
    if len(depths) > 1:
        got = " and ".join(list(depths.values())[:2])
        raise DataError(f"{notes.name}: expected a folder for each class, all at one depth; got {got}")
    if stray:
        notes.left_out("pictures outside the folders of classes", stray)
    return _as_parts("pictures in a folder for each class", parts, "", notes)


def _by_names(pictures: Sequence[str], shown: str) -> Sorted:
    """Labels in the names, where one form alone fits all of them. Numbers that differ may only count."""
    stems = [PurePosixPath(name).stem for name in pictures]
    ways = []
    for form in (FRONT, BEHIND):
        found = [form.fullmatch(stem) for stem in stems]
        labels = [next(filter(None, match.groups())) for match in found if match is not None]
        if len(labels) == len(stems) and len(set(labels)) > 1:
            ways.append(labels)
    if len(ways) != 1 or len(set(ways[0])) == len(stems):
        example = ", ".join(name for name in list(pictures)[:3])
        raise DataError(f"{shown}: expected pictures with labels; the names tell none ({example}); {REMEDY}")
    where = "front" if FRONT.fullmatch(stems[0]) and ways[0][0] == stems[0][0] else "end"
    return Sorted(
        f"pictures with the label at the {where} of the name", list(zip(pictures, ways[0], strict=True)), None
    )


def _as_parts(how: str, parts: dict[str | None, Names], shown: str, notes: Notes) -> Sorted:
    train = parts.get("train") or parts.get("test") or parts.get("validation")
    if not train:
        raise DataError(f"{shown}: expected labelled pictures; got lists without any picture that is there")
    test = (parts.get("test") or parts.get("validation")) if "train" in parts else None
    if "validation" in parts and parts["validation"] not in (train, test):
        notes.left_out("pictures of the validation part", [name for name, _ in parts["validation"]])
    return Sorted(how, train, test)


def read_pictures(job: Job, beside: bool) -> Raw | None:
    """Pictures with labels; None without pictures, or where other data stands beside unlabelled pictures."""
    try:
        found = by_labels(job.place, job.notes)
    except DataError:
        if not beside:
            raise
        return None
    if found is None:
        return None
    parts = []
    for names in (found.train, found.test):
        if names is None:
            continue
        parts.append(_asked(names, job))
    return Raw(found.how, *parts)


def read_list(job: Job) -> Raw | None:
    """Pictures that one CSV file lists, beside it or below; None for a table of pixels."""
    if _lists_pictures(job.place, job.names[0]):
        pictures = pictures_in(job.place.names)
        rows = listed(job.place, job.names[0], pictures, job.notes)
        if rows:
            return Raw("list of pictures", _asked(rows, job))
        expected = "expected pixels, or a list of pictures beside it; none of these is there"
        raise DataError(f"{job.place.shown(job.names[0])}: {expected}")
    return None


def _asked(names: Names, job: Job) -> tuple[Any, Any]:
    pictures = InFiles(job.place, [name for name, _ in names])
    return as_asked(pictures, np.array([label for _, label in names]), job)


def _lists_pictures(place: Place, name: str) -> bool:
    """Whether a table has few columns, one of which is that of files by its header or by its values."""
    _, rows, _ = first_rows(place, name)
    header = {cell.strip().lower() for cell in rows[0]}
    is_small = 2 <= len(rows[0]) <= MOST_COLUMNS
    return is_small and bool(
        header & FILE_NAMES or pictures_in(cell.strip() for row in rows[:2] for cell in row)
    )
