"""The mirror of the reference in JavaScript against Python: forward, backward, rules, templates, ledger, doubt."""

from dataclasses import replace

import numpy as np
import pytest

from handgrad import calibration, layers, losses, model_file, network, optimizers, pretrained, templates
from handgrad.arrays import as_input
from handgrad.insight.explain import collapse, explain
from handgrad.recipes import RECIPES, SCHEDULES, Recipe, learning_rates

from lab_node import ask

DTYPES = {"Float64Array": np.float64, "Float32Array": np.float32}
# JavaScript: parameters from JSON, and all numbers of parameters as JSON
TYPED = """
const arrays = { Float32Array, Float64Array };
const typed = (kind, values) => values && arrays[kind].from(values);
const params = ({ W1, b1, W2, b2, H, D, C }, kind) => ({ H, D, C,
  W1: typed(kind, W1), b1: typed(kind, b1), W2: typed(kind, W2), b2: typed(kind, b2) });
const plain = (all) => Object.fromEntries(Object.entries(all).map(([name, value]) =>
  [name, ArrayBuffer.isView(value) ? { type: value.constructor.name, values: [...value] } : value]));
"""


def in_node(imports, body, given):
    return ask(imports, f"async (given) => {{ {TYPED} {body} }}", given)


def as_json(params):
    """Params as the mirror has them."""
    (H, D), C = params.W1.shape, len(params.W2)
    named = {name: None if p is None else p.ravel().tolist() for name, p in params._asdict().items()}
    return {**named, "H": H, "D": D, "C": C}


def random_params(rng, D, H, C, bias=True):
    params = network.init_params(D, H, C, rng, bias)
    return params._replace(b1=rng.normal(0, 0.3, H), b2=rng.normal(0, 0.3, C)) if bias else params


def difference(told, expected):
    """The largest difference; the type and the number of values must be the same."""
    assert DTYPES[told["type"]] == expected.dtype
    got = np.array(told["values"], expected.dtype).reshape(expected.shape)
    return float(np.abs(got - expected).max())


@pytest.mark.parametrize("kind", DTYPES)
@pytest.mark.parametrize("activation", layers.ACTIVATIONS)
def test_outputs_and_gradients_of_a_thousand_images_are_python_s(kind, activation, mnist, rng, figure):
    """Every activation with every loss, in both widths."""
    images, labels = mnist[1][0][:1000], mnist[1][1][:1000]
    params, dtype = random_params(rng, 784, 40, 10), DTYPES[kind]
    told = in_node(
        {
            "network.js": "asInput, forward, lossAndGradients",
            "losses.js": "LOSSES",
            "digits.js": "loadTest",
            "idx.js": "firstOf",
        },
        """
        const { images, labels } = firstOf(await loadTest(), 1000);
        const all = params(given.params, given.kind);
        const x = asInput(images, all.W1);
        return { cache: plain(forward(all, x, 1000, given.activation)),
          losses: Object.keys(LOSSES).map((loss) => {
            const { L, grads } = lossAndGradients(all, x, labels, given.activation, loss);
            return { loss, L, grads: plain(grads) };
          }) };
        """,
        {"params": as_json(params), "kind": kind, "activation": activation},
    )
    params = network.map_params(lambda p: p.astype(dtype), params)
    x = as_input(images, dtype)
    cache = network.forward(params, x, activation)
    bound = 1e-12 if dtype is np.float64 else 1e-6
    for name, expected in cache._asdict().items():
        away = difference(told["cache"][name], expected)
        size = max(1, float(np.abs(expected).max()))
        assert away <= bound * size, name
        figure(f"network.js, {activation}, {kind}, {name}", f"{away / size:.1e}")
    assert [each["loss"] for each in told["losses"]] == list(losses.LOSSES)
    for each in told["losses"]:
        L, grads = network.loss_and_gradients(params, x, labels, activation, each["loss"])
        assert each["L"] == pytest.approx(float(L), rel=bound)
        worst = max(difference(each["grads"][name], grad) for name, grad in grads._asdict().items())
        assert worst <= bound, each["loss"]
        assert max(np.abs(grads.W1).max(), np.abs(grads.W2).max()) > 1000 * bound  # they are not all near 0
        figure(f"network.js, {activation}, {kind}, gradients, {each['loss']}", f"{worst:.1e}")


