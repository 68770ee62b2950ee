/**
 * Ink -> a 28x28 image such as MNIST's makers would have made of it, with every stage on the way. No DOM.
 * The steps are those of photos/normalisation.py, and are compared with them:
 *
 *     trim -> enlarge to 160 pixels -> stroke width -> widen thin strokes -> 20-pixel box -> centre of mass
 *
 * @typedef {import("./strokes.js").Drawing} Drawing
 * @typedef {{ values: Float32Array, rows: number, columns: number }} Ink 0 is paper, 1 is ink
 * @typedef {{ fine: Ink, width: number, change: number, widened: Ink, box: Ink, image: Uint8Array,
 *   centre: [number, number], top: number, left: number }} Prepared width, change: in pixels of the box
 */

import { boxOf, rasterised } from "./strokes.js";

export const FIELD = 28;
export const BOX = 20;
const FINE = 8; // strokes are measured and widened on a copy this many times as large as the box
const STROKE = 2.3; // the usual width of strokes in MNIST, in pixels of the box
const THICK = 3.0;

/** Python's round: halves go to the even number. @param {number} value */
function rounded(value) {
  const near = Math.round(value);
  return Math.abs(value - Math.trunc(value)) === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

/** The image of a drawing and the stages on its way; null for a pad without ink. @param {Drawing} drawing */
export function prepareDrawing(drawing) {
  if (!drawing.strokes.length) return null;
  const [left, top, right, bottom] = boxOf(drawing);
  const scale = (BOX * FINE) / Math.max(right - left, bottom - top);
  const margin = 2; // pixels, which are trimmed
  const rows = Math.ceil((bottom - top) * scale) + 2 * margin;
  const columns = Math.ceil((right - left) * scale) + 2 * margin;
  const values = rasterised(drawing, scale, left - margin / scale, top - margin / scale, rows, columns);
  return prepareInk({ values, rows, columns });
}

/** The image of some ink, and the stages on its way; null where there is no ink. @param {Ink} ink */
export function prepareInk(ink) {
  const cut = trimmed(ink);
  if (!cut) return null;
  const enlarged = BOX / Math.max(cut.rows, cut.columns);
  const fine = fitted(cut, BOX * FINE);
  if (enlarged > 1) sharpen(fine.values, Math.min(enlarged, 2));
  const width = strokeWidth(fine) / FINE;
  let change = width < STROKE ? rounded(FINE * (STROKE - width)) : 0;
  if (enlarged > 1 && width > THICK) change = rounded(FINE * (THICK - width));
  const moved = change > 0 ? dilated(fine, change) : change < 0 ? eroded(fine, -change) : fine;
  const widened = change ? (trimmed(moved) ?? moved) : fine;
  const box = fitted(widened, BOX);
  return { fine, width, change: change / FINE, widened, box, ...centred(box) };
}

/** The ink without the blank rows and columns around it. @param {Ink} ink @returns {Ink | null} */
function trimmed({ values, rows, columns }) {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  if (!(most > 0)) return null;
  let [top, bottom, left, right] = [rows, -1, columns, -1];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (values[row * columns + column] <= 0.3 * most) continue;
      if (row < top) top = row;
      if (row > bottom) bottom = row;
      if (column < left) left = column;
      if (column > right) right = column;
    }
  }
  const [height, width] = [bottom - top + 1, right - left + 1];
  const cut = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    const from = (top + row) * columns + left;
    cut.set(values.subarray(from, from + width), row * width);
  }
  return { values: cut, rows: height, columns: width };
}

/** The ink, resized so that its longer side has this many pixels. @param {Ink} ink @param {number} side @returns {Ink} */
function fitted(ink, side) {
  const scale = side / Math.max(ink.rows, ink.columns);
  const rows = Math.max(1, rounded(ink.rows * scale));
  const columns = Math.max(1, rounded(ink.columns * scale));
  if (rows === ink.rows && columns === ink.columns) return { ...ink, values: ink.values.slice() };
  const weights = scale < 1 ? areas : cubic;
  const across = resized(ink.values, ink.rows, ink.columns, weights(ink.columns, columns), columns);
  const turned = transposed(across, ink.rows, columns);
  const down = resized(turned, columns, ink.rows, weights(ink.rows, rows), rows);
  const values = transposed(down, columns, rows);
  for (let i = 0; i < values.length; i++) values[i] = Math.max(0, Math.min(1, values[i])); // cubic curves overshoot
  return { values, rows, columns };
}

