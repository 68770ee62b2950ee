"""The network in the box: what it is, what it weighs, what it reads."""

import pytest

from handgrad import digits, pretrained
from handgrad.recipes import RECIPES


def test_it_is_recipe_best_in_at_most_four_megabytes(figure):
    model = pretrained.load()
    assert pretrained.PATH.stat().st_size <= 4_000_000
    assert (model.recipe_name, model.recipe) == ("best", RECIPES["best"])
    assert (model.activation, model.loss, model.image_shape) == ("relu", "l2", (28, 28))
    assert model.data_checksum == digits.checksum(*digits.load_mnist()[0])  # all 60,000, and nothing else
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
