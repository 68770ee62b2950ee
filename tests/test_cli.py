"""The command line: results on stdout, progress on stderr, exit codes, and every failure as one line."""

import importlib.util
import io
import json
import shlex
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from handgrad import digits, model_file
from handgrad.cli import main
from handgrad.recipes import Distortion

FAST = ("--hidden", "24", "--epochs", "2", "--batch-size", "64")


@pytest.fixture(scope="module")
def pair(mnist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    digits.write_idx(folder / "images.gz", mnist[0][0][:3000])
    digits.write_idx(folder / "labels", mnist[0][1][:3000])
    return "--images", folder / "images.gz", "--labels", folder / "labels"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, pair):
    path = tmp_path_factory.mktemp("trained") / "m.safetensors"
    assert (
        main(
            ["train", "--out", str(path), "--quiet", "--epochs", "8", *map(str, pair), "--validation", "500"]
        )
        == 0
    )
    return path


@pytest.fixture(scope="module")
def picture(mnist, tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "seven.png"
    Image.fromarray(255 - mnist[1][0][0]).resize((200, 200)).save(path)
    return path


def test_train_on_mnist_says_what_baseline_and_network_get(run, tmp_path):
    path = tmp_path / "m.safetensors"
    code, out, err = run("train", "--out", path, *FAST, "--json", "--seed", 5)
    assert code == 0
    result = json.loads(out)
    assert result["model"] == str(path)
    assert result["recipe"] == "quick"
    assert result["seed"] == 5
    assert result["baseline_accuracy"] == 0.8208
    assert 0.9 < result["test_accuracy"] < 0.99
    assert [set(e) for e in result["epochs"]] == [
        {"epoch", "loss", "train_accuracy", "validation_accuracy", "seconds"}
    ] * 2
    assert result["seconds"] == sum(e["seconds"] for e in result["epochs"])
    assert "55,000 images" in err
    assert err.count("\n") >= 4  # the recipe, the column names, and a line an epoch
    code, out, _ = run("evaluate", path, "--json")
    evaluated = json.loads(out)
    assert code == 0
    assert evaluated["accuracy"] == result["test_accuracy"] == model_file.load(path).accuracy["test"]
    assert evaluated["baseline_accuracy"] == 0.8208
    assert evaluated["images"] == 10_000
    assert np.array(evaluated["confusion"]).sum() == 10_000
    assert np.trace(evaluated["confusion"]) == round(evaluated["accuracy"] * 10_000)
    assert {row["digit"] for row in evaluated["per_digit"]} == set(range(10))
    first = evaluated["per_digit"][0]
    assert first["recall"] == evaluated["confusion"][0][0] / 980
    assert first["precision"] == evaluated["confusion"][0][0] / sum(row[0] for row in evaluated["confusion"])
    sure = [mistake["confidence"] for mistake in evaluated["mistakes"]]
    assert sure == sorted(sure, reverse=True)
    assert all(mistake["label"] != mistake["predicted"] for mistake in evaluated["mistakes"])


def test_without_a_model_the_network_in_the_box_answers(run, picture):
    code, out, _ = run("predict", picture, "--json")
    assert (code, json.loads(out)["images"][0]["text"]) == (0, "7")
    assert json.loads(out)["model"] == "the network in the box (recipe best)"
    assert run("predict", picture)[2] == "network: the network in the box (recipe best)\n"
    assert run("predict", picture, "--quiet")[2] == ""
    code, out, _ = run("evaluate", "--json")
    assert code == 0
    assert json.loads(out)["model"] == "the network in the box (recipe best)"
    assert json.loads(out)["accuracy"] >= 0.994
    assert json.loads(out)["baseline_accuracy"] == 0.8208


def test_without_out_the_model_goes_to_the_users_folder(run, pair):
    code, out, _ = run("train", "--quiet", *FAST, *pair, "--validation", "100", "--json")
    written = json.loads(out)["model"]
    assert (code, written.endswith("handgrad/model.safetensors")) == (0, True)
    assert run("evaluate", written)[1].startswith(f"network    {written}\naccuracy ")
    box = run("evaluate", *pair)[1].splitlines()[0]  # and nobody takes the network in the box for theirs
    assert box == f"network    the network in the box (recipe best); yours: handgrad evaluate {written}"


def test_text_results_are_on_stdout_and_quiet_is_quiet(run, tmp_path, pair):
    code, out, err = run("train", "--out", tmp_path / "m", *FAST, *pair, "--validation", "100", "--quiet")
    assert (code, err) == (0, "")
    assert "of the images held back" in out
    code, out, err = run("evaluate", tmp_path / "m")
    assert (code, err) == (0, "")
    assert "recall  precision" in out
    assert "the most confident mistakes" in out
    assert "templates" not in out  # the baseline is MNIST's; this model learnt from other data


def test_test_images_of_ones_own(run, tmp_path, pair):
    images, labels = pair[1], pair[3]
    code, out, _ = run(
        "train",
        "--out",
        tmp_path / "m",
        *FAST,
        *pair,
        "--test-images",
        images,
        "--test-labels",
        labels,
        "--validation",
        100,
        "--json",
    )
    assert code == 0
    assert json.loads(out)["test_accuracy"] > 0.5


def test_predict_reads_pictures(run, trained, picture, tmp_path, monkeypatch):
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")
    code, out, _ = run("predict", picture, tmp_path / "blank.png", "--model", trained, "--json")
    assert code == 0
    first, blank = json.loads(out)["images"]
    assert first["file"] == str(picture)
    assert first["text"] == "7"
    digit = first["digits"][0]
    assert set(digit) == {"digit", "confidence", "runner_up", "box", "scores", "doubtful", "why"}
    assert digit["digit"] == 7 == int(np.argmax(digit["scores"]))
    assert 0 < digit["confidence"] < 1
    assert digit["doubtful"] in (True, False)
    assert digit["runner_up"] == int(np.argsort(digit["scores"])[-2])
    assert len(digit["box"]) == 4
    nothing = {key: [] for key in ("digits", "signs", "left_out", "fields")}
    assert blank == {
        "file": str(tmp_path / "blank.png"),
        "text": "",
        "doubtful": False,
        "turned": 0,
        "mismatch": None,
        "page": 1,
        "pages": 1,
        "note": None,
        **nothing,
    }
    _, out, err = run("predict", picture, tmp_path / "blank.png", "--model", trained)
    assert err == f"network: {trained}\n"
    assert f": 7{'?' if digit['doubtful'] else ' '}  (confidence" in out
    assert out.count("\n  ") == 10
    assert "blank.png: no digit found" in out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(picture.read_bytes())))
    assert "-: 7" in run("predict", "-", "--model", trained)[1]


