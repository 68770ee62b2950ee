/**
 * Images and labels from a person's own files: a pair of IDX files, or a table (CSV) with an image in each row.
 * Each may be packed with gzip. What a file is, its contents say, not its name. An Error says in one line
 * what was expected and what was found.
 *
 * @typedef {import("./types.js").Data} Data
 */

import { unpacked } from "./gzip.js";
import { parseTable } from "./tables.js";

const TYPES = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }; // bytes of a value, by the type's code
const MOST_CLASSES = 256;
const MOST_BYTES = 1 << 29; // of an unpacked file: MNIST as a table has a fifth of it

/** @typedef {{ name: string, bytes: Uint8Array }} File */

/**
 * The data in these files: one CSV file, or the two IDX files of a pair in any order.
 * @param {File[]} files @returns {Promise<Data>}
 */
export async function dataOf(files) {
  const opened = await Promise.all(
    files.map(async ({ name, bytes }) => ({ name, bytes: await unzipped(name, bytes) })),
  );
  if (opened.length === 1 && !isIdx(opened[0].bytes)) return fromTable(opened[0]);
  const arrays = opened
    .filter(({ bytes }) => isIdx(bytes))
    .map((file) => ({ name: file.name, ...parseIdx(file) }));
  const labels = arrays.filter(isLabels);
  const images = arrays.filter((array) => !isLabels(array));
  if (opened.length !== 2 || images.length !== 1 || labels.length !== 1) {
    const got = files.map(({ name }) => name).join(", ");
    throw new Error(`expected a CSV file, or two IDX files, of images and of their labels; got ${got}`);
  }
  return fromPair(images[0], labels[0]);
}

/**
 * One number for each image; QMNIST has eight, of which the first is the class.
 * @param {{ shape: number[], values: Uint8Array | Int32Array }} array
 */
function isLabels({ shape, values }) {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 8 && values instanceof Int32Array);
}

/** @param {string} name @param {Uint8Array} bytes */
async function unzipped(name, bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unpacked(bytes, MOST_BYTES);
  } catch (error) {
    if (error instanceof RangeError)
      throw new Error(`${name}: it unpacks to more than 512 MB; unpack it first`);
    throw new Error(`${name}: the gzip data is damaged or cut off; get it again`);
  }
}

/** Whether the bytes begin as those of an IDX file. @param {Uint8Array} bytes */
function isIdx(bytes) {
  return (
    bytes.length >= 4 &&
    bytes[0] === 0 &&
    bytes[1] === 0 &&
    bytes[2] in TYPES &&
    bytes[3] >= 1 &&
    bytes[3] <= 32
  );
}

/**
 * The shape and the values of an IDX file, whose values are whole numbers.
 * @param {File} file @returns {{ shape: number[], values: Uint8Array | Int32Array }}
 */
export function parseIdx({ name, bytes }) {
  if (!isIdx(bytes)) throw new Error(`${name}: expected an IDX file, which begins 00 00, a type, a rank`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [type, rank] = [bytes[2], bytes[3]];
  if (bytes.length < 4 + 4 * rank) throw new Error(`${name}: the IDX header is cut off; get it again`);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((all, side) => all * side, 1);
  const start = 4 + 4 * rank;
  const expected = start + count * TYPES[/** @type {keyof typeof TYPES} */ (type)];
  if (bytes.length !== expected) {
    throw new Error(
      `${name}: expected ${expected} bytes for shape (${shape.join(", ")}); got ${bytes.length}`,
    );
  }
  if (type === 8) return { shape, values: bytes.subarray(start) };
  if (type > 12) throw new Error(`${name}: expected whole numbers; the file holds reals`);
  const read = {
    9: (/** @type {number} */ i) => view.getInt8(start + i),
    11: (/** @type {number} */ i) => view.getInt16(start + 2 * i),
    12: (/** @type {number} */ i) => view.getInt32(start + 4 * i),
  }[type];
  return { shape, values: Int32Array.from({ length: count }, (_, i) => /** @type {any} */ (read)(i)) };
}

/**
 * @typedef {{ name: string, shape: number[], values: Uint8Array | Int32Array }} Named
 * @param {Named} images @param {Named} labels @returns {Data}
 */
export function fromPair(images, labels) {
  if (!(images.values instanceof Uint8Array) || ![2, 3].includes(images.shape.length)) {
    const got = `${images.values instanceof Uint8Array ? "bytes" : "other numbers"} (${images.shape.join(", ")})`;
    throw new Error(`${images.name}: expected images as bytes (N, height, width); got ${got}`);
  }
  const [N, ...sides] = images.shape;
  if (labels.shape[0] !== N) {
    throw new Error(`${labels.name}: expected one label for each of ${N} images; got ${labels.shape[0]}`);
  }
  const [, each = 1] = labels.shape; // numbers for each image: QMNIST has eight
  const classes = each === 1 ? labels.values : labels.values.filter((_, i) => i % each === 0);
  const D = sides.reduce((all, side) => all * side, 1);
  const [height, width] = sides.length === 2 ? sides : sidesOf(D);
  return checked(images.name, { images: images.values, labels: classes, N, D, height, width, C: 0 });
}

/** Height and width of images that came as rows: a square if they can be, else a strip. @param {number} D */
function sidesOf(D) {
  const side = Math.round(Math.sqrt(D));
  return side * side === D ? [side, side] : [1, D];
}

/**
 * A table: an image in each row with its label, see tables.js.
 * @param {File} file @returns {Data}
 */
function fromTable(file) {
  const { images, labels, N, D } = parseTable(file);
  const [height, width] = sidesOf(D);
  return checked(file.name, { images, labels, N, D, height, width, C: 0 });
}

/** @param {string} name @param {Data} data @returns {Data} */
function checked(name, data) {
  if (data.N < 1 || data.D < 1) throw new Error(`${name}: expected at least one image; got ${data.N}`);
  let most = 0;
  for (const label of data.labels) {
    if (label < 0 || label >= MOST_CLASSES)
      throw new Error(`${name}: expected labels from 0 to 255; got ${label}`);
    if (label > most) most = label;
  }
  return { ...data, C: most + 1 };
}

/**
 * The first n images of some data.
 * @param {Data} data @param {number} n @returns {Data}
 */
export function firstOf(data, n) {
  const N = Math.min(n, data.N);
  return { ...data, N, images: data.images.subarray(0, N * data.D), labels: data.labels.subarray(0, N) };
}
