/** The ledger of a digit's score: what each hidden unit adds to it, the bias, and the sum. */

import { make, panel, refill, written } from "./dom.js";
import { ledger } from "./explain.js";
import { largest, TileGrid } from "./tiles.js";

const SHOWN = 12; // terms with a tile of their own
const LINEAR = ["relu", "none"]; // where h is a, or 0: a unit's term is then a sum over pixels

/** @param {import("./draw_room.js").DrawRoom} room @param {(unit: number | null) => void} hover @param {(unit: number) => void} pin */
export function ledgerView(room, hover, pin) {
  const title = make("p", { class: "draw-ledger-title" });
  /** @type {number[]} */
  let units = [];
  const tiles = new TileGrid({
    label: "The largest terms of the score",
    class: "draw-ledger-tiles",
    onTile: (i) => hover(i === null ? null : units[i]),
    onPin: (i) => pin(units[i]),
  });
  const rest = make("dl", { class: "draw-ledger-rest" });
  const el = panel(
    {
      name: "ledger",
      title: "The ledger",
      what: [
        make(
          "p",
          {},
          "The score z of a digit is a sum: every hidden unit adds its vote W2 times its h, and the bias b2 comes last.",
        ),
        make(
          "p",
          {},
          "The tiles are the largest terms, pixel by pixel: red raises the score, blue lowers it. The colours of all ",
          "tiles have one scale. Below each tile stands its term, W2 times h. The numbers are rounded so that what ",
          "you see adds up exactly.",
        ),
      ],
      class: "draw-ledger",
    },
    title,
    tiles.el,
    rest,
  );

  function draw() {
    const { reader, answer, classes, digit, model } = room;
    if (!reader || !answer) {
      refill(title, "Draw a digit: its score is taken apart here.");
      tiles.draw([]);
      refill(rest);
      return;
    }
    const { params, network } = reader;
    const { x, h } = answer.cache;
    const { terms, bias, z } = ledger(params, h, digit);
    const first = terms.slice(0, SHOWN);
    const others = terms.slice(SHOWN);
    const other = others.reduce((total, { value }) => total + value, 0);
    units = first.map((term) => term.unit);
    const numbers = inThousandths([...first.map(({ value }) => value), other, bias], z);
    const asText = numbers.map((each) => signed(each));
    const perPixel = LINEAR.includes(network.activation);
    const pictures = first.map(({ unit, weight }) => {
      const template = params.W1.subarray(unit * params.D, (unit + 1) * params.D);
      return perPixel
        ? template.map((w, p) => weight * w * x[p])
        : template.map((w) => Math.sign(weight) * w);
    });
    const range = Math.max(...pictures.map((each) => largest(each)));
    refill(
      title,
      `How the score of ${classes[digit]} comes about: `,
      make("span", { class: "draw-ledger-formula" }, `z[${classes[digit]}] = sum of W2 · h, plus b2`),
    );
    tiles.draw(
      first.map(({ unit, h: feature, weight }, i) => ({
        values: pictures[i],
        range,
        caption: asText[i],
        label: `Unit ${unit}: W2 ${written(weight)} times h ${written(feature)} is ${asText[i]}`,
        pressed: model.get("unit") === unit,
        kind: first[i].value < 0 ? "minus" : "plus",
      })),
    );
    tiles.tiles.forEach(({ button }, i) => {
      const [weight, feature] = [first[i].weight, first[i].h].map((each) => written(each, 2));
      button.title = `unit ${units[i]}`;
      button.dataset.product = `${weight} × ${feature}`;
    });
    const y = answer.y[digit];
    const squash = network.loss === "cross_entropy" ? "softmax" : "sigmoid";
    const together = numbers.slice(0, first.length).reduce((total, each) => total + each, 0);
    refill(
      rest,
      ...line(`the ${first.length} units of the tiles`, signed(together), together),
      ...(others.length
        ? line(`the other ${others.length} units together`, asText[SHOWN], numbers[SHOWN])
        : []),
      ...line(`bias b2[${classes[digit]}]`, asText.at(-1) ?? "", numbers.at(-1) ?? 0),
      ...line(`score z[${classes[digit]}]`, written(z), 0, "draw-ledger-sum"),
      ...line(`output y[${classes[digit]}] = ${squash}(z)`, written(y), 0, "draw-ledger-output"),
    );
  }
  return { el, draw };
}

/** @param {string} what @param {string} text @param {number} value @param {string} [kind] */
function line(what, text, value, kind = "") {
  const sign = value < 0 ? "negative" : value > 0 ? "positive" : "";
  return [
    make(
      "div",
      { class: `draw-ledger-line ${kind}` },
      make("dt", {}, what),
      make("dd", { class: sign }, text),
    ),
  ];
}

/** @param {number} value */
function signed(value) {
  return `${value >= 0 ? "+" : ""}${written(value)}`;
}

/**
 * The parts in thousandths that add up to the sum in thousandths: each is rounded up or down, those up whose
 * remainders are largest.
 * @param {number[]} parts @param {number} sum
 */
function inThousandths(parts, sum) {
  const low = parts.map((part) => Math.floor(1000 * part));
  const missing = Math.round(1000 * sum) - low.reduce((total, each) => total + each, 0);
  const order = [...parts.keys()].sort((i, j) => 1000 * parts[j] - low[j] - (1000 * parts[i] - low[i]));
  for (const i of order.slice(0, Math.max(0, missing))) low[i] += 1;
  return low.map((each) => each / 1000);
}