@pytest.fixture(scope="module")
def page(mnist, tmp_path_factory):
    """Two lines of digits, 71 over 30, the 3 an unreadable scrawl of a 3 and an 8."""
    path = tmp_path_factory.mktemp("pages") / "page.png"
    field = Image.new("L", (420, 400), 255)
    chosen = {label: mnist[1][0][list(mnist[1][1]).index(label)] for label in (7, 1, 3, 8, 0)}
    scrawl = np.maximum(chosen[3], np.roll(chosen[8], 6, axis=1))
    for image, place in (
        (chosen[7], (30, 20)),
        (chosen[1], (200, 20)),
        (scrawl, (30, 210)),
        (chosen[0], (220, 210)),
    ):
        field.paste(Image.fromarray(255 - image).resize((168, 168), Image.Resampling.BICUBIC), place)
    field.save(path)
    return path


def test_predict_reads_lines_and_marks_doubt(run, trained, page):
    code, out, _ = run("predict", page, "--model", trained, "--json")
    assert code == 0
    document = json.loads(out)["images"][0]
    assert document["text"].count("\n") == 1
    assert [len(line) for line in document["text"].split("\n")] == [2, 2]
    assert document["text"].replace("\n", "") == "".join(str(one["digit"]) for one in document["digits"])
    lefts = [one["box"][0] for one in document["digits"]]
    tops = [one["box"][1] for one in document["digits"]]
    assert lefts[0] < lefts[1]
    assert lefts[2] < lefts[3]
    assert max(tops[:2]) < min(tops[2:])
    assert document["digits"][2]["doubtful"]
    _, out, _ = run("predict", page, "--model", trained)
    assert "page.png: 2 lines\n  " in out
    assert f"line 2, digit 1: {document['digits'][2]['digit']}?  (confidence" in out
    scrawl = document["digits"][2]
    assert f"runner-up {scrawl['runner_up']}, {', '.join(scrawl['why'])}; at " in out


