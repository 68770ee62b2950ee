"""handgrad data: the data sets that are embedded or can be fetched, and whether their files are intact."""

import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from handgrad import digits
from handgrad.cli import Group, examples
from handgrad.cli.cut import cut
from handgrad.cli.shared import emit, output_options, say
from handgrad.cli.terminal import bars
from handgrad.digits.fetch import cache_folder, is_cached, pairs_of, verify_cached
from handgrad.digits.mnist import ATTRIBUTION, FILES
from handgrad.digits.pairs import Pairs
from handgrad.digits.sets import SETS, DataSet, PublishedFile
from handgrad.errors import DataError


@click.group(cls=Group, epilog=examples("handgrad data list", "handgrad data fetch fashion-mnist"))
def data() -> None:
    """List, verify and fetch sets of labelled images, or make one."""


data.add_command(cut)


@data.command("list", epilog=examples("handgrad data list", "handgrad data list --json"))
@output_options
def list_(as_json: bool, quiet: bool, debug: bool) -> None:
    """List the data sets, with size and licence.

    MNIST is embedded in the package; the other data sets can be fetched. The JSON document also names their
    files, checksums and sources.
    """
    if as_json:
        files = [{"name": file.name, "bytes": file.size, "sha256": file.sha256} for file in FILES]
        mnist = {"name": "mnist", "images": 70_000, "files": files, "attribution": ATTRIBUTION}
        emit({"data": [{**mnist, "where": "embedded in the package"}, *map(_facts, SETS.values())]})
        return
    folder = cache_folder()
    click.echo("mnist  embedded in the package: 60,000 training and 10,000 test images, 28 x 28, 10 digits")
    click.echo(f"       {ATTRIBUTION}\n")
    click.echo("handgrad data fetch NAME downloads a data set into")
    click.echo(f"{folder}\n")
    click.echo("name            training     test  pixels   classes  licence       size")
    for chosen in SETS.values():
        here = is_cached(chosen)
        size = f"{_megabytes(_on_disk(chosen) if here else chosen.size)}, {'here' if here else 'not fetched'}"
        click.echo(
            f"{chosen.name:<15} {chosen.train:>8,} {chosen.test:>8,}  {chosen.side} x {chosen.side}  "
            f"{chosen.classes:>7}  {chosen.licence:<12}  {size:<22}  {chosen.shows}"
        )


@data.command(epilog=examples("handgrad data verify"))
@output_options
def verify(as_json: bool, quiet: bool, debug: bool) -> None:
    """Compare all data files with their SHA-256 sums.

    These are the embedded files of MNIST and the files of all data sets that were fetched.
    """
    embedded = [_row(file.name, got, file.sha256) for file, got in digits.verify_mnist()]
    fetched = [_row(str(file.path), file.sha256, file.expected) for file in verify_cached()]
    if as_json:
        emit({"files": embedded + fetched, "good": all(row["good"] for row in embedded + fetched)})
    else:
        for row in embedded + fetched:
            click.echo(f"{'good' if row['good'] else 'BAD '}  {row['sha256']}  {row['name']}")
    for rows, remedy in ((embedded, "install handgrad again"), (fetched, "fetch the set again")):
        if bad := [row["name"] for row in rows if not row["good"]]:
            raise DataError(f"{', '.join(bad)}: not what was published; {remedy}")


@data.command(
    epilog=examples("handgrad data fetch fashion-mnist", "handgrad data fetch usps --from downloads")
)
@click.argument("name", type=click.Choice(list(SETS)), metavar="NAME")
@click.option(
    "--from",
    "place",
    metavar="PLACE",
    help="Folder with the published files, or its address (https://...). Default: the data set's mirrors.",
)
@output_options
def fetch(name: str, place: str | None, as_json: bool, quiet: bool, debug: bool) -> None:
    """Download a data set into the cache folder.

    NAME is the name of a data set, see 'handgrad data list'. A data set that is in the cache already is not
    downloaded again. The last line of the output is the command that trains on it.
    """
    chosen = SETS[name]
    where = Path(place) if place is not None and "://" not in place else place
    if place == "" or (isinstance(where, str) and not where.startswith(("http://", "https://"))):
        raise click.UsageError(
            f"--from: expected a folder, or an address with http:// or https://; got {place!r}"
        )
    with closing(_Bar(quiet)) as bar:
        result = digits.fetch_set(name, where, bar.note, bar.watch)
    command = _command(result.pairs, chosen.options)
    if as_json:
        emit({**_facts(chosen), "fetched": list(result.fetched), "train": command})
        return
    what = f"fetched {', '.join(result.fetched)}" if result.fetched else "already here"
    click.echo(f"{name}: {what}, {_megabytes(_on_disk(chosen))} in {result.pairs.train_images.parent}")
    click.echo(f"{chosen.attribution} (licence: {chosen.licence})")
    click.echo(command)


def _row(name: str, got: str | None, expected: str) -> dict[str, Any]:
    return {"name": name, "sha256": got, "expected": expected, "good": got == expected}


def _facts(chosen: DataSet) -> dict[str, Any]:
    """The facts about a data set, for JSON."""
    cached = is_cached(chosen)
    return {
        "name": chosen.name,
        "images": chosen.train + chosen.test,
        "train_images": chosen.train,
        "test_images": chosen.test,
        "shape": [chosen.side, chosen.side],
        "classes": chosen.classes,
        "shows": chosen.shows,
        "files": [{"name": f.name, "bytes": f.size, "sha256": f.sha256} for f in chosen.files],
        "mirrors": list(chosen.mirrors),
        "licence": chosen.licence,
        "attribution": chosen.attribution,
        "where": str(pairs_of(chosen).train_images.parent) if cached else None,
        "bytes": _on_disk(chosen) if cached else None,
    }


def _command(pairs: Pairs, options: tuple[str, ...]) -> str:
    """The line that trains on the set."""
    flags = ("--images", "--labels", "--test-images", "--test-labels")
    words = [word for flag, path in zip(flags, pairs, strict=True) for word in (flag, str(path))]
    return shlex.join(["handgrad", "train", *words, *options])


def _on_disk(chosen: DataSet) -> int:
    """Size in bytes of the set's files in the cache, the published files included."""
    published = {cache_folder() / chosen.published_in / file.name for file in chosen.files}
    return sum(path.stat().st_size for path in published | {*pairs_of(chosen)} if path.is_file())


def _megabytes(size: int | None) -> str:
    return "size unknown" if size is None else f"{size / 1e6:,.1f} MB"


class _Bar:
    """A progress bar for the current download, on stderr if that is a terminal."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
        self._bar: Any = None

    def watch(self, file: PublishedFile, received: int) -> None:
        """Show how many bytes have been received."""
        if not self._shown:
            return
        if self._bar is None:  # the first file, or a note has ended the bar of the file before
            self._bar = click.progressbar(length=file.size, label=f"  {file.name}", file=bars())
            self._bar.__enter__()
        self._bar.update(received - self._bar.pos)

    def note(self, line: str) -> None:
        """Print a line; the bar ends."""
        self.close()
        say(self._quiet, line)

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
