"""handgrad.fit: a network in one call, from images in any form; what does not fit together is one error."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

import handgrad
from handgrad import digits, model_file, runs
from handgrad.cli import main
from handgrad.engines import compiled, engine
from handgrad.errors import DataError, HandgradError, ModelFileError
from handgrad.recipes import RECIPES, Recipe

SMALL = {"hidden": 16, "epochs": 3, "validation": 100}


@pytest.fixture(scope="module")
def some(mnist):
    return mnist[0][0][:1000], mnist[0][1][:1000]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_one_call_is_what_the_command_line_does(some, mnist, tmp_path, capsys):
    """The same model file, byte for byte."""
    test = mnist[1][0][:200], mnist[1][1][:200]
    one = engine("ink", threads=1)
    model = handgrad.fit(*some, engine=one, seed=3, test=test, out=tmp_path / "ours", **SMALL)
    words = ["train", "--out", tmp_path / "theirs", "--seed", 3, "--threads", 1, "--hidden", 16]
    words += ["--epochs", 3, "--validation", 100, "--quiet"]
    for part, (images, labels) in (("", some), ("test-", test)):
        digits.write_idx(tmp_path / f"{part}images", images)
        digits.write_idx(tmp_path / f"{part}labels", labels)
        words += [
            f"--{part}images",
            tmp_path / f"{part}images",
            f"--{part}labels",
            tmp_path / f"{part}labels",
        ]
    assert main([*map(str, words)]) == 0
    assert digest(tmp_path / "ours") == digest(tmp_path / "theirs")
    assert model.accuracy["test"] == (model.predict(test[0]) == test[1]).mean()
    assert model.recipe_name == "quick"
    assert (compiled(model).predict(test[0]) == model.predict(test[0])).all()


FORMS = {
    "rows of pixels": lambda images, labels: (images.reshape(len(images), -1), labels),
    "wide integers": lambda images, labels: (images.astype(np.int64), labels.astype(np.int64)),
    "the other byte order": lambda images, labels: (images.astype(">i2"), labels.astype(">u4")),
    "lists": lambda images, labels: (images.tolist(), labels.tolist()),
    "not contiguous": lambda images, labels: (np.asfortranarray(images), np.repeat(labels, 2)[::2]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_same_images_gives_the_same_network(form, some, tmp_path):
    one = engine("ink", threads=1)
    for name, (images, labels) in {"as they come": some, form: FORMS[form](*some)}.items():
        handgrad.fit(images, labels, engine=one, out=tmp_path / name, **SMALL)
    assert digest(tmp_path / form) == digest(tmp_path / "as they come")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f8"])
def test_floats_are_learnt_without_a_warning(dtype, some):
    """The fast engine takes uint8 pixels alone, so auto is another engine then."""
    model = handgrad.fit((some[0] / 255).astype(dtype), some[1], **SMALL)
    exact = handgrad.fit(*some, engine="numpy", **SMALL)
    assert model.image_shape == (28, 28)
    near = 1e-3 if dtype is np.float16 else 1e-5
    assert model.history[0]["loss"] == pytest.approx(exact.history[0]["loss"], rel=near)


def test_labels_above_255_are_learnt(some):
    labels = some[1].astype(np.int64) + 290
    recipe = Recipe(hidden=32, output_bias="prior", optimizer="adam", learning_rate=0.01, epochs=10)
    model = handgrad.fit(some[0], labels, recipe)
    assert model.classes == tuple(range(290, 300))  # of those that occur


@pytest.mark.parametrize("names", [("a", "b", "zz"), (-1, 0, 1), (7, 70, 10**9), ("7", "x", "é")], ids=str)
def test_labels_of_any_kind_are_classes(names, some):
    """Texts, negative and sparse numbers: the model answers with the labels that the data came with."""
    kept = np.isin(some[1], (0, 1, 2))
    images, labels = some[0][kept], np.array(names)[some[1][kept]]
    data = runs.split(images, labels, 20, (images, labels))
    assert data.names == names
    assert data.named(data.given)[1].tolist() == labels.tolist()
    model = handgrad.fit(images, labels.tolist(), test=(images, labels), hidden=16, epochs=4)
    assert model.classes == names
    assert (model.predict(images) == labels).mean() == pytest.approx(model.accuracy["test"])
    assert model.accuracy["test"] > 0.9


def test_a_recipe_by_name_or_by_value_and_changed(some):
    assert handgrad.fit(*some, "lesson", epochs=1).recipe == Recipe(learning_rate=0.5, epochs=1)
    model = handgrad.fit(*some, Recipe(hidden=20, epochs=1), loss="cross_entropy")
    assert model.recipe == Recipe(hidden=20, epochs=1, loss="cross_entropy")
    assert model.recipe_name is None
    assert handgrad.fit(*some, epochs=1).recipe.hidden == RECIPES["quick"].hidden


def test_a_tenth_is_held_back_and_5000_at_most(mnist):
    assert [runs.split(mnist[0][0][:N], mnist[0][1][:N]).held_back for N in (9, 1000, 60_000)] == [
        0,
        100,
        5000,
    ]


def test_on_epoch_sees_each_epoch(some):
    rows = []
    model = handgrad.fit(*some, on_epoch=lambda progress: rows.append(progress.record), **SMALL)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert all(row.pop("seconds") > 0 for row in rows)
    assert rows == model.history


def test_the_history_is_a_table(some):
    """Flat dictionaries with the same keys: a data frame takes them as they are."""
    for validation in (0, 100):
        begun = runs.start(runs.split(*some, validation), Recipe(hidden=16, epochs=3))
        *_, last = begun
        for rows in (last.model.history, begun.history):
            assert len(rows) == 3
            assert len({tuple(row) for row in rows}) == 1
            for row in rows:
                assert all(value is None or type(value) in (int, float) for value in row.values())
        assert set(begun.history[0]) - set(last.model.history[0]) == {"seconds"}


def test_stopped_early_it_gives_the_best_so_far_and_can_be_resumed(some, tmp_path):
    def enough(progress):
        if progress.epoch.epoch == 2:
            raise StopIteration

    model = handgrad.fit(*some, on_epoch=enough, out=tmp_path / "m", **SMALL)
    assert len(model.history) == 2
    assert (model.calibration, "test" in model.accuracy) == (None, False)
    list(runs.resume(tmp_path / "m", runs.split(*some)))
    handgrad.fit(*some, out=tmp_path / "whole", **SMALL)
    assert digest(tmp_path / "m") == digest(tmp_path / "whole")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_on_epoch_raises_reaches_the_caller(error, some, tmp_path):
    def failing(progress):
        raise error

    with pytest.raises(error):
        handgrad.fit(*some, on_epoch=failing, out=tmp_path / "m", **SMALL)
    assert len(model_file.load(tmp_path / "m").history) == 1


IMAGES, LABELS = np.zeros((30, 4, 4), np.uint8), np.arange(30) % 3
WRONG = {
    "fewer labels": ((IMAGES, LABELS[1:]), {}, "one label for each of 30 images; got 29"),
    "labels that are huge": ((IMAGES, LABELS * 10**10), {}, "to 2147483647; got 0 to 20000000000"),
    "labels that are floats": ((IMAGES, LABELS / 2), {}, "labels as integers of shape"),
    "test labels that are words": (
        (IMAGES, LABELS), {"test": (IMAGES, ["one"] * 30)}, "expected test labels as numbers, like the training labels",
    ),
    "test labels of an unknown word": (
        (IMAGES, ["a", "c", "d"] * 10), {"test": (IMAGES, ["b"] * 30)}, "among the training labels: a, c, d; got b",
    ),
    "one-hot labels": ((IMAGES, np.eye(3, dtype=int)[LABELS]), {}, "labels as integers of shape"),
    "no images": ((IMAGES[:0], LABELS[:0]), {}, "N at least 1; got shape (0, 4, 4)"),
    "images of no pixels": ((IMAGES[:, :0], LABELS), {}, "at least one pixel; got shape (30, 0, 4)"),
    "one number": ((7, LABELS), {}, "expected images of shape (N, ...)"),
    "rows that differ": (([[1, 2], [3]], LABELS), {}, "expected images as an array; got list"),
    "pixels above 255": ((IMAGES + np.int32(256), LABELS), {}, "expected integer pixels from 0 to 255"),
    "pixels that are floats up to 255": ((IMAGES + 255.0, LABELS), {}, "float pixels from 0 (paper) to 1"),
    "not a number": ((IMAGES * np.nan, LABELS), {}, "float pixels from 0 (paper) to 1"),
    "truth values": ((IMAGES > 0, LABELS), {}, "images as integers 0..255 or floats 0..1; got bool"),
    "all held back": ((IMAGES, LABELS), {"validation": 30}, "fewer than the 30 images (--validation); got 30"),
    "test images of another size": (
        (IMAGES, LABELS),
        {"test": (IMAGES[:, 1:], LABELS)},
        "images and test images of one size; got (4, 4) and (3, 4)",
    ),
    "test labels of another class": (
        (IMAGES, LABELS),
        {"test": (IMAGES, LABELS + 1)},
        "expected test labels up to 2, the largest training label; got 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_fit_together_is_one_error(what):
    arrays, options, message = WRONG[what]
    with pytest.raises(DataError) as caught:
        handgrad.fit(*arrays, epochs=1, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_it_cannot_write_is_said_before_any_work(some, tmp_path):
    (tmp_path / "notes").write_text("not to be lost")
    seen = []
    with pytest.raises(ModelFileError, match="notes: "):
        handgrad.fit(*some, out=tmp_path / "notes", on_epoch=seen.append, **SMALL)
    assert (tmp_path / "notes").read_text() == "not to be lost"
    data = runs.split(*some)
    with pytest.raises(ModelFileError, match="cannot be written: No such file or directory"):
        runs.start(data, RECIPES["quick"], out=tmp_path / "none" / "m")
    assert seen == []


def test_choices_that_cannot_be_are_named():
    for options, error, message in (
        ({"recipe": "slow"}, ValueError, "recipe to be one of lesson, quick, best, or a Recipe; got 'slow'"),
        ({"engine": "steam"}, HandgradError, "an engine among auto, ink, numpy, torch; got 'steam'"),
        ({"hiden": 3}, TypeError, "hiden"),
        ({"hidden": 0}, ValueError, "hidden to be a whole number"),
        ({"seed": -1}, ValueError, "seed to be 0 or more; got -1"),
    ):
        with pytest.raises(error, match=message):
            handgrad.fit(IMAGES, LABELS, **options)


def test_a_seed_of_numpys_is_a_seed(some, tmp_path):
    for name, seed in (("ours", 5), ("theirs", np.int64(5))):
        handgrad.fit(*some, engine=engine("ink", threads=1), seed=seed, out=tmp_path / name, **SMALL)
    assert digest(tmp_path / "ours") == digest(tmp_path / "theirs")


def test_fit_is_imported_when_it_is_asked_for():
    program = "import handgrad, sys; assert not {'numpy', 'handgrad.runs'} & set(sys.modules); handgrad.fit"
    subprocess.run([sys.executable, "-c", program], check=True)
    program = "from handgrad import fit; from handgrad.runs import fit as f; assert fit is f"
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="module 'handgrad' has no attribute 'fitt'"):
        _ = handgrad.fitt
