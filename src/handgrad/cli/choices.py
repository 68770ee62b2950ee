"""The options that choose a recipe, or single choices of it.

An option stands for each field of a Recipe; its default is the recipe's own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from handgrad.model import Model
from handgrad.recipes import CHOICES, RECIPES, Distortion, Recipe
from handgrad.runs import Beginning
from handgrad.runs.beginning import NAME as FINE_TUNE

DEFAULT_RECIPE = "quick"
# choice of the recipe -> its option's values (a list, or a type and the name of its values) and help
CHANGES: dict[str, tuple[Any, str | None, str]] = {
    "hidden": (int, "N", "Number of hidden units."),
    "activation": (CHOICES["activation"], None, "Non-linearity of the hidden units; none leaves it out."),
    "bias": (bool, None, "Layers with or without biases."),
    "init": (CHOICES["init"], None, "Initial weights: random (He, Xavier), or the mean-image templates."),
    "output_bias": (
        CHOICES["output_bias"], None, "Initial output biases: zero, or prior (each output starts at 1/C).",
    ),
    "loss": (CHOICES["loss"], None, "Loss function; after cross_entropy the outputs are a softmax."),
    "optimizer": (CHOICES["optimizer"], None, "Optimizer, which turns gradients into steps."),
    "learning_rate": (float, "RATE", "Peak learning rate, the factor of the gradient in each step."),
    "schedule": (CHOICES["schedule"], None, "Learning rate after its peak: constant, or a fall to 0."),
    "warmup": (float, "SHARE", "Share of all steps, 0 to 1, in which the learning rate rises to its peak."),
    "batch_size": (int, "N", "Number of images in a mini-batch, for each of which there is one step."),
    "epochs": (int, "N", "Number of epochs, passes over the training images."),
    "averaging": (
        float, "SHARE", "Weight averaging: share of the running average, 0 to 1, that an epoch keeps.",
    ),
}  # fmt: skip


def recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each choice of the recipe; None, its value by default, stands for the recipe's own."""
    for name, (kind, metavar, words) in reversed(CHANGES.items()):
        flag = "--" + name.replace("_", "-")
        value: object = getattr(RECIPES[DEFAULT_RECIPE], name)
        value = f"{value:g}" if isinstance(value, float) else value
        if kind is bool:
            flag += "/--no-" + name
            value = f"--{name}" if value else f"--no-{name}"
        words += f" Default: the recipe's ({DEFAULT_RECIPE}: {value})."
        values = click.Choice(kind) if isinstance(kind, tuple) else kind
        command = click.option(flag, name, default=None, type=values, metavar=metavar, help=words)(command)
    return command


def chosen_recipe(options: dict[str, Any], begin: Model | None) -> tuple[str, Recipe]:
    """The recipe that the options choose, and its name."""
    name: str = options["name"] or DEFAULT_RECIPE
    recipe = RECIPES[name]
    if begin is not None:
        name, recipe = FINE_TUNE, Beginning(begin).recipe()
    changes = {key: options[key] for key in CHANGES if options[key] is not None}
    if (distort := options["distort"]) is not None:
        changes["distortion"] = (recipe.distortion or Distortion()) if distort else None
    try:
        return name, replace(recipe, **changes)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
