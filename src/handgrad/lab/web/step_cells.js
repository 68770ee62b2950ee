/**
 * How each number of the walk came about: its value, its formula (with letters, with numbers), and the terms
 * that add up to it, each with the cells of other tensors that it was made of. No DOM.
 *
 * @typedef {import("./step_maths.js").Walk} Walk
 * @typedef {import("./formula.js").Formula} Formula
 * @typedef {{ tensor: string, index: number, value: number }} Factor
 * @typedef {{ value: number, factors: Factor[], as?: string }} Term as: what it is, unless the product of the factors
 * @typedef {{ tensor: string, index: number, value: number, letters: Formula, numbers: Formula | null,
 *   terms: Term[] }} Cell numbers is null for what is given: x, the target, the parameters
 * @typedef {{ walk: Walk, rate: number, at: (tensor: string, index: number) => Factor }} Scene
 * @typedef {{ letters: Formula, numbers: Formula | null, terms: Term[] }} Origin
 */

import { factor, fenced, fraction, name, number, power, product, row, sum, words } from "./formula.js";
import { LEAK } from "./layers.js";

const SHOWN_TERMS = 3; // of a long sum, in its formula; the others are summed up

/** Row and column of a cell, as the formulas name them.
 * @param {number[]} shape @param {number} index @returns {number[]} */
export function position(shape, index) {
  if (!shape.length) return [];
  const columns = shape[shape.length - 1];
  // Of a tensor (1, D) there is one image, and no index for it.
  return shape.length === 1 || shape[0] === 1 ? [index] : [Math.floor(index / columns), index % columns];
}

/** One cell of a tensor: where its value comes from. rate: of the update, for new_W1, new_b1, new_W2, new_b2.
 * @param {Walk} walk @param {string} tensor @param {number} index @param {number} [rate] @returns {Cell} */
export function cellOf(walk, tensor, index, rate = 0) {
  /** @param {string} of @param {number} i @returns {Factor} */
  const at = (of, i) => ({ tensor: of, index: i, value: walk.tensors[of].values[i] });
  const scene = { walk, rate, at };
  const updates = tensor.startsWith("new_") ? tensor.slice(4) : null;
  const { shape } = walk.tensors[updates ?? tensor];
  const where = position(shape, index);
  const origin = updates ? updated(scene, updates, index, where) : ORIGINS[tensor](scene, index, where);
  const value = updates
    ? origin.terms.reduce((total, term) => total + term.value, 0)
    : walk.tensors[tensor].values[index];
  const whole = origin.numbers ? row(name(tensor, ...where), "=", origin.letters) : origin.letters;
  const numbers = origin.numbers && row(name(tensor, ...where), "=", origin.numbers, "=", number(value));
  return { tensor, index, value, letters: whole, numbers, terms: origin.terms };
}

/** What is said of a cell that nothing computes. @param {string} text */
function given(text) {
  return () => ({ letters: words(text), numbers: null, terms: [] });
}

/** A product of two cells, as a term of a sum. @param {Factor} one @param {Factor} other @returns {Term} */
function times(one, other) {
  return { value: one.value * other.value, factors: [one, other] };
}

/** @param {Factor} only @returns {Term} */
function alone(only) {
  return { value: only.value, factors: [only] };
}

/** A long sum with numbers: its largest terms, what the others add up to, and the bias.
 * @param {Term[]} products @param {Factor | null} bias @returns {Formula} */
function longSum(products, bias) {
  const largest = [...products].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, SHOWN_TERMS);
  const others = products.length - largest.length;
  const shown = new Set(largest);
  const rest = products.reduce((total, term) => (shown.has(term) ? total : total + term.value), 0);
  /** @type {Formula[]} */
  const parts = largest.flatMap(({ factors: [one, other] }, i) => [
    ...(i ? ["+"] : []),
    product(factor(one.value), factor(other.value)),
  ]);
  if (others) parts.push("+", fenced(number(rest), words(`from ${others.toLocaleString("en")} other terms`)));
  if (bias) parts.push("+", factor(bias.value));
  return row(...parts);
}

/** in W^T + b: one cell of an affine layer's output.
 * @param {Scene} scene @param {string} input @param {string} W @param {string} b @param {string} letter
 * @param {number} unit @returns {Origin} */
function affine({ walk, at }, input, W, b, letter, unit) {
  const columns = walk.tensors[W].shape[1];
  const products = Array.from({ length: columns }, (_, i) => times(at(input, i), at(W, unit * columns + i)));
  const bias = walk.tensors[b] ? at(b, unit) : null;
  const letters = sum(letter, product(name(input, letter), name(W, unit, letter)));
  return {
    letters: bias ? row(letters, "+", name(b, unit)) : letters,
    numbers: longSum(products, bias),
    terms: bias ? [...products, alone(bias)] : products,
  };
}

