"""Distortions: what each part does to an image, measured; the same bytes from the same generator."""

import tracemalloc

import numpy as np
import pytest

from handgrad import digits
from handgrad.errors import DataError
from handgrad.recipes import Distortion
from handgrad.runs.distortions import augment, elastic_fields

NOTHING = {"rotation": 0.0, "scale": 0.0, "shear": 0.0, "shift": 0.0, "elastic": 0.0, "thickness": 0.0}


def only(**parts):
    return Distortion(**{**NOTHING, **parts})


def many(image, n=400):
    return np.repeat(image[None], n, axis=0)


def blob(height=28, width=28, top=10, left=12, tall=8, wide=4):
    image = np.zeros((height, width), np.uint8)
    image[top : top + tall, left : left + wide] = 255
    return image


def moments(images):
    """Centre (x, y) and second moments (xx, xy, yy) of the ink of each image."""
    ink = images / images.sum(axis=(1, 2), keepdims=True)
    y, x = np.indices(images.shape[1:])
    cx, cy = (ink * x).sum(axis=(1, 2)), (ink * y).sum(axis=(1, 2))
    dx, dy = x - cx[:, None, None], y - cy[:, None, None]
    return cx, cy, *((ink * part).sum(axis=(1, 2)) for part in (dx * dx, dx * dy, dy * dy))


@pytest.fixture(scope="module")
def some_digits():
    return digits.load_mnist()[0][0][:1200]


def test_the_same_generator_gives_the_same_bytes_whatever_the_threads(some_digits):
    first = augment(some_digits, np.random.default_rng(3), threads=1)
    assert np.array_equal(first, augment(some_digits, np.random.default_rng(3), threads=3))
    assert not np.array_equal(first, augment(some_digits, np.random.default_rng(4)))


def test_the_generator_moves_on_and_the_images_stay(some_digits):
    rng, before = np.random.default_rng(3), some_digits.copy()
    first, second = augment(some_digits, rng), augment(some_digits, rng)
    assert not np.array_equal(first, second)
    assert np.array_equal(some_digits, before)


def test_a_restored_generator_goes_on_to_the_same_bytes(some_digits):
    """What a resumed run relies on: all that is random is in the state."""
    rng = np.random.default_rng(3)
    augment(some_digits, rng)
    state = rng.bit_generator.state
    expected = augment(some_digits, rng)
    other = np.random.default_rng(99)
    other.bit_generator.state = state
    assert np.array_equal(augment(some_digits, other), expected)


def test_without_any_part_nothing_changes(some_digits):
    assert np.array_equal(augment(some_digits, np.random.default_rng(0), only()), some_digits)


def test_every_image_is_distorted_in_its_own_way():
    changed = augment(many(blob(), 1100), np.random.default_rng(0))
    assert len(np.unique(changed, axis=0)) == 1100


def test_shift_moves_the_centre_and_nothing_else():
    x0, y0, xx0, xy0, yy0 = (value[0] for value in moments(blob()[None]))
    x, y, xx, xy, yy = moments(augment(many(blob()), np.random.default_rng(0), only(shift=2.0)))
    for moved in (x - x0, y - y0):
        assert abs(moved).max() < 2.05
        assert moved.min() < -1.9
        assert moved.max() > 1.9
        assert abs(moved.mean()) < 0.2
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.15
    assert abs(xx - xx0).max() < 0.3  # what bilinear interpolation blurs
    assert abs(yy - yy0).max() < 0.3
    assert abs(xy - xy0).max() < 0.05


def test_rotation_turns_about_the_middle_by_degrees():
    bar = blob(top=4, left=13, tall=20, wide=2)
    x, y, xx, xy, yy = moments(augment(many(bar), np.random.default_rng(0), only(rotation=15.0)))
    angle = np.rad2deg(np.arctan2(2 * xy, yy - xx) / 2)
    assert abs(angle).max() < 15.3
    assert angle.min() < -14
    assert angle.max() > 14
    assert abs(angle.mean()) < 1.5
    assert abs(x - 13.5).max() < 0.1
    assert abs(y - 13.5).max() < 0.1


def test_scale_stretches_across_and_down_each_on_its_own():
    square = blob(top=9, left=9, tall=10, wide=10)
    _, _, xx0, _, yy0 = (value[0] for value in moments(square[None]))
    _, _, xx, _, yy = moments(augment(many(square), np.random.default_rng(0), only(scale=0.15)))
    across, down = np.sqrt(xx / xx0), np.sqrt(yy / yy0)
    for stretch in (across, down):  # a place comes from (1 + s) times as far away
        assert stretch.min() == pytest.approx(1 / 1.15, abs=0.03)
        assert stretch.max() == pytest.approx(1 / 0.85, abs=0.03)
    assert abs(np.corrcoef(across, down)[0, 1]) < 0.15


