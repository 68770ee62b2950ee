"""The baseline, and a network that begins as the baseline."""

import numpy as np
import pytest

from handgrad import network, templates
from handgrad.arrays import as_input
from handgrad.errors import DataError
from handgrad.recipes import CHOICES


@pytest.fixture(scope="module")
def fitted(mnist):
    return templates.fit(*mnist[0])


def test_the_baseline_reads_82_08_percent_of_the_test_images(mnist, fitted, figure):
    images, labels = mnist[1]
    accuracy = (templates.predict(fitted, images) == labels).mean()
    assert accuracy == 0.8208
    figure("mean-image templates on the MNIST test set", f"{accuracy:.2%}")


def test_templates_are_mean_images_normalised(mnist, fitted):
    images, labels = mnist[0]
    assert fitted.shape == (10, 28, 28)
    for c in range(10):
        mean = images[labels == c].mean(axis=0) / 255
        np.testing.assert_allclose(fitted[c], (mean - mean.mean()) / mean.std(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fitted.mean(axis=(1, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(fitted.std(axis=(1, 2)), 1)


def test_float_images_give_the_same_templates(mnist):
    images, labels = mnist[0][0][:500], mnist[0][1][:500]
    np.testing.assert_allclose(templates.fit(images / 255, labels), templates.fit(images, labels), rtol=1e-10)


def test_a_class_without_images_is_named(mnist):
    images, labels = mnist[0][0][:50], mnist[0][1][:50].copy()
    labels[labels == 3] = 4
    with pytest.raises(DataError, match="at least one image of each class; class 3 has no images"):
        templates.fit(images, labels)


def test_blank_images_do_not_divide_by_zero():
    assert not templates.fit(np.zeros((10, 4, 4), np.uint8), np.arange(10)).any()


@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_network_can_start_with_the_answers_of_the_baseline(activation, dtype, mnist, fitted, rng):
    images, _ = mnist[1]
    params = network.map_params(lambda p: p.astype(dtype), templates.init_from(fitted, 64, rng))
    answers = network.predict(params, as_input(images, dtype), activation)
    np.testing.assert_array_equal(answers, templates.predict(fitted, images))


def test_it_takes_two_hidden_units_a_template(fitted, rng):
    with pytest.raises(ValueError, match="at least 20 hidden units for 10 templates; got 19"):
        templates.init_from(fitted, 19, rng)
