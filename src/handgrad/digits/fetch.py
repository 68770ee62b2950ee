"""Published data sets in the user's cache folder: downloaded once and verified by their SHA-256.

    published files -> cache -> (EMNIST, USPS) made into IDX files, with their sums in SHA256SUMS

A published file is accepted if its SHA-256 is right. A converted file is accepted if it agrees with
SHA256SUMS, which is written last. All other files are downloaded or converted again.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from handgrad.arrays import NDArray
from handgrad.digits.download import Place, RefusedError, obtain, sha256
from handgrad.digits.pairs import Pairs, load_pair
from handgrad.digits.sets import SETS, DataSet, PublishedFile
from handgrad.errors import DataError, HandgradError
from handgrad.files import KEPT, expect_replaceable, new_file, reason, user_folder

SUMS = "SHA256SUMS"  # beside the files that were made: a line each, as sha256sum writes and reads it
MADE = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "test-images-idx3-ubyte",
    "test-labels-idx1-ubyte",
)
ABANDONED = 3600  # seconds after which a temporary file counts as abandoned


class Fetched(NamedTuple):
    """The four files of a set, and the names of those published files that had to be fetched."""

    pairs: Pairs
    fetched: tuple[str, ...]


class Checked(NamedTuple):
    """A file of the cache, the SHA-256 that it has and the one that it should have."""

    path: Path
    sha256: str | None
    expected: str

    @property
    def good(self) -> bool:
        """Whether the file has the SHA-256 that it should have."""
        return self.sha256 == self.expected


def cache_folder() -> Path:
    """Where fetched sets are kept: data/ in the user's cache folder for handgrad."""
    return user_folder("cache") / "data"


def fetch_set(
    name: str,
    place: Place | None = None,
    note: Callable[[str], object] = lambda line: None,
    watch: Callable[[PublishedFile, int], object] = lambda file, received: None,
) -> Fetched:
    """Put a set into the cache, unless it is there: from its mirrors in turn, or from one place alone.

    place: a folder that holds the published files, or the address of one. note is called with
    each line of progress, watch with each file and the number of bytes so far. HandgradError, with what to
    do by hand, if no place has a file or if the cache cannot be written.
    """
    chosen = SETS[name]
    if is_made(chosen):
        return Fetched(pairs_of(chosen), ())
    folder = cache_folder() / chosen.published_in
    if chosen.kind != "idx":
        for path in (*pairs_of(chosen), cache_folder() / chosen.name / SUMS):
            expect_replaceable(path, KEPT)
    try:
        fetched = _fetch_published(chosen, folder, place, note, watch)
        if chosen.kind != "idx":
            note(f"making IDX files of {chosen.name}")
            _make(chosen, folder)
    except OSError as error:
        hint = "make room, or name another cache folder (XDG_CACHE_HOME)"
        raise HandgradError(f"{folder}: cannot be written: {reason(error)}; {hint}") from None
    return Fetched(pairs_of(chosen), fetched)


def load_set(name: str) -> tuple[tuple[NDArray, NDArray], tuple[NDArray, NDArray]]:
    """(train_images, train_labels), (test_images, test_labels) of a set that was fetched; all uint8.

    DataError if the set was not fetched, or if its files are damaged.
    """
    pairs = pairs_of(SETS[name])
    if not is_cached(SETS[name]):
        raise DataError(f"{name} is not in the cache; get it with: handgrad data fetch {name}")
    return load_pair(*pairs[:2]), load_pair(*pairs[2:])


def pairs_of(chosen: DataSet) -> Pairs:
    """Where the four files of the set are, once it was fetched."""
    names = [file.name for file in chosen.files] if chosen.kind == "idx" else MADE
    folder = cache_folder() / (chosen.published_in if chosen.kind == "idx" else chosen.name)
    return Pairs(*(folder / name for name in names))


def is_cached(chosen: DataSet) -> bool:
    """Whether the four files are there, by their names (verify looks into them)."""
    made = chosen.kind == "idx" or (cache_folder() / chosen.name / SUMS).is_file()
    return made and all(path.is_file() for path in pairs_of(chosen))


