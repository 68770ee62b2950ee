/** How tensors lie as pictures; which image is walked through; which images are read wrongly. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { softmax } from "../../src/handgrad/lab/web/losses.js";
import { forward, indexOfLargest } from "../../src/handgrad/lab/web/network.js";
import { chosenExample, classOf, pictureOf } from "../../src/handgrad/lab/web/step_example.js";
import { layoutOf, strongestUnits, unitOf } from "../../src/handgrad/lab/web/step_layout.js";
import { findMistakes, quickOutputs } from "../../src/handgrad/lab/web/step_mistakes.js";

const [H, D, C] = [7, 6, 3];
const PLANE = /** @type {[number, number]} */ ([2, 3]);
const SHAPES = { x: [1, D], W1: [H, D], b1: [H], a: [1, H], W2: [C, H], z: [1, C], b2: [C], L: [] };

test("every cell of a picture belongs to one number, and back", () => {
  const units = [5, 0, 2, 6];
  for (const [name, shape] of Object.entries(SHAPES)) {
    const tensor = { name, shape, values: new Float64Array(shape.reduce((n, side) => n * side, 1)) };
    const { rows, columns, indexAt, placeOf } = layoutOf(tensor, H, units, PLANE, 3);
    const seen = [];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const index = indexAt(row, column);
        if (index < 0) continue;
        seen.push(index);
        assert.deepEqual(placeOf(index), { row, column }, name);
      }
    }
    const shown = Array.from(tensor.values.keys()).filter((index) => {
      const unit = unitOf(name, index, H, D);
      return unit === null || units.includes(unit);
    });
    assert.deepEqual(
      seen.sort((i, j) => i - j),
      shown,
      name,
    );
    assert.equal(indexAt(-1, 0), -1);
    assert.equal(indexAt(rows, columns), -1);
  }
});

test("tiles lie side by side with a gap, each a row of W1 folded to an image", () => {
  const tensor = { name: "W1", shape: [H, D], values: new Float64Array(H * D) };
  const { rows, columns, indexAt, placeOf } = layoutOf(tensor, H, [5, 0, 2, 6], PLANE, 3);
  assert.deepEqual([rows, columns], [5, 11]); // two rows of tiles, three in a row
  assert.equal(indexAt(0, 0), 5 * D);
  assert.equal(indexAt(1, 2), 5 * D + 5);
  assert.equal(indexAt(0, 3), -1);
  assert.equal(indexAt(0, 4), 0);
  assert.equal(indexAt(3, 0), 6 * D);
  assert.equal(indexAt(3, 4), -1); // there is no fifth tile
  assert.equal(placeOf(1 * D), null); // unit 1 is not shown
});

test("the strongest units come first, the first of equals before the others", () => {
  assert.deepEqual(strongestUnits(Float64Array.of(0, -3, 1, 3, 0.5), 3), [1, 3, 2]);
});

/** @param {Record<string, any>} values */
function stateOf(values) {
  const model = {
    get: (/** @type {string} */ key) => values[key],
    set() {},
    on() {},
    off() {},
    save_changes() {},
  };
  return /** @type {import("../../src/handgrad/lab/web/host.js").State} */ (model);
}

const DATA = {
  ...{ images: Uint8Array.from({ length: 4 * D }, (_, i) => i), labels: Uint8Array.of(2, 0, 1, 2) },
  ...{ N: 4, D, height: 2, width: 3, C },
};
const NETWORK = /** @type {any} */ ({ classes: [0, 1, 2] });

test("the state says which image, and with which label", () => {
  assert.deepEqual(chosenExample(stateOf({ example: "3:1" }), DATA), { drawing: false, number: 3, own: 1 });
  assert.equal(chosenExample(stateOf({ example: "99" }), DATA).number, 3);
  assert.equal(chosenExample(stateOf({ example: "-5" }), DATA).number, 0);
  assert.equal(chosenExample(stateOf({ example: "nonsense" }), DATA).number, 0);
  assert.ok(chosenExample(stateOf({ example: "drawing" }), DATA).drawing);
  const picture = pictureOf(stateOf({ example: "1" }), DATA, NETWORK);
  assert.deepEqual(picture, { pixels: Uint8Array.of(6, 7, 8, 9, 10, 11), label: 0 });
  assert.equal(pictureOf(stateOf({ example: "1:2" }), DATA, NETWORK)?.label, 2);
  assert.equal(pictureOf(stateOf({ example: "0" }), null, NETWORK), null);
});

