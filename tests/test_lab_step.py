"""The Step room in a real chromium: walked through by hand, and its numbers held against Python's."""

import re
import subprocess
import sys

import numpy as np
import pytest

from handgrad import model_file, pretrained
from handgrad.insight.evaluation import evaluate
from handgrad.layers import ACTIVATIONS, affine_backward, sigmoid_backward
from handgrad.losses import LOSSES, log_softmax
from handgrad.model import Model
from handgrad.network import forward, init_params, loss_and_gradients, map_params

EXAMPLE = 247  # a 4 that the network in the box half takes for a 6: its gradients are worth a look
STAGES = ["x", "a", "h", "z", "y", "L"]
STAGES += ["grad_y", "grad_z", "grad_W2", "grad_h", "grad_a", "grad_W1", "update"]
RATE = 0.01  # that the room begins with
DIGITS = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


def number(text):
    """A number as the page writes it: with a true minus, and 6.9×10⁻⁵ for a small one."""
    plain = text.translate(DIGITS).replace("×10", "e").replace(",", "").strip()
    return float(re.match(r"-?[\d.]+(e-?\d+)?", plain)[0])


class Walk:
    """One image's walk in Python, in double precision: the tensors by the names that the page gives them."""

    def __init__(self, model, mnist, label=None):
        images, labels = mnist[1]
        self.activation, self.loss_name = model.activation, model.loss
        self.params = map_params(lambda p: p.astype(np.float64), model.params)
        self.x = images[EXAMPLE].reshape(1, -1) / 255
        self.label = np.array([labels[EXAMPLE] if label is None else label])
        self.tensors = {name: np.ravel(of) for name, of in self._tensors().items()}

    def _tensors(self):
        cache, (measure, reads) = forward(self.params, self.x, self.activation), LOSSES[self.loss_name]
        L, grad = measure(getattr(cache, reads), self.label)
        made = {**cache._asdict(), "L": L, "grad_z": grad}
        if reads == "y":
            made |= {"grad_y": grad, "grad_z": sigmoid_backward(grad, cache.y)}
        else:
            made["y"] = np.exp(log_softmax(cache.z))
        grad_h, made["grad_W2"], made["grad_b2"] = affine_backward(made["grad_z"], cache.h, self.params.W2)
        _, backward, read = ACTIVATIONS[self.activation]
        made |= {"grad_h": grad_h, "grad_a": backward(grad_h, getattr(cache, read))}
        _, made["grad_W1"], made["grad_b1"] = affine_backward(made["grad_a"], self.x, None)
        return made

    def loss(self, params):
        return loss_and_gradients(params, self.x, self.label, self.activation, self.loss_name)[0]

    def steps(self, times):
        """The loss after each of some steps of gradient descent."""
        params, losses = self.params, []
        for _ in range(times):
            grads = loss_and_gradients(params, self.x, self.label, self.activation, self.loss_name)[1]
            params = map_params(lambda p, grad: p - RATE * grad, params, grads)
            losses.append(self.loss(params))
        return losses


@pytest.fixture(scope="module")
def boxed(mnist):
    """The walk of the network in the box."""
    return Walk(pretrained.load(), mnist)


@pytest.fixture
def step(page, lab_server):
    """step(fragment): the Step room, opened."""

    def opened(fragment="", server=lab_server):
        page.goto(f"{server}#room=step&example={EXAMPLE}&{fragment}")
        page.locator(".step-tensor").first.wait_for()
        return page

    return opened


def stage(page):
    return page.locator(".step-map [aria-current=step]").get_attribute("data-stage")


def fact(page, panel, name):
    return number(page.locator(f"{panel} [data-fact={name}]").inner_text())


def value(page):
    """The value of the cell that is explained."""
    return number(page.locator(".step-value").inner_text().split("=")[1])


def test_the_walk_goes_forward_and_back_by_buttons_and_keys(step):
    page = step()
    following, back = page.locator("[data-control=step-next]"), page.locator("[data-control=step-back]")
    assert stage(page) == "x"
    assert back.is_disabled()
    seen = ["x"]
    while following.is_enabled():
        following.click()
        seen.append(stage(page))
        shown = page.locator(".step-tensor.made").evaluate_all(
            "all => all.map((each) => each.dataset.tensor)"
        )
        assert seen[-1] in shown or (seen[-1] == "update" and "new_W1" in shown)
    assert seen == STAGES
    back.click()
    assert stage(page) == "grad_W1"
    page.locator("h1").click()  # the focus is on no control
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert stage(page) == "grad_h"
    page.keyboard.press("ArrowRight")
    assert stage(page) == "grad_a"
    page.locator(".step-map [data-stage=z]").click()
    assert stage(page) == "z"


