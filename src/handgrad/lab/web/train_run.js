/**
 * The run of the room: it follows the choices in the page's state, and remembers the course of this run and of
 * the one before. What is asked of the trainer is asked in order. No DOM.
 */

import { choicesOf, differences, LIVE } from "./train_choices.js";
import { Course } from "./train_course.js";
import { Trainer } from "./trainer.js";
import { heldBack } from "./training.js";

/** @typedef {import("./trainer.js").Progress} Progress */
/** @typedef {import("./trainer.js").State} RunState */

export class Run {
  /**
   * @param {import("./host.js").State} model
   * @param {{ onProgress: () => void, onState: () => void, onError: (text: string) => void }} tells
   */
  constructor(model, { onProgress, onState, onError }) {
    this.model = model;
    this.onProgress = onProgress;
    this.onError = onError;
    this.trainer = new Trainer();
    this.course = new Course();
    /** @type {Course | null} */
    this.before = null;
    /** @type {Record<string, any> | null} of the present run; null where it must be set up anew */
    this.choices = null;
    /** @type {import("./train_data.js").Images | null} */
    this.images = null;
    /** @type {{ step: number, accuracy: number } | null} the last measurement on the test set */
    this.tested = null;
    this.run = -1;
    this.work = Promise.resolve();
    this.trainer.on("progress", (progress) => this.progressed(progress));
    this.trainer.on("state", onState);
    this.trainer.on("error", onError);
  }

  get state() {
    return this.trainer.state;
  }

  /** @returns {Progress | null} */
  get progress() {
    return this.course.last;
  }

  get heldBack() {
    return this.images ? heldBack(this.images.train.N) : 0;
  }

  /** What the test set said of the network as it is now. */
  get testedNow() {
    return this.tested && this.tested.step === this.progress?.step ? this.tested.accuracy : null;
  }

  /** @param {Progress} progress */
  progressed(progress) {
    if (progress.run !== this.run) {
      this.run = progress.run;
      if (this.course.loss.xs.length > 1) this.before = this.course;
      this.course = new Course();
      this.tested = null;
    }
    this.course.add(progress);
    this.onProgress();
  }

  /** After all that was asked before; what goes wrong has been told as an error event. @param {() => any} task */
  ask(task) {
    this.work = this.work.then(task).catch(() => {});
    return this.work;
  }

  /** @param {import("./train_data.js").Images} images */
  open(images) {
    this.images = images;
    this.before = null;
    return this.ask(async () => {
      await this.trainer.load(images.train, images.test);
      await this.configure();
    });
  }

  async configure() {
    if (!this.images) return;
    const choices = choicesOf(this.model, this.images.train.N);
    this.choices = null;
    await this.trainer.configure(/** @type {any} */ (choices));
    this.choices = choices;
  }

  /** The state's choices may have changed: change the run, or begin it anew. */
  follow() {
    return this.ask(async () => {
      if (!this.images) return;
      const next = choicesOf(this.model, this.images.train.N);
      if (!this.choices) return this.configure();
      const changed = differences(next, this.choices);
      if (!changed.length) return;
      const going = this.state === "running" || this.state === "paused";
      const live = changed.every((key) => LIVE.includes(key));
      // a tour's next stop is about a run from its start
      if (!going || !live || !this.progress?.step || this.model.get("tour")) return this.configure();
      await this.trainer.change(Object.fromEntries(changed.map((key) => [key, next[key]])));
      this.choices = next;
      this.course.mark(changed.map((key) => `${key.replace("_", " ")} ${next[key]}`).join(", "));
      this.onProgress();
    });
  }

  /** Start, pause, or go on. */
  turn() {
    if (this.state === "running") return this.ask(() => this.trainer.pause());
    return this.ask(async () => {
      if (!this.choices) await this.configure();
      else if (this.state === "finished" || this.state === "diverged") await this.trainer.rewind();
      await this.trainer.start();
    });
  }

  /** Evaluate on the test set. @returns {Promise<import("./trainer.js").Evaluation | null>} */
  async evaluate() {
    const step = this.progress?.step ?? 0;
    const run = this.run;
    const evaluation = await this.trainer.evaluate().catch(() => null);
    if (evaluation && run === this.run) this.tested = { step, accuracy: evaluation.accuracy };
    return evaluation;
  }

  end() {
    this.trainer.end();
  }
}
