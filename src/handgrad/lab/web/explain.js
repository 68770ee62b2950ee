/**
 * Looking inside a network: who voted for what, and what it amounts to without its non-linearity.
 * Every score is a sum over the hidden units, z_c = sum_k W2[c, k] h_k + b2_c. The mirror of insight/explain.py.
 *
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {import("./types.js").Params} Params
 * @typedef {import("./types.js").Cache} Cache
 */

import { affineForward } from "./layers.js";

/**
 * @typedef {{ unit: number, h: number, weight: number, value: number }} Term of a unit: value = weight h
 * @typedef {{ terms: Term[], bias: number, z: number }} Ledger whose terms and bias sum to z
 */

const GRID = 50; // bits of a sum of sizes that its terms keep; a double has 53

/**
 * The score of class c, taken apart: a term for each unit with h != 0, the largest first, and the bias. Terms
 * and bias are rounded to a grid on which no sum of them needs rounding: they add up to z in any order.
 * @param {Params} params @param {Numbers} h of one image (H,) @param {number} c @returns {Ledger}
 */
export function ledger({ W2, b2, H }, h, c) {
  let total = Math.abs(b2 ? b2[c] : 0);
  for (let k = 0; k < H; k++) total += Math.abs(W2[c * H + k] * h[k]);
  const step = total > 0 && Number.isFinite(total) ? 2 ** (Math.floor(Math.log2(total)) + 1 - GRID) : 1;
  const onGrid = (/** @type {number} */ value) => Math.round(value / step) * step;
  /** @type {Term[]} */
  const terms = [];
  const bias = onGrid(b2 ? b2[c] : 0);
  let z = bias;
  for (let k = 0; k < H; k++) {
    if (h[k] === 0) continue;
    const value = onGrid(W2[c * H + k] * h[k]);
    terms.push({ unit: k, h: h[k], weight: W2[c * H + k], value });
    z += value;
  }
  terms.sort((one, other) => Math.abs(other.value) - Math.abs(one.value) || one.unit - other.unit);
  return { terms, bias, z };
}

/**
 * The units that an image excites most: their numbers, the largest |h_k| first.
 * @param {Numbers} h (H,) @param {number} most
 */
export function strongest(h, most) {
  const units = Array.from(h.keys()).filter((k) => h[k] !== 0);
  return units.sort((one, other) => Math.abs(h[other]) - Math.abs(h[one]) || one - other).slice(0, most);
}

/**
 * All about one hidden unit, for one image.
 * @param {Params} params @param {Cache} cache of one image @param {number} k
 */
export function unit({ W1, b1, W2, D, H, C }, { x, a, h }, k) {
  const template = W1.subarray(k * D, (k + 1) * D);
  const product = template.map((weight, p) => weight * x[p]);
  const votes = Float64Array.from({ length: C }, (_, c) => W2[c * H + k]);
  const b = b1 ? b1[k] : 0;
  return { template, product, bias: b, a: a[k], h: h[k], votes, shares: votes.map((vote) => vote * h[k]) };
}

/**
 * The one affine layer that two become without a non-linearity: W = W2 W1 (C, D), b = W2 b1 + b2 (C,).
 * @param {Params} params
 */
export function collapse({ W1, b1, W2, b2, H, D, C }) {
  const W = new Float64Array(C * D);
  const b = Float64Array.from({ length: C }, (_, c) => (b2 ? b2[c] : 0));
  for (let c = 0; c < C; c++) {
    for (let k = 0; k < H; k++) {
      const vote = W2[c * H + k];
      if (b1) b[c] += vote * b1[k];
      for (let p = 0; p < D; p++) W[c * D + p] += vote * W1[k * D + p];
    }
  }
  return { W, b };
}

/**
 * The scores of the collapsed network for one image.
 * @param {{ W: Float64Array, b: Float64Array }} collapsed @param {Numbers} x (D,)
 */
export function collapsedScores({ W, b }, x) {
  return affineForward(x, W, b, 1, b.length, x.length);
}
