/** One cell: its formula with letters, with numbers, and the terms that add up to it. */

import { make, refill } from "./dom.js";
import { brokenMath, format, plain } from "./formula.js";
import { cellOf, position } from "./step_cells.js";
import { kindOf } from "./step_layout.js";
import { paint } from "./tiles.js";

const LISTED = 10; // terms

/** @typedef {import("./step_room.js").StepRoom} StepRoom @typedef {import("./step_cells.js").Cell} Cell */

/** The cell in plain text, for screen readers. @param {Cell} cell @param {StepRoom} room */
export function said(cell, room) {
  const how = plain(cell.numbers ?? cell.letters);
  return `${whose(cell, room)}: ${nameOf(cell, room)} = ${format(cell.value)}. ${how}`;
}

/** The panel's body; show() fills it anew. @param {StepRoom} room */
export function cellView(room) {
  const el = make("div", { class: "step-cell" });
  const show = () => {
    const { walk, place, rate } = room;
    if (!walk || !place || !room.holds(place)) {
      refill(el, make("p", { class: "quiet-text" }, EMPTY));
      return null;
    }
    const cell = cellOf(walk, place.tensor, place.index, rate);
    refill(
      el,
      make("p", { class: "step-value" }, nameOf(cell, room), " = ", signed(cell.value, 5)),
      make("p", { class: "quiet-text" }, whose(cell, room)),
      cell.numbers
        ? make("div", { class: "step-formula" }, brokenMath(cell.letters))
        : make("p", {}, plain(cell.letters)),
      cell.numbers && make("div", { class: "step-formula" }, brokenMath(cell.numbers)),
      pictures(cell, room),
      termList(cell, room),
      make("p", { class: "quiet-text" }, room.pinned && !room.hovered ? HELD : ""),
    );
    return cell;
  };
  return { el, show };
}

const EMPTY =
  "Point at a cell of a heat map, or tap it, or go to it with Tab and the arrow keys. " +
  "Here stands its formula with the numbers, and the terms light up where they come from.";
const HELD = "This cell is held. Choose it again, and it is let go.";

/** @param {Cell} cell @param {StepRoom} room */
function nameOf({ tensor, index }, room) {
  const walk = /** @type {import("./step_maths.js").Walk} */ (room.walk);
  const where = position(walk.tensors[tensor.replace(/^new_/, "")].shape, index);
  return `${tensor.replace("new_", "new ")}${where.length ? `[${where.join(", ")}]` : ""}`;
}

/** Whose number it is: of which pixel, hidden unit, class. @param {Cell} cell @param {StepRoom} room */
function whose({ tensor, index }, room) {
  const walk = /** @type {import("./step_maths.js").Walk} */ (room.walk);
  const [first, second] = position(walk.tensors[tensor.replace(/^new_/, "")].shape, index);
  const width = room.plane()[1];
  const pixel = (/** @type {number} */ d) =>
    `pixel ${d} (row ${Math.floor(d / width) + 1}, column ${(d % width) + 1})`;
  const named = (/** @type {number} */ c) => `class ${room.network?.classes[c]}`;
  switch (kindOf(tensor)) {
    case "image":
      return capital(pixel(first));
    case "tiles":
      return `Hidden unit ${first}, ${pixel(second)}`;
    case "votes":
      return `${capital(named(first))}, hidden unit ${second}`;
    case "units":
      return `Hidden unit ${first}`;
    case "classes":
      return capital(named(first));
    default:
      return "The loss of this image";
  }
}

/** @param {string} text */
function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/** @param {number} value @param {number} [digits] */
function signed(value, digits) {
  const kind = value < 0 ? "negative" : value > 0 ? "positive" : "";
  return make("span", { class: kind }, format(value, digits));
}

/** The products of an agreement as three pictures: template, image, product.
 * @param {Cell} cell @param {StepRoom} room */
function pictures({ tensor, terms }, room) {
  const { walk } = room;
  if (tensor !== "a" || !walk) return null;
  const products = terms.filter(({ factors }) => factors.length === 2);
  const [height, width] = room.plane();
  const size = (/** @type {"x" | "W1"} */ of) =>
    products.map(({ factors }) => /** @type {any} */ (factors.find((each) => each.tensor === of)).value);
  /** @type {[string, number[], "ink" | "signed"][]} */
  const shown = [
    ["template", size("W1"), "signed"],
    ["image", size("x"), "ink"],
    ["products", products.map(({ value }) => value), "signed"],
  ];
  const made = shown.flatMap(([title, values, scale], i) => {
    const canvas = make("canvas", { class: "tile-picture", role: "img", "aria-label": title });
    queueMicrotask(() => paint(canvas, values, height, width, { scale }));
    const figure = make("figure", { class: "step-third" }, canvas, make("figcaption", {}, title));
    return i
      ? [make("span", { class: "step-sign", "aria-hidden": "true" }, i === 1 ? "·" : "="), figure]
      : [figure];
  });
  return make("div", { class: "step-thirds" }, made);
}

/** The terms, the largest first, with what they add up to.
 * @param {Cell} cell @param {StepRoom} room */
function termList({ terms, value, tensor }, room) {
  if (terms.length < 2) return null;
  const walk = /** @type {import("./step_maths.js").Walk} */ (room.walk);
  const sorted = [...terms].sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
  const listed = sorted.slice(0, LISTED);
  const rest = sorted.slice(LISTED).reduce((total, term) => total + term.value, 0);
  const most = Math.abs(listed[0].value) || 1;
  const named = (/** @type {import("./step_cells.js").Factor} */ each) => {
    const where = position(walk.tensors[each.tensor].shape, each.index);
    return `${each.tensor}[${where.join(", ")}]`;
  };
  const line = (/** @type {string} */ text, /** @type {number} */ size, bar = true) => {
    const mark = make("span", { class: `step-bar ${size < 0 ? "minus" : "plus"}` });
    mark.style.width = bar ? `${Math.min(100, (100 * Math.abs(size)) / most)}%` : "0";
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, text),
      make("td", { class: "step-bar-place" }, mark),
      make("td", { class: "step-size" }, signed(size)),
    );
  };
  const N = kindOf(tensor) === "scalar" ? "1/N times the terms" : "sum";
  return make(
    "table",
    { class: "step-terms" },
    make("caption", {}, `The ${terms.length > LISTED ? "largest " : ""}terms`),
    make(
      "tbody",
      {},
      listed.map((term) => line(term.as ?? term.factors.map(named).join(" · "), term.value)),
      terms.length > LISTED && line(`${(terms.length - LISTED).toLocaleString("en")} others`, rest, false),
      make(
        "tr",
        { class: "step-total" },
        make("th", { scope: "row" }, N),
        make("td", {}),
        make("td", { class: "step-size" }, signed(value)),
      ),
    ),
  );
}
