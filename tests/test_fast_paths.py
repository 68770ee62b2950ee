"""What small pictures are read fast by gives what the plain way gives."""

import cv2
import numpy as np
import pytest

from handgrad.photos.connected import boundary, connected, with_labels
from handgrad.photos.ranks import FEW, median, medians, quantile, quantiles
from handgrad.photos.segments import SHORTEST, Segment, level_segments, line_through, run_lengths
from handgrad.photos.strokes import Slopes, ray_lengths, stroke_width, stroke_widths
from handgrad.photos.work import budget


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
    mask[1, 3] = 1
    assert boundary(mask, 4) == (slice(0, 13), slice(0, 30))


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


def test_a_quantile_at_a_number_is_that_number():
    """The nearer of the two counts, so that their distance, which is rounded, does not show."""
    for values, share, expected in (
        ((-1e8, 1), np.nextafter(1, 0), 1),
        ((-1, 1e8), np.nextafter(0, 1), -1),
        ((0, 1), 0.5, 0.5),
    ):
        numbers = np.array(values, np.float32)
        assert [quantile(numbers, share), *quantiles(numbers, [share])] == pytest.approx(
            [expected] * 2, abs=1e-6
        )
    assert quantiles(np.array([0, 1], np.float32), [0.1]) == [0.1]  # as float64


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


def bar(left, top, width, height=1):
    """A mask that holds a bar."""
    mask = np.zeros((60, 140), np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def line(rise):
    """A mask that holds a line of 101 columns that falls by so many rows."""
    return cv2.line(np.zeros((120, 120), np.uint8), (10, 60), (110, 60 + rise), 1, 1)


def bend(depth):
    """A mask that holds a parabola, so deep, over 100 columns."""
    mask, x = np.zeros((60, 140), np.uint8), np.arange(20, 120)
    mask[np.rint(20 + depth * ((x - 70) / 50) ** 2).astype(int), x] = 1
    return mask


def dashes(dash, gap):
    """A mask that holds a broken line."""
    mask, x = np.zeros((60, 140), np.uint8), np.arange(20, 110)
    mask[9, x[(x - 20) % (dash + gap) < dash]] = 1
    return mask


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        (bar(20, 31, 80, 4), (20, 99, 33, 0, 4)),
        (bar(20, 31, 80, 5), (20, 99, 33, 0, 5)),
        (bar(20, 31, SHORTEST), (20, 28, 31, 0, 1)),
        (bar(20, 31, SHORTEST - 1), None),
        (bar(0, 3, 140), (0, 139, 3, 0, 1)),
        (bar(0, 59, SHORTEST), (0, 8, 59, 0, 1)),
        (bar(140 - SHORTEST, 0, SHORTEST), (131, 139, 0, 0, 1)),
        (bar(0, 31, SHORTEST - 1), None),
        (bar(20, 31, 30, 10), (20, 49, 36, 0, 10)),
        (bar(20, 31, 29, 10), None),
        (255 * bar(20, 31, 80), (20, 99, 31, 0, 1)),
        (bar(20, 31, 49) | bar(69, 31, 51, 3), (20, 119, 30.47, 0.015, 3)),
        (bar(20, 31, 51) | bar(71, 31, 49, 3), (20, 119, 30.45, 0.014, 1)),
        (line(19), (10, 110, 58.11, 0.19, 1)),
        (line(-19), (10, 110, 61.89, -0.19, 1)),
        (line(21), None),
        (line(-21), None),
        (bend(3), (20, 119, 21.05, -0.001, 1)),
        (bend(6), (32, 108, 21.47, 0, 1)),
        (bend(10), None),
        (dashes(3, 2), (20, 107, 9, 0, 1)),
        (dashes(2, 2), None),
    ],
)
def test_a_level_segment_is_long_thin_straight_and_nearly_level(mask, found):
    segments = level_segments(mask)
    assert len(segments) == (found is not None)
    for each in segments:
        assert (each.start, each.end, round(each.offset, 2), each.thickness) == (*found[:3], found[4])
        assert each.slope == pytest.approx(found[3], abs=0.001)


def test_pictures_with_too_many_segments_have_the_longest_or_none():
    mask = np.zeros((2408, 30), np.uint8)
    for i in range(602):
        mask[4 * i, 2 : 22 + i % 2] = 1
    found = level_segments(mask)
    assert [each.length for each in found] == [21] * 301 + [20] * 299
    with budget(1000):
        assert level_segments(mask) == []


def test_a_segment_knows_its_length_and_its_rows():
    segment = Segment(3, 12, 5, 0.1, 1)
    assert segment.length == 10
    assert segment.at(np.array([3, 12])).tolist() == pytest.approx([5.3, 6.2])


def test_a_line_of_least_squares_is_numpys():
    x, y, weights = np.array([0.0, 1, 2, 5]), np.array([0.0, 0, 3, 7]), np.array([1.0, 1, 2, 3])
    assert line_through(x, y) == pytest.approx(np.polyfit(x, y, 1))
    assert line_through(x, y, weights) == pytest.approx(np.polyfit(x, y, 1, w=np.sqrt(weights)))


def test_the_width_of_strokes_is_twice_the_area_by_the_outline():
    ink = np.zeros((40, 60), np.float32)
    assert stroke_width(ink) == 0
    ink[10:14, 5:45] = 0.7
    ink[30:34, 5:45] = 0.4  # paper
    assert stroke_width(ink) == pytest.approx(2 * 4 * 40 / (2 * (3 + 39)))


def stroke(width, contrast=1.0, shape=(60, 90), light=False):
    """A shade with a level stroke, so wide, darker or lighter than its paper."""
    shade = np.full(shape, contrast * (not light), np.float32)
    shade[15 : 15 + width, 10:-10] = contrast * light
    return shade


@pytest.mark.parametrize("width", [3, 6, 10, 20])
def test_widths_of_dark_and_light_strokes_are_told_apart(width):
    for light in (False, True):
        dark, bright = stroke_widths(stroke(width, light=light))
        own, other = (bright, dark) if light else (dark, bright)
        assert len(other) == 0
        assert len(own) > 100
        assert np.mean(np.abs(own - width) <= 1) > 0.9
        assert own.max() < 22  # a quarter of the longer side


def test_strokes_are_as_wide_as_a_quarter_of_the_picture_and_darker_than_stains():
    assert len(stroke_widths(stroke(24))[0]) == 0
    assert len(stroke_widths(stroke(24, shape=(60, 110)))[0]) > 100
    assert len(stroke_widths(stroke(6, 0.05))[0]) > 100
    assert len(stroke_widths(stroke(6, 0.03))[0]) == 0
    assert len(stroke_widths(stroke(6, 0.0))[0]) == 0


def test_edges_are_those_that_are_steep_beside_the_others_and_beside_grain():
    """Canny's limits: an eighth of the steepest slope, six times the usual one."""
    grain = np.random.default_rng(0).normal(0, 0.05, (60, 90)).astype(np.float32)
    for contrast, seen in ((0.4, True), (0.2, True), (0.1, False)):
        shade = stroke(6, contrast) + 1 - contrast
        shade[40:44, 10:-10] = 0
        assert (np.abs(stroke_widths(shade)[0] - 6) <= 1).any() == seen
    assert 130 < len(stroke_widths(stroke(6) + grain)[0]) < 150
    assert len(stroke_widths(stroke(6) + 4 * grain)[1]) < 20


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
