/**
 * A run: from data and choices to a trained network, slice after slice. The mirror of runs/loop.py and
 * training.py: the same seed gives the same initial parameters and the same orders as in Python. No DOM: it runs
 * in a worker and in Node.
 *
 *     data -> split -> initial parameters -> slices of an epoch -> measured -> ... -> finished
 *
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./types.js").Params} Params
 * @typedef {import("./trainer.js").Choices} Choices
 * @typedef {import("./trainer.js").Changes} Changes
 * @typedef {import("./trainer.js").Measured} Measured
 * @typedef {import("./engines.js").PageEngine} PageEngine
 */

import { log } from "./exact.js";
import { firstOf } from "./idx.js";
import { indexOfLargest } from "./network.js";
import { Generator } from "./random.js";
import { learningRates } from "./recipes.js";
import { fit, initFrom } from "./templates.js";

const WORK = 131_072; // images times hidden units of a stretch: some milliseconds
const POINTS = 24; // of an epoch's curve, at least, where its batches are as many
const LOOKED = 1000; // images on which dead units are looked for
const SAMPLE = 5000; // training images that the accuracy is measured on, where none are held back
const FLAT = 9.21; // |z| above which y (1 - y) is below 1e-4
export const LARGEST = 8192; // images in a batch

/** How many images are held back of N, as runs.split does. @param {number} N */
export function heldBack(N) {
  return Math.min(5000, Math.floor(N / 10));
}

/** How many images a run learns from. @param {number} N @param {number} share */
export function learnt(N, share) {
  return Math.max(1, Math.min(share, N - heldBack(N)));
}

/**
 * The parameters to start from, in float32, as runs.initial_params; "zeros" is the page's own.
 * @param {Data} data what is learnt from @param {Choices} choices @param {Generator} rng @param {number} C
 * @returns {Params}
 */
export function initialParams(data, { hidden, bias, init, output_bias }, rng, C) {
  const [H, D] = [hidden, data.D];
  const drawn = (/** @type {number} */ n, /** @type {number} */ deviation) =>
    rng.standardNormal(n).map((each) => deviation * each);
  const W1 = init === "zeros" ? new Float64Array(H * D) : drawn(H * D, Math.sqrt(2 / D));
  const W2 = init === "zeros" ? new Float64Array(C * H) : drawn(C * H, Math.sqrt(2 / (H + C)));
  const [b1, b2] = bias ? [new Float64Array(H), new Float64Array(C)] : [null, null];
  const params = { W1, b1, W2, b2, H, D, C };
  if (init === "templates") initFrom(fit({ ...data, C }), params);
  if (output_bias === "prior" && b2 && C > 2) b2.fill(-log(C - 1));
  return {
    W1: Float32Array.from(W1),
    b1: b1 && Float32Array.from(b1),
    W2: Float32Array.from(W2),
    b2: b2 && Float32Array.from(b2),
    ...{ H, D, C },
  };
}

/** A run from its beginning; slice() goes on with it. */
export class Run {
  /**
   * @param {PageEngine} engine which has the data, too
   * @param {Data} data all training images @param {Choices} choices
   */
  constructor(engine, data, choices) {
    if (choices.batch_size > LARGEST)
      throw new Error(`expected batches of at most ${LARGEST}; got ${choices.batch_size}`);
    this.engine = engine;
    this.data = data;
    this.choices = { ...choices };
    this.held = heldBack(data.N);
    this.N = learnt(data.N, choices.share);
    this.rng = new Generator(choices.seed);
    engine.begin(initialParams(firstOf(data, this.N), choices, this.rng, data.C), this.choices);
    this.epoch = 0; // that are done
    this.at = 0; // images of the present epoch that are done
    this.step = 0; // batches that are done
    this.moved = 0; // batches since the optimizer's memory was empty
    this.total = 0; // loss of the present epoch, summed over the images of its stretches that are done
    this.stretch = 0; // loss of the present stretch
    this.order = this.shuffled();
    this.shifts = this.shifting();
    /** @type {Measured[]} */
    this.history = [];
    this.diverged = "";
    this.seconds = 0; // spent in training, not in measuring
  }

  get batches() {
    return Math.ceil(this.N / this.choices.batch_size);
  }

  /** Batches of the whole run, those done counted as they were. */
  get steps() {
    const { epoch, batches, choices } = this;
    return (
      this.step + Math.ceil((this.N - this.at) / choices.batch_size) + (choices.epochs - epoch - 1) * batches
    );
  }

  get finished() {
    return this.epoch >= this.choices.epochs || this.diverged !== "";
  }

  /** The learning rates of the next n batches. @param {number} n */
  rates(n) {
    const { batches, choices, epoch, at } = this;
    const first = epoch * batches + Math.floor(at / choices.batch_size);
    return learningRates(choices, first, n, choices.epochs * batches);
  }

