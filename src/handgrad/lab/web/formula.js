/**
 * Formulas: one small tree, shown as MathML and said as plain text. The tree and the text need no DOM.
 *
 *     const f = row(name("a", 3), "=", sum("d", product(name("x", "d"), name("W1", 3, "d"))));
 *     plain(f);  // "a[3] = sum over d of x[d] · W1[3, d]"
 *     math(f);   // <math>, built element by element
 *
 * @typedef {{ kind: "name", letter: string, index: (string | number)[] }} Name
 * @typedef {{ kind: "number", value: number, digits: number, signed: boolean }} Figure
 * @typedef {{ kind: "words", text: string }} Words
 * @typedef {{ kind: "row", parts: Formula[], fenced: boolean }} Row
 * @typedef {{ kind: "fraction", top: Formula, bottom: Formula }} Fraction
 * @typedef {{ kind: "power", base: Formula, exponent: Formula }} Power
 * @typedef {{ kind: "sum", over: string }} Sum
 * @typedef {string | Name | Figure | Words | Row | Fraction | Power | Sum} Formula a string is an operator
 */

const MATHML = "http://www.w3.org/1998/Math/MathML";
const MINUS = "\u2212";
const SUPERSCRIPTS = /** @type {Record<string, string>} */ ({ "-": "⁻" });
for (const [i, digit] of [..."⁰¹²³⁴⁵⁶⁷⁸⁹"].entries()) SUPERSCRIPTS[i] = digit;

/** A letter with an index: name("W1", 3, "d") is W1 with the subscript 3,d.
 * @param {string} letter @param {...(string | number)} index @returns {Name} */
export function name(letter, ...index) {
  return { kind: "name", letter, index };
}

/** A number, in the colour of its sign. signed: a minus stands in parentheses, as a factor needs it.
 * @param {number} value @param {number} [digits] significant digits @returns {Figure} */
export function number(value, digits = 4) {
  return { kind: "number", value, digits, signed: false };
}

/** A number that stands behind an operator: a negative number gets parentheses.
 * @param {number} value @param {number} [digits] @returns {Figure} */
export function factor(value, digits = 4) {
  return { kind: "number", value, digits, signed: true };
}

/** @param {string} text @returns {Words} */
export function words(text) {
  return { kind: "words", text };
}

/** Parts side by side. @param {...Formula} parts @returns {Row} */
export function row(...parts) {
  return { kind: "row", parts, fenced: false };
}

/** Parts in parentheses. @param {...Formula} parts @returns {Row} */
export function fenced(...parts) {
  return { kind: "row", parts, fenced: true };
}

/** Factors with a dot between them. @param {...Formula} factors @returns {Row} */
export function product(...factors) {
  return row(...factors.flatMap((each, i) => (i ? ["·", each] : [each])));
}

/** @param {Formula} top @param {Formula} bottom @returns {Fraction} */
export function fraction(top, bottom) {
  return { kind: "fraction", top, bottom };
}

/** @param {Formula} base @param {Formula} exponent @returns {Power} */
export function power(base, exponent) {
  return { kind: "power", base, exponent };
}

/** The sum of a term over an index. @param {string} over @param {Formula} term @returns {Row} */
export function sum(over, term) {
  return row({ kind: "sum", over }, term);
}

/** A number as people read it: four significant digits, a true minus, powers of ten where they are shorter.
 * @param {number} value @param {number} [digits] @returns {string} */
export function format(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : `${value < 0 ? MINUS : ""}∞`;
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const plainly = Number(exponent) >= -4 && Number(exponent) < Math.max(digits, 6);
  if (!plainly) return `${tidy(mantissa)}×10${superscript(Number(exponent))}`;
  const decimals = Math.max(0, digits - 1 - Number(exponent));
  return tidy(Number.isInteger(value) ? String(value) : value.toFixed(decimals));
}

/** @param {number} exponent a whole number */
export function superscript(exponent) {
  return [...String(exponent)].map((character) => SUPERSCRIPTS[character]).join("");
}

/** A number in little room: two decimals below 1, fewer above. @param {number} value @returns {string} */
export function fixed(value) {
  if (!Number.isFinite(value)) return format(value);
  const text = value.toFixed(Math.abs(value) < 0.995 ? 2 : Math.abs(value) < 9.95 ? 1 : 0);
  return Number(text) === 0 ? text.replace("-", "") : tidy(text);
}

/** @param {string} digits */
function tidy(digits) {
  return digits.replace("-", MINUS);
}

