/**
 * Gradient descent with its common refinements. A rule takes a parameter p, its gradient g and what it
 * remembers of p (arrays shaped like p; nothing before step 0), and returns both anew.
 * The mirror of optimizers.py.
 *
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {import("./types.js").Params} Params
 * @typedef {Numbers[]} Memory
 * @typedef {(p: Numbers, g: Numbers, memory: Memory, rate: number, step: number) => [Numbers, Memory]} Rule
 * @typedef {Partial<Record<"W1" | "b1" | "W2" | "b2", Memory>>} Memories
 */

import { mapParams } from "./network.js";

export const BETA = 0.9;
export const BETA2 = 0.999;
export const EPSILON = 1e-8;

/** p <- p - rate g.  @type {Rule} */
export function sgd(p, g, memory, rate) {
  return [p.map((each, i) => each - rate * g[i]), memory];
}

/** v <- 0.9 v + g,  p <- p - rate v (Polyak 1964).  @type {Rule} */
export function momentum(p, g, [before], rate) {
  const v = before ? before.map((each, i) => BETA * each + g[i]) : g.slice();
  return [p.map((each, i) => each - rate * v[i]), [v]];
}

/** v <- 0.9 v + g,  p <- p - rate (g + 0.9 v): one step ahead (Sutskever et al. 2013).  @type {Rule} */
export function nesterov(p, g, [before], rate) {
  const v = before ? before.map((each, i) => BETA * each + g[i]) : g.slice();
  return [p.map((each, i) => each - rate * (g[i] + BETA * v[i])), [v]];
}

/**
 * m <- 0.9 m + 0.1 g,  v <- 0.999 v + 0.001 g^2,  p <- p - rate m' / (sqrt(v') + 1e-8), where
 * m' = m / (1 - 0.9^(step + 1)), and v' likewise, undo the start at zero (Kingma and Ba 2015).
 * @type {Rule}
 */
export function adam(p, g, [m0, v0], rate, step) {
  const m = g.map((each, i) => BETA * (m0 ? m0[i] : 0) + (1 - BETA) * each);
  const v = g.map((each, i) => BETA2 * (v0 ? v0[i] : 0) + (1 - BETA2) * each * each);
  const m_unbias = 1 - BETA ** (step + 1);
  const v_unbias = 1 - BETA2 ** (step + 1);
  const moved = p.map((each, i) => each - (rate * m[i]) / m_unbias / (Math.sqrt(v[i] / v_unbias) + EPSILON));
  return [moved, [m, v]];
}

/** @type {Record<string, Rule>} */
export const OPTIMIZERS = { sgd, momentum, nesterov, adam };

/**
 * One step for W1, b1, W2 and b2 -> new params, new memories (null before the first step).
 * @param {string} optimizer @param {Params} params @param {Params} grads @param {Memories | null} memories
 * @param {number} rate @param {number} step
 */
export function update(optimizer, params, grads, memories, rate, step) {
  const rule = OPTIMIZERS[optimizer];
  /** @type {Memories} */
  const kept = {};
  const moved = mapParams(params, (p, name) => {
    const [next, memory] = rule(p, /** @type {Numbers} */ (grads[name]), memories?.[name] ?? [], rate, step);
    kept[name] = memory;
    return next;
  });
  return { params: moved, memory: kept };
}
