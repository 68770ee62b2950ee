"""The lab as one file and as a folder: whole, small, within its policy, and at home wherever it lies."""

import contextlib
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode

import numpy as np
import pytest

from handgrad import digits, model_file, network
from handgrad.errors import HandgradError, ModelFileError
from handgrad.lab import contents, export_page, export_site
from handgrad.lab import page as one_file
from handgrad.model import Model

from lab_browser import until

ROOMS = ("Draw", "Train", "Step")
TOLD = {  # a page of our own, that tells what the joined modules find: its modules
    "page.js": """import { asset, facts, makeWorker } from "./assets.js";

const told = {};
const names = ["kernel.wasm", "model.safetensors", "train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];
Promise.all([facts(), ...names.map(asset)]).then(async ([known, ...assets]) => {
  told.facts = known;
  told.lengths = assets.map((bytes) => bytes.length);
  told.labels = [...assets[3].slice(8, 13)];
  told.refused = await asset("none").catch((error) => error.message);
  const worker = makeWorker();
  worker.onmessage = ({ data }) => {
    told.worker = data;
    document.title = JSON.stringify(told);
  };
});
""",
    "worker.js": """import { asset, facts } from "./assets.js";

const { error } = await_();
function await_() {
  return { error: null };
}
Promise.all([asset("kernel.wasm"), facts(), asset("model.safetensors").catch((e) => e.message)]).then(
  async ([bytes, known, other]) => {
    const exported = WebAssembly.Module.exports(await WebAssembly.compile(bytes));
    postMessage({ kernel: exported.length > 0, known, other, error, strict: this === undefined });
  },
);
""",
    "index.html": '<!doctype html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8" />\n    <link rel="icon" href="icon.svg" type="image/svg+xml" />\n    <link rel="stylesheet" href="style.css" />\n    <script type="module" src="page.js"></script>\n  </head>\n  <body></body>\n</html>\n',
    "style.css": "body {\n  color: rgb(1, 2, 3);\n}\n",
}


@pytest.fixture
def folder(tmp_path):
    """A page of our own, with the kernel of the lab."""
    web = tmp_path / "web"
    web.mkdir()
    for name, text in TOLD.items():
        (web / name).write_text(text)
    for name in ("kernel.wasm", "icon.svg", "gzip.js", "assets.js"):
        shutil.copy(contents.WEB / name, web / name)
    return web


@pytest.fixture
def small():
    """A model with three hidden units."""
    params = network.init_params(784, 3, 10, np.random.default_rng(0), dtype=np.float32)
    return Model(params)


