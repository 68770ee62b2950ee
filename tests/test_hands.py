"""The digits that the network in the box learns from besides MNIST's: their look, and the training on them."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handgrad import pretrained
from handgrad.model import Model
from handgrad.recipes import RECIPES

sys.path.append(str(Path(__file__).parents[1] / "tools"))
from allographs import ALLOGRAPHS
from hands import ADDED, drawn, inked
from mixed import Mixture, trained_on


@pytest.mark.parametrize("digit", ALLOGRAPHS)
def test_drawn_digits_look_like_mnist_and_are_read(digit):
    rng, model = np.random.default_rng(digit), pretrained.load()
    for allograph in ALLOGRAPHS[digit]:
        images = np.stack([inked(allograph(rng.uniform), rng) for _ in range(60)])
        assert (model.predict(images) == digit).mean() > 0.8, allograph.__name__
        inked_rows, inked_columns = ((images > 0).any(axis=axis).sum(axis=1) for axis in (2, 1))
        assert set(np.maximum(inked_rows, inked_columns)) <= {19, 20}
        middles = np.array(
            [[image.sum(axis=axis) @ np.arange(28) / image.sum() for axis in (0, 1)] for image in images]
        )
        assert abs(middles - 14).max() < 1.1


def test_drawn_digits_are_named_in_turn_and_drawn_again_from_the_same_seed(mnist):
    images, labels = drawn(40, 3, mnist[1])
    again, _ = drawn(40, 3, mnist[1])
    assert labels.tolist() == [*range(10)] * 4
    assert (images == again).all()
    assert (pretrained.load().predict(images) == labels).mean() > 0.9


def test_a_stroke_is_added_to_real_digits(mnist):
    images, labels = mnist[1]
    rng, model = np.random.default_rng(0), pretrained.load()
    for digit, add in ADDED.items():
        some = images[labels == digit][:100]
        more = np.stack([add(image, rng) for image in some])
        assert np.median((more > 60).sum(axis=(1, 2)) / (some > 60).sum(axis=(1, 2))) > 1.1
        assert (model.predict(more) == digit).mean() > 0.85


def test_images_of_no_digit_have_ten_zeros_as_target(mnist):
    recipe = replace(RECIPES["quick"], hidden=32, epochs=6)
    real = (mnist[1][0][:2000], mnist[1][1][:2000])
    params = trained_on(Mixture(drawn=200, nothings=600, sets=2), real, recipe, 0)
    model = Model(params)
    assert params.W2.shape == (10, 32)
    assert model.scores(np.zeros((1, 28, 28), np.uint8)).max() < 0.3
    assert (model.predict(real[0]) == real[1]).mean() > 0.85
