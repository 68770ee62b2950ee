"""handgrad data: what is embedded, and whether it is whole."""

import click

from handgrad import digits
from handgrad.cli.shared import emit, output_options
from handgrad.digits.mnist import ATTRIBUTION, FILES
from handgrad.errors import DataError


@click.group()
def data() -> None:
    """List and verify the embedded data."""


@data.command("list")
@output_options
def list_(as_json: bool, quiet: bool, debug: bool) -> None:
    """Name the embedded data, with its size, source and licence."""
    if as_json:
        files = [{"name": file.name, "bytes": file.size, "sha256": file.sha256} for file in FILES]
        mnist = {"name": "mnist", "images": 70_000, "files": files, "attribution": ATTRIBUTION}
        emit({"data": [{**mnist, "where": "embedded in the package"}]})
        return
    click.echo("mnist  embedded in the package: 60,000 training and 10,000 test images, 28 x 28, 10 digits")
    click.echo(f"       {ATTRIBUTION}")


@data.command()
@output_options
def verify(as_json: bool, quiet: bool, debug: bool) -> None:
    """Decompress the embedded files and compare their SHA-256 sums with the published ones."""
    checked = digits.verify_mnist()
    if as_json:
        rows = [
            {"name": f.name, "sha256": got, "expected": f.sha256, "good": got == f.sha256}
            for f, got in checked
        ]
        emit({"files": rows, "good": all(row["good"] for row in rows)})
    else:
        for file, got in checked:
            click.echo(f"{'good' if got == file.sha256 else 'BAD '}  {got}  {file.name}")
    if bad := [file.name for file, got in checked if got != file.sha256]:
        raise DataError(f"{', '.join(bad)}: not what was published; install handgrad again")
