/**
 * Images of ink, from 0 (paper) to 1 (a full stroke), and what is done to them on the way to 28x28: the mirror
 * of the functions of OpenCV that photos/normalisation.py and photos/strokes.py call.
 *
 * @typedef {{ values: Float32Array, rows: number, columns: number }} Ink row by row
 */

/** @param {number} rows @param {number} columns @param {number} [value] @returns {Ink} */
export function blank(rows, columns, value = 0) {
  return { values: new Float32Array(rows * columns).fill(value), rows, columns };
}

/** Round as Python does: halves to the even number. @param {number} value */
export function rounded(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** The largest value. @param {ArrayLike<number>} values */
export function highest(values) {
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) if (values[i] > most) most = values[i];
  return most;
}

/** The rows and columns that have ink above a limit; null where there is no ink. @param {Ink} ink
 * @param {number} limit */
export function boxAbove({ values, rows, columns }, limit) {
  let [top, bottom, left, right] = [rows, 0, columns, 0];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (values[y * columns + x] <= limit) continue;
      if (y < top) top = y;
      bottom = y + 1;
      if (x < left) left = x;
      if (x + 1 > right) right = x + 1;
    }
  }
  return bottom ? { top, bottom, left, right } : null;
}

/** A part of an image; beyond its edges there is paper. @param {Ink} ink
 * @param {{ top: number, bottom: number, left: number, right: number }} box @returns {Ink} */
export function cut({ values, rows, columns }, { top, bottom, left, right }) {
  const part = blank(bottom - top, right - left);
  for (let y = Math.max(0, top); y < Math.min(rows, bottom); y++) {
    const from = y * columns;
    const row = values.subarray(from + Math.max(0, left), from + Math.min(columns, right));
    part.values.set(row, (y - top) * part.columns + Math.max(0, -left));
  }
  return part;
}

/** The ink without the blank rows and columns around it. @param {Ink} ink */
export function trimmed(ink) {
  const box = boxAbove(ink, 0.3 * highest(ink.values));
  return box ? cut(ink, box) : ink;
}

/** The ink, resized so that its longer side has this many pixels. @param {Ink} ink @param {number} side */
export function fitted(ink, side) {
  const scale = side / Math.max(ink.rows, ink.columns);
  const [rows, columns] = [ink.rows, ink.columns].map((each) => Math.max(1, rounded(each * scale)));
  if (scale === 1) return ink;
  return resized(ink, rows, columns, scale < 1 ? areaWeights : cubicWeights);
}

/**
 * Each pixel of the result is a weighted sum of pixels of the image, along rows, then along columns.
 * @param {Ink} ink @param {number} rows @param {number} columns
 * @param {(from: number, to: number) => Weights} weights
 */
function resized(ink, rows, columns, weights) {
  const across = weights(ink.columns, columns);
  const down = weights(ink.rows, rows);
  const half = blank(ink.rows, columns);
  for (let y = 0; y < ink.rows; y++) {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let i = across.starts[x]; i < across.starts[x + 1]; i++) {
        sum += across.shares[i] * ink.values[y * ink.columns + across.places[i]];
      }
      half.values[y * columns + x] = sum;
    }
  }
  const whole = blank(rows, columns);
  for (let y = 0; y < rows; y++) {
    for (let i = down.starts[y]; i < down.starts[y + 1]; i++) {
      const share = down.shares[i];
      const from = down.places[i] * columns;
      for (let x = 0; x < columns; x++) whole.values[y * columns + x] += share * half.values[from + x];
    }
  }
  return whole;
}

/** @typedef {{ starts: number[], places: number[], shares: number[] }} Weights of the pixels in each sum */

/** The mean over the area that a pixel of the smaller image covers: INTER_AREA. @param {number} from
 * @param {number} to @returns {Weights} */
function areaWeights(from, to) {
  const scale = from / to;
  /** @type {Weights} */
  const weights = { starts: [0], places: [], shares: [] };
  for (let i = 0; i < to; i++) {
    const [start, end] = [i * scale, Math.min((i + 1) * scale, from)];
    for (let place = Math.floor(start); place < end; place++) {
      const covered = Math.min(end, place + 1) - Math.max(start, place);
      if (covered <= 1e-6) continue;
      weights.places.push(place);
      weights.shares.push(covered / (end - start));
    }
    weights.starts.push(weights.places.length);
  }
  return weights;
}

