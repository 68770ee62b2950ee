/**
 * The page's two engines, behind one face: the kernel in WebAssembly, and the readable mirror of the reference,
 * in which a mistake can be planted.
 *
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./types.js").Params} Params
 * @typedef {{ activation: string, loss: string, optimizer: string, batch_size: number }} How
 *
 * @typedef {object} PageEngine
 * @property {(params: Params, how: How) => void} begin
 * @property {(how: How) => void} change
 * @property {(rows: Uint32Array, rates: Float64Array, firstStep: number, shifts: Int32Array | Float64Array | null) =>
 *   { total: number, diverged: number }} train
 * @property {(set: "train" | "test", first: number, N: number) => Float32Array} scores z (N, C)
 * @property {(first: number, N: number) => { alive: Uint8Array, z: Float32Array }} look alive: the hidden units
 *   that are not 0 for all of these training images
 * @property {() => Params} params a copy
 */

import { InkNetwork } from "./ink.js";
import { Kernel } from "./kernel.js";
import { asInput, forward, lossAndGradients } from "./network.js";
import { update } from "./optimizers.js";

const SHIFTED = 8192; // images that are shifted at a time
const CHUNK = 250; // images that go through the reference together

/**
 * Images moved by whole pixels; what leaves the picture is lost, what comes in is paper.
 * @param {Data} data @param {Uint32Array} rows @param {ArrayLike<number>} shifts across and down, of each row
 * @param {Uint8Array} out (n, D or more)
 */
export function shifted({ images, D, height, width }, rows, shifts, out) {
  const room = out.length / rows.length;
  out.fill(0);
  for (let i = 0; i < rows.length; i++) {
    const [right, down] = [shifts[2 * i], shifts[2 * i + 1]];
    const low = Math.max(0, right);
    const count = width - Math.abs(right);
    for (let row = Math.max(0, down); row < Math.min(height, height + down); row++) {
      const from = rows[i] * D + (row - down) * width + low - right;
      if (count > 0) out.set(images.subarray(from, from + count), i * room + row * width + low);
    }
  }
}

/** The fast engine: kernel.wasm. @implements {PageEngine} */
export class InkEngine {
  /** @param {WebAssembly.Module} module @param {Data} train @param {Data | null} test of as many pixels */
  constructor(module, train, test) {
    this.kernel = new Kernel(module);
    this.data = train;
    this.held = { train: this.kernel.hold(train), test: test && this.kernel.hold(test) };
    this.room = Math.max(train.D, 64);
    this.shiftedAt = this.kernel.take(SHIFTED * this.room);
    this.labelsAt = this.kernel.take(8 * SHIFTED);
    this.mark = this.kernel.end;
    /** @type {InkNetwork | null} */
    this.made = null;
  }

  get network() {
    if (!this.made) throw new Error("expected a run that has begun");
    return this.made;
  }

  /** @param {Params} params @param {How} how */
  begin(params, how) {
    this.kernel.end = this.mark;
    this.made = new InkNetwork(this.kernel, params, how);
  }

  /** @param {How} how */
  change(how) {
    this.network.change(how);
  }

  /** @param {Uint32Array} rows @param {Float64Array} rates @param {number} firstStep @param {Int32Array | Float64Array | null} shifts */
  train(rows, rates, firstStep, shifts) {
    if (!shifts) return this.network.train(this.held.train, rows, rates, firstStep);
    const size = /** @type {number} */ (this.network.batch_size);
    const together = Math.max(1, Math.floor(SHIFTED / size)); // batches for whose images there is room
    let total = 0;
    for (let batch = 0; batch < rates.length; batch += together) {
      const [low, high] = [batch * size, (batch + together) * size];
      const of_batches = rates.subarray(batch, batch + together);
      const here = this.shifted(rows.subarray(low, high), shifts.subarray(2 * low, 2 * high));
      const order = Uint32Array.from(here.classes.keys());
      const done = this.network.train(here, order, of_batches, firstStep + batch);
      total += done.total;
      if (done.diverged) return { total, diverged: batch + done.diverged };
    }
    return { total, diverged: 0 };
  }

  /** These images, shifted, in the kernel's memory. @param {Uint32Array} rows @param {Int32Array | Float64Array} shifts */
  shifted(rows, shifts) {
    shifted(this.data, rows, shifts, this.kernel.bytes(this.shiftedAt, rows.length * this.room));
    const classes = Int32Array.from(rows, (row) => this.data.labels[row]);
    this.kernel.setWords(this.labelsAt, classes);
    return { ...this.held.train, images: this.shiftedAt, labels: this.labelsAt, N: rows.length, classes };
  }

