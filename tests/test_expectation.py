"""What a line is expected to hold decides between readings: photos.expectation, read_page, predict --expect."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from handgrad import pretrained
from handgrad.cli import main
from handgrad.photos import read_page
from handgrad.photos.expectation import ANY, expectation
from photo_suite.kinds import samples
from photo_suite.touching import near, touching_digits


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


@pytest.mark.parametrize(
    ("given", "steps", "lines"),
    [
        (5, [ANY] * 5, None),
        ("5", [ANY] * 5, None),
        ("12", [ANY] * 12, None),
        ("dd.d", [ANY, ANY, None, ANY], None),
        ("[01]d:d", [frozenset("01"), ANY, None, ANY], None),
        ("5dd", [frozenset("5"), ANY, ANY], None),
        ("3x2", [ANY, ANY], 3),
        ("2xd/d", [ANY, None, ANY], 2),
        (" 4 ", [ANY] * 4, None),
    ],
)
def test_a_number_or_a_pattern_is_a_row_of_steps(given, steps, lines):
    found = expectation(given)
    assert [*found.steps] == steps
    assert found.lines == lines
    assert found.digits == sum(step is not None for step in steps)


@pytest.mark.parametrize(
    "given", ["", "0", "65", "abc", "d[", "[]d", "[a]", "--", "3x", "d d", "-1x", "12a", 0, -3, True, 2.5]
)
def test_what_is_no_expectation_is_refused_in_one_line(given):
    with pytest.raises(ValueError, match=r"expected .*; got") as refused:
        expectation(given)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "found", "disagreeing", "words"),
    [
        ("5", [5], [], None),
        ("5", [6], [0], "expected 5 digits; found 6"),
        ("1", [], [], "expected 1 digit; found none"),
        ("dd.d", [3, 4], [1], "line 2: expected 3 digits; found 4"),
        ("2xdd", [2], [], "expected 2 lines; found 1"),
    ],
)
def test_a_mismatch_is_said(pattern, found, disagreeing, words):
    assert expectation(pattern).mismatch(found, disagreeing) == words


def test_the_number_of_digits_mends_lines_whose_digits_touch(model, mnist, figure):
    """More are read wholly with the number than without, and all have that number or a mismatch."""
    without, given = 0, 0
    made = samples(touching_digits, 12, 31, mnist[0])
    for sample in made:
        without += read_page(model, io.BytesIO(sample.data)).text == sample.text
        page = read_page(model, io.BytesIO(sample.data), expect=len(sample.text))
        given += page.text == sample.text
        assert len(page.digits) == len(sample.text) or page.mismatch
    figure(
        "touching digits wholly read, without and with their number", f"{without} and {given} of {len(made)}"
    )
    assert given > without


def drawn(mnist, text):
    """A line of MNIST's digits on white paper, as a PNG."""
    images, labels = mnist[0]
    rows = [int(np.flatnonzero(labels == int(digit))[7]) for digit in text]
    ink = np.concatenate([np.pad(images[row], 4) for row in rows], axis=1)
    file = io.BytesIO()
    Image.fromarray(255 - ink).resize((ink.shape[1] * 3, ink.shape[0] * 3)).save(file, "PNG")
    return file.getvalue()


def test_a_pattern_excludes_digits_and_the_doubt_says_so(model, mnist):
    """Where a 0 or a 1 is expected and a 7 stands there, the answer is 0 or 1, and doubtful."""
    data = drawn(mnist, "734")
    (line,) = read_page(model, io.BytesIO(data), expect="ddd").lines
    assert [one.digit for one in line] == [7, 3, 4]
    assert not any(one.doubtful for one in line)
    page = read_page(model, io.BytesIO(data), expect="[01]dd")
    (line,) = page.lines
    assert line[0].digit in (0, 1)
    assert line[0].why == ("looks like 7, which is not expected here",)
    assert [one.digit for one in line[1:]] == [3, 4]
    assert page.mismatch is None
    assert page.doubtful


def test_what_does_not_agree_is_read_all_the_same_and_doubtful(model, mnist):
    page = read_page(model, io.BytesIO(drawn(mnist, "734")), expect=9)
    assert page.text == "734"
    assert page.mismatch == "expected 9 digits; found 3"
    assert page.doubtful


def test_a_prepared_image_holds_one_digit(model, mnist):
    images, labels = mnist[1]
    row = int(np.flatnonzero(labels == 7)[0])
    assert read_page(model, images[row], expect=1).text == "7"
    assert read_page(model, images[row], expect=2).mismatch == "expected 2 digits; found 1"
    assert read_page(model, images[row], expect="[12]").digits[0].digit in (1, 2)


def test_the_command_takes_a_pattern_and_says_what_does_not_agree(mnist, tmp_path, capsys):
    (tmp_path / "line.png").write_bytes(drawn(mnist, "734"))
    command = ["predict", str(tmp_path / "line.png"), "--expect"]
    assert main([*command, "d.dd", "--json"]) == 0
    (image,) = json.loads(capsys.readouterr().out)["images"]
    assert (image["text"], image["mismatch"], image["doubtful"]) == ("734", None, False)
    assert main([*command, "9"]) == 0
    assert "expected 9 digits; found 3" in capsys.readouterr().out
    assert main([*command, "4a"]) == 2
    assert "'a'" in capsys.readouterr().err


def test_lines_that_nearly_touch_are_read_with_a_pattern_of_their_digits(model, mnist):
    """The pattern names every digit: nothing else can be read."""
    for sample in samples(near, 4, 3, mnist[0]):
        pattern = "".join(f"[{digit}]" for digit in sample.text)
        page = read_page(model, io.BytesIO(sample.data), expect=pattern)
        assert page.text == sample.text or page.mismatch
