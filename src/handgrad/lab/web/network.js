/**
 * The network: x -> affine -> a -> relu -> h -> affine -> z -> sigmoid -> y, and the way back.
 * The mirror of network.py: what a page or a test wants to read; kernel.wasm trains faster.
 *
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {import("./types.js").Params} Params
 * @typedef {import("./types.js").Cache} Cache
 */

import { ACTIVATIONS, affineBackward, affineForward, sigmoidBackward, sigmoidForward } from "./layers.js";
import { LOSSES } from "./losses.js";
import { NAMES } from "./types.js";

/**
 * The same shapes, with f applied to W1, b1, W2 and b2 in turn; a bias that is off stays null.
 * @param {Params} params @param {(p: Numbers, name: "W1" | "b1" | "W2" | "b2") => Numbers} f @returns {Params}
 */
export function mapParams(params, f) {
  const made = { ...params };
  for (const name of NAMES) {
    const p = params[name];
    if (p) made[name] = f(p, name);
  }
  return made;
}

/**
 * x (N, D) -> { x, a, h, z, y, N }.
 * @param {Params} params @param {Numbers} x @param {number} N @param {string} [activation] @returns {Cache}
 */
export function forward(params, x, N, activation = "relu") {
  const { W1, b1, W2, b2, H, D, C } = params;
  const a = affineForward(x, W1, b1, N, H, D); // (N, H)
  const h = ACTIVATIONS[activation].forward(a); // (N, H)
  const z = affineForward(h, W2, b2, N, C, H); // (N, C)
  const y = sigmoidForward(z); // (N, C)
  return { x, a, h, z, y, N };
}

/**
 * grad_y (N, C) -> the gradients of W1, b1, W2 and b2: forward mirrored, line for line. A loss that reads the
 * scores instead (cross-entropy) comes in at grad_z (N, C), past the sigmoid.
 * @param {Params} params @param {Cache} cache @param {string} activation
 * @param {{ grad_y?: Numbers | null, grad_z?: Numbers | null }} from @returns {Params}
 */
export function backward(params, cache, activation, from) {
  const { N } = cache;
  const { backward: activateBackward, reads } = ACTIVATIONS[activation];
  const grad_z = from.grad_z ?? sigmoidBackward(/** @type {Numbers} */ (from.grad_y), cache.y); // (N, C)
  const second = affineBackward(grad_z, cache.h, params.W2, N); // grad_h (N, H), grad_W2 (C, H), grad_b2 (C,)
  const grad_h = /** @type {Numbers} */ (second.grad_x);
  const grad_a = activateBackward(grad_h, cache[reads]); // (N, H)
  const first = affineBackward(grad_a, cache.x, null, N); // grad_W1 (H, D), grad_b1 (H,)
  const grads = { W1: first.grad_W, b1: first.grad_b, W2: second.grad_W, b2: second.grad_b };
  return mapParams(params, (_, name) => grads[name]);
}

/**
 * One batch out and back.  x (N, D), labels (N,) -> L and the gradients.
 * @param {Params} params @param {Numbers} x @param {ArrayLike<number>} labels @param {string} [activation]
 * @param {string} [loss]
 */
export function lossAndGradients(params, x, labels, activation = "relu", loss = "l2") {
  const cache = forward(params, x, labels.length, activation);
  const { measure, reads } = LOSSES[loss];
  const { L, grad } = measure(cache[reads], labels, params.C); // grad_y, or grad_z of a loss that reads z
  const grads = backward(params, cache, activation, { [`grad_${reads}`]: grad });
  return { L, grads };
}

/**
 * The class with the largest score for each image: x (N, D) -> labels (N,).
 * @param {Params} params @param {Numbers} x @param {number} N @param {string} [activation]
 */
export function predict(params, x, N, activation = "relu") {
  const { z } = forward(params, x, N, activation);
  const { C } = params;
  return Int32Array.from({ length: N }, (_, i) => indexOfLargest(z.subarray(i * C, (i + 1) * C)));
}

/** The place of the largest number, the first of equals. @param {ArrayLike<number>} values */
export function indexOfLargest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/**
 * Pixels -> x: 0 is paper, 255 is ink -> 0..1, in the type of the parameters.
 * @param {ArrayLike<number>} pixels @param {Numbers} like
 */
export function asInput(pixels, like) {
  const scaled =
    like instanceof Float32Array ? new Float32Array(pixels.length) : new Float64Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) scaled[i] = pixels[i] / 255;
  return scaled;
}

/** Whether all parameters are finite, so that they can be saved. @param {Params} params */
export function allFinite(params) {
  return [params.W1, params.b1, params.W2, params.b2].every((p) => !p || everyFinite(p));
}

/** @param {ArrayLike<number>} values */
function everyFinite(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] - values[i]; // 0, or not a number
  return sum === 0;
}
