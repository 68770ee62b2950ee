"""The network as a chain of layers, and a computation as a graph of single numbers."""

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from handgrad.insight.plots import BLUE, GREY, ORANGE


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


class Node(NamedTuple):
    """A node of a computation graph: its operation, its number and dL/d(number), its place, what it reads."""

    sign: str  # "×", "relu"; the name itself for what is given
    value: float
    gradient: float | None  # None where nobody asks for it
    at: tuple[float, float]  # column, row
    reads: tuple[str, ...] = ()  # the names of the nodes whose numbers go in


def graph(nodes: Mapping[str, Node]) -> Figure:
    """A computation with single numbers: values in blue above the nodes, gradients in orange below."""
    columns, rows = (sorted({node.at[axis] for node in nodes.values()}) for axis in (0, 1))
    width, height = columns[-1] - columns[0], rows[-1] - rows[0]
    figure = Figure((1.5 * width + 1.5, 1.35 * height + 1.3), layout="constrained")
    axes = figure.subplots()
    axes.axis("off")
    axes.set(xlim=(columns[0] - 0.5, columns[-1] + 0.5), ylim=(rows[-1] + 0.55, rows[0] - 0.5))
    for name, node in nodes.items():
        for other in node.reads:
            _edge(axes, nodes[other].at, node.at, back=nodes[other].gradient is not None)
        axes.text(
            *node.at, node.sign, ha="center", va="center", fontsize=11, zorder=3,
            bbox={"boxstyle": f"{'round' if node.reads else 'square'},pad=0.4", "fc": "#eef3fa", "ec": BLUE},
        )  # fmt: skip
        x, y = node.at
        value = f"{name} = {_number(node.value)}"
        axes.text(x, y - 0.25, value, ha="center", va="bottom", fontsize=10, color=BLUE)
        if node.gradient is not None:
            slope = f"d{name} = {_number(node.gradient)}"
            axes.text(x, y + 0.25, slope, ha="center", va="top", fontsize=10, color=ORANGE)
    return figure


def _edge(axes: Axes, start: tuple[float, float], end: tuple[float, float], back: bool) -> None:
    """From node to node in blue, and back in orange beside it."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = (across**2 + down**2) ** 0.5
    for way, colour in ((1, BLUE), (-1, ORANGE))[: 1 + back]:
        aside = 0.035 * way * down / length, -0.035 * way * across / length
        first, last = (
            (start[0] + share * across + aside[0], start[1] + share * down + aside[1])
            for share in (0.29, 0.73)[::way]
        )
        axes.annotate("", last, first, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.4})


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _arrow(axes: Axes, start: float, end: float, y: float, colour: str) -> None:
    axes.annotate(
        "", (end, y), (start, y), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.4}
    )
