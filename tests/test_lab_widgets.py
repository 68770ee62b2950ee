"""The lab in notebooks: what the widgets say to Python, and one in a real notebook page, in JupyterLab."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest

from handgrad import model_file, network, pretrained
from handgrad.errors import DataError, ModelFileError
from handgrad.lab import contents
from handgrad.model import Model

from lab_browser import PATIENCE, until

pytest.importorskip("anywidget")
NODE = shutil.which("node")
SEVEN = [(0.25, 0.2), (0.72, 0.2), (0.45, 0.85)]  # the corners of a seven, as shares of the pad
CELLS = (
    "from handgrad.lab import Draw\npad = Draw()\npad",
    "import json\nprint('told', json.dumps(pad.image is not None and [pad.image.shape, str(pad.image.dtype), int((pad.image > 99).sum()),"
    " int(pad.answer), bool(pad.drawing)]))",
)


@pytest.fixture
def small():
    """A model with three hidden units."""
    return Model(network.init_params(784, 3, 10, np.random.default_rng(0), dtype=np.float32))


def test_a_widget_begins_with_the_network_in_the_box_and_no_drawing():
    from handgrad.lab import Draw

    pad = Draw()
    assert (pad.image, pad.answer, pad.network_name) == (None, None, "the network in the box")
    assert np.array_equal(pad.model.params.W1, pretrained.load().params.W1)


def test_an_image_goes_to_the_page_as_bytes_and_comes_back_as_an_array(mnist):
    from handgrad.lab import Draw, Step

    (images, labels) = mnist[1]
    step = Step(images[0], labels[0])
    assert (step.example, step.label, step.answer) == ("drawing", 7, 7)
    sent = step.get_state(["image", "label"])
    assert (sent["image"], sent["label"]) == (images[0].tobytes(), 7)
    pad = Draw()
    pad.set_state({"image": memoryview(images[1].tobytes()), "drawing": "x"})  # as the page does
    assert np.array_equal(pad.image, images[1])
    assert (pad.image.shape, pad.image.dtype, pad.answer) == ((28, 28), np.uint8, 2)
    pad.set_state({"image": memoryview(b"")})
    assert pad.image is None
    heard = []
    pad.observe(lambda change: heard.append(change["new"]), "image")
    pad.image = images[2].reshape(-1)
    assert [image.shape for image in heard] == [(28, 28)]
    for wrong in (images[0] / 255, images[:2], np.zeros((28, 27), np.uint8)):
        with pytest.raises(DataError, match=r"expected an image as uint8 of shape \(28, 28\); got "):
            pad.image = wrong
    assert Step().image is None


def test_a_network_goes_to_the_page_as_a_model_file_and_comes_back(small, tmp_path):
    from handgrad.lab import Lab

    lab = Lab(small, room="train", hidden=32)
    assert (lab.room, lab.hidden, lab.network_name) == ("train", 32, "your network")
    assert np.array_equal(lab.model.params.W1, small.params.W1)
    model_file.save(tmp_path / "trained.safetensors", small)
    lab = Lab()
    lab.set_state({"model_file": memoryview((tmp_path / "trained.safetensors").read_bytes())})
    assert lab.model.hidden == 3
    lab.model = None
    assert lab.model.hidden == pretrained.load().hidden
    lab.model = tmp_path / "trained.safetensors"
    assert (lab.model.hidden, lab.network_name) == (3, "trained.safetensors")
    with pytest.raises(ModelFileError, match="no such model file"):
        Lab(tmp_path / "none")


def test_arguments_that_are_not_there_are_named():
    from handgrad.lab import Draw, Lab

    with pytest.raises(TypeError, match="unexpected arguments: hiden"):
        Lab(hiden=3)
    with pytest.raises(TypeError, match="unexpected arguments: room"):
        Draw(room="train")


def test_without_anywidget_one_line_says_what_is_missing():
    program = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from handgrad.errors import MissingExtraError\nfrom handgrad.lab import export_page, export_site\n"
        "try:\n    from handgrad.lab import Draw\nexcept MissingExtraError as error:\n    print(error)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told == "the widgets need anywidget: pip install 'handgrad[notebook]'\n"


@pytest.mark.skipif(NODE is None, reason="needs node on the path")
def test_the_traits_are_the_keys_of_the_pages_state_with_its_defaults():
    from handgrad.lab import Draw, Lab, Step

    program = f"import('{(contents.WEB / 'host.js').as_uri()}').then((m) => console.log(JSON.stringify(m.DEFAULTS)))"
    defaults = json.loads(subprocess.run([NODE, "-e", program], capture_output=True, check=True).stdout)
    memory = {"image", "model_file", "network_name"}
    own = {name for name in Lab.class_trait_names(sync=True) if not name.startswith("_")}
    assert own - {"layout", "tabbable", "tooltip", "widget"} == set(defaults) | memory
    for widget in (Lab(), Draw(), Step()):
        for name in set(widget.trait_names()) & set(defaults) - {"share"}:
            assert getattr(widget, name) == defaults[name], name


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    """open(page, cells): a notebook with these cells in a JupyterLab of our own; cell i is run by run(i)."""
    if find_spec("jupyterlab") is None:
        pytest.skip("needs jupyterlab")
    home = tmp_path_factory.mktemp("jupyter")
    work, settings = home / "work", home / "settings"
    work.mkdir()
    settings.mkdir()
    quiet = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
    (settings / "overrides.json").write_text(json.dumps(quiet))
    folders = {f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **folders, "HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    root = ["--allow-root"] if os.name == "posix" and os.geteuid() == 0 else []
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", "--ip=127.0.0.1", *root),
        *("--IdentityProvider.token=try", f"--ServerApp.root_dir={work}", "--expose-app-in-browser"),
        *(f"--LabApp.app_settings_dir={settings}", "--LabApp.extension_manager=readonly"),
    ]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield work, address_of(server, home / "RUNTIME")
    finally:
        server.terminate()
        server.wait()


def address_of(server, folder):
    """Where a Jupyter server says that it listens."""
    for _ in range(PATIENCE // 100):
        found = list(folder.glob(f"jpserver-{server.pid}.json"))
        if found and (text := found[0].read_text()):
            return json.loads(text)["url"]
        assert server.poll() is None, "JupyterLab has ended"
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not begin to listen")


def notebook(*cells):
    import nbformat

    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.writes(made)


def run_cell(page, number):
    """Run a cell, again where JupyterLab, which is still building its page, lost the keys -> the cell."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    prompt = cell.locator(".jp-InputArea-prompt")
    for _ in range(30):
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        for _ in range(40):
            if prompt.inner_text().strip(" []:"):  # a number, or * while it runs
                return cell
            page.wait_for_timeout(100)
    raise AssertionError("the cell does not run")


