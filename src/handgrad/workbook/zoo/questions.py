"""A question of the zoo: the curves of a bug that is not named, and four names to choose from."""

import html
from dataclasses import dataclass, field

import numpy as np

from handgrad.workbook.zoo.bugs import BUGS, Bug
from handgrad.workbook.zoo.runs import Set
from handgrad.workbook.zoo.watched import RATE, SWITCH_ON, Watched, find, image, spelt, watch

TITLE = "which bug is it?"
ALIKE = (  # bugs with nearly the same curves: never two of them in one question
    {"y-and-target-swapped", "update-adds"},
    {"sigmoid-derivative-missing", "cross-entropy-shortcut", "sigmoid-derivative-half"},
)


@dataclass(frozen=True, eq=False)
class Quiz:
    """One question. answer(name) says whether that is it, and which curve gave it away."""

    seed: int
    choices: tuple[str, ...]
    watched: Watched = field(repr=False)

    def answer(self, name: str | int) -> str:
        """Whether it is right, what the bug is, and which curve shows it.

        ValueError for an unknown choice.
        """
        guess, bug = find(name), self.watched.bug
        if guess.name not in self.choices:
            raise ValueError(f"expected one of {', '.join(self.choices)}; got {guess.name}")
        verdict = "right" if guess == bug else f"wrong, it is not {guess.name}"
        number = "" if bug.number is None else f" (mistake {bug.number})"
        return f"{verdict}: it is {bug.name}{number}, {bug.changes}. {self.evidence()}"

    def evidence(self) -> str:
        """The curve that gives the bug away, with its values just after the switch and at the end."""
        bug, curve = self.watched.bug, str(self.watched.bug.shows)
        said = self.watched.beside(curve)
        name = f"the norm of {curve}" if curve.startswith("grad") else spelt(curve)
        if not said:
            return f"What gives it away is {name}: {bug.why}. It left the finite numbers at once."
        (_, wrong, right), (epoch, last, last_right) = said[0], said[-1]
        return (
            f"What gives it away is {name}, {wrong:.3g} beside {right:.3g} in the first tenth of an epoch, "
            f"{last:.3g} beside {last_right:.3g} at {epoch:g} epochs: {bug.why}."
        )

    def text(self) -> str:
        """The curves as a table, and the names to choose from."""
        return f"{self.watched.text()}\n{TITLE} {', '.join(self.choices)}"

    def picture(self) -> bytes:
        """The curves as a PNG file. MissingExtraError without matplotlib."""
        return self.watched.picture(TITLE)

    def _repr_html_(self) -> str:
        names = "".join(f"<li><code>{html.escape(name)}</code></li>" for name in self.choices)
        return (
            f"{image(self.picture())}<p>{TITLE} Say it with <code>.answer(name)</code>:</p><ul>{names}</ul>"
        )


def quiz(
    seed: int = 0, epochs: int = 6, hidden: int = 64, images: int = 10_000, learning_rate: float = RATE,
    data: tuple[Set, Set] | None = None,
) -> Quiz:  # fmt: skip
    """A question drawn from the seed: a bug that a curve gives away, switched on at the start or in epoch 3.

    Of the other three names up to two are about the same formula, and none has the same curves.
    """
    rng = np.random.default_rng(seed)
    switch_on = 1 if rng.random() < 0.25 else min(SWITCH_ON, epochs)
    bug, *others = draw(rng, hidden, at_start=switch_on == 1)
    names = [b.name for b in (bug, *others)]
    choices = tuple(names[i] for i in rng.permutation(len(names)))
    return Quiz(seed, choices, watch(bug, epochs, switch_on, hidden, images, seed, learning_rate, data))


def draw(rng: np.random.Generator, hidden: int, at_start: bool) -> list[Bug]:
    """The bug to be guessed, and three others to choose from."""
    possible = [
        bug
        for bug in BUGS
        if bug.shows and bug.hidden in (None, hidden) and (at_start or not bug.only_at_start)
    ]
    bug = possible[rng.integers(len(possible))]
    drawn = [bug]
    others = [possible[i] for i in rng.permutation(len(possible))]
    relatives = [b for b in others if b.family == bug.family and b != bug][:2]
    for other in relatives + others:
        alike = any(other.name in names and b.name in names for names in ALIKE for b in drawn)
        if len(drawn) < 4 and other not in drawn and not alike:
            drawn.append(other)
    return drawn