  /** @param {"train" | "test"} set @param {number} first @param {number} N */
  scores(set, first, N) {
    const held = this.held[set];
    if (!held) throw new Error("expected test images; these data have no test images");
    return this.network.scores(held, first, N);
  }

  /** @param {number} first @param {number} N */
  look(first, N) {
    const alive = new Uint8Array(this.network.H);
    return { z: this.network.scores(this.held.train, first, N, alive), alive };
  }

  params() {
    return this.network.params();
  }
}

/**
 * The mirror of the reference, which is slower. A planted mistake takes the place of its functions.
 * @implements {PageEngine}
 */
export class ReferenceEngine {
  /**
   * @param {Data} train @param {Data | null} test
   * @param {{ lossAndGradients?: typeof lossAndGradients, update?: typeof update, forward?: typeof forward }} [planted]
   */
  constructor(train, test, planted = {}) {
    this.sets = { train, test };
    this.functions = { lossAndGradients, update, forward, ...planted };
    /** @type {Params | null} */
    this.now = null;
    /** @type {How | null} */
    this.how = null;
    /** @type {import("./optimizers.js").Memories | null} */
    this.memory = null;
  }

  /** @param {Params} params @param {How} how */
  begin(params, how) {
    this.now = params;
    this.how = { ...how };
    this.memory = null;
  }

  /** @param {How} how */
  change(how) {
    if (how.optimizer !== this.how?.optimizer) this.memory = null;
    this.how = { ...how };
  }

  /** @param {Uint32Array} rows @param {Float64Array} rates @param {number} firstStep @param {Int32Array | Float64Array | null} shifts */
  train(rows, rates, firstStep, shifts) {
    const { activation, loss, optimizer, batch_size } = /** @type {How} */ (this.how);
    const data = this.sets.train;
    let total = 0;
    for (let batch = 0; batch < rates.length; batch++) {
      const low = batch * batch_size;
      const some = rows.subarray(low, low + batch_size);
      const x = pixels(data, some, shifts?.subarray(2 * low));
      const labels = Int32Array.from(some, (row) => data.labels[row]);
      const params = /** @type {Params} */ (this.now);
      const { L, grads } = this.functions.lossAndGradients(
        params,
        asInput(x, params.W1),
        labels,
        activation,
        loss,
      );
      if (!Number.isFinite(L)) return { total, diverged: batch + 1 };
      const moved = this.functions.update(
        optimizer,
        params,
        grads,
        this.memory,
        rates[batch],
        firstStep + batch,
      );
      this.now = moved.params;
      this.memory = moved.memory;
      total += L * some.length;
    }
    return { total, diverged: 0 };
  }

  /** @param {"train" | "test"} set @param {number} first @param {number} N */
  scores(set, first, N) {
    return this.through(set, first, N).z;
  }

  /** @param {number} first @param {number} N */
  look(first, N) {
    return this.through("train", first, N);
  }

  /** @param {"train" | "test"} set @param {number} first @param {number} N */
  through(set, first, N) {
    const data = this.sets[set];
    const params = /** @type {Params} */ (this.now);
    if (!data) throw new Error("expected test images; these data have no test images");
    const z = new Float32Array(N * params.C);
    const alive = new Uint8Array(params.H);
    for (let low = 0; low < N; low += CHUNK) {
      const n = Math.min(CHUNK, N - low);
      const x = asInput(data.images.subarray((first + low) * data.D, (first + low + n) * data.D), params.W1);
      const cache = this.functions.forward(params, x, n, this.how?.activation);
      z.set(cache.z, low * params.C);
      for (let i = 0; i < cache.h.length; i++) if (cache.h[i] !== 0) alive[i % params.H] = 1;
    }
    return { z, alive };
  }

  params() {
    const { W1, b1, W2, b2, ...sizes } = /** @type {Params} */ (this.now);
    return { W1: W1.slice(), b1: b1?.slice() ?? null, W2: W2.slice(), b2: b2?.slice() ?? null, ...sizes };
  }
}

/** The pixels of these rows, shifted if wanted. @param {Data} data @param {Uint32Array} rows @param {ArrayLike<number>} [shifts] */
function pixels(data, rows, shifts) {
  const out = new Uint8Array(rows.length * data.D);
  if (shifts) shifted(data, rows, shifts, out);
  else {
    for (let i = 0; i < rows.length; i++) {
      out.set(data.images.subarray(rows[i] * data.D, (rows[i] + 1) * data.D), i * data.D);
    }
  }
  return out;
}
