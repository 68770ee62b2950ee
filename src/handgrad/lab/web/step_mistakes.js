/**
 * The images that a network gets wrong, the most certain mistakes first. No DOM.
 *
 * Two things make it quick enough for thousands of hidden units in a page: W1 lies transposed, so that a pixel
 * without ink is passed over whole, and so is a hidden unit that is off. It stops to breathe every few
 * milliseconds, so that the page stays awake.
 *
 * @typedef {import("./types.js").Network} Network
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {{ example: number, label: number, answer: number, output: number, certainty: number }} Mistake
 */
import { confidence } from "./calibration.js";
import { ACTIVATIONS, sigmoidForward } from "./layers.js";
import { softmax } from "./losses.js";
import { indexOfLargest } from "./network.js";
import { classOf } from "./step_example.js";

const BREATH = 12; // milliseconds of work between two pauses

/** A function from one image (pixels 0..255) to its outputs y, which it writes into `y`.
 * @param {Network} network @returns {(images: Uint8Array, from: number) => Numbers} */
export function quickOutputs({ params, activation, loss }) {
  const { W1, b1, W2, b2, H, D, C } = params;
  const columns = new Float32Array(D * H); // W1 transposed: column d is pixel d's weight in every template
  const votes = new Float32Array(H * C);
  for (let k = 0; k < H; k++) for (let d = 0; d < D; d++) columns[d * H + k] = W1[k * D + d];
  for (let c = 0; c < C; c++) for (let k = 0; k < H; k++) votes[k * C + c] = W2[c * H + k];
  const a = new Float64Array(H);
  const z = new Float64Array(C);
  return (images, from) => {
    if (b1) a.set(b1);
    else a.fill(0);
    for (let d = 0; d < D; d++) {
      const pixel = images[from + d];
      if (!pixel) continue;
      const x = pixel / 255;
      const at = d * H;
      for (let k = 0; k < H; k++) a[k] += columns[at + k] * x;
    }
    const h = ACTIVATIONS[activation].forward(a);
    if (b2) z.set(b2);
    else z.fill(0);
    for (let k = 0; k < H; k++) {
      if (h[k] !== 0) for (let c = 0; c < C; c++) z[c] += votes[k * C + c] * h[k];
    }
    return loss === "cross_entropy" ? softmax(z, C) : sigmoidForward(z);
  };
}

/** Look for mistakes. found(mistakes, looked) hears of them as they are found, in the order of certainty; the
 * search ends early where it returns false.
 * @param {Network} network @param {Data} data
 * @param {(mistakes: Mistake[], looked: number) => boolean | void} found @returns {Promise<Mistake[]>} */
export async function findMistakes(network, data, found) {
  const outputs = quickOutputs(network);
  /** @type {Mistake[]} */
  const mistakes = [];
  let rested = performance.now();
  for (let example = 0; example < data.N; example++) {
    const y = outputs(data.images, example * data.D);
    const answer = indexOfLargest(y);
    const label = classOf(network, data.labels[example]);
    if (answer !== label) {
      const certainty = network.calibration ? confidence(y, network.calibration) : y[answer];
      mistakes.push({ example, label, answer, output: y[answer], certainty });
    }
    if (performance.now() - rested < BREATH && example + 1 < data.N) continue;
    mistakes.sort((one, other) => other.certainty - one.certainty || one.example - other.example);
    if (found([...mistakes], example + 1) === false) break;
    await new Promise((resume) => setTimeout(resume));
    rested = performance.now();
  }
  return mistakes;
}
