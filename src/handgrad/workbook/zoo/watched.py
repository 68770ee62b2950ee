"""A bug in a running network: watch it beside the right one, or survey how much each bug still learns."""

import base64
import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from handgrad import digits
from handgrad.errors import MissingExtraError
from handgrad.insight.evaluation import baseline_accuracy
from handgrad.workbook.zoo.bugs import BUGS, Bug
from handgrad.workbook.zoo.formulas import RIGHT
from handgrad.workbook.zoo.runs import CURVES, Curves, Set, accuracy, course

SWITCH_ON = 3  # the epoch, where none is named
RATE = 0.1  # the learning rate: a fifth of the recipe lesson's, at which several bugs break by chance


def find(bug: str | int | Bug) -> Bug:
    """The bug with this name or this (unique) number. ValueError lists similar names."""
    if isinstance(bug, Bug):
        return bug
    word = str(bug).strip()
    found = [b for b in BUGS if word.lower() == b.name.lower() or word == str(b.number)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"number {word} has {len(found)} bugs; name one: {', '.join(b.name for b in found)}")
    near = difflib.get_close_matches(word, [b.name for b in BUGS], 3, 0.5)
    hint = f"like {', '.join(near)}" if near else "'handgrad workbook zoo' lists them"
    raise ValueError(f"expected the name or number of a bug ({hint}); got {word!r}")


def spelt(curve: str) -> str:
    """The name of a curve for people: words apart, the letters of a gradient as they are."""
    return curve if curve.startswith("grad") else curve.replace("_", " ")


