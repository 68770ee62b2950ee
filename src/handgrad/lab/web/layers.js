/**
 * Layers: every forward beside the backward derived from it; grad_z stands for dL/dz.
 * The mirror of layers.py, with the same letters: N images, D pixels, H hidden units.
 *
 * @typedef {import("./types.js").Numbers} Numbers
 */

export const LEAK = 0.01; // the slope of leaky relu below 0

/**
 * Zeros of the same type.
 * @param {Numbers} like @param {number} n @returns {Numbers}
 */
export function zerosLike(like, n) {
  return like instanceof Float32Array ? new Float32Array(n) : new Float64Array(n);
}

/**
 * a = x W^T + b.  x (N, D), W (H, D), b (H,) or null for no bias -> a (N, H).
 * A pixel without ink (x = 0) adds nothing, and is passed over.
 * @param {Numbers} x @param {Numbers} W @param {Numbers | null} b @param {number} N @param {number} H
 * @param {number} D
 */
export function affineForward(x, W, b, N, H, D) {
  if (x.length !== N * D || W.length !== H * D || (b && b.length !== H)) {
    const got = `${x.length}, ${W.length} and ${b?.length ?? "no"} numbers`;
    throw new Error(`expected x (${N}, ${D}), W (${H}, ${D}) and b (${H}) that agree; got ${got}`);
  }
  const a = zerosLike(W, N * H);
  const ink = new Int32Array(D);
  for (let i = 0; i < N; i++) {
    let inked = 0;
    for (let p = 0; p < D; p++) if (x[i * D + p] !== 0) ink[inked++] = p;
    for (let k = 0; k < H; k++) {
      let sum = b ? b[k] : 0;
      for (let e = 0; e < inked; e++) sum += x[i * D + ink[e]] * W[k * D + ink[e]];
      a[i * H + k] = sum;
    }
  }
  return a;
}

/**
 * Of a = x W^T + b: grad_x = grad_a W, grad_W = grad_a^T x, grad_b = sum_n grad_a.
 *
 * grad_a (N, H), x (N, D), W (H, D) -> grad_x (N, D), grad_W (H, D), grad_b (H,). The first layer has nobody to
 * hand grad_x to: with W = null it is not computed, and is null.
 * @param {Numbers} grad_a @param {Numbers} x @param {Numbers | null} W @param {number} N
 */
export function affineBackward(grad_a, x, W, N) {
  const H = grad_a.length / N;
  const D = x.length / N;
  const grad_x = W && zerosLike(grad_a, N * D);
  const grad_W = zerosLike(grad_a, H * D);
  const grad_b = zerosLike(grad_a, H);
  for (let i = 0; i < N; i++) {
    for (let k = 0; k < H; k++) {
      const g = grad_a[i * H + k];
      if (g === 0) continue;
      grad_b[k] += g;
      for (let p = 0; p < D; p++) grad_W[k * D + p] += g * x[i * D + p];
      if (grad_x && W) for (let p = 0; p < D; p++) grad_x[i * D + p] += g * W[k * D + p];
    }
  }
  return { grad_x, grad_W, grad_b };
}

/** h = max(a, 0).  @param {Numbers} a @returns {Numbers} */
export function reluForward(a) {
  return a.map((v) => Math.max(v, 0));
}

/** grad_a = grad_h where a > 0, else 0; at exactly 0 the slope is 0. @param {Numbers} grad_h @param {Numbers} a */
export function reluBackward(grad_h, a) {
  return grad_h.map((g, i) => (a[i] > 0 ? g : 0));
}

/** h = a where a > 0, else slope * a. @param {Numbers} a */
export function leakyReluForward(a) {
  return a.map((v) => (v > 0 ? v : LEAK * v));
}

/** grad_a = grad_h where a > 0, else slope * grad_h. @param {Numbers} grad_h @param {Numbers} a */
export function leakyReluBackward(grad_h, a) {
  return grad_h.map((g, i) => (a[i] > 0 ? g : LEAK * g));
}

/** h = tanh(a). @param {Numbers} a */
export function tanhForward(a) {
  return a.map((v) => Math.tanh(v));
}

/** grad_a = grad_h (1 - h^2), from the output h. @param {Numbers} grad_h @param {Numbers} h */
export function tanhBackward(grad_h, h) {
  return grad_h.map((g, i) => g * (1 - h[i] * h[i]));
}

/** y = 1 / (1 + exp(-z)), written so that it cannot overflow. @param {Numbers} z */
export function sigmoidForward(z) {
  return z.map((v) => {
    const e = Math.exp(-Math.abs(v)); // in (0, 1], whatever the sign of z
    return (v >= 0 ? 1 : e) / (1 + e);
  });
}

/** grad_z = grad_y * y (1 - y), from the output y. @param {Numbers} grad_y @param {Numbers} y */
export function sigmoidBackward(grad_y, y) {
  return grad_y.map((g, i) => g * y[i] * (1 - y[i]));
}

/**
 * The non-linearities of the hidden layer: forward, backward, and which of a and h the backward reads.
 * @type {Record<string, { forward: (a: Numbers) => Numbers,
 *   backward: (grad_h: Numbers, read: Numbers) => Numbers, reads: "a" | "h" }>}
 */
export const ACTIVATIONS = {
  relu: { forward: reluForward, backward: reluBackward, reads: "a" },
  leaky_relu: { forward: leakyReluForward, backward: leakyReluBackward, reads: "a" },
  tanh: { forward: tanhForward, backward: tanhBackward, reads: "h" },
  sigmoid: { forward: sigmoidForward, backward: sigmoidBackward, reads: "h" },
  none: { forward: (a) => a, backward: (grad_h) => grad_h, reads: "a" }, // the two layers collapse into one
};