def test_arrows_in_a_heat_map_move_from_cell_to_cell(step, boxed):
    page = step("cell=grad_z")
    page.locator("[data-tensor=grad_z] .heat-map").focus()
    page.keyboard.press("Home")
    for c in range(4):
        assert page.locator(".step-value").inner_text().startswith(f"grad_z[{c}]")
        assert value(page) == pytest.approx(boxed.tensors["grad_z"][c], rel=1e-4)
        page.keyboard.press("ArrowRight")
    assert stage(page) == "grad_z"
    assert "grad_z[4]" in page.locator("[data-tensor=grad_z] .spoken").inner_text()
    page.keyboard.press("Enter")
    assert "cell is held" in page.locator(".step-cell").inner_text()


@pytest.mark.parametrize("tensor", ["x", "a", "h", "z", "y", "L", "grad_y", "grad_z", "grad_W2", "grad_b2", "grad_h",
                                    "grad_a", "grad_W1", "grad_b1"])  # fmt: skip
def test_a_cell_is_what_python_computes(tensor, step, boxed):
    values = boxed.tensors[tensor]
    index = int(np.abs(values).argmax())
    page = step(f"cell={tensor.replace('b', 'W')}:{tensor}:{index}")
    assert value(page) == pytest.approx(values[index], rel=1e-4)
    total = page.locator(".step-total .step-size")
    if total.count():
        assert number(total.inner_text()) == pytest.approx(values[index], rel=1e-3)


def test_a_formula_has_the_numbers_in_it(step, boxed):
    page = step("cell=grad_z:grad_z:6")
    formula = page.locator(".step-cell [role=math]").nth(1).get_attribute("aria-label")
    _, made, result = formula.split(" = ")
    grad_y, y, one_less_y = made.split(" · ")
    assert number(grad_y) == pytest.approx(boxed.tensors["grad_y"][6], rel=1e-3)
    assert number(y) == pytest.approx(boxed.tensors["y"][6], rel=1e-3)
    assert number(one_less_y.split("− ")[1]) == pytest.approx(boxed.tensors["y"][6], rel=1e-3)
    assert number(result) == pytest.approx(boxed.tensors["grad_z"][6], rel=1e-3)


def test_the_terms_of_a_cell_light_up_where_they_come_from(step, boxed):
    page = step("cell=grad_h")
    heat = page.locator("[data-tensor=grad_h] .heat-map")
    box = heat.bounding_box()
    heat.hover(position={"x": box["width"] * 2.5 / 24, "y": box["height"] / 2})
    strongest = np.argsort(-np.abs(boxed.tensors["h"]), kind="stable")
    assert page.locator(".step-value").inner_text().startswith(f"grad_h[{strongest[2]}]")
    votes = page.locator("[data-tensor=W2]")
    assert "lit" in votes.get_attribute("class")
    marks = votes.locator(".mark.term").evaluate_all("all => all.map((each) => each.style.left)")
    assert len(marks) == 10  # one column, a vote a class
    assert {round(float(left.rstrip("%"))) for left in marks} == {round(100 * 2 / 24)}
    assert page.locator("[data-tensor=grad_z] .mark.term").count() == 10
    assert page.locator("[data-tensor=grad_h] .mark.explained").count() == 1
    page.mouse.move(0, 0)
    assert page.locator(".mark").count() == 0


def test_a_nudge_measures_the_slope_that_was_derived(step, boxed):
    index = int(np.abs(boxed.tensors["grad_W1"]).argmax())
    page = step(f"cell=grad_W1:grad_W1:{index}")
    grad = boxed.tensors["grad_W1"][index]

    def moved(by):
        W1 = boxed.params.W1.copy()
        W1.flat[index] += by
        return boxed.loss(boxed.params._replace(W1=W1))

    assert fact(page, ".step-nudge", "derived") == pytest.approx(grad, rel=1e-6)
    assert fact(page, ".step-nudge", "measured") == pytest.approx(grad, rel=1e-3)
    page.locator("[data-control=nudge-size] input").focus()
    page.keyboard.press("End")  # with 0.1 the slope is another: the loss bends
    coarse = (moved(0.1) - moved(-0.1)) / 0.2
    assert abs(coarse / grad - 1) > 1e-5
    assert fact(page, ".step-nudge", "measured") == pytest.approx(coarse, rel=1e-6)
    for _ in range(6):  # from 0.1 to 0.001
        page.keyboard.press("ArrowLeft")
    assert stage(page) == "grad_W1"
    assert fact(page, ".step-nudge", "measured") == pytest.approx(grad, rel=1e-5)
    page.locator("[data-control=nudge-up]").focus()
    for _ in range(3):
        page.keyboard.press("Enter")
    for by in (0.003, 0):
        assert fact(page, ".step-nudge", "loss") == pytest.approx(moved(by), rel=1e-5)
        page.locator("[data-control=nudge-zero]").click()


