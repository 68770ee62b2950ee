/**
 * Which image walks through the network, and with which label. No DOM.
 *
 * The state's key `example` is "drawing" or the number of a test image, which may come with a label of the
 * person's own: "12:7".
 *
 * @typedef {import("./host.js").State} State
 * @typedef {import("./types.js").Data} Data
 * @typedef {import("./types.js").Network} Network
 * @typedef {{ drawing: boolean, number: number, own: number | null }} Chosen
 */
import { prepareDrawing } from "./prepare.js";
import { decode } from "./strokes.js";

/** @param {State} model @param {Data | null} data @returns {Chosen} */
export function chosenExample(model, data) {
  const [example, own] = String(model.get("example") ?? "0").split(":");
  const asked = own === undefined ? Number.NaN : Number(own);
  const number = Math.min(Math.max(0, Math.floor(Number(example)) || 0), (data?.N ?? 1) - 1);
  return { drawing: example === "drawing", number, own: Number.isInteger(asked) ? asked : null };
}

/** The image's pixels and the class of its label, null where nobody has said it; null while there is no image.
 * @param {State} model @param {Data | null} data @param {Network} network
 * @returns {{ pixels: Uint8Array, label: number | null } | null} */
export function pictureOf(model, data, network) {
  const { drawing, number, own } = chosenExample(model, data);
  if (drawing) {
    const pixels = model.get("image") ?? prepareDrawing(decode(model.get("drawing") ?? ""))?.image;
    return pixels?.length ? { pixels, label: model.get("label") ?? null } : null;
  }
  if (!data) return null;
  const pixels = data.images.slice(number * data.D, (number + 1) * data.D);
  return { pixels, label: own ?? classOf(network, data.labels[number]) };
}

/** The class that a label of the data belongs to. @param {Network} network @param {number} label */
export function classOf(network, label) {
  const known = network.classes.map(String).indexOf(String(label));
  return known < 0 ? label : known;
}
