"""The smoke suite: one small real use of everything, on whatever Python and versions are installed.

It needs neither PyTorch nor JAX, and runs on every system. `python tests/smoke` runs it in environments made
for it, on the lowest versions that are declared among them.
"""

import importlib.util
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image, ImageDraw

import handgrad
from handgrad import model_file, network
from handgrad.cli import cli
from handgrad.engines import compiled, engine
from handgrad.errors import HandgradError
from handgrad.recipes import RECIPES

pytestmark = pytest.mark.timeout(300)
FAST = importlib.util.find_spec("llvmlite") is not None  # all that the fast engine needs, on every system
HANDGRAD = [sys.executable, "-W", "error", "-m", "handgrad"]
DRAWING = [sys.executable, "-m", "handgrad"]  # an old matplotlib warns of what newer packages will drop


def program(*words, code=0, command=HANDGRAD):
    """A handgrad of its own, warnings being errors -> what it wrote to stdout and stderr."""
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The quick recipe, on all of MNIST: the file, the document, and what was said meanwhile."""
    path = tmp_path_factory.mktemp("trained") / "quick.safetensors"
    out, err = program("train", "--out", path, "--seed", 7, "--json")
    return path, json.loads(out), err


def test_the_command_is_installed_under_its_name():
    command = Path(sys.executable).parent / ("handgrad.exe" if os.name == "nt" else "handgrad")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"handgrad, version {handgrad.__version__}\n"


def test_training_reaches_what_the_recipe_promises(trained, figure):
    _, document, said = trained
    assert document["test_accuracy"] > 0.975
    assert document["baseline_accuracy"] == 0.8208
    losses = [epoch["loss"] for epoch in document["epochs"]]
    assert losses == sorted(losses, reverse=True)
    assert ("takes over" in said) == (not FAST), said  # another engine never takes over silently
    figure("smoke: accuracy of quick", f"{document['test_accuracy']:.2%}")


def test_evaluation_finds_the_same_accuracy(trained):
    path, document, _ = trained
    measured = json.loads(program("evaluate", path, "--json")[0])
    assert measured["accuracy"] == document["test_accuracy"]
    assert np.trace(measured["confusion"]) == round(document["test_accuracy"] * 10_000)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP"])
def test_a_picture_made_on_the_spot_is_read(format, mnist, tmp_path):
    """Two lines of digits between ruled lines, dark blue on yellowish paper."""
    images, labels = mnist[1]
    paper = Image.new("RGB", (700, 420), (250, 246, 230))
    pen = ImageDraw.Draw(paper)
    for y in (30, 200, 370):
        pen.line((0, y, 700, y), fill=(170, 190, 220), width=2)
    ink = Image.new("RGB", (112, 112), (20, 30, 110))
    for place, row in enumerate((0, 1, 2, 3, 4, 6)):
        mask = Image.fromarray(images[row]).resize((112, 112), Image.Resampling.BICUBIC)
        paper.paste(ink, (60 + 200 * (place % 3), 55 + 170 * (place // 3)), mask)
    path = tmp_path / "page"
    paper.save(path, format=format)
    found = json.loads(program("predict", path, "--json")[0])["images"][0]
    assert found["text"] == "721\n044"
    assert [one["digit"] for one in found["digits"]] == [*labels[[0, 1, 2, 3, 4, 6]]]


def test_an_answer_is_taken_apart(trained, tmp_path):
    words = ("explain", "--row", 0, "--model", trained[0])
    assert json.loads(program(*words, "--json")[0])
    if importlib.util.find_spec("matplotlib"):
        program(*words, "--out", tmp_path / "why.png", command=DRAWING)
        with Image.open(tmp_path / "why.png") as picture:
            assert min(picture.size) > 200


def test_a_report_is_drawn_where_matplotlib_is(trained, tmp_path):
    pytest.importorskip("matplotlib")
    assert program("evaluate", trained[0], "--report", tmp_path / "report", command=DRAWING)[1] == ""
    assert (tmp_path / "report" / "index.html").read_text("utf-8").count("data:image/png;base64,") >= 5


def test_a_saved_model_is_loaded_with_the_same_answers_and_bytes(trained, mnist, tmp_path):
    path = trained[0]
    model = model_file.load(path)
    model_file.save(tmp_path / "again", model)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    images, labels = mnist[1]
    np.testing.assert_array_equal(model_file.load(tmp_path / "again").scores(images), model.scores(images))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).scores(images), model.scores(images))
    assert (model.predict(images) == labels).mean() == trained[1]["test_accuracy"]


def test_a_killed_run_is_resumed_to_the_same_bytes(tmp_path):
    options = ("--hidden", "64", "--batch-size", "256", "--epochs", "8", "--seed", "1")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    program("train", "--out", whole, *options, "--quiet")
    words = [*HANDGRAD, "train", "--out", str(killed), *options]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.strip()[:1].isdigit():  # an epoch, which is in the file by now
                process.kill()
                break
    program("train", "--resume", killed)
    assert killed.read_bytes() == whole.read_bytes()


def test_the_fast_engine_answers_and_learns_as_the_dense_one_does(trained, mnist):
    model, images, labels = model_file.load(trained[0]), mnist[1][0][:100], mnist[0][1][:100]
    if not FAST:
        with pytest.raises(HandgradError, match="the ink engine is not available"):
            compiled(model)
        with pytest.raises(HandgradError, match="the ink engine is not available"):
            engine("ink")
        return
    np.testing.assert_allclose(compiled(model).scores(images), model.scores(images), atol=1e-6)
    start = network.init_params(784, 32, 10, np.random.default_rng(0), dtype=np.float32)
    recipe, order, rates = RECIPES["lesson"], np.arange(100), np.full(7, 0.1)
    (fast, _, loss), (dense, _, expected) = (
        engine(name).run_epoch(start, images, labels, order, recipe, rates) for name in ("ink", "numpy")
    )
    assert loss == pytest.approx(expected, abs=1e-5)
    for name, a, b, before in zip(start._fields, fast, dense, start, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5, err_msg=name)
        assert np.abs(a - before).max() > 1e-4, name  # it has learnt something


def test_the_checker_praises_a_right_file_and_names_a_mistake(tmp_path):
    notebooks = importlib.util.find_spec("jupytext") is not None
    program("workbook", "new", tmp_path / "book", "--solved", *([] if notebooks else ["--python"]))
    assert len(list((tmp_path / "book").glob("*.ipynb"))) == 9 * notebooks
    file = tmp_path / "book" / "two_layer_net.py"
    right = json.loads(program("workbook", "check", file, "--json", "--quiet")[0])["exercises"]
    assert [(one["passed"], one["mistake"]) for one in right] == [
        (True, None)
    ] * 13  # ten of the course, three steps to TwoLayerNet
    text = file.read_text("utf-8")
    assert text.count("dout.sum(axis=0)") == 1
    file.write_text(text.replace("dout.sum(axis=0)", "dout.mean(axis=0)"), "utf-8")
    wrong = json.loads(program("workbook", "check", file, "--json", "--quiet", code=1)[0])["exercises"]
    found = {one["name"]: one["mistake"] for one in wrong if not one["passed"]}
    assert found["affine_backward"] == 7


def test_the_embedded_data_are_whole():
    assert json.loads(program("data", "verify", "--json")[0])["good"] is True


def commands(command=cli, words=()):
    """Every command and group, as the words that call it."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*words, name))


