"""Pictures: each function draws one matplotlib Figure (never pyplot: no global state, no window)."""

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from handgrad.arrays import NDArray
from handgrad.insight import reliability
from handgrad.insight.evaluation import Evaluation
from handgrad.model import Model

BLUE, ORANGE, GREY = "#1f5fa8", "#d9660f", "#6b7280"
SIGNED = "RdBu_r"  # blue below zero, white at zero, red above: apart for every kind of colour vision
INK = "gray"  # paper black, ink white, as the network sees it
COLOURS = (BLUE, "#d9660f", "#2a8c55", "#8a5fb0", "#c0392b", "#6b7280", "#b8860b", "#17a2b8")
DPI = 120
CONFIDENCES = {"raw": ORANGE, "normalised": GREY, "calibrated": BLUE}
EDGES = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1)  # of confidence, where bins end
TOP = 0.9999  # where the axes of the reliability diagram end
MANY = 30  # classes beyond which pictures leave details out


def png(figure: Figure) -> bytes:
    """The figure as a PNG file that says who made it (files.PNG); equal figures give equal bytes.

    Its texts are shown as they are: in a class, "$" is a dollar and no mathematics. A letter that the font
    lacks becomes a box.
    """
    buffer = io.BytesIO()
    _without_mathematics(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": "handgrad"})
    return buffer.getvalue()


def _without_mathematics(figure: Figure) -> None:
    """Have all texts shown as they are, but for the powers of ten along logarithmic axes, which are ours."""
    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis) if axis.get_scale() == "log"]
    powers = {id(text) for axis in axes for text in axis.findobj(Text)} - {id(axis.label) for axis in axes}
    for text in figure.findobj(Text):
        if isinstance(text, Text) and id(text) not in powers:
            text.set_parse_math(False)


