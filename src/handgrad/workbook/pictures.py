"""Pictures of the chapters: tiles of images, equations of small matrices, curves, bars, the network's chain.

Each function draws one matplotlib Figure (never pyplot) from NumPy arrays or PyTorch tensors; show puts it
into the notebook, or into a file beside a script.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from handgrad.files import PNG, write_atomically
from handgrad.insight.plots import BLUE, COLOURS, GREY, INK, ORANGE, SIGNED, png

Array = Any
Mark = tuple[int | None, int | None]  # an entry; None for the whole row or column
_numbers = count(1)


def show(figure: Figure, caption: str = "") -> None:
    """Show the figure in a notebook; from a script write it to the folder pictures beside it, and say so."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and hasattr(ipython.get_ipython(), "kernel"):
        ipython.display.display(ipython.display.Image(png(figure), alt=caption))
        return
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script is None:
        return
    file = Path(script).parent / "pictures" / f"{Path(script).stem}-{next(_numbers):02}.png"
    file.parent.mkdir(exist_ok=True)
    write_atomically(file, png(figure), PNG)
    print(f"[{file.parent.name}/{file.name}: {caption}]")  # noqa: T201 (a script has no notebook to show it in)


def tiles(
    images: Array, titles: Sequence[object] = (), signed: bool = False, columns: int = 10, size: float = 0.95
) -> Figure:
    """Images side by side: (n, h, w), or (n, D) of square ones. signed: blue below 0, red above."""
    pixels = np.asarray(images)
    if pixels.ndim == 2:
        side = round(pixels.shape[1] ** 0.5)
        pixels = pixels.reshape(len(pixels), side, side)
    columns = min(columns, len(pixels))
    rows = -(-len(pixels) // columns)
    lines = 1 + max((str(title).count("\n") for title in titles), default=-1)
    close = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03)
    figure = Figure((max(2.0, columns * size), rows * (size + 0.2 * lines)), layout=close)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    limit = float(np.quantile(np.abs(pixels), 0.995)) or 1.0
    for axes in grid:
        axes.axis("off")
    for axes, image in zip(grid, pixels, strict=False):
        low, high = (-limit, limit) if signed else (0, max(1.0, float(pixels.max())))
        axes.imshow(image, cmap=SIGNED if signed else INK, vmin=low, vmax=high, interpolation="nearest")
    for axes, title in zip(grid, titles, strict=False):
        axes.set_title(str(title), fontsize=9, pad=3)
    return figure


def equation(*parts: str | tuple[Any, ...], between: str = "") -> Figure:
    """Small matrices with their numbers, and signs between them: ("x", x), "+", ("b", b), "=", ("out", out).

    between: one sign for everywhere. A third item of a matrix marks an entry (0, 1), a row (0, None) or a
    column (None, 1) of it.
    """
    if between:
        parts = tuple(item for part in parts for item in (between, part))[1:]
    shapes = [np.atleast_2d(np.asarray(part[1])).shape for part in parts if not isinstance(part, str)]
    height = max(rows for rows, _ in shapes)
    width = sum(columns for _, columns in shapes) + sum(_room(p) for p in parts if isinstance(p, str)) + 0.4
    scale = min(0.62, 11 / width)
    figure = Figure((scale * width, scale * (height + 0.75)), layout="constrained")
    axes = figure.subplots()
    axes.axis("off")
    axes.set(xlim=(-0.2, width - 0.2), ylim=(-0.6, height + 0.15), aspect="equal")
    left = 0.0
    for part in parts:
        if isinstance(part, str):
            axes.text(left + _room(part) / 2, height / 2, part, ha="center", va="center", fontsize=14)
            left += _room(part)
        else:
            left += _matrix(axes, left, height, *part)
    return figure


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
    figure = Figure((6.8, 2.9), layout="constrained")
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
    if len(heights) > 1:
        axes.legend(frameon=False, fontsize=9)
    return figure


def histograms(values: Mapping[str, Array], x: str = "", title: str = "", bins: int = 60) -> Figure:
    """Histograms of the values of each name, side by side with one scale."""
    figure = Figure((3.3 * len(values), 2.6), layout="constrained")
    row = figure.subplots(1, len(values), squeeze=False)[0]
    for axes, (name, numbers) in zip(row, values.items(), strict=True):
        axes.hist(np.asarray(numbers).ravel(), bins=bins, color=BLUE)
        axes.set_yticks([])
        _dress(axes, x, "", name)
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


