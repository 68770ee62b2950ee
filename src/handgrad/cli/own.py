"""Images of one's own: in MNIST's shades, or prepared by the photo pipeline, for every command alike."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import click
import numpy as np

from handgrad.arrays import NDArray
from handgrad.cli.shared import say
from handgrad.cli.terminal import bars
from handgrad.errors import DataError
from handgrad.runs import in_shades

Pair = tuple[Any, NDArray]  # images, and their labels
NAMED = 5  # images that a line names


class Own(NamedTuple):
    """The options that say what becomes of the images, and where to say it."""

    prepare: bool
    invert: bool | None
    quiet: bool

    def brought(self, *parts: Pair) -> list[Pair]:
        """Parts of one data set (training, test), ready for a network. What was done is said on stderr."""
        if self.prepare:
            return [self._prepared(*part) for part in parts]
        shaded = in_shades(*(images for images, _ in parts), invert=self.invert)
        for line in shaded.changes:
            say(self.quiet, f"note: {line}")
        return [(images, labels) for images, (_, labels) in zip(shaded.parts, parts, strict=True)]

    def image(self, images: Any, row: int) -> NDArray:
        """A row of images, ready for a network."""
        if not self.prepare:
            shaded: NDArray = self.brought((images, np.empty(len(images))))[0][0][row]
            return shaded
        image: NDArray = self._prepared([images[row]], np.zeros(1))[0][0]
        return image

    def _prepared(self, images: Any, labels: NDArray) -> Pair:
        from handgrad.photos import prepare

        shown = not self.quiet and sys.stderr is not None and sys.stderr.isatty()
        if shown:
            with click.progressbar(length=len(images), label="preparing", file=bars()) as bar:
                done = prepare(images, lambda count: bar.update(1))
        else:
            done = prepare(images)
        if not len(done.rows):
            raise DataError(
                f"expected images of digits to prepare; no digit was found in any of {len(images):,}"
            )
        if done.left_out:
            name = getattr(images, "name", str)
            names = ", ".join(name(row) for row in done.left_out[:NAMED])
            more = ", ..." if len(done.left_out) > NAMED else ""
            rows = "" if hasattr(images, "name") else "rows "
            left_out = f"{len(done.left_out):,} of {len(images):,} images are left out"
            say(self.quiet, f"note: {left_out}: no digit was found in them ({rows}{names}{more})")
        return done.images, labels[done.rows]


def own_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--prepare and --invert."""
    for option in (
        click.option(
            "--invert/--no-invert",
            default=None,
            help="Exchange dark and bright. Default: where the paper is bright, which is said.",
        ),
        click.option(
            "--prepare",
            is_flag=True,
            help="Prepare each image as MNIST's were: find its digit, scale it to 20 pixels and centre it.",
        ),
    ):
        command = option(command)
    return command


def expect_one_way(prepare: bool, invert: bool | None) -> None:
    """UsageError where both are asked for."""
    if prepare and invert is not None:
        raise click.UsageError(
            "--prepare finds out by itself whether ink is dark or bright; leave out --invert"
        )


def notes(lines: Sequence[str], quiet: bool) -> None:
    """Lines about the data, on stderr."""
    for line in lines:
        say(quiet, f"note: {line}")