/** The formula in plain text, for screen readers and for copying. @param {Formula} formula @returns {string} */
export function plain(formula) {
  if (typeof formula === "string") return formula;
  switch (formula.kind) {
    case "name":
      return formula.index.length ? `${formula.letter}[${formula.index.join(", ")}]` : formula.letter;
    case "number": {
      const text = format(formula.value, formula.digits);
      return formula.signed && formula.value < 0 ? `(${text})` : text;
    }
    case "words":
      return formula.text;
    case "fraction":
      return `${plain(formula.top)}/${plain(formula.bottom)}`;
    case "power":
      return `${plain(formula.base)}^${plain(formula.exponent)}`;
    case "sum":
      return `sum over ${formula.over} of`;
    case "row": {
      const text = formula.parts.map(plain).join(" ");
      return formula.fenced ? `(${text})` : text;
    }
  }
}

/** The formula as MathML; its plain text stands beside it for whoever cannot read MathML.
 * @param {Formula} formula @param {{ block?: boolean }} [options] @returns {Element} */
export function math(formula, options = {}) {
  const element = tag("math", ...parts(formula));
  element.setAttribute("alttext", plain(formula));
  if (options.block) element.setAttribute("displaystyle", "true");
  return element;
}

/** A long formula that breaks before its operators: MathML itself does not break lines in every browser.
 * @param {Formula} formula @returns {HTMLElement} */
export function brokenMath(formula) {
  const element = document.createElement("span");
  element.className = "formula-lines";
  element.setAttribute("role", "math");
  element.setAttribute("aria-label", plain(formula));
  /** @type {Formula[][]} */
  const pieces = [[]];
  for (const part of flat(formula)) {
    const operator = typeof part === "string" ? "=+−·".includes(part) : part.kind === "words";
    const breaks = operator && pieces[pieces.length - 1].length;
    if (breaks) pieces.push([part]);
    else pieces[pieces.length - 1].push(part);
  }
  for (const piece of pieces) {
    const line = math(row(...piece), { block: true });
    line.setAttribute("aria-hidden", "true");
    // At the start of a line an operator keeps the room that it has between two terms.
    if (line.firstElementChild?.localName === "mo") line.firstElementChild.setAttribute("form", "infix");
    element.append(line);
  }
  return element;
}

/** The parts at the outermost level. @param {Formula} formula @returns {Formula[]} */
function flat(formula) {
  const open = typeof formula !== "string" && formula.kind === "row" && !formula.fenced;
  return open ? formula.parts.flatMap(flat) : [formula];
}

/** @param {Formula} formula @returns {Element[]} */
function parts(formula) {
  if (typeof formula !== "string" && formula.kind === "row") {
    const inner = formula.parts.flatMap(parts);
    return formula.fenced ? [tag("mo", "("), ...inner, tag("mo", ")")] : inner;
  }
  return [single(formula)];
}

/** @param {Formula} formula @returns {Element} one element, as fractions and powers need */
function single(formula) {
  if (typeof formula === "string") return tag(/^[\d.]+$/.test(formula) ? "mn" : "mo", formula);
  switch (formula.kind) {
    case "name": {
      const letter = tag("mi", formula.letter);
      letter.setAttribute("class", "letter");
      letter.setAttribute("mathvariant", "normal"); // the style makes all letters italic, y as well as grad_y
      return formula.index.length ? tag("msub", letter, tag("mrow", ...subscripts(formula.index))) : letter;
    }
    case "number":
      return figure(formula);
    case "words":
      return tag("mtext", `\u00a0${formula.text}\u00a0`);
    case "fraction":
      return tag("mfrac", single(formula.top), single(formula.bottom));
    case "power":
      return tag("msup", single(formula.base), single(formula.exponent));
    case "sum":
      return tag("munder", tag("mo", "∑"), tag("mi", formula.over));
    case "row":
      return tag("mrow", ...parts(formula));
  }
}

/** @param {(string | number)[]} index @returns {Element[]} */
function subscripts(index) {
  return index.flatMap((each, i) => {
    const part = tag(typeof each === "number" ? "mn" : "mi", String(each));
    return i ? [tag("mo", ","), part] : [part];
  });
}

/** @param {Figure} formula @returns {Element} */
function figure({ value, digits, signed }) {
  const text = format(value, digits);
  const element = tag("mn", text);
  element.setAttribute("class", value < 0 ? "minus" : value > 0 ? "plus" : "zero");
  return signed && value < 0 ? tag("mrow", tag("mo", "("), element, tag("mo", ")")) : element;
}

/** @param {string} tagName @param {...(Element | string)} children */
function tag(tagName, ...children) {
  const element = document.createElementNS(MATHML, tagName);
  element.append(...children);
  return element;
}
