"""What the border of a picture cuts is doubtful, or is said; what only touches it is not."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from handgrad import pretrained
from handgrad.photos import find_marks, read_page
from handgrad.photos.borders import is_cut
from handgrad.photos.decoding import as_picture
from handgrad.photos.doubt import CUT_OFF, NOT_WHOLE, UNLIKE, of_shape, of_width
from handgrad.photos.left_out import at_border
from handgrad.photos.marks import Mark, Page
from handgrad.photos.scoring import Answer
from handgrad.photos.shapes import is_face
from handgrad.photos.signs import Usual
from handgrad.photos.underlines import detached
from photo_suite.sheets import drawn, row


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


def written(text, seed=0, pen="felt", height=90):
    """A white picture with digits that a program drew, 40 pixels around their ink."""
    rng = np.random.default_rng(seed)
    ink = row([drawn(c, height, pen, rng) for c in text], rng, drift=0)
    return np.pad(np.rint(250 - 220 * cropped(ink)).astype(np.uint8), 40, constant_values=250)


def cropped(ink, margin=0):
    """What is inked (not 0), with this margin."""
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis=axis)) for axis in (1, 0))
    return np.pad(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], margin)


def parted(side, share, picture):
    """A picture without this share of its ink at one side."""
    turned = np.rot90(picture, side)
    return np.rot90(turned[40 + round(share * (len(turned) - 80)) :], -side)


def cuts(picture):
    """How many of the marks on a picture are cut, and how many there are."""
    page = find_marks(as_picture(picture))
    return sum(is_cut(page, mark) for mark in page.marks), len(page.marks)


def test_strokes_that_run_across_the_border_are_told_from_those_that_touch_it(figure):
    cut, touch, all_cut = 0, 0, 0
    for digit in "2345689":
        picture = written(digit)
        assert cuts(picture)[0] == 0
        for side in range(4):
            found, marks = cuts(parted(side, 0.35, picture))
            cut, all_cut = cut + (found > 0), all_cut + (marks > 0)
            touch += cuts(parted(side, 0.0, picture))[0]
    figure("borders", f"{cut} of {all_cut} cut digits are told, and {touch} of 28 that touch the border")
    assert cut >= 0.75 * all_cut
    assert touch <= 1


def test_a_digit_that_the_border_cuts_is_doubtful_and_says_why(model):
    """So it is where few pixels are enlarged before they are read."""
    picture = written("3")
    assert not read_page(model, picture).doubtful
    for scale in (1, 0.4):
        small = cv2.resize(parted(2, 0.4, picture), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        [one] = read_page(model, small).digits
        assert CUT_OFF in one.why


def test_what_the_border_leaves_of_a_digit_in_pieces_is_said():
    digits = [Mark((1,), 10, 20, 50, 120)]
    usual = Usual(100.0, 6.0, 1.0)
    pieces = [Mark((i,), 90, top, 100, top + 12) for i, top in enumerate((20, 60, 108), 2)]
    assert not at_border([(pieces[0], None)], digits, usual)
    [said] = at_border([(piece, None) for piece in pieces], digits, usual)
    assert (said.mark.top, said.mark.bottom, said.reason) == (20, 120, "mark at the border")
    far = [replace(pieces[0], left=150, right=160), *pieces[1:2]]  # not above each other
    assert not at_border([(piece, None) for piece in far], digits, usual)


@pytest.mark.parametrize("side", [0, 2])
def test_a_bar_along_the_border_is_said(side):
    """Paper is taken to go on beyond the border, and the bar with it: a 3 with a flat top is a 5 without it."""
    picture = np.full((120, 84), 255, np.uint8)
    cv2.polylines(picture, [np.array([(16, 1), (64, 1), (40, 45), (66, 70), (20, 110)])], False, 0, 4)
    cv2.line(picture, (6, 12), (6, 110), 0, 4)
    page = find_marks(as_picture(np.rot90(picture, side)))
    [bar] = [each.mark for each in page.left_out if each.reason == "mark at the border"]
    assert bar.width > 4 * bar.height
    picture[:3] = 255
    assert not find_marks(as_picture(np.rot90(picture, side))).left_out


def test_a_hooked_tail_at_the_border_stays_with_its_digit():
    """A tail that turns back below the border's rows would be a decimal point without its turn."""
    mask = np.zeros((100, 60), np.uint8)
    hook = np.array([(40, 8), (40, 98), (22, 98), (14, 88)])
    cv2.polylines(mask, [hook], False, 1, 2)
    assert mask[-3:].any()
    assert cv2.connectedComponents(detached(mask))[0] == 2  # the paper, and one mark
    mask[-3:] = 0
    assert cv2.connectedComponents(mask)[0] == 3


def test_a_face_is_no_digit():
    """Its eyes and its mouth are lost in the networks' few pixels, not on the page."""
    labels = np.zeros((120, 120), np.int32)
    cv2.circle(labels, (60, 60), 50, 1, 6)
    ring = Mark((1,), 7, 7, 114, 114)
    assert not is_face(labels, ring)
    cv2.line(labels, (45, 45), (45, 52), 2, 5)
    assert not is_face(labels, ring)  # a zero may have a dot or a slash in it
    cv2.line(labels, (75, 45), (75, 52), 3, 5)
    assert is_face(labels, ring)
    page = Page(np.float32(labels > 0), labels, [[ring]], (120, 120))
    assert of_shape(page, ring) == (UNLIKE,)


def test_a_wide_digit_must_be_surer():
    wide, usual_one = Mark((1,), 0, 0, 96, 100), Mark((1,), 0, 0, 70, 100)
    outputs = np.eye(10)[6]
    rather = Answer(np.zeros((28, 28), np.uint8), outputs, 1.0, False, None, 0.85 * outputs)
    sure = rather._replace(seconded=outputs)
    assert of_width(rather, wide, 100) == (NOT_WHOLE,)
    assert not of_width(sure, wide, 100)
    assert not of_width(rather, usual_one, 100)
    assert not of_width(rather._replace(seconded=None), wide, 100)  # the second network was not asked
