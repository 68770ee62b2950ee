"""Pictures made to keep a program busy: they end in a reading or in one line, after a counted amount of work."""

import cv2
import numpy as np
import pytest

from handgrad import pretrained
from handgrad.errors import ImageError
from handgrad.photos import assembly, cuts, division, finding, grid, placing, read_page, work
from handgrad.photos.grid import Grid
from handgrad.photos.marks import Cell, Mark
from handgrad.photos.outlines import outlines


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


def sheet(height, width):
    return np.full((height, width), 240, np.uint8)


def waves(height, width, lines, wave=1.0):
    """Ruled paper that is not flat."""
    paper, x = sheet(height, width), np.arange(10, width - 10)
    for line in range(lines):
        y = (line + 0.5) * height / lines + wave * (np.sin(x / 60 + line) + np.sin(x / 17.3) / 2)
        cv2.polylines(paper, [np.stack([x, y], axis=1).round().astype(np.int32)[:, None]], False, 30, 2)
    return paper


def cells(side, gap):
    """So many cells that no form has them."""
    paper = sheet(360, 600)
    for y in range(4, 360 - side, side + gap):
        for x in range(4, 600 - side, side + gap):
            cv2.rectangle(paper, (x, y), (x + side, y + side), 40, 1)
    return paper


def digits_that_touch(count):
    paper = sheet(90, 60 + 22 * count)
    for number in range(count):
        cv2.putText(paper, str(3 + number % 6), (20 + 22 * number, 68), 0, 1.6, 20, 4)
    return paper


def test_a_budget_is_spent_once_and_shared_by_what_is_within_it():
    assert work.spent(1e30)  # nobody counts
    with work.budget(10):
        assert work.spent(6)
        assert not work.spent(5)
        with work.budget(100):
            assert work.spent(4)
            assert not work.spent(1)
    with work.budget(10):
        assert work.spent(10)


INTRICATE = "mark too intricate to be divided"
FLAT = {
    "one wavy line": waves(30, 1600, 1),
    "two wavy lines": waves(60, 1600, 2, wave=2.0),
    "a wavy underline of a small picture": waves(12, 400, 1),
}


@pytest.mark.parametrize("kind", FLAT)
def test_a_mark_longer_than_all_digits_that_it_may_hold_is_not_divided(kind, model, monkeypatch):
    """Paths were looked for in five corridors for each two columns of a copy 48 pixels high: 25 GB of them."""
    looked, paths = [], cuts._paths

    def watched(ink):
        looked.append(ink.shape[1])
        assert ink.shape[1] < 5000, "a mark that is too long is divided"
        return paths(ink)

    monkeypatch.setattr(cuts, "_paths", watched)
    page = read_page(model, FLAT[kind])
    assert page.doubtful or not page.digits


@pytest.mark.parametrize("steps", ["PATH_STEPS", "TRIED_STEPS", "HEALED_STEPS", "IMAGE_STEPS"])
def test_what_is_too_intricate_to_be_divided_is_left_out_with_its_box(steps, model, monkeypatch):
    picture = digits_that_touch(4)
    whole = read_page(model, picture)
    assert whole.digits
    assert INTRICATE not in [each.reason for each in whole.left_out]
    monkeypatch.setattr(cuts, steps, work.MOST)
    page = read_page(model, picture)
    boxes = [each.box for each in page.left_out if each.reason == INTRICATE]
    assert max(box[2] for box in boxes) > 30  # of several digits
    assert len(page.digits) < len(whole.digits)
    assert page.doubtful


