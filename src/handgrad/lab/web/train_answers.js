/**
 * What a network makes of many images: how often each label is read as what, and which images it misreads. It
 * works in slices of a few milliseconds, so that the page stays awake. No DOM.
 *
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./types.js").Params} Params
 * @typedef {{ index: number, label: number, answer: number, margin: number }} Mistake
 * @typedef {{ confusion: Uint32Array, mistakes: Mistake[], N: number, C: number, right: number }} Answers
 */

import { ACTIVATIONS } from "./layers.js";
import { indexOfLargest } from "./network.js";

const SLICE = 3; // milliseconds of work between two pauses
const PAUSE = 10; // and of a pause

/**
 * The answers for some of the images; null where going() says that they are not wanted any more.
 * @param {Params} params @param {string} activation @param {Data} data @param {number} from @param {number} to
 * @param {() => boolean} going @returns {Promise<Answers | null>}
 */
export async function answersOf(params, activation, data, from, to, going) {
  const { W1, b1, W2, b2, H, D, C } = params;
  const columns = new Float32Array(D * H); // W1 transposed: a pixel without ink is passed over whole
  for (let k = 0; k < H; k++) for (let p = 0; p < D; p++) columns[p * H + k] = W1[k * D + p];
  const confusion = new Uint32Array(C * C);
  /** @type {Mistake[]} */
  const mistakes = [];
  const a = new Float32Array(H);
  const z = new Float32Array(C);
  let right = 0;
  let rested = performance.now();
  for (let index = from; index < to; index++) {
    if (performance.now() - rested > SLICE) {
      await new Promise((resume) => setTimeout(resume, PAUSE));
      if (!going()) return null;
      rested = performance.now();
    }
    if (b1) a.set(b1);
    else a.fill(0);
    for (let p = 0; p < D; p++) {
      const x = data.images[index * D + p] / 255;
      if (x === 0) continue;
      const at = p * H;
      for (let k = 0; k < H; k++) a[k] += columns[at + k] * x;
    }
    const h = ACTIVATIONS[activation].forward(a);
    for (let c = 0; c < C; c++) {
      let sum = b2 ? b2[c] : 0;
      for (let k = 0; k < H; k++) sum += W2[c * H + k] * h[k];
      z[c] = sum;
    }
    const [label, answer] = [data.labels[index], indexOfLargest(z)];
    confusion[label * C + answer] += 1;
    if (label === answer) right += 1;
    else mistakes.push({ index, label, answer, margin: z[answer] - z[label] });
  }
  mistakes.sort((one, other) => other.margin - one.margin || one.index - other.index);
  return { confusion, mistakes, N: to - from, C, right };
}
