/**
 * The page's handle on training: a worker trains (worker.js), this asks it and tells the page what comes back.
 *
 *     const trainer = new Trainer();
 *     trainer.on("progress", (progress) => draw(progress));
 *     await trainer.load(await loadTrain(), await loadTest());
 *     await trainer.configure({ ...RECIPES.quick.recipe, ...DEFAULTS, seed: 7 });
 *     trainer.start();
 *
 * Every question is answered in its order, and a line of text says why something could not be done: the promise
 * is then rejected with it, and there is an "error" event with the same text.
 *
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./types.js").Params} Params
 *
 * What a run is made of: a recipe, and what the page adds to it.
 * @typedef {import("./recipes.js").Recipe & Additions} Choices
 * @typedef {object} Additions
 * @property {"off" | "shift"} distortion shift: each image, each epoch, by -1 to 1 pixels across and down
 * @property {number} share how many of the first training images are learnt from; those that are held back for
 *   the validation (a tenth, and 5,000 at most) never belong to them, so that any two shares are measured alike
 * @property {number} seed a whole number from 0 on: of the initial parameters, the orders and the distortions
 * @property {"ink" | "reference"} engine the kernel in WebAssembly, or network.js
 * @property {string} mistake the name of one of the zoo's, or "": it is trained by the reference
 *
 * What can be changed while a run goes on. The optimizer's memory is kept, but for a change of the optimizer; the
 * schedule goes on from the share of the run that is done.
 * @typedef {Partial<Pick<Choices, "learning_rate" | "batch_size" | "optimizer" | "loss" | "distortion" | "epochs" |
 *   "schedule">>} Changes
 *
 * "empty": there are no data, or no choices. "ready": at its start. "finished": all epochs are done. "diverged": the
 * loss or a parameter is not finite, or every output is saturated (Progress.diverged says which).
 * @typedef {"empty" | "ready" | "running" | "paused" | "finished" | "diverged"} State
 *
 * Where the run is. 15 a second at most come while it runs; there is one after each configure, rewind and newSeed,
 * after each oneBatch and oneEpoch, and before "paused", "finished" and "diverged".
 * @typedef {object} Progress
 * @property {number} run counts the beginnings: after configure, rewind and newSeed it is one more
 * @property {number} seed
 * @property {number} step batches that are done
 * @property {number} steps of the whole run
 * @property {number} epoch epochs that are done
 * @property {number} epochs
 * @property {number} learning_rate of the next batch
 * @property {number} seconds spent in training: not in measuring, not while it is paused
 * @property {number} images_per_second since the last progress; 0 where nothing was trained
 * @property {[number, number][]} losses the step (from 1) and the mean loss of a batch, or of some batches in a row
 *   that end there: 200 at most since the last progress
 * @property {number | null} loss of the last epoch that is done: the mean over its images, to the last bit
 * @property {Measured[]} history one for each epoch that is done
 * @property {number | null} train_accuracy of the last epoch that is done, or of a measurement since (never at
 *   "ready"): on the first images learnt from, as many as are held back at most
 * @property {number | null} validation_accuracy on those held back
 * @property {Params} params a copy of the parameters, in Float32Array (yours: it was handed over)
 * @property {number[]} dead the hidden units that are 0 for all of the first 1,000 images held back
 * @property {number} saturated the share of the outputs for these images that are within 1e-4 of 0 or 1
 * @property {string} diverged why the run cannot go on; "" where it can
 *
 * An epoch that is done.
 * @typedef {object} Measured
 * @property {number} epoch
 * @property {number} step
 * @property {number} loss
 * @property {number} train_accuracy
 * @property {number | null} validation_accuracy null where no images are held back
 *
 * What the network, as it is now, makes of the test images.
 * @typedef {object} Evaluation
 * @property {number} accuracy
 * @property {number} N images
 * @property {number} C
 * @property {Uint32Array} confusion (C, C): row is the label, column the answer
 * @property {Uint8Array | Int32Array} answers (N,)
 * @property {Float32Array} z (N, C)
 * @property {Uint32Array} mistakes numbers of the images that are misread, the surest mistake first
 *
 * @typedef {{ progress: Progress, state: State, error: string }} Events
 */

