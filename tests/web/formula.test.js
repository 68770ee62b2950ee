/** Formulas as plain text, and numbers as people read them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  factor,
  fenced,
  fixed,
  format,
  fraction,
  math,
  name,
  number,
  plain,
  power,
  product,
  row,
  sum,
  words,
} from "../../src/handgrad/lab/web/formula.js";

test("numbers have four digits, a true minus, and powers of ten where they are far from 1", () => {
  const written = { 0: "0", 3: "3", 0.5: "0.5000", 12.3456: "12.35", 123456: "123456", "-0.25": "−0.2500" };
  for (const [value, text] of Object.entries(written)) assert.equal(format(Number(value)), text);
  assert.equal(format(4.73729e-16, 3), "4.74×10⁻¹⁶");
  assert.equal(format(-6.02e23, 3), "−6.02×10²³");
  assert.equal(format(0.00012345), "0.0001234");
  assert.equal(format(Number.NaN), "not a number");
  assert.equal(format(-Infinity), "−∞");
});

test("a number in little room has two decimals at most, and no minus before nothing", () => {
  assert.deepEqual([0.004, -0.004, -0.125, -1.234, 12.34, -123.4, 9.999].map(fixed), [
    ...["0.00", "0.00", "−0.13", "−1.2", "12", "−123", "10"],
  ]);
});

test("a formula is said in plain text", () => {
  const z = row(name("z", 3), "=", sum("k", product(name("h", "k"), name("W2", 3, "k"))), "+", name("b2", 3));
  assert.equal(plain(z), "z[3] = sum over k of h[k] · W2[3, k] + b2[3]");
  const grad = row(fraction("2", name("N")), fenced(number(0.25), "−", factor(-0.5)), words("here"));
  assert.equal(plain(grad), "2/N (0.2500 − (−0.5000)) here");
  assert.equal(plain(power(fenced(name("y"), "−", "1"), "2")), "(y − 1)^2");
});

test("MathML is built of elements, with the text beside it", () => {
  /** A document of which only what formulas need is there. */
  class Element {
    /** @param {string} localName */
    constructor(localName) {
      this.localName = localName;
      this.children = /** @type {(Element | string)[]} */ ([]);
      this.attributes = /** @type {Record<string, string>} */ ({});
    }
    /** @param {...(Element | string)} children */
    append(...children) {
      this.children.push(...children);
    }
    /** @param {string} key @param {string} value */
    setAttribute(key, value) {
      this.attributes[key] = value;
    }
    /** @returns {string} */
    toString() {
      const { class: kind } = this.attributes;
      return `${this.localName}${kind ? `.${kind}` : ""}(${this.children.join(" ")})`;
    }
  }
  globalThis.document = /** @type {any} */ ({
    createElementNS: (/** @type {string} */ space, /** @type {string} */ localName) => {
      assert.equal(space, "http://www.w3.org/1998/Math/MathML");
      return new Element(localName);
    },
  });
  const made = math(row(name("W1", 2, "d"), "=", fraction("1", name("N")), power(factor(-0.5), "2")));
  assert.equal(
    String(made),
    "math(msub(mi.letter(W1) mrow(mn(2) mo(,) mi(d))) mo(=) mfrac(mn(1) mi.letter(N)) " +
      "msup(mrow(mo(() mn.minus(−0.5000) mo())) mn(2)))",
  );
  assert.equal(/** @type {any} */ (made).attributes.alttext, "W1[2, d] = 1/N (−0.5000)^2");
});
