"""handgrad workbook hint: one of the three hints of an exercise."""

import click

from handgrad.cli.shared import emit, output_options


@click.command()
@click.argument("exercise", required=False)
@click.argument("level", type=click.IntRange(1, 3), default=1)
@output_options
def hint(exercise: str | None, level: int, as_json: bool, quiet: bool, debug: bool) -> None:
    """Give a hint for EXERCISE: LEVEL 1 is the symptom, 2 where to look, 3 the line.

    Without arguments: name the exercises.
    """
    from handgrad.workbook.book.exercise import exercises
    from handgrad.workbook.book.exercise import hint as hint_for

    if exercise is None:
        rows = [{"name": e.name, "chapter": e.chapter} for e in exercises().values()]
        if as_json:
            emit({"exercises": rows})
        else:
            click.echo("\n".join(f"chapter {row['chapter']}  {row['name']}" for row in rows))
        return
    given = hint_for(exercise, level)
    if as_json:
        emit({"name": given.name, "level": given.level, "text": given.text})
    else:
        click.echo(str(given))