def test_save_boxes_draws_on_the_picture_and_replaces_nothing_else(run, trained, page, tmp_path):
    drawing = tmp_path / "boxes.png"
    for _ in range(2):  # a drawing of before is replaced
        assert run("predict", page, "--model", trained, "--save-boxes", drawing)[0] == 0
        drawn = Image.open(drawing)
        assert drawn.size == (420, 400)
        colours = {colour for _, colour in drawn.getcolors(1 << 16)}
        assert (0, 140, 60) in colours  # sure
        assert (220, 80, 0) in colours  # doubtful
    (tmp_path / "notes.txt").write_text("not to be lost")
    before = page.read_bytes()
    for path, message in (
        (
            tmp_path / "notes.txt",
            "exists and is not a PNG image made by handgrad; choose another name, or remove it",
        ),
        (page, "is the file to read; choose another name"),
        (tmp_path, "exists and is not a PNG image made by handgrad but a folder; choose another name"),
        (tmp_path / "none" / "b.png", "cannot be written: No such file or directory; make the folder first"),
    ):
        code, _, err = run("predict", page, "--model", trained, "--save-boxes", path)
        assert code == 1
        assert err.count("\n") == 1
        assert message in err
    assert (tmp_path / "notes.txt").read_text() == "not to be lost"
    assert page.read_bytes() == before
    code, _, err = run("predict", page, page, "--model", trained, "--save-boxes", drawing)
    assert code == 2
    assert f"--save-boxes: expected a folder for 2 pictures; got {drawing}" in err


def test_one_bad_picture_does_not_hide_the_others(run, trained, picture, tmp_path):
    code, out, err = run("predict", tmp_path / "none.png", picture, "--model", trained, "--json")
    assert code == 1
    assert [image["text"] for image in json.loads(out)["images"]] == ["7"]
    assert err.count("\n") == 1
    assert "none.png: cannot be read as a picture: No such file or directory" in err


def test_data_is_listed_with_its_licence_and_verified(run):
    code, out, _ = run("data", "list")
    assert code == 0
    for word in ("Yann LeCun", "Corinna Cortes", "CC BY-SA 3.0", "60,000"):
        assert word in out
    assert json.loads(run("data", "list", "--json")[1])["data"][0]["name"] == "mnist"
    code, out, _ = run("data", "verify")
    assert code == 0
    assert out.count("good  ") == 4
    assert json.loads(run("data", "verify", "--json")[1])["good"] is True


def test_report_writes_pictures_and_one_page(run, trained, tmp_path):
    code, _, _ = run("evaluate", trained, "--report", tmp_path / "a" / "report")
    assert code == 0
    folder = tmp_path / "a" / "report"
    names = {path.name for path in folder.iterdir()}
    pictures = ("learning-curves", "hidden-templates", "confusion", "mistakes", "reliability", "coverage")
    assert names == {f"{name}.png" for name in pictures} | {"index.html"}
    page = (folder / "index.html").read_text()
    assert (
        page.count("data:image/png;base64,") == 6
    )  # the mean images of other data than MNIST are not at hand
    assert "http" not in page.replace("http-equiv", "")  # nothing is fetched from anywhere
    for name in names - {"index.html"}:
        pixels = np.asarray(Image.open(folder / name).convert("L"))
        assert pixels.std() > 5, name  # something is drawn
    code, _, err = run("evaluate", trained, "--report", folder / "index.html")
    assert code == 1
    assert err.count("\n") == 1


def test_the_report_of_a_distorted_run_shows_the_distortions(run, tmp_path, pair):
    words = ("train", "--out", tmp_path / "m", *FAST, *pair, "--distort", "--averaging", "0.5")
    code, _, err = run(*words, "--report", tmp_path / "r")
    assert code == 0
    assert "distorted images, averaged (0.5)" in err
    shown = np.asarray(Image.open(tmp_path / "r" / "distortions.png").convert("L"))
    assert shown.std() > 30
    assert model_file.load(tmp_path / "m").recipe.distortion == Distortion()
    assert "shifted and bent anew" in (tmp_path / "r" / "index.html").read_text()
    code, _, err = run("train", "--recipe", "best", "--no-distort", "--out", tmp_path / "n", *FAST, *pair)
    assert code == 0
    assert "distorted" not in err


