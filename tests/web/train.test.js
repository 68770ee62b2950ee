/** What the Train room computes: curves, recipes for Python, answers; and the mistakes of the zoo. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { allFinite, forward, lossAndGradients, predict } from "../../src/handgrad/lab/web/network.js";
import { update } from "../../src/handgrad/lab/web/optimizers.js";
import { Generator } from "../../src/handgrad/lab/web/random.js";
import { RECIPES } from "../../src/handgrad/lab/web/recipes.js";
import { answersOf } from "../../src/handgrad/lab/web/train_answers.js";
import { differences, pythonRecipe } from "../../src/handgrad/lab/web/train_choices.js";
import { Course, Curve } from "../../src/handgrad/lab/web/train_course.js";
import { MISTAKES, question } from "../../src/handgrad/lab/web/zoo.js";
import { withFormulas } from "../../src/handgrad/lab/web/zoo_formulas.js";

const [H, D, C, N] = [12, 16, 4, 6];

function example() {
  const rng = new Generator(1);
  const drawn = (n, size) => rng.standardNormal(n).map((each) => each * size);
  const params = {
    W1: drawn(H * D, 0.5),
    b1: drawn(H, 0.5),
    W2: drawn(C * H, 0.5),
    b2: drawn(C, 0.5),
    H,
    D,
    C,
  };
  const labels = Int32Array.from({ length: N }, (_, i) => (i * 3) % C);
  return { params, x: rng.random(N * D), labels };
}

const close = (one, other) => Math.abs(one - other) <= 1e-12 * Math.max(1, Math.abs(one));

/** Whether two sets of parameters are alike. */
function alike(one, other) {
  return ["W1", "b1", "W2", "b2"].every((name) => one[name].every((each, i) => close(each, other[name][i])));
}

/** The parameters after three steps with these functions, and the losses on the way. */
function trained(functions) {
  const { x, labels, params: start } = example();
  let [params, memory] = [start, null];
  const losses = [];
  for (let step = 0; step < 3; step++) {
    const { L, grads } = functions.lossAndGradients(params, x, labels, "relu", "l2");
    ({ params, memory } = functions.update("sgd", params, grads, memory, 0.3, step));
    losses.push(L);
  }
  return { params, losses };
}

test("the zoo's right formulas are those of the network", () => {
  const { params, x, labels } = example();
  const [right, mine] = [
    lossAndGradients(params, x, labels),
    withFormulas({}).lossAndGradients(params, x, labels),
  ];
  assert.ok(close(right.L, mine.L));
  assert.ok(alike(right.grads, mine.grads));
});

test("each planted mistake changes the run, and only that", () => {
  const right = trained({ lossAndGradients, update });
  for (const [name, { plant, title, changes, why, clue }] of Object.entries(MISTAKES)) {
    const wrong = trained(plant());
    const same = alike(right.params, wrong.params) && right.losses.every((L, i) => close(L, wrong.losses[i]));
    assert.ok(!same, name);
    assert.ok(allFinite(wrong.params), name);
    assert.ok(title && changes && why && clue, name);
    assert.deepEqual(trained(plant()), wrong, `${name}: planted anew, it begins anew`);
  }
});

test("a question has four different answers, one of them right, and none that its curves cannot tell apart", () => {
  for (let seed = 0; seed < 300; seed++) {
    const rng = new Generator(seed);
    const { name, choices } = question(() => rng.random(1)[0]);
    assert.equal(new Set(choices).size, 4);
    assert.ok(choices.includes(name));
    assert.ok(choices.every((each) => each in MISTAKES));
    assert.ok(!["relu-upstream-ignored", "relu-mask-from-upstream"].every((each) => choices.includes(each)));
  }
});

test("a curve keeps the means, and never more than 600 points", () => {
  const curve = new Curve();
  const n = 10_000;
  for (let i = 1; i <= n; i++) curve.push(i, i);
  assert.ok(curve.xs.length <= 600 && curve.xs.length >= 300);
  assert.equal(curve.xs.length, curve.ys.length);
  const means = curve.xs.map((x) => x - (curve.each - 1) / 2); // of the values up to x
  assert.deepEqual(curve.ys, means);
});

