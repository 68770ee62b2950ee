/**
 * The fast engine in the page: drives kernel.wasm, which is engines/ink/kernel.py compiled for WebAssembly.
 * The mirror of engines/ink/layout.py and engine.py, on one thread: parameters in blocks of hidden units, the
 * pixels in bands, a task that holds the address of everything. Nothing here computes.
 *
 * @typedef {import("./types.js").Params} Params
 * @typedef {import("./kernel.js").Held} Held
 * @typedef {import("./kernel.js").Kernel} Kernel
 */

import { power } from "./exact.js";
import { up } from "./kernel.js";
import { ACTIVATION_CODES, CONSTANTS, FIELDS, LANES, LOSS_CODES, RULES } from "./task.js";

const { SCORES, EMIT, TOGETHER, PIECE, GREYS, TILE, SCALES } = CONSTANTS;
const [BETA, BETA2] = [0.9, 0.999];
const LINE = 64;
const AT_ONCE = 64; // images that are scored together

/** The bands of images of D pixels, as layout.find_bands. @param {number} D */
function findBands(D) {
  const bands = Math.ceil((D * LANES * 4) / TILE);
  const starts = Array.from({ length: bands + 1 }, (_, band) => Math.floor((D * band) / bands));
  const pieces = [0];
  const begins = [];
  const masks = [];
  for (let band = 0; band < bands; band++) {
    for (let low = starts[band]; low < starts[band + 1]; low += PIECE) {
      const high = Math.min(low + PIECE, starts[band + 1]);
      const begin = Math.max(0, Math.min(low, D - PIECE)); // a piece lies within the image
      begins.push(begin);
      masks.push((1n << BigInt(high - begin)) - (1n << BigInt(low - begin)));
    }
    pieces.push(begins.length);
  }
  const place = new Uint16Array(Math.max(D, PIECE));
  for (let band = 0; band < bands; band++) {
    for (let pixel = starts[band]; pixel < starts[band + 1]; pixel++)
      place[pixel] = (pixel - starts[band]) * LANES;
  }
  return { bands, starts, pieces, begins, masks, place, D: Math.max(D, PIECE) };
}

/** A network in the kernel's memory: its parameters, the optimizer's memory, and room to work in. */
export class InkNetwork {
  /**
   * @param {Kernel} kernel what it takes lies behind all that was taken before
   * @param {Params} params @param {{ activation: string, loss: string, optimizer: string, batch_size: number }} how
   */
  constructor(kernel, params, how) {
    const { H, D, C } = params;
    this.kernel = kernel;
    this.H = H;
    this.D = D;
    this.C = C;
    this.bias = params.b1 !== null;
    /** @type {number | undefined} */
    this.rule = undefined;
    /** @type {number | undefined} */
    this.batch_size = undefined;
    this.Hp = up(H, LANES);
    this.Cp = up(C, SCORES);
    this.sizes = { W1: this.Hp * Math.max(D, 1), W2: (C + 1) * this.Hp, b2: up(this.Cp, LANES) };
    const parts = () =>
      Object.fromEntries(Object.entries(this.sizes).map(([name, n]) => [name, kernel.take(4 * n)]));
    this.at = parts();
    this.m = parts();
    this.v = parts();
    this.V2 = kernel.take(4 * this.Hp * this.Cp);
    this.set(params);
    this.bands = findBands(D);
    const mask = kernel.take(8 * this.bands.masks.length); // an address: a view would end when memory grows
    new BigUint64Array(kernel.memory.buffer, mask, this.bands.masks.length).set(this.bands.masks);
    const shades = new Float32Array(2 * GREYS); // plus a row of paper for a missing image
    for (let grey = 0; grey < GREYS; grey++) shades[grey] = Math.fround(grey) / 255;
    const targets = new Float32Array((C + 1) * this.Cp);
    for (let c = 0; c < C; c++) {
      targets[c * this.Cp + c] = 1;
      targets[C * this.Cp + c] = 1;
    }
    const place = kernel.take(2 * this.bands.place.length);
    new Uint16Array(kernel.memory.buffer, place, this.bands.place.length).set(this.bands.place);
    this.tables = {
      place,
      mask,
      shades: kernel.floatsOf(shades),
      targets: kernel.floatsOf(targets),
      starts: kernel.words(this.bands.starts),
      pieces: kernel.words(this.bands.pieces),
      piece: kernel.words(this.bands.begins),
    };
    this.scoring = this.work(AT_ONCE);
    this.out = kernel.take(4 * AT_ONCE * this.Cp);
    this.mark = kernel.end;
    this.change(how);
  }

