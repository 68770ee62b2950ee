"""A report: the pictures of a trained network as PNG files, and one page that holds them all."""

import base64
import html
import os
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

import numpy as np

from handgrad import templates
from handgrad.arrays import NDArray
from handgrad.errors import MissingExtraError
from handgrad.files import BEGINNING, PNG, Kind, expect_folder, expect_replaceable, write_atomically
from handgrad.insight.evaluation import Evaluation, percent
from handgrad.model import Model
from handgrad.recipes import Distortion
from handgrad.runs.distortions import augment

ROWS, COLUMNS = 10, 12  # of distorted images
PICTURES = (
    "learning-curves", "mean-templates", "distortions", "hidden-templates", "confusion", "mistakes",
    "reliability", "coverage",
)  # fmt: skip
GENERATOR = b'<meta name="generator" content="handgrad">'  # marks a page as written by handgrad
PAGE = Kind("a report of handgrad", lambda file: GENERATOR in file.read(BEGINNING))


def expect_report(folder: str | os.PathLike[str]) -> None:
    """Make the folder and check that it can be written, before any work is done.

    MissingExtraError without matplotlib. HandgradError if the folder cannot be written, or if it holds a
    page or picture of that name that is not from a report of handgrad.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError("--report needs matplotlib: pip install 'handgrad[plot]'")
    expect_folder(folder)
    expect_replaceable(Path(folder) / "index.html", PAGE)
    for name in PICTURES:
        expect_replaceable(Path(folder) / f"{name}.png", PNG)


def write_report(
    folder: str | os.PathLike[str],
    model: Model,
    result: Evaluation,
    images: NDArray,
    learnt_from: tuple[NDArray, NDArray] | None = None,
) -> Path:
    """Write the pictures and index.html into the folder, which is made if need be -> path of the page.

    result: the evaluation of the model on images (N, ...). learnt_from: the images and labels that it was
    trained on, where they are known; their mean images are shown. The pictures are embedded in
    the page, so it can be moved and sent. Errors as expect_report.
    """
    expect_report(folder)
    from handgrad.insight import plots

    figures = []
    if model.history:
        figures.append(("learning-curves", "Learning", _CURVES, plots.learning_curves(model.history)))
    if learnt_from is not None:
        present, position = np.unique(learnt_from[1], return_inverse=True)
        means = templates.mean_images(learnt_from[0], position, len(present))
        fitted = templates.fit(learnt_from[0], position, len(present))
        shown = plots.mean_templates(means, fitted, present.tolist())
        figures.append(("mean-templates", "Where it all starts: the mean images", _MEANS, shown))
        if model.recipe is not None and model.recipe.distortion is not None:
            distorted = _distorted(learnt_from, model.recipe.distortion)
            figures.append(("distortions", "What it learnt from", _DISTORTED, plots.image_rows(distorted)))
    figures.append(
        ("hidden-templates", "What the hidden units look for", _HIDDEN, plots.hidden_templates(model))
    )
    figures.append(("confusion", "What it takes for what", _CONFUSION, plots.confusion_matrix(result)))
    if result.mistakes:
        mistakes = plots.confident_mistakes(result, images.reshape(-1, *model.plane))
        figures.append(("mistakes", "Its most confident mistakes", _MISTAKES, mistakes))
    sure = plots.reliability_diagram(result)
    figures.append(("reliability", "Whether its confidence can be trusted", _RELIABILITY, sure))
    doubt = plots.coverage_curve(result)
    figures.append(("coverage", "What is left when the doubtful are put aside", _COVERAGE, doubt))
    folder, sections = Path(folder), []
    for name, title, caption, figure in figures:
        picture = plots.png(figure)
        write_atomically(folder / f"{name}.png", picture, PNG)
        sections.append(_section(title, caption, picture))
    page = folder / "index.html"
    write_atomically(page, _page(model, result, sections).encode(), PAGE)
    return page


def _distorted(learnt_from: tuple[NDArray, NDArray], how: Distortion) -> NDArray:
    """The first image of each class and, behind it, distortions of it: (classes, columns, height, width)."""
    images, labels = learnt_from
    firsts = images[np.unique(labels, return_index=True)[1][:ROWS]]
    rng = np.random.default_rng(0)
    return np.stack([firsts, *(augment(firsts, rng, how) for _ in range(COLUMNS - 1))], axis=1)


def _section(title: str, caption: str, png: bytes) -> str:
    picture = f'<img alt="{html.escape(title)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    return f"<section><h2>{html.escape(title)}</h2><p>{caption}</p>{picture}</section>"


def _page(model: Model, result: Evaluation, sections: list[str]) -> str:
    template = Template((files("handgrad.insight") / "report.html").read_text("utf-8"))
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
_DISTORTED = (
    "On the left an image of each class as it is, beside it as epochs saw it: turned, stretched, slanted, "
    "shifted and bent anew in each."
)
_HIDDEN = (
    "Each tile is a row of W1, reshaped to an image: red pixels speak for the feature, blue ones against it. "
    "Below it the digit that the feature speaks for (+) or against (\N{MINUS SIGN}) most."
)
_CONFUSION = "Rows are labels, columns answers; the darker, the more frequent the mistake."
_MISTAKES = "The images read wrongly with the most confidence, with their label and what they were read as."
_RELIABILITY = (
    "Answers of similar confidence, and how many of them are right; on the line a confidence means what it "
    "says. Raw is the top output, normalised its share of all outputs; calibrated is fitted on images held "
    "back. Bars are 95 % intervals; bins without a mistake lie on the upper edge."
)
_COVERAGE = (
    "Of the images answered, the surest first, the share that is wrong. A lower curve knows better where it "
    "errs; the dot is the threshold of doubt."
)