def test_the_report_of_a_run_shows_the_mean_images_it_learnt_from(run, tmp_path, pair):
    code, out, _ = run("train", "--out", tmp_path / "m", *FAST, *pair, "--report", tmp_path / "r")
    assert code == 0
    assert "index.html" in out
    assert (tmp_path / "r" / "mean-templates.png").is_file()


def idx(folder, images, labels):
    """Words that name an IDX pair holding these arrays."""
    digits.write_idx(folder / "own-images", images)
    digits.write_idx(folder / "own-labels", labels)
    return "--images", folder / "own-images", "--labels", folder / "own-labels"


def test_classes_may_be_missing_and_many(run, tmp_path, rng):
    """EMNIST's letters are labelled from 1; 256 classes are the most that a byte can name."""
    for labels in (rng.integers(1, 27, 400), np.arange(512) % 256):
        images = rng.integers(0, 256, (len(labels), 8, 8), np.uint8)
        words = idx(tmp_path, images, labels.astype(np.uint8))
        test = ("--test-images", words[1], "--test-labels", words[3])
        code, out, err = run(
            "train", "--out", tmp_path / "m", *FAST, *words, *test, "--report", tmp_path / "r", "--json", "-q"
        )
        assert (code, err) == (0, "")
        assert json.loads(out)["baseline_accuracy"] > 0.1
    code, _, err = run("train", "--out", tmp_path / "m", *words, "--init", "templates")
    assert code == 1
    assert "needs two hidden units for each of 256 classes: at least 512; got 256" in err


def test_a_finished_run_is_resumed_only_with_its_own_data(run, trained, pair):
    before = trained.read_bytes()
    code, _, err = run("train", "--resume", trained)
    assert code == 1
    assert "expected the data that the run began with; their checksum differs" in err
    code, out, err = run("train", "--resume", trained, *pair)
    assert code == 0
    assert "holds a finished run of 8 epochs; nothing is left to do" in err
    assert str(trained) in out
    assert trained.read_bytes() == before


def test_a_finished_run_is_continued_to_more_epochs(run, trained, pair, tmp_path):
    """Twice the same bytes; the history goes on; options that the file answers are still refused."""
    files = []
    for name in ("once", "again"):
        path = tmp_path / name
        path.write_bytes(trained.read_bytes())
        code, out, err = run("train", "--resume", path, "--epochs", 10, *pair, "--threads", 1, "--json")
        assert code == 0
        assert ", after epoch 8 of 10\n" in err
        files.append(path.read_bytes())
    assert files[0] == files[1] != trained.read_bytes()
    result = json.loads(out)
    assert [row["epoch"] for row in result["epochs"]] == list(range(1, 11))
    assert [row["seconds"] is None for row in result["epochs"]] == [True] * 8 + [False] * 2
    assert result["seconds"] == sum(row["seconds"] for row in result["epochs"][8:])
    code, out, err = run("train", "--resume", path, "--epochs", 10, *pair)
    assert (code, path.read_bytes()) == (0, files[0])
    assert "holds a finished run of 10 epochs; nothing is left to do" in err
    for words, message in (
        (("--epochs", 0), "expected epochs to be a whole number, 1 to 1,000,000,000; got 0"),
        (("--epochs", 12, "--batch-size", 7, "--recipe", "lesson"), "leave out --recipe, --batch-size"),
        (("--epochs", 12, "--validation", 500), "leave out --validation"),
    ):
        code, _, err = run("train", "--resume", path, *words, *pair)
        assert (code, err.count("\n")) == (2, 1)
        assert message in err
    assert path.read_bytes() == files[0]


