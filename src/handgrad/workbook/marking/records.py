"""What was marked before: the verdicts of a hand-in, found again by all that they depend on.

The key is a hash of the files' names and texts, their order in time, the exercises, the limits, whether there
are walls, the code of handgrad, Python, every package that is installed, and what they import that is not. A
record is JSON behind its checksum, in handgrad's cache folder; what is damaged, foreign or not a plain file
is marked anew. Names of files stand in it as numbers, since students name files after themselves.
"""

import dataclasses
import hashlib
import json
import os
import platform
import re
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

import handgrad
from handgrad.errors import HandgradError
from handgrad.files import KEPT, new_file, user_folder, without_waiting
from handgrad.workbook.checks import CHECKS
from handgrad.workbook.checks.heat_maps import drawable
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import Entry, Verdict
from handgrad.workbook.desk.remote import Limits
from handgrad.workbook.desk.submission import Source

FORM = "handgrad: what was marked, 1"
CHECKSUM = 64  # characters
LARGEST = 8 * 1024 * 1024  # bytes of a record
SHORTEST = 3  # letters of a name that is hidden
IMPORTED = re.compile(r"\b(?:import|from)[ \t]+(\w+)")
UNUSABLE = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


def folder() -> Path | None:
    """Where records are kept; None for a user without a home folder."""
    try:
        return user_folder("cache") / "marked"
    except HandgradError:
        return None


