"""What to learn from: the options of handgrad train that name images and labels."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from handgrad import digits, runs
from handgrad.cli.own import Own
from handgrad.cli.shared import loaded, pair
from handgrad.runs import Data
from handgrad.runs.beginning import held_back_of_few


class Source(NamedTuple):
    """The options that say what to learn from."""

    data: str | None
    images: str | None
    labels: str | None
    test_images: str | None
    test_labels: str | None

    @property
    def embedded(self) -> bool:
        """Whether MNIST is meant: no other set and no files are named."""
        return self.data in (None, "mnist") and self.images is None and self.labels is None

    def read(self, validation: int | None, own: Own, few: bool) -> Data:
        """The images and labels, ready for a network, and split; few: of few images none is held back."""
        given, test = pair(self.images, self.labels), pair(self.test_images, self.test_labels)
        if self.data is not None and self.data != "mnist":
            given, test = loaded(self.data, own.quiet, own.prepare)
        elif given is None:
            if test is not None:
                raise click.UsageError("--test-images goes with --images; MNIST has its own test images")
            given, test = digits.load_mnist()
        if not self.embedded:
            given, *tests = own.brought(given, *([] if test is None else [test]))
            test = tests[0] if tests else None
        if validation is None and few:
            validation = held_back_of_few(len(given[1]))
        return replace(runs.split(*given, validation, test), prepared=own.prepare)

    def words(self) -> list[str]:
        """The same as words of a command."""
        return as_words({"--" + key.replace("_", "-"): value for key, value in self._asdict().items()})

    def evaluation(self, model: Path) -> str:
        """The command that measures a model on the test images."""
        test = {"--data": self.data, "--images": self.test_images, "--labels": self.test_labels}
        return shlex.join(["handgrad", "evaluate", str(model), *as_words(test)])


def as_words(options: dict[str, Any]) -> list[str]:
    """Options that are given, as words of a command."""
    return [str(word) for flag, value in options.items() if value is not None for word in (flag, value)]
