"""handgrad workbook: the exercises, and what is wrong with a learner's answers."""

import click

from handgrad.cli import LazyGroup


@click.group(cls=LazyGroup, names=("new", "check", "hint", "grade", "zoo"), package=__name__)
def workbook() -> None:
    """Build the network with your own hands, and be told which mistake you made."""
