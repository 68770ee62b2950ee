/**
 * Images and labels from a person's own files: a pair of IDX files, or a table (CSV) with an image in each row.
 * Each may be packed with gzip. What a file is, its contents say, not its name. An Error says in one line
 * what was expected and what was found.
 *
 * @typedef {import("./types.js").Data} Data
 */

import { unpacked } from "./gzip.js";

const TYPES = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }; // bytes of a value, by the type's code
const MOST_CLASSES = 256;

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
  const images = arrays.filter(({ shape }) => shape.length > 1);
  const labels = arrays.filter(({ shape }) => shape.length === 1);
  if (opened.length !== 2 || images.length !== 1 || labels.length !== 1) {
    const got = files.map(({ name }) => name).join(", ");
    throw new Error(`expected a CSV file, or two IDX files, of images and of their labels; got ${got}`);
  }
  return fromPair(images[0], labels[0]);
}

/** @param {string} name @param {Uint8Array} bytes */
async function unzipped(name, bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unpacked(bytes);
  } catch {
    throw new Error(`${name}: the gzip data is damaged or cut off`);
  }
}

/** Whether the bytes begin as those of an IDX file. @param {Uint8Array} bytes */
export function isIdx(bytes) {
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
  if (bytes.length < 4 + 4 * rank) throw new Error(`${name}: the IDX header is cut off`);
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
  if (!(images.values instanceof Uint8Array) || images.shape.length > 3) {
    throw new Error(
      `${images.name}: expected images as bytes (N, height, width); got rank ${images.shape.length}`,
    );
  }
  const [N, ...sides] = images.shape;
  if (labels.shape[0] !== N) {
    throw new Error(`${labels.name}: expected one label for each of ${N} images; got ${labels.shape[0]}`);
  }
  const D = sides.reduce((all, side) => all * side, 1);
  const side = Math.round(Math.sqrt(D));
  const [height, width] = sides.length === 2 ? sides : side * side === D ? [side, side] : [1, D];
  return checked(images.name, { images: images.values, labels: labels.values, N, D, height, width, C: 0 });
}

/**
 * A table: an image in each row, its label in the first column, or in the one that a first line of names calls
 * label, class, target or digit. Pixels are 0 to 255.
 * @param {File} file @returns {Data}
 */
export function fromTable({ name, bytes }) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${name}: expected a table (CSV) or IDX files; this is neither`);
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (!lines.length) throw new Error(`${name}: expected a table with an image in each row; it is empty`);
  const sign = [",", ";", "\t"].find((each) => lines[0].includes(each)) ?? ",";
  const first = lines[0].split(sign).map((word) => word.trim().replace(/^["']|["']$/g, ""));
  const named = first.some((word) => word !== "" && Number.isNaN(Number(word)));
  const columns = first.length;
  const found = named ? first.findIndex((word) => /^(label|class|target|digit)s?$/i.test(word)) : 0;
  const at = Math.max(0, found);
  const D = columns - 1;
  if (D < 1)
    throw new Error(
      `${name}: expected a label and pixels in each row, separated by commas; got ${lines[0].slice(0, 40)}`,
    );
  const rows = named ? lines.slice(1) : lines;
  const images = new Uint8Array(rows.length * D);
  const labels = new Int32Array(rows.length);
  rows.forEach((line, i) => {
    const words = line.split(sign);
    const where = `${name}, line ${i + 1 + Number(named)}`;
    if (words.length !== columns)
      throw new Error(`${where}: expected ${columns} numbers; got ${words.length}`);
    let p = i * D;
    words.forEach((word, column) => {
      const value = word.trim() === "" ? Number.NaN : Number(word.trim().replace(/^["']|["']$/g, ""));
      if (column === at) {
        if (!Number.isInteger(value))
          throw new Error(`${where}: expected a whole number as the label; got ${word.slice(0, 20)}`);
        labels[i] = value;
        return;
      }
      if (!Number.isInteger(value) || value < 0 || value > 255) {
        throw new Error(`${where}: expected pixels as whole numbers 0 to 255; got ${word.slice(0, 20)}`);
      }
      images[p++] = value;
    });
  });
  const side = Math.round(Math.sqrt(D));
  const [height, width] = side * side === D ? [side, side] : [1, D];
  return checked(name, { images, labels, N: rows.length, D, height, width, C: 0 });
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
