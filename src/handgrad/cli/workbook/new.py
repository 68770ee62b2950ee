"""handgrad workbook new: write a copy of the workbook."""

import click

from handgrad.cli import examples
from handgrad.cli.shared import FILE, emit, output_options


@click.command(
    epilog=examples("handgrad workbook new course", "handgrad workbook new course --python --torch")
)
@click.argument("folder", metavar="FOLDER", type=FILE)
@click.option("--notebooks", "form", flag_value="notebooks", help="Write only notebooks.")
@click.option("--python", "form", flag_value="python", help="Write only Python files.")
@click.option("--torch", is_flag=True, help="Write exercises for PyTorch instead of NumPy.")
@click.option("--solved", is_flag=True, help="Write the solutions instead of blanks, for teachers.")
@output_options
def new(
    folder: str, form: str | None, torch: bool, solved: bool, as_json: bool, quiet: bool, debug: bool
) -> None:
    """Write a copy of the workbook.

    FOLDER is the folder to write it into; it is made if necessary. The workbook has nine chapters, as
    notebooks and as Python files, and a single Python file that holds all exercises without the text.
    Existing files are never overwritten.
    """
    from handgrad.workbook.book import copies, needs

    written = copies.write(folder, form or "both", solved, torch=torch)
    missing = needs.missing(form or "both", torch)
    command = f"pip install {' '.join(need.package for need in missing)}"
    if as_json:
        told = {"missing": [need.package for need in missing], "install": command if missing else None}
        emit({"folder": folder, "files": [path.name for path in written]} | told)
        return
    click.echo(f"{len(written)} files in {folder}; README.md there says how to begin")
    for need in missing:
        click.echo(f"{need.package} is not installed here; it {need.what_for}")
    if missing:
        click.echo(f"    {command}")
    if form != "python":
        click.echo(f"    cd {folder} && jupyter lab")
    if form != "notebooks":
        click.echo(f"    handgrad workbook check {folder}/two_layer_net.py")
