/**
 * kernel.wasm with its memory, of which parts are taken one after the other.
 *
 * @typedef {import("./types.js").Data} Data
 *
 * Images and labels in that memory: their addresses, and the labels once more for sorting.
 * @typedef {{ images: number, labels: number, N: number, D: number, C: number, classes: ArrayLike<number> }} Held
 */

import { log } from "./exact.js";
import { CONSTANTS } from "./task.js";

const { PIECE } = CONSTANTS;
const PAGE = 65_536; // bytes
const LINE = 64;

/** The next multiple of a step. @param {number} n @param {number} step */
export function up(n, step) {
  return Math.ceil(n / step) * step;
}

/** The kernel with its memory, of which parts are taken one after the other. */
export class Kernel {
  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.memory = new WebAssembly.Memory({ initial: 16 });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory, log } });
    this.run = /** @type {(task: number) => void} */ (instance.exports.run);
    this.end = Number(/** @type {WebAssembly.Global} */ (instance.exports.__heap_base).value);
  }

  /** The address of so many bytes, set to 0, at the beginning of a cache line. @param {number} bytes */
  take(bytes) {
    const at = up(this.end, LINE);
    this.end = at + bytes;
    const missing = this.end + LINE - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE));
      } catch {
        throw new Error(
          `expected ${Math.round(this.end / 1e6)} MB of memory for this network and data; the browser has less`,
        );
      }
    }
    new Uint8Array(this.memory.buffer, at, bytes).fill(0);
    return at;
  }

  /** @param {number} at @param {number} n */
  bytes(at, n) {
    return new Uint8Array(this.memory.buffer, at, n);
  }

  /** @param {number} at @param {number} n */
  floats(at, n) {
    return new Float32Array(this.memory.buffer, at, n);
  }

  /** The address of a copy of these numbers. @param {ArrayLike<number>} values */
  floatsOf(values) {
    const at = this.take(4 * values.length);
    this.floats(at, values.length).set(values);
    return at;
  }

  /** The address of whole numbers as words of 64 bits. @param {ArrayLike<number>} values */
  words(values) {
    const at = this.take(8 * values.length);
    this.setWords(at, values);
    return at;
  }

  /** @param {number} at @param {ArrayLike<number>} values */
  setWords(at, values) {
    const halves = new Uint32Array(this.memory.buffer, at, 2 * values.length);
    for (let i = 0; i < values.length; i++) halves[2 * i] = values[i];
  }

  /** Images and labels in the kernel's memory. @param {Data} data @returns {Held} */
  hold({ images, labels, N, D, C }) {
    const room = Math.max(D, PIECE);
    const at = this.take(N * room);
    const rows = this.bytes(at, N * room);
    if (room === D) rows.set(images);
    else for (let i = 0; i < N; i++) rows.set(images.subarray(i * D, (i + 1) * D), i * room);
    return { images: at, labels: this.words(labels), N, D, C, classes: labels };
  }
}
