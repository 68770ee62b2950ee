/** The images that a run learns from: MNIST, or a person's own, in the order of a shuffle. */

import { loadTest, loadTrain } from "./digits.js";
import { button, files, make } from "./dom.js";
import { dataOf } from "./idx.js";
import { Generator } from "./random.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {{ train: Data, test: Data | null, name: string, own: boolean }} Images */

/** @returns {Promise<Images>} */
export async function mnist() {
  const [train, test] = await Promise.all([loadTrain(), loadTest()]);
  return { train, test, name: "MNIST", own: false };
}

/** The images in a person's files, shuffled: files are often in the order of their labels.
 * @param {File[]} chosen @returns {Promise<Images>} */
export async function ownImages(chosen) {
  const opened = await Promise.all(
    chosen.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
  );
  const data = await dataOf(opened);
  if (data.N < 20) throw new Error(`${chosen[0].name}: expected at least 20 images; got ${data.N}`);
  if (data.C < 2) throw new Error(`${chosen[0].name}: expected at least two classes; all labels are 0`);
  return { train: shuffled(data), test: null, name: chosen.map(({ name }) => name).join(", "), own: true };
}

/** @param {Data} data @returns {Data} */
function shuffled(data) {
  const { N, D } = data;
  const order = new Generator(0).permutation(N);
  const images = new Uint8Array(N * D);
  const labels = data.labels.slice();
  order.forEach((from, to) => {
    images.set(data.images.subarray(from * D, (from + 1) * D), to * D);
    labels[to] = data.labels[from];
  });
  return { ...data, images, labels };
}

/**
 * Which images there are, with the button for one's own; files can also be dropped on the room.
 * @param {HTMLElement} room @param {{ onFiles: (chosen: File[]) => void, onMnist: () => void }} does
 */
export function dataPart(room, { onFiles, onMnist }) {
  const what = make("p", { class: "quiet-text", role: "status" }, "MNIST is being loaded.");
  const own = files(
    room,
    { name: "own-data", label: "Your own images", accept: ".csv,.gz,.idx,.ubyte,.txt,.tsv,text/csv" },
    onFiles,
  );
  const back = button({ name: "mnist", label: "Back to MNIST", kind: "quiet", onClick: onMnist });
  back.hidden = true;
  const how = make(
    "p",
    { class: "quiet-text" },
    "A table (CSV) with a label and the pixels in each row, or two IDX files. They can be dropped on the page, ",
    "and stay in your browser.",
  );
  const el = make("div", { class: "train-data" }, what, make("div", { class: "row" }, own, back), how);
  /** @param {Images} images */
  const draw = ({ train: { N, height, width, C }, name, own: mine }) => {
    what.textContent = `${name}: ${N.toLocaleString("en")} images of ${height} × ${width} pixels, ${C} classes.`;
    back.hidden = !mine;
  };
  return { el, draw };
}