@pytest.mark.parametrize("epochs_done", [0, 1])
def test_what_is_said_after_ctrl_c_continues_a_continued_run(
    epochs_done, run, trained, pair, tmp_path, monkeypatch
):
    """Also where the file is still the finished one: its command must name the epochs again."""
    from handgrad.runs import Run

    def interrupted(self):
        for epoch, progress in enumerate(train(self), 1):
            yield progress
            if epoch == epochs_done:
                raise KeyboardInterrupt
        raise KeyboardInterrupt

    train, whole, path = Run._epochs, tmp_path / "whole", tmp_path / "with space"
    for file in (whole, path):
        file.write_bytes(trained.read_bytes())
    assert run("train", "--resume", whole, "--epochs", 10, *pair, "--threads", 1, "-q")[0] == 0
    with monkeypatch.context() as patched:
        patched.setattr(Run, "_epochs", interrupted if epochs_done else lambda self: interrupted_at_once())
        code, out, err = run("train", "--resume", path, "--epochs", 10, *pair, "--threads", 1)
    assert (code, out) == (130, "")
    assert f"interrupted after epoch {8 + epochs_done}; go on with: handgrad train" in err
    going_on = shlex.split(err.rpartition("go on with: ")[2])
    assert run(*going_on[1:], "-q")[0] == 0
    assert path.read_bytes() == whole.read_bytes()


def interrupted_at_once():
    raise KeyboardInterrupt
    yield


@pytest.mark.parametrize("own_test", [False, True])
def test_train_ends_with_the_command_that_evaluates_its_file(own_test, run, pair, tmp_path):
    """Without a file, evaluate would measure the network in the box."""
    words = (*pair, "--test-images", pair[1], "--test-labels", pair[3]) if own_test else ()
    code, out, _ = run("train", "-q", "--out", tmp_path / "m", *FAST, *words)
    assert code == 0
    last = out.splitlines()[-1]
    assert last.startswith("evaluate it with      handgrad evaluate ")
    assert str(tmp_path / "m") in last
    code, measured, _ = run(*shlex.split(last.removeprefix("evaluate it with      handgrad ")), "--json")
    accuracy = json.loads(measured)["accuracy"]
    assert (code, accuracy) == (0, model_file.load(tmp_path / "m").accuracy["test"])


def test_a_pipe_is_neither_replaced_nor_waited_for(run, tmp_path):
    import os
    import stat

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "exists and is not a model file but a pipe" in run("train", "--out", pipe)[2]
    assert "expected a file; this is a pipe" in run("evaluate", "m", "--images", pipe, "--labels", pipe)[2]
    assert run("predict", pipe, "--model", pipe)[0] == 1
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_closed_streams_are_one_line_or_none(trained, picture, tmp_path):
    predict = f"{sys.executable} -m handgrad predict - --model {trained} <&-"
    done = subprocess.run(predict, shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "handgrad: error: stdin: expected a picture; it is closed\n")
    evaluate = f"{sys.executable} -m handgrad evaluate {trained} >&-"
    done = subprocess.run(evaluate, shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    train = f"{sys.executable} -m handgrad train --out {tmp_path}/m {' '.join(FAST)} 2>&1 >{tmp_path}/out | head -1"
    subprocess.run(train, shell=True, capture_output=True, text=True)
    assert model_file.load(tmp_path / "m").accuracy["test"] > 0.8  # the run went on when nobody watched it


def test_a_network_whose_outputs_overflow_is_named(run, tmp_path, rng):
    from handgrad import network
    from handgrad.model import Model

    params = network.init_params(784, 4, 10, rng, dtype=np.float32)
    params.W1[:] *= np.float32(1e25)
    params.W2[:] *= np.float32(1e15)
    model_file.save(tmp_path / "m", Model(params, "none", "cross_entropy"))
    code, out, err = run("evaluate", tmp_path / "m", "--json")
    assert (code, out) == (1, "")
    assert "the network's outputs are not finite" in err


@pytest.fixture
def no(monkeypatch):
    """no("matplotlib"): as though that package were not installed."""

    def no(name):
        find = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda n, *rest: None if n == name else find(n, *rest)
        )
        monkeypatch.setitem(sys.modules, name, None)

    return no