import { makeWorker } from "./assets.js";

/** What the page adds to a recipe, where nothing is chosen. @type {Additions} */
export const DEFAULTS = { distortion: "off", share: 60_000, seed: 0, engine: "ink", mistake: "" };

export class Trainer {
  /** @param {() => Worker} [make] */
  constructor(make = makeWorker) {
    /** @type {State} */
    this.state = "empty";
    /** @type {Progress | null} the last one */
    this.progress = null;
    /** @type {Map<string, Set<(value: any) => void>>} */
    this.listeners = new Map();
    /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
    this.asked = new Map();
    this.questions = 0;
    this.worker = make();
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (event) =>
      this.fail(event.message || "the worker that trains could not be started");
  }

  /**
   * Have f called with what happens.
   * @template {keyof Events} Name @param {Name} event @param {(value: Events[Name]) => void} f
   */
  on(event, f) {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners.add(f));
  }

  /** @template {keyof Events} Name @param {Name} event @param {(value: Events[Name]) => void} f */
  off(event, f) {
    this.listeners.get(event)?.delete(f);
  }

  /** The images to learn from, and those to test on. They are copied. @param {Data} train @param {Data | null} test */
  load(train, test) {
    return this.ask("load", { train, test });
  }

  /** A new run, at its start. @param {Choices} choices @returns {Promise<void>} */
  configure(choices) {
    return this.ask("configure", choices);
  }

  /** Train until the run is finished, paused or diverged. Answered as soon as it has begun. @returns {Promise<void>} */
  start() {
    return this.ask("start");
  }

  /** Stop before the next batch. @returns {Promise<void>} */
  pause() {
    return this.ask("pause");
  }

  /** Train one batch, then pause. Answered when it is done. @returns {Promise<void>} */
  oneBatch() {
    return this.ask("oneBatch");
  }

  /** Train to the end of the epoch, then pause. Answered when it has begun. @returns {Promise<void>} */
  oneEpoch() {
    return this.ask("oneEpoch");
  }

  /** Slow motion: four batches a second, with a progress after each. @param {boolean} on @returns {Promise<void>} */
  slow(on) {
    return this.ask("slow", on);
  }

  /** Change what can be changed while the run goes on. @param {Changes} changes @returns {Promise<void>} */
  change(changes) {
    return this.ask("change", changes);
  }

  /** The same start again: the same seed, the same choices as they are now. @returns {Promise<void>} */
  rewind() {
    return this.ask("rewind");
  }

  /** A new run by the same choices from another seed. @param {number} seed @returns {Promise<void>} */
  newSeed(seed) {
    return this.ask("newSeed", seed);
  }

  /** What the network makes of the test images; a run goes on meanwhile. @returns {Promise<Evaluation>} */
  evaluate() {
    return this.ask("evaluate");
  }

  /** Stop the worker. Nothing can be asked afterwards; what was asked is never answered. */
  end() {
    this.worker.terminate();
    this.listeners.clear();
  }

  /** @param {string} name @param {any} [value] @returns {Promise<any>} */
  ask(name, value) {
    const question = ++this.questions;
    this.worker.postMessage({ question, name, value });
    return new Promise((resolve, reject) => this.asked.set(question, { resolve, reject }));
  }

  /** @param {{ event?: keyof Events, question?: number, value: any, error?: string }} message */
  receive({ event, question, value, error }) {
    if (event === "state") this.state = value;
    if (event === "progress") this.progress = value;
    if (event) this.tell(event, value);
    if (question === undefined) return;
    const waiting = this.asked.get(question);
    this.asked.delete(question);
    if (error === undefined) waiting?.resolve(value);
    else {
      this.tell("error", error);
      waiting?.reject(new Error(error));
    }
  }

  /** @param {string} error */
  fail(error) {
    this.tell("error", error);
    for (const { reject } of this.asked.values()) reject(new Error(error));
    this.asked.clear();
  }

  /** @param {keyof Events} event @param {any} value */
  tell(event, value) {
    for (const f of [...(this.listeners.get(event) ?? [])]) f(value);
  }
}