def test_random_shapes_with_and_without_biases_are_python_s(rng):
    """Sixty networks down to one image, one pixel, one unit and one class; images with paper and without."""
    cases, expected = [], []
    for i in range(60):
        N, D, H, C = (1 if rng.random() < 0.15 else int(rng.integers(1, high)) for high in (9, 40, 20, 12))
        params = random_params(rng, D, H, C, bias=bool(i % 3))
        x = rng.random((N, D)) * (rng.random((N, D)) < rng.choice([0.2, 1.0]))
        labels = rng.integers(0, C, N)
        activation, loss = str(rng.choice(list(layers.ACTIVATIONS))), str(rng.choice(list(losses.LOSSES)))
        case = {"params": as_json(params), "x": x.ravel().tolist(), "labels": labels.tolist()}
        cases.append({**case, "activation": activation, "loss": loss})
        L, grads = network.loss_and_gradients(params, x, labels, activation, loss)
        expected.append((float(L), grads, network.predict(params, x, activation)))
    told = in_node(
        {"network.js": "lossAndGradients, predict"},
        """
        return given.map(({ params: some, x, labels, activation, loss }) => {
          const all = params(some, "Float64Array");
          const { L, grads } = lossAndGradients(all, Float64Array.from(x), labels, activation, loss);
          const predicted = predict(all, Float64Array.from(x), labels.length, activation);
          return { L, grads: plain(grads), predicted: [...predicted] };
        });
        """,
        cases,
    )
    for got, (L, grads, predicted) in zip(told, expected, strict=True):
        assert got["L"] == pytest.approx(L, rel=1e-12, abs=1e-15)
        assert got["predicted"] == predicted.tolist()
        for name, grad in grads._asdict().items():
            if grad is None:
                assert got["grads"][name] is None
            else:
                assert difference(got["grads"][name], grad) < 1e-12, name


def test_shapes_that_disagree_are_refused_in_one_line(rng):
    told = in_node(
        {"network.js": "forward, lossAndGradients"},
        """
        const all = params(given, "Float64Array");
        const tried = [() => forward(all, new Float64Array(13), 2), () => forward(all, new Float64Array(5), 1),
          () => forward({ ...all, b1: new Float64Array(3) }, new Float64Array(6), 1),
          () => lossAndGradients(all, new Float64Array(12), [1])];
        return tried.map((what) => { try { what(); return "nothing"; } catch (error) { return error.message; } });
        """,
        as_json(random_params(rng, 6, 4, 3)),
    )
    for message in told:
        assert message.startswith("expected x (")
        assert "\n" not in message


@pytest.mark.parametrize("kind", DTYPES)
@pytest.mark.parametrize("optimizer", optimizers.OPTIMIZERS)
def test_every_rule_moves_as_python_s(kind, optimizer, rng):
    """Forty steps with the same gradients, some zero: parameters, memory, and nothing of a bias that is off."""
    dtype, bound = DTYPES[kind], 1e-13 if kind == "Float64Array" else 1e-6
    for bias in (True, False):
        start = random_params(rng, 20, 6, 4, bias)
        shaped = [network.map_params(lambda p: rng.normal(0, 0.02, p.shape), start) for _ in range(40)]
        grads = [network.map_params(lambda g: g * (rng.random(g.shape) < 0.9), each) for each in shaped]
        told = in_node(
            {"optimizers.js": "update"},
            """
            let [now, memory] = [params(given.start, given.kind), null];
            given.grads.forEach((each, step) => {
              const grads = params(each, given.kind);
              ({ params: now, memory } = update(given.optimizer, now, grads, memory, given.rate, step));
            });
            return { params: plain(now), memory: Object.fromEntries(
              Object.entries(memory).map(([name, kept]) => [name, kept.map((each) => [...each])])) };
            """,
            {"start": as_json(start), "grads": [as_json(each) for each in grads], "kind": kind,
             "optimizer": optimizer, "rate": 0.03},
        )  # fmt: skip
        params, memory = network.map_params(lambda p: p.astype(dtype), start), None
        for step, each in enumerate(grads):
            each = network.map_params(lambda g: g.astype(dtype), each)
            params, memory = optimizers.update(optimizer, params, each, memory, 0.03, step)
        for name, p in params._asdict().items():
            if p is None:
                assert told["params"][name] is None
                assert name not in told["memory"]
                continue
            assert difference(told["params"][name], p) <= bound, name
            kept = getattr(memory, name)
            assert len(told["memory"][name]) == len(kept)
            for got, expected in zip(told["memory"][name], kept, strict=True):
                np.testing.assert_allclose(np.reshape(got, expected.shape), expected, rtol=0, atol=bound)
        assert float(np.abs(params.W1 - start.W1).max()) > 1000 * bound


