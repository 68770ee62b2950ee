"""Small matrices with their numbers: an equation of them, and what broadcasting does."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from handgrad.insight.plots import GREY, ORANGE, SIGNED

Array = Any
Mark = tuple[int | None, int | None]  # an entry; None for the whole row or column


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


def broadcasting(left: tuple[str, Any], sign: str, right: tuple[str, Any], result: str = "result") -> Figure:
    """What "+", "-" or "==" does with two arrays of different shapes: first each is stretched.

    The numbers that an array holds are drawn in full; the copies that broadcasting makes of them are pale.
    """
    operation = {"+": np.add, "-": np.subtract, "==": np.equal}[sign]
    numbers = [np.asarray(values, np.float64) for _, values in (left, right)]
    stretched = [np.atleast_2d(array) for array in np.broadcast_arrays(*numbers)]
    outcome = operation(*stretched)
    height, width = outcome.shape
    figure = Figure((0.55 * (3 * width + 3.2), 0.55 * (height + 1.25)), layout="constrained")
    axes = figure.subplots()
    axes.axis("off")
    axes.set(xlim=(-0.4, 3 * width + 2.6), ylim=(-1.05, height + 0.2), aspect="equal")
    place = 0.0
    for (name, _), own, whole, after in zip((left, right), numbers, stretched, (sign, "="), strict=True):
        held = np.atleast_2d(own).shape
        copies = np.indices(whole.shape)
        pale = np.any([(size == 1) & (index > 0) for size, index in zip(held, copies, strict=True)], axis=0)
        _matrix(axes, place, height, "", whole, pale=pale)
        note = f"{name}  {_shape(own)}" + (f"\nstretched to {_shape(whole)}" if pale.any() else "")
        axes.text(place + width / 2, -0.12, note, ha="center", va="top", fontsize=9, color=GREY)
        axes.text(place + width + 0.6, height / 2, _minus(after), ha="center", va="center", fontsize=14)
        place += width + 1.2
    _matrix(axes, place, height, "", outcome)
    axes.text(
        place + width / 2,
        -0.12,
        f"{result}  {_shape(outcome)}",
        ha="center",
        va="top",
        fontsize=9,
        color=GREY,
    )
    return figure


def _matrix(
    axes: Axes,
    left: float,
    height: int,
    name: str,
    values: Array,
    mark: Mark | None = None,
    pale: Array | None = None,
) -> float:
    """Draw one matrix in the middle of the height -> its width. pale: which entries are copies."""
    flat = np.asarray(values, dtype=np.float64)
    matrix = np.atleast_2d(flat)
    rows, columns = matrix.shape
    bottom = (height - rows) / 2
    limit = float(np.abs(matrix).max()) or 1.0
    for (i, j), value in np.ndenumerate(matrix):
        copied = pale is not None and bool(pale[i, j])
        colour = "#f4f5f7" if copied else colormaps[SIGNED](0.5 + 0.32 * value / limit)
        spot = (left + j, bottom + rows - 1 - i)
        axes.add_patch(Rectangle(spot, 1, 1, facecolor=colour, edgecolor="white", linewidth=1.5))
        text = _short(float(value))
        size, ink = 9 if len(text) < 6 else 7.5, GREY if copied else "black"
        axes.text(spot[0] + 0.5, spot[1] + 0.5, text, ha="center", va="center", fontsize=size, color=ink)
    if mark is not None:
        _frame(axes, left, bottom, rows, columns, mark)
    if name:
        label = f"{name}  {_shape(flat)}"
        axes.text(left + columns / 2, bottom - 0.12, label, ha="center", va="top", fontsize=9, color=GREY)
    return float(columns)


def _frame(axes: Axes, left: float, bottom: float, rows: int, columns: int, mark: Mark) -> None:
    row, column = mark
    x, width = (left, columns) if column is None else (left + column, 1)
    y, tall = (bottom, rows) if row is None else (bottom + rows - 1 - row, 1)
    axes.add_patch(Rectangle((x, y), width, tall, fill=False, edgecolor=ORANGE, linewidth=2.2, zorder=3))


def _room(sign: str) -> float:
    """The width of a sign between matrices, in entries."""
    return 0.5 + 0.3 * max(1, len(sign))


def _shape(array: Array) -> str:
    return "x".join(map(str, array.shape)) if array.ndim > 1 else f"({array.size},)"


def _short(value: float) -> str:
    return _minus(f"{round(value, 4) + 0.0:.3g}")


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
