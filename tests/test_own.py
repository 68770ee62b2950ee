"""Images of one's own: prepared by the photo pipeline, cut from sheets, and learnt by a trained network."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import handgrad
from handgrad import digits, model_file, network, pretrained, runs
from handgrad.errors import DataError, ImageError, ModelFileError
from handgrad.model import Model
from handgrad.photos import prepare
from handgrad.photos.known import known_digits
from handgrad.photos.scoring import second_network
from handgrad.recipes import Recipe

import own_hands


@pytest.fixture(scope="module")
def pencil(mnist):
    """MNIST's digits as faint pencil on paper: images and labels to train with and to test with."""

    def faint(images, rng):
        return np.clip(235 - 0.25 * images + rng.normal(0, 3, images.shape), 0, 255).astype(np.uint8)

    rng = np.random.default_rng(0)
    (images, labels), (test_images, test_labels) = mnist
    return (
        (faint(images[:500], rng), labels[:500].astype(np.uint8)),
        (faint(test_images[:100], rng), test_labels[:100].astype(np.uint8)),
    )


@pytest.fixture
def files(pencil, tmp_path):
    """The same as the options of a command, for training and for testing."""
    (a, b), (c, d) = pencil
    for name, array in {"a": a, "b": b, "c": c, "d": d}.items():
        digits.write_idx(tmp_path / name, array)
    return [("--images", tmp_path / one, "--labels", tmp_path / other) for one, other in ("ab", "cd")]


@pytest.fixture(scope="module")
def small(mnist):
    """A small network that learnt from MNIST, with its checksum; quick to go on with."""
    images, labels = mnist[0]
    model = handgrad.fit(images[:20_000], labels[:20_000], "quick", hidden=64)
    return replace(model, data_checksum=digits.checksum(images, labels))


@pytest.fixture
def few_beside(monkeypatch):
    """Fewer of MNIST's digits beside one's own, where their number does not matter."""
    monkeypatch.setattr(runs.beginning, "BESIDE", 500)


@pytest.fixture(scope="module")
def own():
    """Digits of a hand whose 1 has a long upstroke: 4 of each to learn from, 10 of each to try."""
    hand = own_hands.hand(8)
    return [own_hands.samples(hand, each, np.random.default_rng(each)) for each in (4, 10)]


def test_faint_pencil_is_read_once_it_is_prepared(pencil):
    images, labels = pencil[1]
    prepared = prepare(images)
    assert (prepared.images.shape, prepared.images.dtype) == ((100, 28, 28), np.uint8)
    assert prepared.left_out == ()
    box = pretrained.load()
    assert (box.predict(images) == labels).mean() < 0.5
    assert (box.predict(prepared.images) == labels).mean() > 0.97


def test_images_of_any_size_are_prepared_and_blank_ones_left_out(mnist):
    image = mnist[0][0][7]
    large = 255 - np.kron(np.pad(image, 20), np.ones((4, 4), np.uint8))
    prepared = prepare([large, np.full((50, 40), 255, np.uint8), image, np.zeros((28, 28), np.uint8)])
    assert prepared.rows.tolist() == [0, 2]
    assert prepared.left_out == (1, 3)
    np.testing.assert_array_equal(prepared.images[1], image)
    assert pretrained.load().predict(prepared.images).tolist() == [mnist[0][1][7]] * 2
    done = []
    prepare([image] * 3, done.append, threads=2)
    assert done == [1, 2, 3]


def test_the_parts_of_a_digit_are_prepared_together():
    """A 4 of two strokes that do not meet keeps both."""
    page = np.full((300, 240), 255, np.uint8)
    page[60:150, 70:78] = page[142:150, 70:120] = 0  # down, and across
    page[70:240, 130:138] = 0  # the long stroke, ten pixels further to the right
    (image,) = prepare([page]).images
    left, right = image[:, :14].any(axis=1), image[:, 14:].any(axis=1)
    assert left.sum() > 8
    assert right.sum() > 15
    assert pretrained.load().predict(image[None]).tolist() == [4]


def test_a_prepared_network_is_asked_with_prepared_images(run, files, tmp_path):
    train, test = files
    model = tmp_path / "m"
    code, out, err = run("train", *train, "--prepare", "--epochs", 8, "--out", model, "--json")
    assert code == 0
    assert "note:" not in err
    assert model_file.load(model).prepared
    assert model_file.load(model).image_shape == (28, 28)
    code, out, _ = run("evaluate", model, *test, "--json")
    assert json.loads(out)["accuracy"] > 0.7
    code, out, _ = run("evaluate", *test, "--json")
    unprepared = json.loads(out)["accuracy"]
    code, out, _ = run("evaluate", *test, "--prepare", "--json")
    assert json.loads(out)["accuracy"] > 0.97 > unprepared
    code, out, _ = run("explain", "--row", 0, "--model", model, *test, "--json")
    assert (code, json.loads(out)["label"]) == (0, 7)
    code, out, err = run("calibrate", "--out", tmp_path / "calibrated", *test, "--prepare")
    assert (code, out) == (1, "")
    assert "to calibrate; got 100 images with" in err  # of the prepared images too few are read wrongly


