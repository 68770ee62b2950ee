"""All files of what was handed in: a folder or an archive, with the archives and folders in it.

Nothing is waited for, unpacked to disk or followed out of the folder; sizes, numbers and depth are limited.
"""

import io
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from handgrad.errors import DataError
from handgrad.files import reason, without_waiting
from handgrad.workbook.marking import archives, kinds, texts
from handgrad.workbook.marking.archives import Budget, TooMuchError
from handgrad.workbook.marking.texts import Text

DEEPEST = 40  # folders within folders
PROSE = 5_000_000  # bytes of a platform's notes about a hand-in
Parts = tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A file (or an empty folder, or an archive that cannot be read)."""

    parts: Parts  # its folders and its name; an archive counts as a folder
    text: Text | None = None  # of a Python file or a notebook
    changed: float = 0.0
    refusal: str = ""  # why it cannot be read
    perhaps: bool = False  # whether nobody expected that it could be: a text of whatever kind
    prose: str = ""  # of a platform's notes about a hand-in
    link: Parts | None = None  # the file that it is a link to; () for one that is not read
    folder: bool = False  # whether this is a folder, seen before its files

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.parts[-1]


def walk(root: Path) -> Iterator[Found]:
    """All files of a folder or an archive, by name. OSError, DataError if the root itself cannot be read."""
    if root.is_dir():
        yield from _Folder(os.path.realpath(root)).walk()
        return
    with open_regular(root) as file:
        yield from in_archive(file, root.name, (), _of_a_class(), of_class=True)


def _of_a_class() -> Budget:
    return Budget(200_000, 20_000 * texts.MB, 1_000 * texts.MB, 1_000_000)


def open_regular(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a regular file, and nothing else: no pipe is waited for. DataError for what is something else."""
    file = open(path, "rb", opener=without_waiting)  # noqa: SIM115
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise DataError("expected a file; got something else")


class _Folder:
    """A walk through a folder on disk; each of the root's entries has a budget of its own."""

    def __init__(self, root: str) -> None:
        self.root = root

    def walk(self) -> Iterator[Found]:
        for entry in _entries(self.root, 200_000):
            yield from self._entry(entry, (entry.name,), _of_a_class())

    def _entry(self, entry: "os.DirEntry[str]", parts: Parts, budget: Budget) -> Iterator[Found]:
        if kinds.no_work(entry.name):
            if entry.name == ".git":
                yield Found(parts, folder=True)
            return
        try:
            budget.entry()
            if entry.is_symlink():
                yield self._link(entry, parts, budget)
            elif entry.is_dir(follow_symlinks=False):
                yield Found(parts, folder=True)
                yield from self._folder(entry.path, parts, budget)
            elif entry.is_file(follow_symlinks=False):
                yield from self._file(entry.path, parts, budget)
            else:
                yield Found(parts, refusal="a pipe, socket or device; it was not opened")
        except OSError as error:
            yield Found(parts, refusal=reason(error))

    def _folder(self, path: str, parts: Parts, budget: Budget) -> Iterator[Found]:
        if len(parts) > DEEPEST:
            yield Found(parts, refusal=f"more than {DEEPEST} folders within each other; not read")
            return
        try:
            for entry in _entries(path, budget.entries):
                yield from self._entry(entry, (*parts, entry.name), budget)
        except TooMuchError as error:
            yield Found(parts, refusal=str(error))

    def _file(self, path: str, parts: Parts, budget: Budget) -> Iterator[Found]:
        changed = 0.0
        try:
            with open_regular(path) as file:
                status = os.fstat(file.fileno())
                changed = status.st_mtime
                if kinds.kind_of(parts[-1]) == kinds.ARCHIVE:
                    yield Found(parts, folder=True, changed=changed)
                    yield from in_archive(file, parts[-1], parts, Budget())
                    return
                yield found(parts, status.st_size, changed, file.read, budget)
        except TooMuchError:
            raise
        except DataError as error:
            yield Found(parts, changed=changed, refusal=str(error))

    def _link(self, entry: "os.DirEntry[str]", parts: Parts, budget: Budget) -> Found:
        target = os.path.realpath(entry.path)
        if not os.path.exists(target):
            why = "a link to nothing: No such file or directory"
            return Found(parts, refusal=why, link=(), perhaps=not kinds.is_work(entry.name))
        if not target.startswith(self.root.rstrip(os.sep) + os.sep) or not os.path.isfile(target):
            why = "a link that leads elsewhere; what it leads to has to be handed in itself"
            return Found(
                parts, refusal=why, link=(), perhaps=not (os.path.isdir(target) or kinds.is_work(entry.name))
            )
        one = next(self._file(target, parts, budget), Found(parts))  # read under the link's name
        return replace(one, link=Path(target).relative_to(self.root).parts, folder=False)


