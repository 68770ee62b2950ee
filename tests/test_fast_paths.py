"""What small pictures are read fast by gives what the plain way gives."""

import cv2
import numpy as np
import pytest

from handgrad.photos.connected import boundary, connected, with_labels
from handgrad.photos.ranks import FEW, median, medians, quantile, quantiles
from handgrad.photos.segments import level_segments, run_lengths
from handgrad.photos.strokes import Slopes, ray_lengths


def masks(seed, count):
    """Masks of all sizes, of fine and of coarse ink, some of it in a part of the mask only; two are blank."""
    rng = np.random.default_rng(seed)
    yield from (np.zeros((7, 9), np.uint8), np.zeros((0, 5), np.uint8), np.ones((6, 5), np.uint8))
    for i in range(count):
        shape = rng.integers(1, 90, 2)
        noise = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), rng.uniform(0.3, 3))
        mask = (noise > np.quantile(noise, rng.uniform(0.5, 0.95))).astype(np.uint8)
        if i % 3:
            (top, bottom), (left, right) = (np.sort(rng.integers(0, side + 1, 2)) for side in shape)
            mask[:top], mask[bottom:], mask[:, :left], mask[:, right:] = 0, 0, 0, 0
        yield mask


def test_components_are_those_of_the_whole_mask_in_the_same_order():
    for mask in masks(1, 300):
        found = connected(mask)
        if not mask.size:
            assert found.number == 1
            continue
        number, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        assert found.number == number
        assert np.array_equal(found.labels, labels)
        assert np.array_equal(found.stats[1:], stats[1:])
        assert not found.stats[0].any()


def test_the_boundary_of_ink_has_its_margin_where_there_is_room():
    mask = np.zeros((20, 30), np.uint8)
    mask[5:9, 27:29] = 1
    assert boundary(mask) == (slice(4, 9), slice(26, 29))
    assert boundary(mask, 2) == (slice(2, 11), slice(24, 30))


def test_run_lengths_are_those_of_counting():
    for mask in masks(2, 30):
        expected = np.zeros(mask.shape, np.int32)
        for y, row in enumerate(mask):
            for x in np.flatnonzero(row):
                left, right = x, x
                while left > 0 and row[left - 1]:
                    left -= 1
                while right + 1 < len(row) and row[right + 1]:
                    right += 1
                expected[y, x] = right - left + 1
        assert np.array_equal(run_lengths(mask), expected)


@pytest.mark.parametrize("size", [5, FEW, FEW + 1, 4000, 4001])
def test_medians_and_quantiles_are_those_of_the_sorted_numbers(size):
    rng = np.random.default_rng(size)
    for spread in (1e-9, 0.1, 100):
        for shown in (lambda v: v, lambda v: np.round(v, 1), lambda v: np.maximum(v, 0), lambda v: 0 * v + 2):
            values = shown(rng.normal(spread, spread, size)).astype(np.float32)
            assert median(values) == np.median(values)
            ordered = np.sort(values).astype(np.float64)
            shares = (0, 0.02, 0.6, 0.995, 1, rng.random())
            expected = pytest.approx(np.interp(np.multiply(shares, size - 1), np.arange(size), ordered), 1e-6)
            assert [quantile(values, share) for share in shares] == expected
            assert quantiles(values, shares) == expected


def test_medians_of_bytes_and_pixels_with_labels_are_numpys():
    rng = np.random.default_rng(4)
    for count in (1, 2, 7, 68):
        shades = rng.integers(0, 256, (count, 9, 3), dtype=np.uint8)
        assert np.array_equal(medians(shades), np.median(shades, axis=0))
    labels = rng.integers(0, 20, (30, 40)).astype(np.int32)
    for chosen in ((), (3,), (0, 7, 19), tuple(range(2, 15))):
        assert np.array_equal(with_labels(labels, chosen), np.isin(labels, chosen))


def test_level_segments_are_the_thin_straight_level_strokes_the_longest_first():
    mask = np.zeros((80, 120), np.uint8)
    for start, end in (
        ((5, 10), (100, 18)),
        ((30, 40), (90, 40)),
        ((110, 20), (119, 20)),
        ((0, 60), (19, 60)),
    ):
        cv2.line(mask, start, end, 1, 1)
    cv2.line(mask, (60, 30), (60, 70), 1, 1)  # upright
    mask[65:78, 90:100] = 1  # thick
    found = level_segments(mask)
    assert [(each.start, each.end) for each in found] == [(5, 100), (30, 90), (0, 19), (110, 119)]
    assert [round(each.slope, 2) for each in found] == [0.08, 0, 0, 0]
    assert not level_segments(np.zeros((9, 9), np.uint8))
    assert not level_segments(np.eye(50, dtype=np.uint8))


def test_a_ray_ends_at_the_first_edge_that_faces_it():
    """One step of one ray after the other, on slopes drawn at random."""
    rng = np.random.default_rng(3)
    for direction in (1, -1):
        shape = (30, 40)
        across, down = rng.normal(0, 1, (2, *shape)).astype(np.float32)
        steepness = np.hypot(across, down)
        near = rng.random(shape) < 0.2
        start = np.flatnonzero(near)
        found = ray_lengths(
            start, direction, 25, Slopes(*(a.ravel() for a in (across, down, steepness)), near)
        )
        expected = []
        for y, x in zip(*np.divmod(start, 40), strict=True):
            unit = np.array([across[y, x], down[y, x]]) / max(steepness[y, x], 1e-6)
            for step in range(1, 25):
                at_x, at_y = np.rint([x, y] + (direction * step * unit).astype(np.float64)).astype(int)
                if not (0 <= at_x < 40 and 0 <= at_y < 30):
                    break
                there = np.array([across[at_y, at_x], down[at_y, at_x]]) / steepness[at_y, at_x]
                faces = unit @ there < -0.6 and steepness[at_y, at_x] > 0.3 * steepness[y, x]
                if near[at_y, at_x] and faces:
                    expected.append(step)
                    break
        assert len(expected) > 50
        assert found.tolist() == sorted(expected)