/** Cubic curves through four pixels: INTER_CUBIC. @param {number} from @param {number} to @returns {Weights} */
function cubicWeights(from, to) {
  const A = -0.75;
  /** @type {Weights} */
  const weights = { starts: [0], places: [], shares: [] };
  for (let i = 0; i < to; i++) {
    const at = ((i + 0.5) * from) / to - 0.5;
    for (let place = Math.floor(at) - 1; place < Math.floor(at) + 3; place++) {
      const d = Math.abs(at - place);
      const near = ((A + 2) * d - (A + 3)) * d * d + 1;
      const far = ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
      weights.places.push(Math.min(from - 1, Math.max(0, place)));
      weights.shares.push(d <= 1 ? near : d < 2 ? far : 0);
    }
    weights.starts.push(weights.places.length);
  }
  return weights;
}

/** The ink with strokes wider by this many pixels, or narrower if it is negative. @param {Ink} ink
 * @param {number} by */
export function widened(ink, by) {
  if (by < 0) {
    const thin = spread(ink, disc(1 - by), true);
    return highest(thin.values) > 0.5 ? thin : ink;
  }
  const { rows, columns } = ink;
  return spread(
    cut(ink, { top: -by, bottom: rows + by, left: -by, right: columns + by }),
    disc(by + 1),
    false,
  );
}

/** The runs of a disc's rows, [from, to): MORPH_ELLIPSE. @param {number} side */
function disc(side) {
  const radius = Math.floor(side / 2);
  return Array.from({ length: side }, (_, row) => {
    const dy = row - radius;
    const dx = radius ? rounded(radius * Math.sqrt((radius * radius - dy * dy) / (radius * radius))) : 0;
    return [Math.max(0, radius - dx), Math.min(side, radius + dx + 1)];
  });
}

/**
 * Each pixel becomes the highest value under a shape that is laid over it (dilation), or the lowest (erosion).
 * The shape is its rows, as runs of pixels; its middle is at side / 2. Beyond the edges nothing counts.
 * Rows first: the highest of a run is that of two overlapping runs of half its length, so that it takes few steps.
 * @param {Ink} ink @param {number[][]} runs @param {boolean} lowest
 */
export function spread({ values, rows, columns }, runs, lowest) {
  const side = runs.length;
  const middle = Math.floor(side / 2);
  const sign = lowest ? -1 : 1;
  const room = columns + 2 * side;
  const result = blank(rows, columns, -Infinity);
  /** @type {Map<number, Float32Array>} */
  const highsOf = new Map(); // by the length of a run: the highest of the run from each pixel on
  const base = new Float32Array(rows * room).fill(-Infinity);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) base[y * room + side + x] = sign * values[y * columns + x];
  }
  for (const [from, to] of runs)
    if (!highsOf.has(to - from)) highsOf.set(to - from, highestOfRuns(base, to - from));
  runs.forEach(([from, to], row) => {
    const highs = /** @type {Float32Array} */ (highsOf.get(to - from));
    const shift = row - middle;
    for (let y = Math.max(0, -shift); y < Math.min(rows, rows - shift); y++) {
      const at = (y + shift) * room + side + from - middle;
      for (let x = 0; x < columns; x++) {
        if (highs[at + x] > result.values[y * columns + x]) result.values[y * columns + x] = highs[at + x];
      }
    }
  });
  if (lowest) for (let i = 0; i < result.values.length; i++) result.values[i] = -result.values[i];
  return result;
}

/** @param {Float32Array} base @param {number} length */
function highestOfRuns(base, length) {
  let highs = base;
  const longer = (/** @type {number} */ by) => {
    const next = new Float32Array(base.length).fill(-Infinity);
    for (let i = 0; i + by < base.length; i++) {
      next[i] = Math.max(highs[i], highs[i + by]);
    }
    highs = next;
  };
  let reached = 1;
  for (; 2 * reached <= length; reached *= 2) longer(reached);
  if (reached < length) longer(length - reached);
  return highs;
}
