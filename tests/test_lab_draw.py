"""The Draw room in a real chromium: strokes of ten digits by mouse, finger and keyboard, and what is shown of them."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from handgrad import digits, model_file, network, pretrained
from handgrad.model import Model

from lab_browser import until
from lab_node import ask
from lab_strokes import SIDE, drawings, picture

HAND = {digit: (pen, strokes) for digit, pen, strokes in drawings(10, seed=1)}  # one drawing of each digit
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
IMAGE = """async (address) => {
  const [{ decode }, { prepareDrawing }] = await Promise.all([import("./strokes.js"), import("./prepare.js")]);
  const drawing = decode(new URLSearchParams(new URL(address).hash.slice(1)).get("drawing"));
  return [...prepareDrawing(drawing).image];
}"""


def opened(page, address):
    """The Draw room with its network."""
    page.goto(address)
    page.locator(".draw-units .tile").first.wait_for()


def places(page, strokes):
    """The points of strokes on the pad, in points of the page."""
    box = page.locator(".pad-canvas").bounding_box()
    for stroke in strokes:
        shares = np.array(stroke).reshape(-1, 2)[::2] / SIDE
        yield shares * (box["width"], box["height"]) + (box["x"], box["y"])


def draw(page, strokes):
    for points in places(page, strokes):
        page.mouse.move(*points[0])
        page.mouse.down()
        for x, y in points[1:]:
            page.mouse.move(x, y)
        page.mouse.up()
    page.evaluate(FRAMES)


def clear(page):
    page.get_by_role("button", name="Clear").click()
    page.evaluate(FRAMES)


def answer(page):
    return page.locator(".draw-answer-digit").inner_text()


def link(page):
    """The address that shows what the page shows now. The address bar follows a little later."""
    page.get_by_role("button", name="Link", exact=True).click()
    address = page.get_by_label("Link", exact=True).input_value()
    page.get_by_role("button", name="Close").click()
    return address


def drawn_image(page):
    """The image of what is drawn, as the network got it."""
    return np.array(page.evaluate(IMAGE, link(page)), np.uint8).reshape(28, 28)


def thousandths(text):
    """A number as the page writes it, in thousandths."""
    value = float(text.replace("−", "-").replace("+", ""))
    assert abs(1000 * value - round(1000 * value)) < 1e-6
    return round(1000 * value)


def link_text(drawing):
    """A drawing as an address holds it."""
    pen, strokes = drawing
    return ask({"strokes.js": "encode"}, "encode", {"pen": pen, "strokes": strokes})


def paste(page, data):
    """Paste a picture into the page."""
    page.evaluate(
        """(bytes) => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        list(data),
    )


def drop(page, name, data):
    """Drop a file on the room, as a person's mouse would."""
    page.evaluate(
        """([name, bytes]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], name));
          const place = document.querySelector("#room-draw");
          for (const kind of ["dragover", "drop"]) {
            place.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
          }
        }""",
        [name, list(data)],
    )


def png(grey):
    held = io.BytesIO()
    Image.fromarray(grey).save(held, "PNG")
    return held.getvalue()


def test_strokes_of_all_ten_digits_are_recognised_while_they_are_drawn(page, lab_server, figure):
    opened(page, lab_server)
    taken = []
    for digit, (_, strokes) in HAND.items():
        clear(page)
        page.evaluate("performance.clearMeasures()")
        draw(page, strokes)
        assert answer(page) == str(digit)
        shown = "performance.getEntriesByName('stroke to answer').map((each) => each.duration)"
        taken += page.evaluate(shown)
    assert len(taken) > 100
    figure(
        "stroke to answer in the browser",
        f"median {np.median(taken):.1f} ms, p90 {np.quantile(taken, 0.9):.1f} ms",
    )
    assert page.locator(".draw-bar.first").inner_text().split() == ["9", "1.000"]
    assert page.locator(".draw-sure").inner_text().startswith("Confidence over 99.9 %")


