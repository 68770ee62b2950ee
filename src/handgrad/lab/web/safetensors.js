/**
 * Model files in the safetensors format, as model_file.py reads and writes them: four tensors, W1 (H, D),
 * b1 (H,), W2 (C, H), b2 (C,), and metadata whose values are JSON texts. All of a file is checked before it is
 * used; an Error says in one line what was expected and what was found.
 *
 * @typedef {import("./types.js").Numbers} Numbers
 * @typedef {import("./types.js").Network} Network
 */

import { expectFacts, expectFormat, product } from "./model_facts.js";
import { NAMES } from "./types.js";

const FORMAT_VERSION = 1;
const MAX_HEADER = 1 << 22;
const SCALING = 255;
const STORAGES = { float32: "F32", float16: "F16" };
const FACTS = ["activation", "loss", "bias", "classes", "image_shape", "calibration"]; // fields of a Network
const ORDER = /** @type {const} */ (["W1", "W2", "b1", "b2"]); // of the tensors in a file, as Python writes it

/**
 * The JSON texts that metadata was read from. JavaScript does not tell 1.0 from 1, and rounds a seed of 128 bits:
 * what was not changed is written back as it was read.
 * @type {WeakMap<object, Record<string, string>>}
 */
const TEXTS = new WeakMap();

/**
 * The network in the bytes of a model file. Its parameters are float32, whatever they are stored in.
 * @param {Uint8Array} bytes @param {string} [name] of the file, for messages @returns {Network}
 */
export function load(bytes, name = "the model file") {
  const fail = (/** @type {string} */ text) => new Error(`${name}: ${text}`);
  const { header, start } = read(bytes, name);
  const { metadata, texts } = parsed(header, name);
  expectFormat(metadata, fail);
  const strange = Object.keys(header).filter((key) => {
    const run = key.startsWith("run.") && "run" in metadata; // the state of an unfinished run
    return key !== "__metadata__" && !run && !NAMES.some((each) => each === key);
  });
  if (strange.length)
    throw fail(`expected the tensors ${NAMES.join(", ")}; got ${strange[0].slice(0, 40)}, too`);
  const storage = "storage" in metadata ? metadata.storage : "float32";
  if (!Object.hasOwn(STORAGES, storage)) {
    throw fail(`expected storage as float32 or float16; got ${JSON.stringify(storage).slice(0, 40)}`);
  }
  const dtype = STORAGES[/** @type {keyof typeof STORAGES} */ (storage)];
  const tensors = Object.fromEntries(
    NAMES.map((each) => [each, tensor(bytes, header, start, each, dtype, name)]),
  );
  const [[H, D], [C]] = [tensors.W1.shape, tensors.W2.shape];
  const shapes = { W1: [H, D], b1: [H], W2: [C, H], b2: [C] };
  for (const each of NAMES) {
    const { shape, values } = tensors[each];
    if (String(shape) !== String(shapes[each])) {
      throw fail(`expected ${each} of shape (${shapes[each].join(", ")}); got (${shape.join(", ")})`);
    }
    if (!values.every(Number.isFinite)) throw fail(`expected ${each} to be finite; it holds infinity or NaN`);
  }
  expectFacts(metadata, { H, D, C }, fail);
  const { activation, loss, bias, classes, image_shape, calibration = null } = metadata;
  if (!bias && [tensors.b1, tensors.b2].some(({ values }) => values.some((value) => value !== 0))) {
    throw fail("the metadata says that biases are off, but b1 or b2 is not zero");
  }
  const [W1, b1, W2, b2] = NAMES.map((each) => tensors[each].values);
  const others = Object.fromEntries(Object.entries(metadata).filter(([key]) => !FACTS.includes(key)));
  TEXTS.set(others, texts);
  const params = { W1, b1: bias ? b1 : null, W2, b2: bias ? b2 : null, H, D, C };
  return { params, activation, loss, bias, classes, image_shape, calibration, metadata: others, name };
}

/**
 * A model file of the network, in float32: the same bytes as Python writes for the same network. An Error for
 * parameters that are not finite.
 * @param {Network} network @returns {Uint8Array}
 */
export function save({ params, activation, loss, bias, classes, image_shape, calibration, metadata }) {
  const { H, D, C } = params;
  const shapes = { W1: [H, D], b1: [H], W2: [C, H], b2: [C] };
  for (const name of NAMES) {
    const values = params[name];
    if (values && values.length !== product(shapes[name])) {
      throw new Error(`expected ${name} with ${product(shapes[name])} numbers; got ${values.length}`);
    }
    if (values && !Float32Array.from(values).every(Number.isFinite)) {
      throw new Error(`${name} holds infinity or NaN: such a network cannot be saved`);
    }
  }
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
    const value = /** @type {Record<string, any>} */ (facts)[key];
    const text = FACTS.includes(key) ? undefined : TEXTS.get(metadata)?.[key];
    const unchanged = text !== undefined && JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
    header.__metadata__[key] = unchanged ? text : pythonJson(value, key);
  }
  let at = 0;
  for (const name of ORDER) {
    const size = 4 * product(shapes[name]);
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
  for (const name of ORDER) {
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
  ...["loss", "train_accuracy", "validation_accuracy", "accuracy", "learning_rate", "warmup"],
  ...["averaging", "temperature", "threshold", "wanted", "coverage", "rotation", "scale", "shear", "shift"],
  ...["elastic", "sigma", "thickness"],
]);