def test_a_missing_extra_is_named_before_any_work(run, trained, tmp_path, no, monkeypatch):
    no("matplotlib")
    monkeypatch.setattr("handgrad.insight.report.find_spec", importlib.util.find_spec)
    for words in (("train", "--out", tmp_path / "m"), ("evaluate", trained)):
        code, out, err = run(*words, "--report", tmp_path / "r")
        assert (code, out) == (1, "")
        assert err == "handgrad: error: --report needs matplotlib: pip install 'handgrad[plot]'\n"
    no("torch")
    code, _, err = run("train", "--engine", "torch", "--out", tmp_path / "m")
    assert code == 1
    assert err == "handgrad: error: the torch engine needs PyTorch: pip install 'handgrad[torch]'\n"
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("library", ["cv2", "PIL"])
def test_without_what_reads_pictures_all_else_works(library, tmp_path):
    """In a process of its own, that has not loaded it. OpenCV has no wheels for musl, or Windows on ARM."""
    blocked = "import sys; sys.modules[sys.argv[1]] = None; from handgrad.cli import main; sys.exit(main(sys.argv[2:]))"

    def call(*words):
        command = [sys.executable, "-c", blocked, library, *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert "predict" in call("--help").stdout
    assert "--expect" in call("predict", "--help").stdout
    model = tmp_path / "m"
    assert call("train", "--epochs", "1", "--hidden", "4", "--quiet", "--out", model).returncode == 0
    assert "accuracy" in call("evaluate", model, "--quiet").stdout
    refused = call("predict", tmp_path / "photo.jpg")
    named = {"cv2": "OpenCV (pip install opencv-python-headless)", "PIL": "Pillow (pip install pillow)"}[
        library
    ]
    assert refused.stderr.startswith(
        f"handgrad: error: pictures and distortions need {named}, which cannot be loaded"
    )
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)


USAGE = {
    "no such command": (["fly"], "No such command 'fly'"),
    "no such option": (["train", "--speed", "9"], "No such option"),
    "no such recipe": (["train", "--recipe", "slow"], "is not one of 'lesson', 'quick'"),
    "hidden 0": (["train", "--hidden", "0"], "hidden to be a whole number, 1 to 1,000,000,000; got 0"),
    "epochs as text": (["train", "--epochs", "many"], "is not a valid integer"),
    "rate NaN": (["train", "--learning-rate", "nan"], "learning_rate to be a number"),
    "rate negative": (["train", "--learning-rate", "-1"], "learning_rate to be a number"),
    "warmup 2": (["train", "--warmup", "2"], "warmup to be a number, 0 to 1"),
    "seed negative": (["train", "--seed", "-1"], "not in the range"),
    "templates too narrow": (["train", "--init", "templates", "--hidden", "8"], "20 or more hidden units"),
    "images alone": (["train", "--images", "x"], "--images and --labels go together; --labels is missing"),
    "labels alone": (["evaluate", "m", "--labels", "x"], "--images is missing"),
    "resume with a recipe": (["train", "--resume", "m", "--hidden", "9"], "leave out --hidden"),
    "an empty file name": (["train", "--out", ""], "expected a file name; got an empty one"),
    "resume with a seed": (
        ["train", "--resume", "m", "--seed", "9"],
        "leave out --seed",
    ),
    "resume into another file": (["train", "--resume", "m", "--out", "n"], "--resume goes on in m itself"),
    "no picture": (["predict"], "Missing argument 'IMAGE...'"),
}


@pytest.mark.parametrize("what", USAGE)
def test_wrong_usage_exits_2(what, run):
    words, message = USAGE[what]
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("handgrad: error: ")
    assert err.count("\n") == 1
    assert message in err


