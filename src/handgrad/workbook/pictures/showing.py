"""A figure is shown in a notebook, or written into a file beside a script; images side by side."""

import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from handgrad.files import PNG, write_atomically
from handgrad.insight.plots import INK, SIGNED, png

Array = Any
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
