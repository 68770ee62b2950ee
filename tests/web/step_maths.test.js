/** The walk of the Step room: every cell is the sum of its terms, every gradient is the slope that is measured. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain } from "../../src/handgrad/lab/web/formula.js";
import { cellOf } from "../../src/handgrad/lab/web/step_cells.js";
import {
  inDouble,
  lossAt,
  promised,
  slopeAt,
  stages,
  steepest,
  stepped,
  switches,
  takeSteps,
  walkThrough,
} from "../../src/handgrad/lab/web/step_maths.js";
import { NAMES } from "../../src/handgrad/lab/web/types.js";

const ACTIVATIONS = ["relu", "leaky_relu", "tanh", "sigmoid", "none"];
const LOSSES = ["l2", "cross_entropy"];
const [H, D, C] = [5, 12, 4];

/** Numbers between -1 and 1, the same every time. @param {number} seed */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  };
}

/** @param {string} activation @param {string} loss @param {boolean} [bias] */
function walkOf(activation, loss, bias = true) {
  const next = numbers(20);
  const some = (/** @type {number} */ n, size = 1) => Float64Array.from({ length: n }, () => size * next());
  const params = {
    H,
    D,
    C,
    W1: some(H * D),
    b1: bias ? some(H) : null,
    W2: some(C * H),
    b2: bias ? some(C) : null,
  };
  const image = Float64Array.from({ length: D }, () => Math.max(0, next()));
  return walkThrough(params, activation, loss, image, 2);
}

const EVERY = ACTIVATIONS.flatMap((activation) =>
  LOSSES.map((loss) => /** @type {const} */ ([activation, loss])),
);

/** What a cell is, from the cells that made it, worked out here once more. */
const RULES = {
  a: (w, k) => dot(D, (d) => w.x[d] * w.W1[k * D + d]) + w.b1[k],
  z: (w, c) => dot(H, (k) => w.h[k] * w.W2[c * H + k]) + w.b2[c],
  grad_h: (w, k) => dot(C, (c) => w.grad_z[c] * w.W2[c * H + k]),
  grad_W2: (w, i) => w.grad_z[Math.floor(i / H)] * w.h[i % H],
  grad_W1: (w, i) => w.grad_a[Math.floor(i / D)] * w.x[i % D],
  grad_b2: (w, c) => w.grad_z[c],
  grad_b1: (w, k) => w.grad_a[k],
};

/** @param {number} n @param {(i: number) => number} term */
function dot(n, term) {
  let total = 0;
  for (let i = 0; i < n; i++) total += term(i);
  return total;
}

/** @param {number} got @param {number} expected @param {string} where @param {number} [within] */
function close(got, expected, where, within = 1e-12) {
  assert.ok(
    Math.abs(got - expected) <= within * Math.max(1, Math.abs(expected)),
    `${where}: ${got}, not ${expected}`,
  );
}

test("the terms of every cell add up to its value", () => {
  for (const [activation, loss] of EVERY) {
    const walk = walkOf(activation, loss);
    for (const { makes } of stages(walk).slice(1, -1)) {
      for (const tensor of makes) {
        walk.tensors[tensor].values.forEach((value, index) => {
          const cell = cellOf(walk, tensor, index);
          const where = `${activation}, ${loss}: ${tensor}[${index}]`;
          assert.ok(cell.terms.length > 0, where);
          close(
            cell.terms.reduce((total, term) => total + term.value, 0),
            value,
            where,
          );
          assert.equal(cell.value, value);
          for (const term of cell.terms) {
            for (const factor of term.factors) {
              assert.equal(factor.value, walk.tensors[factor.tensor].values[factor.index], where);
            }
          }
        });
      }
    }
  }
});