def is_made(chosen: DataSet) -> bool:
    """Whether the set was converted from other files, and all converted files are unchanged."""
    checked = list(_made_files(chosen))
    return len(checked) == len(MADE) and all(file.good for file in checked)


def verify_cached() -> Iterator[Checked]:
    """Every file of every known set that is in the cache, with its sum and the right one."""
    seen = set()
    for chosen in SETS.values():
        for file in chosen.files:
            path = cache_folder() / chosen.published_in / file.name
            if path.is_file() and path not in seen:
                seen.add(path)
                yield Checked(path, sha256(path), file.sha256)
        yield from _made_files(chosen)


def _fetch_published(
    chosen: DataSet,
    folder: Path,
    place: Place | None,
    note: Callable[[str], object],
    watch: Callable[[PublishedFile, int], object],
) -> tuple[str, ...]:
    """The published files that are not in the folder yet -> their names."""
    missing = [file for file in chosen.files if sha256(folder / file.name) != file.sha256]
    if not missing:
        return ()
    for file in missing:
        expect_replaceable(folder / file.name, KEPT)
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()  # OSError before anything is fetched
    _clear(folder)
    needed, free = sum(file.size or 0 for file in missing), shutil.disk_usage(folder).free
    if needed > free:
        raise HandgradError(
            f"{folder}: expected {needed / 1e6:,.1f} MB free; got {free / 1e6:,.1f} MB; make room"
        )
    places = _places(chosen, place)
    for i, file in enumerate(missing):
        note(f"fetching {file.name}")
        try:
            had_it = obtain(file, places, folder, note, watch)
        except RefusedError as error:
            raise HandgradError(_by_hand(chosen, missing[i:], str(error))) from None
        places.sort(key=lambda one: one != had_it)  # the place that had this file is tried first for the next
    return tuple(file.name for file in missing)


def _places(chosen: DataSet, place: Place | None) -> list[Place]:
    if place is None:
        return list(chosen.mirrors)
    return [place if isinstance(place, Path) else place.rstrip("/") + "/"]


def _by_hand(chosen: DataSet, missing: list[PublishedFile], why: str) -> str:
    names = ", ".join(file.name for file in missing)
    return (
        f"{chosen.name} could not be fetched ({why}); get {names} from {chosen.mirrors[0]} by other means, "
        f"and run: handgrad data fetch {chosen.name} --from FOLDER (the folder that you put "
        f"{'it' if len(missing) == 1 else 'them'} into)"
    )


def _make(chosen: DataSet, folder: Path) -> None:
    """Convert the published files of a set into pairs; SHA256SUMS is written last."""
    # imported here, since only conversions need zipfile and bz2
    from handgrad.digits.conversions import convert_emnist, convert_usps

    pairs = pairs_of(chosen)
    into = pairs.train_images.parent
    into.mkdir(parents=True, exist_ok=True)
    _clear(into)
    published = [folder / file.name for file in chosen.files]
    if chosen.kind == "emnist":
        convert_emnist(published[0], chosen.name.removeprefix("emnist-"), pairs)
    else:
        convert_usps(published[0], published[1], pairs)
    lines = (f"{sha256(path)}  {path.name}\n" for path in pairs)
    with new_file(into / SUMS, KEPT) as file:
        file.write("".join(lines).encode())


def _made_files(chosen: DataSet) -> Iterator[Checked]:
    """The files that SHA256SUMS names, if the set is a converted set and was converted."""
    if chosen.kind == "idx":
        return
    sums = cache_folder() / chosen.name / SUMS
    if not sums.is_file():
        return
    try:
        lines = sums.read_text("ascii", "replace").splitlines()
    except OSError:
        return
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for path in pairs_of(chosen):
        yield Checked(path, sha256(path), expected.get(path.name, "none"))


def _clear(folder: Path) -> None:
    """Remove temporary files of killed processes: those too old to be still in use."""
    for part in folder.glob(".*"):
        with suppress(FileNotFoundError):  # another process has removed it already
            if part.suffix in (".part", ".tmp") and time.time() - part.stat().st_mtime > ABANDONED:
                part.unlink()
