/**
 * What the Draw room knows at a moment: the network, the image, and what is read on it. No DOM.
 *
 * @typedef {import("./draw_reading.js").Answer} Answer
 * @typedef {import("./prepare.js").Prepared} Prepared
 */

import { Reader } from "./draw_reading.js";
import { collapsedScores } from "./explain.js";
import { indexOfLargest } from "./network.js";
import { agreement, ofMnist } from "./templates.js";

const BENDS = {
  relu: "ReLU",
  leaky_relu: "leaky ReLU",
  tanh: "tanh",
  sigmoid: "the hidden sigmoid",
  none: "",
};

export class DrawRoom {
  /** @param {import("./host.js").State} model */
  constructor(model) {
    this.model = model;
    /** @type {Reader | null} */
    this.reader = null;
    this.problem = "";
    /** @type {Prepared | null} the stages from ink to image; null for an image that came ready */
    this.prepared = null;
    /** @type {Uint8Array | null} */
    this.image = null;
    /** @type {Answer | null} */
    this.answer = null;
    /** @type {{ scores: Float64Array, answer: number } | null} of the ten mean images */
    this.baseline = null;
    /** @type {{ scores: Float64Array, y: ArrayLike<number>, answer: number } | null} without the non-linearity */
    this.collapsed = null;
    /** @type {Float64Array | null} */
    this.templates = null;
    /** @type {number | null} the unit under the mouse or the focus */
    this.hovered = null;
  }

  /** Take the network of the state. */
  open() {
    const bytes = this.model.get("model_file");
    if (!bytes) return;
    try {
      const reader = new Reader(bytes, this.model.get("network_name") || "the network");
      this.problem = reader.refusal;
      this.reader = this.problem ? null : reader;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.read();
  }

  /** @param {Uint8Array | null} image @param {Prepared | null} prepared */
  show(image, prepared) {
    this.image = image;
    this.prepared = prepared;
    this.read();
  }

  /** Ask the network, and those that stand beside it. */
  read() {
    const { reader, image, model } = this;
    this.answer = reader && image ? reader.read(image) : null;
    this.collapsed = null;
    this.baseline = null;
    if (!reader || !image || !this.answer) return;
    if (!model.get("relu")) {
      const scores = Float64Array.from(collapsedScores(reader.collapsed, this.answer.cache.x));
      this.collapsed = { scores, y: reader.outputs(scores), answer: indexOfLargest(scores) };
    }
    if (model.get("baseline") && this.readsDigits) {
      this.templates ??= ofMnist();
      const scores = agreement(this.templates, image);
      this.baseline = { scores, answer: indexOfLargest(scores) };
    }
  }

  get classes() {
    return (this.reader?.network.classes ?? [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).map(String);
  }

  /** The network's non-linearity as people write it. */
  get bend() {
    const { activation = "relu" } = this.reader?.network ?? {};
    return /** @type {Record<string, string>} */ (BENDS)[activation] ?? activation;
  }

  /** Whether the network's classes are the ten digits, of which the page has mean images. */
  get readsDigits() {
    return this.classes.join() === "0,1,2,3,4,5,6,7,8,9";
  }

  /** The class whose ledger is shown. @returns {number} */
  get digit() {
    const chosen = this.model.get("digit");
    return chosen !== null && chosen < this.classes.length ? chosen : (this.answer?.answer ?? 0);
  }

  /** The unit that is shown: the one under the mouse, else the one that was held, else the strongest. */
  get unit() {
    const units = this.reader?.params.H ?? 0;
    const held = this.model.get("unit");
    if (this.hovered !== null && this.hovered < units) return this.hovered;
    if (held !== null && held < units) return held;
    return this.answer ? indexOfLargest(this.answer.cache.h.map(Math.abs)) : 0;
  }
}
