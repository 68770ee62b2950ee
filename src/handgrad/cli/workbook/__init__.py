"""handgrad workbook: the exercises, hints, and the checker of a learner's solutions."""

import click

from handgrad.cli import LazyGroup, examples


@click.group(
    cls=LazyGroup,
    names=("new", "check", "hint", "grade", "zoo"),
    package=__name__,
    epilog=examples("handgrad workbook new course", "handgrad workbook check course/two_layer_net.py"),
)
def workbook() -> None:
    """Build the network yourself, with a checker that names mistakes."""
