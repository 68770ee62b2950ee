"""The Train room in a real chromium: runs are started, changed, rewound, finished, saved, and gone wrong."""

import re
from dataclasses import replace

import numpy as np
import pytest

from handgrad import model_file, training
from handgrad.recipes import RECIPES

pytestmark = pytest.mark.enable_socket

SMALL = "hidden=16&share=1500&epochs=3"
PROGRESS = "[data-look=progress]"


class Room:
    """The Train room of a page, in the words of a person who uses it."""

    def __init__(self, page, server, choices=""):
        self.page, self.server = page, server
        page.goto(f"{server}#room=train&{choices}")
        self.wait("ready")

    def wait(self, *states):
        """Until the run is in one of these states."""
        self.page.locator(", ".join(f"{PROGRESS}[data-state={state}]" for state in states)).wait_for()

    def press(self, name):
        self.page.locator(f".train [data-control={name}]").click()

    def finish(self):
        """Start, and let it end."""
        self.press("start")
        self.wait("finished")

    def fact(self, name):
        return self.page.locator(f"[data-fact={name}]").inner_text()

    @property
    def step(self):
        return int(self.fact("step").split(" of ")[0].replace(",", ""))

    @property
    def exact(self):
        """The loss of the last epoch, as the page writes it: all its digits."""
        return re.search(r"[\d.e-]+$", self.page.locator(".train-exact").inner_text())[0]

    def saved(self, folder):
        """The network, as a file."""
        with self.page.expect_download() as download:
            self.press("save")
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def loss_curve(self):
        """What the loss chart says at each of its points, from the first to the last."""
        chart = self.page.locator("[data-look=loss] .chart")
        chart.focus()
        chart.press("Home")
        said = [chart.locator("[aria-live]").inner_text()]
        while True:
            chart.press("ArrowRight")
            text = chart.locator("[aria-live]").inner_text()
            if text == said[-1]:
                return said
            said.append(text)


def percent(share):
    return f"{100 * share:.2f} %"


def test_started_paused_changed_and_gone_on(page, lab_server):
    room = Room(page, lab_server, "epochs=300&hidden=32&learning_rate=0.05")
    room.press("start")
    room.wait("running")
    assert page.locator("[data-control=start]").inner_text() == "Pause"
    room.press("start")
    room.wait("paused")
    paused = room.step
    assert 0 < paused < 300 * 3438
    page.locator("[data-control=optimizer] select").select_option("momentum")
    page.get_by_text("Changed on the way: optimizer momentum at epoch").wait_for()
    assert room.step == paused  # a change of what can change does not begin anew
    room.press("batch")
    page.locator("[data-fact=step]", has_text=f"{paused + 1:,} of").wait_for()
    room.press("start")
    room.wait("running")
    room.press("start")
    room.wait("paused")
    assert room.step > paused + 1
    page.locator("[data-control=activation] select").select_option("tanh")  # what cannot, does
    room.wait("ready")
    assert room.step == 0


def test_rewound_the_run_is_the_same_to_the_last_bit(page, lab_server, tmp_path):
    room = Room(page, lab_server, SMALL)
    room.finish()
    first, curve = room.saved(tmp_path).read_bytes(), room.loss_curve()
    assert len(curve) >= 3
    room.press("rewind")
    room.wait("ready")
    assert room.step == 0
    room.finish()
    assert room.saved(tmp_path).read_bytes() == first  # parameters, and the history of losses and accuracies
    assert [re.sub("run before [^,]+, ", "", said) for said in room.loss_curve()] == curve
    room.press("new-seed")
    room.wait("ready")
    room.finish()
    assert room.saved(tmp_path).read_bytes() != first


