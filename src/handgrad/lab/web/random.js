/**
 * Random numbers as NumPy's default_rng(seed) draws them, draw by draw: a seed means the same in the page and
 * in Python. PCG64 (O'Neill 2014), seeded by SeedSequence; normal numbers by the ziggurat (Marsaglia and Tsang
 * 2000), whole numbers by Lemire's method (2019).
 */

import { exp, log1p } from "./exact.js";
import { W } from "./random_tables.js";

const R = W[255] * 2 ** 52; // where the ziggurat's tail begins
const F = W.map((w, box) => (box ? exp(-0.5 * (w * 2 ** 52) ** 2) : 1)); // the density at each box's edge
const K = W.map((w, box) => (box > 1 ? Math.floor((W[box - 1] / w) * 2 ** 52) : 0)); // sizes that need no test
K[0] = 0xef33d8025ef6a;

// The state has 128 bits: five limbs of 24 bits, the lowest first, and one of 8. A product of two limbs has 48
// bits, and a sum of six such is exact.
const LIMB = 2 ** 24;
const [M0, M1, M2, M3, M4, M5] = limbs(0x2360ed051fc65da44385df649fccf645n); // the multiplier of PCG64

/** @param {bigint} value */
function limbs(value) {
  return Array.from({ length: 6 }, (_, i) => Number((value >> BigInt(24 * i)) & (i < 5 ? 0xffffffn : 0xffn)));
}

/** Four words of 64 bits that a seed stands for: NumPy's SeedSequence(seed). @param {number | bigint} seed */
function seeded(seed) {
  /** @type {number[]} */
  const entropy = [];
  for (let rest = BigInt(seed); rest > 0n || !entropy.length; rest >>= 32n)
    entropy.push(Number(rest & 0xffffffffn));
  let hash = 0x43b0d7e5;
  const hashed = (/** @type {number} */ value) => {
    const mixed = value ^ hash;
    hash = Math.imul(hash, 0x931e8875);
    const product = Math.imul(mixed, hash);
    return product ^ (product >>> 16);
  };
  const mixed = (/** @type {number} */ x, /** @type {number} */ y) => {
    const difference = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) | 0;
    return difference ^ (difference >>> 16);
  };
  const pool = Array.from({ length: 4 }, (_, i) => hashed(entropy[i] ?? 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mixed(pool[to], hashed(pool[from]));
  }
  for (const word of entropy.slice(4)) {
    for (let to = 0; to < 4; to++) pool[to] = mixed(pool[to], hashed(word));
  }
  let key = 0x8b51f9dd;
  const words = Array.from({ length: 8 }, (_, i) => {
    const mixedWord = pool[i % 4] ^ key;
    key = Math.imul(key, 0x58f38ded);
    const product = Math.imul(mixedWord, key);
    return BigInt((product ^ (product >>> 16)) >>> 0);
  });
  return Array.from({ length: 4 }, (_, i) => words[2 * i] | (words[2 * i + 1] << 32n));
}

/** A generator of random numbers: NumPy's default_rng(seed). */
export class Generator {
  /** @param {number | bigint} seed a whole number from 0 on */
  constructor(seed) {
    const [high, low, stream, more] = seeded(seed);
    const increment = (((stream << 64n) | more) << 1n) | 1n;
    this.stream = Int32Array.from(limbs(increment));
    this.state = Int32Array.from(limbs(((high << 64n) | low) + increment));
    this.high = 0; // of the last draw of 64 bits
    this.low = 0;
    this.half = 0; // what is kept of a draw for the next 32 bits
    this.isHalf = false;
    this.step();
  }

  /** state <- state * multiplier + stream, modulo 2^128. */
  step() {
    const { state, stream } = this;
    const s0 = state[0];
    const s1 = state[1];
    const s2 = state[2];
    const s3 = state[3];
    const s4 = state[4];
    let sum = s0 * M0 + stream[0];
    let carry = Math.floor(sum / LIMB);
    state[0] = sum - carry * LIMB;
    sum = carry + s0 * M1 + s1 * M0 + stream[1];
    carry = Math.floor(sum / LIMB);
    state[1] = sum - carry * LIMB;
    sum = carry + s0 * M2 + s1 * M1 + s2 * M0 + stream[2];
    carry = Math.floor(sum / LIMB);
    state[2] = sum - carry * LIMB;
    sum = carry + s0 * M3 + s1 * M2 + s2 * M1 + s3 * M0 + stream[3];
    carry = Math.floor(sum / LIMB);
    state[3] = sum - carry * LIMB;
    sum = carry + s0 * M4 + s1 * M3 + s2 * M2 + s3 * M1 + s4 * M0 + stream[4];
    carry = Math.floor(sum / LIMB);
    state[4] = sum - carry * LIMB;
    sum = carry + s0 * M5 + s1 * M4 + s2 * M3 + s3 * M2 + s4 * M1 + state[5] * M0 + stream[5];
    state[5] = sum % 256;
  }

