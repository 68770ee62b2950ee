"""The pictures in a folder and below, in the order in which people number them."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from handgrad.errors import ImageError
from handgrad.files import reason
from handgrad.photos.formats import FORMAT_NAMES, SUFFIXES


class Listing(NamedTuple):
    """What is in a folder and below."""

    pictures: list[Path]
    others: int  # files that are not pictures, by their names
    hidden: int  # hidden files and folders


def listing(folder: str | os.PathLike[str]) -> Listing:
    """The pictures, by their names, sorted naturally: 2.png before 10.png, a folder before those in it.

    Links to folders are not followed. ImageError for a folder that cannot be read or holds no pictures.
    """
    pictures, others, hidden = [], 0, 0
    try:
        for place, folders, files in os.walk(folder, onerror=_raised):
            seen = [name for name in folders if not name.startswith(".")]
            hidden += len(folders) - len(seen)
            folders[:] = seen
            for name in files:
                if name.startswith("."):
                    hidden += 1
                elif os.path.splitext(name)[1].lower() in SUFFIXES:
                    pictures.append(Path(place, name))
                else:
                    others += 1
    except OSError as error:
        raise ImageError(f"{error.filename}: cannot be read: {reason(error)}") from None
    if not pictures:
        raise ImageError(f"{folder}: expected a folder with pictures ({FORMAT_NAMES}); it holds none")
    return Listing(sorted(pictures, key=lambda path: (path.parent.parts, natural(path.name))), others, hidden)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key for sorting: numbers in a name count by their value."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def _raised(error: OSError) -> None:
    raise error
