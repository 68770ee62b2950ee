/**
 * What an output is worth: the confidence that an answer is right, and when to doubt it.
 * The mirror of calibration.py, which says why.
 *
 *     o_c = y_c / (1 - y_c)                                    the odds of each output
 *     p   = o_top^(1/T) / (NONE + sum_c o_c^(1/T))             the confidence
 *
 * @typedef {import("./types.js").Calibration} Calibration
 */

const NONE = 0.1; // the odds of "none of these"
const LEAST = 1e-12;
const MOST = 1 - 2 ** -24;
const LARGEST = 15;
export const CLEAR = 0.8;

/** @typedef {{ confidence: number | null, doubtful: boolean }} Judged */

/**
 * The probability that the answer is right. y: the outputs of one image.
 * @param {ArrayLike<number>} y @param {Calibration} calibration
 */
export function confidence(y, { temperature }) {
  const logits = Array.from(y, (each) => {
    const output = Math.min(Math.max(each, LEAST), MOST);
    return (Math.log(output) - Math.log1p(-output)) / temperature;
  }).sort((one, other) => other - one);
  const [top, ...others] = logits;
  const largest = Math.max(0, ...others);
  let sum = NONE * Math.exp(-largest);
  for (const each of others) sum += Math.exp(each - largest);
  const odds = top - largest - Math.log(sum);
  return 1 / (1 + Math.exp(-Math.min(Math.max(odds, -LARGEST), LARGEST)));
}

/**
 * How far an answer can be trusted. Without a calibration there is no confidence, and the answer is doubtful where
 * its output exceeds the next by less than CLEAR.
 * @param {ArrayLike<number>} y @param {Calibration | null} calibration
 * @returns {Judged}
 */
export function judged(y, calibration) {
  if (calibration) {
    const p = confidence(y, calibration);
    return { confidence: p, doubtful: p < calibration.threshold };
  }
  const [top, next = 0] = Array.from(y).sort((one, other) => other - one);
  return { confidence: null, doubtful: top - next < CLEAR };
}
