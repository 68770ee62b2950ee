/**
 * One image through the network, out and back, in double precision: every tensor of the walk by its name, the
 * slope of the loss as measured, and the loss after a step. No DOM. One image, so N = 1 in every formula.
 *
 * @typedef {import("./network.js").Params} Params
 * @typedef {import("./safetensors.js").Network} Network
 * @typedef {{ name: string, shape: number[], values: Float64Array }} Tensor
 * @typedef {{ params: Params, activation: string, loss: string, image: Float64Array, label: number,
 *   L: number, tensors: Record<string, Tensor> }} Walk
 * @typedef {"W1" | "b1" | "W2" | "b2"} Parameter
 */
import { ACTIVATIONS, LOSSES, affineBackward, backward, forward, sigmoidBackward } from "./network.js";

export const PARAMETERS = /** @type {Parameter[]} */ (["W1", "b1", "W2", "b2"]);

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
  const { W1, b1, W2, b2, H, D, C } = params;
  return {
    ...{ H, D, C, W1: Float64Array.from(W1), W2: Float64Array.from(W2) },
    ...{ b1: b1 && Float64Array.from(b1), b2: b2 && Float64Array.from(b2) },
  };
}

/** Every tensor of one image's way through the network and back.
 * @param {Params} params in double precision @param {string} activation @param {string} loss
 * @param {Float64Array} image x, 0 = paper to 1 = ink @param {number} label @returns {Walk} */
export function walkThrough(params, activation, loss, image, label) {
  const { H, D, C } = params;
  expectImage(image, label, D, C);
  const labels = Int32Array.of(label);
  const cache = forward(params, image, 1, activation);
  const { L, grad, reads } = measured(cache, labels, loss);
  const grad_y = reads === "y" ? grad : null;
  const grad_z = grad_y ? sigmoidBackward(grad_y, cache.y) : grad;
  const [grad_h] = affineBackward(grad_z, cache.h, params.W2, 1);
  const { backward: activateBackward, reads: gate } = ACTIVATIONS[activation];
  const grad_a = activateBackward(grad_h, cache[gate]);
  const grads = backward(params, cache, { activation, grad_z });
  const y = reads === "y" ? cache.y : softmax(cache.z);
  const target = new Float64Array(C);
  target[label] = 1;
  const { W1, b1, W2, b2 } = params;
  /** @type {[string, number[], ArrayLike<number> | null][]} */
  const all = [
    ...[["x", [1, D], image], ["W1", [H, D], W1], ["b1", [H], b1], ["a", [1, H], cache.a]],
    ...[["h", [1, H], cache.h], ["W2", [C, H], W2], ["b2", [C], b2], ["z", [1, C], cache.z]],
    ...[["y", [1, C], y], ["target", [1, C], target], ["L", [], Float64Array.of(L)]],
    ...[["grad_y", [1, C], grad_y], ["grad_z", [1, C], grad_z], ["grad_W2", [C, H], grads.W2]],
    ...[["grad_b2", [C], grads.b2], ["grad_h", [1, H], grad_h], ["grad_a", [1, H], grad_a]],
    ...[["grad_W1", [H, D], grads.W1], ["grad_b1", [H], grads.b1]],
  ];
  const tensors = /** @type {Record<string, Tensor>} */ ({});
  for (const [name, shape, values] of all) if (values) tensors[name] = { name, shape, values };
  return { params, activation, loss, image, label, L, tensors };
}
