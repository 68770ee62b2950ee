/**
 * Losses: each returns its value together with its own gradient, so the two cannot drift apart.
 * The mirror of losses.py.
 *
 * @typedef {import("./types.js").Numbers} Numbers
 */

/**
 * L = 1/N sum_i sum_j (y_ij - target_ij)^2 and grad_y = 2/N (y - target): summed over digits, averaged over
 * images, no 1/2.  y (N, C), labels (N,) -> L, grad_y (N, C).
 * @param {Numbers} y @param {ArrayLike<number>} labels @param {number} C
 */
export function l2Loss(y, labels, C) {
  const N = labels.length;
  let total = 0;
  const grad = y.map((output, i) => {
    const target = i % C === labels[Math.floor(i / C)] ? 1 : 0;
    const error = output - target;
    total += error * error;
    return (2 / N) * error;
  });
  return { L: total / N, grad };
}

/**
 * L = -1/N sum_i log softmax(z)_{i, labels_i} and grad_z = 1/N (softmax(z) - target). It reads the scores
 * z (N, C), not y: softmax is its output layer, and exp and log cancel on the way back.
 * @param {Numbers} z @param {ArrayLike<number>} labels @param {number} C
 */
export function crossEntropyLoss(z, labels, C) {
  const N = labels.length;
  const log_y = logSoftmax(z, C);
  let total = 0;
  const grad = log_y.map((each, i) => {
    const target = i % C === labels[Math.floor(i / C)] ? 1 : 0;
    total -= target ? each : 0;
    return (Math.exp(each) - target) / N;
  });
  return { L: total / N, grad };
}

/**
 * log y, where y_ij = exp(z_ij) / sum_k exp(z_ik): each row of y sums to 1.  (N, C) -> (N, C).
 * @param {Numbers} z @param {number} C
 */
export function logSoftmax(z, C) {
  const log_y = z.slice();
  for (let at = 0; at < z.length; at += C) {
    let top = -Infinity; // then the largest exponent is 0: no overflow
    for (let c = 0; c < C; c++) top = Math.max(top, z[at + c]);
    let sum = 0;
    for (let c = 0; c < C; c++) sum += Math.exp(z[at + c] - top);
    for (let c = 0; c < C; c++) log_y[at + c] = z[at + c] - top - Math.log(sum);
  }
  return log_y;
}

/** softmax(z): the outputs after training with cross-entropy. @param {Numbers} z @param {number} C */
export function softmax(z, C) {
  return logSoftmax(z, C).map(Math.exp);
}

/**
 * Each loss, and which of y and z it reads.
 * @type {Record<string, { reads: "y" | "z",
 *   measure: (outputs: Numbers, labels: ArrayLike<number>, C: number) => { L: number, grad: Numbers } }>}
 */
export const LOSSES = {
  l2: { reads: "y", measure: l2Loss },
  cross_entropy: { reads: "z", measure: crossEntropyLoss },
};
