"""handgrad export: a trained network -> forms in which others use it."""

from pathlib import Path

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, output_options, say


@click.command(
    epilog=examples("handgrad export --page lab.html", "handgrad export model.safetensors --site public")
)
@click.argument("model", metavar="[MODEL]", type=FILE, required=False)
@click.option(
    "--page",
    metavar="FILE",
    type=FILE,
    help="Write the lab as one HTML file, which opens from disk, offline.",
)
@click.option(
    "--site",
    metavar="DIR",
    type=FILE,
    help="Write the lab as a folder for any static host; DIR is made, or empty.",
)
@output_options
def export(
    model: str | None, page: str | None, site: str | None, as_json: bool, quiet: bool, debug: bool
) -> None:
    """Export a network in the forms that others use.

    MODEL is a model file, as 'handgrad train' writes it. Default: the network in the box. The lab, see
    'handgrad lab --help', is exported with the network in it: as a page of one file with 6,000 training and
    1,000 test images, or as a folder with all of MNIST. Both take networks for images of 28 x 28 pixels.
    """
    if page is None and site is None:
        raise click.UsageError("expected --page or --site; got neither")
    from handgrad.files import expect_writable
    from handgrad.lab.page import PAGE, export_page
    from handgrad.lab.site import expect_site, export_site

    inputs = () if model is None else (model,)
    if page is not None:
        expect_writable(page, PAGE, *inputs)
    if site is not None:
        expect_site(site)
    written: dict[str, int] = {}
    if page is not None:
        say(quiet, f"writing {page}")
        export_page(model, page)
        written[page] = Path(page).stat().st_size
    if site is not None:
        say(quiet, f"writing {site}")
        export_site(model, site)
        written[site] = sum(path.stat().st_size for path in Path(site).rglob("*") if path.is_file())
    if as_json:
        emit({"written": [{"path": path, "bytes": size} for path, size in written.items()]})
        return
    for path, size in written.items():
        click.echo(f"{path}: {size / 1e6:.1f} MB")
