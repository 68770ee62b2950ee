"""What no digit looks like is doubtful, and what the border cuts off is said."""

import cv2
import numpy as np
import pytest

from handgrad import digits, pretrained
from handgrad.photos import read_page
from handgrad.photos.doubt import CREASE, SMALL_ONE, of_height, reasons
from handgrad.photos.edges import cut_off
from handgrad.photos.marks import Mark
from handgrad.photos.scoring import Answer
from handgrad.photos.shapes import is_strange


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


def image(*paths, thick=2):
    """A 28 x 28 image of closed or open paths."""
    field = np.zeros((28, 28), np.uint8)
    for path in paths:
        cv2.polylines(field, [np.array(path)], False, 255, thick, cv2.LINE_AA)
    return field


def paper(text="253", size=2.6):
    """A white picture with digits."""
    field = np.full((140, 50 * len(text) + 70), 250, np.uint8)
    cv2.putText(field, text, (30, 110), cv2.FONT_HERSHEY_SIMPLEX, size, 30, 5, cv2.LINE_AA)
    return field


TRIANGLE = image([(14, 4), (4, 23), (24, 23), (14, 4)])
SQUARE = image([(5, 5), (23, 5), (23, 23), (5, 23), (5, 5)])
A = image([(5, 24), (13, 4), (22, 24)], [(9, 15), (17, 15)])
R = image([(8, 24), (8, 4), (17, 5), (18, 11), (8, 13), (20, 24)])
FACE = cv2.circle(
    image([(9, 17), (14, 20), (19, 17)], [(10, 10), (10, 12)], [(18, 10), (18, 12)]), (14, 14), 12, 255, 1
)
RING = cv2.ellipse(np.zeros((28, 28), np.uint8), (14, 14), (7, 10), 0, 0, 360, 255, 2, cv2.LINE_AA)


@pytest.mark.parametrize(("figure", "digit"), [(TRIANGLE, 0), (SQUARE, 0), (FACE, 0), (A, 4), (R, 8)])
def test_figures_have_shapes_that_no_digit_has(figure, digit):
    assert is_strange(figure, digit)
    assert not is_strange(figure, 7)


def test_rings_and_the_digits_of_mnist_are_not_strange():
    assert not is_strange(RING, 0)
    (images, labels), _ = digits.load_mnist()
    for digit in (0, 4, 8):
        own = images[labels == digit][:600]
        assert np.mean([is_strange(each, digit) for each in own]) < 0.012


def test_a_seven_of_which_both_networks_see_much_of_a_one_is_doubtful(model):
    outputs, seconded = np.zeros(10), np.zeros(10)
    outputs[7], seconded[7] = 1.0, 0.99
    answer = Answer(RING, outputs, 1.0, False, None, seconded)
    assert not reasons(model, answer, was_cut=False)
    outputs[1], seconded[1] = 0.15, 0.53  # less than a fifth of the 7: the model alone is sure
    assert reasons(model, answer, was_cut=False) == ("perhaps a 1 or a 7",)


def test_a_crease_is_no_one(model):
    picture = np.full((500, 300), 248, np.uint8)
    cv2.line(picture, (120, 40), (170, 420), 205, 2, cv2.LINE_AA)
    [one] = read_page(model, picture).digits
    assert CREASE in one.why


def test_a_short_pale_line_may_be_a_crease(model):
    picture = np.full((320, 300), 248, np.uint8)
    cv2.line(picture, (150, 90), (151, 210), 205, 2)
    [one] = read_page(model, picture).digits
    assert CREASE in one.why
    cv2.line(picture, (150, 90), (151, 210), 90, 2)  # as a pen draws it
    [one] = read_page(model, picture).digits
    assert (one.digit, one.why) == (1, ())


def test_a_low_one_may_be_a_comma():
    low, high = (Mark((1,), 0, 0, 8, height) for height in (25, 40))
    assert of_height(1, low, usual=60) == (SMALL_ONE,)
    assert not of_height(1, high, usual=60)
    assert not of_height(0, low, usual=60)  # zeros may be small


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("width", [1, 3, 6])
def test_a_sliver_at_the_border_is_said(model, side, width):
    picture = paper()[:, :200]
    columns = slice(0, width) if side == "left" else slice(-width, None)
    picture[50:112, columns] = 30
    page = read_page(model, picture)
    is_read = page.text == ("1253" if side == "left" else "2531")
    assert is_read or [each.reason for each in page.left_out] == ["mark at the border"]
    at_border = cut_off(np.repeat(picture[:, :, None], 3, 2), (paper()[:, :200] < 128).astype(np.float32))
    [mark] = at_border.beside
    assert not at_border.level
    assert (mark.left, mark.right) == ((0, width) if side == "left" else (200 - width, 200))
    assert (mark.top, mark.bottom) == (50, 112)


def test_a_table_beside_a_sheet_is_no_sliver(model):
    picture = paper()[:, :200]
    found = cut_off(np.repeat(picture[:, :, None], 3, 2), (picture < 128).astype(np.float32))
    assert not [*found.beside, *found.level]
    picture[:, -4:] = 30
    page = read_page(model, picture)
    assert not page.left_out
    assert page.text == "253"
