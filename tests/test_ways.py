"""Which way up, ink or paper, digit or none: sheets on their side, plots and tiles, blank and inverted images."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from handgrad import engines, pretrained
from handgrad.cli.predicted import document, text
from handgrad.errors import DataError, ImageError
from handgrad.model import Model
from handgrad.network import init_params
from handgrad.photos import Picture, find_marks, read_page, read_picture
from handgrad.photos.doubt import LOW_CONFIDENCE, UNLIKE, of_outputs
from handgrad.photos.panels import BESIDE, panel
from handgrad.photos.turning import WAYS, turned_picture
from photo_suite.kinds import Maker, line, page_of_lines, real_line, ruled_line, samples, touching_line
from photo_suite.no_digits import KINDS as NO_DIGIT
from photo_suite.sheets import row, sheet
from photo_suite.ways import plot, tile, turned_sheet


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


def picture_of(sample):
    return read_picture(io.BytesIO(sample.data), "picture")


def written(lines, mnist, seed=1):
    """A sheet with lines of MNIST's training digits, (h, w, 3) uint8."""
    m = Maker(np.random.default_rng(seed), mnist[0])
    rows = [row(m.real(text), m.rng, gap=0.3) for text in lines]
    wide = max(ink.shape[1] for ink in rows)
    block = np.concatenate([np.pad(ink, ((0, 70), (0, wide - ink.shape[1]))) for ink in rows])
    return np.clip(sheet(block, m.rng, digit=110, margin=1.0), 0, 255).astype(np.uint8)


def test_sheets_on_their_side_or_upside_down_are_turned(model, mnist, figure):
    made = samples(turned_sheet, 12, 100, mnist[0])
    pages = [read_page(model, picture_of(sample)) for sample in made]
    right = sum(page.text == sample.text for page, sample in zip(pages, made, strict=True))
    figure("12 sheets of 2 to 6 lines, turned", f"{sum(page.turned > 0 for page in pages)}, right {right}")
    assert all(page.turned for page in pages)
    assert right >= 9


