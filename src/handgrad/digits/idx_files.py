"""Pairs of IDX files in a folder or an archive, under the names that the sets are published with."""

from pathlib import PurePosixPath

from handgrad.arrays import NDArray
from handgrad.digits.idx import parse_idx, read_idx
from handgrad.digits.jobs import Job, Raw, partners, upright
from handgrad.digits.pairs import pair_of
from handgrad.digits.places import Folder, Place
from handgrad.digits.roles import role_of
from handgrad.errors import DataError


def read(job: Job) -> Raw:
    """Pairs of IDX files; for one file, its partners beside it."""
    place, names = job.place, job.names
    if len(names) == 1:
        names = partners(place, names[0], is_idx)
    roles: dict[tuple[str, str], str] = {}
    for name in sorted(names, key=lambda one: one.endswith(".gz")):  # of a.gz and a, a
        part, kind = role_of(PurePosixPath(name).name)
        first = name if kind is None else roles.setdefault((part or "train", kind), name)
        if first not in (name, name.removesuffix(".gz")) and place.read(first) != place.read(name):
            got = f"{first}, {name}" + (", ..." if len(names) > 4 else "")
            raise DataError(f"{job.notes.name}: expected one data set; got {got}; name one of the files")
    pairs = {}
    for part in ("train", "test", "validation"):
        images, labels = roles.get((part, "images")), roles.get((part, "labels"))
        if (images is None) != (labels is None):
            missing, shown = "labels" if labels is None else "images", place.shown(images or labels or "")
            raise DataError(f"{shown}: expected a file with its {missing} beside it; got none")
        if images is not None and labels is not None:
            arrays = [_array(place, name) for name in (images, labels)]
            found = pair_of(arrays[0], arrays[1], place.shown(images), place.shown(labels))
            pairs[part] = (upright(found[0], images, job.notes), found[1])
    if not pairs:
        got = ", ".join(names[:4])
        raise DataError(f"{job.notes.name}: expected names with 'images' and 'labels' in them; got {got}")
    train, test = pairs.get("train") or next(iter(pairs.values())), None
    if "train" in pairs:
        test = pairs.get("test") or pairs.get("validation")
    return Raw(f"IDX files ({2 + 2 * (test is not None)})", train, test)


def _array(place: Place, name: str) -> NDArray:
    if isinstance(place, Folder):
        return read_idx(place.source(name))
    return parse_idx(bytearray(place.read(name)), place.shown(name))


def is_idx(name: str) -> bool:
    """Whether a name is one that IDX files have."""
    last = PurePosixPath(name).name.lower()
    return "ubyte" in last or "idx" in last
