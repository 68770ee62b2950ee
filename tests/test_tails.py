"""A 9 with a tail that is several times as long as its ring."""

import cv2
import numpy as np
import pytest

from handgrad import pretrained
from handgrad.photos.marks import Mark
from handgrad.photos.reading import read_page
from handgrad.photos.tails import shortened


def written(digit, lean=0, end=300):
    """A 1, or a 9 with a long tail, between a 3 and a 0."""
    sheet = np.full((420, 700), 250, np.uint8)
    cv2.putText(sheet, "3", (120, 200), cv2.FONT_HERSHEY_SIMPLEX, 5, 30, 9, cv2.LINE_AA)
    cv2.ellipse(sheet, (560, 145), (42, 58), 0, 0, 360, 30, 9, cv2.LINE_AA)
    if digit == 9:
        cv2.ellipse(sheet, (372, 90), (14, 17), 0, 0, 360, 30, 8, cv2.LINE_AA)
    else:
        cv2.line(sheet, (386, 78), (372, 92), 30, 8, cv2.LINE_AA)
    cv2.line(sheet, (386, 78), (386 - lean, end), 30, 8, cv2.LINE_AA)
    return sheet


@pytest.mark.parametrize("lean", [0, 30])
def test_a_ring_on_a_long_stroke_is_a_nine(lean):
    page = read_page(pretrained.load(), written(9, lean))
    assert page.text == "390"


def test_a_long_stroke_is_a_one():
    assert read_page(pretrained.load(), written(1, 20)).text == "310"


def mark_of(ink):
    """Labels with one mark, and the mark."""
    height, width = ink.shape
    return ink.astype(np.int32), Mark((1,), 0, 0, width, height)


def ringed(ring_at, height=200):
    """A stroke with a ring of 30 pixels, of which the top is at this row."""
    ink = np.zeros((height, 34), np.uint8)
    cv2.line(ink, (30, 0), (30, height), 1, 5)
    cv2.ellipse(ink, (16, ring_at + 15), (13, 13), 0, 0, 360, 1, 5)
    return mark_of(ink)


def test_what_is_kept_is_in_proportion_to_the_ring():
    high = [shortened(*ringed(0, height)).height for height in (150, 200, 300)]
    assert high[0] == high[1] == high[2] < 80


def test_a_ring_below_and_a_short_tail_stay():
    assert shortened(*ringed(160)) is None  # a 6 with a long stem
    assert shortened(*ringed(0, 45)) is None
    assert shortened(*mark_of(np.ones((200, 20), np.uint8))) is None