def test_the_boxes_of_a_turned_sheet_are_on_the_picture_as_given(model, mnist):
    upright = written(["47253", "9346"], mnist)
    page = read_page(model, upright)
    assert page.text == "47253\n9346"
    assert page.turned == 0
    height, width = upright.shape[:2]
    back = {  # the box of the sheet in each picture, from that on the upright sheet
        90: lambda x, y, w, h: (y, width - x - w, h, w),
        180: lambda x, y, w, h: (width - x - w, height - y - h, w, h),
        270: lambda x, y, w, h: (height - y - h, x, h, w),
    }
    for way in WAYS:
        lying = np.ascontiguousarray(np.rot90(upright, way // 90))
        found = read_page(model, lying)
        assert (found.text, found.turned) == (page.text, way)
        for one, other in zip(page.digits, found.digits, strict=True):
            assert np.abs(np.subtract(back[way](*one.box), other.box)).max() <= 3, way
        assert document("a", found)["turned"] == way
        assert f"read turned by {way} degrees" in text("a", found, model)
    assert "turned" not in text("a", page, model)


@pytest.mark.parametrize("lines", [["47253"], ["2374", "5"]])
def test_a_single_line_on_its_side_is_not_one_sure_digit(lines, model, mnist):
    for quarters in (1, 3):
        found = read_page(model, np.ascontiguousarray(np.rot90(written(lines, mnist), quarters)))
        assert found.text == "\n".join(lines)
        assert found.turned == 90 * quarters


@pytest.mark.parametrize("lines", [["1961"], ["69"], ["8"], ["6"], ["10801"], ["6", "9", "8"], ["1"]])
def test_what_reads_both_ways_is_not_turned(lines, model, mnist):
    page = written(lines, mnist)
    for pixels in (page, np.ascontiguousarray(np.rot90(page, 2))):
        assert read_page(model, pixels).turned == 0


def test_a_single_digit_is_never_turned(model, mnist):
    for digit in "2347":
        page = written([digit], mnist)
        for quarters in (1, 2, 3):
            assert read_page(model, np.ascontiguousarray(np.rot90(page, quarters))).turned == 0


@pytest.mark.parametrize("kind", [line, real_line, ruled_line, touching_line, page_of_lines])
def test_upright_pages_stay_upright(kind, model, mnist):
    assert not any(read_page(model, picture_of(sample)).turned for sample in samples(kind, 8, 101, mnist[0]))


def test_a_column_of_digits_is_no_line_on_its_side(model, mnist):
    found = read_page(model, written(["4", "7", "2", "3", "5"], mnist))
    assert (found.text, found.turned) == ("4\n7\n2\n3\n5", 0)


def test_turning_a_picture_turns_its_size(mnist):
    picture = Picture(np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3), (30, 20))
    for way, size in ((90, (20, 30)), (180, (30, 20)), (270, (20, 30))):
        turned = turned_picture(picture, way)
        assert turned.size == size
        np.testing.assert_array_equal(np.rot90(turned.pixels, way // 90), picture.pixels)


@pytest.mark.parametrize("kind", [plot, tile])
def test_a_digit_in_a_panel_is_read_and_what_is_beside_it_said(kind, model, mnist, figure):
    made = samples(kind, 10, 100, mnist[0])
    pages = [read_page(model, picture_of(sample)) for sample in made]
    right = sum(page.text == sample.text for page, sample in zip(pages, made, strict=True))
    figure(f"10 pictures, {kind.__name__}", f"{right} right")
    assert right >= 9
    for page, sample in zip(pages, made, strict=True):
        if panel(picture_of(sample)) and kind is plot:
            beside = [each for each in page.left_out if each.reason == BESIDE]
            assert len(beside) >= 8  # six ticks on each axis, of which some may touch
            ink = np.asarray(Image.open(io.BytesIO(sample.data)).convert("L"))
            for x, y, width, height in (each.box for each in beside):
                assert ink[y : y + height, x : x + width].min() < 128


def test_two_panels_and_plain_sheets_are_no_panel(mnist):
    screen = Image.new("RGB", (400, 200), (20, 20, 20))
    for left in (20, 220):
        screen.paste((240, 240, 240), (left, 20, left + 160, 180))
        screen.paste((0, 0, 0), (left + 60, 60, left + 80, 150))
    assert panel(Picture(np.asarray(screen), screen.size)) is None
    one = screen.copy()
    one.paste((20, 20, 20), (210, 0, 400, 200))
    found = panel(Picture(np.asarray(one), one.size))
    assert found is not None
    assert (found.picture.pixels[:, 300:] == 240).all()
    assert not any(panel(picture_of(sample)) for sample in samples(page_of_lines, 4, 100, mnist[0]))


def test_where_nothing_is_found_ink_and_paper_are_exchanged(model, mnist, monkeypatch):
    sheet_of = written(["5"], mnist)
    assert find_marks(Picture(sheet_of, sheet_of.shape[1::-1])).marks
    from handgrad.photos import background, finding

    def wrong(pixels, other=False, **given):
        return background.ink_on_paper(pixels, not other, **given)

    monkeypatch.setattr(finding, "ink_on_paper", wrong)  # the first choice is now the wrong one
    assert read_page(model, sheet_of).text == "5"


def test_what_is_no_digit_is_seldom_sure(model, mnist, figure):
    for kind in NO_DIGIT:
        sure = []
        for sample in samples(kind, 10, 100, mnist[0]):
            try:
                page = read_page(model, picture_of(sample))
            except ImageError:  # more marks than digits are read
                continue
            sure.append(bool(page.digits) and not any(one.doubtful for one in page.digits))
            assert all(one.why for one in page.digits if one.doubtful)
        figure(f"10 pictures of no digit, {kind.__name__}", f"{sum(sure)} surely read")
        assert sum(sure) <= (6 if kind.__name__ == "figure" else 1)


def test_doubt_has_a_reason_in_words(model, mnist):
    between = Image.blend(*(Image.fromarray(mnist[1][0][mnist[1][1] == digit][0]) for digit in (4, 9)), 0.5)
    (one,) = read_page(model, np.asarray(ImageOps.invert(between.resize((280, 280))))).digits
    assert one.doubtful
    assert one.why[0].startswith("perhaps a ") or one.why[0] in (LOW_CONFIDENCE, UNLIKE)
    faint = 250 - (np.asarray(Image.fromarray(mnist[1][0][0]).resize((280, 280))) / 12).astype(np.uint8)
    (one,) = read_page(model, np.pad(faint, 60, constant_values=250)).digits
    assert one.why == ("very faint",)
    for outputs, told in (
        (((4, 0.9), (9, 0.4)), "perhaps a 4 or a 9"),
        (((8, 0.9), (3, 0.3)), "perhaps a 3 or an 8"),
        (((5, 0.2), (0, 0.1)), UNLIKE),
        (((5, 0.6), (0, 0.1)), LOW_CONFIDENCE),
    ):
        y = np.zeros(10, np.float32)
        y[[digit for digit, _ in outputs]] = [output for _, output in outputs]
        assert of_outputs(model, y) == told


def test_blank_images_are_never_sure_for_any_model(model, mnist, rng):
    other = Model(init_params(28 * 28, 30, 10, rng))
    letters = Model(init_params(64, 12, 3, rng), loss="cross_entropy", classes=("a", "b", "c"))
    for each in (model, engines.compiled(model), other, letters, replace(model, calibration=None)):
        for shade in (0, 255):
            scores = each.scores(np.full((2, *each.image_shape), shade, np.uint8))
            assert (each.confidence(scores) == 0).all()
            assert each.doubtful(scores).all()
            floats = each.scores(np.full((1, each.pixels), shade / 255))
            assert each.doubtful(floats).all()
    scores = model.scores(mnist[1][0])
    assert (model.confidence(scores) > 0).all()
    changed = replace(model, params=other.params)
    assert changed.doubtful(changed.scores(np.zeros((1, 784), np.uint8))).all()
    model_of_its_own = replace(other)
    model_of_its_own.confidence(np.full((1, 10), 0.5, np.float32))
    model_of_its_own.params = model.params  # what a blank image gives is asked anew
    assert model_of_its_own.doubtful(model_of_its_own.scores(np.zeros((1, 784), np.uint8))).all()


def test_binary_and_inverted_images_are_refused_where_the_network_knows_mnist(model, mnist):
    images, labels = mnist[1][0][:50], mnist[1][1][:50]
    binary = (images > 127).astype(np.uint8)
    fast = engines.compiled(model)
    for each in (model, fast):
        for wrong, told in (
            (binary, r"pass 255 \* images"),
            (binary[0], r"pass 255 \* images"),
            (binary.astype(int), r"pass 255 \* images"),
            (255 - images, "pass 255 - images"),
            (255 - images.reshape(50, -1), "pass 255 - images"),
            (255 - images[0], "pass 255 - images"),
            (1 - images / 255, "pass 1 - images"),
            (images.astype(float), "divide by 255"),
            (np.moveaxis(images, 0, -1), "moveaxis"),
            (images > 127, r"astype\(float\)"),
        ):
            for ask in (each.predict, each.scores):
                with pytest.raises(DataError, match=told) as error:
                    ask(wrong)
                assert "\n" not in str(error.value)
        for good in (255 * binary, binary.astype(np.float32), images, images[:1]):
            assert (each.predict(good) == labels[: len(good)]).mean() > 0.9
    elsewhere = replace(model, data_checksum="0" * 64)  # it may have learnt from such images
    for images_of_its_own in (binary, 255 - images):
        assert len(elsewhere.predict(images_of_its_own)) == 50
    mixed = np.concatenate([images, 255 - images[:10]])  # a few odd images do not stop the others
    assert (model.predict(mixed)[:50] == labels).mean() > 0.9
