"""Signs beside digits, and what is left out: nothing is dropped without a word, and grain is not worth one."""

import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from handgrad import pretrained
from handgrad.cli import predicted
from handgrad.photos import LeftOut, PageReading, Reading, Sign, read, read_page, read_picture
from handgrad.photos.boxes import LEFT_OUT, drawn, labels
from handgrad.photos.left_out import worth_a_word
from handgrad.photos.marks import Mark, Stroke
from handgrad.photos.reading import POINT_OR_SPECK
from handgrad.photos.signs import Usual
from handgrad.photos.slashes import slash_places
from handgrad.photos.traits import Traits, cross
from photo_suite.judge import judged
from photo_suite.kinds import Maker, samples
from photo_suite.sheets import row
from photo_suite.signs import (
    HIGH,
    dates,
    decimals,
    digit,
    negatives,
    small_zeros,
    sums,
    tight,
    times_of_day,
    written,
)


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


@pytest.fixture
def maker(mnist):
    return Maker(np.random.default_rng(5), mnist[0])


def pictured(ink):
    """Ink (h, w), 0 to 1, as a picture on white paper with a margin."""
    return (255 * (1 - np.pad(ink, 70))).astype(np.uint8)


@pytest.mark.parametrize("kind", [decimals, negatives, dates, sums, times_of_day, small_zeros, tight])
def test_numbers_with_signs_are_read_or_doubted(kind, model, mnist, figure):
    verdicts = judged(model, samples(kind, 5, 100, mnist[0]))
    figure(f"5 pictures, {kind.__name__}", f"{sum(v.right for v in verdicts)} wholly right")
    assert sum(not v.right for v in verdicts) <= 1, [(v.expected, v.got) for v in verdicts]
    assert not any(v.surely_wrong for v in verdicts), [(v.expected, v.got) for v in verdicts]


def test_lines_keep_digits_only_and_signs_know_their_place(model, maker):
    ink, _ = written(maker, "-45.6")
    page = read_page(model, pictured(ink))
    assert page.text == "-45.6"
    assert [[one.digit for one in line] for line in page.lines] == [[4, 5, 6]]
    assert [(sign.text, sign.line, sign.place) for sign in page.signs] == [("-", 0, 0), (".", 0, 2)]
    minus, point = (sign.box for sign in page.signs)
    first, second, third = (one.box for one in page.digits)
    assert minus[0] + minus[2] < first[0]
    assert second[0] + second[2] < point[0] + point[2] < third[0] + third[2]
    assert not page.left_out
    assert [[one.digit for one in line] for line in read(model, pictured(ink))] == [[4, 5, 6]]


def test_signs_of_several_lines_stay_in_their_lines(model, maker):
    texts = ["5.23", "846", "-71"]
    rows = [written(maker, text)[0] for text in texts]
    wide = max(ink.shape[1] for ink in rows)
    block = np.concatenate([np.pad(ink, ((0, 40), (0, wide - ink.shape[1]))) for ink in rows])
    assert read_page(model, pictured(block)).text.split("\n") == texts


@pytest.fixture
def line(maker):
    """The ink of a line of five digits, with room above and below."""
    inks = [digit(maker.real(c, HIGH)[0]) for c in "26853"]
    return row(inks, maker.rng, gap=0.5, drift=0.0)


def dotted(ink, x, y, radius=7, shade=1.0):
    ink = ink.copy()
    cv2.circle(ink, (round(x), round(y)), radius, shade, -1)
    return ink


def test_ink_that_is_no_sign_and_no_digit_is_said(model, line):
    ink = line
    clean = read_page(model, pictured(ink))
    assert clean.text == "26853"
    assert not clean.left_out
    at = ink.shape[1] + 25  # behind the last digit there is nothing to be parted
    stroked = np.pad(ink, ((0, 0), (0, 60)))
    for reason, marked in (
        ("dot", dotted(stroked, at, 0.7 * HIGH)),
        ("dash", cv2.line(stroked.copy(), (at, HIGH), (at + 30, HIGH), 1.0, 7)),
    ):
        page = read_page(model, pictured(marked))
        assert page.text == "26853"
        assert [each.reason for each in page.left_out] == [reason]
        x, y, width, height = page.left_out[0].box
        assert (marked[y - 70 : y - 70 + height, x - 70 : x - 70 + width] > 0.5).mean() > 0.5
        assert page.doubtful