def _entries(path: str, most: int) -> list["os.DirEntry[str]"]:
    """The entries of a folder by name, at most so many."""
    entries = []
    with os.scandir(path) as scan:
        for entry in scan:
            entries.append(entry)
            if len(entries) > most:
                break
    return sorted(entries, key=lambda entry: entry.name)


def in_archive(
    file: IO[bytes], name: str, parts: Parts, budget: Budget, depth: int = 0, of_class: bool = False
) -> Iterator[Found]:
    """The files of an archive, and of those in it. One that cannot be read is a file with the reason.

    of_class: the archives in it are of several students, and each has a budget of its own.
    """
    try:
        for member in archives.members(file, name, budget):
            inner = tuple(unicodedata.normalize("NFC", part) for part in _parts(member.name))
            if not inner or any(kinds.no_work(part) for part in inner):
                continue
            budget.entry()
            path = (*parts, *inner)
            if member.refusal:
                yield Found(
                    path, changed=member.changed, refusal=member.refusal, perhaps=not kinds.is_work(path[-1])
                )
            elif kinds.kind_of(path[-1]) == kinds.ARCHIVE:
                yield from _archive_within(member, path, budget, depth + 1, of_class)
            else:
                yield found(path, member.size, member.changed, member.read, budget)
    except DataError as error:
        yield Found(parts or (name,), refusal=str(error))


def _archive_within(
    member: archives.Member, path: Parts, budget: Budget, depth: int, of_class: bool
) -> Iterator[Found]:
    if depth > archives.DEEPEST:
        yield Found(path, refusal=f"more than {archives.DEEPEST} archives within each other; not read")
        return
    if member.size > archives.LARGEST:
        yield Found(path, refusal=f"expected at most {archives.LARGEST // texts.MB} MB; it is larger")
        return
    yield Found(path, folder=True, changed=member.changed)
    try:
        budget.take(member.size)
        data = member.read(member.size + 1)
    except archives.DAMAGED as error:
        if isinstance(error, TooMuchError):
            raise
        yield Found(path, refusal=archives.why_damaged(error))
        return
    yield from in_archive(io.BytesIO(data), path[-1], path, Budget() if of_class else budget, depth)


def found(
    parts: Parts,
    size: int,
    changed: float,
    read: Callable[[int], bytes],
    budget: Budget,
) -> Found:
    """A file that is no archive, read if it may hold work."""
    name, kind = parts[-1], kinds.kind_of(parts[-1])
    one = Found(parts, changed=changed)
    if why := kinds.why_not(name):
        return replace(one, refusal=why)
    noted = name == "submission_metadata.yml" or ("_attempt_" in name and name.endswith(".txt"))
    if kind == kinds.OTHER and not noted:
        return one
    if size > (limit := texts.LARGEST.get(kind, PROSE)):
        said = f"expected at most {limit // texts.MB} MB; it is larger"
        return replace(one, refusal="" if kind == kinds.OTHER else said, perhaps=kind == kinds.PERHAPS)
    try:
        budget.take(size)
        data = read(limit + 1)
    except TooMuchError:
        raise
    except archives.DAMAGED as error:
        return replace(one, refusal=archives.why_damaged(error))
    try:
        if kind != kinds.OTHER:
            text = texts.read(name, data)
            budget.keep(len(text.text))
            one = replace(one, text=text)
    except TooMuchError:
        raise
    except DataError as error:
        one = replace(one, refusal=str(error), perhaps=kind == kinds.PERHAPS)
    if noted and one.text is None:
        with suppress(DataError):
            one = replace(one, prose=texts.decode(data[:PROSE])[0])
    return one


def _parts(name: str) -> Parts:
    """A member's name without what would lead out of a folder: it is never a path on disk."""
    return tuple(
        part for part in name.replace("\\", "/").split("/") if part.strip() and part not in (".", "..")
    )