def test_a_link_reproduces_the_run(open_page, lab_server):
    page = open_page()
    room = Room(page, lab_server, SMALL + "&loss=cross_entropy&optimizer=adam&learning_rate=0.002&seed=7")
    page.locator("[data-control=distortion] select").select_option("shift")
    page.wait_for_url("**distortion=shift**")
    room.wait("ready")
    room.finish()
    fragment = page.evaluate("() => location.hash").removeprefix("#room=train&")
    other = Room(open_page(color_scheme="dark"), lab_server, fragment)
    other.finish()
    assert len(room.exact) > 12
    assert other.exact == room.exact


def test_finished_above_97_percent_and_saved_for_python(page, lab_server, mnist, tmp_path):
    room = Room(page, lab_server, "seed=3")
    page.locator("[data-control=preset-quick]").click()
    room.wait("ready")
    page.locator("[data-control=epochs] input").press("Home")
    page.locator("[data-control=epochs] input").press("ArrowRight")
    page.locator("[data-control=epochs] output", has_text="2").wait_for()
    page.locator("[data-fact=epoch]", has_text="of 2").wait_for()
    room.finish()
    validation = room.fact("validation")
    assert float(validation.removesuffix(" %")) > 97
    room.press("test")
    page.locator("[data-fact=test]", has_text="%").wait_for()
    path = room.saved(tmp_path)
    assert path.name == "handgrad-3.safetensors"

    model = model_file.load(path)
    (images, labels), test = mnist
    assert percent(training.accuracy(model.params, images[-5000:], labels[-5000:])) == validation
    assert percent(training.accuracy(model.params, *test)) == room.fact("test")
    assert {name: percent(share) for name, share in model.accuracy.items()} == {
        "validation": validation,
        "test": room.fact("test"),
    }
    assert (model.seed, model.held_back, len(model.history)) == (3, 5000, 2)
    assert str(model.history[-1]["loss"]) == room.exact
    assert model.recipe == replace(RECIPES["quick"], epochs=2)


@pytest.mark.parametrize(
    "choices", ["init=zeros", "distortion=shift", "schedule=linear&activation=tanh&bias=false"]
)
def test_what_python_has_no_recipe_for_is_saved_without(choices, page, lab_server, tmp_path):
    room = Room(page, lab_server, f"{SMALL}&{choices}")
    room.press("epoch")
    room.wait("paused")
    model = model_file.load(room.saved(tmp_path))
    assert model.recipe is None  # the last of them was not finished, and its rate would have gone on to fall
    assert model.bias == ("bias" not in choices)


def test_a_mistake_of_the_zoo_is_seen(page, lab_server):
    Room(page, lab_server)
    zoo = page.locator("[data-look=zoo]")
    zoo.locator("[data-control=plant]").click()
    answers = zoo.locator("[data-control=zoo-answer]")
    answers.first.wait_for()
    page.locator("[data-look=zoo][data-done=true]").wait_for()
    assert answers.count() == 4
    assert zoo.locator(".clue").count() == 0  # nothing gives it away before it is found
    assert "mistake" not in page.evaluate("() => location.hash")
    told = zoo.locator(".zoo-why")
    for i in range(4):
        answers.nth(i).click()
        if told.inner_text().startswith("Yes."):
            break
        assert told.inner_text().startswith("Not this one")
    assert told.inner_text().startswith("Yes. " + answers.nth(i).inner_text())
    assert zoo.locator(".clue").count() == 1


def test_a_mistake_that_a_link_names(page, lab_server):
    Room(page, lab_server, "mistake=biases-never-moved")
    page.locator("[data-look=zoo][data-done=true]").wait_for()
    zoo = page.locator("[data-look=zoo]")
    assert "b1 and b2 are left out of the update" in zoo.locator(".zoo-why").inner_text()
    moved = zoo.locator("[data-clue=biases] .chart-values").inner_text()
    assert moved.endswith("with it 0.000")
    assert "right 0.000" not in moved


