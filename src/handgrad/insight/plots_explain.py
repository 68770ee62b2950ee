"""One figure that explains the scores of an image: which units and pixels speak for or against a class.

One code throughout: red speaks for a class, blue against it; the outline is the image.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from handgrad.arrays import NDArray
from handgrad.insight.explanation import PIECEWISE, Explanation
from handgrad.insight.plots import GREY, INK, SIGNED

Box = tuple[int, ...]  # x, y, width, height in pixels
FOR, AGAINST, PALE, FRAME = "#b2182b", "#2166ac", "#c5cad3", "#e69f00"
TILES = 4  # hidden templates shown for a class, and as many against it
BARS = 12  # classes beyond which only the highest are shown
OUTLINE = 0.5  # of the image: where it is half ink
SMALL, MIDDLE, LARGE = 8, 9.5, 14
WIDTH, MARGIN, GAP = 15.4, 0.3, 0.28  # inches, as all below
TOP, PANEL, OVERVIEW = 1.05, 2.05, 3.75  # the overview: where its panels begin, their side, its height
BALANCE, TILE, PAIR, ROW = 1.85, 1.04, 1.6, 2.85  # a class: width of the balance, sides, height


def explained(
    explanation: Explanation,
    photo: NDArray | None = None,
    box: Box | None = None,
    label: int | str | None = None,
) -> Figure:
    """The explanation as one figure.

    photo: the original picture, (height, width) or (height, width, 3), uint8 or 0..1; box: where the digit
    was found in it. label: what the image is known to be.
    """
    rows = explanation.shown
    figure = Figure((WIDTH, OVERVIEW + ROW * len(rows) + 0.45))
    _overview(figure, explanation, photo, box, label)
    steps = [height for c in rows for height in _steps(explanation, c)]
    for i, c in enumerate(rows):
        _class(figure, explanation, c, OVERVIEW + ROW * i, (min(steps), max(steps)))
    _text(figure, WIDTH / 2, figure.get_figheight() - 0.28, _legend(explanation), SMALL + 0.5, GREY, "center")
    return figure


def _overview(
    figure: Figure, told: Explanation, photo: NDArray | None, box: Box | None, label: int | str | None
) -> None:
    """The image, the scores, the baseline, and where the answer beats the runner-up."""
    _text(figure, WIDTH / 2, 0.42, _headline(told, label), LARGE + 4, "black", "center", "bold")
    panels: list[tuple[Callable[[Axes, Explanation], None], float]] = [(_seen, PANEL), (_scores, 0.0)]
    if photo is not None:
        panels.insert(0, (lambda axes, _: _photo(axes, photo, box), PANEL))
    if told.baseline is not None:
        panels += [(_baseline, 1.5), (_baseline_template, PANEL)]
    if told.second is not None:
        panels.append((_contrast, PANEL))
    gaps = [
        GAP + 0.12 * max(len(str(c)) for c in told.model.classes) if draw in (_scores, _baseline) else GAP
        for draw, _ in panels
    ]
    rest = WIDTH - 2 * MARGIN - sum(width for _, width in panels) - sum(gaps[1:])
    left = MARGIN - gaps[0]
    for (draw, width), gap in zip(panels, gaps, strict=True):
        left += gap
        draw(_axes(figure, left, TOP, width or rest, PANEL), told)
        left += width or rest


def _headline(told: Explanation, label: int | str | None) -> str:
    line = f"read as {told.answer}, output {told.y[told.first]:.2f}"
    if label is None:
        return line
    return f"{line}, rightly" if label == told.answer else f"{line}, but it is {label}"


def _photo(axes: Axes, photo: NDArray, box: Box | None) -> None:
    axes.imshow(photo, cmap=INK)
    axes.set_anchor("N")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(PALE)
    axes.set_title("the picture as it came", fontsize=MIDDLE)
    if box is not None:
        x, y, width, height = box
        axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=FRAME, linewidth=2))


def _seen(axes: Axes, told: Explanation) -> None:
    _image(axes, told.x.reshape(told.model.plane), INK, 1)
    axes.set_title("as the network sees it", fontsize=MIDDLE)


def _scores(axes: Axes, told: Explanation) -> None:
    """The scores z as bars, and the outputs beside them."""
    order = _highest(told.z)
    span = max(float(np.abs(told.z[order]).max()), 1e-300)
    for place, c in enumerate(order):
        z, marked = told.z[c], c in told.shown
        axes.barh(place, z, color=FOR if z > 0 else AGAINST, height=0.72, alpha=1 if marked else 0.35)
        at, side = z + np.copysign(0.03 * span, z), "right" if z < 0 else "left"
        axes.text(at, place, _number(z), va="center", ha=side, fontsize=SMALL)
        weight = "bold" if marked else "normal"
        axes.text(
            2 * span, place, f"{told.y[c]:.3f}", va="center", ha="right", fontsize=MIDDLE, weight=weight
        )
    axes.set_xlim(-1.5 * span, 2 * span)
    _classes(axes, told, order)
    title = "scores z" if len(order) == len(told.z) else f"the {BARS} highest scores z"
    for at, side, what in ((0.0, "center", title), (2 * span, "right", "output y")):
        axes.text(at, 1.03, what, transform=axes.get_xaxis_transform(), ha=side, fontsize=MIDDLE)


def _baseline(axes: Axes, told: Explanation) -> None:
    """How much each mean-image template agrees with the image."""
    assert told.baseline is not None
    order, best = _highest(told.baseline), told.baseline.argmax()
    colours = [GREY if c == best else PALE for c in order]
    axes.barh(range(len(order)), told.baseline[order], color=colours, height=0.72)
    _classes(axes, told, order)
    axes.set_title("mean-image templates", fontsize=MIDDLE)


def _baseline_template(axes: Axes, told: Explanation) -> None:
    assert told.baseline is not None
    assert told.baseline_templates is not None
    _template(axes, told, told.baseline_templates[told.baseline.argmax()])
    axes.set_title(f"of these, {told.baseline_answer} agrees most", fontsize=MIDDLE)


def _contrast(axes: Axes, told: Explanation) -> None:
    """Where the answer beats what it is compared with, and where it does not."""
    difference = told.pixels[told.first] - told.pixels[told.second]
    _overlay(axes, told, difference, _limit(difference))
    axes.set_title(f"why {told.answer} and not {told.versus}", fontsize=MIDDLE)
    axes.set_xlabel(f"red: for {told.answer}      blue: for {told.versus}", fontsize=SMALL)


def _class(figure: Figure, told: Explanation, c: int, top: float, limits: tuple[float, float]) -> None:
    """The balance of one class, its strongest templates, and where the image meets its own template."""
    name, terms, left = told.model.classes[c], told.contributions[c], MARGIN
    _text(
        figure,
        left,
        top + 0.02,
        f"{'Why' if c == told.first else 'Why not'} {name}?",
        LARGE,
        "black",
        "left",
        "bold",
    )
    _balance(_axes(figure, left, top + 0.55, BALANCE, 1.75), told, c, limits)
    left += BALANCE + GAP
    sides = (("for", FOR, (terms > 0).sum()), ("against", AGAINST, (terms < 0).sum()))
    for (side, colour, count), units in zip(sides, told.strongest(c, TILES), strict=True):
        line = f"{count:,} hidden unit{'s' if count != 1 else ''} {side} {name}"
        if count > len(units):
            listed, total = terms[units].sum(), told.balance(c)[0 if side == "for" else 1]
            line += f"; these {len(units)} give {_number(listed)} of {_number(total)}"
        _text(figure, left, top + 0.36, line, MIDDLE, colour, "left", "bold")
        for spot, k in enumerate(units):
            _unit(_axes(figure, left + spot * (TILE + 0.06), top + 0.85, TILE, TILE), told, c, k)
        left += TILES * (TILE + 0.06) + GAP
    template, overlay = (_axes(figure, left + i * (PAIR + 0.08), top + 0.6, PAIR, PAIR) for i in (0, 1))
    _template(template, told, told.pixel_templates[c])
    template.set_title(f"what {name} looks for", fontsize=MIDDLE)
    template.set_xlabel("all units as one template", fontsize=SMALL)
    _overlay(overlay, told, told.pixels[c], max(_limit(told.pixels[i]) for i in told.shown))
    overlay.set_title("and what it finds", fontsize=MIDDLE)
    found = f"{_number(told.pixels[c].sum())} from ink, {_number(told.pixel_bias[c])} bias"
    overlay.set_xlabel(found, fontsize=SMALL)


def _steps(told: Explanation, c: int) -> tuple[float, ...]:
    """The heights between which the bars of a balance stand."""
    added, taken = told.balance(c)
    return 0.0, added, added + taken, float(told.z[c])


def _balance(axes: Axes, told: Explanation, c: int, limits: tuple[float, float]) -> None:
    """Contributions for a class and against it, the bias, and the resulting score, as a waterfall."""
    (added, taken), z = told.balance(c), told.z[c]
    bars = ((0, added, FOR), (added, taken, AGAINST), (added + taken, told.bias[c], GREY), (0, z, "black"))
    span = max(limits[1] - limits[0], 1e-300)
    for place, (start, height, colour) in enumerate(bars):
        axes.bar(place, height, bottom=start, color=colour, width=0.74)
        top = max(start, start + height) + 0.02 * span
        axes.text(place, top, _number(height), ha="center", va="bottom", fontsize=SMALL)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set_ylim(limits[0] - 0.03 * span, limits[1] + 0.03 * span)
    axes.set_xticks(range(4), ["for", "against", "bias", "score z"], fontsize=SMALL)
    axes.set_yticks([])
    _bare(axes)


def _unit(axes: Axes, told: Explanation, c: int, k: int) -> None:
    """A hidden template under the image's outline, and what it adds."""
    vote, added = float(told.model.params.W2[c, k]), told.contributions[c, k]
    _template(axes, told, told.model.params.W1[k])
    axes.set_title(f"unit {k}\na = {_number(told.a[k])}", fontsize=SMALL)
    axes.set_xlabel(f"{_number(told.h[k])} \N{MULTIPLICATION SIGN} {_number(vote)}", fontsize=SMALL)
    result = axes.text(0.5, -0.24, f"= {_number(added)}", transform=axes.transAxes, ha="center", va="top")
    result.set(color=FOR if added > 0 else AGAINST, fontsize=MIDDLE + 0.5, weight="bold")


