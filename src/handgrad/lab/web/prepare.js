/**
 * A drawing or a picture -> a 28x28 image such as MNIST's makers would have made of it, with the stages on the way.
 * The mirror of photos/normalisation.py, which says why each step is taken.
 *
 *     strokes -> ink in a box of 160 -> strokes widened, if they are thin -> a box of 20 -> centre of mass in 28x28
 *
 * @typedef {import("./images.js").Ink} Ink
 * @typedef {import("./strokes.js").Drawing} Drawing
 *
 * @typedef {object} Prepared
 * @property {Ink} fine the ink, its longer side 160 pixels
 * @property {number} width how wide its strokes are, in pixels of the box of 20
 * @property {number} change by how many pixels of the box they were widened; negative: thinned
 * @property {Ink} widened
 * @property {Ink} box the ink, its longer side 20 pixels
 * @property {[number, number]} mass x and y of its centre of mass within the box
 * @property {[number, number]} place x and y of the box within the image
 * @property {Uint8Array} image 28 x 28
 */

import { fitted, highest, rounded, trimmed, widened } from "./images.js";
import { strokeWidth } from "./outlines.js";
import { boxOf, rasterised } from "./strokes.js";

export const FIELD = 28;
export const BOX = 20;
export const FINE = 8; // strokes are widened on a copy this many times as large as the box
const STROKE = 2.3; // widths of usual and of thick strokes in MNIST, in pixels of the box
const THICK = 3;

/** The image of a drawing, and its stages; null without ink. @param {Drawing} drawing @returns {Prepared | null} */
export function prepareDrawing(drawing) {
  if (!drawing.strokes.length) return null;
  const [left, top, right, bottom] = boxOf(drawing);
  const scale = (BOX * FINE) / Math.max(right - left, bottom - top);
  const rows = Math.max(1, rounded((bottom - top) * scale));
  const columns = Math.max(1, rounded((right - left) * scale));
  return prepared({ values: rasterised(drawing, scale, left, top, rows, columns), rows, columns }, 1);
}

/** The image of ink from a picture, and its stages; null without ink. @param {Ink} ink @returns {Prepared | null} */
export function prepareInk(ink) {
  if (!(highest(ink.values) > 0)) return null;
  const cut = trimmed(ink);
  const enlarged = BOX / Math.max(cut.rows, cut.columns);
  const fine = fitted(cut, BOX * FINE);
  const steepness = enlarged > 1 ? Math.min(enlarged, 2) : 1; // enlarging blurs the edges: strokes are sharpened
  fine.values.forEach((value, i) => {
    const clipped = Math.min(1, Math.max(0, value));
    fine.values[i] = Math.min(1, Math.max(0, (clipped - 0.5) * steepness + 0.5));
  });
  return prepared(fine, enlarged);
}

/** @param {Ink} fine @param {number} enlarged @returns {Prepared} */
function prepared(fine, enlarged) {
  const width = strokeWidth(fine) / FINE;
  let change = width < STROKE ? rounded(FINE * (STROKE - width)) : 0;
  if (enlarged > 1 && width > THICK) change = rounded(FINE * (THICK - width));
  const wide = change ? widened(fine, change) : fine;
  const box = fitted(change ? trimmed(wide) : fine, BOX);
  return { fine, width, change: change / FINE, widened: wide, box, ...centred(box) };
}

/** The ink on the field of 28x28, its centre of mass as near to the middle as whole pixels allow. @param {Ink} ink
 * @returns {{ mass: [number, number], place: [number, number], image: Uint8Array }} */
function centred({ values, rows, columns }) {
  let [sum, x, y] = [0, 0, 0];
  values.forEach((value, i) => {
    sum += value;
    x += value * (i % columns);
    y += value * Math.floor(i / columns);
  });
  const most = highest(values);
  const left = Math.min(FIELD - columns, Math.max(0, rounded(FIELD / 2 - x / sum))); // MNIST's middle is pixel 14, 14
  const top = Math.min(FIELD - rows, Math.max(0, rounded(FIELD / 2 - y / sum)));
  const image = new Uint8Array(FIELD * FIELD);
  values.forEach((value, i) => {
    const share = Math.min(1, Math.max(0, value / most));
    image[(top + Math.floor(i / columns)) * FIELD + left + (i % columns)] = rounded(255 * share);
  });
  return { mass: [x / sum, y / sum], place: [left, top], image };
}