  /** Draw 64 bits into high and low: the halves of the state xor-ed, turned by its six highest bits. */
  next64() {
    this.step();
    const { state } = this;
    const [l1, l2, l5] = [state[1], state[2], state[5]];
    const low = (state[0] | (l1 << 24)) ^ ((l2 >>> 16) | (state[3] << 8));
    const high = ((l1 >>> 8) | (l2 << 16)) ^ (state[4] | (l5 << 24));
    const turn = l5 >>> 2;
    const a = turn < 32 ? high : low;
    const b = turn < 32 ? low : high;
    const by = turn & 31;
    this.high = (by ? (a >>> by) | (b << (32 - by)) : a) >>> 0;
    this.low = (by ? (b >>> by) | (a << (32 - by)) : b) >>> 0;
  }

  /** 32 bits: of each draw of 64 first the low half, then the high one. */
  next32() {
    this.isHalf = !this.isHalf;
    if (!this.isHalf) return this.half;
    this.next64();
    this.half = this.high;
    return this.low;
  }

  /** A number from 0 to 1 (excluded), of 53 bits. */
  next() {
    this.next64();
    return (this.high * 2 ** 21 + (this.low >>> 11)) / 2 ** 53;
  }

  /** n numbers from 0 to 1. @param {number} n */
  random(n) {
    const drawn = new Float64Array(n);
    for (let i = 0; i < n; i++) drawn[i] = this.next();
    return drawn;
  }

  /** A whole number from 0 to most, each as likely. @param {number} most below 2^32 */
  upTo(most) {
    if (most === 0) return 0;
    if (most === 0xffffffff) return this.next32();
    const count = most + 1;
    for (;;) {
      const draw = this.next32();
      // draw * count is 64 bits; its high half is the answer
      const low = (draw & 0xffff) * count;
      const middle = (draw >>> 16) * count + Math.floor(low / 65536);
      const rest = (middle % 65536) * 65536 + (low % 65536);
      // products with a smaller low half would favour some numbers
      if (rest >= count || rest >= (2 ** 32 - count) % count) return Math.floor(middle / 65536);
    }
  }

  /**
   * n whole numbers from low to high (excluded), which are less than 2^32 apart.
   * @param {number} low @param {number} high @param {number} n
   */
  integers(low, high, n) {
    const drawn = new Float64Array(n);
    for (let i = 0; i < n; i++) drawn[i] = low + this.upTo(high - low - 1);
    return drawn;
  }

  /**
   * A whole number from 0 to most, as NumPy draws it to shuffle: the lowest bits, and anew if they are more.
   * @param {number} most
   */
  below(most) {
    const mask = 0xffffffff >>> Math.clz32(most);
    for (;;) {
      const drawn = (this.next32() & mask) >>> 0;
      if (drawn <= most) return drawn;
    }
  }

  /** Put a list in a random order, in place. @template {{ [i: number]: any, length: number }} T @param {T} list */
  shuffle(list) {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i);
      const kept = list[i];
      list[i] = list[j];
      list[j] = kept;
    }
    return list;
  }

  /** The numbers 0 to n - 1, shuffled. @param {number} n */
  permutation(n) {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    return this.shuffle(order);
  }

  /** n normal numbers of mean 0 and deviation 1. @param {number} n */
  standardNormal(n) {
    const drawn = new Float64Array(n);
    for (let i = 0; i < n; i++) drawn[i] = this.normal();
    return drawn;
  }

  normal() {
    for (;;) {
      this.next64();
      const box = this.low & 0xff;
      const size = (this.high & 0x1fffffff) * 2 ** 23 + (this.low >>> 9);
      const x = this.low & 0x100 ? -size * W[box] : size * W[box];
      if (size < K[box]) return x;
      if (box === 0) return this.tail((this.low >>> 17) & 1);
      if ((F[box - 1] - F[box]) * this.next() + F[box] < exp(-0.5 * x * x)) return x;
    }
  }

  /** A normal number beyond R, or below -R. @param {number} isNegative */
  tail(isNegative) {
    for (;;) {
      const far = -(1 / R) * log1p(-this.next());
      const y = -log1p(-this.next());
      if (y + y > far * far) return isNegative ? -(R + far) : R + far;
    }
  }
}
