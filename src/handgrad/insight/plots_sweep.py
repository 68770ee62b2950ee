"""The picture of a sweep: every network's learning curve, and the accuracy by each choice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from handgrad.insight.plots import BLUE, COLOURS, GREY, ORANGE
from handgrad.runs.sweeps import Setting
from handgrad.runs.sweeps.choices import shown

BEST = 4  # settings whose curves have a colour
WIDE = 3  # panels side by side
LOG = 8.0  # a choice's values that span more than this factor stand on a logarithmic axis


def sweep_picture(settings: Sequence[Setting], varied: Sequence[str]) -> Figure:
    """Validation accuracy: epoch by epoch for every network, then by each choice that was varied.

    settings: ranked, best first. A dot is a network; a line joins the means of each value of a choice, over
    all that the other choices were. Networks that diverged have no dot: they are counted in the title.
    """
    panels = 1 + len(varied)
    rows = -(-panels // WIDE)
    figure = Figure((4.2 * min(panels, WIDE), 3.5 * rows), layout="constrained")
    axes = figure.subplots(rows, min(panels, WIDE), squeeze=False).ravel()
    networks = [result for setting in settings for result in setting.results]
    diverged = sum(result.validation_accuracy is None for result in networks)
    figure.suptitle(
        f"{len(networks):,} networks" + (f", {diverged:,} of which diverged" if diverged else "")
        + ": accuracy on the validation images", fontsize=11,
    )  # fmt: skip
    _curves(axes[0], settings, varied)
    for panel, name in zip(axes[1:], varied, strict=False):
        _by_choice(panel, settings, name)
    for panel in axes[panels:]:
        panel.axis("off")
    reached = [result.validation_accuracy for result in networks if result.validation_accuracy is not None]
    if reached:
        low, high = float(np.percentile(reached, 5)), max(reached)
        room = max(0.15 * (high - low), 0.002)
        axes[0].set_ylim(low - 3 * room, min(1.0, high + room))  # the first epochs of bad networks lie below
    return figure


def _curves(axes: Axes, settings: Sequence[Setting], varied: Sequence[str]) -> None:
    for i, setting in reversed(list(enumerate(settings))):
        best = i < BEST and setting.validation is not None
        for k, result in enumerate(setting.results):
            epochs = [record["epoch"] for record in result.epochs]
            curve = [record["validation_accuracy"] for record in result.epochs]
            named = ", ".join(shown(getattr(setting.recipe, name)) for name in varied)
            axes.plot(
                epochs,
                curve,
                color=COLOURS[i] if best else GREY,
                alpha=0.9 if best else 0.25,
                linewidth=1.4 if best else 0.8,
                marker="." if len(epochs) == 1 else None,
                label=f"{i + 1}: {named}" if best and k == 0 and named else None,
                zorder=3 if best else 2,
            )
    axes.set_title(f"curves; the best settings ({', '.join(varied)})" if varied else "curves", fontsize=9)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _finish(axes)
    if varied and any(setting.validation for setting in settings):
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], frameon=False, loc="lower right", fontsize=8)


def _by_choice(axes: Axes, settings: Sequence[Setting], name: str) -> None:
    """A dot a network; the means of each value, joined."""
    reached: dict[Any, list[float]] = {}
    for setting in settings:
        for result in setting.results:
            if result.validation_accuracy is not None:
                reached.setdefault(getattr(setting.recipe, name), []).append(result.validation_accuracy)
    axes.set_title(f"by {name}", fontsize=9)
    axes.set_xlabel(name)
    _finish(axes)
    if not reached:
        return
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in reached)
    values = sorted(reached, key=(lambda value: value) if numbers else shown)
    places: list[float] = (
        [float(value) for value in values] if numbers else list(map(float, range(len(values))))
    )
    logarithmic = numbers and places[0] > 0 and places[-1] / places[0] >= LOG
    if logarithmic:
        axes.set_xscale("log")
    if not numbers or len(values) <= 8:
        axes.set_xticks(places, [shown(value) for value in values])
        axes.minorticks_off()
    if not numbers:
        axes.set_xlim(-0.5, len(values) - 0.5)
    dots = [(x, share) for x, value in zip(places, values, strict=True) for share in reached[value]]
    axes.scatter(
        [x for x, _ in dots],
        [share for _, share in dots],
        s=14,
        color=BLUE,
        alpha=0.45,
        linewidths=0,
        zorder=3,
    )
    many = len(values) < len(dots) / 2  # else each mean is that of one or two networks
    if many:
        means = [float(np.mean(reached[value])) for value in values]
        axes.plot(
            places, means, color=ORANGE, marker="o", markersize=4, linewidth=1.2, label="mean", zorder=4
        )
        axes.legend(frameon=False, fontsize=8, loc="lower right")


def _finish(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
