/**
 * What the rooms share: the state, in anywidget's form (get, set, on, off, save_changes).
 *
 * In the page it lives in memory and, where it can be written, in the fragment of the address: a link
 * shows what its sender saw. In a notebook the keys that the widget has are traits of Python.
 */

/**
 * @typedef {object} State
 * @property {(key: string) => any} get
 * @property {(key: string, value: any) => void} set
 * @property {(event: string, heard: (value?: any) => void) => void} on
 * @property {(event: string, heard: (value?: any) => void) => void} off
 * @property {() => void} save_changes
 */

/** The choices of a training run, where the address does not name them. */
export const RUN_DEFAULTS = Object.freeze({
  hidden: 64,
  activation: "relu",
  bias: true,
  init: "random",
  output_bias: "zero",
  learning_rate: 0.5,
  schedule: "constant",
  warmup: 0,
  batch_size: 16,
  epochs: 5,
  optimizer: "sgd",
  loss: "l2",
  distortion: "off",
  share: 60000,
  seed: 0,
  mistake: "",
});

/** Keys of the address, in its order, with what holds where it does not name them. */
export const DEFAULTS = Object.freeze({
  room: "draw",
  drawing: "",
  label: null,
  digit: null,
  unit: null,
  relu: true,
  baseline: true,
  ...RUN_DEFAULTS,
  example: "247",
  cell: null,
  theme: "auto",
  tour: "",
  at: 0,
  say: "",
  hide: "",
});

/** Keys that no address holds. */
const MEMORY = Object.freeze({ image: null, model_file: null, network_name: "", dark: false, failed: "" });

const CHOICES = {
  room: ["draw", "train", "step"],
  activation: ["relu", "leaky_relu", "tanh", "sigmoid", "none"],
  init: ["random", "zeros", "templates"],
  output_bias: ["zero", "prior"],
  schedule: ["constant", "linear", "cosine"],
  optimizer: ["sgd", "momentum", "nesterov", "adam"],
  loss: ["l2", "cross_entropy"],
  distortion: ["off", "shift"],
  theme: ["auto", "light", "dark"],
};

/** The numbers that a key may have: lowest, highest, whether whole. @type {Record<string, any[]>} */
const NUMBERS = {
  label: [0, 9, true],
  digit: [0, 9, true],
  unit: [0, 99_999, true],
  hidden: [1, 4096, true],
  learning_rate: [0, 1000, false],
  warmup: [0, 1, false],
  batch_size: [1, 10_000, true],
  epochs: [1, 1000, true],
  share: [10, 60_000, true],
  seed: [0, Number.MAX_SAFE_INTEGER, true],
  at: [0, 1000, true],
};

/**
 * A key's value from the text of the address; undefined where the key cannot have that value.
 * @param {string} key @param {string} text
 */
