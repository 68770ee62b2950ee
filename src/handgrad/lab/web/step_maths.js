/**
 * One image through the network, out and back, in double precision: every tensor of the walk by its name, the
 * slope of the loss as measured, and the loss after a step. No DOM. One image, so N = 1 in every formula.
 *
 * @typedef {import("./types.js").Params} Params
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {import("./types.js").Network} Network
 * @typedef {{ name: string, shape: number[], values: Numbers }} Tensor
 * @typedef {{ params: Params, activation: string, loss: string, image: Float64Array, label: number,
 *   L: number, tensors: Record<string, Tensor> }} Walk
 * @typedef {"W1" | "b1" | "W2" | "b2"} Parameter
 */
import { ACTIVATIONS, affineBackward, sigmoidBackward } from "./layers.js";
import { LOSSES, softmax } from "./losses.js";
import { backward, forward, lossAndGradients, mapParams } from "./network.js";
import { NAMES } from "./types.js";

/** The stages in the order in which they are computed, each with the tensors that it makes. A cross-entropy
 * loss reads the scores, so the way back enters at grad_z.
 * @param {Walk} walk @returns {{ stage: string, makes: string[] }[]} */
export function stages(walk) {
  const bias = walk.params.b1 !== null;
  const made = [["x"], ["a"], ["h"], ["z"], ["y"], ["L"]];
  if (walk.tensors.grad_y) made.push(["grad_y"]);
  made.push(["grad_z"], bias ? ["grad_W2", "grad_b2"] : ["grad_W2"], ["grad_h"], ["grad_a"]);
  made.push(bias ? ["grad_W1", "grad_b1"] : ["grad_W1"], ["update"]);
  return made.map((makes) => ({ stage: makes[0], makes }));
}

/** A network's parameters in double precision, so that every sum adds up to the digits shown.
 * @param {Params} params @returns {Params} */
export function inDouble(params) {
  return mapParams(params, (p) => Float64Array.from(p));
}

/** Every tensor of one image's way through the network and back.
 * @param {Params} params in double precision @param {string} activation @param {string} loss
 * @param {Float64Array} image x, from 0 (paper) to 1 (ink) @param {number} label @returns {Walk} */
export function walkThrough(params, activation, loss, image, label) {
  const { W1, b1, W2, b2, H, D, C } = params;
  if (image.length !== D)
    throw new Error(`the network takes images of ${D} pixels; this one has ${image.length}`);
  if (!(label >= 0 && label < C))
    throw new Error(`the network has ${C} classes; the label is class ${label}`);
  const cache = forward(params, image, 1, activation);
  const { measure, reads } = LOSSES[loss];
  const { L, grad } = measure(cache[reads], Int32Array.of(label), C);
  const grad_y = reads === "y" ? grad : null;
  const grad_z = grad_y ? sigmoidBackward(grad_y, cache.y) : grad;
  const { grad_x: grad_h } = affineBackward(grad_z, cache.h, W2, 1);
  const gate = ACTIVATIONS[activation];
  const grad_a = gate.backward(/** @type {Numbers} */ (grad_h), cache[gate.reads]);
  const grads = backward(params, cache, activation, { grad_z });
  const y = reads === "y" ? cache.y : softmax(cache.z, C);
  const target = Float64Array.from({ length: C }, (_, c) => Number(c === label));
  const values = {
    ...{ x: image, W1, b1, a: cache.a, h: cache.h, W2, b2, z: cache.z, y, target, L: Float64Array.of(L) },
    ...{ grad_y, grad_z, grad_W2: grads.W2, grad_b2: grads.b2, grad_h, grad_a },
    ...{ grad_W1: grads.W1, grad_b1: grads.b1 },
  };
  const shapes = { x: [1, D], W1: [H, D], b1: [H], a: [1, H], h: [1, H], W2: [C, H], b2: [C], z: [1, C] };
  const others = { y: [1, C], target: [1, C], L: [] };
  const tensors = /** @type {Record<string, Tensor>} */ ({});
  for (const [name, of] of Object.entries(values)) {
    const shape = /** @type {Record<string, number[]>} */ ({ ...shapes, ...others })[
      name.replace("grad_", "")
    ];
    if (of) tensors[name] = { name, shape, values: /** @type {Float64Array} */ (of) };
  }
  return { params, activation, loss, image, label, L, tensors };
}

