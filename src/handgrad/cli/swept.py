"""What handgrad sweep says of its settings: lines for a terminal, documents for JSON, the best's command."""

from collections.abc import Iterator
from typing import Any

from handgrad.insight.evaluation import percent
from handgrad.recipes import RECIPES, Recipe
from handgrad.runs.sweeps import Plan, Setting
from handgrad.runs.sweeps.choices import shown

TOP = 20  # settings that are printed


def printed(settings: list[Setting], plan: Plan, table_name: str) -> Iterator[str]:
    """The settings as a table: what was varied, and what was reached, means over the seeds.

    table_name: the file that has those of which there is no room here.
    """
    heads = ["rank", *plan.varied, "seeds", "validation (decides)", "test (only reports)"]
    table = [
        [
            str(i + 1) if setting.validation else "-",
            *(shown(getattr(setting.recipe, name)) for name in plan.varied),
            str(len(setting.results)),
            _spread(setting.validation, setting, "diverged"),
            _spread(setting.test, setting, "-"),
        ]
        for i, setting in enumerate(settings[:TOP])
    ]
    widths = [max(map(len, column)) for column in zip(heads, *table, strict=True)]
    for row in [heads, *table]:
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    if len(settings) > TOP:
        yield f"... and {len(settings) - TOP:,} more in {table_name}"


def _spread(reached: tuple[float, float] | None, setting: Setting, otherwise: str) -> str:
    """Mean over the seeds, and their standard deviation where there are several: "98.41 +- 0.05 %"."""
    if reached is None:
        return otherwise
    mean, deviation = reached
    return f"{100 * mean:.2f} +- {100 * deviation:.2f} %" if len(setting.results) > 1 else percent(mean)


def document(setting: Setting, plan: Plan) -> dict[str, Any]:
    """The part of the JSON document that belongs to one setting."""
    validation, test = setting.validation, setting.test
    return {
        "choices": {name: shown(getattr(setting.recipe, name)) for name in plan.varied},
        "seeds": [result.trial.seed for result in setting.results],
        "trials": [result.name for result in setting.results],
        "diverged": not setting.finished,
        "validation_accuracy": validation and validation[0],
        "test_accuracy": test and test[0],
    }


def command_of(name: str, recipe: Recipe) -> list[str]:
    """The command that trains a network by this recipe."""
    words, base = ["handgrad", "train", "--recipe", name], RECIPES[name]
    for choice in Recipe.__dataclass_fields__:
        value = getattr(recipe, choice)
        if value == getattr(base, choice):
            continue
        flag = "distort" if choice == "distortion" else choice.replace("_", "-")
        if choice in ("bias", "distortion"):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", shown(value) if isinstance(value, str) else repr(value)]
    return words