/** grad^T input: one cell of a weight's gradient. The sum over images has one term here.
 * @param {Scene} scene @param {string} grad @param {string} input @param {number[]} where @returns {Origin} */
function outer({ at }, grad, input, [r, c]) {
  const [one, other] = [at(grad, r), at(input, c)];
  return {
    letters: product(name(grad, r), name(input, c)),
    numbers: product(factor(one.value), factor(other.value)),
    terms: [times(one, other)],
  };
}

/** @param {Scene} scene @param {string} grad @param {number} index @returns {Origin} */
function copied({ at }, grad, index) {
  const from = at(grad, index);
  return { letters: name(grad, index), numbers: number(from.value), terms: [alone(from)] };
}

/** The old value, less the rate times the gradient.
 * @param {Scene} scene @param {string} of @param {number} index @param {number[]} where @returns {Origin} */
function updated({ at, rate }, of, index, where) {
  const [old, grad] = [at(of, index), at(`grad_${of}`, index)];
  return {
    letters: row(name(of, ...where), "−", product(words("rate"), name(`grad_${of}`, ...where))),
    numbers: row(number(old.value), "−", product(number(rate), factor(grad.value))),
    terms: [alone(old), { value: -rate * grad.value, factors: [grad], as: `−rate · grad_${of}` }],
  };
}

/** The non-linearity: its formula with a's letter or number in it.
 * @type {Record<string, (a: Formula, value: number) => Formula>} */
const CURVES = {
  relu: (a) => row("max", fenced(a, ",", "0")),
  leaky_relu: (a, value) => (value > 0 ? a : product(number(LEAK), a)),
  tanh: (a) => row("tanh", fenced(a)),
  sigmoid: (a) => sigmoid(a),
  none: (a) => a,
};

/** @param {Formula} z @returns {Formula} */
function sigmoid(z) {
  return fraction("1", row("1", "+", power(words("e"), row("−", z))));
}

/** The slope of the non-linearity, from a (relu, leaky relu) or from h (tanh, sigmoid).
 * @type {Record<string, { reads: "a" | "h" | null, slope: (value: number) => number,
 *   written: (read: Formula, value: number) => Formula }>} */
const SLOPES = {
  relu: { reads: "a", slope: (a) => (a > 0 ? 1 : 0), written: (_, a) => (a > 0 ? "1" : "0") },
  leaky_relu: {
    reads: "a",
    slope: (a) => (a > 0 ? 1 : LEAK),
    written: (_, a) => (a > 0 ? "1" : number(LEAK)),
  },
  tanh: { reads: "h", slope: (h) => 1 - h * h, written: (h) => fenced("1", "−", power(h, "2")) },
  sigmoid: { reads: "h", slope: (h) => h * (1 - h), written: (h) => product(h, fenced("1", "−", h)) },
  none: { reads: null, slope: () => 1, written: () => "1" },
};

/** @param {Scene} scene @param {number} k @returns {Origin} */
function gated({ walk, at }, k) {
  const { reads, slope, written } = SLOPES[walk.activation];
  const grad_h = at("grad_h", k);
  const read = at(reads ?? "a", k);
  const condition =
    reads === "a" ? [words(`because a[${k}] is ${read.value > 0 ? "above 0" : "not above 0"}`)] : [];
  return {
    letters: row(product(name("grad_h", k), written(name(reads ?? "a", k), read.value)), ...condition),
    numbers: product(number(grad_h.value), written(factor(read.value), read.value)),
    terms: [{ value: grad_h.value * slope(read.value), factors: reads ? [grad_h, read] : [grad_h] }],
  };
}

/** @param {Scene} scene @param {number} c @returns {Origin} */
function output({ walk, at }, c) {
  const z = at("z", c);
  if (walk.loss !== "cross_entropy") {
    const terms = [{ value: walk.tensors.y.values[c], factors: [z] }];
    return { letters: sigmoid(name("z", c)), numbers: sigmoid(factor(z.value)), terms };
  }
  const all = Array.from(walk.tensors.z.values, (_, j) => at("z", j));
  const largest = Math.max(...walk.tensors.z.values);
  const shift = largest > 600 ? largest : 0; // it cancels, and keeps exp within double precision
  const total = all.reduce((sofar, each) => sofar + Math.exp(each.value - shift), 0);
  return {
    letters: fraction(power("e", name("z", c)), sum("j", power("e", name("z", "j")))),
    numbers: fraction(number(Math.exp(z.value - shift)), number(total)),
    terms: [{ value: walk.tensors.y.values[c], factors: [z, ...all.filter(({ index }) => index !== c)] }],
  };
}