def test_digits_whose_cuts_would_take_too_long_stay_whole_and_are_left_out(model, monkeypatch):
    picture = digits_that_touch(4)
    monkeypatch.setattr(division, "CANDIDATE_STEPS", work.MOST // 20)  # enough for the marks, and for no cuts
    page = read_page(model, picture)
    assert INTRICATE in [each.reason for each in page.left_out]
    assert page.doubtful


def test_where_many_cuts_would_take_too_long_few_are_made(model, monkeypatch):
    """A page of 24 marks with 16 cuts each has three thousand candidates: seconds."""
    picture, made = digits_that_touch(4), []
    cut = division.cut
    monkeypatch.setattr(division, "cut", lambda *of: made.append(of[2]) or cut(*of))
    with work.budget(300_000_000):
        page = read_page(model, picture)
    assert made == [division.MOST_CUTS, division.FEW_CUTS]
    assert len(page.digits) > 1


def test_a_page_that_lies_on_its_side_is_cut_rarely_before_it_is_turned(model, monkeypatch):
    paper = sheet(160, 500)
    for place, digit in enumerate("234579" * 2):
        cv2.putText(paper, digit, (20 + 80 * (place % 6), 68 + 72 * (place // 6)), 0, 1.6, 20, 4)
    made, cut = [], division.cut
    monkeypatch.setattr(division, "SURE", 1.1)  # every mark may be cut
    monkeypatch.setattr(division, "NARROW", 0.1)
    monkeypatch.setattr(division, "cut", lambda *of: made.append(of[2]) or cut(*of))
    assert len(read_page(model, paper).digits) == 12
    assert made == [division.MOST_CUTS]
    made.clear()
    read_page(model, np.rot90(paper).copy())
    assert made[0] == division.FEW_CUTS


def test_more_candidates_than_the_budget_allows_are_one_line(model, monkeypatch):
    monkeypatch.setattr(division, "CANDIDATE_STEPS", work.MOST)
    with pytest.raises(ImageError, match="too intricate a picture"):
        read_page(model, digits_that_touch(4))


def test_pixels_are_given_to_the_nearest_cell_within_the_budget():
    """All distances at once took a gigabyte for a pattern with 864 cells."""
    side, gap = 20, 10
    squares = [Cell(x, y, x + side, y + side) for y in (0, side + gap) for x in range(0, 200, side + gap)]
    labels = np.ones((50, 200), np.int32)
    mark = Mark((1,), 0, 0, 200, 50)
    y, x, nearest = placing._nearest(labels, mark, squares)
    distances = np.stack([cell.distance(x, y) for cell in squares])
    np.testing.assert_array_equal(nearest, distances.argmin(axis=0))
    with work.budget(1_000_000), pytest.raises(ImageError, match="too intricate a picture"):
        placing._nearest(labels, mark, squares * 3)


@pytest.mark.parametrize("steps", ["TRAITS_STEPS", "OWN_STEPS"])
def test_more_marks_to_look_at_than_the_budget_allows_are_one_line(steps, model, monkeypatch):
    monkeypatch.setattr(assembly, steps, work.MOST)
    with pytest.raises(ImageError, match="too intricate a picture"):
        read_page(model, digits_that_touch(4))


def test_more_cells_than_a_form_has_are_a_pattern(monkeypatch):
    mask = (cells(40, 8) < 128).astype(np.uint8)
    assert len(Grid(mask).cells()) == 84
    with work.budget(500_000):
        assert Grid(mask).cells() == []
    monkeypatch.setattr(grid, "MOST_CELLS", 83)
    assert Grid(mask).cells() == []


def test_outlines_of_a_sponge_are_not_followed(rng):
    sponge = (rng.random((400, 400)) < 0.6).astype(np.uint8)
    assert len(outlines(sponge)[0]) > 1000
    with work.budget(1_000_000):
        assert outlines(sponge) == ((), None)
        assert len(outlines((digits_that_touch(3) < 128).astype(np.uint8))[0]) > 0


def test_specks_are_refused_in_one_line_before_they_are_looked_at(model, monkeypatch):
    specks, looked = sheet(640, 640), []
    for y in range(6, 630, 12):
        for x in range(6, 630, 12):
            specks[y : y + 5, x : x + 5] = 20
    monkeypatch.setattr(assembly, "without_edges", lambda *of: looked.append(of) or of[0])
    with pytest.raises(ImageError, match=r"^expected at most 64 digits on a picture; got 2704 marks: crop"):
        read_page(model, specks)
    assert not looked
    monkeypatch.setattr(finding, "MANY_SPECKS", 2000)
    with pytest.raises(ImageError, match=r"^expected digits on paper; got 2704 specks: crop the picture$"):
        read_page(model, specks)


def test_marks_that_lie_across_each_other_are_refused_in_one_line(model, monkeypatch):
    picture = digits_that_touch(2)
    assert read_page(model, picture)
    monkeypatch.setattr(assembly, "MOST_COVERED", 0.01)
    with pytest.raises(
        ImageError, match=r"^expected digits side by side; got marks that lie across each other"
    ):
        read_page(model, picture)