@pytest.mark.parametrize("optimizer", optimizers.OPTIMIZERS)
def test_a_run_of_forty_batches_is_python_s(optimizer, mnist, rng, figure):
    rate = 0.003 if optimizer == "adam" else 0.05
    images, labels = mnist[1][0][:640], mnist[1][1][:640]
    start = random_params(rng, 784, 12, 10)
    told = in_node(
        {"network.js": "asInput, lossAndGradients", "optimizers.js": "update", "digits.js": "loadTest"},
        """
        const { images, labels } = await loadTest();
        let [now, memory] = [params(given.params, "Float64Array"), null];
        const curve = [];
        for (let step = 0; step < 40; step++) {
          const [from, to] = [16 * step, 16 * step + 16];
          const x = asInput(images.subarray(784 * from, 784 * to), now.W1);
          const { L, grads } = lossAndGradients(now, x, labels.subarray(from, to));
          curve.push(L);
          ({ params: now, memory } = update(given.optimizer, now, grads, memory, given.rate, step));
        }
        return { curve, params: plain(now) };
        """,
        {"params": as_json(start), "optimizer": optimizer, "rate": rate},
    )
    params, memory, curve = start, None, []
    for step in range(40):
        batch = slice(16 * step, 16 * step + 16)
        L, grads = network.loss_and_gradients(params, as_input(images[batch], np.float64), labels[batch])
        curve.append(float(L))
        params, memory = optimizers.update(optimizer, params, grads, memory, rate, step)
    np.testing.assert_allclose(told["curve"], curve, rtol=1e-9)
    worst = max(difference(told["params"][name], p) for name, p in params._asdict().items())
    figure(f"optimizers.js, parameters after 40 batches, {optimizer}", f"{worst:.1e}")
    assert worst < 1e-7
    assert np.mean(curve[-5:]) < 0.9 * curve[0]


def test_learning_rates_and_recipes_are_python_s():
    cases = [
        (schedule, peak, first, n, total, warmup)
        for schedule in SCHEDULES
        for warmup in (0.0, 0.15, 0.5, 1.0)
        for peak, first, n, total in ((0.5, 0, 30, 30), (4.0, 7, 20, 101), (0.1, 0, 1, 1), (1.0, 0, 5, 5))
    ]
    told = in_node(
        {"recipes.js": "RECIPES, learningRates"},
        """
        const rates = given.map(([schedule, learning_rate, first, n, total, warmup]) =>
          [...learningRates({ schedule, learning_rate, warmup }, first, n, total)]);
        return { rates, recipes: RECIPES };
        """,
        cases,
    )
    for got, (schedule, peak, first, n, total, warmup) in zip(told["rates"], cases, strict=True):
        expected = learning_rates(schedule, peak, range(first, first + n), total, warmup)
        np.testing.assert_allclose(got, expected, rtol=1e-14, atol=1e-16)
    assert set(told["recipes"]) - set(RECIPES) == {"fast"}  # the page's own
    for name, each in told["recipes"].items():
        python = Recipe.from_dict(each["recipe"] | {"distortion": None, "averaging": 0.0})
        assert python == RECIPES.get(name, python), name


