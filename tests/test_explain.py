"""Explanations: sums that hold to the last bit, an affine map that is one, tables that add up, a picture."""

import importlib.util
import io
import itertools
import json
import math
import random
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from handgrad import digits, layers, model_file, network, templates
from handgrad.cli import main
from handgrad.errors import DataError
from handgrad.insight import plots, plots_explain
from handgrad.insight.explain import collapse, explain
from handgrad.model import Model
from handgrad.photos import read_picture
from handgrad.photos.reading import read

ACTIVATIONS = ("relu", "leaky_relu", "none", "tanh", "sigmoid")


def made(H=12, D=30, C=4, activation="relu", bias=True, loss="l2", seed=0, scale=1.0, **facts):
    """A model of random parameters, biases included."""
    rng = np.random.default_rng(seed)
    params = network.init_params(D, H, C, rng, bias)
    if bias:
        params = params._replace(b1=rng.normal(0, 0.3, H), b2=rng.normal(0, 0.3, C))
    return Model(network.map_params(lambda p: scale * p, params), activation=activation, loss=loss, **facts)


def exact(terms):
    """The sum of the terms as a fraction: nothing is rounded."""
    return sum((Fraction(float(term)) for term in terms), Fraction(0))


def sums_in_any_order(terms, total):
    """Whether float64 adds the terms to the total, == and not about, in whatever order."""
    terms = [float(term) for term in terms]
    orders = [terms, terms[::-1], sorted(terms), random.Random(0).sample(terms, len(terms))]
    return all(list(itertools.accumulate(order))[-1] == total for order in orders) and exact(terms) == total


@pytest.fixture(scope="module")
def mean_templates(mnist):
    return templates.fit(*mnist[0])


@pytest.fixture(scope="module")
def reader(mean_templates):
    """A network that reads as the mean-image templates do, with some more units; no training is needed."""
    rng = np.random.default_rng(1)
    params = templates.init_from(mean_templates, 48, rng)
    votes = rng.normal(0, 0.02, params.W2.shape)
    return Model(params._replace(W2=params.W2 + votes))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("loss", ["l2", "cross_entropy"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_contributions_sum_to_the_score_to_the_last_bit(activation, loss, bias, rng):
    for seed, scale in enumerate((1.0, 1.0, 37.5, 1e-3)):
        model = made(activation=activation, loss=loss, bias=bias, seed=seed, scale=scale)
        image = rng.random(30)
        told = explain(model, image)
        for c in range(4):
            assert sums_in_any_order([*told.contributions[c], told.bias[c]], told.z[c])
            assert sums_in_any_order([*told.pixels[c], told.pixel_bias[c]], told.z[c])
            difference = [*(told.pixels[0] - told.pixels[c]), told.pixel_bias[0] - told.pixel_bias[c]]
            assert sums_in_any_order(difference, told.z[0] - told.z[c])
        wide = network.map_params(lambda p: p.astype(np.float64), model.params)
        cache = network.forward(wide, image[None], activation)
        size = np.abs(told.contributions).sum(axis=1) + np.abs(told.pixels).sum(axis=1) + np.abs(told.bias)
        assert np.all(np.abs(told.z - cache.z[0]) <= 30 * 2**-49 * size.max())
        np.testing.assert_allclose(told.contributions, wide.W2 * cache.h[0], atol=2**-49 * size.max())
        np.testing.assert_allclose(told.y, model.scores(image)[0], rtol=2e-4, atol=1e-7)
        assert told.answer == model.predict(image)[0]
        slopes = told.pixel_templates @ np.linalg.pinv(wide.W1) / wide.W2  # D > H: W1 can be undone
        f0 = layers.ACTIVATIONS[activation][0](np.zeros(1))
        left = wide.W2 @ (slopes[0] * (0 if wide.b1 is None else wide.b1) + f0)
        left += 0 if wide.b2 is None else wide.b2
        np.testing.assert_allclose(told.pixel_bias, left, rtol=1e-9, atol=1e-9 * size.max())


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "none"])
def test_a_piecewise_network_is_the_map_that_is_shown(activation, rng):
    """Near the image, as long as no unit switches, z = M x + bias for other images too."""
    model, image = made(activation=activation), 0.25 + 0.5 * rng.random(30)
    told, checked = explain(model, image), 0
    for _ in range(200):
        other = explain(model, np.clip(image + rng.normal(0, 0.02, 30), 0, 1))
        if ((other.a > 0) == (told.a > 0)).all():
            checked += 1
            np.testing.assert_allclose(told.pixel_templates @ other.x + told.pixel_bias, other.z, atol=1e-12)
    assert checked > 20


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_where_a_network_bends_the_map_is_of_this_image_alone(activation, rng):
    model, image = made(activation=activation), rng.random(30)
    told, other = explain(model, image), explain(model, 1 - image)
    assert np.abs(told.pixel_templates @ other.x + told.pixel_bias - other.z).max() > 1e-3
    assert told.to_dict()["pixels"]["map"] == "chord"
    assert explain(made(), image).to_dict()["pixels"]["map"] == "affine"


