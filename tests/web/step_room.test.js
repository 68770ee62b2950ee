/** What the Step room knows: the image, the stage, the cell, and the network before and after steps. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadTest } from "../../src/handgrad/lab/web/digits.js";
import { load, save } from "../../src/handgrad/lab/web/safetensors.js";
import { SHOWN } from "../../src/handgrad/lab/web/step_layout.js";
import { walkThrough } from "../../src/handgrad/lab/web/step_maths.js";
import { StepRoom } from "../../src/handgrad/lab/web/step_room.js";

const [H, D, C] = [30, 784, 10];

/** The bytes of a small network, other ones for another seed. @param {number} seed */
function fileOf(seed) {
  let state = seed;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return (0.2 * state) / 2147483647 - 0.1;
  };
  const some = (/** @type {number} */ n) => Float32Array.from({ length: n }, next);
  const params = { H, D, C, W1: some(H * D), b1: some(H), W2: some(C * H), b2: some(C) };
  const classes = Array.from({ length: C }, (_, c) => c);
  const facts = { activation: "relu", loss: "l2", bias: true, classes, image_shape: [28, 28] };
  const metadata = { seed: 7, handgrad_version: "0.1.0" };
  return save({ ...facts, params, calibration: null, metadata, name: "small" });
}

/** A state as host.js has it, without a page. @param {Record<string, any>} values */
function stateOf(values) {
  /** @type {Map<string, Set<() => void>>} */
  const heard = new Map();
  const state = {
    values: { model_file: fileOf(3), network_name: "small", image: null, label: null, ...values },
    get: (/** @type {string} */ key) => /** @type {Record<string, any>} */ (state.values)[key],
    set(/** @type {string} */ key, /** @type {any} */ value) {
      if (state.get(key) === value) return;
      /** @type {Record<string, any>} */ (state.values)[key] = value;
      for (const then of heard.get(`change:${key}`) ?? []) then();
    },
    on(/** @type {string} */ event, /** @type {() => void} */ then) {
      heard.set(event, (heard.get(event) ?? new Set()).add(then));
    },
    off: (/** @type {string} */ event, /** @type {() => void} */ then) => heard.get(event)?.delete(then),
    save_changes() {},
    listening: () => [...heard.values()].reduce((total, all) => total + all.size, 0),
  };
  return state;
}

/** @param {Record<string, any>} values @param {() => boolean} [seen] */
async function opened(values, seen) {
  const state = stateOf(values);
  const room = new StepRoom(/** @type {any} */ (state), seen);
  await room.open();
  return {
    state,
    room,
    walk: () => /** @type {import("../../src/handgrad/lab/web/step_maths.js").Walk} */ (room.walk),
  };
}

test("a link's image, label, stage and cell are shown", async () => {
  const { room, walk, state } = await opened({ example: "5:3", cell: "grad_W2:grad_W2:42" });
  const { images, labels } = await loadTest();
  assert.deepEqual(
    walk().image,
    Float64Array.from(images.subarray(5 * D, 6 * D), (pixel) => pixel / 255),
  );
  assert.equal(walk().label, 3);
  assert.equal(room.stage, "grad_W2");
  assert.deepEqual(room.place, { tensor: "grad_W2", index: 42 });
  state.set("example", "6");
  assert.equal(walk().label, labels[6]);
  state.set("cell", "a");
  assert.equal(room.stage, "a");
  assert.equal(room.place, null);
  state.set("cell", "a:W1:99999999"); // there is no such cell
  assert.equal(room.place, null);
  state.set("cell", "nonsense");
  assert.equal(room.stage, "a");
  room.pin({ tensor: "W1", index: 800 });
  assert.equal(state.get("cell"), "a:W1:800");
  room.pin({ tensor: "W1", index: 800 });
  assert.equal(state.get("cell"), "a");
});

test("the unit of a held cell is shown, however weak", async () => {
  const { room } = await opened({ example: "0" });
  assert.equal(room.units.length, SHOWN);
  const weak = room.order[H - 1];
  assert.ok(!room.units.includes(weak));
  const linked = await opened({ example: "0", cell: `a:a:${weak}` });
  assert.ok(linked.room.units.includes(weak));
  assert.equal(linked.room.units.length, SHOWN);
});