def test_any_weight_can_be_chosen_by_its_numbers(step, boxed):
    page = step()
    page.locator("[data-control=nudge-parameter] select").select_option("W2")
    page.locator("[data-control=nudge-row] input").fill("4")
    page.keyboard.press("Tab")
    unit = int(boxed.tensors["h"].argmax())
    page.locator("[data-control=nudge-column] input").fill(str(unit))
    page.keyboard.press("Tab")
    grad = boxed.tensors["grad_W2"].reshape(10, -1)[4, unit]
    assert fact(page, ".step-nudge", "derived") == pytest.approx(grad, rel=1e-6)
    page.locator("[data-control=nudge-parameter] select").select_option("b2")
    steepest = boxed.tensors["grad_b2"]
    assert fact(page, ".step-nudge", "derived") == pytest.approx(
        steepest[np.abs(steepest).argmax()], rel=1e-6
    )


def test_a_step_changes_the_loss_as_in_python(step, boxed):
    page = step("cell=update")
    losses = boxed.steps(11)
    assert fact(page, ".step-update", "before") == pytest.approx(boxed.tensors["L"][0], rel=1e-5)
    page.locator("[data-control=step-take]").click()
    assert fact(page, ".step-update", "before") == pytest.approx(boxed.tensors["L"][0], rel=1e-5)
    assert fact(page, ".step-update", "after") == pytest.approx(losses[0], rel=1e-5)
    page.locator("[data-control=step-take-10]").click()
    assert fact(page, ".step-update", "after") == pytest.approx(losses[-1], rel=1e-5)
    assert "after 11 steps" in page.locator(".step-update").inner_text()
    page.locator("[data-control=step-again]").click()
    assert page.locator(".step-update [data-fact=after]").count() == 0
    assert fact(page, ".step-update", "before") == pytest.approx(boxed.tensors["L"][0], rel=1e-5)


def test_a_stepped_network_is_kept_and_put_back(step, boxed):
    page = step()
    page.locator("[data-control=step-take-10]").click()
    page.locator("[data-control=step-keep]").click()
    after = boxed.steps(10)[-1]
    assert fact(page, ".step-update", "before") == pytest.approx(after, rel=1e-3)  # in single precision now
    page.locator("[data-control=step-following]").click()  # another image: the network stays
    page.locator("[data-control=step-previous]").click()
    assert fact(page, ".step-update", "before") == pytest.approx(after, rel=1e-3)
    page.locator("[data-control=step-put-back]").click()
    assert fact(page, ".step-update", "before") == pytest.approx(boxed.tensors["L"][0], rel=1e-5)


def test_another_label_turns_the_gradients_round(step, mnist):
    page = step("cell=grad_z:grad_z:7")
    page.locator("[data-control=step-label] select").select_option("7")
    wrong = Walk(pretrained.load(), mnist, label=7)
    assert fact(page, ".step-update", "before") == pytest.approx(wrong.tensors["L"][0], rel=1e-5)
    assert value(page) == pytest.approx(wrong.tensors["grad_z"][7], rel=1e-4)
    page.wait_for_url(lambda url: f"example={EXAMPLE}%3A7" in url)  # and a link has it


