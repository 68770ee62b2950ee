"""What 'handgrad predict' reads from and draws to: files, folders of files, stdin; and its progress."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from handgrad.cli.shared import say
from handgrad.cli.terminal import bars
from handgrad.errors import HandgradError, ImageError
from handgrad.files import PNG, expect_folder, expect_replaceable, expect_writable

if TYPE_CHECKING:
    from handgrad.photos import Picture

MAX_BYTES = 100_000_000  # of a picture on stdin
CLEAR = "\r\033[K"  # what takes a progress bar from the line of a terminal


class Item(NamedTuple):
    """A file to read."""

    path: str  # "-" is stdin
    drawing: str  # the name of its drawing in a folder of drawings, without .png


def listed(names: Sequence[str], quiet: bool) -> Iterator[Item | ImageError]:
    """The files that are named, and those in the folders that are named; an error for an empty folder."""
    from handgrad.photos.folders import listing

    for name in names:
        if not os.path.isdir(name):
            yield Item(name, "stdin" if name == "-" else os.path.basename(name))
            continue
        try:
            found = listing(name)
        except ImageError as error:
            yield error
            continue
        left = [(found.others, "other files"), (found.hidden, "hidden files or folders")]
        if told := " and ".join(f"{count} {what}" for count, what in left if count):
            say(quiet, f"{name}: {len(found.pictures)} pictures; left out: {told}")
        yield from (Item(str(path), str(path.relative_to(name))) for path in found.pictures)


def pages_of(item: Item) -> "Iterator[Picture]":
    """The pages of a file."""
    from handgrad.photos import read_pictures

    if item.path != "-":
        return read_pictures(item.path)
    if sys.stdin is None:
        raise ImageError("stdin: expected a picture; it is closed")
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ImageError(f"stdin: expected at most {MAX_BYTES:,} bytes; got more")
    return read_pictures(data, "stdin")


def titled(item: Item, picture: "Picture") -> str:
    """What a page is called: the file as it was named, and the page if there are several."""
    return f"{item.path}, page {picture.page}" if picture.pages > 1 else item.path


class Drawings:
    """Where the pictures with boxes go: one file, or a folder with a file for each page."""

    def __init__(self, place: str, names: Sequence[str], items: Sequence[Item]) -> None:
        """Ask, before any work, whether they can be written."""
        self.place = place
        folders = [name for name in names if os.path.isdir(name)]
        several = len(names) > 1 or bool(folders)
        if several and place.lower().endswith(".png") and not os.path.isdir(place):
            what = f"{len(names)} pictures" if len(names) > 1 else "the pictures of a folder"
            raise click.UsageError(f"--save-boxes: expected a folder for {what}; got {place}")
        self.is_folder = several or place.endswith(("/", os.sep))
        if not self.is_folder:
            expect_writable(place, PNG, names[0])
            return
        for folder in folders:
            if Path(place).resolve().is_relative_to(Path(folder).resolve()):
                raise HandgradError(
                    f"{place}: lies in {folder}, whose pictures are read; choose another folder"
                )
        expect_folder(place)
        sources = {os.path.realpath(item.path) for item in items}
        for path in (self._path(item, "") for item in items):
            if os.path.realpath(path) in sources:
                raise HandgradError(f"{path}: is a file to read; choose another folder")
            expect_replaceable(path, PNG)

    def path(self, item: Item, picture: "Picture") -> str | None:
        """Where a page is drawn; None for the further pages of a file if all has to go into one drawing."""
        if not self.is_folder:
            return self.place if picture.page == 1 else None
        path = self._path(item, f"-{picture.page}" if picture.pages > 1 else "")
        expect_folder(path.parent)
        return str(path)

    def _path(self, item: Item, page: str) -> Path:
        return Path(self.place, f"{item.drawing}{page}.png")


def with_own_drawings(items: Sequence[Item]) -> list[Item]:
    """The items, numbered where two drawings would have the same name."""
    counts: dict[str, int] = {}
    renamed = []
    for item in items:
        counts[item.drawing] = count = counts.get(item.drawing, 0) + 1
        renamed.append(item if count == 1 else item._replace(drawing=f"{item.drawing} ({count})"))
    return renamed


class Lines:
    """Lines on stdout and stderr, above a progress bar if there is one."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar

    def echo(self, line: str, err: bool = False) -> None:
        """Print a line."""
        shares_terminal = self._bar is not None and (err or sys.stdout.isatty())
        if shares_terminal:
            click.echo(CLEAR, nl=False, file=bars())
        click.echo(line, err=err)
        if shares_terminal:
            self._bar.render_progress()

    def step(self) -> None:
        """One more file is done."""
        if self._bar is not None:
            self._bar.update(1)


@contextmanager
def progress(total: int, quiet: bool) -> Iterator[Lines]:
    """Lines above a progress bar, which is shown on a terminal, for several files, unless --quiet."""
    if quiet or total < 2 or sys.stderr is None or not sys.stderr.isatty():
        yield Lines()
        return
    with click.progressbar(length=total, label="pictures", file=bars(), show_pos=True) as bar:
        yield Lines(bar)