export function parsed(key, text) {
  const usual = /** @type {Record<string, any>} */ (DEFAULTS)[key];
  if (Object.hasOwn(CHOICES, key)) return /** @type {any} */ (CHOICES)[key].includes(text) ? text : undefined;
  if (Object.hasOwn(NUMBERS, key)) {
    const [low, high, whole] = NUMBERS[key];
    const value = text.trim() === "" ? Number.NaN : Number(text);
    return value >= low && value <= high && (!whole || Number.isInteger(value)) ? value : undefined;
  }
  if (typeof usual === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  return text.length <= 100_000 ? text : undefined;
}

/** The state that an address's fragment describes. @param {string} fragment @returns {Record<string, any>} */
function fromFragment(fragment) {
  /** @type {Record<string, any>} */
  const state = {};
  for (const [key, text] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    if (!Object.hasOwn(DEFAULTS, key)) continue;
    const value = parsed(key, text);
    if (value !== undefined) state[key] = value;
  }
  return state;
}

/** The fragment that describes a state; what is as usual is left out. @param {(key: string) => any} get */
function toFragment(get) {
  const words = new URLSearchParams();
  for (const [key, usual] of Object.entries(DEFAULTS)) {
    const value = get(key);
    if (value !== usual && value !== null && value !== undefined) words.set(key, String(value));
  }
  return words.toString();
}

/** Listeners by event, and values that are heard of when they change. */
class Heard {
  constructor() {
    /** @type {Map<string, Set<(value?: any) => void>>} */
    this.heard = new Map();
  }

  /** @param {string} event @param {(value?: any) => void} then */
  on(event, then) {
    const all = this.heard.get(event) ?? new Set();
    this.heard.set(event, all.add(then));
  }

  /** @param {string} event @param {(value?: any) => void} then */
  off(event, then) {
    this.heard.get(event)?.delete(then);
  }

  /** @param {string} key @param {any} value */
  tell(key, value) {
    for (const then of [...(this.heard.get(`change:${key}`) ?? [])]) then(value);
  }
}

/** The page's state. @implements {State} */
export class PageState extends Heard {
  constructor() {
    super();
    /** @type {Record<string, any>} */
    this.values = { ...DEFAULTS, ...MEMORY };
    Object.assign(this.values, fromFragment(location.hash));
    this.timer = 0;
    this.seen = location.hash; // as it was last read or written
    addEventListener("hashchange", () => this.follow());
  }

  /** @param {string} key */
  get(key) {
    return this.values[key];
  }

  /** @param {string} key @param {any} value */
  set(key, value) {
    if (this.values[key] === value) return;
    this.values[key] = value;
    this.tell(key, value);
  }

  /** The address follows the state, a little later: browsers refuse more than 100 changes in 30 seconds. */
  save_changes() {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      if (location.hash !== this.seen) return; // a person has just changed it: follow() hears of it
      const fragment = this.link().replace(/^[^#]*#?/, "");
      if (fragment !== location.hash.replace(/^#/, "")) history.replaceState(null, "", `#${fragment}`);
      this.seen = location.hash;
    }, 400);
  }

  /** The state follows the address, when a person changes it. */
  follow() {
    this.seen = location.hash;
    if (location.hash.replace(/^#/, "") === this.link().replace(/^[^#]*#?/, "")) return;
    const next = { ...DEFAULTS, ...fromFragment(location.hash) };
    for (const [key, value] of Object.entries(next)) this.set(key, value);
  }

  /** The address that shows this state. @param {Record<string, any>} [changes] */
  link(changes = {}) {
    const get = (/** @type {string} */ key) => (key in changes ? changes[key] : this.values[key]);
    return `${location.href.replace(/#.*/, "")}#${toFragment(get)}`;
  }
}

/**
 * A notebook widget's state: traits where Python has them, memory for the rest.
 * @implements {State}
 */
export class WidgetState extends Heard {
  /** @param {State} model anywidget's */
  constructor(model) {
    super();
    this.model = model;
    /** @type {Record<string, any>} */
    this.values = { ...DEFAULTS, ...MEMORY };
    /** @type {(() => void)[]} */
    this.ends = [];
    for (const key of Object.keys(this.values)) {
      if (model.get(key) === undefined) continue;
      const heard = () => this.tell(key, this.get(key));
      model.on(`change:${key}`, heard);
      this.ends.push(() => model.off(`change:${key}`, heard));
    }
  }

  /** @param {string} key */
  get(key) {
    const value = this.model.get(key);
    if (value instanceof DataView) {
      return value.byteLength ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null;
    }
    return value === undefined ? this.values[key] : value;
  }

  /** @param {string} key @param {any} value */
  set(key, value) {
    if (this.model.get(key) === undefined) {
      if (this.values[key] === value) return;
      this.values[key] = value;
      this.tell(key, value);
      return;
    }
    const sent = value instanceof Uint8Array ? new DataView(value.slice().buffer) : value;
    const empty = sent === null && this.model.get(key) instanceof DataView;
    this.model.set(key, empty ? new DataView(new ArrayBuffer(0)) : sent);
  }

  save_changes() {
    this.model.save_changes();
  }

  /** A notebook has no address of the page's own. @returns {string} */
  link() {
    return "";
  }

  end() {
    for (const each of this.ends) each();
  }
}

/**
 * Hear of a change of any of these keys, and once now. Returns what stops it.
 * @param {State} model @param {string[]} keys @param {() => void} then
 */
export function watch(model, keys, then) {
  const heard = () => then();
  for (const key of keys) model.on(`change:${key}`, heard);
  then();
  return () => {
    for (const key of keys) model.off(`change:${key}`, heard);
  };
}