def test_the_answer_is_that_of_python_and_the_link_shows_the_same(open_page, lab_server):
    page = open_page()
    opened(page, lab_server)
    draw(page, HAND[4][1])
    image = drawn_image(page)
    model = pretrained.load()
    outputs = model.scores(image)[0]
    shown = [float(text) for text in page.locator(".draw-bar-value").all_inner_texts()]
    np.testing.assert_allclose(shown, outputs, atol=0.00051)
    confidence = float(model.confidence(outputs)[0])
    certain = "over 99.9 %" if confidence > 0.9995 else f"{100 * confidence:.1f} %"
    assert page.locator(".draw-sure strong").inner_text() == certain
    other = open_page()
    opened(other, link(page))
    assert answer(other) == "4"
    np.testing.assert_array_equal(drawn_image(other), image)
    page.get_by_role("button", name="Undo").click()
    page.evaluate(FRAMES)
    assert answer(page) != "4" or len(HAND[4][1]) == 1


def test_a_finger_draws_and_the_page_does_not_scroll(open_page, lab_server):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    opened(page, lab_server)
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": float(x), "y": float(y)} for x, y in points]},
        )

    for points in places(page, HAND[7][1]):
        send("touchStart", points[0])
        for point in points[1:]:
            send("touchMove", point)
        send("touchEnd")
    page.evaluate(FRAMES)
    assert answer(page) == "7"
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for part in (".pad-canvas", ".draw-answer", ".draw-bar:last-child"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 844


def test_the_keyboard_draws(page, lab_server):
    opened(page, lab_server)
    pad = page.get_by_role("application", name="Pad: draw a digit here")
    pad.focus()
    for key, times in (("ArrowUp", 9), (" ", 1), ("ArrowDown", 18), (" ", 1)):
        for _ in range(times):
            pad.press(key)
    page.evaluate(FRAMES)
    assert answer(page) == "1"
    until(page, "document.querySelector('.pad-place .spoken').textContent === 'Column 15, row 24, pen up'")
    until(
        page,
        "[...document.querySelectorAll('.room > .spoken')].some((e) => e.textContent.startsWith('The network reads 1'))",
    )
    pad.press("Backspace")
    page.evaluate(FRAMES)
    assert answer(page) == "–"


def test_the_ledger_of_each_digit_adds_up_to_its_score(page, lab_server):
    opened(page, lab_server)
    draw(page, HAND[5][1])
    x = np.float64(drawn_image(page).ravel()) / 255
    (W1, b1, W2, b2) = (np.float64(part) for part in pretrained.load().params)
    h = np.maximum(W1 @ x + b1, 0)
    z = W2 @ h + b2
    for digit in range(10):
        page.locator(".draw-bar").nth(digit).click()
        page.evaluate(FRAMES)
        lines = page.locator(".draw-ledger-line").all_inner_texts()
        *rest, score, _ = [line.split("\n") for line in lines]
        assert score[0] == f"score z[{digit}]"
        terms = page.locator(".draw-ledger-tiles .tile-caption").all_inner_texts()
        assert len(terms) == 12
        together, *rest = rest
        shown = [thousandths(text) for text in [*terms, *(line[1] for line in rest)]]
        assert together[0] == "the 12 units of the tiles"
        assert thousandths(together[1]) == sum(shown[:12])
        assert sum(shown) == thousandths(score[1])
        assert thousandths(score[1]) == pytest.approx(1000 * z[digit], abs=0.51)
        own = sorted(W2[digit] * h, key=abs, reverse=True)
        np.testing.assert_allclose(shown[:12], 1000 * np.array(own[:12]), atol=1)
        assert int(re.search(r"the other (\d+) units", rest[0][0])[1]) == np.count_nonzero(h) - 12
        assert shown[-1] == pytest.approx(1000 * b2[digit], abs=1)


def test_a_unit_is_shown_with_its_numbers_and_stays(page, lab_server):
    opened(page, lab_server)
    draw(page, HAND[3][1])
    x = np.float64(drawn_image(page).ravel()) / 255
    (W1, b1, W2, _) = (np.float64(part) for part in pretrained.load().params)
    a = W1 @ x + b1
    order = np.argsort(-a, kind="stable")
    tiles = page.locator(".draw-units-tiles .tile")
    assert tiles.count() == 24
    labels = [tile.get_attribute("aria-label") for tile in tiles.all()]
    assert labels == [f"Hidden unit {k}, h {a[k]:.2f}" for k in order[:24]]
    tiles.nth(2).hover()
    page.evaluate(FRAMES)
    assert page.locator(".draw-unit-name").inner_text() == f"Unit {order[2]}"
    tiles.nth(2).click()
    page.mouse.move(5, 5)
    page.evaluate(FRAMES)
    assert page.locator(".draw-unit-name").inner_text() == f"Unit {order[2]}, kept"
    formulas = [
        formula.get_attribute("aria-label") for formula in page.locator(".draw-unit .formula-lines").all()
    ]
    k = order[2]
    assert formulas[0].startswith(f"a[{k}] = sum over p of W1[{k}, p] · x[p] + b1[{k}] = ")
    assert float(formulas[0].rpartition("= ")[2]) == pytest.approx(a[k], rel=1e-3)
    assert float(formulas[2].rpartition("= ")[2].replace("−", "-")) == pytest.approx(
        W2[3, k] * a[k], rel=1e-3
    )
    votes = page.locator(".draw-votes > li > :last-child").all_inner_texts()
    shown = [float(text.replace("−", "-")) for text in votes]
    np.testing.assert_allclose(shown, W2[:, k] * a[k], atol=0.0051)
    tiles.nth(2).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    page.evaluate(FRAMES)
    assert page.locator(".draw-unit-name").inner_text().startswith(f"Unit {order[2]}")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.evaluate(FRAMES)
    assert page.locator(".draw-unit-name").inner_text() == f"Unit {order[9]}"
    page.get_by_role("button", name="More units").click()
    assert tiles.count() == 48
    until(page, f"location.hash.includes('unit={k}')")
    page.get_by_role("button", name="Let go").click()
    page.evaluate(FRAMES)
    assert page.locator(".draw-unit-name").inner_text() == f"Unit {order[0]}, the strongest"


def test_the_mean_images_and_the_network_without_relu_answer_beside(page, lab_server, mnist):
    from handgrad import templates

    opened(page, lab_server)
    (images, labels), _ = mnist
    T = templates.fit(images, labels)
    (W1, b1, W2, b2) = (np.float64(part) for part in pretrained.load().params)
    page.get_by_role("switch", name="Without ReLU").check()
    for digit in (2, 8):
        clear(page)
        draw(page, HAND[digit][1])
        x = np.float64(drawn_image(page).ravel()) / 255
        z = W2 @ (W1 @ x + b1) + b2
        agreements = T.reshape(10, -1) @ x
        baseline, collapse = page.locator(".draw-beside").all()
        assert baseline.inner_text() == f"The mean images answer {agreements.argmax()}."
        assert collapse.inner_text().startswith(f"Without ReLU it answers {z.argmax()}")
        shown = [
            tile.get_attribute("aria-label") for tile in page.locator("[data-look=collapse] .tile").all()
        ]
        scores = [float(text.rpartition(": ")[2].replace("−", "-")) for text in shown]
        np.testing.assert_allclose(scores, z, atol=0.051)
    page.get_by_role("switch", name="Mean images").uncheck()
    page.evaluate(FRAMES)
    assert page.locator("[data-look=baseline] .tile").first.is_hidden()


def test_a_picture_that_is_dropped_or_pasted_is_read_as_a_drawing_is(open_page, lab_server):
    page = open_page()
    opened(page, lab_server)
    for digit in (2, 6):
        pen, strokes = HAND[digit]
        drop(page, "photo.png", png(picture(pen, strokes, side=300)))
        until(page, f"document.querySelector('.draw-answer-digit').textContent === '{digit}'")
        clear(page)
    paste(page, png(picture(*HAND[3], side=200)))
    until(page, "document.querySelector('.draw-answer-digit').textContent === '3'")
    model, (images, _) = pretrained.load(), digits.load_mnist()[1]
    image = images[np.flatnonzero(model.doubtful(model.scores(images[:1000])))[0]]
    for prepared in (image, 255 - image):  # as MNIST's are: taken as it is
        drop(page, "prepared.png", png(prepared))
        page.get_by_text("came ready").first.wait_for()
        page.evaluate(FRAMES)
        shown = [float(text) for text in page.locator(".draw-bar-value").all_inner_texts()]
        np.testing.assert_allclose(shown, model.scores(image)[0], atol=0.00051)
        clear(page)
    drop(page, "blank.png", png(np.full((50, 50), 255, np.uint8)))
    page.get_by_text("blank.png: expected a picture of a digit; found no ink in it").wait_for()
    drop(page, "notes.txt", b"seven")
    page.get_by_text("notes.txt: expected a picture (PNG, JPEG, WebP) or a model file").wait_for()


def test_a_dropped_model_file_is_used_by_all_rooms(page, lab_server, tmp_path):
    model = Model(network.init_params(784, 16, 10, np.random.default_rng(0), dtype=np.float32))
    model_file.save(tmp_path / "small.safetensors", model)
    opened(page, lab_server)
    draw(page, HAND[6][1])
    drop(page, "small.safetensors", (tmp_path / "small.safetensors").read_bytes())
    page.get_by_text("of 16 units answer").wait_for()
    page.evaluate(FRAMES)
    image = drawn_image(page)
    shown = [float(text) for text in page.locator(".draw-bar-value").all_inner_texts()]
    np.testing.assert_allclose(shown, model.scores(image)[0], atol=0.00051)
    assert "Not calibrated" in page.locator(".draw-sure").inner_text()
    page.get_by_role("button", name="Step through it").click()
    page.get_by_role("tabpanel", name="Step").get_by_text(
        f"The network answers {model.predict(image)[0]}"
    ).wait_for()
    page.get_by_role("tab", name="Draw").click()
    drop(page, "broken.safetensors", b"no model")
    page.get_by_text("broken.safetensors: not a safetensors file, or damaged").wait_for()
    assert page.locator(".draw-bar-value").first.inner_text() == f"{shown[0]:.3f}"


def test_an_image_that_python_sets_takes_the_place_of_a_drawing(page, lab_server):
    """In a notebook the state changes from outside: here, a second room with a state of its own."""
    opened(page, lab_server)
    (_, _), (images, _) = digits.load_mnist()
    page.evaluate(
        """async () => {
          const [{ default: draw }, { PageState }, { asset }] =
            await Promise.all([import("./draw.js"), import("./host.js"), import("./assets.js")]);
          window.state = new PageState();
          state.save_changes = () => {};
          const el = document.createElement("div");
          el.id = "second";
          document.querySelector(".handgrad").append(el);
          draw.render({ model: state, el });
          state.set("model_file", await asset("model.safetensors"));
        }"""
    )
    shown = page.locator("#second .draw-answer-digit")

    def state(key, value):
        page.evaluate(
            "([key, value]) => state.set(key, key === 'image' ? new Uint8Array(value) : value)", [key, value]
        )
        page.evaluate(FRAMES)

    state("drawing", link_text(HAND[3]))
    assert shown.inner_text() == "3"
    assert len(page.evaluate("[...state.get('image')]")) == 784
    state("image", [int(pixel) for pixel in images[0].ravel()])
    assert shown.inner_text() == "7"
    assert page.evaluate("state.get('drawing')") == ""
    state("drawing", link_text(HAND[8]))
    assert shown.inner_text() == "8"
    page.evaluate("state.set('image', null)")
    page.evaluate(FRAMES)
    assert shown.inner_text() == "–"
    assert page.evaluate("state.get('drawing')") == ""


def test_examples_and_labels(page, lab_server):
    opened(page, lab_server)
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="Test image 0: a 7").click()
    page.get_by_text("The network reads 7. That is right.").wait_for()
    assert page.get_by_label("This was a", exact=True).input_value() == "7"
    page.get_by_label("This was a", exact=True).select_option("1")
    page.get_by_text("The network reads 7. It was a 1.").wait_for()
    (_, _), (images, _) = digits.load_mnist()
    shown = [float(text) for text in page.locator(".draw-bar-value").all_inner_texts()]
    np.testing.assert_allclose(shown, pretrained.load().scores(images[0])[0], atol=0.00051)


def test_the_exported_page_reads_drawings_with_the_network_off(open_page, exported_page):
    page = open_page(offline=True)
    opened(page, exported_page.as_uri())
    draw(page, HAND[9][1])
    assert answer(page) == "9"
