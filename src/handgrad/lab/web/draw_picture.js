/**
 * A picture of one digit -> its ink. No DOM. Paper may be light or dark, and unevenly lit.
 * `handgrad predict` reads whole pages; here one digit is wanted, and the largest mark is taken.
 *
 * @typedef {import("./prepare.js").Ink} Ink
 */

import { boxAbove, highest } from "./images.js";
import { BOX, FIELD } from "./prepare.js";

const LONGEST = 480; // pixels of the side on which ink is looked for
const BLOCKS = 12; // the paper's shade is measured in as many blocks across and down
const PART = 0.12; // of the largest mark's area: smaller marks are specks

/**
 * The image (784) of a picture that is prepared as MNIST's are, ink bright; null for others. As
 * photos/normalisation.py has it: grey, 28 x 28, on plain paper, of the right size and in the middle.
 * @param {Uint8ClampedArray} rgba @param {number} width @param {number} height
 */
export function preparedOf(rgba, width, height) {
  if (width !== FIELD || height !== FIELD) return null;
  const image = new Uint8Array(FIELD * FIELD);
  for (let i = 0; i < image.length; i++) {
    const [red, green, blue, alpha] = rgba.subarray(4 * i, 4 * i + 4);
    if (red !== green || red !== blue || alpha !== 255) return null;
    image[i] = red;
  }
  const border = image.filter((_, i) => i < FIELD || i >= FIELD * 27 || i % FIELD === 0 || i % FIELD === 27);
  if (quantile(border, 0.5) >= 128) for (let i = 0; i < image.length; i++) image[i] = 255 - image[i];
  const box = boxAbove({ values: Float32Array.from(image), rows: FIELD, columns: FIELD }, 40);
  if (!box || highest(image) <= 127) return null;
  const longest = Math.max(box.bottom - box.top, box.right - box.left);
  let [sum, x, y] = [0, 0, 0];
  image.forEach((pixel, i) => {
    sum += pixel;
    x += pixel * (i % FIELD);
    y += pixel * Math.floor(i / FIELD);
  });
  const isCentred = [x, y].every((mass) => Math.abs(mass / sum - FIELD / 2) <= 0.51);
  return isCentred && longest >= BOX - 3 && longest <= BOX ? image : null;
}

/**
 * @param {Uint8ClampedArray} rgba @param {number} width @param {number} height @returns {Ink}
 * Error where there is no ink.
 */
export function inkOf(rgba, width, height) {
  const { values, rows, columns } = grey(rgba, width, height);
  const border = [];
  for (let i = 0; i < columns; i++) border.push(values[i], values[(rows - 1) * columns + i]);
  for (let i = 0; i < rows; i++) border.push(values[i * columns], values[(i + 1) * columns - 1]);
  const paperIsDark = quantile(border, 0.5) < 0.45;
  if (paperIsDark) for (let i = 0; i < values.length; i++) values[i] = 1 - values[i];
  const paper = paperOf(values, rows, columns);
  const ink = values.map((value, i) => Math.max(0, paper[i] - value));
  const full = quantile(ink, 0.995);
  if (full < 0.06) throw new Error("expected a picture of a digit; found no ink in it");
  for (let i = 0; i < ink.length; i++) {
    const share = ink[i] / (0.75 * full);
    ink[i] = Math.max(0, Math.min(1, (share - 0.25) / 0.6));
  }
  return largestMark({ values: ink, rows, columns });
}

/** Grey values 0..1 on white, reduced by whole steps. @param {Uint8ClampedArray} rgba @param {number} width @param {number} height */
function grey(rgba, width, height) {
  const step = Math.max(1, Math.ceil(Math.max(width, height) / LONGEST));
  const [rows, columns] = [Math.floor(height / step), Math.floor(width / step)];
  if (rows < 8 || columns < 8)
    throw new Error(`expected a picture of at least 8 x 8 pixels; got ${width} x ${height}`);
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let i = 0; i < step; i++) {
        for (let j = 0; j < step; j++) {
          const at = 4 * ((row * step + i) * width + column * step + j);
          const shade = 0.299 * rgba[at] + 0.587 * rgba[at + 1] + 0.114 * rgba[at + 2];
          sum += 255 + (shade - 255) * (rgba[at + 3] / 255);
        }
      }
      values[row * columns + column] = sum / (255 * step * step);
    }
  }
  return { values, rows, columns };
}

