"""handgrad workbook hint: a hint for an exercise."""

import click

from handgrad.cli import examples
from handgrad.cli.shared import emit, output_options


@click.command(epilog=examples("handgrad workbook hint", "handgrad workbook hint affine_backward 2"))
@click.argument("exercise", metavar="[EXERCISE]", required=False)
@click.argument("level", metavar="[LEVEL]", type=click.IntRange(1, 3), default=1)
@output_options
def hint(exercise: str | None, level: int, as_json: bool, quiet: bool, debug: bool) -> None:
    """Print a hint for an exercise, or the list of exercises.

    EXERCISE is the name of an exercise; without it the exercises are listed. LEVEL says how much the hint
    gives away: 1 describes the symptom (the default), 2 says where to look, 3 gives the line of code.
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
