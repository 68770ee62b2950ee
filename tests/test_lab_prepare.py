"""The way from a drawing to 28x28 in the page, against OpenCV's functions and against photos' own preparation."""

import os

import cv2
import numpy as np
import pytest

from handgrad import pretrained
from handgrad.photos import finding, marks, normalisation, strokes

from lab_node import ask
from lab_strokes import drawings, picture

COUNT = int(os.environ.get("HANDGRAD_DRAWINGS", "200"))  # 1,000 for the figure in the documentation
OUT = "({ values, rows, columns }) => ({ values: [...values], rows, columns })"
TO_INK = "(ink) => ({ ...ink, values: Float32Array.from(ink.values) })"


@pytest.fixture(scope="module")
def blots():
    """Images of ink with rings, bars and holes, of many shapes."""
    rng = np.random.default_rng(3)
    made = []
    for rows, columns in [(160, 93), (41, 160), (160, 160), (160, 7), (33, 20), (90, 141)]:
        noise = cv2.GaussianBlur(rng.random((rows, columns)).astype(np.float32), (0, 0), rng.uniform(1.2, 5))
        ink = (noise - noise.mean()) / noise.std() * rng.uniform(0.3, 2) + 0.4
        made.append(np.clip(ink, 0, 1).astype(np.float32))
    return made


def _given(ink):
    return {"values": [float(value) for value in ink.ravel()], "rows": ink.shape[0], "columns": ink.shape[1]}


def _array(told):
    return np.array(told["values"], np.float32).reshape(told["rows"], told["columns"])


def _asked(name, blots, arguments):
    """What a function of images.js makes of each blot and each argument."""
    function = f"(all) => all.map(([ink, value]) => ({OUT})({name}(({TO_INK})(ink), value)))"
    given = [[_given(ink), value] for ink in blots for value in arguments]
    return map(_array, ask({"images.js": name}, function, given))


def test_halves_are_rounded_to_the_even_number():
    values = [0.5, 1.5, 2.5, 7.5, -0.5, -1.5, 0.49999, 3.2, 6.8, 4.0, -2.7]
    assert ask({"images.js": "rounded"}, "(all) => all.map(rounded)", values) == [round(v) for v in values]


def test_images_are_resized_as_opencv_does(blots):
    sides = (20, 160, 47)
    expected = (normalisation._fitted(ink, side) for ink in blots for side in sides)
    for told, ink in zip(_asked("fitted", blots, sides), expected, strict=True):
        assert told.shape == ink.shape
        np.testing.assert_allclose(told, ink, atol=2e-5)


def test_strokes_are_widened_and_thinned_as_opencv_does(blots):
    by = (1, 2, 3, 7, 12, -1, -4)
    expected = (normalisation._widened(ink, each) for ink in blots for each in by)
    for told, ink in zip(_asked("widened", blots, by), expected, strict=True):
        np.testing.assert_array_equal(told, ink)


def test_ink_is_trimmed_alike(blots):
    framed = [cv2.copyMakeBorder(ink, 3, 0, 5, 2, cv2.BORDER_CONSTANT, value=0.1) for ink in blots]
    for told, ink in zip(_asked("trimmed", framed, [0]), map(normalisation._trimmed, framed), strict=True):
        np.testing.assert_array_equal(told, ink)


def test_strokes_are_as_wide_as_opencv_finds_them(blots):
    rng = np.random.default_rng(4)
    grains = [np.asarray(rng.random((31, 44)) < share, np.float32) for share in (0.02, 0.2, 0.5, 0.8, 0)]
    inks = [*blots, *grains]
    function = f"(all) => all.map((ink) => strokeWidth(({TO_INK})(ink)))"
    told = ask({"outlines.js": "strokeWidth"}, function, [_given(ink) for ink in inks])
    np.testing.assert_allclose(
        told, [strokes.stroke_width(ink) for ink in inks], rtol=1e-7
    )  # OpenCV adds in float32


def test_drawings_are_prepared_as_photographs_are(figure):
    made = list(drawings(COUNT))
    function = "(all) => all.map((drawing) => [...prepareDrawing(drawing).image])"
    given = [{"pen": pen, "strokes": paths} for _, pen, paths in made]
    here = np.array(ask({"prepare.js": "prepareDrawing"}, function, given), np.uint8).reshape(-1, 28, 28)
    pages = [finding.find_marks(finding.as_picture(picture(pen, paths))) for _, pen, paths in made]
    there = np.stack([normalisation.normalised(page, marks.joined(page.marks)) for page in pages])
    model = pretrained.load()
    answers, expected = model.predict(here), model.predict(there)
    same, right = int((answers == expected).sum()), int((answers == [digit for digit, _, _ in made]).sum())
    difference = float(np.abs(here.astype(int) - there).mean())
    figure("drawings read as photographs of them", f"{same} of {COUNT}; {right} right")
    figure("grey levels between page and photographs", f"{difference:.2f}")
    assert same >= 0.99 * COUNT
    assert right >= 0.95 * COUNT
    assert difference < 8


@pytest.mark.parametrize("paper", ["light", "dark", "shadow", "transparent"])
def test_a_picture_is_read_as_its_strokes_are(paper):
    """Dark on light, light on dark, under a shadow, and ink alone: the ten digits keep their answers."""
    made = list(drawings(20, seed=5))
    pictures = []
    for _, pen, paths in made:
        grey = picture(max(pen, 0.04), paths, side=300).astype(float)
        if paper == "dark":
            grey = 255 - grey
        if paper == "shadow":
            grey = grey * np.linspace(0.55, 1, 300)
        rgba = np.repeat(np.rint(grey).astype(np.uint8)[:, :, None], 4, axis=2)
        rgba[:, :, 3] = 255 - rgba[:, :, 0] if paper == "transparent" else 255
        if paper == "transparent":
            rgba[:, :, :3] = 0
        pictures.append(rgba)
    function = (
        "(all) => all.map((one) => [...prepareInk(inkOf(Uint8ClampedArray.from(one), 300, 300)).image])"
    )
    imports = {"prepare.js": "prepareInk", "draw_picture.js": "inkOf"}
    images = ask(imports, function, [[int(value) for value in rgba.ravel()] for rgba in pictures])
    answers = pretrained.load().predict(np.array(images, np.uint8).reshape(-1, 28, 28))
    assert (answers == [digit for digit, _, _ in made]).sum() >= 19


def test_a_drawing_and_its_text_are_the_same():
    made = [{"pen": pen, "strokes": paths} for _, pen, paths in drawings(30, seed=2)]
    function = "(all) => all.map((drawing) => [encode(drawing), decode(encode(drawing))])"
    for drawing, (text, back) in zip(
        made, ask({"strokes.js": "encode, decode"}, function, made), strict=True
    ):
        assert back == drawing
        assert text == "".join(c for c in text if c.isalnum() or c in "-_.")
    damaged = ["", "x", "70", "70.", "70.abc", "70.zz!zabcd", "5000.aaaa", ".aaaa", "70.aaaa..aaaa"]
    told = ask({"strokes.js": "decode"}, "(all) => all.map((text) => decode(text).strokes)", damaged)
    assert told == [[]] * len(damaged)