def test_the_nastiest_mistakes_are_those_of_python(step, mnist):
    page = step()
    page.locator("[data-control=step-mistakes]").click()
    page.get_by_text("mistakes in 10,000 test images").wait_for()
    tiles = page.locator(".step-mistakes .tile").evaluate_all("all => all.map((each) => each.ariaLabel)")
    expected = evaluate(pretrained.load(), *mnist[1])
    assert f"{len(expected.mistakes)} mistakes" in page.locator(".step-mistakes-part").inner_text()
    for tile, mistake in zip(tiles, expected.mistakes, strict=False):
        assert tile.startswith(f"Test image {mistake.index}: a {mistake.label}, read as {mistake.predicted} ")
    assert len(tiles) == 24
    page.locator(".step-mistakes .tile").nth(1).click()
    assert page.locator("[data-control=step-example] input").input_value() == str(expected.mistakes[1].index)
    assert f"The label is {expected.mistakes[1].label}" in page.locator(".step-answer").inner_text()


def test_many_units_are_shown_on_demand(step):
    page = step("cell=h")
    label = page.locator("[data-tensor=h] .heat-map").get_attribute("aria-label")
    assert label.endswith("1 by 24")
    page.locator("[data-control=step-all-units]").click()
    assert page.locator("[data-tensor=h] .heat-map").get_attribute("aria-label").endswith("1 by 2496")
    page.locator("[data-control=step-all-units]").click()
    assert page.locator("[data-tensor=h] .heat-map").get_attribute("aria-label").endswith("1 by 24")


def test_a_tap_holds_a_cell(open_page, lab_server, boxed):
    page = open_page(has_touch=True, viewport={"width": 390, "height": 844})
    page.goto(f"{lab_server}#room=step&example={EXAMPLE}&cell=y")
    heat = page.locator("[data-tensor=y] .heat-map")
    heat.scroll_into_view_if_needed()
    box = heat.bounding_box()
    heat.tap(position={"x": box["width"] * 0.65, "y": box["height"] / 2})
    assert page.locator(".step-value").inner_text().startswith("y[6]")
    assert value(page) == pytest.approx(boxed.tensors["y"][6], rel=1e-4)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_without_a_drawing_it_says_so(step):
    page = step()
    page.locator("[data-control=step-source] select").select_option("drawing")
    assert "no drawing yet" in page.get_by_role("alert").filter(visible=True).inner_text()
    assert page.locator(".step-tensor").first.is_hidden()
    page.locator("[data-control=step-source] select").select_option("test")
    assert page.locator(".step-tensor").first.is_visible()


def test_a_link_brings_a_drawing_and_hides_controls(step):
    page = step("example=drawing&drawing=70.CWA0aWA0JWqd&hide=step-label,nudge-weight,panel.take")
    assert "taken as the label" in page.locator(".step-answer").inner_text()
    assert "answers 7" in page.locator(".step-answer").inner_text()
    for hidden in ("[data-control=step-label] select", ".step-nudge-fields", ".step-update"):
        assert page.locator(hidden).is_hidden()
    assert page.locator("[data-control=step-source]").is_visible()


@pytest.fixture(scope="module")
def entropy(tmp_path_factory):
    """A network of another kind (tanh, cross-entropy, no bias), and the address of a lab that shows it."""
    params = init_params(784, 12, 10, np.random.default_rng(3), bias=False, dtype=np.float32)
    model = Model(params, activation="tanh", loss="cross_entropy")
    path = tmp_path_factory.mktemp("entropy") / "tanh.safetensors"
    model_file.save(path, model)
    command = [sys.executable, "-m", "handgrad", "lab", "--no-open", "--quiet", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield model, server.stdout.readline().strip()
        server.terminate()


def test_a_network_with_cross_entropy_enters_at_grad_z(entropy, step, mnist):
    model, server = entropy
    walk = Walk(model, mnist)
    page = step("cell=x", server)
    seen = []
    while page.locator("[data-control=step-next]").is_enabled():
        page.locator("[data-control=step-next]").click()
        seen.append(stage(page))
    assert seen == [each for each in STAGES[1:] if each != "grad_y"]
    page.wait_for_url(
        "**cell=update**"
    )  # the address follows a little later: it must not overtake what is next
    for tensor in ("z", "y", "L", "grad_z", "grad_W2", "grad_h", "grad_a", "grad_W1"):
        values = walk.tensors[tensor]
        index = int(np.abs(values).argmax())
        page.evaluate(f"location.hash = 'room=step&example={EXAMPLE}&cell={tensor}:{tensor}:{index}'")
        page.locator(".step-value").filter(has_text=re.compile(rf"^{tensor}\b")).wait_for()
        assert value(page) == pytest.approx(values[index], rel=1e-4)
    page.locator("[data-control=step-take]").click()
    assert fact(page, ".step-update", "after") == pytest.approx(walk.steps(1)[0], rel=1e-5)