/**
 * @param {Float32Array} values @param {number} rows @param {number} columns
 * @param {{ from: number, weights: number[] }[]} parts of each new column @param {number} count
 */
function resized(values, rows, columns, parts, count) {
  const out = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < count; column++) {
      const { from, weights } = parts[column];
      let sum = 0;
      for (let i = 0; i < weights.length; i++) {
        const at = Math.max(0, Math.min(columns - 1, from + i));
        sum += weights[i] * values[row * columns + at];
      }
      out[row * count + column] = sum;
    }
  }
  return out;
}

/** @param {Float32Array} values @param {number} rows @param {number} columns */
function transposed(values, rows, columns) {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out[column * rows + row] = values[row * columns + column];
  }
  return out;
}

/** For each of the new pixels, the shares of the old ones that it covers. @param {number} before @param {number} after */
function areas(before, after) {
  const step = before / after;
  return Array.from({ length: after }, (_, i) => {
    const [start, end] = [i * step, Math.min((i + 1) * step, before)];
    const from = Math.floor(start);
    const weights = [];
    for (let pixel = from; pixel < end - 1e-9; pixel++) {
      weights.push((Math.min(end, pixel + 1) - Math.max(start, pixel)) / (end - start));
    }
    return { from, weights };
  });
}

/** For each of the new pixels, the four weights of a cubic curve (a = -0.75). @param {number} before @param {number} after */
function cubic(before, after) {
  const A = -0.75;
  return Array.from({ length: after }, (_, i) => {
    const place = ((i + 0.5) * before) / after - 0.5;
    const from = Math.floor(place);
    const t = place - from;
    const far = (/** @type {number} */ d) => ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
    const near = (/** @type {number} */ d) => ((A + 2) * d - (A + 3)) * d * d + 1;
    return { from: from - 1, weights: [far(t + 1), near(t), near(1 - t), far(2 - t)] };
  });
}

/** Enlarging blurs the edges: strokes are sharpened. @param {Float32Array} values @param {number} by */
function sharpen(values, by) {
  for (let i = 0; i < values.length; i++) values[i] = Math.max(0, Math.min(1, (values[i] - 0.5) * by + 0.5));
}

const AROUND = [
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
]; // row, column: counter-clockwise from the right

/**
 * The mean width of the strokes in pixels: 2 area / length of the outlines, as OpenCV measures them along the
 * pixels of the border (Suzuki and Abe 1985).
 * @param {Ink} ink
 */
export function strokeWidth({ values, rows, columns }) {
  const across = columns + 2;
  const mask = new Int32Array((rows + 2) * across);
  let area = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (values[row * columns + column] <= 0.5) continue;
      mask[(row + 1) * across + column + 1] = 1;
      area += 1;
    }
  }
  const steps = AROUND.map(([down, right]) => down * across + right);
  let border = 1;
  let length = 0;
  for (let at = across + 1; at < mask.length - across - 1; at++) {
    const isOuter = mask[at] === 1 && mask[at - 1] === 0;
    const isHole = !isOuter && mask[at] >= 1 && mask[at + 1] === 0;
    if (!isOuter && !isHole) continue;
    border += 1;
    length += outline(mask, steps, at, isOuter ? 4 : 0, border);
  }
  return length > 0 ? (2 * area) / length : 0;
}

/**
 * The length of the border that begins at `start`; its pixels are marked.
 * @param {Int32Array} mask @param {number[]} steps @param {number} start
 * @param {number} away the direction of the pixel outside @param {number} border
 */
function outline(mask, steps, start, away, border) {
  let direction = away;
  let first = -1;
  for (let turn = 1; turn <= 8; turn++) {
    direction = (away - turn + 16) % 8; // clockwise
    if (mask[start + steps[direction]] !== 0) {
      first = start + steps[direction];
      break;
    }
  }
  if (first < 0) {
    mask[start] = -border;
    return 0;
  }
  let length = 0;
  let here = start;
  let back = direction; // where the pixel before lies
  for (;;) {
    let next = back;
    let passedRight = false;
    for (let turn = 1; turn <= 8; turn++) {
      next = (back + turn) % 8; // counter-clockwise
      if (mask[here + steps[next]] !== 0) break;
      if (next === 0) passedRight = true;
    }
    if (passedRight) mask[here] = -border;
    else if (mask[here] === 1) mask[here] = border;
    length += next % 2 ? Math.SQRT2 : 1;
    const there = here + steps[next];
    if (there === start && here === first) return length;
    here = there;
    back = (next + 4) % 8;
  }
}