/** The loss of the walk's image with these parameters. @param {Walk} walk @param {Params} params */
function lossWith({ activation, loss, image, label }, params) {
  const { measure, reads } = LOSSES[loss];
  return measure(forward(params, image, 1, activation)[reads], Int32Array.of(label), params.C).L;
}

/** The loss after one parameter has been moved by delta: a whole forward pass.
 * @param {Walk} walk @param {Parameter} of @param {number} index @param {number} delta */
export function lossAt(walk, of, index, delta) {
  const values = walk.tensors[of].values;
  const kept = values[index];
  values[index] = kept + delta;
  try {
    return lossWith(walk, walk.params);
  } finally {
    values[index] = kept;
  }
}

/** The slope of the loss along one parameter, as measured: (L(w + h) - L(w - h)) / 2h.
 * @param {Walk} walk @param {Parameter} of @param {number} index @param {number} [h] */
export function slopeAt(walk, of, index, h = 1e-5) {
  return (lossAt(walk, of, index, h) - lossAt(walk, of, index, -h)) / (2 * h);
}

/** Whether a hidden unit's a changes its sign within h of the parameter: there ReLU has its corner.
 * @param {Walk} walk @param {Parameter} of @param {number} index @param {number} h */
export function switches({ tensors, params, activation }, of, index, h) {
  if (!activation.includes("relu") || of === "W2" || of === "b2") return false;
  const unit = of === "b1" ? index : Math.floor(index / params.D);
  const reach = of === "b1" ? h : h * Math.abs(tensors.x.values[index % params.D]);
  return reach > 0 && Math.abs(tensors.a.values[unit]) <= reach;
}

/** The cell with the largest gradient. @param {Walk} walk @param {Parameter} of */
export function steepest({ tensors }, of) {
  const { values } = tensors[`grad_${of}`];
  let at = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i]) > Math.abs(values[at])) at = i;
  return at;
}

/** The change of the loss that the slope promises for a step: -rate times the sum of the squared gradients.
 * @param {Walk} walk @param {number} rate */
export function promised({ tensors }, rate) {
  let total = 0;
  for (const of of NAMES) for (const grad of tensors[`grad_${of}`]?.values ?? []) total += grad * grad;
  return -rate * total;
}

/** Steps of gradient descent with this image alone: the parameters after them, and the loss after each.
 * @param {Walk} walk @param {number} rate @param {number} times @returns {{ params: Params, losses: number[] }} */
export function takeSteps(walk, rate, times) {
  const params = inDouble(walk.params);
  const losses = [];
  for (let i = 0; i < times; i++) {
    const { grads } = lossAndGradients(
      params,
      walk.image,
      Int32Array.of(walk.label),
      walk.activation,
      walk.loss,
    );
    for (const of of NAMES) {
      const [values, grad] = [params[of], grads[of]];
      if (values && grad) for (let j = 0; j < values.length; j++) values[j] -= rate * grad[j];
    }
    losses.push(lossWith(walk, params));
  }
  return { params, losses };
}

/** The network with other parameters. What was measured and fitted was so for the parameters that it had.
 * @param {Network} network @param {Params} params @param {string} name @returns {Network} */
export function stepped(network, params, name) {
  const metadata = { handgrad_version: network.metadata.handgrad_version ?? "" };
  return {
    ...network,
    name,
    params: mapParams(params, (p) => Float32Array.from(p)),
    metadata,
    calibration: null,
  };
}
