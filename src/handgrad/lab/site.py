"""The lab as a folder for any static host: it works at the root of a site and below it."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.errors import HandgradError, readable
from handgrad.files import BEGINNING, KEPT, expect_folder, write_atomically
from handgrad.lab import contents
from handgrad.lab.page import GENERATOR, marked

if TYPE_CHECKING:
    from handgrad.model import Model


def expect_site(folder: str | os.PathLike[str]) -> None:
    """Make the folder and ask whether a site may be written into it: it is empty, or holds an earlier site.

    HandgradError where it holds anything else.
    """
    place = Path(folder)
    expect_folder(place)
    if any(place.iterdir()) and not _is_site(place):
        raise HandgradError(f"{folder}: expected an empty folder, or an earlier site; choose another name")
    ours = {"data"} | set(contents.folder(contents.Network(b"", "")))
    for path in place.rglob("*"):
        name = path.relative_to(place).as_posix()
        earlier = re.fullmatch(r"[\w-]+\.(js|css)", name)  # of an earlier version
        if path.is_symlink() or not (name in ours or earlier):
            strange = f"{readable(name)}, a link" if path.is_symlink() else readable(name)
            raise HandgradError(
                f"{folder}: expected nothing but an earlier site; got {strange}; choose another name"
            )


def _is_site(place: Path) -> bool:
    index = place / "index.html"
    if not index.is_file():
        return False
    with index.open("rb") as file:
        return GENERATOR.encode() in file.read(BEGINNING)


def export_site(model: "Model | str | os.PathLike[str] | None", folder: str | os.PathLike[str]) -> None:
    """Write the lab, with all of MNIST, as a folder of files that any static host can serve.

    model: a model, the path of a model file, or None for the network in the box.  HandgradError where the
    folder holds anything but an earlier site, or it cannot be written.
    """
    expect_site(folder)
    place, files = Path(folder), contents.folder(contents.network(model))
    index = files["index.html"]
    html = marked((index if isinstance(index, bytes) else index.read_bytes()).decode(), contents.policy())
    write_atomically(
        place / "index.html", html.encode(), KEPT
    )  # first: an export that is cut off can be repeated
    expect_folder(place / "data")
    for name in sorted(set(files) - {"index.html"}):
        held = files[name]
        write_atomically(place / name, held if isinstance(held, bytes) else held.read_bytes(), KEPT)