  shuffled() {
    return this.rng.permutation(this.N);
  }

  /** The generator of the present epoch's shifts. */
  shifting() {
    return new Generator((BigInt(this.choices.seed) << 32n) | BigInt(this.epoch + 1));
  }

  /**
   * Train some batches, by default as many as take some milliseconds. The losses are added up stretch by stretch,
   * and stretches end at fixed places of an epoch: the sum has the same bits whatever happens in between.
   * @param {number} [most] batches
   */
  slice(most = Infinity) {
    if (this.finished) return null;
    const { batch_size, hidden } = this.choices;
    const images = Math.min(WORK / hidden, this.N / POINTS);
    const stretch = batch_size * Math.max(1, Math.floor(images / batch_size));
    const into = this.at % stretch;
    const goal = Math.min(this.N, this.at - into + stretch);
    const end = Math.min(goal, this.at + most * batch_size);
    // a stretch that is done in parts is done batch by batch, so that its losses are added up one by one
    const each = into === 0 && end === goal ? end - this.at : batch_size;
    const before = this.at;
    let total = 0;
    while (this.at < end) {
      const rows = this.order.subarray(this.at, Math.min(end, this.at + each));
      const n = Math.ceil(rows.length / batch_size);
      const shifts =
        this.choices.distortion === "shift" ? this.shifts.integers(-1, 2, 2 * rows.length) : null;
      const began = performance.now();
      const done = this.engine.train(rows, this.rates(n), this.moved, shifts);
      this.seconds += (performance.now() - began) / 1000;
      this.step += done.diverged || n;
      this.moved += done.diverged || n;
      if (done.diverged) {
        this.diverged = "the loss is not finite";
        return { step: this.step, loss: Number.NaN };
      }
      this.at += rows.length;
      this.stretch += done.total;
      total += done.total;
    }
    if (this.at >= goal) {
      this.total += this.stretch;
      this.stretch = 0;
    }
    const point = { step: this.step, loss: total / (this.at - before) };
    if (this.at >= this.N) this.finishEpoch();
    return point;
  }

  finishEpoch() {
    const loss = this.total / this.N;
    this.epoch += 1;
    this.history.push({ epoch: this.epoch, step: this.step, loss, ...this.accuracies() });
    this.diverged = this.failure();
    this.total = 0;
    this.at = 0;
    if (this.finished) return;
    this.order = this.shuffled();
    this.shifts = this.shifting();
  }

  /** The shares of training images and of images held back that are read. */
  accuracies() {
    const { held, N } = this;
    return {
      train_accuracy: this.accuracy(0, Math.min(N, held || SAMPLE)),
      validation_accuracy: held ? this.accuracy(this.data.N - held, held) : null,
    };
  }

  /** @param {number} first @param {number} n training images */
  accuracy(first, n) {
    const z = this.engine.scores("train", first, n);
    const C = this.data.C;
    let right = 0;
    for (let i = 0; i < n; i++) {
      right += Number(indexOfLargest(z.subarray(i * C, (i + 1) * C)) === this.data.labels[first + i]);
    }
    return right / n;
  }

  /** Why training cannot go on, as diagnosis.failure; "" where it can. */
  failure() {
    const n = Math.min(100, this.N);
    const z = this.engine.scores("train", 0, n);
    if (!z.every(Number.isFinite)) return "a score is not finite";
    const stuck = this.choices.loss === "l2" && z.every((each) => Math.abs(each) > FLAT);
    const wrong = 1 - this.accuracy(0, n);
    return stuck && wrong > 0.5 ? "every output is saturated at 0 or 1, where no gradient is left" : "";
  }

  /** Dead hidden units, and the share of saturated outputs, on images held back (or learnt from, where none are). */
  health() {
    const n = Math.min(LOOKED, this.held || this.N);
    const first = this.held ? this.data.N - this.held : 0;
    const { alive, z } = this.engine.look(first, n);
    const dead = [];
    for (let k = 0; k < this.choices.hidden; k++) if (!alive[k]) dead.push(k);
    let saturated = 0;
    for (const each of z) saturated += Number(!(Math.abs(each) <= FLAT));
    return { dead, saturated: saturated / z.length };
  }

  /** Other choices from the next batch on. @param {Changes} changes */
  change(changes) {
    const next = { ...this.choices, ...changes };
    if (next.batch_size > LARGEST)
      throw new Error(`expected batches of at most ${LARGEST}; got ${next.batch_size}`);
    if (next.optimizer !== this.choices.optimizer) this.moved = 0;
    this.choices = next;
    this.engine.change(next);
  }
}