def paths(height: Callable[[Array, Array], Array], walks: Mapping[str, Array], reach: float = 1.2) -> Figure:
    """A landscape as contour lines, height(u, v), and walks (n, 2) through it by name."""
    figure = Figure((7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    u, v = np.meshgrid(np.linspace(-reach, reach, 161), np.linspace(-reach, reach, 161))
    axes.contour(u, v, height(u, v), levels=14, colors="#c4cad4", linewidths=0.8)
    for (name, walk), colour in zip(walks.items(), COLOURS, strict=False):
        places = np.asarray(walk)
        axes.plot(places[:, 0], places[:, 1], "o-", color=colour, markersize=3, linewidth=1.3, label=name)
    axes.set(xlim=(-reach, reach), ylim=(-reach / 2, reach / 2), xlabel="u", ylabel="v")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def chain(back: bool = False, hidden: object = "H") -> Figure:
    """The network as a chain of variables with their shapes; back: with gradients of the backward pass."""
    inner = f"(N, {hidden})"
    shapes = {"x": "(N, 784)", "a": inner, "h": inner, "z": "(N, 10)", "y": "(N, 10)", "L": "number"}
    steps = ("affine\nW1, b1", "relu", "affine\nW2, b2", "sigmoid", "L2 loss\nlabels")
    figure = Figure((10, 2.3 if back else 1.3), layout="constrained")
    axes = figure.subplots()
    axes.axis("off")
    axes.set(xlim=(-0.6, 10.6), ylim=(-1.4 if back else -0.45, 0.75))
    for i, (name, shape) in enumerate(shapes.items()):
        box = FancyBboxPatch(
            (2 * i - 0.42, -0.3), 0.84, 0.6, boxstyle="round,pad=0.04", fc="#eef3fa", ec=BLUE
        )
        axes.add_patch(box)
        axes.text(2 * i, 0.08, name, ha="center", va="center", fontsize=13, style="italic")
        axes.text(2 * i, -0.19, shape, ha="center", va="center", fontsize=7.5, color=GREY)
    for i, step in enumerate(steps):
        _arrow(axes, 2 * i + 0.5, 2 * i + 1.5, 0, BLUE)
        axes.text(2 * i + 1, 0.16, step, ha="center", va="bottom", fontsize=9, color=BLUE)
    gradients = ("dW1, db1", "", "dW2, db2", "", "")
    for i, gives in enumerate(gradients if back else ()):
        _arrow(axes, 2 * i + 1.5, 2 * i + 0.5, -0.95, ORANGE)
        axes.text(2 * i + 1, -1.08, gives, ha="center", va="top", fontsize=9, color=ORANGE)
    for i, name in enumerate(shapes if back else ()):
        text = {"x": "", "L": "1"}.get(name, f"dL/d{name}")
        axes.text(2 * i, -0.95, text, ha="center", va="center", fontsize=11, style="italic", color=ORANGE)
    return figure


def _matrix(
    axes: Axes, left: float, height: int, name: str, values: Array, mark: Mark | None = None
) -> float:
    """Draw one matrix in the middle of the height -> its width."""
    flat = np.asarray(values, dtype=np.float64)
    matrix = np.atleast_2d(flat)
    rows, columns = matrix.shape
    bottom = (height - rows) / 2
    limit = float(np.abs(matrix).max()) or 1.0
    for (i, j), value in np.ndenumerate(matrix):
        colour = colormaps[SIGNED](0.5 + 0.32 * value / limit)
        spot = (left + j, bottom + rows - 1 - i)
        axes.add_patch(Rectangle(spot, 1, 1, facecolor=colour, edgecolor="white", linewidth=1.5))
        text = _short(float(value))
        size = 9 if len(text) < 6 else 7.5
        axes.text(spot[0] + 0.5, spot[1] + 0.5, text, ha="center", va="center", fontsize=size)
    if mark is not None:
        _frame(axes, left, bottom, rows, columns, mark)
    shape = "x".join(map(str, flat.shape)) if flat.ndim > 1 else f"({flat.size},)"
    axes.text(
        left + columns / 2, bottom - 0.12, f"{name}  {shape}", ha="center", va="top", fontsize=9, color=GREY
    )
    return float(columns)


def _frame(axes: Axes, left: float, bottom: float, rows: int, columns: int, mark: Mark) -> None:
    row, column = mark
    x, width = (left, columns) if column is None else (left + column, 1)
    y, tall = (bottom, rows) if row is None else (bottom + rows - 1 - row, 1)
    axes.add_patch(Rectangle((x, y), width, tall, fill=False, edgecolor=ORANGE, linewidth=2.2, zorder=3))


def _room(sign: str) -> float:
    """The width of a sign between matrices, in entries."""
    return 0.5 + 0.3 * max(1, len(sign))


def _short(value: float) -> str:
    return f"{round(value, 4) + 0.0:.3g}".replace("-", "\N{MINUS SIGN}")


def _arrow(axes: Axes, start: float, end: float, y: float, colour: str) -> None:
    axes.annotate(
        "", (end, y), (start, y), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.4}
    )


def _dress(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.2)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