def _template(axes: Axes, told: Explanation, values: NDArray) -> None:
    """A template, red where it wants ink and blue where it does not, under the image's outline."""
    _image(axes, values.reshape(told.model.plane), SIGNED, _limit(values))
    image = told.x.reshape(told.model.plane)
    if min(image.shape) > 1 and image.min() < OUTLINE < image.max():  # else older matplotlibs warn
        axes.contour(image, levels=[OUTLINE], colors="black", linewidths=0.8)


def _overlay(axes: Axes, told: Explanation, values: NDArray, limit: float) -> None:
    """The image in grey on white paper, and over it in colour what each of its pixels adds."""
    values = np.clip(values.reshape(told.model.plane) / limit, -1, 1)[..., None]
    paper = 1 - 0.35 * told.x.reshape(told.model.plane)[..., None]
    colour = colormaps[SIGNED](0.5 + values[..., 0] / 2)[..., :3]
    strength = np.abs(values) ** 0.7  # so that weak contributions can be seen
    _image(axes, (1 - strength) * paper + strength * colour, None, 1)


def _image(axes: Axes, image: NDArray, colours: str | None, limit: float) -> None:
    shape: Literal["auto", "equal"] = "auto" if image.shape[0] == 1 else "equal"  # a row of numbers: a strip
    low = -limit if colours == SIGNED else 0
    axes.imshow(image, cmap=colours, vmin=low, vmax=limit, interpolation="nearest", aspect=shape)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(PALE)


