/**
 * One batch out and back in which every formula can be replaced: where a mistake of the zoo is planted. The
 * mirror of workbook/zoo/formulas.py and wrong.py; with RIGHT it gives the numbers of network.js.
 *
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {import("./types.js").Params} Params
 *
 * @typedef {{ L: number, grad: Numbers }} Loss
 * @typedef {{ grad_x: Numbers | null, grad_W: Numbers, grad_b: Numbers }} Affine
 *
 * @typedef {object} Formulas
 * @property {number} factor of the pixels
 * @property {(labels: ArrayLike<number>) => ArrayLike<number>} labels that the loss is told
 * @property {(y: Numbers, labels: ArrayLike<number>, C: number) => Loss} loss
 * @property {(grad_y: Numbers, y: Numbers, z: Numbers) => Numbers} sigmoidBackward -> grad_z
 * @property {(grad_h: Numbers, a: Numbers) => Numbers} reluBackward -> grad_a
 * @property {(grad_a: Numbers, x: Numbers, W: Numbers | null, N: number) => Affine} affineBackward
 * @property {(grads: Params) => Params} collect -> the gradients for the update
 *
 * What is planted in a run, in the place of network.js's and optimizers.js's functions.
 * @typedef {object} Planted
 * @property {typeof import("./network.js").lossAndGradients} lossAndGradients
 * @property {typeof update} update
 */

import { affineBackward, reluBackward, sigmoidBackward } from "./layers.js";
import { l2Loss } from "./losses.js";
import { forward, mapParams } from "./network.js";
import { update } from "./optimizers.js";

/** @type {Formulas} */
export const RIGHT = Object.freeze({
  factor: 1,
  labels: (labels) => labels,
  loss: l2Loss,
  sigmoidBackward,
  reluBackward,
  affineBackward,
  collect: (grads) => grads,
});

/** A network of relu and the L2 loss with some formulas replaced. @param {Partial<Formulas>} wrong @returns {Planted} */
export function withFormulas(wrong) {
  const f = { ...RIGHT, ...wrong };
  return {
    update,
    lossAndGradients(params, x, labels) {
      const N = labels.length;
      const scaled = f.factor === 1 ? x : x.map((each) => f.factor * each);
      const { a, h, z, y } = forward(params, scaled, N);
      const { L, grad: grad_y } = f.loss(y, f.labels(labels), params.C);
      const grad_z = f.sigmoidBackward(grad_y, y, z); // (N, C)
      const second = f.affineBackward(grad_z, h, params.W2, N); // (N, H), (C, H), (C,)
      const grad_a = f.reluBackward(/** @type {Numbers} */ (second.grad_x), a); // (N, H)
      const first = f.affineBackward(grad_a, scaled, null, N); // (H, D), (H,)
      const grads = { W1: first.grad_W, b1: first.grad_b, W2: second.grad_W, b2: second.grad_b };
      return { L, grads: f.collect(mapParams(params, (_, name) => grads[name])) };
    },
  };
}

/** Another update. @param {typeof update} wrong @returns {Planted} */
export function withUpdate(wrong) {
  return { ...withFormulas({}), update: wrong };
}

/** The sum of the numbers. @param {Numbers} values */
export function total(values) {
  let sum = 0;
  for (const each of values) sum += each;
  return sum;
}

/** @param {Numbers} values @param {number} factor @returns {Numbers} */
export function times(values, factor) {
  return values.map((each) => each * factor);
}

/** The L2 loss against other targets. @param {(labels: ArrayLike<number>, i: number, c: number) => number} target
 * @returns {Formulas["loss"]} */
export function lossAgainst(target) {
  return (y, labels, C) => {
    const N = labels.length;
    let sum = 0;
    const grad = y.map((output, i) => {
      const error = output - target(labels, Math.floor(i / C), i % C);
      sum += error * error;
      return (2 / N) * error;
    });
    return { L: sum / N, grad };
  };
}

/** The right loss, changed. @param {(loss: Loss, y: Numbers, C: number) => Loss} change @returns {Formulas["loss"]} */
export function lossChanged(change) {
  return (y, labels, C) => change(l2Loss(y, labels, C), y, C);
}

/** The right gradients of a layer, changed. @param {(right: Affine, N: number, grad_a: Numbers, x: Numbers,
 * W: Numbers | null) => Affine} change @returns {Formulas["affineBackward"]} */
export function affineChanged(change) {
  return (grad_a, x, W, N) => change(affineBackward(grad_a, x, W, N), N, grad_a, x, W);
}
