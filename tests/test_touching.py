"""Digits that touch: the paths that part them, and the network that tells a digit from a part of one."""

from itertools import pairwise, product

import numpy as np
import pytest

from handgrad import pretrained
from handgrad.photos import cuts
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normal import normalised


def page_of(ink):
    """Ink (height, width), 0 to 1, as a page with one mark."""
    rows, columns = np.nonzero(ink > 0.4)
    box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    return Page(ink.astype(np.float32), (ink > 0.4).astype(np.int32), [], ink.shape[::-1]), Mark((1,), *box)


def beside(images, overlap):
    """Two images of 28 x 28 side by side, enlarged; their ink overlaps by so many pixels."""
    left, right = (image[:, image.any(axis=0)] / 255 for image in images)
    width = left.shape[1] + right.shape[1] - overlap
    ink = np.zeros((28, width))
    ink[:, : left.shape[1]] = left
    at = left.shape[1] - overlap
    ink[:, at : at + right.shape[1]] = np.maximum(ink[:, at : at + right.shape[1]], right)
    return enlarged(ink)


def enlarged(ink):
    """Three times as large, with paper around."""
    return np.pad(np.kron(ink, np.ones((3, 3))), 3)


def test_the_cheapest_path_is_the_cheapest_of_all(rng):
    """Against every path through small corridors that stand and that move aside."""
    ink = rng.random((20, 5, 4))
    moves = rng.integers(-1, 2, (20, 4))
    costs, sides = cuts._cheapest(ink, moves)
    for N in range(20):
        lefts = np.concatenate([[0], np.cumsum(moves[N])])  # the column of side 0, row by row
        found = []
        for path in product(range(4), repeat=5):
            steps = np.abs(np.diff(lefts + path))
            if steps.max() <= 1:
                found.append(float(ink[N, range(5), path].sum() + cuts.ASIDE * steps.sum()))
        assert costs[N] == pytest.approx(min(found))
        steps = np.abs(np.diff(lefts + sides[N]))
        assert steps.max() <= 1
        assert ink[N, range(5), sides[N]].sum() + cuts.ASIDE * steps.sum() == pytest.approx(costs[N])


def test_pieces_lie_side_by_side_and_are_all_of_the_ink(mnist):
    """Of 200 pairs: paths do not cross; pieces hold every pixel of the mark once, from left to right."""
    images = mnist[1][0]
    for i in range(200):
        ink = beside(images[2 * i : 2 * i + 2], i % 4)
        paths = cuts._paths((ink[::2, ::2] > 0.4).astype(np.float32), 10)
        assert all((right >= left).all() for left, right in pairwise(paths))
        page, mark = page_of(ink)
        before = page.labels.copy()
        pieces = cuts.cut(page, mark, 10)
        assert 1 <= len(pieces) <= 11
        assert ((page.labels > 0) == (before > 0)).all()
        numbers = [part for piece in pieces for part in piece.parts]
        assert set(np.unique(page.labels)) == {0, *numbers}
        order = np.zeros(page.labels.max() + 1)
        order[numbers] = range(len(numbers))
        for row in page.labels:
            assert (np.diff(order[row[row > 0]]) >= 0).all()


@pytest.mark.parametrize("slant", [0.0, 0.5, -0.5])
def test_where_two_digits_touch_there_is_a_cut(slant, mnist, figure):
    """A path leaves most of the left digit on its left, and of the right one on its right; slanted ones too."""
    images, parted = mnist[1][0], []
    for i in range(200):
        pair, overlap = images[2 * i : 2 * i + 2], i % 4
        upright = np.pad(beside(pair, overlap), ((0, 0), (25, 25)))
        shifts = np.rint(slant * (np.arange(len(upright)) - len(upright) / 2)).astype(int)
        ink = np.stack([np.roll(row, shift) for row, shift in zip(upright, shifts, strict=True)])
        page, mark = page_of(ink)
        pieces = cuts.cut(page, mark, 10)
        between = 28 + 3 * (int(pair[0].any(axis=0).sum()) - overlap / 2)  # the two, where it stands upright
        left = np.arange(ink.shape[1]) < between + shifts[:, None]
        inks = [ink * np.isin(page.labels, piece.parts) for piece in pieces]
        on_left = np.array([piece[left].sum() for piece in inks])
        on_right = np.array([piece[~left].sum() for piece in inks])
        wrong = [on_right[:n].sum() + on_left[n:].sum() for n in range(1, len(pieces))]
        parted.append(min(wrong, default=np.inf) < 0.1 * ink.sum())
    figure(f"pairs of touching digits that a cut parts, slant {slant}", f"{np.mean(parted):.1%} of 200")
    assert np.mean(parted) >= 0.84


def test_whole_digits_are_told_from_halves_and_pairs(mnist, figure):
    """MNIST's test digits, which it has not seen: whole, the left half of one, and two at once."""
    images = mnist[1][0]
    whole, halves, pairs = [], [], []
    for i in range(500):
        one = images[i] / 255
        whole.append(normalised(*page_of(enlarged(one))))
        pairs.append(normalised(*page_of(beside(images[[i, 9999 - i]], 1))))
        columns = np.flatnonzero(one.any(axis=0))
        if len(columns) > 13:  # not of a 1: its half looks like a 1
            one[:, int(columns.mean()) :] = 0
            halves.append(normalised(*page_of(enlarged(one))))
    parts = [pretrained.load_whole().scores(np.stack(some))[:, -1] for some in (whole, halves, pairs)]
    shares = [float((some < 0.5).mean()) for some in parts]
    figure("taken for one digit: digits, halves, pairs", ", ".join(f"{share:.1%}" for share in shares))
    assert shares[0] > 0.97
    assert shares[1] < 0.4
    assert shares[2] < 0.12
