"""The lab as a folder for any static host: it works at the root of a site and below it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.errors import HandgradError
from handgrad.files import KEPT, expect_folder, write_atomically
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
    ours = {"data", *(name.partition("/")[0] for name in contents.folder(contents.Network(b"", "")))}
    found = {path.name for path in place.iterdir()}
    index = place / "index.html"
    is_site = index.is_file() and GENERATOR in index.read_text("utf-8", "replace")[:4096]
    if found and not is_site:
        raise HandgradError(f"{folder}: expected an empty folder, or an earlier site; choose another name")
    if strange := sorted(found - ours):
        raise HandgradError(
            f"{folder}: expected nothing but an earlier site; got {strange[0]!r}; choose another name"
        )


def export_site(model: "Model | str | os.PathLike[str] | None", folder: str | os.PathLike[str]) -> None:
    """Write the lab, with all of MNIST, as a folder of files that any static host can serve.

    model: a model, the path of a model file, or None for the network in the box.  HandgradError where the
    folder holds anything but an earlier site, or it cannot be written.
    """
    expect_site(folder)
    shown = contents.network(model)
    place = Path(folder)
    expect_folder(place / "data")
    for name, held in contents.folder(shown).items():
        data = held if isinstance(held, bytes) else held.read_bytes()
        if name == "index.html":
            data = marked(data.decode(), contents.policy()).encode()
        write_atomically(place / name, data, KEPT)
