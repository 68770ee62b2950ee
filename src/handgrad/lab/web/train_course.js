/** What the page remembers of a run: its curves, thin enough to be drawn at any time. No DOM. */

/** @typedef {import("./trainer.js").Progress} Progress */
/** @typedef {{ xs: number[], ys: number[] }} Points */

const MOST = 600; // points of a curve; with more, neighbours become their mean

/** A curve that grows for as long as one likes: each point stands for the mean of as many values. */
export class Curve {
  constructor() {
    /** @type {number[]} */
    this.xs = [];
    /** @type {number[]} */
    this.ys = [];
    this.each = 1; // values that a point stands for
    this.sum = 0;
    this.summed = 0;
  }

  /** @param {number} x @param {number} y */
  push(x, y) {
    this.sum += y;
    this.summed += 1;
    if (this.summed < this.each) return;
    this.xs.push(x);
    this.ys.push(this.sum / this.summed);
    this.sum = 0;
    this.summed = 0;
    if (this.xs.length < MOST) return;
    const half = MOST / 2;
    for (let i = 0; i < half; i++) {
      this.xs[i] = this.xs[2 * i + 1];
      this.ys[i] = (this.ys[2 * i] + this.ys[2 * i + 1]) / 2;
    }
    this.xs.length = half;
    this.ys.length = half;
    this.each *= 2;
  }
}

/** The curves of one run over its epochs. */
export class Course {
  constructor() {
    this.loss = new Curve();
    /** @type {Points} */
    this.train = { xs: [], ys: [] };
    /** @type {Points} */
    this.validation = { xs: [], ys: [] };
    /** @type {{ x: number, text: string }[]} where choices changed */
    this.marks = [];
    /** @type {Progress | null} */
    this.last = null;
    this.epoch = 0; // epochs that are done, with a part of the present one
    this.changed = false;
    /** Steps and epochs from here on go at the same pace. */
    this.anchor = { step: 0, x: 0 };
  }

  /** Where a step stands, in epochs. @param {number} step @param {Progress} progress */
  at(step, { steps, epochs }) {
    const { anchor } = this;
    const rest = Math.max(1, steps - anchor.step);
    return Math.min(epochs, anchor.x + ((step - anchor.step) * (epochs - anchor.x)) / rest);
  }

  /** @param {Progress} progress */
  add(progress) {
    const { last } = this;
    if (last && (last.steps !== progress.steps || last.epochs !== progress.epochs)) {
      this.anchor = { step: last.step, x: this.epoch }; // the batches have another size, or there are more epochs
    }
    for (const [step, loss] of progress.losses) this.loss.push(this.at(step, progress), loss);
    this.epoch = this.at(progress.step, progress);
    for (const { epoch, train_accuracy, validation_accuracy } of progress.history.slice(
      last?.history.length ?? 0,
    )) {
      put(this.train, epoch, train_accuracy);
      put(this.validation, epoch, validation_accuracy);
    }
    put(this.train, this.epoch, progress.train_accuracy);
    put(this.validation, this.epoch, progress.validation_accuracy);
    this.last = progress;
  }

  /** The choices changed here. @param {string} text */
  mark(text) {
    this.changed = true;
    const last = this.marks.at(-1);
    if (last && Math.abs(last.x - this.epoch) < 1e-9) last.text = text;
    else this.marks.push({ x: this.epoch, text });
  }
}

/** A point that says something new. @param {Points} points @param {number} x @param {number | null} y */
function put({ xs, ys }, x, y) {
  if (y === null || y === undefined) return;
  const end = xs.length - 1;
  if (end >= 0 && (ys[end] === y || x <= xs[end])) {
    if (x > xs[end] && Number.isInteger(x)) {
      xs.push(x);
      ys.push(y);
    }
    return;
  }
  xs.push(x);
  ys.push(y);
}
