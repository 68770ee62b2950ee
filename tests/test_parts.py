"""The marks that the second network learns from: what they hold, and that a seed makes them again."""

import sys

import numpy as np
import pytest

import house

sys.path.append(str(house.ROOT / "tools"))
import parts

from handgrad import digits


@pytest.fixture(scope="module")
def real():
    images, labels = digits.load_mnist()[0]
    return images[:2000], labels[:2000]


def test_a_seed_makes_the_same_marks_again(real):
    first, second, other = (parts.marks(*real, 4, seed) for seed in (5, 5, 6))
    assert first[0].shape[1:] == (28, 28)
    assert first[0].dtype == np.uint8
    assert all((one == two).all() for one, two in zip(first, second, strict=True))
    assert first[1].tolist() != other[1].tolist()
    assert {parts.PARTS} < set(first[1].tolist()) <= set(range(11))


def test_marks_that_hold_a_digit_are_named_after_it(real, monkeypatch):
    """Each mark of twelve groups, its ink by digit: nearly all of one digit, or far from all of one alone."""
    inks, kept = [], parts.normalised

    def remembered(page, mark):
        inks.append(page.ink * np.isin(page.labels, mark.parts))
        return kept(page, mark)

    monkeypatch.setattr(parts, "normalised", remembered)
    rng, grouped = np.random.default_rng(0), parts.group
    for start in range(0, 24, 2):
        images, labels = real[0][start : start + 2], real[1][start : start + 2]
        made = []
        monkeypatch.setattr(parts, "group", lambda *some, made=made: made.append(grouped(*some)) or made[0])
        inks.clear()
        named = [label for _, label in parts.marks_of(images, labels, rng)]
        ink, owner = made[0]
        whole = np.array([ink[owner == i].sum() for i in range(2)])
        for label, mark in zip(named, inks, strict=True):
            held = np.array([mark[owner == i].sum() for i in range(2)])
            most = int((held / whole).argmax())
            share = min(held[most] / whole[most], held[most] / mark.sum())
            assert (share > 0.7) == (label != parts.PARTS)
            assert label in (labels[most], parts.PARTS)


def test_a_half_is_a_side_of_a_digit(real):
    rng, apart, x = np.random.default_rng(1), [], np.arange(28)
    for image in real[0][:100]:
        ink = image / np.float32(255)
        half = parts._half(ink, rng)
        assert ((half == ink) | (half == 0)).all()
        assert 0.25 < half.sum() / ink.sum() < 0.75
        middles = [side.sum(axis=0) @ x / side.sum() for side in (half, ink - half)]
        apart.append(middles[0] - middles[1])
    assert np.median(np.abs(apart)) > 5
    assert 20 < (np.array(apart) > 0).sum() < 80  # left ones and right ones


def test_all_of_the_ink_is_one_image(real):
    image = real[0][0] / np.float32(255)
    blank = np.zeros((60, 90), np.float32)
    blank[10:38, 5:33] = blank[20:48, 50:78] = image
    _, columns = np.nonzero(parts.all_of(blank) > 100)
    assert columns.max() - columns.min() >= 18  # both are in it


def test_all_digits_are_worth_learning(real):
    images, labels = real[0].copy(), real[1].copy()
    labels[::2] = parts.PARTS  # of these, the network in the box sees a digit in nearly all
    images[::4] = 0  # and none in these
    kept_images, kept_labels = parts.worth_learning(images, labels, 0)
    assert len(kept_images) == len(kept_labels)
    assert (kept_labels != parts.PARTS).sum() == 1000
    blank = kept_images.max(axis=(1, 2)) == 0
    assert 0.1 < blank.sum() / 500 < 0.3
    assert ((kept_labels == parts.PARTS) & ~blank).sum() > 480