def test_a_dot_that_is_not_at_the_base_line_is_no_point(model, maker):
    inks = [digit(maker.real(c, HIGH)[0]) for c in "26"]
    ink = np.concatenate([inks[0], np.zeros((inks[0].shape[0], 60), np.float32), inks[1]], axis=1)
    at = inks[0].shape[1] + 30
    assert read_page(model, pictured(dotted(ink, at, 1.2 * HIGH))).text == "2.6"
    page = read_page(model, pictured(dotted(ink, at, 0.5 * HIGH)))
    assert page.text == "26"
    assert [each.reason for each in page.left_out] == ["dot"]


@pytest.fixture
def apart(maker):
    """The ink of a 2 and a 6 with room between them, and the middle of that room."""
    left, right = (digit(maker.real(c, HIGH)[0]) for c in "26")
    ink = np.concatenate([left, np.zeros((left.shape[0], 80), np.float32), right], axis=1)
    return ink, left.shape[1] + 40


@pytest.mark.parametrize(
    ("across", "level", "radius", "shade", "sure"),
    [
        (0, 1.2, 10, 1.0, True),  # a point
        (0, 1.2, 10, 0.8, False),  # paler than the digits
        (0, 1.2, 6, 1.0, False),  # thinner than the pen
        (0, 1.05, 10, 1.0, False),  # above the base line
        (-32, 1.2, 10, 1.0, False),  # a piece of the digit that it all but touches
    ],
)
def test_a_point_that_may_be_a_speck_is_doubtful(model, apart, across, level, radius, shade, sure):
    ink, middle = apart
    page = read_page(model, pictured(dotted(ink, middle + across, level * HIGH, radius, shade)))
    assert page.text == "2.6"
    assert [one.why for one in page.digits] == [() if sure else (POINT_OR_SPECK,), ()]


def test_a_small_filled_zero_is_no_sign_without_doubt(model, apart):
    ink, middle = apart
    for high in (16, 24):
        filled = cv2.ellipse(ink.copy(), (middle, 137 - high), (10, high), 0, 0, 360, 1.0, -1)
        assert read_page(model, pictured(filled)).doubtful
    page = read_page(model, pictured(cv2.line(ink.copy(), (middle + 4, 131), (middle - 5, 163), 1.0, 14)))
    assert page.text == "2,6"
    assert not page.doubtful


@pytest.mark.parametrize(("shade", "sure"), [(1.0, True), (0.8, False)])
def test_the_dots_of_a_colon_may_lean_and_pale_ones_may_be_specks(model, apart, shade, sure):
    ink, middle = apart
    colon = dotted(dotted(ink, middle + 7, 0.72 * HIGH, 9, shade), middle - 6, 1.2 * HIGH, 9)
    page = read_page(model, pictured(colon))
    assert page.text == "2:6"
    assert [one.why for one in page.digits] == [() if sure else (POINT_OR_SPECK,), ()]


def test_zeros_a_fifth_as_high_as_the_other_digits_are_read(model, line):
    wide = np.pad(line, ((0, 0), (0, 80)))
    ring = cv2.ellipse(wide, (line.shape[1] + 35, round(0.9 * HIGH)), (8, 9), 0, 0, 360, 1.0, 4)
    assert read_page(model, pictured(ring)).text == "268530"


