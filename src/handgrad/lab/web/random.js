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
const LIMBS = 8; // a state has 128 bits, in limbs of 16, the lowest first
const MULTIPLIER = limbs(0x2360ed051fc65da44385df649fccf645n);

/** @param {bigint} value */
function limbs(value) {
  return Int32Array.from({ length: LIMBS }, (_, i) => Number((value >> BigInt(16 * i)) & 0xffffn));
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
  for (const word of entropy.slice(4))
    for (let to = 0; to < 4; to++) pool[to] = mixed(pool[to], hashed(word));
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
    this.state = new Int32Array(LIMBS);
    this.stream = limbs((((stream << 64n) | more) << 1n) | 1n);
    this.high = 0; // of the last draw of 64 bits
    this.low = 0;
    /** @type {number | null} the half of a draw that is kept for the next 32 bits */
    this.half = null;
    this.step();
    const start = limbs((high << 64n) | low);
    let carry = 0;
    for (let i = 0; i < LIMBS; i++) {
      const sum = this.state[i] + start[i] + carry;
      this.state[i] = sum & 0xffff;
      carry = sum >>> 16;
    }
    this.step();
  }

  /** state <- state * multiplier + stream, modulo 2^128. */
  step() {
    const { state, stream } = this;
    const [s0, s1, s2, s3, s4, s5, s6, s7] = state;
    const [m0, m1, m2, m3, m4, m5, m6, m7] = MULTIPLIER;
    let sum = s0 * m0 + stream[0];
    state[0] = sum & 0xffff;
    sum = Math.floor(sum / 65536) + s0 * m1 + s1 * m0 + stream[1];
    state[1] = sum & 0xffff;
    sum = Math.floor(sum / 65536) + s0 * m2 + s1 * m1 + s2 * m0 + stream[2];
    state[2] = sum & 0xffff;
    sum = Math.floor(sum / 65536) + s0 * m3 + s1 * m2 + s2 * m1 + s3 * m0 + stream[3];
    state[3] = sum & 0xffff;
    sum = Math.floor(sum / 65536) + s0 * m4 + s1 * m3 + s2 * m2 + s3 * m1 + s4 * m0 + stream[4];
    state[4] = sum & 0xffff;
    sum = Math.floor(sum / 65536) + s0 * m5 + s1 * m4 + s2 * m3 + s3 * m2 + s4 * m1 + s5 * m0 + stream[5];
    state[5] = sum & 0xffff;
    sum =
      Math.floor(sum / 65536) +
      s0 * m6 +
      s1 * m5 +
      s2 * m4 +
      s3 * m3 +
      s4 * m2 +
      s5 * m1 +
      s6 * m0 +
      stream[6];
    state[6] = sum & 0xffff;
    sum =
      Math.floor(sum / 65536) +
      s0 * m7 +
      s1 * m6 +
      s2 * m5 +
      s3 * m4 +
      s4 * m3 +
      s5 * m2 +
      s6 * m1 +
      s7 * m0 +
      stream[7];
    state[7] = sum & 0xffff;
  }

  /** Draw 64 bits into high and low: the halves of the state xor-ed, turned by its six highest bits. */
  next64() {
    this.step();
    const { state } = this;
    const low = (state[0] ^ state[4]) | ((state[1] ^ state[5]) << 16);
    const high = (state[2] ^ state[6]) | ((state[3] ^ state[7]) << 16);
    const turn = state[7] >>> 10;
    const [a, b] = turn < 32 ? [high, low] : [low, high];
    const by = turn & 31;
    this.high = (by ? (a >>> by) | (b << (32 - by)) : a) >>> 0;
    this.low = (by ? (b >>> by) | (a << (32 - by)) : b) >>> 0;
  }

  /** 32 bits: of each draw of 64 first the low half, then the high one. */
  next32() {
    if (this.half !== null) {
      const kept = this.half;
      this.half = null;
      return kept;
    }
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
    return Float64Array.from({ length: n }, () => this.next());
  }

  /** A whole number from 0 to most, each as likely. @param {number} most below 2^32 - 1 */
  upTo(most) {
    if (most === 0) return 0;
    const count = most + 1;
    const least = (2 ** 32 - count) % count; // products whose low half is less would favour some numbers
    for (;;) {
      const draw = this.next32();
      // draw * count in two halves, without more than 53 bits
      const low = (draw & 0xffff) * count;
      const middle = (draw >>> 16) * count + Math.floor(low / 65536);
      const rest = (middle % 65536) * 65536 + (low & 0xffff);
      if (rest >= count || rest >= least) return Math.floor(middle / 65536);
    }
  }

  /** n whole numbers from low (included) to high (excluded). @param {number} low @param {number} high @param {number} n */
  integers(low, high, n) {
    return Int32Array.from({ length: n }, () => low + this.upTo(high - low - 1));
  }

  /** The numbers 0 to n - 1, shuffled. @param {number} n */
  permutation(n) {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const mask = 2 ** (32 - Math.clz32(i)) - 1;
      let j = (this.next32() & mask) >>> 0;
      while (j > i) j = (this.next32() & mask) >>> 0;
      const kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
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
      const isNegative = (this.low >>> 8) & 1;
      const size = (this.high & 0x1fffffff) * 2 ** 23 + (this.low >>> 9);
      const x = isNegative ? -size * W[box] : size * W[box];
      if (size < K[box]) return x;
      if (box === 0) {
        for (;;) {
          const far = -log1p(-this.next()) / R;
          const y = -log1p(-this.next());
          if (y + y > far * far) return Math.floor(size / 256) % 2 ? -(R + far) : R + far;
        }
      }
      if ((F[box - 1] - F[box]) * this.next() + F[box] < exp(-0.5 * x * x)) return x;
    }
  }
}
