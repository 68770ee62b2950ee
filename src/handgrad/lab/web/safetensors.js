/**
 * Model files in the safetensors format, as model_file.py reads and writes them: four tensors, W1 (H, D),
 * b1 (H,), W2 (C, H), b2 (C,), and metadata whose values are JSON texts. All of a file is checked before it is
 * used; an Error says in one line what was expected and what was found.
 *
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {import("./types.js").Network} Network
 */

import { NAMES } from "./types.js";

const FORMAT_VERSION = 1;
const MAX_HEADER = 1 << 22;
const SCALING = 255;
const ACTIVATIONS = ["relu", "leaky_relu", "tanh", "sigmoid", "none"];
const LOSSES = ["l2", "cross_entropy"];
const FACTS = ["activation", "loss", "bias", "classes", "image_shape", "calibration"]; // fields of a Network

/**
 * The network in the bytes of a model file. Its parameters are float32, whatever they are stored in.
 * @param {Uint8Array} bytes @param {string} [name] of the file, for messages @returns {Network}
 */
export function load(bytes, name = "the model file") {
  const { header, start } = read(bytes, name);
  const metadata = facts(header, name);
  const fail = (/** @type {string} */ text) => new Error(`${name}: ${text}`);
  const version = metadata.format_version;
  if (!Number.isInteger(version)) throw fail("not a model of handgrad: its metadata has no format version");
  if (version > FORMAT_VERSION) throw fail(`format version ${version} is newer than this page can read`);
  if (metadata.pixel_scaling?.divide_by !== SCALING) throw fail("expected pixel_scaling divide_by 255");
  if (!ACTIVATIONS.includes(metadata.activation)) {
    throw fail(`expected an activation among ${ACTIVATIONS.join(", ")}; got ${metadata.activation}`);
  }
  if (!LOSSES.includes(metadata.loss)) {
    throw fail(`this page knows the losses ${LOSSES.join(" and ")}; got ${metadata.loss}`);
  }
  const tensors = Object.fromEntries(NAMES.map((each) => [each, tensor(bytes, header, start, each, name)]));
  const [[H, D], [C]] = [tensors.W1.shape, tensors.W2.shape];
  const shapes = { W1: [H, D], b1: [H], W2: [C, H], b2: [C] };
  for (const each of NAMES) {
    const { shape, values } = tensors[each];
    if (String(shape) !== String(shapes[each])) {
      throw fail(`expected ${each} of shape (${shapes[each].join(", ")}); got (${shape.join(", ")})`);
    }
    if (!values.every(Number.isFinite)) throw fail(`expected ${each} to be finite; it holds infinity or NaN`);
  }
  const { bias, classes, image_shape } = metadata;
  if (typeof bias !== "boolean") throw fail("expected bias to be true or false");
  if (!Array.isArray(classes) || classes.length !== C || new Set(classes).size !== C) {
    throw fail(`expected ${C} different classes; got ${JSON.stringify(classes)?.slice(0, 60)}`);
  }
  const pixels =
    Array.isArray(image_shape) && image_shape.every((side) => Number.isInteger(side) && side > 0);
  if (!pixels || image_shape.reduce((/** @type {number} */ all, side) => all * side, 1) !== D) {
    throw fail(`expected an image_shape of ${D} pixels; got ${JSON.stringify(image_shape)?.slice(0, 60)}`);
  }
  if (!bias && [tensors.b1, tensors.b2].some(({ values }) => values.some((value) => value !== 0))) {
    throw fail("the metadata says that biases are off, but b1 or b2 is not zero");
  }
  const others = Object.entries(metadata).filter(([key]) => !FACTS.includes(key));
  return {
    params: {
      W1: tensors.W1.values,
      b1: bias ? tensors.b1.values : null,
      W2: tensors.W2.values,
      b2: bias ? tensors.b2.values : null,
      H,
      D,
      C,
    },
    activation: metadata.activation,
    loss: metadata.loss,
    bias,
    classes,
    image_shape,
    calibration: metadata.calibration ?? null,
    metadata: Object.fromEntries(others),
    name,
  };
}

/**
 * A model file of the network, in float32: the same bytes as Python writes for the same network.
 * @param {Network} network @returns {Uint8Array}
 */
export function save({ params, activation, loss, bias, classes, image_shape, calibration, metadata }) {
  const { H, D, C } = params;
  const shapes = { W1: [H, D], b1: [H], W2: [C, H], b2: [C] };
  const { storage: _, run: __, ...known } = metadata;
  const facts = {
    ...{ accuracy: {}, data_checksum: null, handgrad_version: "", history: [], recipe: null, seed: null },
    ...known,
    ...{ activation, bias, classes, image_shape, loss, format_version: FORMAT_VERSION },
    pixel_scaling: { divide_by: new Real(SCALING) },
    ...(calibration ? { calibration } : {}),
  };
  /** @type {Record<string, any>} */
  const header = { __metadata__: {} };
  for (const key of Object.keys(facts).sort()) {
    header.__metadata__[key] = pythonJson(/** @type {Record<string, any>} */ (facts)[key]);
  }
  let at = 0;
  for (const name of NAMES) {
    const size = 4 * shapes[name].reduce((all, side) => all * side, 1);
    header[name] = { data_offsets: [at, at + size], dtype: "F32", shape: shapes[name] };
    at += size;
  }
  const keys = Object.keys(header).sort();
  const text = `{${keys.map((key) => `${JSON.stringify(key)}:${ascii(JSON.stringify(header[key]))}`).join(",")}}`;
  const begin = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const bytes = new Uint8Array(8 + begin.length + at);
  new DataView(bytes.buffer).setUint32(0, begin.length, true);
  bytes.set(begin, 8);
  let place = 8 + begin.length;
  for (const name of NAMES) {
    const values = Float32Array.from(params[name] ?? new Float32Array(shapes[name][0]));
    bytes.set(new Uint8Array(values.buffer), place);
    place += values.byteLength;
  }
  return bytes;
}

