"""A report: the pictures of a trained network as PNG files, and one page that holds them all."""

import base64
import html
import io
import os
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad import templates
from handgrad.errors import HandgradError, MissingExtraError
from handgrad.evaluation import Evaluation, evaluate
from handgrad.files import reason, write_atomically
from handgrad.model import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray[Any, Any]


def expect_plots() -> None:
    """MissingExtraError unless matplotlib is installed: asked before any work is done."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("--report needs matplotlib: pip install 'handgrad[plot]'")


def write_report(
    folder: str | os.PathLike[str],
    model: Model,
    train: tuple[Array, Array],
    shown: tuple[Array, Array],
) -> Path:
    """Write the pictures and index.html into the folder, which is made if need be -> path of the page.

    train: images and labels that the baseline is fitted on. shown: those that the network is measured
    on. The page holds its pictures within itself: it can be moved and sent. HandgradError where the
    folder cannot be written.
    """
    expect_plots()
    from handgrad import plots

    C = len(model.classes)
    same = train[0].shape[1:] == shown[0].shape[1:] and train[1].max() < C
    means = templates.mean_images(*train, C) if same else None
    fitted = templates.fit(*train, C) if same else None
    result = evaluate(model, *shown, fitted)
    figures = []
    if model.history:
        figures.append(("learning-curves", "Learning", _CURVES, plots.learning_curves(model.history)))
    if means is not None and fitted is not None and means.ndim == 3:
        mean_figure = plots.mean_templates(means, fitted, model.classes)
        figures.append(("mean-templates", "Where it all starts: the mean images", _MEANS, mean_figure))
    figures.append(
        ("hidden-templates", "What the hidden units look for", _HIDDEN, plots.hidden_templates(model))
    )
    figures.append(("confusion", "What it takes for what", _CONFUSION, plots.confusion_matrix(result)))
    if result.mistakes and shown[0].ndim == 3:
        mistakes = plots.confident_mistakes(result, shown[0])
        figures.append(("mistakes", "Its most confident mistakes", _MISTAKES, mistakes))
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sections = []
        for name, title, caption, figure in figures:
            png = _png(figure)
            write_atomically(folder / f"{name}.png", png)
            sections.append(_section(title, caption, png))
        page = folder / "index.html"
        write_atomically(page, _page(model, result, sections).encode())
    except OSError as error:
        raise HandgradError(f"{folder}: the report cannot be written: {reason(error)}") from None
    return page


def _png(figure: "Figure") -> bytes:
    from handgrad.plots import DPI

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def _section(title: str, caption: str, png: bytes) -> str:
    picture = f'<img alt="{html.escape(title)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    return f"<section><h2>{html.escape(title)}</h2><p>{caption}</p>{picture}</section>"


def _page(model: Model, result: Evaluation, sections: list[str]) -> str:
    template = Template((files("handgrad") / "report.html").read_text("utf-8"))
    recipe = model.recipe.to_dict() if model.recipe else {}
    facts = {
        "recipe": model.recipe_name,
        **recipe,
        "seed": model.seed,
        "images": " x ".join(map(str, model.image_shape)),
        "handgrad": model.handgrad_version,
    }
    rows = "".join(
        f"<tr><th>{html.escape(name.replace('_', ' '))}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in facts.items()
    )
    digits = "".join(
        f"<tr><th>{html.escape(str(row['digit']))}</th><td>{row['images']:,}</td>"
        f"<td>{_percent(row['recall'])}</td><td>{_percent(row['precision'])}</td></tr>"
        for row in result.per_digit
    )
    return template.substitute(
        accuracy=_percent(result.accuracy),
        wrong=f"{len(result.mistakes):,}",
        images=f"{result.images:,}",
        baseline=_percent(result.baseline_accuracy),
        facts=rows,
        digits=digits,
        sections="\n".join(sections),
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


_CURVES = "The loss is measured on each batch just before its update, the accuracies after the epoch."
_MEANS = (
    "Above, the mean of all training images of a digit; below, the same minus its mean, over its standard "
    "deviation. An image is read as the digit whose template agrees most with it: the baseline."
)
_HIDDEN = (
    "Each tile is a row of W1, reshaped to an image: red pixels speak for the feature, blue ones against it. "
    "Below it the digit that the feature speaks for (+) or against (\N{MINUS SIGN}) most."
)
_CONFUSION = "Rows are labels, columns answers; the darker, the more frequent the mistake."
_MISTAKES = "The images read wrongly with the largest output, with their label and what they were read as."
