"""The network in the box: what it is, what it weighs, what it reads, and what it does not take for a digit."""

import sys
from pathlib import Path

import numpy as np
import pytest

from handgrad import digits, pretrained
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normalisation import normalised
from handgrad.recipes import RECIPES
from photo_suite.european import EUROPEAN
from photo_suite.sheets import drawn

sys.path.append(str(Path(__file__).parents[1] / "tools"))
from no_digits import NOTHINGS, nothings, texture


def test_it_is_recipe_best_in_at_most_four_megabytes(figure):
    model = pretrained.load()
    assert pretrained.PATH.stat().st_size <= 4_000_000
    assert (model.recipe_name, model.recipe) == ("best", RECIPES["best"])
    assert (model.activation, model.loss, model.image_shape) == ("relu", "l2", (28, 28))
    assert model.data_checksum == digits.checksum(*digits.load_mnist()[0])  # all 60,000: no other real digits
    figure("the network in the box, bytes", f"{pretrained.PATH.stat().st_size:,}")


def test_it_reads_the_test_images_as_it_says(mnist, figure):
    images, labels = mnist[1]
    model = pretrained.load()
    scores = model.scores(images)
    right = scores.argmax(axis=1) == labels
    assert right.mean() >= 0.9945  # another processor rounds a little differently
    assert right.mean() == pytest.approx(model.accuracy["test"], abs=3e-4)
    sure = ~model.doubtful(scores)
    assert right[sure].mean() > 0.999
    assert sure.mean() > 0.93
    figure("the network in the box on the test set", f"{right.mean():.2%}")
    figure("of these not doubtful, and right", f"{sure.mean():.2%}, {right[sure].mean():.2%}")


@pytest.mark.parametrize("digit", sorted(EUROPEAN))
def test_it_reads_european_hands(digit):
    rng = np.random.default_rng(int(digit))
    images = [image_of(drawn(digit, 110, pen, rng, EUROPEAN)) for pen in ("ballpoint", "felt") * 40]
    model = pretrained.load()
    scores = model.scores(np.stack(images))
    right = scores.argmax(axis=1) == int(digit)
    assert right.mean() > 0.96
    assert (right | model.doubtful(scores)).mean() > 0.98


@pytest.mark.parametrize("value", [0, 20, 255])
def test_a_blank_image_is_no_digit(value):
    model = pretrained.load()
    scores = model.scores(np.full((1, 28, 28), value, np.uint8))
    assert scores.max() < 0.3
    assert model.confidence(scores)[0] < 0.5
    assert model.doubtful(scores).all()


@pytest.mark.parametrize("kind", NOTHINGS, ids=lambda kind: kind.__name__)
def test_what_is_no_digit_has_low_outputs(kind, mnist):
    others = {other.__name__ for other in NOTHINGS} - {kind.__name__}
    images = nothings(400, 12345, mnist[1][0], left_out=others)
    model = pretrained.load()
    scores = model.scores(images)
    assert np.median(scores.max(axis=1)) < 0.05
    assert model.doubtful(scores).mean() > 0.95


def test_the_tools_draw_what_they_say(mnist):
    rng = np.random.default_rng(0)
    images = np.stack([texture(rng, mnist[1][0]) for _ in range(200)])
    assert (images.max(axis=(1, 2)) == 0).mean() > 0.2  # blank paper is among them


def image_of(ink):
    """The image that reading makes of a drawing."""
    ink = np.pad(np.asarray(ink, np.float32), 4)
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    mark = Mark((1,), int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return normalised(Page(ink, (ink > 0.3).astype(np.int32), [[mark]], ink.shape[::-1]), mark)