/** A real number whose JSON has a point in Python: 1.0, which JavaScript writes as 1. */
export class Real {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

/** The names of metadata whose numbers are reals in Python. */
const REALS = new Set([
  ...["loss", "train_accuracy", "validation_accuracy", "validation", "test", "learning_rate", "warmup"],
  ...["averaging", "temperature", "threshold", "wanted", "coverage", "rotation", "scale", "shear", "shift"],
  ...["elastic", "sigma", "thickness"],
]);

/**
 * JSON as Python's json.dumps writes it: with a space after , and :, and reals with a point.
 * @param {any} value @param {string} [key] @returns {string}
 */
export function pythonJson(value, key = "") {
  if (value instanceof Real) return real(value.value);
  if (typeof value === "number")
    return REALS.has(key) || !Number.isInteger(value) ? real(value) : String(value);
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return `[${value.map((each) => pythonJson(each, key)).join(", ")}]`;
  if (typeof value === "object") {
    const items = Object.entries(value).map(
      ([name, each]) => `${JSON.stringify(name)}: ${pythonJson(each, name)}`,
    );
    return `{${items.join(", ")}}`;
  }
  return ascii(JSON.stringify(value));
}

/** A real as Python's repr writes it. @param {number} value */
function real(value) {
  const [digits, exponent] = value.toExponential().split("e");
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) {
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  return Number.isInteger(value) ? `${value}.0` : decimal(value);
}

/** A number without an exponent, where JavaScript would write one for 0.00001. @param {number} value */
function decimal(value) {
  const text = String(value);
  return text.includes("e") ? value.toFixed(20).replace(/0+$/, "") : text;
}

/** The text with escapes for all that is not ASCII, as Python writes it. @param {string} text */
function ascii(text) {
  return text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The header, and where the tensors begin. @param {Uint8Array} bytes @param {string} name */
function read(bytes, name) {
  const damaged = (/** @type {string} */ why) =>
    new Error(`${name}: not a safetensors file, or damaged (${why})`);
  if (bytes.length < 8) throw damaged(`it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER || 8 + length > bytes.length) throw damaged("its header is longer than the file");
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw damaged("its header is not JSON");
  }
  if (header === null || typeof header !== "object" || Array.isArray(header))
    throw damaged("its header is no table");
  let end = 0;
  const parts = Object.entries(header).filter(([key]) => key !== "__metadata__");
  for (const [key, part] of parts) {
    const [from, to] = part?.data_offsets ?? [];
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from) throw damaged(`of ${key}`);
    end = Math.max(end, to);
  }
  if (8 + length + end !== bytes.length) {
    throw damaged(`expected ${8 + length + end} bytes; it has ${bytes.length}`);
  }
  return { header, start: 8 + length };
}

/** The metadata, parsed. @param {Record<string, any>} header @param {string} name @returns {Record<string, any>} */
function facts(header, name) {
  try {
    const entries = Object.entries(header.__metadata__ ?? {});
    return Object.fromEntries(entries.map(([key, text]) => [key, JSON.parse(String(text))]));
  } catch {
    throw new Error(`${name}: not a model of handgrad: its metadata is not JSON`);
  }
}

/**
 * One tensor as float32.
 * @param {Uint8Array} bytes @param {Record<string, any>} header @param {number} start @param {string} key
 * @param {string} name @returns {{ shape: number[], values: Float32Array }}
 */
function tensor(bytes, header, start, key, name) {
  const part = header[key];
  if (!part) throw new Error(`${name}: expected the tensors ${NAMES.join(", ")}; ${key} is missing`);
  const { dtype, shape, data_offsets } = part;
  if (dtype !== "F32" && dtype !== "F16") {
    throw new Error(`${name}: expected float16 or float32 tensors; ${key} is ${dtype}`);
  }
  const size = dtype === "F32" ? 4 : 2;
  const rank = key.startsWith("W") ? 2 : 1;
  const sides =
    Array.isArray(shape) &&
    shape.length === rank &&
    shape.every((side) => Number.isInteger(side) && side > 0);
  const count = sides ? shape.reduce((/** @type {number} */ all, side) => all * side, 1) : -1;
  if (count * size !== data_offsets[1] - data_offsets[0]) {
    throw new Error(
      `${name}: the shape of ${key} does not fit its ${data_offsets[1] - data_offsets[0]} bytes`,
    );
  }
  const raw = bytes.slice(start + data_offsets[0], start + data_offsets[1]).buffer;
  return { shape, values: size === 4 ? new Float32Array(raw) : fromHalf(new Uint16Array(raw)) };
}

/** Numbers of 16 bits (sign, 5 bits of exponent, 10 of mantissa) as float32. @param {Uint16Array} halves */
export function fromHalf(halves) {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const bits = halves[i];
    const exponent = (bits >> 10) & 31;
    const mantissa = bits & 1023;
    let size = exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25);
    if (exponent === 31) size = mantissa ? Number.NaN : Infinity;
    values[i] = bits & 0x8000 ? -size : size;
  }
  return values;
}