/**
 * JSON as Python's json.dumps writes it: with a space after , and :, and reals with a point.
 * @param {any} value @param {string} [key] @returns {string}
 */
function pythonJson(value, key = "") {
  if (value instanceof Real) return real(value.value);
  if (typeof value === "number")
    return REALS.has(key) || !Number.isInteger(value) ? real(value) : String(value);
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return `[${value.map((each) => pythonJson(each, key)).join(", ")}]`;
  if (typeof value === "object") {
    const items = Object.entries(value).map(
      ([name, each]) => `${ascii(JSON.stringify(name))}: ${pythonJson(each, REALS.has(key) ? key : name)}`,
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
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** The text with escapes for all that is not ASCII, as Python writes it. @param {string} text */
function ascii(text) {
  return text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

class TwiceError extends Error {}

/**
 * A TwiceError for a key that stands twice in an object, which safetensors forbids and JSON.parse does not tell.
 * @param {string} text that is JSON
 */
function expectOnce(text) {
  /** @type {(Set<string> | null)[]} */
  const open = []; // the keys of each object that has begun; null for a list
  for (const [word, key] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (word === "{" || word === "[") open.push(word === "{" ? new Set() : null);
    else if (word === "}" || word === "]") open.pop();
    else if (key) {
      const [name, keys] = [JSON.parse(key), open[open.length - 1]];
      if (keys?.has(name)) throw new TwiceError(`the key '${name.slice(0, 58)}' stands twice`);
      keys?.add(name);
    }
  }
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
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    header = JSON.parse(text);
    expectOnce(text);
  } catch (error) {
    throw damaged(error instanceof TwiceError ? error.message : "its header is not JSON");
  }
  if (header === null || typeof header !== "object" || Array.isArray(header))
    throw damaged("its header is no table");
  /** @type {[number, number][]} */
  const places = [];
  for (const [key, part] of Object.entries(header)) {
    if (key === "__metadata__") continue;
    const { data_offsets } = part ?? {};
    if (!Array.isArray(data_offsets) || data_offsets.length !== 2 || !data_offsets.every(Number.isInteger)) {
      throw damaged(`it does not say where ${key.slice(0, 40)} is`);
    }
    places.push([data_offsets[0], data_offsets[1]]);
  }
  places.sort(([one, to], [other, until]) => one - other || to - until);
  let end = 0; // one tensor begins where another ends
  for (const [from, to] of places) {
    if (from !== end || to < from) throw damaged(`its tensors do not stand one behind the other`);
    end = to;
  }
  if (8 + length + end !== bytes.length) {
    throw damaged(`expected ${8 + length + end} bytes; it has ${bytes.length}`);
  }
  return { header, start: 8 + length };
}

/** The metadata, as texts and parsed. @param {Record<string, any>} header @param {string} name */
function parsed(header, name) {
  /** @type {Record<string, string>} */
  const texts = header.__metadata__ ?? {};
  const entries = Object.entries(texts);
  try {
    if (entries.some(([, text]) => typeof text !== "string")) throw new Error("not a text");
    /** @type {Record<string, any>} */
    const metadata = Object.fromEntries(entries.map(([key, text]) => [key, JSON.parse(text)]));
    for (const [, text] of entries) expectOnce(text);
    return { metadata, texts };
  } catch (error) {
    if (error instanceof TwiceError)
      throw new Error(`${name}: not a safetensors file, or damaged (${error.message})`);
    throw new Error(`${name}: not a model of handgrad, or damaged (its metadata is not JSON)`);
  }
}

/**
 * One tensor as float32.
 * @param {Uint8Array} bytes @param {Record<string, any>} header @param {number} start @param {string} key
 * @param {string} dtype that is expected @param {string} name
 * @returns {{ shape: number[], values: Float32Array }}
 */
function tensor(bytes, header, start, key, dtype, name) {
  const part = header[key];
  if (!part) throw new Error(`${name}: expected the tensors ${NAMES.join(", ")}; ${key} is missing`);
  const { dtype: got, shape, data_offsets } = part;
  if (got !== dtype) {
    throw new Error(`${name}: expected ${key} as ${dtype}; got ${JSON.stringify(got)?.slice(0, 40)}`);
  }
  const rank = key.startsWith("W") ? 2 : 1;
  const sides = Array.isArray(shape) && shape.every((side) => Number.isInteger(side) && side > 0);
  if (!sides || shape.length !== rank) {
    const expected = { W1: "(H, D)", W2: "(C, H)", b1: "(H)", b2: "(C)" }[key];
    throw new Error(`${name}: expected ${key} ${expected}; got ${JSON.stringify(shape)?.slice(0, 40)}`);
  }
  const size = dtype === "F32" ? 4 : 2;
  const [from, to] = data_offsets;
  if (product(shape) * size !== to - from) {
    throw new Error(
      `${name}: the shape of ${key}, (${shape.join(", ")}), does not fit its ${to - from} bytes`,
    );
  }
  const raw = bytes.slice(start + from, start + to).buffer;
  return { shape, values: size === 4 ? new Float32Array(raw) : fromHalf(new Uint16Array(raw)) };
}

/** Numbers of 16 bits (sign, 5 bits of exponent, 10 of mantissa) as float32. @param {Uint16Array} halves */
function fromHalf(halves) {
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
