"""Frames of forms: taken away whatever they look like, and telling the fields; strokes are no frames."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from handgrad import pretrained
from handgrad.cli.predict import predict
from handgrad.photos import read_page
from handgrad.photos.forms import without_frames
from handgrad.photos.frames import find_frames
from handgrad.photos.reading import SLASH_OR_ONE
from handgrad.photos.result import PRINT
from handgrad.photos.ruling import without_ruling
from photo_suite.framed import KINDS
from photo_suite.strokes import strokes

ORANGE = (60, 130, 240)  # blue, green, red


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


def form(digits="27 5", shade=(0, 0, 0), cell=90, gap=0, thick=2, kind="cells", scale=1.0, ink=(30, 30, 30)):
    """A white picture with digits (a space: none) in a row of cells, in boxes or on a comb; RGB."""
    wide = len(digits) * (cell + gap)
    picture = np.full((cell + 80, wide + 80, 3), 250, np.uint8)
    for i, digit in enumerate(digits):
        left, top = 40 + i * (cell + gap), 40
        if kind == "comb":
            cv2.polylines(
                picture,
                [
                    np.array(
                        [
                            (left, top + cell - 25),
                            (left, top + cell),
                            (left + cell, top + cell),
                            (left + cell, top + cell - 25),
                        ]
                    )
                ],
                False,
                shade,
                thick,
            )
        elif kind == "dots":
            for place in range(0, cell + 1, 6):
                for x, y in ((place, 0), (place, cell), (0, place), (cell, place)):
                    cv2.circle(picture, (left + x, top + y), 1, shade, -1)
        else:
            cv2.rectangle(picture, (left, top), (left + cell, top + cell), shade, thick)
        if digit != " ":
            cv2.putText(
                picture,
                digit,
                (left + 24, top + cell - 20),
                cv2.FONT_HERSHEY_SIMPLEX,
                2.0,
                ink,
                5,
                cv2.LINE_AA,
            )
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return picture[:, :, ::-1].copy()


@pytest.mark.parametrize(
    "look",
    [
        {},
        {"shade": (190, 190, 190)},
        {"shade": ORANGE, "thick": 5},
        {"gap": 30},
        {"gap": 30, "scale": 0.4},
        {"kind": "comb"},
        {"kind": "dots"},
        {"thick": 1},
    ],
    ids=str,
)
def test_the_frames_of_a_form_tell_its_fields(model, look):
    page = read_page(model, form(**look))
    assert page.text == "275"
    assert [field.text for field in page.fields] == ["2", "7", "", "5"]
    assert [field.digits for field in page.fields] == [(0,), (1,), (), (2,)]
    lefts = [field.box[0] for field in page.fields]
    assert lefts == sorted(lefts)
    for field, digit in zip([page.fields[0], page.fields[1], page.fields[3]], page.digits, strict=True):
        middle = digit.box[0] + digit.box[2] / 2
        assert field.box[0] < middle < field.box[0] + field.box[2]


def test_a_leaning_stroke_alone_in_its_cell_is_no_slash_without_doubt(model):
    picture = form("21 9 85")
    for place in (2, 4):
        left = 40 + 90 * place
        cv2.line(picture, (left + 60, 52), (left + 30, 116), (30, 30, 30), 5, cv2.LINE_AA)
    page = read_page(model, picture)
    assert page.text == "2119185"
    assert [one.why for one in page.digits] == [(), (), (SLASH_OR_ONE,), (), (SLASH_OR_ONE,), (), ()]


def test_ink_across_a_frame_of_another_colour_stays():
    plain = form("888", shade=(250, 250, 250))
    boxed = form("888", shade=ORANGE, thick=4)
    ink = plain.min(axis=2) < 90
    for picture in (plain, boxed):
        picture[60:64, 100:160] = 30  # a stroke across the side at column 130
        picture[38:43, 145:205] = 30  # a stroke along the upper side
    cleaned, cells = without_frames(boxed)
    assert len(cells) == 3
    assert (cleaned[62, 105:155].max(axis=1) < 110).all(), "the stroke across the side is cut"
    assert (cleaned[40, 150:200].max(axis=1) < 110).all(), "the stroke along the side is lost"
    assert (cleaned.min(axis=2) < 110)[ink].mean() > 0.97
    assert (cleaned[38:134, 36:44].min(axis=2) > 190).all(), "the left side of the first cell is still there"


def test_rows_of_a_table_are_lines(model):
    picture = np.concatenate([form("31", thick=2)[:-40], form("84", thick=2)[40:]])
    page = read_page(model, picture)
    assert page.text == "31\n84"
    assert [field.text for field in page.fields] == ["3", "1", "8", "4"]


def written(picture, text, place):
    """The picture with digits beside those in its cells."""
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 2.0, (30, 30, 30), 5, cv2.LINE_AA)
    return picture


def test_a_digit_in_a_row_of_cells_is_read_although_its_cell_was_missed(model):
    picture = np.pad(form("275", gap=20), ((0, 0), (0, 120), (0, 0)), constant_values=250)
    page = read_page(model, written(picture, "8", (400, 110)))
    assert page.text == "2758"
    assert [field.text for field in page.fields] == ["2", "7", "5"]


def test_one_box_is_no_form(model):
    picture = np.pad(form("2"), ((100, 0), (0, 160), (0, 0)), constant_values=250)
    assert read_page(model, written(picture.copy(), "47", (80, 90))).text == "47\n2"
    assert read_page(model, written(picture.copy(), "47", (80, 90)), fields=True).text == "2"


def test_what_stands_beside_the_cells_is_left_out_and_said(model):
    picture = np.pad(form("275"), ((60, 0), (0, 0), (0, 0)), constant_values=250)
    cv2.putText(picture, "code 41", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (30, 30, 30), 2, cv2.LINE_AA)
    page = read_page(model, picture, fields=True)
    assert page.text == "275"
    assert {each.reason for each in page.left_out} == {PRINT}
    assert not page.doubtful  # the fields are read, and a form has print


def test_what_is_as_large_as_digits_beside_the_cells_puts_the_picture_in_doubt(model):
    picture = np.pad(form("275"), ((160, 0), (0, 0), (0, 0)), constant_values=250)
    page = read_page(model, written(picture, "84", (80, 110)), fields=True)
    assert page.text == "275"
    assert page.doubtful


def drawing(digit, scale, angle, seed):
    """The mask of a digit drawn with a thin pen, and turned."""
    paths, side = strokes(digit, np.random.default_rng([seed, int(digit)]), wobble=0.008), 340 * scale
    points = np.concatenate(paths)
    turn = np.radians(angle)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    mask = np.zeros((round(side), round(0.9 * side)), np.uint8)
    for path in paths:
        moved = (path - (points.min(axis=0) + points.max(axis=0)) / 2) @ spin.T * 0.65 * side
        places = np.rint(moved + np.array([0.45, 0.5]) * side).astype(np.int32)
        cv2.polylines(mask, [places], False, 1, max(1, round(3 * scale)))
    return mask


@pytest.mark.parametrize(("digit", "seed"), [("4", 1), ("7", 2), ("7", 5), ("2", 3), ("1", 1), ("0", 4)])
def test_no_stroke_of_a_lone_digit_is_a_line(digit, seed):
    for scale in (1, 2.2):
        for angle in (-4, 0, 4, 8):
            mask = drawing(digit, scale, angle, seed)
            assert (without_ruling(mask) == mask).all(), (scale, angle)
            assert find_frames(mask, mask) is None


def test_printed_lines_go_and_strokes_that_cross_them_stay():
    mask = drawing("4", 1, 0, 1)
    ruled = mask.copy()
    ruled[60::70] = 1
    cleared = without_ruling(ruled)
    assert cleared[60::70, :30].sum() == 0
    assert (cleared & mask).sum() > 0.9 * mask.sum()


def test_digits_that_look_like_boxes_are_digits():
    mask = np.zeros((200, 300), np.uint8)
    cv2.rectangle(mask, (40, 50), (90, 150), 1, 3)  # a 0 of straight strokes
    cv2.rectangle(mask, (140, 50), (190, 100), 1, 3)  # an 8
    cv2.rectangle(mask, (140, 100), (190, 150), 1, 3)
    assert find_frames(mask, mask) is None


def test_squared_paper_with_a_digit_in_each_square_is_no_form():
    mask = np.zeros((400, 500), np.uint8)
    mask[20::60] = mask[:, 20::60] = 1
    for i, digit in enumerate("2758"):
        cv2.putText(mask, digit, (95 + 60 * i, 190), cv2.FONT_HERSHEY_SIMPLEX, 1.3, 1, 3)
    assert find_frames(mask, mask) is None
    mask[:140] = mask[201:] = mask[:, :80] = mask[:, 321:] = 0
    assert len(find_frames(mask, mask).cells) == 4


def test_squared_paper_is_no_form():
    mask = np.zeros((400, 500), np.uint8)
    mask[20::60] = mask[:, 20::60] = 1
    cv2.putText(mask, "35", (110, 260), cv2.FONT_HERSHEY_SIMPLEX, 5, 1, 6)
    assert find_frames(mask, mask) is None
    sheet = mask.copy()
    sheet[:10], sheet[390:], sheet[:, :10], sheet[:, 490:] = 0, 0, 0, 0
    assert find_frames(sheet, sheet) is None, "squared paper within the picture"


def test_predict_fields_names_each_cell(tmp_path):
    path = tmp_path / "form.png"
    cv2.imwrite(str(path), form()[:, :, ::-1])
    shown = CliRunner().invoke(predict, [str(path), "--fields", "--quiet"])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == [
        f"{path}: 4 fields",
        "  field 1: 2",
        "  field 2: 7",
        "  field 3: empty",
        "  field 4: 5",
    ]
    document = json.loads(CliRunner().invoke(predict, [str(path), "--fields", "--json"]).stdout)
    fields = document["images"][0]["fields"]
    assert [each["text"] for each in fields] == ["2", "7", "", "5"]
    assert [each["digits"] for each in fields] == [[0], [1], [], [2]]


def test_fields_of_a_picture_without_a_form_are_said_to_be_none(tmp_path):
    path = tmp_path / "line.png"
    cv2.imwrite(str(path), form(shade=(250, 250, 250)))
    shown = CliRunner().invoke(predict, [str(path), "--fields", "--quiet"])
    assert shown.stdout.splitlines()[-1] == "  no field found"


def test_the_suite_of_forms_is_read(model):
    """One form of each kind, of those that photo_suite makes."""
    from handgrad import digits
    from photo_suite.judge import judged
    from photo_suite.kinds import Maker

    train, _ = digits.load_mnist()
    made = [kind(Maker(np.random.default_rng([3, i]), train)) for i, kind in enumerate(KINDS)]
    verdicts = judged(model, made)
    assert sum(verdict.right for verdict in verdicts) >= len(KINDS) - 2, [v for v in verdicts if not v.right]