def test_a_prepared_run_is_resumed_with_prepared_images(run, files, pencil, tmp_path, monkeypatch):
    from handgrad.cli import running

    (images, labels), _ = pencil
    digits.write_idx(tmp_path / "a", images[:80])  # preparing takes its time, and happens three times
    digits.write_idx(tmp_path / "b", labels[:80])
    words = ["train", *files[0], "--prepare", "--epochs", 2, "--hidden", 16]
    assert run(*words, "--out", tmp_path / "whole")[0] == 0
    shown = running._line

    def interrupted(progress, *rest):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_line", interrupted)
    code, _, _ = run(*words, "--out", tmp_path / "halves")
    assert code == 130
    monkeypatch.setattr(running, "_line", shown)
    assert run("train", "--resume", tmp_path / "halves", *files[0])[0] == 0
    assert (tmp_path / "halves").read_bytes() == (tmp_path / "whole").read_bytes()


def test_images_without_a_digit_are_counted_and_named(run, files, pencil, tmp_path):
    (images, labels), _ = pencil
    images = images[:100].copy()
    images[[5, 17]] = 235
    digits.write_idx(tmp_path / "a", images)
    digits.write_idx(tmp_path / "b", labels[:100])
    code, _, err = run("train", *files[0], "--prepare", "--epochs", 1, "--out", tmp_path / "m")
    assert code == 0
    assert "note: 2 of 100 images are left out: no digit was found in them (rows 5, 17)\n" in err
    digits.write_idx(tmp_path / "a", np.full((3, 28, 28), 235, np.uint8))
    digits.write_idx(tmp_path / "b", labels[:3])
    code, _, err = run("train", *files[0], "--prepare", "--out", tmp_path / "m")
    assert (code, err.count("\n")) == (1, 1)
    assert "expected images of digits to prepare; no digit was found in any of 3" in err


def test_a_few_digits_of_ones_own_are_learnt_and_mnist_is_not_forgotten(small, own, mnist, figure):
    (images, labels), mine = own
    model = runs.fit(images, labels, begin=small)
    test = mnist[1]
    before, after = own_hands.share(small, *mine), own_hands.share(model, *mine)
    kept = own_hands.share(model, *test) - own_hands.share(small, *test)
    figure(
        "own digits before and after --from, 64 hidden units", f"{before:.1%}, {after:.1%}; MNIST {kept:+.2%}"
    )
    assert after > before + 0.15
    assert kept > -0.01
    assert model.classes == small.classes
    assert model.began == small.data_checksum
    assert model.data_checksum == digits.checksum(images, labels)
    assert (model.recipe_name, model.recipe.hidden, model.recipe.learning_rate) == ("fine-tune", 64, 0.75)


@pytest.mark.usefixtures("few_beside")
def test_the_run_begins_with_the_weights_of_the_model(small, own):
    data = runs.split(*own[0], 0)
    recipe = replace(runs.Beginning(small).recipe(), learning_rate=0.0, epochs=1)
    *_, last = runs.start(data, recipe, begin=small)
    for p, q in zip(last.model.params, small.params, strict=True):
        np.testing.assert_array_equal(p, q)


def test_mnists_digits_are_seen_beside_ones_own(small, own, mnist):
    run = runs.start(runs.split(*own[0], 10), begin=small)
    assert run.data.held_back == 10
    times = round(0.05 * 20_000 / 30)
    assert len(run.data.images) == 20_000 + 30 * times
    np.testing.assert_array_equal(run.data.images[:30], run.data.given[0][:30])
    rows = np.linspace(0, 59_999, 20_000).astype(int)
    np.testing.assert_array_equal(run.data.images[30 * times :], mnist[0][0][rows])
    alone = runs.start(runs.split(*own[0], 10), begin=replace(small, data_checksum="of other data"))
    assert len(alone.data.images) == 30


@pytest.mark.usefixtures("few_beside")
def test_a_fine_tuned_network_keeps_the_calibration_until_it_has_its_own(small, own):
    calibrated = replace(small, calibration=pretrained.load().calibration)
    model = runs.fit(*own[0], begin=calibrated, epochs=1)
    assert model.calibration == replace(calibrated.calibration, source="given")
    assert model.held_back is None


