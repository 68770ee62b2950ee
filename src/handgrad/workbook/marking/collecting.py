"""What a class or a student handed in, read into memory: a HandIn for each student and attempt."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from handgrad.errors import DataError
from handgrad.workbook.marking import kinds, names, texts
from handgrad.workbook.marking.found import Found, Parts, open_regular, walk
from handgrad.workbook.marking.handin import HandIn
from handgrad.workbook.marking.names import printable
from handgrad.workbook.marking.units import DEFINED, Unit, handin_of, project, units_of

MOST_BESIDE = 50  # modules that are read with a file
OWN_BOOK = re.compile(r"\d_[a-z_]+|two_layer_net")  # the files of a copy of the workbook


def collect(path: str | os.PathLike[str]) -> list[HandIn]:
    """Read all that a class handed in, from a folder or from an archive of a learning platform, by student.

    A folder or an archive in it is one student's, and so is a loose file. DataError where there is nothing.
    """
    path = Path(path)
    if not path.is_dir() and kinds.kind_of(path.name) != kinds.ARCHIVE:
        raise DataError(f"{path}: expected a folder or a zip file with the hand-ins of a class")
    files = list(walk(path))
    by_student: dict[tuple[str, str], list[Unit]] = {}
    for unit in units_of(files, _top(files, path)):
        by_student.setdefault(unit.key, []).append(unit)
    handins = [handin for units in by_student.values() for handin in _attempts(units)]
    if len(files) == 1 and files[0].parts == (path.name,) and not path.is_dir():
        raise DataError(f"{path}: {files[0].refusal or files[0].name}")
    if not handins:
        what = "a .py or .ipynb file, a folder or a zip file for each student"
        raise DataError(f"{path}: expected submissions, {what}; got none")
    return sorted(_told_apart(handins), key=lambda one: (one.student.casefold(), one.id, one.attempt))


def collect_one(path: str | os.PathLike[str]) -> HandIn:
    """Read what one person handed in: a file, a folder or an archive. DataError if nothing can be read."""
    path = Path(path)
    if not path.is_dir() and kinds.kind_of(path.name) != kinds.ARCHIVE:
        return _of_file(path)
    files = list(walk(path))
    told = {unit.key: unit.named for unit in units_of(files, _top(files, path)) if unit.by_platform}
    if len(told) > 1:
        students = ", ".join(printable(named.student) for named in list(told.values())[:3])
        raise DataError(
            f"{path}: holds what {len(told)} students handed in ({students} ...); "
            "use 'handgrad workbook grade' for a class"
        )
    named = next(iter(told.values()), names.Named(kinds.stem_of(Path(os.path.abspath(path)).name)))
    unit = Unit(named, (), [("/".join(one.parts), one) for one in files if one.parts and not one.folder])
    handin = handin_of(unit)
    if handin.failure:
        raise DataError(f"{path}: {handin.failure.removeprefix(f'{printable(path.name)}: ')}")
    return replace(handin, file=printable(path.name))


def places(path: str | os.PathLike[str]) -> list[str]:
    """Where the hand-ins of a class lie: the paths that no learner's code has to read."""
    if not os.path.isdir(path):
        return [os.fspath(path)]
    with os.scandir(path) as entries:
        return [entry.path for entry in entries if not kinds.no_work(entry.name)]


def _of_file(path: Path) -> HandIn:
    """A file, and the modules beside it that it imports."""
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: expected a file, a folder or an archive; got something else")
    if why := kinds.why_not(path.name):
        raise DataError(f"{path}: {why}")
    if kinds.kind_of(path.name) == kinds.OTHER:
        raise DataError(f"{path}: expected a .py or .ipynb file, a folder or a zip file")
    try:
        first = _read(path)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    beside = _beside(path.parent, first)
    handin = handin_of(Unit(names.Named(kinds.stem_of(path.name)), (), [(path.name, first), *beside]))
    sources = sorted(handin.sources, key=lambda source: source.text != first.text.text if first.text else 0)
    return replace(handin, file=printable(path.name), sources=tuple(sources))


def _read(path: Path) -> Found:
    with open_regular(path) as file:
        text = texts.read(path.name, file.read(texts.LARGEST[kinds.kind_of(path.name)] + 1))
        return Found((path.name,), text, os.fstat(file.fileno()).st_mtime)


def _beside(folder: Path, first: Found) -> list[tuple[str, Found]]:
    """The modules and packages beside a file that it imports, and those that they import."""
    found: dict[str, Found] = {}
    ahead = _imported(first)
    while ahead and len(found) < MOST_BESIDE:
        module = ahead.pop(0)
        for path in (folder / f"{module}.py", *sorted((folder / module).glob("*.py"))):
            name = path.relative_to(folder).as_posix()
            if name == first.name or name in found or not path.is_file():
                continue
            with suppress(DataError, OSError):
                found[name] = _read(path)
                ahead += _imported(found[name])
    return list(found.items())


