/** What is said of a run: real runs of the kernel that have each trouble, and the same runs with the way out taken. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "../../src/handgrad/lab/web/assets.js";
import { diagnose } from "../../src/handgrad/lab/web/diagnosis.js";
import { loadTrain } from "../../src/handgrad/lab/web/digits.js";
import { InkEngine } from "../../src/handgrad/lab/web/engines.js";
import { RECIPES } from "../../src/handgrad/lab/web/recipes.js";
import { findings } from "../../src/handgrad/lab/web/train_diagnosis.js";
import { Run } from "../../src/handgrad/lab/web/training.js";

const LESSON = {
  ...RECIPES.lesson.recipe,
  distortion: "off",
  share: 5000,
  seed: 0,
  engine: "ink",
  mistake: "",
};
const data = await loadTrain();
const engine = new InkEngine(new WebAssembly.Module(await asset("kernel.wasm")), data, null);

/** What the page says when this run is done, or cannot go on. */
function said(change) {
  const choices = { ...LESSON, epochs: 3, ...change };
  const run = new Run(engine, data, choices);
  while (!run.finished) run.slice();
  const measured = run.history.at(-1) ?? { train_accuracy: null, validation_accuracy: null };
  const { history, diverged } = run;
  const progress = { history, params: engine.params(), ...run.health(), ...measured, diverged };
  return findings({ epoch: run.epoch }, progress, diverged ? "diverged" : "finished", choices);
}

const HEALTHY = {
  "the lesson's": {},
  "all images": { share: 55_000, epochs: 2 },
  "cross-entropy": { loss: "cross_entropy", learning_rate: 0.1 },
  adam: { optimizer: "adam", learning_rate: 0.001 },
  momentum: { optimizer: "momentum", learning_rate: 0.05 },
  sigmoid: { activation: "sigmoid" },
  "without biases": { bias: false },
  "a small rate that serves": { learning_rate: 0.02, epochs: 4 },
};

for (const [name, change] of Object.entries(HEALTHY)) {
  test(`a run that goes well is left alone: ${name}`, () => assert.deepEqual(said(change), []));
}

/** @type {[string, string, Record<string, any>][]} */
const ILL = [
  ["diverged", "a rate beyond all numbers", { learning_rate: 1e30 }],
  ["diverged", "cross-entropy, too", { learning_rate: 1e20, loss: "cross_entropy" }],
  ["plateau", "a rate of 2", { learning_rate: 2 }],
  ["plateau", "a rate of 20, that of the tour", { learning_rate: 20 }],
  ["plateau", "adam with a rate of 0.1", { learning_rate: 0.1, optimizer: "adam" }],
  ["plateau", "momentum with the rate of plain steps", { learning_rate: 0.5, optimizer: "momentum" }],
  ["plateau", "without a non-linearity", { activation: "none" }],
  ["dead", "cross-entropy with a rate of 2", { learning_rate: 2, loss: "cross_entropy" }],
  ["zeros", "relu", { init: "zeros" }],
  ["zeros", "sigmoid", { init: "zeros", activation: "sigmoid" }],
  ["slow", "a rate of 0.001", { learning_rate: 0.001 }],
  ["slow", "adam with a rate of 0.000001", { learning_rate: 1e-6, optimizer: "adam" }],
];

for (const [name, how, change] of ILL) {
  test(`${name} is seen, and its mend mends it: ${how}`, () => {
    const found = said(change);
    assert.deepEqual(
      found.map((each) => each.name),
      [name],
    );
    const { what, why, mend } = found[0];
    for (const text of [what, why, mend.label])
      assert.ok(text.length > 10 && !/undefined|NaN/.test(text), text);
    assert.deepEqual(said({ ...change, ...mend.change }), []);
  });
}

test("overfitting is seen: first shifts are offered, then more images, which mend it", () => {
  const change = { share: 100, epochs: 60 };
  const [first, ...more] = said(change);
  assert.deepEqual([first.name, first.mend.change, more], ["overfitting", { distortion: "shift" }, []]);
  const [second] = said({ ...change, ...first.mend.change });
  assert.deepEqual([second.name, second.mend.change], ["overfitting", { share: 60000 }]);
  assert.deepEqual(said({ ...first.mend.change, ...second.mend.change, epochs: 2 }), []);
});

const FACTS = { recipe: LESSON, diverged: false, epoch: 3, losses: [], train_accuracy: 0.95 };
const FINE = { ...FACTS, validation_accuracy: 0.94, dead: 0, saturated: 0.3, classes: 10 };

test("dead units beside overfitting are both told; in a good network leaky ReLU is offered", () => {
  const found = diagnose({ ...FINE, dead: 0.4, train_accuracy: 0.99, validation_accuracy: 0.9 });
  assert.deepEqual(
    found.map((each) => each.name),
    ["dead", "overfitting"],
  );
  assert.deepEqual(found[0].mend.change, { activation: "leaky_relu" });
  assert.match(found[1].what, /reads 99.0 % of its training images, but 90.0 % of the images held back/);
  assert.deepEqual(diagnose({ ...FINE, dead: 0.4, recipe: { ...LESSON, activation: "tanh" } }), []);
});

test("before anything is measured nothing is said, and with two classes a guess is no success", () => {
  const nothing = { train_accuracy: null, validation_accuracy: null };
  assert.deepEqual(diagnose({ ...FINE, ...nothing, epoch: 0, saturated: 0 }), []);
  const two = { ...FINE, classes: 2, train_accuracy: 0.55, saturated: 0.99 };
  assert.deepEqual(
    diagnose(two).map((each) => each.name),
    ["plateau"],
  );
  assert.deepEqual(diagnose({ ...two, train_accuracy: 0.7, validation_accuracy: 0.7 }), []);
});