class Records:
    """Records in a folder. Whatever goes wrong with them, marking goes on without."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        exercises: Sequence[str] = (),
        fresh: bool = False,
        level: str = "",
    ) -> None:
        """fresh: find no verdicts, but keep new ones. level: walls or limits."""
        self.folder, self._fresh = folder, fresh
        self._asked = ["verdicts", dataclasses.asdict(limits), list(exercises), level]

    def find(self, sources: Sequence[Source]) -> list[Verdict] | None:
        """The verdicts of these files, or None."""
        if self._fresh:
            return None
        names = _names(sources)
        try:
            return [_verdict(fields, names) for fields in self._load(self._key(sources, self._asked))]
        except UNUSABLE:
            return None

    def keep(self, sources: Sequence[Source], verdicts: Sequence[Verdict]) -> None:
        """Keep verdicts."""
        names = _names(sources)
        key = self._key(sources, self._asked)
        self._store(key, [_fields(verdict, names) for verdict in verdicts])

    def begin(self, sources: Sequence[Source]) -> None:
        """Note that these files are being marked, until end: a checker that is killed leaves the note."""
        self._store(self._key(sources, "begun"), True)

    def end(self, sources: Sequence[Source]) -> None:
        """Take the note of begin away."""
        with suppress(OSError):
            self._path(self._key(sources, "begun")).unlink(missing_ok=True)

    def was_begun(self, sources: Sequence[Source]) -> bool:
        """Whether a checker was killed while it marked these files, perhaps by them."""
        return self._path(self._key(sources, "begun")).exists()

    def facts(self, sources: Sequence[Source], read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `read` reads of the texts, plain values, perhaps as it was kept."""
        names, key = _names(sources), self._key(sources, "facts")
        try:
            facts: dict[str, Any] = dict(_each(self._load(key), lambda text: _shown(text, names)))
        except UNUSABLE:
            facts = read()
            self._store(key, _each(facts, lambda text: _hidden(text, names)))
        return facts

    def _key(self, sources: Sequence[Source], asked: Any) -> str:
        times = sorted({source.changed for source in sources})  # only which of them is newer matters
        files = [[source.name, source.text, times.index(source.changed)] for source in sources]
        lacks = sorted(
            {name for source in sources for name in IMPORTED.findall(source.text) if not _is_here(name)}
        )
        return _hash(json.dumps([FORM, made_with(), asked, files, lacks]))[:32]

    def _load(self, key: str) -> Any:
        """What is kept under a key. One of UNUSABLE where there is nothing, or nothing of ours."""
        descriptor = without_waiting(str(self._path(key)), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError("expected a plain file")
            text = file.read(LARGEST + 1).decode()
        checksum, text = text[:CHECKSUM], text[CHECKSUM:]
        if len(text) > LARGEST or checksum != _hash(text):
            raise ValueError("expected an undamaged record")
        form, of, kept = json.loads(text)
        if (form, of) != (FORM, key):
            raise ValueError("expected the record of this key")
        return kept

    def _store(self, key: str, value: Any) -> None:
        text = json.dumps([FORM, key, value])
        with suppress(OSError, HandgradError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with new_file(self._path(key), KEPT) as file:
                file.write((_hash(text) + text).encode())

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


@cache
def _is_here(module: str) -> bool:
    """Whether a module can be imported on this machine. It is not imported."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False


@cache
def made_with() -> str:
    """A hash of what marks: handgrad's code, Python, the machine, and the packages with their versions."""
    code = hashlib.sha256()
    root = Path(handgrad.__file__).parent
    for path in sorted(path for ending in ("py", "toml") for path in root.rglob(f"*.{ending}")):
        code.update(f"{path.relative_to(root).as_posix()}\n".encode())
        code.update(path.read_bytes())
    packages = sorted(
        {
            entry
            for place in sys.path
            for entry in _entries(place)
            if entry.endswith((".dist-info", ".egg-info"))
        }
    )
    return _hash(json.dumps([code.hexdigest(), sys.version, platform.platform(), packages]))


def _entries(place: str) -> list[str]:
    try:
        return os.listdir(place)
    except OSError:
        return []


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _names(sources: Sequence[Source]) -> list[str]:
    """Names of files, folders and modules, the longest first."""
    names = set()
    for source in sources:
        path = PurePosixPath(source.name)
        names |= {source.name, *path.parts, *(PurePosixPath(part).stem for part in path.parts)}
    return sorted((name for name in names if len(name) >= SHORTEST), key=lambda name: (-len(name), name))


def _hidden(text: str, names: Sequence[str]) -> str:
    """text with a number in the place of each name. No name and no message holds a zero byte."""
    if not names:
        return text
    numbers = {name: f"\0{n}\0" for n, name in enumerate(names)}
    return re.sub("|".join(map(re.escape, names)), lambda found: numbers[found[0]], text)


def _shown(text: str, names: Sequence[str]) -> str:
    return re.sub("\0(\\d+)\0", lambda found: names[int(found[1])], text)


def _fields(verdict: Verdict, names: Sequence[str]) -> dict[str, Any]:
    """A verdict as plain values."""
    fields = {f.name: getattr(verdict, f.name) for f in dataclasses.fields(verdict)}
    entry, pictures = verdict.entry, drawable(verdict.pictures)
    fields["entry"] = entry and [list(entry.index), entry.got, entry.expected, entry.of, entry.sum]
    fields["pictures"] = [[of, *([a.shape, a.ravel().tolist()] for a in arrays)] for of, *arrays in pictures]
    return {name: _each(value, lambda text: _hidden(text, names)) for name, value in fields.items()}


def _verdict(fields: dict[str, Any], names: Sequence[str]) -> Verdict:
    """The verdict of plain values. ValueError, KeyError or TypeError for what none would have."""
    given = {name: _each(value, lambda text: _shown(text, names)) for name, value in fields.items()}
    if given["name"] not in CHECKS or given["passed"] not in (True, False):
        raise ValueError("expected the verdict on an exercise")
    if given["mistake"] is not None and given["mistake"] not in MISTAKES:
        raise ValueError("expected a mistake of the catalogue")
    if given["entry"]:
        index, got, expected, *words = given["entry"]
        given["entry"] = Entry(tuple(index), got, float(expected), *words)
    given["pictures"] = tuple((of, _array(*want), _array(*got)) for of, want, got in given["pictures"])
    given |= {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return Verdict(**given)


def _array(shape: list[int], numbers: list[float]) -> Any:
    return np.array(numbers, dtype=np.float64).reshape(shape)


def _each(value: Any, change: Any) -> Any:
    """A value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _each(part, change) for key, part in value.items()}
    return [_each(part, change) for part in value] if isinstance(value, list | tuple) else value