/** The half width of each row of a disc of `size` pixels, as OpenCV draws an ellipse. @param {number} size */
function disc(size) {
  const radius = Math.floor(size / 2);
  const rows = [];
  for (let i = 0; i < size; i++) {
    const dy = i - radius;
    const reach = radius ? rounded(radius * Math.sqrt((radius * radius - dy * dy) / (radius * radius))) : 0;
    rows.push([Math.max(-reach, -radius), Math.min(reach, size - radius - 1)]);
  }
  return rows;
}

/** Strokes wider by this many pixels. @param {Ink} ink @param {number} by @returns {Ink} */
function dilated(ink, by) {
  const [rows, columns] = [ink.rows + 2 * by, ink.columns + 2 * by];
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < ink.rows; row++) {
    values.set(ink.values.subarray(row * ink.columns, (row + 1) * ink.columns), (row + by) * columns + by);
  }
  return { values: most(values, rows, columns, by + 1, 0), rows, columns };
}

/** Strokes narrower by this many pixels, unless nothing would be left. @param {Ink} ink @param {number} by @returns {Ink} */
function eroded(ink, by) {
  const negative = ink.values.map((value) => -value);
  const values = most(negative, ink.rows, ink.columns, by + 1, -Infinity).map((value) => -value);
  return values.some((value) => value > 0.5) ? { ...ink, values } : ink;
}

/**
 * The largest value under a disc, at each pixel.
 * @param {Float32Array} values @param {number} rows @param {number} columns @param {number} size
 * @param {number} outside the value beyond the edges
 */
function most(values, rows, columns, size, outside) {
  const radius = Math.floor(size / 2);
  const out = new Float32Array(rows * columns).fill(outside);
  /** @type {Map<string, Float32Array>} */
  const runs = new Map();
  disc(size).forEach(([low, high], i) => {
    const key = `${low} ${high}`;
    const across = runs.get(key) ?? mostAcross(values, rows, columns, low, high, outside);
    runs.set(key, across);
    const shift = i - radius;
    for (let row = Math.max(0, -shift); row < Math.min(rows, rows - shift); row++) {
      const [to, from] = [row * columns, (row + shift) * columns];
      for (let column = 0; column < columns; column++) {
        const value = across[from + column];
        if (value > out[to + column]) out[to + column] = value;
      }
    }
  });
  return out;
}

/**
 * @param {Float32Array} values @param {number} rows @param {number} columns @param {number} low
 * @param {number} high @param {number} outside
 */
function mostAcross(values, rows, columns, low, high, outside) {
  const out = new Float32Array(values.length).fill(outside);
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    for (let column = 0; column < columns; column++) {
      const value = values[at + column];
      if (value === outside) continue;
      const last = Math.min(columns - 1, column - low);
      for (let to = Math.max(0, column - high); to <= last; to++)
        if (value > out[at + to]) out[at + to] = value;
    }
  }
  return out;
}

/** The ink on the field, its centre of mass as near to the middle as whole pixels allow. @param {Ink} ink */
function centred({ values, rows, columns }) {
  let [sum, down, right, top] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column];
      sum += value;
      down += value * row;
      right += value * column;
      top = Math.max(top, value);
    }
  }
  const [y, x] = [down / sum, right / sum];
  const first = Math.max(0, Math.min(FIELD - rows, rounded(FIELD / 2 - y)));
  const left = Math.max(0, Math.min(FIELD - columns, rounded(FIELD / 2 - x)));
  const image = new Uint8Array(FIELD * FIELD);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const share = Math.max(0, Math.min(1, values[row * columns + column] / top));
      image[(first + row) * FIELD + left + column] = rounded(255 * share);
    }
  }
  return { image, centre: /** @type {[number, number]} */ ([y, x]), top: first, left };
}