def bad_inputs(tmp_path, trained):
    digits.write_idx(tmp_path / "labels", np.array([0, 1, 2], np.uint8))
    digits.write_idx(tmp_path / "images", np.zeros((4, 28, 28), np.uint8))
    digits.write_idx(tmp_path / "small", np.zeros((3, 8, 8), np.uint8))
    digits.write_idx(tmp_path / "letters", np.array([0, 1, 200], np.uint8))
    (tmp_path / "page.gz").write_text("<html>403 Forbidden</html>")
    (tmp_path / "torn").write_bytes(trained.read_bytes()[:-7])
    (tmp_path / "text").write_text("this is a text, not a model")
    f = tmp_path
    return {
        "a web page as data": (["train", "--images", f / "page.gz", "--labels", f / "labels"], "page.gz: expected an IDX file; got a web page (HTML)"),
        "counts that differ": (["train", "--images", f / "images", "--labels", f / "labels"], "one label for each image in"),
        "swapped": (["train", "--images", f / "labels", "--labels", f / "images"], "are images and labels swapped?"),
        "nothing left to learn from": (["train", "--images", f / "small", "--labels", f / "labels", "--validation", "3"], "expected to hold back fewer than the 3 images (--validation); got 3"),
        "no such data": (["evaluate", trained, "--images", f / "none", "--labels", f / "labels"], "none: cannot be read: No such file or directory"),
        "images of another size": (["evaluate", trained, "--images", f / "small", "--labels", f / "labels"], "expected images of 784 pixels, as the network has; got 8 x 8 = 64 pixels"),
        "no such model": (["evaluate", f / "none"], "none: no such model file"),
        "a torn model": (["evaluate", f / "torn"], "torn: not a safetensors file, or damaged"),
        "a text as model": (["predict", "x.png", "--model", f / "text"], "text: not a safetensors file, or its header is damaged"),
        "out is no model": (["train", "--out", f / "text"], "text: exists and is not a model file; choose another name, or remove it"),
        "out is a folder": (["train", "--out", f], "exists and is not a model file but a folder; choose another name"),
        "out in no folder": (["train", "--out", f / "none" / "m"], "cannot be written: No such file or directory"),
        "resume of nothing": (["train", "--resume", f / "none"], "none: no such model file"),
        "a rate that diverges": (["train", "--quiet", "--learning-rate", "1000", "--out", f / "m"], "training diverged: every output is saturated at 0 or 1, where no gradient is left, in epoch 1, batch 1719, at learning rate "),
        "a rate beyond all bounds": (["train", "--quiet", "--schedule", "constant", "--warmup", "0", "--learning-rate", "1e30", "--out", f / "m"], "training diverged: the loss is not finite in epoch 1, batch 2, at learning rate 1e+30"),
        "no such device": (["train", "--device", "abacus", "--out", f / "m"], "expected a device that PyTorch has here; got 'abacus'"),
        "a device for numpy": (["train", "--engine", "numpy", "--device", "cuda", "--out", f / "m"], "use --engine torch"),
        "labels the model does not know": (["evaluate", trained, "--images", f / "three", "--labels", f / "letters"], "expected labels among 0, 1, 2"),
    }  # fmt: skip


@pytest.mark.parametrize("number", range(18))
def test_bad_input_is_one_line_and_writes_nothing(number, run, tmp_path, trained):
    cases = bad_inputs(tmp_path, trained)
    digits.write_idx(tmp_path / "three", np.zeros((3, 28, 28), np.uint8))
    what, (words, message) = list(cases.items())[number]
    assert len(cases) == 18
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    code, out, err = run(*words)
    assert code == 1, what
    assert out == "", what
    assert err.startswith("handgrad: error: "), what
    assert err.count("\n") == 1, what
    assert message in err, what
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before, what


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(Exception, match="no such model file"):
        main(["evaluate", str(tmp_path / "none"), "--debug"])


def test_version_help_and_module(run):
    import handgrad

    assert run("--version")[1] == f"handgrad, version {handgrad.__version__}\n"
    for words in ([], ["warmup"], ["train"], ["evaluate"], ["predict"], ["data"]):
        code, out, _ = run(*words, "--help")
        assert code == 0
        assert "Usage: handgrad" in out
    done = subprocess.run([sys.executable, "-m", "handgrad", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_has_gone_is_no_traceback(trained):
    command = f"{sys.executable} -m handgrad evaluate {trained} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("network")
    assert done.stderr == ""


def test_results_are_the_same_words_whatever_the_environment(trained, tmp_path):
    """No colour, no bars where nobody watches; stdout is plain."""
    done = subprocess.run(
        [sys.executable, "-m", "handgrad", "train", "--out", tmp_path / "m", *FAST],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "\r" not in done.stderr


class MadeWhileCtrlCComes:
    def __set_name__(self, owner, name):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("entry", "first"), [("handgrad.cli", "import_module"), ("handgrad.__main__", "main")]
)
def test_ctrl_c_is_heard_while_an_enum_is_made(entry, first, monkeypatch, capsys):
    """As in the import of ssl: there Python 3.11 turns it into a RuntimeError."""

    def importing(*names):
        return type("Enum", (), {"member": MadeWhileCtrlCComes()})

    main = importlib.import_module(entry).main
    monkeypatch.setattr("sys.argv", ["handgrad", "data", "list"])
    monkeypatch.setattr(f"handgrad.cli.{first}", importing)  # what the entry calls first
    assert main() == 130
    assert capsys.readouterr().err == "handgrad: error: interrupted\n"
