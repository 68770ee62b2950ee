"""A run in the page is the run of Python: the same split, start, orders and learning rates from the same seed."""

from dataclasses import replace

import numpy as np
import pytest

from handgrad import runs
from handgrad.recipes import RECIPES

from lab_node import ask

N, EPOCHS = 4000, 3
MODULES = {
    "assets.js": "asset", "digits.js": "loadTrain", "idx.js": "firstOf", "engines.js": "InkEngine, ReferenceEngine",
    "trainer.js": "DEFAULTS", "training.js": "Run",
}  # fmt: skip
IN_THE_PAGE = """async ({ N, all }) => {
  const module = await WebAssembly.compile(await asset("kernel.wasm"));
  const data = firstOf(await loadTrain(), N);
  return all.map((changes) => {
    const choices = { ...DEFAULTS, ...changes };
    const engine = choices.engine === "ink" ? new InkEngine(module, data, null) : new ReferenceEngine(data, null);
    const run = new Run(engine, data, choices);
    const { W1, b1, W2, b2 } = engine.params();
    const order = [...run.order];
    while (!run.finished) run.slice();
    return { start: [[...W1], b1 && [...b1], [...W2], b2 && [...b2]], order, history: run.history };
  });
}"""
CHOICES = {
    "the lesson": {},
    # calmer than it is: at its own rate rounding alone parts two runs
    "quick": {**RECIPES["quick"].to_dict(), "hidden": 48, "learning_rate": 0.3},
    "from templates": {"init": "templates", "hidden": 32},
    "no bias, ramp and cosine": {"bias": False, "schedule": "cosine", "warmup": 0.25, "optimizer": "nesterov",
                                 "learning_rate": 0.01},
    "adam, a batch left over": {"optimizer": "adam", "learning_rate": 0.001, "batch_size": 23,
                                "loss": "cross_entropy", "activation": "tanh"},
}  # fmt: skip


@pytest.fixture(scope="module")
def pairs(mnist):
    """For each of CHOICES: the run in the page, in Python, and Python's parameters to start from."""
    recipes = [replace(RECIPES["lesson"], **{**changes, "epochs": EPOCHS}) for changes in CHOICES.values()]
    told = [{**recipe.to_dict(), "seed": 11} for recipe in recipes]
    page = ask(MODULES, IN_THE_PAGE, {"N": N, "all": told})
    data = runs.split(mnist[0][0][:N], mnist[0][1][:N])
    made = []
    for here, recipe in zip(page, recipes, strict=True):
        rng = np.random.default_rng(11)
        params = runs.initial_params(data, recipe, rng)
        run = runs.start(data, recipe, seed=11, engine="numpy")
        made.append((here, (params, rng.permutation(len(data.images))), list(run)))
    return dict(zip(CHOICES, made, strict=True))


@pytest.mark.parametrize("name", CHOICES)
def test_the_start_and_the_order_are_those_of_python(name, pairs):
    here, (params, order), _ = pairs[name]
    np.testing.assert_array_equal(here["order"], order)
    for ours, theirs in zip(here["start"], params, strict=True):
        if theirs is None:
            assert ours is None
        elif "templates" in name:  # means of images: summed in another order
            np.testing.assert_allclose(ours, theirs.ravel(), atol=1e-6)
        else:
            np.testing.assert_array_equal(np.float32(ours), theirs.ravel())


@pytest.mark.parametrize("name", CHOICES)
def test_every_epoch_is_that_of_python(name, pairs):
    here, _, there = pairs[name]
    assert [epoch["epoch"] for epoch in here["history"]] == [1, 2, 3]
    for ours, theirs in zip(here["history"], there, strict=True):
        record = theirs.record
        assert ours["loss"] == pytest.approx(record["loss"], abs=1e-4)
        for accuracy in ("train_accuracy", "validation_accuracy"):
            assert ours[accuracy] == pytest.approx(record[accuracy], abs=0.01), accuracy  # of 400 images
    assert here["history"][-1]["validation_accuracy"] > 0.8