def test_grain_rules_and_distant_specks_are_not_worth_a_word(model, line):
    ink = line
    rng = np.random.default_rng(1)
    grainy = np.clip(ink + rng.normal(0, 0.04, ink.shape), 0, 1)
    faint = dotted(np.pad(ink, ((0, 0), (0, 60))), ink.shape[1] + 25, 0.7 * HIGH, shade=0.55)
    crumbs = ink.copy()
    crumbs[rng.integers(0, ink.shape[0], 60), rng.integers(0, ink.shape[1], 60)] = 1.0
    underlined = cv2.line(np.pad(ink, ((0, 30), (0, 0))), (0, 170), (ink.shape[1], 170), 1.0, 3)
    far = dotted(np.pad(ink, ((0, 4 * HIGH), (0, 0))), 200, 5 * HIGH)
    for marked in (grainy, faint, crumbs, underlined, far):
        page = read_page(model, pictured(marked))
        assert page.text == "26853"
        assert not page.left_out, page.left_out


@pytest.mark.parametrize(
    ("contrast", "stroke", "said"),
    [(0.9, 5, 1), (0.5, 5, 0), (0.9, 2, 0), (0.9, 30, 0), (1.0, 30, 1), (1.0, 70, 0)],
)
def test_a_mark_is_ink_of_the_pen_of_the_digits(contrast, stroke, said):
    seen = Traits(area=100, contrast=contrast, stroke=stroke, hole=0.0, thickness=10.0, lean=0.0)
    mark, beside = Mark((1,), 120, 80, 132, 92), Mark((2,), 40, 0, 90, 100)
    found = worth_a_word([mark], [beside], Usual(height=100, stroke=10, contrast=1.0), lambda _: seen)
    assert [each.reason for each in found] == ["dot"] * said


def test_a_mark_at_the_border_that_is_no_digit_is_said(model, line):
    ink = line
    picture = np.pad(ink, ((70, 70), (70, 50)))
    cut_off = cv2.circle(picture.copy(), (picture.shape[1] + 5, 150), 22, 1.0, 7)  # goes on outside
    for drawing, reasons in ((picture, []), (cut_off, ["mark at the border"])):
        page = read_page(model, (255 * (1 - drawing)).astype(np.uint8))
        assert page.text == "26853"
        assert [each.reason for each in page.left_out] == reasons


@pytest.mark.parametrize(
    ("texts", "strokes", "slashes", "unclear"),
    [
        (
            "1210512023",
            {0: (2, 1, 0), 2: (25, 1, 0), 5: (24, 1, 0)},
            {2, 5},
            set(),
        ),  # leans otherwise than the 1
        ("0910812023", {2: (20, 1, 0), 5: (22, 1, 0)}, {2, 5}, set()),  # steep
        ("0910812023", {2: (14, 1.2, 0), 5: (14, 1.2, 0)}, {2, 5}, set()),  # higher than the digits
        ("0910812023", {2: (14, 1, 0), 5: (14, 1, 0)}, set(), {2, 5}),  # 1 that lean, or slashes
        ("0910812023", {2: (2, 1, 0), 5: (3, 1, 0)}, set(), set()),  # upright
        (
            "03108143",
            {2: (11, 1.3, 1), 5: (15, 1.3, 1)},
            {2, 5},
            set(),
        ),  # one leans little, but both are high
        ("03108143", {2: (11, 1, 0), 5: (15, 1, 0)}, set(), set()),  # as high as digits: the first is a 1
        ("7811412023", {2: (25, 1, 0), 5: (25, 1, 0)}, set(), set()),  # there is no month 78
        ("0512112023", {2: (25, 1, 0), 5: (25, 1, 0)}, {2, 5}, set()),  # month and day, which is 21
        ("315", {1: (25, 1.2, 1)}, {1}, set()),  # a fraction
        ("31145", {1: (25, 1.2, 1), 2: (22, 1, 0)}, set(), set()),  # leans as the 1 does
        ("15", {0: (25, 1.2, 1)}, set(), set()),  # nothing before it
    ],
)
def test_slashes_are_told_from_the_digit_1(texts, strokes, slashes, unclear):
    given = [Stroke(*map(float, strokes[i])) if i in strokes else None for i in range(len(texts))]
    assert slash_places(list(texts), given) == (slashes, unclear)