def _imported(one: Found) -> list[str]:
    return (
        re.findall(r'(?:^|\\n|")[ \t]*(?:from|import)[ \t]+\.*(\w+)', one.text.text, re.M) if one.text else []
    )


def _top(files: list[Found], path: Path) -> Parts:
    """Where the class begins: below folders that hold nothing but one folder, which is no student's."""
    top: Parts = ()
    at: Parts = ()
    while True:
        inner = [one for one in files if one.parts[: len(at)] == at and len(one.parts) > len(at)]
        heads = {one.parts[len(at)] for one in inner if one.folder or len(one.parts) > len(at) + 1}
        loose = [one for one in inner if len(one.parts) == len(at) + 1 and not one.folder and one.text]
        if loose or len(heads) != 1:
            return top
        only = heads.pop()
        if names.by_folder(only) or names.GRADESCOPE.fullmatch(only):
            return at
        at = (*at, only)
        alike = kinds.stem_of(only).casefold() == kinds.stem_of(path.absolute().name).casefold()
        packed = not path.is_dir() and not project(inner, at)
        if (len(at) == 1 and (packed or alike)) or _is_class(inner, at):
            top = at


def _is_class(files: Iterable[Found], top: Parts) -> bool:
    """Whether a folder holds the work of several people: platforms' names, or one exercise in many places.

    Two folders are enough for that; of files, three: two may be one person's two attempts.
    """
    places: dict[str, set[str]] = {}
    folders = set[str]()
    for one in files:
        if one.parts[: len(top)] != top or len(one.parts) <= len(top):
            continue
        head = one.parts[len(top)]
        if names.by_folder(head) or names.GRADESCOPE.fullmatch(head):
            return True
        own = kinds.is_test(one.parts) or names.TRY.fullmatch(head) or OWN_BOOK.fullmatch(kinds.stem_of(head))
        if one.text and not own:
            head = names.copy_of(kinds.stem_of(head), places)[0]
            places.setdefault(head, set()).update(DEFINED.findall(one.text.text))
            folders |= {head} if len(one.parts) > len(top) + 1 else set()
    made = Counter(name for defined in places.values() for name in defined)
    in_folders = Counter(name for head in folders for name in places[head])
    return max(made.values(), default=0) > 2 or max(in_folders.values(), default=0) > 1


def _attempts(units: list[Unit]) -> list[HandIn]:
    """What one student handed in, by attempts; what belongs to the same one is joined.

    Two files of the same name and different contents are two attempts, the older first: none is lost.
    """
    real = [unit for unit in units if not unit.named.ignored] or units
    orders = sorted({unit.named.order for unit in real})
    attempts: list[HandIn] = []
    for order in orders:
        here: list[HandIn] = []
        for handin in sorted(
            (handin_of(unit) for unit in real if unit.named.order == order),
            key=lambda one: max((source.changed for source in one.sources), default=0.0),
        ):
            for i, other in enumerate(here):
                if (joined := _joined(other, handin)) is not None:
                    here[i] = joined
                    break
            else:
                here.append(handin)
        attempts += here
    return [
        replace(one, attempt=i, unread=() if one.failure else one.unread) for i, one in enumerate(attempts, 1)
    ]


def _joined(one: HandIn, other: HandIn) -> HandIn | None:
    """Two parts of a hand-in as one; None if both have a file of the same name, with different contents."""
    have = {source.name: source.text for source in one.sources}
    if any(have.get(source.name, source.text) != source.text for source in other.sources):
        return None
    more = tuple(source for source in other.sources if source.name not in have)
    sources = tuple(sorted((*one.sources, *more), key=lambda source: -source.changed))
    failures = [failure for failure in (one.failure, other.failure) if failure]
    unread = tuple(dict.fromkeys((*one.unread, *other.unread)))
    return replace(
        one,
        file=one.file
        if one.sources and not more
        else other.file
        if not one.sources
        else f"{one.file}, {other.file}",
        sources=sources,
        unread=unread,
        notes=tuple(dict.fromkeys((*one.notes, *other.notes))),
        late=one.late or other.late,
        failure=None if sources else "; ".join(dict.fromkeys(failures)),
    )


def _told_apart(handins: list[HandIn]) -> list[HandIn]:
    """With their numbers, where two students have the same name."""
    ids: dict[str, set[str]] = {}
    for one in handins:
        ids.setdefault(one.student.casefold(), set()).add(one.id)
    return [
        replace(one, student=f"{one.student} ({one.id})")
        if one.id and len(ids[one.student.casefold()]) > 1
        else one
        for one in handins
    ]