def drawn(page, pad, corners):
    """Draw a stroke through corners on a pad, as a hand does."""
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*at[0])
    page.mouse.down()
    for corner in at[1:]:
        page.mouse.move(*corner, steps=12)
    page.mouse.up()


@pytest.mark.timeout(600)
def test_a_digit_drawn_in_a_notebook_is_an_array_in_the_next_cell(jupyter, open_page):
    work, address = jupyter
    (work / "try.ipynb").write_text(notebook(*CELLS))
    page = open_page(viewport={"width": 1400, "height": 1400})
    page.goto(f"{address}doc/tree/try.ipynb?token=try")
    first = run_cell(page, 0)
    pad = first.locator(".handgrad canvas.pad-canvas")
    pad.wait_for()
    until(page, "document.querySelector('.handgrad').innerText.length > 100")
    drawn(page, pad, SEVEN)
    for _ in range(60):  # until what was drawn is in the kernel
        told = run_cell(page, 1).locator(".jp-OutputArea-output", has_text="told")
        told.wait_for()
        if found := re.search(r"told (\[.*\])", told.inner_text()):
            break
        page.wait_for_timeout(1000)
    shape, kind, ink, answer, strokes = json.loads(found[1])
    assert (shape, kind, answer, strokes) == ([28, 28], "uint8", 7, True)
    assert 20 < ink < 300
