"""A report: the pictures of a trained network as PNG files, and one page that holds them all."""

import base64
import html
import os
import tempfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad import templates
from handgrad.errors import HandgradError, MissingExtraError
from handgrad.evaluation import Evaluation, percent
from handgrad.files import reason, write_atomically
from handgrad.model import Model

if TYPE_CHECKING:
    pass

Array = np.ndarray[Any, Any]


def expect_report(folder: str | os.PathLike[str]) -> None:
    """Make the folder and try it, before any work is done: MissingExtraError without matplotlib,
    HandgradError where the folder cannot be written."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("--report needs matplotlib: pip install 'handgrad[plot]'")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise HandgradError(f"{folder}: the report cannot be written: {reason(error)}") from None


def write_report(
    folder: str | os.PathLike[str],
    model: Model,
    result: Evaluation,
    images: Array,
    learnt_from: tuple[Array, Array] | None = None,
) -> Path:
    """Write the pictures and index.html into the folder, which is made if need be -> path of the page.

    result: the evaluation of the model on images (N, ...). learnt_from: the images and labels that it was
    trained on, where they are known; their mean images are shown. The page holds its pictures within
    itself: it can be moved and sent. Errors as expect_report.
    """
    expect_report(folder)
    from handgrad import plots

    figures = []
    if model.history:
        figures.append(("learning-curves", "Learning", _CURVES, plots.learning_curves(model.history)))
    if learnt_from is not None:
        present, position = np.unique(learnt_from[1], return_inverse=True)
        means = templates.mean_images(learnt_from[0], position, len(present))
        fitted = templates.fit(learnt_from[0], position, len(present))
        shown = plots.mean_templates(means, fitted, present.tolist())
        figures.append(("mean-templates", "Where it all starts: the mean images", _MEANS, shown))
    figures.append(
        ("hidden-templates", "What the hidden units look for", _HIDDEN, plots.hidden_templates(model))
    )
    figures.append(("confusion", "What it takes for what", _CONFUSION, plots.confusion_matrix(result)))
    if result.mistakes:
        mistakes = plots.confident_mistakes(result, images.reshape(-1, *model.plane))
        figures.append(("mistakes", "Its most confident mistakes", _MISTAKES, mistakes))
    folder = Path(folder)
    try:
        sections = []
        for name, title, caption, figure in figures:
            picture = plots.png(figure)
            write_atomically(folder / f"{name}.png", picture)
            sections.append(_section(title, caption, picture))
        page = folder / "index.html"
        write_atomically(page, _page(model, result, sections).encode())
    except OSError as error:
        raise HandgradError(f"{folder}: the report cannot be written: {reason(error)}") from None
    return page


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
        f"<td>{percent(row['recall'])}</td><td>{percent(row['precision'])}</td></tr>"
        for row in result.per_digit
    )
    return template.substitute(
        accuracy=percent(result.accuracy),
        wrong=f"{len(result.mistakes):,}",
        images=f"{result.images:,}",
        baseline=percent(result.baseline_accuracy),
        facts=rows,
        digits=digits,
        sections="\n".join(sections),
    )


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
