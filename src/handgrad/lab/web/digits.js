/** MNIST as the page has it: all 60,000 training images, or the share that an exported page holds. */

import { asset } from "./assets.js";
import { fromPair, parseIdx } from "./idx.js";

/** @typedef {import("./types.js").Data} Data */

/** @type {Map<string, Promise<Data>>} */
const known = new Map();

/** @param {string} stem */
async function pair(stem) {
  const [images, labels] = await Promise.all(
    ["images-idx3", "labels-idx1"].map(async (kind) => {
      const name = `${stem}-${kind}-ubyte.gz`;
      return { name, ...parseIdx({ name, bytes: await asset(name) }) };
    }),
  );
  return fromPair(images, labels);
}

/** @param {string} stem @returns {Promise<Data>} */
function once(stem) {
  const here = known.get(stem);
  if (here) return here;
  const loading = pair(stem);
  known.set(stem, loading);
  loading.catch(() => known.delete(stem)); // it may succeed the next time
  return loading;
}

/** The training images and labels, loaded when they are first asked for. */
export function loadTrain() {
  return once("train");
}

/** The test images and labels. */
export function loadTest() {
  return once("t10k");
}