test("a drawing comes from the pad, or from its strokes in a link", () => {
  const image = Uint8Array.of(1, 2, 3);
  assert.equal(pictureOf(stateOf({ example: "drawing", image, label: 4 }), DATA, NETWORK)?.pixels, image);
  assert.equal(pictureOf(stateOf({ example: "drawing", image: null, drawing: "" }), DATA, NETWORK), null);
  const linked = pictureOf(stateOf({ example: "drawing", drawing: "70.G0G0G0W0" }), DATA, NETWORK);
  assert.equal(linked?.pixels.length, 784);
  assert.equal(linked?.label, null);
  assert.ok(Math.max(.../** @type {any} */ (linked).pixels) > 200);
});

test("a label is the position of its class", () => {
  assert.equal(classOf(/** @type {any} */ ({ classes: ["7", 3] }), 3), 1);
  assert.equal(classOf(/** @type {any} */ ({ classes: ["7", 3] }), 7), 0);
  assert.equal(classOf(/** @type {any} */ ({ classes: ["a", "b"] }), 1), 1);
});

/** @param {string} activation @param {string} loss @param {boolean} bias */
function networkOf(activation, loss, bias) {
  let state = 5;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return (4 * state) / 2147483647 - 2;
  };
  const some = (/** @type {number} */ n) => Float32Array.from({ length: n }, next);
  const params = {
    H,
    D,
    C,
    W1: some(H * D),
    b1: bias ? some(H) : null,
    W2: some(C * H),
    b2: bias ? some(C) : null,
  };
  return /** @type {any} */ ({ params, activation, loss, classes: [0, 1, 2], calibration: null });
}

test("the quick outputs are those of forward", () => {
  for (const activation of ["relu", "leaky_relu", "tanh", "sigmoid", "none"]) {
    for (const loss of ["l2", "cross_entropy"]) {
      for (const bias of [true, false]) {
        const network = networkOf(activation, loss, bias);
        const outputs = quickOutputs(network);
        const x = Float64Array.from(DATA.images.subarray(D, 2 * D), (pixel) => pixel / 255);
        const { y, z } = forward(network.params, x, 1, activation);
        const expected = loss === "l2" ? y : softmax(z, C);
        outputs(DATA.images, 0); // leaves nothing behind
        const got = outputs(DATA.images, D);
        for (let c = 0; c < C; c++)
          assert.ok(Math.abs(got[c] - expected[c]) < 1e-6, `${activation}, ${loss}`);
      }
    }
  }
});

test("all mistakes are found, the most certain first", async () => {
  const network = networkOf("relu", "l2", true);
  const N = 60;
  const images = Uint8Array.from({ length: N * D }, (_, i) => (i * 2654435761) % 256);
  const labels = Uint8Array.from({ length: N }, (_, i) => i % C);
  const data = { ...DATA, images, labels, N };
  const expected = [];
  for (let i = 0; i < N; i++) {
    const x = Float64Array.from(images.subarray(i * D, (i + 1) * D), (pixel) => pixel / 255);
    const { y } = forward(network.params, x, 1, "relu");
    const answer = indexOfLargest(y);
    if (answer !== labels[i]) expected.push({ example: i, output: y[answer] });
  }
  expected.sort((one, other) => other.output - one.output);
  let looked = 0;
  const found = await findMistakes(network, data, (_, n) => {
    looked = n;
  });
  assert.ok(expected.length > 10);
  assert.equal(looked, N);
  assert.deepEqual(
    found.map(({ example }) => example),
    expected.map(({ example }) => example),
  );
  for (const { label, answer, example } of found) assert.ok(answer !== label && label === labels[example]);
});