test("the tensors are what the formulas say", () => {
  for (const [activation, loss] of EVERY) {
    const { tensors } = walkOf(activation, loss);
    const values = Object.fromEntries(Object.entries(tensors).map(([name, { values: of }]) => [name, of]));
    for (const [tensor, rule] of Object.entries(RULES)) {
      for (const [i, value] of values[tensor].entries()) {
        close(value, rule(values, i), `${activation}, ${loss}: ${tensor}[${i}]`);
      }
    }
    const errors = Array.from(values.y, (y, c) => y - values.target[c]);
    if (loss === "l2")
      close(
        values.L[0],
        dot(C, (c) => errors[c] ** 2),
        "L",
      );
    else close(values.L[0], -Math.log(values.y[2]), "L");
    for (let c = 0; c < C; c++) {
      const slope = values.y[c] * (1 - values.y[c]);
      close(values.grad_z[c], loss === "l2" ? 2 * errors[c] * slope : errors[c], `${loss}: grad_z[${c}]`);
    }
  }
});

test("products are the products of their factors, and the sums name all terms", () => {
  const walk = walkOf("relu", "l2");
  for (const tensor of ["a", "z", "grad_h", "grad_W2", "grad_W1"]) {
    for (const { value, factors } of cellOf(walk, tensor, 1).terms) {
      close(
        value,
        factors.reduce((total, each) => total * each.value, 1),
        tensor,
      );
    }
  }
  assert.equal(cellOf(walk, "a", 3).terms.length, D + 1);
  assert.deepEqual(
    cellOf(walk, "grad_y", 1).terms.map((term) => term.as),
    ["2 · y[1]", "−2 · target[1]"],
  );
  assert.equal(cellOf(walk, "L", 0).terms[3].as, "(y[3] − target[3])²");
  assert.equal(cellOf(walk, "z", 3).terms.length, H + 1);
  assert.equal(cellOf(walkOf("relu", "l2", false), "z", 3).terms.length, H);
});

test("the measured slope is the gradient: every parameter, activation and loss", () => {
  let compared = 0;
  for (const [activation, loss] of EVERY) {
    for (const bias of [true, false]) {
      const walk = walkOf(activation, loss, bias);
      for (const of of NAMES) {
        const grads = walk.tensors[`grad_${of}`];
        assert.equal(Boolean(grads), bias || of[0] === "W");
        grads?.values.forEach((grad, index) => {
          const where = `${activation}, ${loss}: ${of}[${index}]`;
          assert.ok(!switches(walk, of, index, 1e-5), `${where}: at a corner`);
          close(slopeAt(walk, of, index), grad, where, 1e-6);
          compared += 1;
        });
      }
    }
  }
  assert.equal(compared, 10 * (2 * (H * D + C * H) + H + C));
});

test("measuring leaves the parameters as they were", () => {
  const walk = walkOf("relu", "l2");
  const kept = inDouble(walk.params);
  assert.notEqual(lossAt(walk, "W1", 7, 0.1), walk.L);
  slopeAt(walk, "W2", 3);
  assert.deepEqual(inDouble(walk.params), kept);
  assert.equal(lossAt(walk, "W1", 7, 0), walk.L);
});

test("a unit that switches within h is at a corner of ReLU", () => {
  const walk = walkOf("relu", "l2");
  const unit = 1;
  const a = Math.abs(walk.tensors.a.values[unit]);
  assert.ok(switches(walk, "b1", unit, 1.01 * a));
  assert.ok(!switches(walk, "b1", unit, 0.99 * a));
  assert.ok(!switches(walk, "W2", unit, 1.01 * a));
  assert.ok(!switches(walkOf("tanh", "l2"), "b1", unit, 1.01 * a));
  assert.ok(switches(walkOf("leaky_relu", "l2"), "b1", unit, 1.01 * a));
});