  /**
   * Other choices from the next batch on. A change of the optimizer empties its memory.
   * @param {{ activation: string, loss: string, optimizer: string, batch_size: number }} how
   */
  change({ activation, loss, optimizer, batch_size }) {
    const rule = RULES[/** @type {keyof typeof RULES} */ (optimizer)];
    if (this.rule !== undefined && rule !== this.rule) this.forget();
    this.rule = rule;
    this.codes = {
      activation: ACTIVATION_CODES[/** @type {keyof typeof ACTIVATION_CODES} */ (activation)],
      bias: Number(this.bias),
      loss: LOSS_CODES[/** @type {keyof typeof LOSS_CODES} */ (loss)],
    };
    if (batch_size === this.batch_size) return;
    this.batch_size = batch_size;
    this.kernel.end = this.mark;
    this.training = this.work(batch_size);
    this.room = this.kernel.end;
  }

  /** Empty the optimizer's memory. */
  forget() {
    for (const memory of [this.m, this.v]) {
      for (const [name, n] of Object.entries(this.sizes)) this.kernel.floats(memory[name], n).fill(0);
    }
  }

  /** Room for batches of `size` images, and a task that points to it. @param {number} size */
  work(size) {
    const { kernel, C, Hp, Cp, bands } = this;
    const room = up(size, TOGETHER);
    const pairs = Math.ceil(size / 2);
    const many = bands.bands;
    const rows = Math.max(...bands.starts.slice(1).map((end, i) => end - bands.starts[i]));
    const entries = rows + EMIT - 1;
    const lists = 2 * many * pairs;
    const task = kernel.take(8 * FIELDS.split(" ").length);
    this.tell(task, {
      ...{ W1: this.at.W1, W2: this.at.W2, V2: this.V2, b2: this.at.b2 },
      ...{
        m_W1: this.m.W1,
        v_W1: this.v.W1,
        m_W2: this.m.W2,
        v_W2: this.v.W2,
        m_b2: this.m.b2,
        v_b2: this.v.b2,
      },
      ...this.tables,
      ...{ size, D: bands.D, H: this.H, C, Hp, Cp, thread: 0, threads: 1, bands: many, pairs, room: entries },
      pixel: kernel.take(2 * lists * entries),
      ink: kernel.take(4 * lists * entries * 2),
      count: kernel.take(8 * lists),
      grad_z: kernel.take(4 * room * Cp),
      grad_a: kernel.take(4 * room * LANES),
      grad_W1: kernel.take(4 * rows * LANES),
      grads: kernel.take(4 * ((C + 2) * LANES + Cp)),
      h: kernel.take(4 * Hp * room),
      shares: kernel.take(4 * 2 * room * Cp),
      counter: kernel.take(LINE),
    });
    return { task, counter: this.field(task, "counter") };
  }

  /** Write fields of a task. @param {number} task @param {Record<string, number>} fields */
  tell(task, fields) {
    const halves = new Uint32Array(this.kernel.memory.buffer);
    for (const [name, value] of Object.entries(fields)) halves[(task + 8 * PLACES[name]) / 4] = value;
  }

  /** @param {number} task @param {string} name */
  field(task, name) {
    return new Uint32Array(this.kernel.memory.buffer)[(task + 8 * PLACES[name]) / 4];
  }

  /**
   * Train on these rows, batch after batch, as run_epoch does: the arguments are a part of an epoch's.
   * @param {Held} data @param {Uint32Array} order rows @param {Float64Array} rates of each batch
   * @param {number} firstStep steps done before
   * @returns {{ total: number, diverged: number }} the loss summed over the rows; the batch (from 1 on) whose loss is not finite
   */
  train(data, order, rates, firstStep) {
    const { kernel } = this;
    const size = /** @type {number} */ (this.batch_size);
    const N = order.length;
    kernel.end = /** @type {number} */ (this.room);
    const { task, counter } = /** @type {{ task: number, counter: number }} */ (this.training);
    const scales = new Float32Array((rates.length + 1) * SCALES);
    for (let batch = 0; batch < rates.length; batch++) {
      const n = Math.min(size, N - batch * size);
      const step = firstStep + batch + 1;
      scales.set(
        [rates[batch], 1 / (1 - power(BETA, step)), 1 / (1 - power(BETA2, step)), 1 / n, 2 / n],
        (batch + 1) * SCALES,
      );
    }
    const fields = {
      images: data.images,
      labels: data.labels,
      order: kernel.words(alikeTogether(order, data, size)),
    };
    this.tell(task, {
      ...fields,
      scales: kernel.floatsOf(scales),
      N,
      batches: rates.length,
      ...this.codes,
      rule: this.rule ?? 0,
    });
    kernel.bytes(counter, 16).fill(0);
    kernel.run(task);
    const total = new DataView(kernel.memory.buffer).getFloat64(task + 8 * PLACES.total, true);
    return { total, diverged: this.field(task, "diverged") };
  }