@dataclass(frozen=True, eq=False)
class Watched:
    """The right network and the wrong one, which are the same until the bug is switched on."""

    bug: Bug = field(repr=False)  # a question must not show it
    switch_on: int  # the epoch, from 1
    hidden: int
    images: int
    seed: int
    right: Curves = field(repr=False)
    wrong: Curves = field(repr=False)

    def beside(self, curve: str) -> list[tuple[float, float, float]]:
        """(epoch, wrong, right) from the first tenth of an epoch with the bug on, as long as both went on."""
        pairs = zip(self.right.points, self.wrong.points, strict=False)
        after = [(r, w) for r, w in pairs if r.epoch > self.switch_on - 1]
        return [(r.epoch, getattr(w, curve), getattr(r, curve)) for r, w in after]

    def text(self) -> str:
        """The curves as a table, wrong above right: the ends of nine epochs at most, and the first tenth with
        the bug."""
        ends = [i for i, point in enumerate(self.right.points) if point.epoch == int(point.epoch)]
        few = np.unique(np.linspace(0, len(ends) - 1, min(9, len(ends))).round().astype(int))
        first = next(i for i, point in enumerate(self.right.points) if point.epoch > self.switch_on - 1)
        shown = sorted({first, *(ends[i] for i in few)})
        lines = [f"{'epoch':<26}" + "".join(f"{self.right.points[i].epoch:>10g}" for i in shown)]
        for curve in CURVES:
            for name, curves in (("wrong", self.wrong), ("right", self.right)):
                values = curves.values(curve)
                cells = (f"{values[i]:>10.4g}" if i < len(values) else f"{'-':>10}" for i in shown)
                head = spelt(curve) if name == "wrong" else ""
                lines.append(f"{head:<20}{name:<6}" + "".join(cells))
        ended = f"; the wrong network is {self.wrong.ended}" if self.wrong.ended else ""
        return "\n".join([*lines, f"the bug is on from epoch {self.switch_on}{ended}"])

    def picture(self, title: str | None = None) -> bytes:
        """The curves as a PNG file. MissingExtraError without matplotlib."""
        try:
            from handgrad.insight import plots
            from handgrad.workbook.zoo import pictures
        except ModuleNotFoundError:
            raise MissingExtraError("pictures need matplotlib: pip install 'handgrad[plot]'") from None
        named = f"{self.bug.name}: {self.bug.changes}"
        named = named if title is None else title
        return plots.png(pictures.curves(self.right, self.wrong, self.switch_on, named))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the name of the bug."""
        both = {"right": self.right, "wrong": self.wrong}
        courses = {
            name: {"points": [point._asdict() for point in curves.points], "ended": curves.ended}
            for name, curves in both.items()
        }
        facts = ("switch_on", "hidden", "images", "seed")
        return {**{name: getattr(self, name) for name in facts}, **courses}

    def _repr_html_(self) -> str:
        return image(self.picture())


def image(png: bytes) -> str:
    """A picture as HTML that holds it."""
    return f'<img alt="curves" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def watch(
    bug: str | int | Bug, epochs: int = 6, switch_on: int | None = None, hidden: int | None = None,
    images: int = 10_000, seed: int = 0, learning_rate: float = RATE, data: tuple[Set, Set] | None = None,
) -> Watched:  # fmt: skip
    """Train the lesson's network on MNIST, and from epoch switch_on on a copy of it with the bug.

    switch_on=1 is wrong from the start; without it epoch 3, or 1 where the bug is one of the initialisation.
    hidden: 64, or what the bug needs. data as digits.load_mnist, which is read without it. Deterministic from
    the seed. ValueError for an unknown bug, too many images, or an epoch out of range.
    """
    bug = find(bug)
    hidden = hidden or bug.hidden or 64
    if bug.hidden not in (None, hidden):
        raise ValueError(f"{bug.name} runs with {bug.hidden} hidden units only; got {hidden}")
    if switch_on is None:
        switch_on = 1 if bug.only_at_start else min(SWITCH_ON, epochs)
    if not 1 <= switch_on <= epochs:
        raise ValueError(f"expected an epoch to switch the bug on, 1 to {epochs}; got {switch_on}")
    if bug.only_at_start and switch_on > 1:
        raise ValueError(f"{bug.name} is there before the first epoch: expected epoch 1; got {switch_on}")
    given, _ = data or digits.load_mnist()
    run = course(given, epochs, hidden, images, seed, learning_rate)
    before = run.learn(RIGHT, run.start(), range(1, switch_on))
    fork = run.start(bug.formulas) if switch_on == 1 else before.params
    rest = range(switch_on, epochs + 1)
    right, wrong = run.learn(RIGHT, before.params, rest), run.learn(bug.formulas, fork, rest)
    joined = [Curves(before.points + part.points, part.params, part.ended) for part in (right, wrong)]
    return Watched(bug, switch_on, hidden, images, seed, *joined)


class Surveyed(NamedTuple):
    """The test accuracy of a network that was wrong from the start, beside that of the right one."""

    bug: Bug
    accuracy: float
    right: float
    baseline: float  # of the mean-image templates of the same images
    ended: str | None

    @property
    def learns(self) -> bool:
        """Whether it reads most of them."""
        return self.accuracy > 0.5

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        accuracies = {"test_accuracy": self.accuracy, "right_test_accuracy": self.right}
        return {**self.bug.to_dict(), **accuracies, "learns": self.learns, "ended": self.ended}


def survey(
    epochs: int = 6, hidden: int = 64, images: int = 10_000, seed: int = 0, learning_rate: float = RATE,
    data: tuple[Set, Set] | None = None, bugs: tuple[Bug, ...] = BUGS,
) -> Iterator[Surveyed]:  # fmt: skip
    """Each bug from the first epoch on, one after the other; with the hidden units that it needs, if any."""
    given, test = data or digits.load_mnist()
    baseline = baseline_accuracy((given[0][:images], given[1][:images]), test)
    right: dict[int, float] = {}
    for bug in bugs:
        run = course(given, epochs, bug.hidden or hidden, images, seed, learning_rate)
        every = range(1, epochs + 1)
        if (H := run.recipe.hidden) not in right:
            right[H], _ = accuracy(RIGHT, run.learn(RIGHT, run.start(), every, 1).params, test)
        wrong = run.learn(bug.formulas, run.start(bug.formulas), every, 1)
        reached, _ = accuracy(bug.formulas, wrong.params, test)
        yield Surveyed(bug, reached, right[H], baseline, wrong.ended)