@pytest.mark.usefixtures("few_beside")
def test_the_second_network_reads_along_with_a_fine_tuned_one(small, own):
    assert second_network(runs.fit(*own[0], begin=small, epochs=1)) is pretrained.load_whole()
    letters = runs.fit(own[0][0], np.array(list("abcdefghij"))[own[0][1]], begin=small, epochs=1)
    assert second_network(letters) is None


@pytest.mark.usefixtures("few_beside")
def test_other_classes_get_a_new_last_layer(small, own):
    names = np.array(list("abcdefghij"))[own[0][1]]
    model = runs.fit(own[0][0], names, begin=small, epochs=30, validation=0)
    assert model.classes == tuple("abcdefghij")
    assert model.began is None
    assert model.params.W1.shape == small.params.W1.shape
    assert (model.predict(own[0][0]) == names).mean() > 0.8


def test_labels_of_some_classes_leave_the_others_as_they_are(small, own, mnist):
    """Of digits from 0 to 5 only: the network still has ten classes, and reads the others."""
    few = own[0][1] <= 5
    model = runs.fit(own[0][0][few], own[0][1][few], begin=small)
    assert model.classes == tuple(range(10))
    others = mnist[1][1] > 5
    assert own_hands.share(model, mnist[1][0][others], mnist[1][1][others]) > 0.9


@pytest.mark.usefixtures("few_beside")
def test_a_fine_tuning_run_is_resumed_to_the_same_bytes(small, own, tmp_path):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    list(runs.start(runs.split(*own[0], 0), None, 3, whole, begin=small))
    for progress in runs.start(runs.split(*own[0], 0), None, 3, halves, begin=small):
        if progress.epoch.epoch == 2:
            break
    list(runs.resume(halves, runs.split(*own[0])))
    assert halves.read_bytes() == whole.read_bytes()
    assert model_file.load(whole).began == small.data_checksum
    assert len(list(runs.resume(whole, runs.split(*own[0]), epochs=7))) == 2  # and continued
    with pytest.raises(DataError, match="their checksum differs"):
        runs.resume(whole, runs.split(*own[1]))


def test_a_model_that_does_not_fit_is_refused(small, own):
    with pytest.raises(
        DataError, match=r"expected images of 28 x 28 pixels, as the model has; got 14 x 14 \(--prep"
    ):
        runs.start(runs.split(own[0][0][:, ::2, ::2], own[0][1]), begin=small)
    with pytest.raises(ValueError, match="expected hidden as the model has, to begin with it; got others"):
        runs.start(runs.split(*own[0]), Recipe(hidden=8), begin=small)
    with pytest.raises(ValueError, match="expected a recipe, or a model to begin with"):
        runs.start(runs.split(*own[0]))