  /**
   * The scores z (N, C) of the data's images from `first` on.
   * @param {Held} data @param {number} first @param {number} N
   * @param {Uint8Array} [alive] (H,): becomes 1 for each hidden unit that is not 0 for all of them
   */
  scores(data, first, N, alive) {
    const { kernel, Cp, C } = this;
    const { task, counter } = this.scoring;
    const z = new Float32Array(N * C);
    for (let low = 0; low < N; low += AT_ONCE) {
      const n = Math.min(AT_ONCE, N - low);
      const rows = Uint32Array.from({ length: n }, (_, i) => first + low + i);
      kernel.end = /** @type {number} */ (this.room);
      const fields = {
        images: data.images,
        labels: data.labels,
        order: kernel.words(rows),
        N: n,
        batches: 1,
      };
      const scales = kernel.take(4 * 2 * SCALES);
      this.tell(task, { ...fields, ...this.codes, scales, out: this.out, squash: 0, rule: RULES.read });
      kernel.bytes(counter, 16).fill(0);
      kernel.run(task);
      const out = kernel.floats(this.out, n * Cp);
      for (let i = 0; i < n; i++) z.set(out.subarray(i * Cp, i * Cp + C), (low + i) * C);
      if (alive) this.look(task, n, alive);
    }
    return z;
  }

  /** See which hidden units are not 0, after a batch of n images. @param {number} task @param {number} n @param {Uint8Array} alive */
  look(task, n, alive) {
    const h = this.kernel.floats(this.field(task, "h"), this.Hp * AT_ONCE);
    for (let k = 0; k < this.H; k++) {
      const at = Math.floor(k / LANES) * AT_ONCE * LANES + (k % LANES);
      for (let i = 0; i < n && !alive[k]; i++) if (h[at + i * LANES] !== 0) alive[k] = 1;
    }
  }

  /** Put parameters into the kernel's memory. @param {Params} params */
  set({ W1, b1, W2, b2 }) {
    const { kernel, H, D, C, Hp, Cp, sizes } = this;
    const blocks = kernel.floats(this.at.W1, sizes.W1);
    for (let k = 0; k < H; k++) {
      const [block, lane] = [Math.floor(k / LANES), k % LANES];
      for (let p = 0; p < D; p++) blocks[(block * D + p) * LANES + lane] = W1[k * D + p];
    }
    const votes = kernel.floats(this.at.W2, sizes.W2);
    const turned = kernel.floats(this.V2, Hp * Cp);
    for (let c = 0; c < C; c++) {
      for (let k = 0; k < H; k++) {
        votes[c * Hp + k] = W2[c * H + k];
        turned[k * Cp + c] = W2[c * H + k];
      }
    }
    if (b1 && b2) {
      votes.set(b1, C * Hp);
      kernel.floats(this.at.b2, sizes.b2).set(b2);
    }
  }

  /** The parameters as they are now. @returns {Params} */
  params() {
    const { kernel, H, D, C, Hp, sizes } = this;
    const blocks = kernel.floats(this.at.W1, sizes.W1);
    const W1 = new Float32Array(H * D);
    for (let k = 0; k < H; k++) {
      const [block, lane] = [Math.floor(k / LANES), k % LANES];
      for (let p = 0; p < D; p++) W1[k * D + p] = blocks[(block * D + p) * LANES + lane];
    }
    const votes = kernel.floats(this.at.W2, sizes.W2);
    const W2 = new Float32Array(C * H);
    for (let c = 0; c < C; c++) W2.set(votes.subarray(c * Hp, c * Hp + H), c * H);
    const b1 = this.bias ? votes.slice(C * Hp, C * Hp + H) : null;
    return { W1, b1, W2, b2: this.bias ? kernel.floats(this.at.b2, C).slice() : null, H, D, C };
  }
}

/** @type {Record<string, number>} */
const PLACES = Object.fromEntries(FIELDS.split(" ").map((name, i) => [name, i]));

/**
 * The order with the rows of each batch sorted by label: two images of one digit share more ink. Within a batch
 * the order changes nothing but the rounding of sums.
 * @param {Uint32Array} order @param {Held} data @param {number} size
 */
function alikeTogether(order, { classes, C }, size) {
  const sorted = new Uint32Array(order.length);
  const next = new Uint32Array(C + 1);
  for (let low = 0; low < order.length; low += size) {
    const high = Math.min(low + size, order.length);
    next.fill(0);
    for (let i = low; i < high; i++) next[classes[order[i]] + 1] += 1;
    for (let c = 0; c < C; c++) next[c + 1] += next[c];
    for (let i = low; i < high; i++) sorted[low + next[classes[order[i]]]++] = order[i];
  }
  return sorted;
}
