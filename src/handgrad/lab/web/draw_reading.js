/**
 * What a network makes of an image, for the Draw room. No DOM.
 *
 * @typedef {import("./types.js").Network} Network
 * @typedef {import("./types.js").Cache} Cache
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {{ cache: Cache, y: Float64Array, answer: number, judged: import("./calibration.js").Judged }} Answer
 */

import { judged } from "./calibration.js";
import { collapse } from "./explain.js";
import { sigmoidForward } from "./layers.js";
import { softmax } from "./losses.js";
import { asInput, forward, indexOfLargest, mapParams } from "./network.js";
import { load } from "./safetensors.js";

/** A network, ready to be asked: its parameters in double precision, so that shown sums add up. */
export class Reader {
  /** @param {Uint8Array} bytes of a model file @param {string} name */
  constructor(bytes, name) {
    this.network = load(bytes, name);
    this.params = mapParams(this.network.params, (p) => Float64Array.from(p));
    let most = 0;
    for (const weight of this.network.params.W1) most = Math.max(most, Math.abs(weight));
    this.largestWeight = most;
    /** @type {ReturnType<typeof collapse> | null} */
    this.kept = null;
  }

  /** Why the pad's images do not fit this network; "" where they do. */
  get refusal() {
    const { image_shape } = this.network;
    const fits = this.params.D === 784 && (image_shape.length !== 2 || image_shape[0] === 28);
    return fits
      ? ""
      : `This network takes images of ${image_shape.join(" x ")} pixels; the pad makes 28 x 28.`;
  }

  /** @param {ArrayLike<number>} image pixels (784) @returns {Answer} */
  read(image) {
    const { activation, calibration } = this.network;
    const cache = forward(this.params, asInput(image, this.params.W1), 1, activation);
    const y = this.outputs(cache.z);
    return { cache, y, answer: indexOfLargest(cache.z), judged: judged(y, calibration) };
  }

  /** Scores -> outputs: sigmoid, or softmax where the network learnt with cross-entropy. @param {Numbers} z */
  outputs(z) {
    return Float64Array.from(
      this.network.loss === "cross_entropy" ? softmax(z, z.length) : sigmoidForward(z),
    );
  }

  /** The ten images that the network is without its non-linearity. */
  get collapsed() {
    this.kept ??= collapse(this.params);
    return this.kept;
  }
}
