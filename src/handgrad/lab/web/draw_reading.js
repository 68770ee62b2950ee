/**
 * What a network makes of an image, for the Draw room. No DOM.
 *
 * @typedef {import("./types.js").Network} Network
 * @typedef {import("./types.js").Cache} Cache
 * @typedef {{ cache: Cache, y: Float64Array, answer: number, judged: { confidence: number, doubtful: boolean } | null }} Answer
 */

import { judged } from "./calibration.js";
import { collapse } from "./explain.js";
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

  /** @param {ArrayLike<number>} image pixels (784) @param {boolean} relu with its non-linearity @returns {Answer} */
  read(image, relu) {
    const { activation, loss, calibration } = this.network;
    const cache = forward(this.params, asInput(image, this.params.W1), 1, relu ? activation : "none");
    const outputs = loss === "cross_entropy" ? softmax(cache.z, this.params.C) : cache.y;
    const y = Float64Array.from(outputs);
    return { cache, y, answer: indexOfLargest(cache.z), judged: relu ? judged(y, calibration) : null };
  }

  /** The ten images that the network is without its non-linearity. */
  get collapsed() {
    this.kept ??= collapse(this.params);
    return this.kept;
  }
}
