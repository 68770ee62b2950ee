"""A command in several processes: torchrun starts them, the first one writes and prints."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from handgrad.errors import HandgradError, came_of_ctrl_c

if TYPE_CHECKING:
    from handgrad.engines.ranks import Ranks


@contextmanager
def all_ranks(device: str) -> "Iterator[Ranks | None]":
    """The processes that train together; None where there is only this one.

    Of processes that fail only the first says why. The others end with the same exit code and no line, since
    they fail for the same reason, or because the first one has gone.
    """
    from handgrad.engines.ranks import joined, ranks_here

    if ranks_here() == 1:
        yield None
        return
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda") or number:
        raise click.UsageError(f"several processes train on --device cpu or cuda, one GPU each; got {device}")
    with joined(on=kind) as ranks:
        try:
            yield ranks
        except (HandgradError, click.ClickException, OSError, MemoryError, KeyboardInterrupt) as error:
            if ranks.fails_first():
                raise
            interrupted = came_of_ctrl_c(error)
            raise click.exceptions.Exit(130 if interrupted else getattr(error, "exit_code", 1)) from None