def test_the_baseline_reads_as_many_test_images_as_python_s(mnist, figure):
    """82.08 %, from the images and from the means that the page holds; agreements and means are Python's."""
    (train_images, train_labels), (images, labels) = mnist
    told = in_node(
        {"templates.js": "agreement, fit, meanImages, ofMnist", "digits.js": "loadTest, loadTrain",
         "network.js": "indexOfLargest"},
        """
        const [train, test] = [await loadTrain(), await loadTest()];
        const answers = (T) => Array.from({ length: test.N }, (_, i) =>
          indexOfLargest(agreement(T, test.images, 784 * i)));
        const T = fit(train);
        return { means: [...meanImages(train)], templates: [...T], held: [...ofMnist()],
          answers: answers(T), answers_held: answers(ofMnist()),
          agreements: Array.from({ length: 100 }, (_, i) => [...agreement(T, test.images, 784 * i)]) };
        """,
        None,
    )  # fmt: skip
    T = templates.fit(train_images, train_labels)
    means = templates.mean_images(train_images, train_labels)
    np.testing.assert_allclose(told["means"], means.ravel(), rtol=0, atol=1e-13)
    np.testing.assert_allclose(told["templates"], T.ravel(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(told["held"], T.ravel(), rtol=0, atol=1e-4)
    np.testing.assert_allclose(told["agreements"], templates.agreement(T, images[:100]), rtol=0, atol=1e-8)
    np.testing.assert_array_equal(told["answers"], templates.predict(T, images))
    shares = [float((np.array(told[name]) == labels).mean()) for name in ("answers", "answers_held")]
    figure("templates.js on the test images", f"{100 * shares[0]:.2f} %, held means {100 * shares[1]:.2f} %")
    assert shares == [0.8208, 0.8208]


def test_a_network_that_starts_from_the_templates_answers_as_they_do(mnist, rng):
    told = in_node(
        {"templates.js": "initFrom, ofMnist, agreement", "network.js": "asInput, predict, indexOfLargest",
         "digits.js": "loadTest"},
        """
        const { images } = await loadTest();
        const T = ofMnist();
        const all = initFrom(T, params(given, "Float64Array"));
        const answers = predict(all, asInput(images.subarray(0, 784 * 500), all.W1), 500);
        let few = "nothing";
        try { initFrom(T, { ...all, H: 19 }); } catch (error) { few = error.message; }
        return { params: plain(all), few, answers: [...answers],
          templates: [...T], agree: Array.from(answers, (_, i) => indexOfLargest(agreement(T, images, 784 * i))) };
        """,
        as_json(network.init_params(784, 24, 10, np.random.default_rng(5))),
    )  # fmt: skip
    T = np.array(told["templates"]).reshape(10, 784)
    expected = templates.init_from(T, 24, np.random.default_rng(5))
    for name, p in expected._asdict().items():
        assert difference(told["params"][name], p) < 1e-15, name
    assert told["answers"] == told["agree"]
    assert told["few"] == "expected at least 20 hidden units for 10 templates; got 19"


def test_the_ledger_adds_up_exactly_and_is_python_s(mnist, rng, figure):
    """All digits of 40 images: the terms, in any order, and the bias sum to the score, to the last bit."""
    images = mnist[1][0][:40]
    for activation, bias in (("relu", True), ("tanh", False)):
        model = pretrained.load() if activation == "relu" else model_of(rng, activation, bias)
        given = {"params": as_json(model.params), "activation": activation}
        told = in_node(
            {
                "explain.js": "ledger, strongest, unit",
                "network.js": "asInput, forward",
                "digits.js": "loadTest",
            },
            """
            const { images } = await loadTest();
            const all = params(given.params, "Float64Array");
            return Array.from({ length: 40 }, (_, i) => {
              const x = asInput(images.subarray(784 * i, 784 * (i + 1)), all.W1);
              const cache = forward(all, x, 1, given.activation);
              const [k] = strongest(cache.h, 1);
              return { k, strongest: strongest(cache.h, 5), unit: plain(unit(all, cache, k)), z: [...cache.z],
                ledgers: Array.from({ length: 10 }, (_, c) => {
                  const { terms, bias, z } = ledger(all, cache.h, c);
                  return { bias, z, units: terms.map((term) => term.unit), values: terms.map((term) => term.value) };
                }) };
            });
            """,
            given,
        )
        worst = 0.0
        for image, each in zip(images, told, strict=True):
            explained = explain(model, image)
            h = explained.h
            assert each["strongest"] == np.argsort(-np.abs(h), kind="stable")[:5].tolist()
            k = each["k"]
            np.testing.assert_array_equal(each["unit"]["template"]["values"], model.params.W1[k])
            np.testing.assert_allclose(each["unit"]["h"], h[k], rtol=1e-12)
            np.testing.assert_allclose(each["unit"]["a"], explained.a[k], rtol=1e-12)
            product = np.array(each["unit"]["product"]["values"])
            np.testing.assert_allclose(product.sum() + each["unit"]["bias"], explained.a[k], atol=1e-12)
            np.testing.assert_array_equal(each["unit"]["votes"]["values"], model.params.W2[:, k])
            np.testing.assert_allclose(
                each["unit"]["shares"]["values"], explained.contributions[:, k], atol=1e-12
            )
            for c, of_class in enumerate(each["ledgers"]):
                values, bias_, z = np.array(of_class["values"]), of_class["bias"], of_class["z"]
                assert bias_ + values.sum() == z
                for _ in range(3):
                    rng.shuffle(values)
                    assert sum(values.tolist(), bias_) == z
                assert np.all(np.diff(np.abs(of_class["values"])) <= 0)
                assert sorted(of_class["units"]) == np.flatnonzero(h).tolist()
                expected = explained.contributions[c][of_class["units"]]
                np.testing.assert_allclose(of_class["values"], expected, rtol=0, atol=1e-12)
                worst = max(worst, abs(z - explained.z[c]), abs(z - each["z"][c]))
        assert worst < 1e-10  # each of some hundred terms was rounded to the grid
        figure(f"explain.js, the ledger's score against Python's, {activation}", f"{worst:.1e}")


def model_of(rng, activation, bias):
    return model_file.Model(random_params(rng, 784, 30, 10, bias), activation=activation)


def test_without_the_non_linearity_ten_images_remain(mnist, rng):
    for bias in (True, False):
        params = random_params(rng, 784, 30, 10, bias)
        told = in_node(
            {
                "explain.js": "collapse, collapsedScores",
                "network.js": "asInput, forward",
                "digits.js": "loadTest",
            },
            """
            const { images } = await loadTest();
            const all = params(given, "Float64Array");
            const x = asInput(images.subarray(0, 784), all.W1);
            const collapsed = collapse(all);
            return { ...plain(collapsed), scores: [...collapsedScores(collapsed, x)],
              z: [...forward(all, x, 1, "none").z] };
            """,
            as_json(params),
        )
        W, b = collapse(params)
        assert difference(told["W"], W) < 1e-13
        assert difference(told["b"], b) < 1e-13
        expected = network.forward(params, as_input(mnist[1][0][:1], np.float64), "none").z[0]
        np.testing.assert_allclose(told["scores"], expected, rtol=0, atol=1e-12)
        np.testing.assert_allclose(told["z"], expected, rtol=0, atol=1e-12)


def test_confidence_and_doubt_are_python_s_on_a_thousand_images(mnist, rng, figure):
    """The network in the box on 1,000 images, and outputs of every kind, down to one class."""
    model = pretrained.load()
    scores = model.scores(mnist[1][0][:1000])
    extreme = rng.choice([0.0, 1.0, 1e-30, 0.5, 1 - 2.0**-24, 2.0**-24], (200, 10)).astype(np.float32)
    alone = rng.random((20, 1)).astype(np.float32)
    fitted = [model.calibration, calibration.Calibration(0.05, 0.5, 0.999, 0.9, 5000, 70)]
    fitted.append(calibration.Calibration(20.0, 0.2, 0.999, 0.9, 5000, 70))
    cases = [(each, some) for each in fitted for some in (scores, extreme, alone)]
    told = in_node(
        {"calibration.js": "judged"},
        "return given.map(([fitted, rows]) => rows.map((y) => judged(y, fitted)));",
        [(each.to_dict(), some.tolist()) for each, some in cases],
    )
    doubted = 0
    for judgements, (each, some) in zip(told, cases, strict=True):
        expected = each.confidence(some)
        np.testing.assert_allclose([one["confidence"] for one in judgements], expected, rtol=1e-12)
        doubtful = [one["doubtful"] for one in judgements]
        assert doubtful == (expected < each.threshold).tolist()
        if some is scores and each is model.calibration:
            doubted = sum(doubtful)
            assert doubtful == model.doubtful(scores).tolist()
    figure("calibration.js on 1,000 test images", f"{doubted} doubtful, as in Python")
    assert doubted > 0
    bare = replace(model, calibration=None)
    told = in_node({"calibration.js": "judged"}, "return given.map((y) => judged(y, null));", scores.tolist())
    assert [one["doubtful"] for one in told] == bare.doubtful(scores).tolist()
    assert {one["confidence"] for one in told} == {None}


def test_the_network_in_the_box_answers_as_in_python(mnist, figure):
    """The file itself, read by safetensors.js: the same answers to 1,000 images, outputs to 3e-6, 0.5 ms an image."""
    told = in_node(
        {"assets.js": "asset", "safetensors.js": "load", "network.js": "asInput, forward, predict",
         "digits.js": "loadTest"},
        """
        const network = load(await asset("model.safetensors"));
        const { images } = await loadTest();
        const x = asInput(images.subarray(0, 784 * 1000), network.params.W1);
        const { z, y } = forward(network.params, x, 1000, network.activation);
        const { W1: _, W2: __, b1: ___, b2: ____, ...sizes } = network.params;
        const started = performance.now();
        for (let i = 0; i < 100; i++) forward(network.params, x.subarray(784 * i, 784 * (i + 1)), 1);
        return { sizes, z: [...z], y: plain({ y }).y, took: (performance.now() - started) / 100,
          answers: [...predict(network.params, x, 1000, network.activation)] };
        """,
        None,
    )  # fmt: skip
    model, images = pretrained.load(), mnist[1][0][:1000]
    assert told["sizes"] == {"H": model.hidden, "D": 784, "C": 10}
    assert told["answers"] == model.predict(images).tolist()
    away = difference(told["y"], model.scores(images))
    assert away < 3e-6
    figure("network.js, the network in the box", f"outputs within {away:.1e}; {told['took']:.2f} ms an image")