@pytest.fixture
def served():
    """served(program) -> the address that a program in Python prints first; it ends with the test."""
    with contextlib.ExitStack() as stack:

        def start(program):
            command = [sys.executable, "-c", program]
            server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(server.terminate)
            return server.stdout.readline().strip()

        yield start


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the lab on a plain static host, below the root."""
    root = tmp_path_factory.mktemp("host")
    export_site(None, root / "deep" / "down")
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        port = re.search(r"port (\d+)", server.stdout.readline())[1]
        yield f"http://127.0.0.1:{port}/deep/down/"
        server.terminate()


def test_the_page_is_one_small_file(exported_page, figure):
    data = exported_page.read_bytes()
    figure("the exported page, with the network in the box", f"{len(data) / 1e6:.2f} MB")
    assert len(data) < 8_000_000
    html = re.sub(rb"<(script|style)>.*?</\1>", b"", data, flags=re.S).decode()
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    assert html.count("<script") == html.count("<style") == 0
    embedded = json.loads(re.search(rb"const EMBEDDED = (\{.*\});\n", data)[1])
    held = {
        name: gzip.decompress(b64decode(asset["data"])) if asset["packed"] else b64decode(asset["data"])
        for name, asset in embedded["assets"].items()
    }
    assert held["model.safetensors"] == contents.IN_THE_BOX.read_bytes()
    (train, _), (test, _) = digits.load_mnist()
    assert held["train-images-idx3-ubyte.gz"] == digits.idx.idx_bytes(train[:6000], "x")
    assert held["t10k-images-idx3-ubyte.gz"] == digits.idx.idx_bytes(test[:1000], "x")
    assert embedded["facts"]["train"] == 6000


def test_its_policy_allows_its_own_script_and_style_and_nothing_else(exported_page):
    html = exported_page.read_text("utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    assert html.index("Content-Security-Policy") < min(html.index("<script"), html.index("<style"))
    for kind in ("script", "style"):
        (text,) = re.findall(rf"<{kind}>(.*?)</{kind}>", html, re.S)
        known = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert re.search(rf"{kind}-src 'sha256-{re.escape(known)}'( 'wasm-unsafe-eval')?;", policy)
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src 'none'" in policy
    assert "unsafe-inline" not in policy


def test_all_rooms_open_from_disk_with_the_network_off(open_page, exported_page):
    page = open_page(offline=True)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(exported_page.as_uri())
    page.locator(".draw-units .tile").first.wait_for()
    box = page.locator(".pad-canvas").bounding_box()
    for i, (across, down) in enumerate(((0.25, 0.2), (0.72, 0.2), (0.45, 0.85))):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=12)
        if i == 0:
            page.mouse.down()
    page.mouse.up()
    until(page, "document.querySelector('.draw-answer-digit').textContent === '7'")
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("button", name="Start").click()
    validation = "parseFloat(document.querySelector('[data-fact=validation]').textContent)"
    until(page, f"{validation} > 80")  # percent: of 6,000 images, after an epoch or two
    page.get_by_role("tab", name="Step").click()
    until(page, "document.querySelectorAll('#room-step canvas').length > 3")
    assert {url.partition(":")[0] for url in asked} <= {"file", "blob", "data"}
    assert [url for url in asked if url.startswith("file")] == [exported_page.as_uri()]


@pytest.mark.parametrize("way", ["one file", "a folder"])
def test_assets_facts_and_worker_are_the_same_from_a_file_and_from_a_folder(
    way, folder, served, open_page, small, tmp_path
):
    shown = contents.network(small)
    if way == "one file":
        (tmp_path / "page.html").write_text(one_file.page(shown, folder))
        page = open_page(offline=True)
        page.goto((tmp_path / "page.html").as_uri())
        counts, known = (6000, 1000), {"train": 6000, "test": 1000}
    else:
        program = "import sys; from pathlib import Path; from handgrad.lab import contents, server; " \
                  "from handgrad.lab.contents import Network; " \
                  f"web = Path({str(folder)!r}); shown = Network({shown.data!r}, 'your network'); " \
                  "server.serve(contents.folder(shown, web), 0, lambda address: print(address, flush=True))"  # fmt: skip
        page = open_page()
        page.goto(served(program))
        counts, known = (60_000, 10_000), {"train": 60_000, "test": 10_000}
    until(page, "document.title.startsWith('{')")
    told = json.loads(page.title())
    assert told["facts"] == {**known, "version": contents.handgrad.__version__, "model_name": "your network"}
    kernel = (contents.WEB / "kernel.wasm").stat().st_size
    assert told["lengths"] == [kernel, len(shown.data), 16 + 784 * counts[0], 8 + counts[1]]
    assert told["labels"] == [7, 2, 1, 0, 4]
    assert told["refused"].startswith("expected one of ")
    assert told["worker"]["known"] == told["facts"]
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(1, 2, 3)"


def test_a_script_that_would_end_early_is_written_so_that_it_does_not(folder, open_page, small, tmp_path):
    marks = 'document.title = ["</script><b>", "<!-- <script", `</SCRIPT>`].join("");\n'
    (folder / "page.js").write_text(marks)
    (folder / "style.css").write_text('body::after {\n  content: "</style><b>";\n}\n')
    (tmp_path / "page.html").write_text(one_file.page(contents.network(small), folder))
    page = open_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.title() == "</script><b><!-- <script</SCRIPT>"
    assert page.locator("b").count() == 0
    assert page.evaluate("getComputedStyle(document.body, '::after').content") == '"</style><b>"'


def test_the_site_works_below_the_root_of_a_host(page, site):
    page.goto(site)
    for room in ROOMS:
        page.get_by_role("tab", name=room).click()
        page.get_by_role("tabpanel", name=room).wait_for()
    length = "name => import('./assets.js').then((m) => m.asset(name)).then((bytes) => bytes.length)"
    assert page.evaluate(length, "train-images-idx3-ubyte.gz") == 16 + 60_000 * 784
    assert page.evaluate(length, "model.safetensors") == contents.IN_THE_BOX.stat().st_size
    policy = page.evaluate("document.querySelector('meta[http-equiv]').content")
    assert policy == contents.policy()


def test_the_site_holds_what_the_server_serves_and_is_replaced_by_a_site(tmp_path, small):
    for model in (None, small):
        export_site(model, tmp_path / "site")
        found = {
            p.relative_to(tmp_path / "site").as_posix(): p
            for p in (tmp_path / "site").rglob("*")
            if p.is_file()
        }
        assert set(found) == set(contents.folder(contents.network(model)))
        for name, held in contents.folder(contents.network(model)).items():
            data = held if isinstance(held, bytes) else held.read_bytes()
            if name == "index.html":  # it also has its policy, and handgrad's mark
                data = one_file.marked(data.decode(), contents.policy()).encode()
            assert found[name].read_bytes() == data


@pytest.mark.parametrize("strange", ["letter.txt", "index.html", "data/photo.png", ".git/config"])
def test_a_folder_with_other_things_is_refused(strange, tmp_path, small):
    place = tmp_path / "site" / strange
    place.parent.mkdir(parents=True)
    place.write_text("Dear Ann,")
    with pytest.raises(HandgradError, match=r"site: expected .*; choose another name"):
        export_site(small, tmp_path / "site")
    assert [p for p in (tmp_path / "site").rglob("*") if p.is_file()] == [place]
    assert place.read_text() == "Dear Ann,"


def test_something_strange_beside_an_earlier_site_is_refused(tmp_path, small):
    export_site(small, tmp_path)
    (tmp_path / "data" / "letter.txt").write_text("Dear Ann,")
    with pytest.raises(HandgradError, match=r"got data/letter\.txt; choose another name"):
        export_site(small, tmp_path)


def test_models_that_cannot_be_shown(tmp_path):
    params = network.init_params(4, 3, 10, np.random.default_rng(0), dtype=np.float32)
    with pytest.raises(ModelFileError, match="expected a network for images of 28 x 28 pixels; got 2 x 2"):
        export_page(Model(params), tmp_path / "page.html")
    with pytest.raises(ModelFileError, match="no such model file"):
        export_page(tmp_path / "none", tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_the_command(run, tmp_path, small):
    model_file.save(tmp_path / "m.safetensors", small)
    code, out, err = run(
        "export", tmp_path / "m.safetensors", "--page", tmp_path / "p.html", "--site", tmp_path / "s"
    )
    assert (code, err) == (0, f"writing {tmp_path / 'p.html'}\nwriting {tmp_path / 's'}\n")
    assert [line.partition(": ")[0] for line in out.splitlines()] == [
        str(tmp_path / "p.html"),
        str(tmp_path / "s"),
    ]
    assert b'"model_name": "m.safetensors"' in (tmp_path / "p.html").read_bytes()
    code, out, err = run("export", "--page", tmp_path / "p.html", "--json", "--quiet")
    assert (code, err) == (0, "")
    assert json.loads(out)["written"] == [
        {"path": str(tmp_path / "p.html"), "bytes": (tmp_path / "p.html").stat().st_size}
    ]
    assert run("export")[::2] == (
        2, "handgrad: error: expected at least one of --page, --site, --onnx, --torch, --c, --hub; got none (see handgrad export --help)\n"
    )  # fmt: skip
    code, _, err = run("export", tmp_path / "m.safetensors", "--page", tmp_path / "m.safetensors")
    assert (code, err.count("\n")) == (1, 1)
    assert "is the file to read; choose another name" in err
