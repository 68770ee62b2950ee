"""Curves, bars, histograms, a matrix as colours, and walks through a landscape."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from handgrad.insight.plots import BLUE, COLOURS, GREY, ORANGE, SIGNED

Array = Any


def curves(
    lines: Mapping[str, tuple[Array, Array]], x: str = "", y: str = "", title: str = "", markers: bool = False
) -> Figure:
    """Lines by name, each (xs, ys), in one picture."""
    figure = Figure((6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    for (name, (xs, ys)), colour in zip(lines.items(), COLOURS * 4, strict=False):
        axes.plot(
            np.asarray(xs), np.asarray(ys), "o-" if markers else "-", color=colour, markersize=4, label=name
        )
    _dress(axes, x, y, title)
    if markers:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=9)
    return figure


def bars(
    heights: Mapping[str, Array],
    names: Sequence[object],
    y: str = "",
    title: str = "",
    marked: int | None = None,
) -> Figure:
    """Bars side by side for each name; marked: the position of a bar to highlight."""
    figure = Figure((6.8, 2.9 if len(heights) == 1 else 3.2), layout="constrained")
    axes = figure.subplots()
    share = 0.8 / len(heights)
    for i, (series, values) in enumerate(heights.items()):
        places = np.arange(len(names)) + (i - (len(heights) - 1) / 2) * share
        colours = [
            ORANGE if place == marked else COLOURS[i * 2 % len(COLOURS)] for place in range(len(names))
        ]
        axes.bar(places, np.asarray(values), share * 0.95, color=colours, label=series)
    axes.set_xticks(range(len(names)), [str(name) for name in names])
    axes.axhline(0, color=GREY, linewidth=0.8)
    _dress(axes, "", y, title)
    if len(heights) > 1:  # below the bars, which may stand anywhere
        figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=len(heights))
    return figure


def histograms(values: Mapping[str, Array], x: str = "", title: str = "", bins: int = 60) -> Figure:
    """Histograms of the values of each name, side by side: the same bins, and one scale on both axes."""
    numbers = {name: np.asarray(series, np.float64).ravel() for name, series in values.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(numbers.values())), bins)
    figure = Figure((3.3 * len(values), 2.6), layout="constrained")
    row = figure.subplots(1, len(values), squeeze=False, sharex=True, sharey=True)[0]
    for axes, (name, series) in zip(row, numbers.items(), strict=True):
        axes.hist(series, edges, color=BLUE, weights=np.full(len(series), 1 / len(series)))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        _dress(axes, x, "share of the values" if axes is row[0] else "", name)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def heat(values: Array, x: str = "", y: str = "", title: str = "", signed: bool = False) -> Figure:
    """A matrix as colours: rows from top to bottom, with their numbers; signed: blue below 0, red above."""
    matrix = np.asarray(values)
    figure = Figure((9, 1.1 + 0.2 * len(matrix)), layout="constrained")
    axes = figure.subplots()
    limit = float(np.abs(matrix).max()) or 1.0
    low, colours = (-limit, SIGNED) if signed else (0, "Blues")
    seen = axes.imshow(matrix, colours, aspect="auto", interpolation="nearest", vmin=low, vmax=limit)
    figure.colorbar(seen, ax=axes, pad=0.01)
    axes.set_yticks(range(len(matrix)))
    axes.tick_params(labelsize=8)
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(title, fontsize=10)
    return figure


def paths(
    height: Callable[[Array, Array], Array],
    walks: Mapping[str, Array],
    reach: float = 1.2,
    box: tuple[float, float, float, float] | None = None,
    x: str = "u",
    y: str = "v",
) -> Figure:
    """A landscape as contour lines, height(u, v), and walks (n, 2) through it by name.

    height takes two tables of numbers and returns a third. box: left, right, bottom, top; by default as far
    as reach. A walk ends in a larger dot, or at the edge where it leaves the box.
    """
    left, right, bottom, top = box or (-reach, reach, -reach / 2, reach / 2)
    figure = Figure((7.2, 3.6 if box is None else 4.4), layout="constrained")
    axes = figure.subplots()
    u, v = np.meshgrid(np.linspace(left, right, 121), np.linspace(bottom, top, 121))
    heights = np.asarray(height(u, v))
    if box is None:
        axes.contour(u, v, heights, levels=14, colors="#c4cad4", linewidths=0.8)
    else:
        levels = heights.min() + np.ptp(heights) * np.linspace(0, 1, 22) ** 2  # closer together at the bottom
        seen = axes.contourf(u, v, heights, levels=levels, cmap="Greys", alpha=0.6)
        axes.contour(u, v, heights, levels=levels, colors="white", linewidths=0.6)
        figure.colorbar(seen, ax=axes, pad=0.01, label="L", format="%.2g")
    for (name, walk), colour in zip(walks.items(), COLOURS, strict=False):
        places = np.asarray(walk)
        axes.plot(places[:, 0], places[:, 1], "o-", color=colour, markersize=3, linewidth=1.3, label=name)
        axes.plot(*places[-1], "o", color=colour, markersize=7)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel=x, ylabel=y)
    axes.legend(frameon=box is not None, fontsize=9, loc="lower right" if box is None else "lower left")
    return figure


def _dress(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.2)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
