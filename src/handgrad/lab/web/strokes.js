/**
 * A drawing: strokes as points on a square pad, and the width of the pen. No DOM.
 *
 * Points are whole numbers, 0 to 4095 across and down, so that a drawing and its text are the same thing: a
 * link shows to the last grey level what its sender drew.
 *
 * @typedef {number[]} Stroke x, y, x, y, ...
 * @typedef {{ pen: number, strokes: Stroke[] }} Drawing pen: the width, as a share of the pad's side
 */

export const SIDE = 4096;
const PEN = 0.07;
export const PENS = [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12];
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const CLOSEST = 24; // points nearer than this to the last are left out

/** An empty pad. @param {number} [pen] @returns {Drawing} */
export function blank(pen = PEN) {
  return { pen, strokes: [] };
}

/** A place on the pad as a whole number. @param {number} share 0..1 */
function onGrid(share) {
  return Math.max(0, Math.min(SIDE - 1, Math.round(share * SIDE)));
}

/**
 * The stroke with a point more, unless it is next to the last one. x, y: shares of the pad.
 * @param {Stroke} stroke changed in place @param {number} x @param {number} y
 */
export function extend(stroke, x, y) {
  const [across, down] = [onGrid(x), onGrid(y)];
  const n = stroke.length;
  if (n && Math.hypot(across - stroke[n - 2], down - stroke[n - 1]) < CLOSEST) return false;
  stroke.push(across, down);
  return true;
}

/** The drawing as a short text for an address: "pen.stroke.stroke", four signs a point. @param {Drawing} drawing */
export function encode({ pen, strokes }) {
  if (!strokes.length) return "";
  const words = strokes.map((stroke) => stroke.map((n) => DIGITS[n >> 6] + DIGITS[n & 63]).join(""));
  return [Math.round(1000 * pen), ...words].join(".");
}

/** The drawing in a text; an empty one where it is not the text of a drawing. @param {string} text @returns {Drawing} */
export function decode(text) {
  const [pen, ...words] = text.split(".");
  const width = Number(pen) / 1000;
  if (!(width >= 0.005 && width <= 0.3)) return blank();
  const strokes = [];
  for (const word of words) {
    const stroke = [];
    if (!word || word.length % 4) return blank();
    for (let i = 0; i < word.length; i += 2) {
      const [high, low] = [DIGITS.indexOf(word[i]), DIGITS.indexOf(word[i + 1])];
      if (high < 0 || low < 0) return blank();
      stroke.push(64 * high + low);
    }
    strokes.push(stroke);
  }
  return { pen: width, strokes };
}

/**
 * The box around the ink: [left, top, right, bottom] in points, with the pen's half width on each side.
 * @param {Drawing} drawing
 */
export function boxOf({ pen, strokes }) {
  const radius = (pen * SIDE) / 2;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i += 2) {
      left = Math.min(left, stroke[i]);
      right = Math.max(right, stroke[i]);
      top = Math.min(top, stroke[i + 1]);
      bottom = Math.max(bottom, stroke[i + 1]);
    }
  }
  return [left - radius, top - radius, right + radius, bottom + radius];
}

/**
 * The ink of the strokes on a raster: 1 within a round pen's line, 0 outside, and between at the edge the
 * share of the pixel that is covered, nearly.
 * @param {Drawing} drawing @param {number} scale pixels to a point
 * @param {number} left points @param {number} top points @param {number} rows @param {number} columns
 */
export function rasterised({ pen, strokes }, scale, left, top, rows, columns) {
  const ink = new Float32Array(rows * columns);
  const radius = (pen * SIDE * scale) / 2;
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i += 2) {
      const from = Math.max(0, i - 2);
      const [x0, y0] = [(stroke[from] - left) * scale, (stroke[from + 1] - top) * scale];
      const [x1, y1] = [(stroke[i] - left) * scale, (stroke[i + 1] - top) * scale];
      line(ink, rows, columns, x0, y0, x1, y1, radius);
    }
  }
  return ink;
}

/**
 * Add a line with round ends.
 * @param {Float32Array} ink @param {number} rows @param {number} columns @param {number} x0 @param {number} y0
 * @param {number} x1 @param {number} y1 @param {number} radius
 */
function line(ink, rows, columns, x0, y0, x1, y1, radius) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length2 = dx * dx + dy * dy;
  const reach = radius + 1;
  const first = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
  const last = Math.min(rows - 1, Math.ceil(Math.max(y0, y1) + reach));
  const low = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  const high = Math.min(columns - 1, Math.ceil(Math.max(x0, x1) + reach));
  for (let row = first; row <= last; row++) {
    for (let column = low; column <= high; column++) {
      const [px, py] = [column + 0.5 - x0, row + 0.5 - y0];
      const t = length2 > 0 ? Math.max(0, Math.min(1, (px * dx + py * dy) / length2)) : 0;
      const covered = radius + 0.5 - Math.sqrt((px - t * dx) ** 2 + (py - t * dy) ** 2);
      const at = row * columns + column;
      if (covered > ink[at]) ink[at] = Math.min(covered, 1);
    }
  }
}