def test_shear_slants():
    bar = blob(top=4, left=13, tall=20, wide=2)
    _, _, _, xy, yy = moments(augment(many(bar), np.random.default_rng(0), only(shear=0.15)))
    slant = xy / yy  # pixels across for each pixel down
    assert slant.min() == pytest.approx(-0.15, abs=0.01)
    assert slant.max() == pytest.approx(0.15, abs=0.01)


def test_thickness_widens_and_thins():
    bar = blob(top=4, left=12, tall=20, wide=4)
    ink = augment(many(bar), np.random.default_rng(0), only(thickness=1.0)).sum(axis=(1, 2)) / 255
    assert ink.max() == pytest.approx(6 * 22, rel=0.03)
    assert ink.min() == pytest.approx(2 * 18, rel=0.03)
    assert abs(np.median(ink) - 80) < 8


def test_elastic_fields_have_the_covariance_of_smoothed_noise():
    """Against noise that is drawn and smoothed, pixel by pixel, as Simard et al. do it."""
    sigma, rng, reach = 2.0, np.random.default_rng(0), 8
    steps = np.arange(-reach, reach + 1)
    kernel = np.exp(-(steps**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    noise = rng.uniform(-1, 1, (20_000, 9 + 2 * reach, 7 + 2 * reach))
    down = sum(k * noise[:, i : i + 9] for i, k in enumerate(kernel))
    smooth = sum(k * down[:, :, i : i + 7] for i, k in enumerate(kernel)).reshape(-1, 63)
    drawn = smooth.T @ smooth / len(smooth)
    fields = elastic_fields(9, 7, sigma)
    assert abs(fields.T @ fields - drawn).max() < 0.05 * drawn.max()
    assert len(fields) < 63  # fewer than there are pixels: the smooth ones


def test_elastic_bends_by_as_many_pixels_as_it_says():
    dot = blob(top=13, left=13, tall=2, wide=2)
    for elastic in (10.0, 20.0):
        x, y, *_ = moments(augment(many(dot, 2000), np.random.default_rng(0), only(elastic=elastic)))
        expected = elastic * np.sqrt(1 / 3) / (4 * 2 * np.sqrt(np.pi))  # of noise of variance 1/3, sigma 4
        assert x.std() == pytest.approx(expected, rel=0.15)
        assert y.std() == pytest.approx(expected, rel=0.15)


def test_no_ink_comes_from_the_neighbours():
    images = np.zeros((40, 28, 28), np.uint8)
    images[::2] = 255
    changed = augment(images, np.random.default_rng(0), Distortion(shift=30, scale=0.9, elastic=200))
    assert changed[1::2].max() == 0
    assert changed[::2].max() == 255


@pytest.mark.parametrize(
    "shape", [(3, 8, 8), (700, 5, 7), (2, 64, 64), (1, 1, 1), (2, 1, 30), (0, 28, 28), (2, 0, 5)]
)
def test_any_size(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    changed = augment(images, np.random.default_rng(1), Distortion(thickness=0.5))
    assert changed.shape == shape
    assert changed.dtype == np.uint8
    assert changed is not images


def test_large_images_take_no_more_memory_than_their_waves():
    """All waves of 128 x 128 pixels would take 2 GB; those that carry anything are a few hundred."""
    tracemalloc.start()
    augment(np.full((2, 128, 128), 255, np.uint8), np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400e6


@pytest.mark.parametrize(
    "images", [np.zeros((2, 28, 28)), np.zeros((2, 784), np.uint8), np.zeros((2, 3, 3), np.int64), [[0]]]
)
def test_what_is_no_images_is_refused_in_one_line(images):
    with pytest.raises(DataError, match=r"expected images to distort as uint8 \(N, height, width\); got"):
        augment(images, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("rotation", -1.0),
        ("scale", 1.0),
        ("sigma", 0.0),
        ("thickness", 2.0),
        ("shift", float("nan")),
        ("elastic", "much"),
        ("shear", True),
    ],
)
def test_parts_that_cannot_be_are_named(part, value):
    with pytest.raises(ValueError, match=f"the distortion's {part} to be a number, .*; got"):
        Distortion(**{part: value})