/** @param {Scene} scene @returns {Origin} */
function lossOf({ walk, at }) {
  const outputs = Array.from(walk.tensors.y.values, (_, c) => [at("y", c), at("target", c)]);
  if (walk.loss === "cross_entropy") {
    // Only the label's output counts: target is 0 for the other classes, and 0 times a logarithm is 0.
    const terms = outputs.map(([y, target], c) => ({
      ...{ value: target.value ? walk.L : 0, factors: [y, target] },
      as: `−target[${c}] · log y[${c}]`,
    }));
    const y = at("y", walk.label);
    const log = (/** @type {Formula} */ of) => row("−", "log", fenced(of));
    return { letters: log(name("y", walk.label)), numbers: log(number(y.value)), terms };
  }
  const terms = outputs.map(([y, target], c) => ({
    ...{ value: (y.value - target.value) ** 2, factors: [y, target] },
    as: `(y[${c}] − target[${c}])²`,
  }));
  const error = fenced(name("y", "c"), "−", name("target", "c"));
  const squares = terms.flatMap(({ factors: [y, target] }, c) => [
    ...(c ? ["+"] : []),
    power(fenced(number(y.value), "−", number(target.value)), "2"),
  ]);
  return {
    letters: row(fraction("1", name("N")), sum("c", power(error, "2"))),
    numbers: row(...squares), // N is 1
    terms,
  };
}

/** scale/N (y - target): grad_y of the L2 loss (scale 2), grad_z of cross-entropy (scale 1).
 * @param {number} scale @returns {(scene: Scene, c: number) => Origin} */
function error(scale) {
  return ({ at }, c) => {
    const [y, target] = [at("y", c), at("target", c)];
    return {
      letters: row(fraction(`${scale}`, name("N")), fenced(name("y", c), "−", name("target", c))),
      numbers: row(fraction(`${scale}`, "1"), fenced(number(y.value), "−", number(target.value))),
      terms: [
        { value: scale * y.value, factors: [y], as: `${scale} · y[${c}]` },
        { value: -scale * target.value, factors: [target], as: `−${scale} · target[${c}]` },
      ],
    };
  };
}

/** @param {Scene} scene @param {number} c @returns {Origin} */
function throughSigmoid(scene, c) {
  const { walk, at } = scene;
  if (walk.loss === "cross_entropy") return error(1)(scene, c);
  const [grad_y, y] = [at("grad_y", c), at("y", c)];
  return {
    letters: product(name("grad_y", c), name("y", c), fenced("1", "−", name("y", c))),
    numbers: product(number(grad_y.value), number(y.value), fenced("1", "−", number(y.value))),
    terms: [{ value: grad_y.value * y.value * (1 - y.value), factors: [grad_y, y] }],
  };
}

/** grad_z W2: each class hands its gradient back through its weight.
 * @param {Scene} scene @param {number} k @returns {Origin} */
function handedBack({ walk, at }, k) {
  const { C, H } = walk.params;
  const products = Array.from({ length: C }, (_, c) => times(at("grad_z", c), at("W2", c * H + k)));
  const letters = sum("c", product(name("grad_z", "c"), name("W2", "c", k)));
  return { letters, numbers: longSum(products, null), terms: products };
}

/** @param {Scene} scene @param {number} k @returns {Origin} */
function activated({ walk, at }, k) {
  const a = at("a", k);
  const curve = CURVES[walk.activation];
  const terms = [{ value: walk.tensors.h.values[k], factors: [a] }];
  return { letters: curve(name("a", k), a.value), numbers: curve(factor(a.value), a.value), terms };
}

/** @type {Record<string, (scene: Scene, index: number, where: number[]) => Origin>} */
const ORIGINS = {
  x: (scene, d) => ({
    letters: row(words("pixel"), "/", "255"),
    numbers: row(number(Math.round(scene.at("x", d).value * 255)), "/", "255"),
    terms: [],
  }),
  W1: given("Training has set this number."),
  b1: given("Training has set this number."),
  W2: given("Training has set this number."),
  b2: given("Training has set this number."),
  target: ({ walk }, c) => ({
    letters: words(
      c === walk.label ? "The target is 1 for the label." : "The target is 0 for all classes but the label.",
    ),
    ...{ numbers: null, terms: [] },
  }),
  a: (scene, k) => affine(scene, "x", "W1", "b1", "d", k),
  h: activated,
  z: (scene, c) => affine(scene, "h", "W2", "b2", "k", c),
  y: output,
  L: lossOf,
  grad_y: error(2),
  grad_z: throughSigmoid,
  grad_W2: (scene, _, where) => outer(scene, "grad_z", "h", where),
  grad_b2: (scene, c) => copied(scene, "grad_z", c),
  grad_h: handedBack,
  grad_a: gated,
  grad_W1: (scene, _, where) => outer(scene, "grad_a", "x", where),
  grad_b1: (scene, k) => copied(scene, "grad_a", k),
};