test("a stepped network is kept for all rooms, and the old one is put back", async () => {
  const { room, walk, state } = await opened({ example: "1" });
  const old = state.get("model_file");
  const before = walk().L;
  room.take(3);
  assert.equal(room.losses.length, 4);
  assert.equal(room.losses[0], before);
  assert.equal(room.losses[3], walk().L);
  assert.ok(walk().L < before);
  const stepped = walk();
  assert.equal(state.get("model_file"), old);
  room.keep();
  const kept = load(state.get("model_file"));
  assert.deepEqual(kept.params.W1, Float32Array.from(stepped.params.W1));
  assert.deepEqual(kept.params.b2, Float32Array.from(/** @type {any} */ (stepped.params.b2)));
  assert.equal(kept.metadata.seed, null); // no seed gives this network
  assert.equal(state.get("network_name"), "small, stepped");
  assert.deepEqual(room.losses, [walk().L]);
  room.take(1);
  room.keep();
  room.putBack();
  assert.equal(state.get("model_file"), old);
  assert.equal(state.get("network_name"), "small");
  assert.equal(walk().L, before);
  assert.equal(room.before, null);
});

test("another network begins anew, and is not put back", async () => {
  const { room, walk, state } = await opened({ example: "1" });
  room.take(1);
  room.keep();
  const other = fileOf(11);
  state.set("model_file", other);
  assert.equal(room.before, null);
  const { params } = load(other);
  assert.equal(walk().tensors.W1.values[5], params.W1[5]);
});

test("start takes the steps back, and leaves the network's own numbers alone", async () => {
  const { room, walk } = await opened({ example: "1" });
  const before = walk().L;
  room.take(2);
  room.start();
  assert.equal(walk().L, before);
  assert.deepEqual(room.losses, [before]);
});

test("while nobody looks nothing is computed, and then all at once", async () => {
  let looked = true;
  const { room, walk, state } = await opened({ example: "1" }, () => looked);
  const shown = walk();
  looked = false;
  state.set("example", "2");
  state.set("model_file", fileOf(11));
  assert.equal(room.walk, shown);
  looked = true;
  state.set("room", "step");
  const { params } = load(fileOf(11));
  const { images, labels } = await loadTest();
  const image = Float64Array.from(images.subarray(2 * D, 3 * D), (pixel) => pixel / 255);
  const doubled = { ...params, W1: Float64Array.from(params.W1), W2: Float64Array.from(params.W2) };
  const expected = walkThrough(doubled, "relu", "l2", image, labels[2]);
  assert.ok(Math.abs(walk().L - expected.L) < 1e-6);
});

test("a drawing without a label takes the answer for it, and says when there is none", async () => {
  const { room, walk, state } = await opened({ example: "drawing", drawing: "" });
  assert.equal(room.walk, null);
  assert.match(room.problem, /no drawing yet/);
  const image = new Uint8Array(D).fill(9, 300, 400);
  state.set("image", image);
  const { z } = walk().tensors;
  assert.equal(z.values[walk().label], Math.max(...z.values));
  assert.equal(room.problem, "");
  state.set("label", 4);
  assert.equal(walk().label, 4);
});

test("a file that is no network is refused in one line, and what was shown stays", async () => {
  const { room, walk, state } = await opened({ example: "1" });
  const shown = walk();
  state.set("model_file", Uint8Array.of(1, 2, 3));
  assert.ok(room.problem && !room.problem.includes("\n"));
  assert.equal(walk(), shown);
});

test("a room that is closed hears nothing more", async () => {
  const { room, state } = await opened({ example: "1" });
  assert.ok(state.listening() > 0);
  room.close();
  assert.equal(state.listening(), 0);
});

test("a network that no file can hold is not kept", async () => {
  const { room, state } = await opened({ example: "1" });
  const old = state.get("model_file");
  room.rate = 1e45;
  room.take(1);
  room.keep();
  assert.equal(state.get("model_file"), old);
  assert.equal(room.before, null);
});