def test_every_command_has_its_help(run):
    for words in commands():
        code, out, err = run(*words, "--help")
        assert (code, err) == (0, ""), words
        assert out.startswith(" ".join(("Usage: handgrad", *words))), words
        assert len(out.splitlines()) > 5, words


def test_a_group_without_a_command_shows_its_help_as_wrong_usage(run):
    groups = [words for words in commands() if words in ((), ("data",), ("workbook",))]
    assert len(groups) == 3
    for words in groups:
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert err.startswith(" ".join(("Usage: handgrad", *words)))


WRONG_USAGE = [
    "fly",
    "data fly",
    "workbook fly",
    "train --speed 9",
    "train --recipe slow",
    "train --epochs many",
    "train --epochs",
    "train --seed -1",
    "train --learning-rate nan",
    "train --out=",
    "train --images x",
    "train more words",
    "predict",
    "data fetch moon",
    "workbook new",
    "workbook check",
    "workbook check file no_such_exercise",
    "bench --what lunch",
    "workbook grade none",
]
FAILURES = [
    "evaluate none",
    "predict none",
    "predict none --model none",
    "train --resume none",
    "train --out no/such/folder/model",
    "train --out .",
    "evaluate text",
    "evaluate --images text --labels text",
    "predict text",
    "explain text",
    "workbook check none",
    "workbook check not_python.py",
]


@pytest.mark.parametrize(("words", "expected"), [(w, 2) for w in WRONG_USAGE] + [(f, 1) for f in FAILURES])
def test_every_failure_is_one_line(words, expected, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("neither a model, nor a picture, nor data")
    (tmp_path / "not_python.py").write_bytes(b"\x7fELF\x02\x01\0\xff\xfe\0\x90\x81")
    code, _, err = run(*words.split())
    assert code == expected, err
    *before, last = err.splitlines(keepends=True)
    assert re.fullmatch(r"handgrad: error: .{10,600}\n", last), err
    assert all("takes over" in line for line in before), err  # another engine is announced when it is chosen
    assert {path.name for path in tmp_path.iterdir()} == {"text", "not_python.py"}