def test_own_images_in_a_table(page, lab_server, mnist, tmp_path):
    room = Room(page, lab_server, "hidden=24&epochs=30&batch_size=8")
    (images, labels), _ = mnist
    order = np.argsort(labels[:1000], kind="stable")  # as files often are
    small = images[:1000][order].reshape(1000, 14, 2, 14, 2).max(axis=(2, 4)).reshape(1000, 196)
    table = np.column_stack([labels[:1000][order] % 4, small])
    lines = "\n".join(",".join(map(str, row)) for row in table)
    page.evaluate(
        """(text) => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], "mine.csv", { type: "text/csv" }));
          const how = { dataTransfer: carried, bubbles: true, cancelable: true };
          document.querySelector("#room-train .train").dispatchEvent(new DragEvent("drop", how));
        }""",
        lines,
    )
    page.get_by_text("mine.csv: 1,000 images of 14 × 14 pixels, 4 classes").wait_for()
    room.wait("ready")
    room.finish()
    assert float(room.fact("validation").removesuffix(" %")) > 80
    assert page.locator("[data-control=test]").is_disabled()
    assert page.locator(".confusion tbody tr").count() == 4
    model = model_file.load(room.saved(tmp_path))
    assert (model.image_shape, model.classes) == ((14, 14), (0, 1, 2, 3))
    page.locator("[data-control=mnist]").click()
    page.get_by_text("MNIST: 60,000 images").wait_for()


def test_a_file_that_is_none_is_refused_in_one_line(page, lab_server, tmp_path):
    room = Room(page, lab_server, SMALL)
    (tmp_path / "notes.csv").write_text("1,2\nfive,6\n")
    page.locator(".train-data input[type=file]").set_input_files(tmp_path / "notes.csv")
    page.locator(".train-note", has_text="notes.csv, line 2: expected a whole number").wait_for()
    room.finish()  # on MNIST, as before


def test_bad_training_is_diagnosed_and_mended(page, lab_server):
    room = Room(page, lab_server, f"{SMALL}&learning_rate=100")
    room.press("start")
    room.wait("diverged", "finished")
    assert float(room.fact("validation").removesuffix(" %")) < 20
    finding = page.locator("[data-finding=plateau]")
    rate = re.search("learning rate of ([0-9.]+)", finding.inner_text())[1]
    finding.locator("button").click()
    page.locator("[data-control=learning_rate] output", has_text=rate).wait_for()
    finding.wait_for(state="detached")
    room.wait("finished")
    assert float(room.fact("validation").removesuffix(" %")) > 60
    page.locator("[data-control=init] select").select_option("zeros")
    room.wait("ready")
    room.press("start")
    page.locator("[data-finding=zeros]").wait_for()


def test_the_network_goes_to_the_other_rooms_and_mistakes_are_stepped_through(page, lab_server):
    room = Room(page, lab_server, SMALL)
    room.finish()
    page.locator("[data-look=mistakes] .tile").first.wait_for()
    said = page.locator("[data-look=mistakes] .tile").first.get_attribute("aria-label")
    label = re.match(r"A (\d), read as", said)[1]
    page.locator("[data-look=mistakes] .tile").first.click()
    page.get_by_role("tabpanel", name="Step").wait_for()
    page.wait_for_url(f"**label={label}**")
    page.get_by_role("tab", name="Draw").click()
    page.get_by_text("of 16 units answer").wait_for()  # the network in the box has more
    page.get_by_role("tab", name="Train").click()
    room.press("test")
    page.get_by_text("test images misread").wait_for()
    page.locator("[data-look=mistakes] .tile").first.click()
    page.get_by_role("tabpanel", name="Step").wait_for()
    page.wait_for_url("**example=**")


def test_a_changed_address_begins_the_run_anew(page, lab_server):
    room = Room(page, lab_server, SMALL)
    room.finish()
    page.evaluate("() => { location.hash = '#room=train&hidden=10&share=1500&epochs=2'; }")
    page.get_by_text("10 hidden units").wait_for()
    room.wait("ready")
    assert page.locator("[data-control=hidden] output").inner_text() == "10"
    room.finish()
    assert room.fact("epoch") == "2 of 2"
