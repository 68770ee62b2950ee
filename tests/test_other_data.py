"""Any IDX pair: up to 256 classes, with gaps; images of any size and shape; sets of a few images."""

import json

import numpy as np
import pytest

from handgrad import digits, model_file
from handgrad.cli import main
from handgrad.digits import sets
from handgrad.errors import DataError

GAPS = (0, 3, 17, 200, 255)
ENGINES = ("ink", "numpy", "torch")


@pytest.fixture
def run(capsys):
    """run(*words) -> stdout of a command that must succeed, as JSON where it is."""

    def run(*words):
        code = main([*map(str, words), "--quiet"])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return json.loads(out) if "--json" in words else out

    return run


@pytest.fixture
def make(tmp_path, rng):
    """make(classes, shape, each) -> options: a set in which each class is its own few strokes, plus noise."""

    def make(classes, shape, each):
        D = int(np.prod(shape))
        strokes = np.zeros((len(classes), D), bool)
        for i in range(len(classes)):
            strokes[i, rng.permutation(D)[: max(1, D // 5)] if D > 1 else slice(0, i)] = True
        words = []
        for part in ("", "test-"):
            which = np.tile(np.arange(len(classes)), each)
            noise = rng.integers(0, 50, (len(which), D)) * (rng.random((len(which), D)) < 0.1)
            images = (200 * strokes[which] + noise).reshape(-1, *shape).astype(np.uint8)
            digits.write_idx(tmp_path / f"{part}images", images)
            digits.write_idx(tmp_path / f"{part}labels", np.array(classes, np.uint8)[which])
            words += [
                f"--{part}images",
                tmp_path / f"{part}images",
                f"--{part}labels",
                tmp_path / f"{part}labels",
            ]
        return words

    return make


def learn(run, words, out, *more):
    return run("train", "--out", out, "--json", "--validation", "0", *words, *more)


@pytest.mark.parametrize(
    ("shape", "pictured"),
    [
        ((8, 8), (8, 8)),
        ((16, 16), (16, 16)),
        ((5, 7), (5, 7)),
        ((64, 64), (64, 64)),
        ((1, 40), (1, 40)),
        ((36,), (6, 6)),  # rows of pixels
        ((37,), (1, 37)),
    ],
)
def test_images_of_any_size_are_learnt(shape, pictured, run, make, tmp_path):
    words, path = make(range(10), shape, 20), tmp_path / "m"
    result = learn(run, words, path, "--hidden", "32", "--epochs", "15", "--engine", "ink")
    assert result["test_accuracy"] > 0.95
    assert result["baseline_accuracy"] > 0.95
    assert model_file.load(path).image_shape == pictured
    assert run("evaluate", path, *words[:4], "--json")["accuracy"] > 0.95


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("classes", [range(256), GAPS], ids=["256", "gaps"])
def test_256_classes_are_learnt_by_every_engine(classes, engine, run, make, tmp_path):
    words, path = make(classes, (12, 12), 768 // len(classes)), tmp_path / "m"
    more = (
        "--engine",
        engine,
        "--hidden",
        "64",
        "--epochs",
        "6",
        "--optimizer",
        "adam",
        "--learning-rate",
        "0.01",
    )
    result = learn(run, words, path, *more)
    assert result["test_accuracy"] > 0.95
    assert result["baseline_accuracy"] > 0.95
    model = model_file.load(path)
    assert model.classes == tuple(classes)
    images, labels = digits.load_pair(words[5], words[7])
    assert np.mean(model.predict(images) == labels) == pytest.approx(result["test_accuracy"])
    measured = run("evaluate", path, *words[:4], "--json")
    assert np.shape(measured["confusion"]) == (len(classes), len(classes))
    assert sum(row["images"] > 0 for row in measured["per_digit"]) == len(classes)


def test_the_report_of_strips(run, make, tmp_path):
    words, folder = make((0, 2, 3), (37,), 8), tmp_path / "report"
    learn(run, words, tmp_path / "m", "--hidden", "8", "--epochs", "2", "--report", folder)
    assert {path.name for path in folder.iterdir()} >= {"index.html", "mean-templates.png", "confusion.png"}


@pytest.mark.parametrize("engine", ENGINES)
def test_256_classes_are_resumed_to_the_same_bytes(engine, run, make, tmp_path, monkeypatch, capsys):
    words = [*make(GAPS, (5, 7), 20), "--engine", engine]
    kept = ("--hidden", "16", "--epochs", "4", "--optimizer", "adam", "--learning-rate", "0.01")
    learn(run, words, tmp_path / "whole", *kept)
    from handgrad.cli import running

    shown = running._line

    def interrupted(progress, *rest):
        if progress.epoch.epoch == 2:
            raise KeyboardInterrupt
        return shown(progress, *rest)

    monkeypatch.setattr(running, "_line", interrupted)
    again = ["train", "--out", tmp_path / "halves", "--validation", "0", *words, *kept]
    assert main([*map(str, again)]) == 130
    assert "go on with: handgrad train --resume" in capsys.readouterr().err
    monkeypatch.setattr(running, "_line", shown)
    run("train", "--resume", tmp_path / "halves", *words, "--json")
    assert (tmp_path / "halves").read_bytes() == (tmp_path / "whole").read_bytes()


def test_templates_begin_a_network_for_many_classes(run, make, tmp_path):
    words = make(range(100), (10, 10), 4)
    result = learn(
        run,
        words,
        tmp_path / "m",
        "--init",
        "templates",
        "--hidden",
        "200",
        "--epochs",
        "1",
        "--learning-rate",
        "1e-6",
    )
    assert result["test_accuracy"] > 0.95  # the templates' own, untrained


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("classes", "shape", "each"),
    [
        (range(5), (8, 8), 2),  # 10 images
        ((0,), (8, 8), 20),  # one class
        ((7,), (4, 4), 1),  # one image
        ((0, 1), (1, 1), 50),  # one pixel
    ],
    ids=["10 images", "one class", "one image", "one pixel"],
)
def test_small_sets_are_learnt(classes, shape, each, engine, run, make, tmp_path):
    words = make(classes, shape, each)
    result = learn(run, words, tmp_path / "m", "--hidden", "16", "--epochs", "40", "--engine", engine)
    assert result["test_accuracy"] == 1
    assert run("evaluate", tmp_path / "m", *words[:4], "--json")["accuracy"] == 1


def test_other_shapes_are_one_error(tmp_path):
    labels = tmp_path / "labels"
    digits.write_idx(labels, np.zeros(3, np.uint8))
    for wrong in (
        np.zeros((3, 4, 4, 3), np.uint8),
        np.zeros((3, 4, 4), np.int16),
        np.zeros((3, 0), np.uint8),
    ):
        digits.write_idx(tmp_path / "images", wrong)
        with pytest.raises(DataError, match=r"expected images as uint8 \(N, height, width\)"):
            digits.load_pair(tmp_path / "images", labels)


def test_no_declared_set_has_more_classes_than_a_byte_names():
    assert max(one.classes for one in sets.SETS.values()) <= 256
