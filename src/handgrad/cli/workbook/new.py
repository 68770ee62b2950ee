"""handgrad workbook new: a learner's copy of the workbook."""

import click

from handgrad.cli.shared import FILE, emit, output_options


@click.command()
@click.argument("folder", type=FILE)
@click.option("--notebooks", "form", flag_value="notebooks", help="Only notebooks.")
@click.option("--python", "form", flag_value="python", help="Only Python files.")
@click.option("--torch", is_flag=True, help="For PyTorch instead of NumPy.")
@click.option("--solved", is_flag=True, help="With the solutions: for teachers.")
@output_options
def new(
    folder: str, form: str | None, torch: bool, solved: bool, as_json: bool, quiet: bool, debug: bool
) -> None:
    """Write a copy of the workbook into FOLDER: nine chapters, and one plain file to fill in.

    Without --notebooks or --python both are written. Nothing is overwritten.
    """
    from handgrad.workbook.book import copies

    written = copies.write(folder, form or "both", solved, torch=torch)
    if as_json:
        emit({"folder": folder, "files": [path.name for path in written]})
        return
    click.echo(f"{len(written)} files in {folder}; its README.md says how to begin")
    if form != "python":
        click.echo(f"    cd {folder} && jupyter lab")
    if form != "notebooks":
        click.echo(f"    handgrad workbook check {folder}/two_layer_net.py")
