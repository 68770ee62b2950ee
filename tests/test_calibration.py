"""Confidence: measured as the definitions say, fitted where there is something to fit, and right on real digits."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from handgrad import calibration, digits, model_file, network, runs
from handgrad.calibration import HOTTEST, NONE, Calibration, choose_threshold, fit
from handgrad.errors import DataError
from handgrad.insight import reliability
from handgrad.insight.evaluation import evaluate
from handgrad.model import Model
from handgrad.recipes import RECIPES

SOME = Calibration(1.3, 0.98, 0.999, 0.9, 5000, 70)


@pytest.fixture(scope="module")
def trained(mnist):
    """A network that learnt from 8,000 images and held back 2,000."""
    images, labels = mnist[0]
    data = runs.split(images[:10_000], labels[:10_000], 2000, mnist[1])
    *_, last = runs.run(data, replace(RECIPES["quick"], hidden=64), seed=1)
    return data, last.model


def drawn(rng, N, temperature, C=10):
    """Outputs (N, C), and labels as often the top class as a Calibration of that temperature says."""
    z = rng.normal(-4, 1.5, (N, C))
    z[np.arange(N), rng.integers(0, C, N)] += rng.uniform(0, 10, N)
    scores = 1 / (1 + np.exp(-z))
    right = rng.random(N) < replace(SOME, temperature=temperature).confidence(scores)
    top = scores.argmax(axis=1)
    return scores.astype(np.float32), np.where(right, top, (top + 1) % C)


def test_the_measures_are_their_definitions(rng):
    for N in (1, 2, 7, 15, 16, 100, 1001):
        confidence, right = rng.random(N).round(2), rng.random(N) < 0.7
        ranked = sorted(zip(confidence.tolist(), range(N), right.tolist(), strict=True))
        size, more = divmod(N, 15)
        mass = [ranked[i * size + min(i, more) : (i + 1) * size + min(i + 1, more)] for i in range(15)]
        width = [[r for r in ranked if math.floor(15 * r[0]) == i] for i in range(15)]
        gaps = {}
        for name, bins in (("mass", mass), ("width", width)):
            filled = [rows for rows in bins if rows]
            means = [
                (sum(r[0] for r in rows) / len(rows), sum(r[2] for r in rows) / len(rows)) for rows in filled
            ]
            gaps[name] = [(abs(a - b), len(rows)) for (a, b), rows in zip(means, filled, strict=True)]
        told = reliability.measures(confidence, right)
        weighted = {name: sum(gap * n for gap, n in pairs) / N for name, pairs in gaps.items()}
        assert told["expected_calibration_error"] == pytest.approx(weighted["mass"])
        assert told["expected_calibration_error_equal_width"] == pytest.approx(weighted["width"])
        assert told["maximum_calibration_error"] == pytest.approx(max(gap for gap, _ in gaps["mass"]))
        assert told["brier_score"] == pytest.approx(sum((p - r) ** 2 for p, _, r in ranked) / N)
        assert sum(one["images"] for one in told["bins"]) == N
        surest = [r for _, _, r in sorted((-p, i, r) for p, i, r in ranked)]
        risks = [sum(not r for r in surest[:n]) / n for n in range(1, N + 1)]
        assert told["risk_coverage_area"] == pytest.approx(sum(risks) / N)


def test_the_surest_are_answered_first():
    confidence, right = np.array([0.9, 0.5, 0.8, 0.8]), np.array([True, False, True, False])
    assert reliability.at_coverage(confidence, right, 1.0) == (1.0, 0.5, 0.5)
    assert reliability.at_coverage(confidence, right, 0.5) == (
        0.75,
        pytest.approx(2 / 3),
        0.8,
    )  # equals together
    assert reliability.at_coverage(confidence, right, 0.0) == (0.25, 1.0, 0.9)
    assert reliability.at_confidence(confidence, right, 0.95) == (0.0, 1.0, 0.95)


@pytest.mark.parametrize("C", [1, 2, 3, 10, 256])
def test_confidence_is_its_formula(C, rng):
    scores = rng.random((50, C)).astype(np.float32)
    for row, p in zip(scores.tolist(), SOME.confidence(scores), strict=True):
        powers = [(y / (1 - y)) ** (1 / SOME.temperature) for y in row]
        assert p == pytest.approx(max(powers) / (NONE + sum(powers)), rel=1e-6)


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_confidence_rises_with_the_top_output_falls_with_the_others_and_is_never_certain(temperature, rng):
    sure = replace(SOME, temperature=temperature)
    outputs = [0.0, 1e-30, 1e-9, 0.01, 0.3, 0.6, 0.9, 0.999, 1.0]
    rising = sure.confidence(np.array([[y, 0.0, 0.0] for y in outputs], np.float32))
    falling = sure.confidence(np.array([[1.0, y, 0.0] for y in outputs], np.float32))
    assert (np.diff(rising) >= 0).all()
    assert rising[-1] > rising[3]
    assert (np.diff(falling) <= 0).all()
    assert falling[-1] < 0.51
    for p in (rising, falling, sure.confidence(rng.integers(0, 2, (100, 256)).astype(np.float32))):
        assert ((p > 0) & (p < 1)).all()
    assert sure.confidence(np.full((1, 10), 1e-6, np.float32))[0] < 0.5  # none of these


@pytest.mark.parametrize(("temperature", "wanted"), [(0.7, 0.97), (1.0, 0.97), (1.5, 0.9), (3.0, 0.65)])
def test_the_temperature_of_drawn_answers_is_found(temperature, wanted, rng, figure):
    scores, labels = drawn(rng, 30_000, temperature)
    fitted = fit(scores, labels, wanted)
    assert fitted.temperature == pytest.approx(temperature, rel=0.06)
    figure(f"temperature {temperature} from 30,000 drawn answers", f"{fitted.temperature}")
    fresh, labels = drawn(rng, 30_000, temperature)
    right = fresh.argmax(axis=1) == labels
    after = reliability.measures(fitted.confidence(fresh), right)["expected_calibration_error"]
    before = reliability.measures(fresh.max(axis=1).astype(float), right)["expected_calibration_error"]
    assert after < 0.01 < before
    answered = fitted.confidence(fresh) >= fitted.threshold
    assert right[answered].mean() == pytest.approx(wanted, abs=0.01)
    assert answered.mean() == pytest.approx(fitted.coverage, abs=0.02)


def test_newton_finds_what_a_search_finds(rng):
    """The penalised likelihood at the temperature is as large as the best of 400."""
    for N, temperature in ((60, 1.0), (300, 2.0), (3000, 0.8)):
        scores, labels = drawn(rng, N, temperature)
        right = scores.argmax(axis=1) == labels

        def loss(T, scores=scores, right=right):
            p = replace(SOME, temperature=T).confidence(scores)
            usual = (math.log(T / calibration.USUAL) / calibration.SPREAD) ** 2 / 2
            return -np.log(np.where(right, p, 1 - p)).sum() + usual

        best = min(loss(T) for T in np.geomspace(0.05, 20, 400).tolist())
        assert loss(fit(scores, labels).temperature) < best + 1e-3


def test_too_few_images_or_mistakes_give_none(rng):
    scores, _ = drawn(rng, 1000, 1.0)
    top = scores.argmax(axis=1)

    def with_mistakes(n, N=1000):
        labels = top[:N].copy()
        labels[:n] = (labels[:n] + 1) % 10
        return fit(scores[:N], labels)

    assert with_mistakes(0) is None
    assert with_mistakes(4) is None
    assert with_mistakes(5).mistakes == 5
    assert with_mistakes(996) is None
    assert with_mistakes(10, 49) is None
    assert with_mistakes(10, 50).images == 50
    assert fit(np.ones((100, 1), np.float32), np.zeros(100, int)) is None  # one class: nothing to doubt


def test_answers_that_are_wrong_wherever_they_are_sure_stay_in_bounds(rng):
    """The worst sets there are: saturated outputs, and no reason in them."""
    scores = np.zeros((200, 10), np.float32)
    scores[:, 0] = 1
    for labels in (np.ones(200, int), np.repeat([0, 1], 100), np.r_[np.zeros(195, int), np.ones(5, int)]):
        if (fitted := fit(scores, labels)) is not None:
            assert 0.05 <= fitted.temperature <= HOTTEST
    reverse = np.linspace(0.6, 1, 400, dtype=np.float32)[:, None] * np.eye(10, dtype=np.float32)[:1]
    fitted = fit(reverse, np.r_[np.zeros(200, int), np.ones(200, int)])
    assert fitted.temperature > 2
    assert fitted.coverage < 0.3


def test_labels_that_are_none_are_refused():
    with pytest.raises(DataError, match="labels from 0 to 9; got 0 to 10"):
        fit(np.zeros((3, 10), np.float32), np.array([0, 10, 3]))
    with pytest.raises(DataError, match="one label for each of 3 images; got 2"):
        fit(np.zeros((3, 10), np.float32), np.array([0, 1]))


def test_the_threshold_is_the_smallest_that_does(rng):
    for wanted in (0.6, 0.9, 0.99, 0.999):
        for _ in range(50):
            N = int(rng.integers(1, 300))
            confidence = rng.beta(5, 1, N).round(3)
            right = rng.random(N) < confidence
            threshold = choose_threshold(confidence, right, wanted)

            def does(least, confidence=confidence, right=right, wanted=wanted):
                kept = confidence >= least
                return min(right[kept].mean(), confidence[kept].mean()) >= wanted - 1e-12

            enough = [least for least in sorted(set(confidence.tolist())) if does(least)]
            if not enough:
                assert threshold == 1
            else:
                assert set(confidence[confidence >= threshold]) == {p for p in confidence if p >= enough[0]}


def test_a_wanted_accuracy_out_of_reach_makes_every_answer_doubtful(rng):
    scores, labels = drawn(rng, 1000, 1.0)
    fitted = fit(scores, labels, wanted=0.9999999)
    assert (fitted.threshold, fitted.coverage) == (1.0, 0.0)
    model = Model(network.init_params(5, 3, 10, rng, dtype=np.float32), calibration=fitted)
    assert model.doubtful(scores).all()


def test_a_model_without_calibration_falls_back(rng):
    model = Model(network.init_params(5, 3, 3, rng, dtype=np.float32))
    scores = np.array([[0.9, 0.05, 0.0], [0.9, 0.2, 0.0], [0.1, 0.0, 0.0]], np.float32)
    np.testing.assert_array_equal(model.confidence(scores), scores.max(axis=1).astype(float))
    assert model.doubtful(scores).tolist() == [False, True, True]
    assert model.confidence(scores[0]).shape == model.doubtful(scores[0]).shape == (1,)
    sure = replace(model, calibration=SOME)
    np.testing.assert_array_equal(sure.confidence(scores), SOME.confidence(scores))
    np.testing.assert_array_equal(sure.doubtful(scores), SOME.confidence(scores) < SOME.threshold)
    one = Model(network.init_params(5, 3, 1, rng, dtype=np.float32))
    assert one.doubtful(np.array([[0.9], [0.1]], np.float32)).tolist() == [False, True]


@pytest.mark.parametrize("given", [None, SOME])
def test_scores_that_are_none_are_refused(given, rng):
    model = Model(network.init_params(5, 3, 3, rng, dtype=np.float32), calibration=given)
    for bad in (
        np.zeros((2, 4)),
        np.zeros((2, 3), int),
        np.zeros((1, 2, 3)),
        np.full((2, 3), np.nan),
        np.full((2, 3), 1.5),
    ):
        for ask in (model.confidence, model.doubtful):
            with pytest.raises(DataError, match="expected scores"):
                ask(bad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, "temperature to be a number from 0.05 to 20; got 0.0"),
        ({"temperature": math.nan}, "temperature to be a number"),
        ({"temperature": 2}, "temperature to be a number"),
        ({"threshold": 1.5}, "threshold to be a number from 0 to 1"),
        ({"wanted": "much"}, "wanted to be a number"),
        ({"coverage": -0.1}, "coverage to be a number"),
        ({"images": 0}, "images and mistakes to be whole numbers"),
        ({"mistakes": 5001}, "at most 5000 mistakes in 5000 images; got 5001"),
        ({"mistakes": True}, "images and mistakes to be whole numbers"),
        ({"source": ["validation"]}, "source to be validation or given"),
        ({"colour": "red"}, "a calibration with exactly temperature"),
    ],
)  # fmt: skip
def test_a_calibration_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Calibration.from_dict(SOME.to_dict() | change)
    assert Calibration.from_dict(SOME.to_dict()) == SOME


def test_training_calibrates_on_the_images_held_back(trained, mnist):
    data, model = trained
    fitted = model.calibration
    assert fitted == fit(model.scores(data.validation[0]), data.validation[1])
    assert (fitted.images, fitted.source) == (2000, "validation")
    alone = runs.split(*data.given, 0)
    *_, last = runs.run(alone, replace(RECIPES["quick"], hidden=8, epochs=1), seed=1)
    assert last.model.calibration is None


def test_on_digits_it_never_saw_a_confidence_means_what_it_says(trained, mnist, figure):
    result = evaluate(trained[1], *mnist[1])
    raw, normalised, after = (result.measures(name) for name in ("raw", "normalised", "calibrated"))
    for key in ("expected_calibration_error", "expected_calibration_error_equal_width", "brier_score"):
        assert after[key] < min(raw[key], normalised[key]), key
    assert after["risk_coverage_area"] < min(raw["risk_coverage_area"], normalised["risk_coverage_area"])
    assert after["expected_calibration_error"] < 0.012
    sure = trained[1].confidence(trained[1].scores(mnist[1][0]))
    assert result.undoubted.coverage == (sure >= trained[1].calibration.threshold).mean()
    assert result.answered[-1].confidence == np.sort(sure)[::-1][8999]
    assert result.undoubted.accuracy > 0.995
    assert result.undoubted.coverage == pytest.approx(trained[1].calibration.coverage, abs=0.1)
    figure(
        "expected calibration error, raw and calibrated",
        f"{raw['expected_calibration_error']:.4f}, {after['expected_calibration_error']:.4f}",
    )


def test_evaluation_as_plain_values(trained, mnist):
    document = evaluate(trained[1], mnist[1][0][:500], mnist[1][1][:500]).to_dict()
    assert list(document) == [
        "images",
        "accuracy",
        "baseline_accuracy",
        "per_digit",
        "confusion",
        "mistakes",
        "calibration",
    ]
    told = json.loads(json.dumps(document, allow_nan=False))["calibration"]
    assert told["fitted"] == trained[1].calibration.to_dict()
    assert [point["coverage"] for point in told["answered"]] == pytest.approx(
        reliability.COVERAGES, abs=0.002
    )
    accuracies = [point["accuracy"] for point in told["answered"]]
    assert accuracies[0] == document["accuracy"] < accuracies[-1]
    assert told["undoubted"]["confidence"] == trained[1].calibration.threshold
    bare = evaluate(replace(trained[1], calibration=None), mnist[1][0][:500], mnist[1][1][:500]).to_dict()
    assert (
        bare["calibration"]["calibrated"]
        is bare["calibration"]["undoubted"]
        is bare["calibration"]["fitted"]
        is None
    )
    assert bare["calibration"]["raw"] == told["raw"]


def pictures(result):
    plots = pytest.importorskip("handgrad.insight.plots")
    return [plots.png(draw(result)) for draw in (plots.reliability_diagram, plots.coverage_curve)]


def test_pictures_are_drawn_of_what_there_is(trained, mnist, rng):
    images, labels = mnist[1]
    whole = pictures(evaluate(trained[1], images, labels))
    bare = pictures(evaluate(replace(trained[1], calibration=None), images, labels))
    assert all(before != after for before, after in zip(bare, whole, strict=True))
    right = trained[1].predict(images) == labels
    for rows in (
        np.flatnonzero(right)[:100],
        np.flatnonzero(~right)[:1],
    ):
        pictures(evaluate(trained[1], images[rows], labels[rows]))  # never a mistake, nothing else
    one = Model(network.init_params(784, 3, 1, rng, dtype=np.float32))
    pictures(evaluate(one, images[:20], np.zeros(20, int)))


def test_outputs_that_are_all_zero_are_no_certainty(rng):
    params = network.init_params(4, 3, 3, rng, dtype=np.float32)
    params.b2[:] = -200  # sigmoid is 0 in float32
    model = Model(params, calibration=SOME)
    result = evaluate(model, rng.random((30, 4)), np.zeros(30, int))
    assert result.confidences["normalised"].max() == 0
    assert result.confidences["calibrated"].max() < 1e-6


@pytest.fixture
def saved(trained, mnist, tmp_path):
    """The words that name a model file, and an IDX pair it did not learn from."""
    model_file.save(tmp_path / "m", replace(trained[1], storage="float16"))
    digits.write_idx(tmp_path / "images", mnist[0][0][10_000:12_000])
    digits.write_idx(tmp_path / "labels", mnist[0][1][10_000:12_000])
    return tmp_path / "m", ("--images", tmp_path / "images", "--labels", tmp_path / "labels")


def test_calibrate_on_a_pair_of_ones_own(run, saved, tmp_path):
    path, pair = saved
    before = model_file.load(path)
    code, out, err = run("calibrate", path, *pair, "--accuracy", 0.98, "--json")
    assert (code, err) == (0, "")
    after = model_file.load(path)
    assert json.loads(out) == {
        "model": str(path),
        "network": str(path),
        "calibration": after.calibration.to_dict(),
    }
    assert (after.calibration.source, after.calibration.wanted, after.calibration.images) == (
        "given",
        0.98,
        2000,
    )
    assert after.calibration.coverage > before.calibration.coverage + 0.05
    assert after.storage == "float16"
    np.testing.assert_array_equal(after.params.W1, before.params.W1)
    kept = path.read_bytes()
    code, out, _ = run("calibrate", path, *pair, "--out", tmp_path / "n")
    assert code == 0
    assert "doubtful     below confidence 0.9" in out
    assert model_file.load(tmp_path / "n").calibration.wanted == 0.999
    assert path.read_bytes() == kept


def test_calibrate_again_on_what_training_held_back(run, mnist, tmp_path):
    path = tmp_path / "m"
    assert run("train", "--hidden", 24, "--epochs", 2, "--batch-size", 64, "--out", path, "-q")[0] == 0
    before = model_file.load(path)
    assert before.calibration.images == 5000
    kept = path.read_bytes()
    assert run("calibrate", path)[0] == 0
    assert path.read_bytes() == kept  # the same images, the same calibration, the same bytes
    assert run("calibrate", path, "--accuracy", 0.95)[0] == 0
    after = model_file.load(path).calibration
    assert after == replace(
        before.calibration, wanted=0.95, threshold=after.threshold, coverage=after.coverage
    )
    assert after.coverage > before.calibration.coverage
    out = run("evaluate", path)[1]
    elsewhere = replace(model_file.load(path), calibration=replace(after, source="given"))
    model_file.save(tmp_path / "known", elsewhere)  # which images were held back is still recorded
    assert run("calibrate", tmp_path / "known")[0] == 0
    assert model_file.load(tmp_path / "known").calibration == before.calibration
    model_file.save(tmp_path / "elsewhere", replace(elsewhere, held_back=None))
    code, _, err = run("calibrate", tmp_path / "elsewhere")  # 5,000 images, but which?
    assert code == 1
    assert "it is not known which images the run held back" in err
    assert "not doubtful (for 95.00 %)" in out
    assert out.count("expected calibration error") == 1


def test_what_cannot_be_calibrated_is_one_line(run, saved, trained, mnist, tmp_path):
    path, pair = saved
    digits.write_idx(tmp_path / "learnt-images", mnist[0][0][:10_000])
    digits.write_idx(tmp_path / "learnt-labels", mnist[0][1][:10_000])
    digits.write_idx(tmp_path / "few-images", mnist[0][0][10_000:10_020])
    digits.write_idx(tmp_path / "few-labels", mnist[0][1][10_000:10_020])
    (tmp_path / "text").write_text("no model")
    model_file.save(tmp_path / "going", trained[1], model_file.RunState({}, {"epoch": 1}))
    learnt = ("--images", tmp_path / "learnt-images", "--labels", tmp_path / "learnt-labels")
    few = ("--images", tmp_path / "few-images", "--labels", tmp_path / "few-labels")
    before = {entry: entry.read_bytes() for entry in tmp_path.iterdir()}
    for code, words, message in (
        (1, (path,), "it is not known which images the run held back; name images"),
        (1, (path, *learnt), "did not learn from; it was trained on these"),
        (
            1,
            (path, *few),
            "expected at least 50 images with 5 right and 5 wrong answers to calibrate; got 20 images",
        ),
        (1, (path, *pair, "--out", tmp_path / "text"), "text: exists and is not a model file"),
        (1, (path, *pair, "--out", tmp_path / "none" / "m"), "cannot be written: No such file or directory"),
        (1, (tmp_path / "going", *pair), "the run is not finished; continue it first"),
        (1, (tmp_path / "none",), "no such model file"),
        (2, (path, *pair, "--accuracy", 1), "is not in the range 0<x<1"),
        (2, (path, "--labels", "x"), "--images is missing"),
    ):
        exit_code, out, err = run("calibrate", *words)
        assert (exit_code, out, err.count("\n")) == (code, "", 1), words
        assert message in err
        assert {entry: entry.read_bytes() for entry in tmp_path.iterdir()} == before
