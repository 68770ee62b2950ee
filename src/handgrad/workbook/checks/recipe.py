"""The check of better_recipe, an open exercise: networks are trained by the recipe, and measured.

The learner's function returns choices, and runs where all learners' code runs; the training is ours. The
budget is in images and epochs, so the verdict does not depend on how fast the machine is.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from handgrad.errors import DataError, DivergedError
from handgrad.recipes import Recipe
from handgrad.workbook.checks.common import FailedError, Learner, what
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import NOT_RUN, Verdict

TARGET = 97.0  # % of the validation images; the lesson's loss and optimizer reach 96.9 at their best
IMAGES, VALIDATION = 20_000, 5_000  # the first of the training images, and the last
HIDDEN, EPOCHS, BATCH = 64, 3, 16  # at most, at most, at least
SEEDS = (0, 1, 2)
CHOICES = (
    "hidden", "activation", "bias", "init", "output_bias", "loss", "optimizer", "learning_rate", "schedule",
    "warmup", "batch_size", "epochs", "averaging",
)  # fmt: skip
FACTOR, CLEARLY = 3.0, 0.4  # another learning rate, and the points by which it has to be better


def check_recipe(name: str, learner: Learner) -> Verdict:
    """better_recipe() -> a dictionary of choices, or a Recipe."""
    settings = _settings(learner, learner.call(name).value)
    if unknown := sorted(set(settings) - set(CHOICES)):
        return Verdict(name, False, f"expected choices among {', '.join(CHOICES)}; got {', '.join(unknown)}")
    try:
        recipe = Recipe(**{"hidden": HIDDEN, "epochs": EPOCHS, **settings})
    except ValueError as error:
        return Verdict(name, False, f"these choices make no recipe: {error}")
    over = [
        f"{of} is {value}, the budget is {bound} {limit}"
        for of, value, bound, limit, too in (
            ("hidden", recipe.hidden, "at most", HIDDEN, recipe.hidden > HIDDEN),
            ("epochs", recipe.epochs, "at most", EPOCHS, recipe.epochs > EPOCHS),
            ("batch_size", recipe.batch_size, "at least", BATCH, recipe.batch_size < BATCH),
        )
        if too
    ]
    if over:
        return Verdict(name, False, f"{'; '.join(over)}. {MISTAKES[99].sentence}", mistake=99)
    try:
        return _measured(name, recipe)
    except DataError as error:
        return Verdict(name, False, f"the images for training cannot be read: {error}", state=NOT_RUN)


def reached(recipe: Recipe, seeds: tuple[int, ...] = SEEDS) -> list[float]:
    """The % of the validation images that is read, by one network for each seed; 0 where it diverges."""
    return [_reached(recipe, seed) for seed in seeds]


def _measured(name: str, recipe: Recipe) -> Verdict:
    each = reached(recipe)
    mean = float(np.mean(each))
    shown = f"{mean:.2f} % of the {VALIDATION:,} validation images, on average over {len(SEEDS)} networks"
    if mean >= TARGET:
        return Verdict(name, True, remarks=(f"it reads {shown}; the target is {TARGET:g} %",))
    message = f"it reads {shown}; {TARGET - mean:.2f} short of the target of {TARGET:g} %"
    if each[0] == 0:
        message = f"the training diverges. {message}"
    first, rate = SEEDS[:1], recipe.learning_rate
    shorter, longer = (
        reached(replace(recipe, learning_rate=rate * factor), first)[0] - each[0]
        for factor in (1 / FACTOR, FACTOR)
    )
    number = 98 if max(shorter, longer) < CLEARLY else 96 if shorter >= longer else 97
    return Verdict(name, False, f"{MISTAKES[number].sentence}\n{message}", mistake=number)


@cache
def _reached(recipe: Recipe, seed: int) -> float:
    from handgrad import engines, runs  # they take time to import, and few files need them

    engine = engines.engine("auto", threads=1, hidden=recipe.hidden)
    try:
        *_, last = runs.run(_data(), recipe, seed, engine=engine)
    except DivergedError:
        return 0.0
    return 100 * float(last.model.accuracy["validation"])


@cache
def _data() -> Any:
    """The images of the budget; the test images are not looked at."""
    from handgrad import digits, runs

    (images, labels), _ = digits.load_mnist()
    rows = np.r_[:IMAGES, len(labels) - VALIDATION : len(labels)]
    return runs.split(images[rows], labels[rows], VALIDATION)


def _settings(learner: Learner, value: dict[str, Any]) -> dict[str, Any]:
    """The choices that were returned, as plain values."""
    if value["is"] == "dict":
        return {k: _plain(v) for k, v in zip(value["keys"], value["items"], strict=True)}
    if value["type"] == "Recipe":
        return {choice: _plain(learner.attribute(value["handle"], choice)) for choice in CHOICES}
    raise FailedError(
        f"expected a dictionary of choices, such as {{'learning_rate': 0.1}}; got {what(value)}"
    )


def _plain(value: dict[str, Any]) -> Any:
    if value["is"] == "text":
        return value["text"]
    array = value.get("array")
    if array is None or array.size != 1:
        return None  # no choice is None: the recipe refuses it and says which
    number = float(array.reshape(()))
    if value["type"].startswith("bool"):
        return bool(number)
    return int(number) if "int" in value["type"] and np.isfinite(number) else number
