"""The picture of a sweep: every network's learning curve, and the accuracy by each choice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, PercentFormatter

from handgrad.insight.plots import BLUE, COLOURS, GREY, ORANGE
from handgrad.runs.sweeps import Setting
from handgrad.runs.sweeps.choices import shown

BEST = 4  # settings whose curves have a colour
WIDE = 3  # panels side by side
LOG = 4.0  # a choice's values that span more than this factor stand on a logarithmic axis
APART = 1.2  # factor between neighbouring values that are named on the axis
DIVERGED = -1.0  # in place of an accuracy, below all others
LOWEST = 0.15  # share of the networks, the worst, that may stand below the axes


def sweep_picture(settings: Sequence[Setting], varied: Sequence[str]) -> Figure:
    """Validation accuracy: epoch by epoch for every network, then by each choice that was varied.

    settings: ranked, best first. A dot is a network; a line joins the medians of each value of a choice, over
    all that the other choices were. The axes begin where the better networks are: a triangle at their lower
    edge is a network below, and a cross one that diverged, which is the worst for the median.
    """
    panels = 1 + len(varied)
    rows = -(-panels // WIDE)
    figure = Figure((4.2 * min(panels, WIDE), 3.5 * rows), layout="constrained")
    axes = figure.subplots(rows, min(panels, WIDE), squeeze=False).ravel()
    networks = [result for setting in settings for result in setting.results]
    reached = [result.validation_accuracy for result in networks if result.validation_accuracy is not None]
    diverged = len(networks) - len(reached)
    figure.suptitle(
        f"{len(networks):,} networks"
        + (f", {diverged:,} of which diverged" if diverged else "")
        + ": accuracy on the validation images",
        fontsize=11,
    )
    limits = _limits(reached)
    _curves(axes[0], settings, varied, limits)
    for panel, name in zip(axes[1:], varied, strict=False):
        _by_choice(panel, settings, name, limits)
    for panel in axes[panels:]:
        panel.axis("off")
    return figure


def _limits(reached: Sequence[float]) -> tuple[float, float]:
    """Where the axes of accuracies begin and end."""
    if not reached:
        return 0.0, 1.0
    low, high = float(np.quantile(reached, LOWEST)), max(reached)
    room = max(0.25 * (high - low), 0.002)
    return max(0.0, low - room), min(1.0, high + room)


def _curves(
    axes: Axes, settings: Sequence[Setting], varied: Sequence[str], limits: tuple[float, float]
) -> None:
    for i, setting in reversed(list(enumerate(settings))):
        best = i < BEST and setting.validation is not None
        named = f"{i + 1}: {', '.join(shown(getattr(setting.recipe, name)) for name in varied)}"
        for k, result in enumerate(setting.results):
            axes.plot(
                [record["epoch"] for record in result.epochs],
                [record["validation_accuracy"] for record in result.epochs],
                color=COLOURS[i] if best else GREY,
                alpha=0.9 if best else 0.25,
                linewidth=1.4 if best else 0.8,
                marker="." if len(result.epochs) == 1 else None,
                label=named if best and k == 0 and varied else None,
                zorder=3 if best else 2,
            )
    axes.set_title(f"best: {', '.join(varied)}" if varied else "curves", fontsize=9)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _finish(axes, limits)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles[::-1], labels[::-1], frameon=False, loc="lower right", fontsize=8)


def _by_choice(axes: Axes, settings: Sequence[Setting], name: str, limits: tuple[float, float]) -> None:
    """A dot a network; the medians of each value, joined."""
    reached: dict[Any, list[float]] = {}
    for setting in settings:
        for result in setting.results:
            share = DIVERGED if result.validation_accuracy is None else result.validation_accuracy
            reached.setdefault(getattr(setting.recipe, name), []).append(share)
    axes.set_title(f"by {name}", fontsize=9)
    axes.set_xlabel(name)
    _finish(axes, limits)
    if not reached:
        return
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in reached)
    values = sorted(reached, key=(lambda value: value) if numbers else shown)
    places = np.array(values if numbers else range(len(values)), float)
    logarithmic = numbers and places[0] > 0 and places[-1] >= LOG * places[0]
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    if not numbers or (logarithmic and (places[1:] > APART * places[:-1]).all() and len(values) <= 6):
        axes.set_xticks(places, [shown(value) for value in values])
        axes.minorticks_off()
    if not numbers:
        axes.set_xlim(-0.5, len(values) - 0.5)
    x = np.concatenate([[place] * len(reached[value]) for place, value in zip(places, values, strict=True)])
    y = np.concatenate([reached[value] for value in values])
    seen, diverged = y >= limits[0], y == DIVERGED
    axes.scatter(x[seen], y[seen], s=14, color=BLUE, alpha=0.45, linewidths=0, zorder=3)
    for rows, marker, what in ((~seen & ~diverged, "v", "below"), (diverged, "x", "diverged")):
        if rows.any():
            edge = np.full(int(rows.sum()), limits[0])
            axes.scatter(x[rows], edge, s=24, color=BLUE, alpha=0.6, marker=marker, clip_on=False, label=what)
    if len(values) < len(y) / 2:  # else a median is that of one or two networks
        medians = [float(np.median(reached[value])) for value in values]
        axes.plot(places, medians, color=ORANGE, marker="o", markersize=4, linewidth=1.2, label="median")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8, loc="lower right")


def _finish(axes: Axes, limits: tuple[float, float]) -> None:
    axes.set_ylim(*limits)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