/** @param {ArrayLike<number>} values @param {number} share */
function quantile(values, share) {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** The shade of the paper everywhere: of the lightest in each block, smoothed. @param {Float32Array} values @param {number} rows @param {number} columns */
function paperOf(values, rows, columns) {
  const blocks = new Float32Array(BLOCKS * BLOCKS);
  const at = (/** @type {number} */ i, /** @type {number} */ n) => Math.floor((i * n) / BLOCKS);
  for (let i = 0; i < BLOCKS; i++) {
    for (let j = 0; j < BLOCKS; j++) {
      const some = [];
      for (let row = at(i, rows); row < Math.max(at(i + 1, rows), at(i, rows) + 1); row++) {
        for (
          let column = at(j, columns);
          column < Math.max(at(j + 1, columns), at(j, columns) + 1);
          column++
        ) {
          some.push(values[Math.min(row, rows - 1) * columns + Math.min(column, columns - 1)]);
        }
      }
      blocks[i * BLOCKS + j] = quantile(some, 0.8);
    }
  }
  const usual = quantile(blocks, 0.5);
  const smooth = blocks.map((_, k) => {
    const [i, j] = [Math.floor(k / BLOCKS), k % BLOCKS];
    let [sum, weight] = [0, 0];
    for (let a = Math.max(0, i - 1); a <= Math.min(BLOCKS - 1, i + 1); a++) {
      for (let b = Math.max(0, j - 1); b <= Math.min(BLOCKS - 1, j + 1); b++) {
        const block = blocks[a * BLOCKS + b];
        if (block < usual - 0.25) continue; // it lies within ink
        sum += block;
        weight += 1;
      }
    }
    return weight ? sum / weight : usual;
  });
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const y = Math.max(0, Math.min(BLOCKS - 1.001, ((row + 0.5) / rows) * BLOCKS - 0.5));
    const i = Math.floor(y);
    for (let column = 0; column < columns; column++) {
      const x = Math.max(0, Math.min(BLOCKS - 1.001, ((column + 0.5) / columns) * BLOCKS - 0.5));
      const j = Math.floor(x);
      const [v, u] = [y - i, x - j];
      const top = smooth[i * BLOCKS + j] * (1 - u) + smooth[i * BLOCKS + j + 1] * u;
      const bottom = smooth[(i + 1) * BLOCKS + j] * (1 - u) + smooth[(i + 1) * BLOCKS + j + 1] * u;
      out[row * columns + column] = top * (1 - v) + bottom * v;
    }
  }
  return out;
}

/** The largest mark, and those near its size (the bar of a five); what touches an edge counts less. @param {Ink} ink @returns {Ink} */
function largestMark({ values, rows, columns }) {
  const labels = new Int32Array(values.length);
  const sizes = [0];
  const weights = [0];
  for (let start = 0; start < values.length; start++) {
    if (values[start] <= 0.5 || labels[start]) continue;
    const label = sizes.length;
    const stack = [start];
    labels[start] = label;
    let size = 0;
    let touches = false;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      size += 1;
      const [row, column] = [Math.floor(at / columns), at % columns];
      touches ||= row === 0 || column === 0 || row === rows - 1 || column === columns - 1;
      for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i++) {
        for (let j = Math.max(0, column - 1); j <= Math.min(columns - 1, column + 1); j++) {
          const next = i * columns + j;
          if (values[next] > 0.5 && !labels[next]) {
            labels[next] = label;
            stack.push(next);
          }
        }
      }
    }
    sizes.push(size);
    weights.push(touches ? size / 4 : size);
  }
  const most = Math.max(...weights);
  if (!(most > 0)) throw new Error("expected a picture of a digit; found no ink in it");
  const kept = weights.map((weight) => weight >= PART * most);
  const near = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) {
    if (!labels[at] || !kept[labels[at]]) continue;
    const [row, column] = [Math.floor(at / columns), at % columns];
    for (let i = Math.max(0, row - 2); i <= Math.min(rows - 1, row + 2); i++) {
      for (let j = Math.max(0, column - 2); j <= Math.min(columns - 1, column + 2); j++)
        near[i * columns + j] = 1;
    }
  }
  const cleaned = values.map((value, i) => (near[i] && (!labels[i] || kept[labels[i]]) ? value : 0));
  return { values: cleaned, rows, columns };
}