test("a step moves every parameter against its gradient, and ten are ten times one", () => {
  for (const [activation, loss] of EVERY) {
    const walk = walkOf(activation, loss);
    const kept = inDouble(walk.params);
    const { params, losses } = takeSteps(walk, 0.1, 1);
    assert.deepEqual(walk.params, kept);
    for (const of of NAMES) {
      for (const [i, value] of params[of].entries()) {
        close(value, kept[of][i] - 0.1 * walk.tensors[`grad_${of}`].values[i], of);
      }
      close(cellOf(walk, `new_${of}`, 2, 0.1).value, params[of][2], `new_${of}`);
    }
    const after = walkThrough(params, activation, loss, walk.image, walk.label);
    assert.equal(losses[0], after.L);
    assert.ok(after.L < walk.L);
    const ten = takeSteps(walk, 0.1, 10);
    let one = { params: walk.params, losses: [0] };
    const single = Array.from({ length: 10 }, () => {
      one = takeSteps({ ...walk, params: one.params }, 0.1, 1);
      return one.losses[0];
    });
    assert.deepEqual(ten.losses, single);
    assert.deepEqual(ten.params, one.params);
  }
});

test("a small step brings what the slope promises", () => {
  for (const [activation, loss] of EVERY) {
    const walk = walkOf(activation, loss);
    const brought = takeSteps(walk, 1e-5, 1).losses[0] - walk.L;
    close(brought / promised(walk, 1e-5), 1, `${activation}, ${loss}`, 1e-3);
  }
});

test("the steepest weight has the largest gradient", () => {
  const walk = walkOf("tanh", "l2");
  const { values } = walk.tensors.grad_W1;
  assert.equal(Math.abs(values[steepest(walk, "W1")]), Math.max(...values.map(Math.abs)));
});

test("the stages follow the loss and the bias", () => {
  const names = (/** @type {import("../../src/handgrad/lab/web/step_maths.js").Walk} */ walk) =>
    stages(walk).flatMap(({ makes }) => makes);
  const ahead = ["x", "a", "h", "z", "y", "L"];
  assert.deepEqual(names(walkOf("relu", "l2")), [
    ...ahead,
    "grad_y",
    "grad_z",
    "grad_W2",
    "grad_b2",
    "grad_h",
    "grad_a",
    "grad_W1",
    "grad_b1",
    "update",
  ]);
  assert.deepEqual(names(walkOf("relu", "cross_entropy", false)), [
    ...ahead,
    "grad_z",
    "grad_W2",
    "grad_h",
    "grad_a",
    "grad_W1",
    "update",
  ]);
});

test("an image and a label that do not fit are refused in one line", () => {
  const { params, image } = walkOf("relu", "l2");
  assert.throws(() => walkThrough(params, "relu", "l2", image.slice(1), 2), /12 pixels; .* has 11/);
  assert.throws(() => walkThrough(params, "relu", "l2", image, 4), /4 classes; .* 4/);
});

test("a formula says the same with letters and with numbers", () => {
  const walk = walkOf("relu", "l2");
  const { letters, numbers, terms, value } = cellOf(walk, "grad_W2", 2 * H + 1);
  assert.equal(plain(letters), "grad_W2[2, 1] = grad_z[2] · h[1]");
  assert.match(
    plain(/** @type {any} */ (numbers)),
    /^grad_W2\[2, 1\] = \(?[−\d.]+\)? · \(?[−\d.]+\)? = [−\d.]+$/,
  );
  assert.equal(terms.length, 1);
  close(terms[0].value, value, "value");
  assert.equal(plain(cellOf(walk, "a", 3).letters), "a[3] = sum over d of x[d] · W1[3, d] + b1[3]");
  assert.equal(cellOf(walk, "target", 2).value, 1);
  assert.equal(cellOf(walk, "W1", 2).numbers, null);
});

test("a stepped network has the parameters in single precision, and no fact of the old one", () => {
  const { params } = walkOf("relu", "l2", false);
  const metadata = { accuracy: { test: 0.99 }, seed: 3, handgrad_version: "0.1.0" };
  const network = /** @type {any} */ ({
    params: null,
    activation: "relu",
    metadata,
    calibration: {},
    name: "old",
  });
  const made = stepped(network, params, "new");
  assert.ok(made.params.W1 instanceof Float32Array);
  assert.equal(made.params.W1[3], Math.fround(params.W1[3]));
  assert.equal(made.params.b1, null);
  assert.deepEqual([made.name, made.activation, made.calibration], ["new", "relu", null]);
  assert.deepEqual(made.metadata, { handgrad_version: "0.1.0" });
});