/** A progress, as the trainer sends it. */
function progress(step, steps, epochs, history = [], losses = []) {
  const last = history.at(-1) ?? {};
  const { train_accuracy = null, validation_accuracy = null } = last;
  return { step, steps, epochs, history, losses, train_accuracy, validation_accuracy };
}

test("a course counts in epochs, also where batches change their size on the way", () => {
  const course = new Course();
  course.add(progress(0, 40, 4));
  course.add(
    progress(
      10,
      40,
      4,
      [{ epoch: 1, train_accuracy: 0.5, validation_accuracy: 0.4 }],
      [
        [5, 2],
        [10, 1],
      ],
    ),
  );
  assert.equal(course.epoch, 1);
  assert.deepEqual(
    [course.loss.xs, course.loss.ys],
    [
      [0.5, 1],
      [2, 1],
    ],
  );
  course.mark("batch size 32");
  course.add(progress(10, 25, 4, [{ epoch: 1, train_accuracy: 0.5, validation_accuracy: 0.4 }]));
  course.add(
    progress(15, 25, 4, [
      { epoch: 1, train_accuracy: 0.5, validation_accuracy: 0.4 },
      { epoch: 2, train_accuracy: 0.5, validation_accuracy: 0.45 },
    ]),
  );
  assert.equal(course.epoch, 2);
  assert.deepEqual(course.validation, { xs: [1, 2], ys: [0.4, 0.45] });
  assert.deepEqual(course.train, { xs: [1, 2], ys: [0.5, 0.5] });
  assert.ok(course.changed);
  assert.deepEqual(course.marks, [{ x: 1, text: "batch size 32" }]);
});

test("a recipe for Python is named, and there is none where none describes the run", () => {
  const choices = { ...RECIPES.quick.recipe, distortion: "off", share: 60_000, seed: 1 };
  const run = { changed: false, whole: true, epochs: choices.epochs };
  const recipe = pythonRecipe(choices, run);
  assert.equal(recipe.name, "quick");
  assert.deepEqual(Object.keys(recipe).sort(), [
    ...[
      "activation",
      "averaging",
      "batch_size",
      "bias",
      "distortion",
      "epochs",
      "hidden",
      "init",
      "learning_rate",
    ],
    ...["loss", "name", "optimizer", "output_bias", "schedule", "warmup"],
  ]);
  assert.equal(pythonRecipe(choices, { ...run, epochs: 2 }), null); // its rate was to fall
  assert.equal(pythonRecipe({ ...choices, distortion: "shift" }, run), null);
  assert.equal(pythonRecipe({ ...choices, init: "zeros" }, run), null);
  assert.equal(pythonRecipe(choices, { ...run, changed: true }), null);
  const steady = { ...choices, schedule: "constant", warmup: 0 };
  assert.equal(pythonRecipe(steady, { ...run, epochs: 2 }).epochs, 2);
  assert.equal(pythonRecipe(steady, { ...run, epochs: 2, whole: false }), null);
  assert.deepEqual(differences(choices, { ...choices, seed: 2, share: 10 }), ["share", "seed"]);
});

test("answers are those of the network, the surest mistake first", async () => {
  const { params, labels } = example();
  const images = Uint8Array.from(new Generator(5).random(N * D), (each) => 255 * each);
  const data = { images, labels, N, D, height: 4, width: 4, C };
  const x = Float64Array.from(images, (each) => each / 255);
  for (const activation of ["relu", "tanh"]) {
    const expected = predict(params, x, N, activation);
    const { confusion, mistakes, right } = await answersOf(params, activation, data, 0, N, () => true);
    assert.equal(right, expected.filter((each, i) => each === labels[i]).length);
    assert.equal(
      confusion.reduce((sum, each) => sum + each),
      N,
    );
    for (const { index, answer, label } of mistakes)
      assert.deepEqual([expected[index], labels[index]], [answer, label]);
    const { z } = forward(params, x, N, activation);
    const margins = mistakes.map(({ index, answer, label }) => z[index * C + answer] - z[index * C + label]);
    assert.deepEqual(
      margins,
      margins.slice().sort((one, other) => other - one),
    );
  }
});

test("a parameter that is not finite is found", () => {
  const { params } = example();
  assert.ok(allFinite(params));
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    const W2 = params.W2.slice();
    W2[3] = bad;
    assert.ok(!allFinite({ ...params, W2 }));
  }
  assert.ok(allFinite({ ...params, b1: null, b2: null }));
});