def test_a_model_without_a_recipe_and_strips_of_pixels_can_be_begun_with(rng):
    params = network.init_params(12, 5, 3, rng, dtype=np.float32)
    model = Model(params, image_shape=(1, 12))
    images, labels = rng.integers(0, 256, (60, 1, 12)).astype(np.uint8), np.arange(60) % 3
    assert runs.fit(images, labels, begin=model).recipe.distortion is None


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A photograph of five lines 0 to 9 by a hand, and one of other digits with their text."""
    folder, hand = tmp_path_factory.mktemp("sheets"), own_hands.hand(8)
    texts = {"sheet": ["0123456789"] * 3, "other": ["3141592", "2718281"]}
    for seed, (name, lines) in enumerate(texts.items()):
        photo = own_hands.sheet(hand, lines, np.random.default_rng(seed))
        Image.fromarray(photo).save(folder / f"{name}.png")
    return folder


def test_from_a_sheet_to_a_network(run, written, small, tmp_path):
    """cut, train --from, predict."""
    model_file.save(tmp_path / "small", small)
    code, out, err = run(
        "data", "cut", written / "sheet.png", "--labels", "0123456789", "--out", tmp_path / "digits"
    )
    assert (code, err) == (0, "")
    assert out.startswith("30 digits: 3 of 0, 3 of 1,")
    assert sorted(path.name for path in (tmp_path / "digits").iterdir()) == list("0123456789")
    with Image.open(tmp_path / "digits" / "7" / "sheet-2-8.png") as picture:
        assert (picture.size, picture.mode) == ((28, 28), "L")
    train = ("train", "--from", tmp_path / "small", "--data", tmp_path / "digits", "--out", tmp_path / "mine")
    code, out, err = run(*train)
    assert code == 0
    assert "30 images, each 33 times, beside 20,000 of MNIST's" in err
    assert "note:" not in err
    other = known_digits(pretrained.load(), str(written / "other.png"), ["3141592", "2718281"])
    shown = np.stack([one.image for one in other.digits]), np.array([int(one.label) for one in other.digits])
    assert own_hands.share(model_file.load(tmp_path / "mine"), *shown) > own_hands.share(small, *shown) + 0.1


def test_the_labels_of_each_line(written):
    box = pretrained.load()
    sheet = known_digits(box, str(written / "other.png"), ["3141592", "2718281"])
    assert "".join(one.label for one in sheet.digits) == "31415922718281"
    assert [(one.line, one.place) for one in sheet.digits][6:8] == [(1, 7), (2, 1)]
    assert sheet.left_out == []
    repeated = known_digits(box, str(written / "other.png"), ["1", "12"])  # seven times 1; 12 does not fit
    assert [one.label for one in repeated.digits] == ["1"] * 7
    (line,) = repeated.left_out
    assert line.startswith("line 2: expected 12, once or several times; found 7 digits, read as ")
    with pytest.raises(ImageError, match=r"expected 3 lines of digits, one for each of the labels; found 2"):
        known_digits(box, str(written / "other.png"), ["1", "2", "3"])
    with pytest.raises(ImageError, match="no digit found"):
        known_digits(box, np.full((90, 90), 255, np.uint8), ["1"])


def test_what_cut_says(run, written, tmp_path):
    sheet, out = written / "sheet.png", tmp_path / "digits"
    code, told, err = run("data", "cut", sheet, "--labels", "9876543210", "--out", out, "--json")
    assert code == 0
    assert "of 30 digits are read as their labels; are the labels right?" in err
    assert len(json.loads(told)["pictures"]) == 30
    code, _, err = run("data", "cut", sheet, "--labels", "01234567890", "--out", out)
    assert code == 1
    assert err.count("the line is left out") == 3
    assert "no line shows the digits that --labels names; nothing was written" in err
    for labels in ("", "a", "1,,2"):
        code, _, err = run("data", "cut", sheet, "--labels", labels, "--out", out)
        assert code == 2
        assert "--labels: expected digits, and commas between lines" in err
    code, _, err = run("data", "cut", sheet, sheet, "--labels", "1", "--out", out)
    assert "expected pictures of different names" in err
    code, _, err = run("data", "cut", tmp_path / "none.png", "--labels", "1", "--out", out)
    assert code == 1
    assert err.count("none.png") == 1


def test_cut_replaces_its_own_pictures_and_no_others(run, written, tmp_path):
    words = ("data", "cut", written / "sheet.png", "--labels", "0123456789", "--out", tmp_path)
    assert run(*words)[0] == 0
    assert run(*words)[0] == 0
    other = tmp_path / "7" / "sheet-2-8.png"
    other.write_text("Dear Ann,")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.png")}
    code, _, err = run(*words)
    assert (code, err.count("\n")) == (1, 1)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.png")} == before, (
        "all are asked first"
    )
    assert "sheet-2-8.png: exists and is not a PNG image made by handgrad" in err
    assert other.read_text() == "Dear Ann,"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--hidden", 9), "--from takes the network, and a recipe to fine-tune it; leave out --hidden"),
        (("--recipe", "best"), "leave out --recipe"),
        ((), "--from goes with images of your own"),
    ],
)
def test_from_refuses_what_the_weights_have_decided(words, line, run, tmp_path):
    code, _, err = run("train", "--from", "box", "--out", tmp_path / "m", *words)
    assert code == 2
    assert line in err


def test_from_an_unfinished_run_or_no_model_is_one_line(run, small, own, files, tmp_path):
    next(iter(runs.start(runs.split(*own[0], 0), out=tmp_path / "half", begin=small)))
    code, _, err = run("train", "--from", tmp_path / "half", *files[0], "--out", tmp_path / "m")
    assert (code, err.count("\n")) == (1, 1)
    assert "its run is not finished; continue it first" in err
    code, _, err = run("train", "--from", tmp_path / "nothing", *files[0], "--out", tmp_path / "m")
    assert (code, err.count("\n")) == (1, 1)
    assert "no such model file" in err


def test_the_file_says_what_a_run_began_with(small, tmp_path):
    model_file.save(tmp_path / "m", replace(small, began="0123", prepared=True))
    loaded = model_file.load(tmp_path / "m")
    assert (loaded.began, loaded.prepared) == ("0123", True)
    model_file.save(tmp_path / "n", small)
    assert b"began" not in (tmp_path / "n").read_bytes()
    damaged = (tmp_path / "m").read_bytes().replace(b'"prepared":"true"', b'"prepared":"5555"')
    (tmp_path / "m").write_bytes(damaged)
    with pytest.raises(ModelFileError, match="expected the metadata's prepared to be bool"):
        model_file.load(tmp_path / "m")