def learning_curves(history: Sequence[dict[str, Any]]) -> Figure:
    """The loss, and the accuracies on training and validation images, epoch by epoch."""
    figure = Figure((9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [record["epoch"] for record in history]
    _curve(left, epochs, [record["loss"] for record in history], BLUE, "training")
    left.set(title="L, mean over the images", xlabel="epoch")
    left.set_ylim(bottom=0)
    for key, colour in (("train_accuracy", BLUE), ("validation_accuracy", ORANGE)):
        values = [record[key] for record in history]
        if None not in values:
            _curve(right, epochs, values, colour, "training" if key.startswith("train") else "validation")
    right.set(title="accuracy", xlabel="epoch")
    right.yaxis.set_major_formatter(PercentFormatter(1))
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    right.legend(frameon=False, loc="lower right")
    return figure


def mean_templates(means: NDArray, templates: NDArray, classes: Sequence[object]) -> Figure:
    """The mean image of each class (C, h, w) above its normalised template, blue below and red above 0."""
    C = min(len(means), MANY)
    figure = Figure((max(6.0, 1.05 * C), 2.7), layout="constrained")
    rows = figure.subplots(2, C, squeeze=False)
    limit = _limit(templates)
    for c in range(C):
        _tile(rows[0][c], means[c], INK, 0, 1)
        _tile(rows[1][c], templates[c], SIGNED, -limit, limit)
        rows[0][c].set_title(str(classes[c]), fontsize=11)
    for row, name in zip(rows, ("mean image", "template"), strict=True):
        row[0].axis("on")
        row[0].set(xticks=[], yticks=[])
        row[0].spines[:].set_visible(False)
        row[0].set_ylabel(name, fontsize=9)
    return figure


def image_rows(images: NDArray) -> Figure:
    """Rows of images (rows, columns, height, width), uint8; the first column stands apart."""
    rows, columns = images.shape[:2]
    figure = Figure((0.75 * columns + 0.3, 0.75 * rows + 0.1), layout="constrained")
    widths = [1, 0.25, *[1] * (columns - 1)]
    tiles = figure.subplots(rows, columns + 1, squeeze=False, width_ratios=widths)
    for row, (first, gap, *rest) in zip(images, tiles, strict=True):
        gap.axis("off")
        for axes, image in zip((first, *rest), row, strict=True):
            _tile(axes, image, INK, 0, 255)
    return figure


def hidden_templates(model: Model, most: int = 100) -> Figure:
    """Rows of W1 as images, those with the largest votes |W2| first; under each, the class it votes for."""
    votes = np.abs(model.params.W2).max(axis=0)
    chosen = np.argsort(-votes, kind="stable")[:most]
    columns = min(10, len(chosen))
    rows = -(-len(chosen) // columns)
    figure = Figure((columns * 0.95, rows * 1.12 + 0.35), layout="constrained")
    figure.suptitle(
        f"W1: {len(chosen)} of {model.hidden} hidden templates, and what each votes for most", fontsize=11
    )
    tiles = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in tiles:
        axes.axis("off")
    for axes, k in zip(tiles, chosen, strict=False):
        image = model.params.W1[k].reshape(model.plane)
        limit = _limit(image)
        _tile(axes, image, SIGNED, -limit, limit)
        c = int(np.abs(model.params.W2[:, k]).argmax())
        sign = "+" if model.params.W2[c, k] > 0 else "\N{MINUS SIGN}"
        axes.set_title(f"{sign}{model.classes[c]}", fontsize=8, pad=2, y=-0.24)
    return figure


def confusion_matrix(evaluation: Evaluation) -> Figure:
    """Counts of label (row) against answer (column); the more frequent a mistake, the darker."""
    counts, C = evaluation.confusion, len(evaluation.classes)
    wrong = counts - np.diag(counts.diagonal())
    share = np.where(wrong > 0, 0.08 + 0.92 * wrong / max(1, wrong.max()), 0)  # no mistake stays white
    size = min(12, max(4.5, 0.55 * C + 1))
    figure = Figure((size, size), layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.where(share > 0, share, np.nan), cmap="Oranges", vmin=0, vmax=1.25)
    if C <= MANY:
        axes.set_xticks(np.arange(C + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(C + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="#dfe3ea", linewidth=0.8)
    for i in range(C if C <= MANY else 0):  # with more classes the numbers could not be read
        axes.add_patch(_square(i))
        for j in range(C):
            if counts[i, j]:
                colour = "white" if i == j or share[i, j] > 0.75 else "black"
                axes.text(j, i, f"{counts[i, j]}", ha="center", va="center", fontsize=8, color=colour)
    axes.set(xlabel="read as", ylabel="label")
    if C <= MANY:
        names = [str(c) for c in evaluation.classes]
        axes.set_xticks(range(C), names)
        axes.set_yticks(range(C), names)
    axes.set_title(f"{len(evaluation.mistakes):,} mistakes in {evaluation.images:,} images", fontsize=11)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return figure


def confident_mistakes(evaluation: Evaluation, images: NDArray, most: int = 60) -> Figure:
    """The images that were read wrongly with the most confidence: (N, h, w)."""
    mistakes = evaluation.mistakes[:most]
    columns = 10
    rows = max(1, -(-len(mistakes) // columns))
    figure = Figure((columns * 0.98, rows * 1.42), layout="constrained")
    tiles = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in tiles:
        axes.axis("off")
    for axes, mistake in zip(tiles, mistakes, strict=False):
        _tile(axes, images[mistake.index], INK, 0, 255 if images.dtype.kind in "iu" else 1)
        axes.set_title(
            f"{mistake.label} read as {mistake.predicted}\nsure {mistake.confidence:.2f}", fontsize=7.5
        )
    return figure


def reliability_diagram(evaluation: Evaluation) -> Figure:
    """Accuracy against confidence; on the diagonal, answers are right as often as their confidence says.

    Both axes are log odds, which spread what is near 1. The bars are Wilson's 95 % intervals; a bin
    without a mistake lies on the upper edge.
    """
    figure = Figure((6.4, 5.4), layout="constrained")
    axes = figure.subplots()
    ticks = (0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
    for scale, axis in ((axes.set_xscale, axes.xaxis), (axes.set_yscale, axes.yaxis)):
        scale("logit")
        axis.set_minor_locator(NullLocator())
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.plot([0.01, TOP], [0.01, TOP], color="black", linewidth=0.8)
    lowest = 0.5
    for name, values in evaluation.confidences.items():
        bins = reliability.bins_between(values, evaluation.right, EDGES)
        x, y, n = np.array(bins).T
        middle, reach = (y + 1.92 / n) / (1 + 3.84 / n), np.sqrt(3.84 * y * (1 - y) / n + 3.69 / n**2)
        reach /= 1 + 3.84 / n
        x, y = np.clip(x, 0.02, TOP), np.clip(y, 0.02, TOP)
        bars = np.clip([y - (middle - reach), np.minimum(middle + reach, TOP) - y], 0, None)
        axes.errorbar(x, y, bars, fmt="o-", color=CONFIDENCES[name], markersize=4, linewidth=1, label=name)
        lowest = min(lowest, float(x.min()), float((y - bars[0]).min()))
    axes.set(xlim=(lowest * 0.9, TOP), ylim=(lowest * 0.9, TOP), xlabel="confidence", ylabel="answers right")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="upper left")
    axes.tick_params(axis="x", labelsize=8, rotation=45)
    axes.tick_params(axis="y", labelsize=8)
    return figure


def coverage_curve(evaluation: Evaluation) -> Figure:
    """The share of wrong answers among the most confident ones; the dot is where doubt begins."""
    figure = Figure((6.4, 4), layout="constrained")
    axes = figure.subplots()
    answered = np.arange(1, evaluation.images + 1)
    for name, values in evaluation.confidences.items():
        wrong = np.cumsum(~evaluation.right[np.argsort(-values, kind="stable")])
        first = max(1, int((wrong == 0).sum()))  # from the first mistake on: a logarithm of 0 is not drawn
        axes.plot(
            answered[first:] / evaluation.images,
            wrong[first:] / answered[first:],
            color=CONFIDENCES[name],
            linewidth=1.3,
            label=name,
        )
    if (point := evaluation.undoubted) is not None:
        least = 0.5 / evaluation.images  # if there are no mistakes
        axes.plot(point.coverage, max(1 - point.accuracy, least), "o", color=BLUE, label="not doubtful")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.set(xlabel="images answered, the surest first", ylabel="of these, wrong", xlim=(None, 1))
    axes.grid(alpha=0.25, which="both")
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def bench_bars(document: dict[str, Any]) -> Figure:
    """The results of handgrad bench: each peer's time as a multiple of the first peer's, on a log scale."""
    rows = [
        (f"train {row['hidden']}, {row['batch_size']}\n{_threads(row)}", row)
        for row in document.get("train", [])
    ]
    rows += [
        (f"answer {row['batch_size']:,} of\n{row['hidden']} units, {_threads(row)}", row)
        for row in document.get("answer", [])
    ]
    rows += [("whole process", document["process"])] if "process" in document else []
    names = list(dict.fromkeys(name for _, row in rows for name in row["peers"]))
    figure = Figure((9.5, 1.4 + 0.16 * sum(len(row["peers"]) + 1 for _, row in rows)), layout="constrained")
    axes, place, middles = figure.subplots(), 0.0, []
    for _, row in rows:
        ratios, start = sorted(row["peers"].items(), key=lambda told: told[1]["ratio"]), place
        for name, told in ratios:
            axes.barh(place, told["ratio"], color=COLOURS[names.index(name) % len(COLOURS)], height=0.9)
            axes.text(told["ratio"] * 1.03, place, f"{name} {told['ratio']:.2f} x", va="center", fontsize=6.5)
            place += 1
        middles.append((start + place - 1) / 2)
        place += 1
    axes.set_yticks(middles, [title for title, _ in rows], fontsize=7.5)
    axes.set_xscale("log")
    axes.set_xlim(min([told["ratio"] for _, row in rows for told in row["peers"].values()]) * 0.9)
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.axvline(1, color=GREY, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("time, as a multiple of handgrad's in the same run (median)")
    axes.set_title(document["machine"], fontsize=8, loc="left")
    return figure


def _threads(row: dict[str, Any]) -> str:
    return f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"


def _curve(axes: Axes, epochs: list[int], values: list[float], colour: str, name: str) -> None:
    axes.plot(epochs, values, "o-", color=colour, markersize=4, label=name)


def _tile(axes: Axes, image: NDArray, colours: str, low: float, high: float) -> None:
    axes.imshow(image, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    axes.axis("off")


def _limit(values: NDArray) -> float:
    """The value at which the colours end: a few strong pixels may lie beyond."""
    return float(np.quantile(np.abs(values), 0.99)) or float(np.abs(values).max()) or 1.0


def _square(i: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((i - 0.5, i - 0.5), 1, 1, facecolor=BLUE)