def crossing(*lines, side=60, thick=7):
    own = np.zeros((side, side), np.uint8)
    for start, end in lines:
        cv2.line(own, start, end, 1, thick)
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    return own[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def test_a_cross_is_two_strokes_and_nothing_else():
    plus = ((8, 30), (52, 28)), ((30, 8), (28, 52))
    times = ((10, 10), (50, 50)), ((50, 12), (12, 50))
    for surely in (False, True):
        assert cross(crossing(*plus), surely) == "+"
        assert cross(crossing(*times), surely) == "x"
        assert cross(crossing(*plus, ((10, 30), (14, 4))), surely) == ""  # a 4
        assert cross(crossing(*plus, ((10, 8), (30, 8))), surely) == ""  # a crossed 7
        assert cross(crossing(plus[0]), surely) == ""
        assert cross(np.ones((30, 30), np.uint8), surely) == ""
    assert cross(crossing(*plus, side=60)[::4, ::4], surely=True) == ""  # too small to be sure


def test_few_digits_of_mnist_are_taken_for_a_cross(mnist, figure):
    count = 0
    for image in mnist[0][0][:3000]:
        own = (cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC) > 110).astype(np.uint8)
        rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        count += bool(cross(own[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], surely=True))
    figure("3,000 digits taken for a cross", count)
    assert count <= 1


def reading(digit, doubtful=False):
    why = ("low confidence",) if doubtful else ()
    return Reading(digit, 0.9, 1, (5, 5, 10, 20), (0.0,) * 10, doubtful, np.zeros((28, 28), np.uint8), why)


@pytest.fixture
def page():
    return PageReading(
        [[reading(5), reading(2, doubtful=True)], [reading(7)]],
        [LeftOut((120, 40, 3, 3), "dot"), *[LeftOut((1, 2, 3, 4), "mark at the border")] * 2],
        signs=[Sign("-", (0, 9, 4, 2), 0, 0), Sign(".", (8, 9, 2, 2), 0, 1), Sign("=", (30, 9, 4, 4), 1, 1)],
    )


def test_predict_says_signs_and_what_is_left_out(page, model):
    assert page.text == "-5.2\n7="
    told = predicted.text("a.png", page, model).split("\n")
    assert told[1:3] == ["  -5.2?", "  7="]
    assert told[-1] == "  left out: 1 dot at 120, 40; 2 marks at the border"
    document = json.loads(json.dumps(predicted.document("a.png", page)))
    assert document["text"] == "-5.2\n7="
    assert [one["digit"] for one in document["digits"]] == [5, 2, 7]
    assert document["signs"][1] == {"sign": ".", "box": [8, 9, 2, 2], "line": 0, "place": 1}
    assert document["left_out"][0] == {"box": [120, 40, 3, 3], "reason": "dot"}
    assert document["doubtful"] is True
    alone = PageReading(
        [[reading(7)]], [LeftOut((1, 2, 3, 4), "dash")] * 2, signs=[Sign("-", (0, 9, 4, 2), 0, 0)]
    )
    told = predicted.text("b.png", alone, model)
    assert told.startswith("b.png: -7   (confidence 0.900")
    assert told.endswith("  left out: 2 dashes")


def test_boxes_show_what_is_left_out_in_grey(page):
    assert [label.text for label in labels(page)] == [
        "dot", "mark at the border", "", "5", "2? 1", "7", "-", ".", "=",
    ]  # fmt: skip
    blank = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(blank, "PNG")
    picture = read_picture(io.BytesIO(blank.getvalue()), "picture")
    shown = Image.open(io.BytesIO(drawn(picture, labels(page))))
    assert LEFT_OUT in {colour for _, colour in shown.getcolors(1 << 16)}
    only_read = PageReading(page.lines, signs=page.signs)
    shown = Image.open(io.BytesIO(drawn(picture, labels(only_read))))
    assert LEFT_OUT not in {colour for _, colour in shown.getcolors(1 << 16)}
