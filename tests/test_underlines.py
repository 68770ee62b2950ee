"""Underlines, and strokes of neighbours at the border: taken from the ink before marks are found."""

import cv2
import numpy as np

from handgrad.photos import underlines
from handgrad.photos.connected import connected
from handgrad.photos.underlines import detached, without_underlines


def digits_in(images, height=80):
    """Digits side by side as a mask, 24 pixels apart, on much paper."""
    some = [cv2.resize(image, (height, height)) > 100 for image in images]
    some = [each[:, np.flatnonzero(each.any(axis=0))] for each in some]
    row = np.concatenate([np.pad(each, ((60, 60), (12, 12))) for each in some], axis=1)
    return np.pad(row, ((0, 0), (40, 40))).astype(np.uint8)


def test_an_underline_goes_and_the_digits_stay(mnist, figure):
    """Straight, leaning and bent ones, beneath the digits or touching them."""
    images, lost, left = mnist[1][0], [], []
    for i in range(0, 60, 3):
        mask = digits_in(images[i : i + 3])
        low = int(np.flatnonzero(mask.any(axis=1))[-1]) + (-2, 3, 12)[i % 3]
        line, columns = np.zeros_like(mask), np.arange(20, mask.shape[1] - 20)
        rows = low + (i % 2) * 0.03 * (columns - 20) + 4 * np.sin(columns / mask.shape[1] * 3)
        for x, y in zip(columns, np.rint(rows).astype(int), strict=True):
            line[y : y + 6, x] = 1
        cleared = without_underlines(mask | line)
        lost.append(1 - cleared[mask > 0].mean())
        left.append(cleared[(line > 0) & (mask == 0)].mean())
    figure("underlines", f"lost {np.mean(lost):.1%} of the digits, left {np.mean(left):.1%} of the lines")
    assert np.mean(lost) < 0.03
    assert np.mean(left) < 0.1


def test_digits_without_an_underline_stay_as_they_are(mnist):
    """Of 100 lines of three, hardly one loses ink; feet of 2 and tops of 7 that meet are no underline."""
    images, labels = mnist[1]
    changed = 0
    for i in range(0, 300, 3):
        mask = digits_in(images[i : i + 3])
        changed += bool((without_underlines(mask) != mask).any())
    assert changed <= 1
    for digit in (2, 7, 4, 5):
        mask = digits_in(images[np.flatnonzero(labels == digit)[:3]])
        mask = mask[:, np.flatnonzero(mask.any(axis=0))]
        assert (without_underlines(mask) == mask).all()


def test_a_tight_crop_keeps_its_digits_and_a_neighbour_stays_at_the_border(mnist):
    mask = digits_in(mnist[1][0][:2])
    rows = np.flatnonzero(mask.any(axis=1))
    mask = mask[rows[0] - 6 : rows[-1] + 1].copy()  # the digits stand on the lower border
    mask[:10, 5:12] = 1  # the stroke of a neighbour
    cleared = detached(mask)
    assert not cleared[-1].any()
    assert cleared[:10, 5:12].all()
    assert cleared[4:-4].sum() == mask[4:-4].sum()


def test_the_edge_of_a_table_is_not_detached(mnist):
    """Ink along much of the border belongs to the surroundings."""
    mask = digits_in(mnist[1][0][:2])
    mask[:, -30:] = 1
    assert (detached(mask) == mask).all()


def test_a_contact_holds_a_mark_together_if_the_mark_falls_apart_without_it(rng):
    """As by taking each contact away; of marks at random, some of whose pieces several contacts join."""
    holding = 0
    for _ in range(150):
        _, labels, stats, *_ = connected((rng.random((9, 24)) < rng.uniform(0.5, 0.7)).astype(np.uint8))
        own = labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()
        border = np.zeros_like(own)
        border[:3] = border[-3:] = True
        contacts = connected((own & border).astype(np.uint8)).labels
        pieces = connected((own & ~border).astype(np.uint8)).labels
        apart = {
            label
            for label in range(1, contacts.max() + 1)
            if connected((own & (contacts != label)).astype(np.uint8))[0] > 2
        }
        assert underlines._holding(contacts, pieces) == apart
        holding += len(apart)
    assert holding > 30