def test_without_a_non_linearity_the_map_is_the_collapsed_network(rng):
    model = made(activation="none")
    W, b = collapse(network.map_params(lambda p: p.astype(np.float64), model.params))
    for image in (rng.random(30), np.zeros(30)):
        told = explain(model, image)
        np.testing.assert_allclose(told.pixel_templates, W, atol=1e-12)
        np.testing.assert_allclose(told.pixel_bias, b, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_unit_whose_agreement_is_exactly_zero_has_the_slope_of_the_curve(activation):
    model = made(activation=activation, bias=False)
    told = explain(model, np.zeros(30))
    assert not told.a.any()
    slope = {"relu": 0, "leaky_relu": 0.01, "none": 1, "tanh": 1, "sigmoid": 0.25}[activation]
    W1, _, W2, _ = network.map_params(lambda p: p.astype(np.float64), model.params)
    np.testing.assert_allclose(told.pixel_templates, slope * W2 @ W1, atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_weights_of_any_size_give_exact_finite_sums(activation, rng):
    for scale in (1e-40, 1e-12, 1e12, 1e37):
        told = explain(made(activation=activation, scale=scale), rng.random(30))
        for c in range(4):
            assert math.isfinite(told.z[c])
            assert sums_in_any_order([*told.contributions[c], told.bias[c]], told.z[c])
            assert sums_in_any_order([*told.pixels[c], told.pixel_bias[c]], told.z[c])
    nothing = explain(made(scale=0.0), rng.random(30))
    assert not nothing.z.any()
    assert (nothing.answer, nothing.versus) == (0, 1)


def test_two_thousand_units_on_real_digits(mnist, figure):
    model, worst = made(2048, 784, 10, seed=3), 0.0
    for image in mnist[1][0][:5]:
        told = explain(model, image)
        for c in range(10):
            assert sums_in_any_order([*told.contributions[c], told.bias[c]], told.z[c])
            assert sums_in_any_order([*told.pixels[c], told.pixel_bias[c]], told.z[c])
        worst = max(worst, np.abs(told.y - model.scores(image)[0]).max())
    assert worst < 1e-5
    figure("explained outputs against the model's float32, the network in the box", f"{worst:.1e}")


def test_the_strongest_units_are_those_of_the_largest_terms(mnist, reader):
    told = explain(reader, mnist[1][0][8])
    for c in range(10):
        terms = sorted(((float(v), k) for k, v in enumerate(told.contributions[c])), reverse=True)
        speaking, opposing = told.strongest(c, 3)
        assert speaking == [k for v, k in terms[:3] if v > 0]
        assert opposing == [k for v, k in terms[::-1][:3] if v < 0]
        added, taken = told.balance(c)
        assert added == sum(v for v, _ in terms if v > 0)
        assert taken == sum(v for v, _ in terms if v < 0)
    everything = [k for side in told.strongest(0, 10**6) for k in side]
    assert sorted(everything) == np.flatnonzero(told.contributions[0]).tolist()  # silent units are on no side


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("most", [0, 1, 5, 1000])
def test_the_document_adds_up_after_it_was_written_and_read(activation, most, rng):
    model = made(activation=activation, bias=activation == "relu")
    document = json.loads(json.dumps(explain(model, rng.random(30)).to_dict(most)))
    assert len(document["digits"]) == 4
    for digit in document["digits"]:
        listed = sum(unit["contribution"] for unit in digit["units"])
        assert listed == digit["listed"]
        assert listed + digit["others"] + digit["bias"] == digit["z"]
        assert digit["for"] + digit["against"] + digit["bias"] == digit["z"]
        assert digit["units_for"] + digit["units_against"] <= 12
        assert len(digit["units"]) == min(most, digit["units_for"]) + min(most, digit["units_against"])
        for unit in digit["units"]:
            assert unit["h"] * unit["vote"] == pytest.approx(unit["contribution"], abs=1e-12)
    assert [part["digit"] for part in document["pixels"]["digits"]] == [
        document["answer"],
        document["versus"],
    ]
    scores = {digit["digit"]: digit["z"] for digit in document["digits"]}
    for part in document["pixels"]["digits"]:
        assert sum(map(sum, part["contributions"])) == part["sum"]
        assert part["sum"] + part["bias"] == scores[part["digit"]]


def test_the_baseline_says_what_the_templates_say(mnist, mean_templates, reader):
    images = mnist[1][0][:40]
    answers = [explain(reader, image, mean_templates).baseline_answer for image in images]
    assert answers == templates.predict(mean_templates, images).tolist()
    told = explain(reader, images[0], mean_templates)
    truth = [float((template * images[0].astype(float) / 255).sum()) for template in mean_templates]
    np.testing.assert_allclose(told.to_dict()["baseline"]["agreement"], truth, rtol=1e-12)
    assert explain(reader, images[0]).to_dict()["baseline"] is None


def test_answer_runner_up_and_another_class_to_compare_with(rng):
    model = made(classes=("a", "b", "c", "d"), seed=5)
    image = rng.random(30)
    told = explain(model, image)
    order = [model.classes[c] for c in np.argsort(-model.scores(image)[0])]
    assert [told.answer, told.versus] == order[:2]
    assert explain(model, image, versus=order[3]).versus == order[3]
    assert repr(told).startswith(f"Explanation({order[0]!r} 0.")
    with pytest.raises(DataError, match="expected one of a, b, c, d; got 'e'"):
        explain(model, image, versus="e")
    with pytest.raises(DataError, match=f"{order[0]} is the answer; compare it with another"):
        explain(model, image, versus=order[0])


def test_one_image_in_any_shape_and_nothing_else(rng):
    model = made(D=36)
    image = rng.integers(0, 256, (6, 6), dtype=np.uint8)
    z = explain(model, image).z
    for same in (image.ravel(), image[None], image / 255, image.tolist()):
        np.testing.assert_array_equal(explain(model, same).z, z)
    for bad in (image[:5], np.stack([image, image]), image + 300.0, np.full(36, np.nan), 5, np.zeros(0)):
        with pytest.raises(DataError, match="expected"):
            explain(model, bad)


@pytest.fixture
def run(capsys, monkeypatch, mnist):
    """run(*words) -> exit code, stdout, stderr; never a traceback, and a failure is one line."""
    monkeypatch.setattr(digits, "load_mnist", lambda: mnist)  # it was read already

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert code == 0 or (out == "" and err.count("\n") == 1)
        return code, out, err

    return run


@pytest.fixture(scope="module")
def saved(reader, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "m.safetensors"
    model_file.save(path, reader)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A model of 8 x 8 images, and IDX files of such images."""
    folder = tmp_path_factory.mktemp("small")
    model_file.save(folder / "m.safetensors", made(8, 64, 3, "tanh", seed=2))
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)
    digits.write_idx(folder / "images", images)
    digits.write_idx(folder / "labels", np.array([0, 1, 2, 0, 1], np.uint8))
    return folder


@pytest.mark.parametrize("units", [0, 2, 5, 100_000])
def test_the_columns_of_the_table_add_up_as_printed(run, saved, units):
    code, out, err = run("explain", "--row", 8, "--model", saved, "--units", units)
    assert (code, err) == (0, f"network: {saved}\n")
    lines = out.splitlines()
    assert re.match(
        r"row 8 of MNIST's test images: read as \d, (rightly|but it is 5); the mean-image templates say 2$",
        lines[0],
    )
    assert len(lines) < 150
    rows = [line.split() for line in lines[3:13]]
    assert [row[0] for row in rows] == list("0123456789")
    for _, added, taken, bias, z, _, _ in rows:
        assert Decimal(added) + Decimal(taken) + Decimal(bias) == Decimal(z)
    scores = {row[0]: row[4] for row in rows}
    questions = re.findall(r"why(?: not)? (\d)", lines[14])
    for column, name in enumerate(questions):
        numbers, sums = [], []
        for line in lines[16:]:
            cell = line[45 * column : 45 * column + 42].rstrip()
            if re.match(r"  z ", cell):
                assert cell.split()[1] == scores[name]
                sums.append(sum(numbers))
                numbers = []
            elif cell.strip():
                numbers.append(Decimal(cell.split()[-1]))
        assert sums == [Decimal(scores[name])] * 2  # once over the units, once over the ink


def test_json_of_a_row_knows_its_label_and_compares_with_it(run, saved, reader, mnist, mean_templates):
    wrong = int(np.flatnonzero(reader.predict(mnist[1][0][:500]) != mnist[1][1][:500])[0])
    code, out, _ = run("explain", "--row", wrong, "--model", saved, "--json", "--units", 2)
    document = json.loads(out)
    assert code == 0
    label = int(mnist[1][1][wrong])
    assert document["label"] == document["versus"] == label != document["answer"]
    assert (document["row"], document["file"], document["box"], document["picture"]) == (
        wrong,
        None,
        None,
        None,
    )
    told = explain(reader, mnist[1][0][wrong], mean_templates, versus=label)
    facts = ("model", "file", "row", "number", "found", "box", "label", "picture")
    assert document["model"] == str(saved)
    assert {key: value for key, value in document.items() if key not in facts} == told.to_dict(2)
    other = next(c for c in range(10) if c not in (label, document["answer"]))
    code, out, _ = run("explain", "--row", wrong, "--model", saved, "--json", "--versus", other)
    assert json.loads(out)["versus"] == other


def test_the_baseline_is_asked_only_where_the_network_reads_digits(run, reader, tmp_path, mnist):
    for facts, asked in (
        ({"data_checksum": digits.checksum(*mnist[0])}, True),
        ({"data_checksum": "0" * 64}, False),
        ({"classes": tuple("abcdefghij")}, False),
    ):
        model_file.save(tmp_path / "m", replace(reader, **facts))
        document = json.loads(run("explain", "--row", 0, "--model", tmp_path / "m", "--json")[1])
        assert (document["baseline"] is not None) == asked


def test_rows_of_other_files(run, small):
    common = ("explain", "--model", small / "m.safetensors", "--images", small / "images", "--row", 4)
    document = json.loads(run(*common, "--json")[1])
    assert document["label"] is None
    assert np.shape(document["pixels"]["digits"][0]["contributions"]) == (8, 8)
    assert document["baseline"] is None
    assert json.loads(run(*common, "--labels", small / "labels", "--json")[1])["label"] == 1
    assert "tanh is not linear" in run(*common)[1]


def test_a_picture_is_explained_as_it_is_read(run, saved, reader, mnist, tmp_path):
    page = np.full((120, 330), 255, np.uint8)
    for i, row in enumerate((0, 1)):
        big = Image.fromarray(mnist[1][0][row]).resize((112, 112), Image.Resampling.BICUBIC)
        page[4:116, 20 + 160 * i : 132 + 160 * i] -= np.asarray(big)
    Image.fromarray(page).save(tmp_path / "page.png")
    (line,) = read(reader, read_picture(tmp_path / "page.png"))
    assert len(line) == 2
    for number, reading in enumerate(line, 1):
        words = ("explain", tmp_path / "page.png", "--model", saved, "--digit", number)
        document = json.loads(run(*words, "--json")[1])
        assert (document["answer"], document["box"]) == (reading.digit, list(reading.box))
        scores = [digit["y"] for digit in document["digits"]]
        np.testing.assert_allclose(scores, reading.scores, atol=1e-6)
        assert (document["number"], document["found"], document["label"]) == (number, 2, None)
        assert f"page.png, digit {number} of 2: read as {reading.digit}" in run(*words)[1]
    code, _, err = run("explain", tmp_path / "page.png", "--model", saved, "--digit", 3)
    assert code == 2
    assert "--digit: expected 1 to 2, the digits that were found; got 3" in err


def test_what_cannot_be_explained_is_one_line(run, saved, small, tmp_path):
    Image.new("L", (60, 60), 255).save(tmp_path / "blank.png")
    digits.write_idx(tmp_path / "labels", np.zeros(5, np.uint8))
    model, images = ("--model", saved), ("--images", small / "images")
    for code, message, *words in (
        (2, "expected one image: a picture, or --row N"),
        (2, "expected one image: a picture, or --row N", tmp_path / "blank.png", "--row", 1),
        (2, "--digit goes with a picture, --images with --row", "--row", 1, "--digit", 1),
        (2, "--digit goes with a picture, --images with --row", tmp_path / "blank.png", *images),
        (2, "--labels goes with --images", "--row", 1, "--labels", tmp_path / "labels"),
        (2, "--row: expected 0 to 9,999, the rows of MNIST's test images; got 10000", "--row", 10_000),
        (2, "--versus: expected one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; got x", "--row", 0, "--versus", "x"),
        (1, "blank.png: no digit found, so there is nothing to explain", tmp_path / "blank.png"),
        (1, "none.png: cannot be read as a picture: No such file", tmp_path / "none.png"),
        (1, "expected images of 784 pixels, as the network has; got 8 x 8", "--row", 0, *images),
        (
            1,
            "expected images, an array of shape (N, ...); got shape (5,)",
            "--row",
            0,
            "--images",
            tmp_path / "labels",
        ),
    ):
        got, _, err = run("explain", *words, *model)
        assert message in err
        assert got == code
    answer = json.loads(run("explain", "--row", 0, *model, "--json")[1])["answer"]
    assert f"{answer} is the answer" in run("explain", "--row", 0, *model, "--versus", answer)[2]
    code, _, err = run("explain", tmp_path / "blank.png", "--model", small / "m.safetensors")
    assert (code, "this model takes 8 x 8; name a row of its own images" in err) == (1, True)
    assert "512" not in run("explain", "--row", 0, "--model", small / "m.safetensors")[1]


def test_the_picture_replaces_nothing_but_a_picture(run, saved, tmp_path, monkeypatch):
    out, words = tmp_path / "out.png", ("explain", "--row", 8, "--model", saved, "--out")
    code, text, _ = run(*words, out)
    assert code == 0
    assert text.endswith(f"picture  {out}\n")
    first = out.read_bytes()
    with Image.open(out) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 800
    code, text, _ = run(*words, out, "--json")
    assert json.loads(text)["picture"] == str(out)
    assert out.read_bytes() == first  # the same explanation gives the same bytes
    (tmp_path / "letter.png").write_text("Dear Ann,")
    (tmp_path / "folder.png").mkdir()
    for name, code, message in (
        (
            "letter.png",
            1,
            "exists and is not a PNG image made by handgrad; choose another name, or remove it",
        ),
        ("folder.png", 1, "exists and is not a PNG image made by handgrad but a folder; choose another name"),
        ("nowhere/x.png", 1, "cannot be written: No such file or directory"),
        ("x.jpg", 2, "--out: expected a name that ends in .png"),
    ):
        got, _, err = run(*words, tmp_path / name)
        assert message in err
        assert got == code
    assert (tmp_path / "letter.png").read_text() == "Dear Ann,"
    code, _, err = run("explain", out, "--model", saved, "--out", out)
    assert (code, "is the file to read; choose another name" in err) == (1, True)
    assert out.read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.png", "letter.png", "out.png"]
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "handgrad.cli.shared.find_spec", lambda name: None if name == "matplotlib" else find_spec(name)
    )
    code, _, err = run(*words, tmp_path / "y.png")
    assert (code, err) == (1, "handgrad: error: --out needs matplotlib: pip install 'handgrad[plot]'\n")


def test_without_out_nothing_is_drawn(saved):
    program = (
        "import sys; from handgrad.cli import main; sys.modules['matplotlib'] = None; "
        f"assert main(['explain', '--row', '8', '--quiet', '--model', {str(saved)!r}]) == 0"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("row 8 of MNIST's test images")


def words_of(figure):
    """All texts of a figure."""
    texts = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        texts += [axes.get_title(), axes.get_xlabel(), *(text.get_text() for text in axes.texts)]
        texts += [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    return [text for text in texts if text]


def titled(figure, title):
    (axes,) = (axes for axes in figure.axes if axes.get_title() == title)
    return axes


def test_the_figure_shows_what_was_computed(mnist, reader, mean_templates):
    told = explain(reader, mnist[1][0][0], mean_templates)
    figure = plots_explain.explained(told, label=7)
    words, checked = words_of(figure), 0
    assert f"read as 7, output {told.y[7]:.2f}, rightly" in words
    assert "Why 7?" in words
    assert f"Why not {told.versus}?" in words
    for c in told.shown:
        for side in told.strongest(c, plots_explain.TILES):
            for k in side:
                vote, added = reader.params.W2[c, k], told.contributions[c, k]
                assert f"unit {k}\na = {told.a[k]:+.2f}".replace("-", "−") in words
                if abs(vote) >= 0.01 and abs(added) >= 0.01:
                    assert f"{told.h[k]:+.2f} × {vote:+.2f}".replace("-", "−") in words
                    assert f"= {added:+.2f}".replace("-", "−") in words
                    checked += 1
        assert f"{told.z[c]:+.2f}".replace("-", "−") in words
    assert checked >= 4
    seen = titled(figure, "as the network sees it").images[0].get_array()
    np.testing.assert_allclose(seen, mnist[1][0][0] / 255)
    overlay = np.asarray(titled(figure, f"why 7 and not {told.versus}").images[0].get_array())
    difference = (told.pixels[told.first] - told.pixels[told.second]).reshape(28, 28)
    strong = np.abs(difference) > 0.5 * np.abs(difference).max()
    red = overlay[..., 0] > overlay[..., 2]
    assert strong.sum() > 3
    np.testing.assert_array_equal(red[strong], difference[strong] > 0)
    assert np.all(overlay[difference == 0] == overlay[difference == 0][:, :1])  # grey where nothing is added


def test_the_picture_as_it_came_stands_beside_it_with_the_digit_framed(mnist, reader):
    told = explain(reader, mnist[1][0][0])
    photo = np.zeros((50, 80, 3), np.uint8)
    figure = plots_explain.explained(told, photo, (10, 5, 20, 30))
    axes = titled(figure, "the picture as it came")
    assert axes.patches[-1].get_bbox().bounds == (10, 5, 20, 30)
    assert axes.images[0].get_array().shape == (50, 80, 3)
    assert not any("mean-image" in word for word in words_of(figure))


@pytest.mark.parametrize(
    "shape",
    [
        {"D": 64, "activation": "tanh"},
        {"D": 30, "activation": "sigmoid", "bias": False, "loss": "cross_entropy"},
        {"C": 1},
        {"C": 2, "H": 1},
        {"D": 1, "C": 3},
        {"C": 200, "D": 49},
        {"classes": ("ankle boot", "sandal", "shirt", "bag"), "scale": 1e4},
        {"scale": 0.0},
        {"scale": 1e-9},
        {"scale": 1e37},
    ],
    ids=str,
)
def test_every_model_can_be_drawn(shape, rng):
    model = made(**shape)
    image = np.zeros(model.pixels) if model.plane == (8, 8) else rng.random(model.pixels)
    told = explain(model, image)
    buffer = io.BytesIO()
    plots_explain.explained(told).savefig(buffer, dpi=20)  # a warning would be an error
    assert buffer.getvalue()[:4] == b"\x89PNG"


def test_a_class_with_dollars_is_a_text_and_no_mathematics(rng):
    """As mathematics the first one is a syntax error."""
    classes = (r"$\frac{$", r"$\frac{y}{z}$", "$a$")
    told = explain(made(C=3, classes=classes), rng.random(30))
    assert plots.png(plots_explain.explained(told))[:4] == b"\x89PNG"


def test_a_notebook_shows_the_picture_and_without_matplotlib_a_line(mnist, reader, monkeypatch):
    told = explain(reader, mnist[1][0][0])
    monkeypatch.setattr(plots, "png", lambda figure: words_of(figure)[0].encode())
    assert told._repr_png_() == f"read as 7, output {told.y[7]:.2f}".encode()
    monkeypatch.setitem(sys.modules, "handgrad.insight.plots_explain", None)
    monkeypatch.delattr("handgrad.insight.plots_explain")
    assert told._repr_png_() is None