def _classes(axes: Axes, told: Explanation, order: Sequence[int]) -> None:
    """One bar a class, the first on top."""
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_yticks(range(len(order)), [str(told.model.classes[c]) for c in order], fontsize=MIDDLE + 1)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xticks([])
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _highest(values: NDArray) -> list[int]:
    """Positions of all values, in order; of many, those of the highest, highest first."""
    if len(values) <= BARS:
        return list(range(len(values)))
    return [int(c) for c in np.argsort(-values, kind="stable")[:BARS]]


def _legend(told: Explanation) -> str:
    f = told.model.activation
    h = "a" if f == "none" else f"{f}(a)"
    line = (
        "Red speaks for a class, blue against it; the outline is the image.  a: how well the image agrees "
        f"with a unit's template; h = {h};  h \N{MULTIPLICATION SIGN} vote is what the unit adds to z."
    )
    if f in PIECEWISE:
        return line
    return (
        f"{line}\n{f} bends everywhere, so no template says what other images would score: here each unit "
        "counts by its chord from a = 0, which gives the sum for this image alone."
    )


def _axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the figure's upper left corner."""
    w, h = figure.get_size_inches()
    return figure.add_axes((left / w, 1 - (top + height) / h, width / w, height / h))


def _text(
    figure: Figure,
    left: float,
    top: float,
    text: str,
    size: float,
    colour: str,
    side: str,
    weight: str = "normal",
) -> None:
    w, h = figure.get_size_inches()
    figure.text(left / w, 1 - top / h, text, fontsize=size, color=colour, ha=side, va="center", weight=weight)


def _limit(values: NDArray) -> float:
    """Where the colours end: a few strong pixels may lie beyond."""
    return float(np.quantile(np.abs(values), 0.99)) or float(np.abs(values).max()) or 1.0


def _number(value: float) -> str:
    """+1.77, but +1.8e+05 and +0.003 for values that are large or near 0."""
    size = abs(value)
    text = f"{value:+.2f}" if size == 0 or 0.005 <= size < 1000 else f"{value:+.{2 if size > 1 else 1}g}"
    return text.replace("-", "\N{MINUS SIGN}")
