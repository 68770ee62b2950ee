"""Heat maps of a wrong result: what it should be, what came, and the difference, as HTML that stands alone.

A small array is a table of coloured cells with their numbers; a larger one is a picture with a pixel for
each number. Zero is white, positive violet, negative orange; the darkest is the largest right number.
"""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np

from handgrad.arrays import NDArray

MOST_WRITTEN = 60  # cells of a table
MOST_COLUMNS = 12  # of a table; wider arrays are pictures
MOST_DRAWN = 4000  # cells of a picture
WIDEST = 240  # screen pixels of a picture
SHADES = np.array([  # orange to white to violet, ColorBrewer's PuOr
    (127, 59, 8), (179, 88, 6), (224, 130, 20), (253, 184, 99), (254, 224, 182), (247, 247, 247),
    (216, 218, 235), (178, 171, 210), (128, 115, 172), (84, 39, 136), (45, 0, 75),
], float)  # fmt: skip
MISSING = (150, 150, 150)  # not a number
Pictures = Sequence[tuple[str, NDArray, NDArray]]


def drawable(pictures: Pictures) -> list[tuple[str, NDArray, NDArray]]:
    """The results that can be drawn: vectors and matrices that are not too large."""
    return [
        (of, np.asarray(want, float), np.asarray(got, float))
        for of, want, got in pictures
        if want.ndim in (1, 2) and 0 < want.size < MOST_DRAWN and got.size < MOST_DRAWN
    ]


def heat_maps(pictures: Pictures) -> str:
    """Right, yours and the difference of each result, side by side; "" where there is nothing to draw."""
    rows = []
    for of, want, got in drawable(pictures):
        top = float(np.max(np.abs(want), initial=1e-12, where=np.isfinite(want)))
        same = got.shape == want.shape
        shapes = f"{got.shape} is not {want.shape}"
        parts = [
            _titled(f"{of}, right", _map(want, top)),
            _titled(f"{of}, yours", _map(got, top)),
            _titled("difference", _map(_difference(got, want), top) if same else html.escape(shapes)),
        ]
        style = "display:flex;flex-wrap:wrap;gap:8px 18px;margin:8px 0;break-inside:avoid"
        rows.append(f'<div class="heat-maps" style="{style}">{"".join(parts)}</div>')
    return "".join(rows)


def numbers(pictures: Pictures) -> str:
    """The small ones as text, for Markdown: right, and yours where the shapes agree."""
    blocks = []
    for of, want, got in drawable(pictures):
        if _is_small(want) and _is_small(got):
            blocks += [f"{of}, right", _lines(want), "", f"{of}, yours", _lines(got), ""]
    return "\n".join(blocks).rstrip()


def _difference(got: NDArray, want: NDArray) -> NDArray:
    with np.errstate(all="ignore"):
        return got - want


def _is_small(array: NDArray) -> bool:
    cells = np.atleast_2d(array)
    return 0 < array.size <= MOST_WRITTEN and array.ndim <= 2 and cells.shape[1] <= MOST_COLUMNS


def _titled(title: str, picture: str) -> str:
    label = f'<div style="font-size:12px;opacity:.75;margin-bottom:2px">{html.escape(title)}</div>'
    return f"<div>{label}{picture}</div>"


def _map(array: NDArray, top: float) -> str:
    if not array.size:
        return "empty"
    cells = np.atleast_2d(array if array.ndim <= 2 else array.ravel())
    return _table(cells, top) if _is_small(cells) else _picture(cells, top)


def _table(cells: NDArray, top: float) -> str:
    colours = _colours(cells, top)
    rows = []
    for line, shades in zip(cells, colours, strict=True):
        row = []
        for number, (r, g, b) in zip(line, shades, strict=True):
            ink = "#111" if 0.3 * r + 0.59 * g + 0.11 * b > 130 else "#fff"
            style = f"background:rgb({r},{g},{b});color:{ink}"
            row.append(f'<td style="{CELL};{style}">{_written(number)}</td>')
        rows.append(f"<tr>{''.join(row)}</tr>")
    style = "border-collapse:separate;border-spacing:1px;width:auto;print-color-adjust:exact"
    return f'<table style="{style}">{"".join(rows)}</table>'


CELL = (
    "padding:3px 5px;border:0;text-align:right;font:12px/1.3 ui-monospace,Consolas,monospace;"
    "min-width:34px;-webkit-print-color-adjust:exact;print-color-adjust:exact"
)


def _picture(cells: NDArray, top: float) -> str:
    from PIL import Image

    page = io.BytesIO()
    Image.fromarray(_colours(cells, top)).save(page, "PNG")
    data = base64.b64encode(page.getvalue()).decode()
    height, width = cells.shape
    scale = max(1.0, min(16.0, WIDEST / width, WIDEST / height))
    style = f"width:{width * scale:.0f}px;height:{height * scale:.0f}px;image-rendering:pixelated"
    words = f"{height} rows of {width} numbers as a heat map"
    return f'<img alt="{words}" style="{style}" src="data:image/png;base64,{data}">'


def _colours(cells: NDArray, top: float) -> NDArray:
    """A colour for each number, as bytes."""
    place = np.clip(np.nan_to_num(cells / top, nan=0.0, posinf=1.0, neginf=-1.0), -1, 1)
    place = (place + 1) / 2 * (len(SHADES) - 1)
    colours = np.stack(
        [np.interp(place, range(len(SHADES)), SHADES[:, channel]) for channel in range(3)], axis=-1
    )
    colours[np.isnan(cells)] = MISSING
    return np.asarray(colours.round().astype(np.uint8))


def _written(number: float) -> str:
    return f"{number + 0.0:.3g}".replace("-", "\N{MINUS SIGN}")


def _lines(array: NDArray) -> str:
    texts = [[f"{number + 0.0:.3g}" for number in row] for row in np.atleast_2d(array)]
    wide = max(len(text) for row in texts for text in row)
    return "\n".join("  ".join(text.rjust(wide) for text in row) for row in texts)
