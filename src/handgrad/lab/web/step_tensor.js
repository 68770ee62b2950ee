/** A tensor of the walk as a heat map with name and shape, whose cells can be chosen, and lit up as terms. */

import { hint, make } from "./dom.js";
import { fixed, format, superscript } from "./formula.js";
import { kindOf, layoutOf } from "./step_layout.js";
import { MEANINGS } from "./step_names.js";
import { HeatMap, isDark, largest } from "./tiles.js";

const FEW = 40; // cells that are outlined one by one; more are shown by veiling the others
const CELL = { image: 7, tiles: 2, units: 22, votes: 22, classes: 34, scalar: 56 }; // CSS pixels, at most
const BORDER = 28; // CSS pixels around a picture
const TALL = 18; // CSS pixels of a row of such cells
const SMALLEST = 4; // CSS pixels of a cell, where all hidden units are shown

export class TensorView {
  /**
   * @param {import("./step_room.js").StepRoom} room @param {string} name
   * @param {{ made: boolean, most?: number, describe: (index: number) => string }} how made: in this stage, not
   * before; most: pixels of the picture's width
   */
  constructor(room, name, { made, most = 600, describe }) {
    this.room = room;
    this.name = name;
    this.kind = kindOf(name);
    const walk = /** @type {import("./step_maths.js").Walk} */ (room.walk);
    const tensor = walk.tensors[name.replace(/^new_/, "")];
    const plane = room.plane();
    this.layout = layoutOf(tensor, walk.params.H, room.units, plane, room.all ? 24 : 8);
    const { rows, columns } = this.layout;
    this.indices = Int32Array.from({ length: rows * columns }, (_, place) =>
      this.layout.indexAt(Math.floor(place / columns), place % columns),
    );
    this.composed = new Float64Array(rows * columns);
    this.heat = new HeatMap({
      name: `${name}, shape (${tensor.shape.join(", ")})`,
      ...{ rows, columns, scale: name === "x" ? "ink" : "signed", class: `step-${this.kind}` },
      describe: (place) => (this.indices[place] < 0 ? "" : describe(this.indices[place])),
      onCell: (place) => room.hover(this.placeOf(place)),
      onPin: (place) => room.pin(this.placeOf(place)),
    });
    this.veil = make("canvas", { class: "heat step-veil", "aria-hidden": "true" });
    this.heat.canvas.after(this.veil);
    const shape = tensor.shape.length ? `(${tensor.shape.join(", ")})` : "a number";
    this.power = make("span", { class: "step-shape" });
    this.span = make("span", {
      class: "step-shape",
      title: "the number that the strongest colour stands for",
    });
    this.scale = make("span", {});
    const caption = make(
      "figcaption",
      { class: "step-caption" },
      make("span", { class: "step-name" }, name.replace("new_", "new ")),
      make("span", { class: "step-shape" }, shape),
      this.power,
      this.span,
      hint(name, [MEANINGS[name], this.scale]),
    );
    this.numbers =
      this.kind === "classes" || this.kind === "scalar" ? make("div", { class: "step-numbers" }) : null;
    const body = make("div", { class: "step-picture" }, this.head(), this.heat.el, this.numbers);
    if (this.kind === "classes") body.classList.add("step-few");
    this.el = make(
      "figure",
      { class: `step-tensor${made ? " made" : ""}`, "data-tensor": name },
      caption,
      body,
    );
    this.size(most);
  }

  /** @param {number | null} place @returns {import("./step_room.js").Place | null} */
  placeOf(place) {
    const index = place === null ? -1 : this.indices[place];
    return index < 0 ? null : { tensor: this.name, index };
  }

  /** The classes above their cells. */
  head() {
    const classes = this.room.network?.classes ?? [];
    if (this.kind !== "classes") return null;
    const head = make("div", { class: "step-classes", "aria-hidden": "true" });
    head.append(...classes.map((each) => make("span", {}, String(each))));
    head.style.gridTemplateColumns = `repeat(${classes.length}, minmax(0, 1fr))`;
    return head;
  }

  /** The figure is as wide as its cells want; heat map, classes and numbers fill it. @param {number} most */
  size(most) {
    const { columns } = this.layout;
    const wide = this.room.all && (this.kind === "units" || this.kind === "votes");
    const wanted = wide
      ? columns * SMALLEST
      : columns * (this.room.all && this.kind === "tiles" ? 1 : CELL[this.kind]);
    this.el.style.width = `${Math.min(wanted, wide ? wanted : most) + BORDER}px`;
    if (wide) {
      Object.assign(this.heat.el.style, { width: `${wanted}px`, aspectRatio: "auto" });
      this.heat.el.style.height = `${this.layout.rows * TALL}px`;
    }
    if (this.kind === "scalar") this.heat.el.style.width = `${CELL.scalar}px`;
  }

  draw() {
    const { walk, rate } = this.room;
    if (!walk) return;
    const of = this.name.replace(/^new_/, "");
    const { values } = walk.tensors[of];
    const grads = of === this.name ? null : walk.tensors[`grad_${of}`].values;
    for (const [place, index] of this.indices.entries()) {
      this.composed[place] = index < 0 ? 0 : grads ? values[index] - rate * grads[index] : values[index];
    }
    const most = largest(this.composed);
    const share = this.kind === "tiles" && this.room.ownRanges ? this.ranges() : null;
    const range = ["x", "y", "target"].includes(this.name) || share ? 1 : most;
    this.heat.draw(share ? this.composed.map((value, place) => value / share[place]) : this.composed, range);
    this.clearGaps();
    this.scale.textContent =
      this.name === "x"
        ? " The scale goes from paper (0) to ink (1)."
        : ` Red is above 0, blue is below 0. The strongest colour stands for ${share ? "each tile's own largest number" : `±${format(range, 3)}`}.`;
    this.span.textContent = this.numbers || this.name === "x" || share ? "" : `±${format(range, 2)}`;
    if (!this.numbers) return;
    // One power of ten for all: a number has little room below its cell.
    const exponent =
      this.kind === "scalar" || !most || (most >= 0.05 && most < 1000) ? 0 : Math.floor(Math.log10(most));
    this.power.textContent = exponent ? `· 10${superscript(exponent)}` : "";
    const written = (/** @type {number} */ value) =>
      this.kind === "scalar" ? format(value, 4) : fixed(value / 10 ** exponent);
    this.numbers.replaceChildren(
      ...Array.from(this.composed, (value) => {
        const text = written(value);
        const sign = /[1-9]/.test(text) ? (value < 0 ? "negative" : "positive") : "step-nothing";
        return make("span", { class: sign }, text);
      }),
    );
    this.numbers.style.gridTemplateColumns = `repeat(${this.composed.length}, minmax(0, 1fr))`;
  }

  /** The largest size in the tile of each place. */
  ranges() {
    const [height, width] = this.room.plane();
    const unitOf = (/** @type {number} */ index) => (index < 0 ? -1 : Math.floor(index / (height * width)));
    /** @type {Map<number, number>} */
    const most = new Map();
    for (const [place, index] of this.indices.entries()) {
      const size = Math.abs(this.composed[place]);
      if (size > (most.get(unitOf(index)) ?? 0)) most.set(unitOf(index), size);
    }
    return Float64Array.from(this.indices, (index) => most.get(unitOf(index)) ?? 1);
  }

  /** Between tiles the background shows. */
  clearGaps() {
    if (!this.layout.tile) return;
    const [height, width] = this.layout.tile;
    const { rows, columns } = this.layout;
    const context = this.heat.canvas.getContext("2d");
    for (let row = height; row < rows; row += height + 1) context?.clearRect(0, row, columns, 1);
    for (let column = width; column < columns; column += width + 1) context?.clearRect(column, 0, 1, rows);
  }

  /** Light these cells up, and outline the cell that is explained. @param {Set<number>} cells
   * @param {number | null} explained */
  light(cells, explained) {
    const { rows, columns } = this.layout;
    const places = (/** @type {Iterable<number>} */ indices) =>
      [...indices].flatMap((index) => {
        const at = this.layout.placeOf(index);
        return at ? [at.row * columns + at.column] : [];
      });
    const lit = places(cells);
    this.el.classList.toggle("lit", lit.length > 0);
    this.veil.hidden = lit.length === 0;
    this.heat.mark(lit.length <= FEW ? lit : []);
    if (explained !== null) {
      const [place] = places([explained]);
      if (place !== undefined) this.outline(place);
    }
    if (!lit.length) return;
    if (this.veil.width !== columns) this.veil.width = columns;
    if (this.veil.height !== rows) this.veil.height = rows;
    const context = this.veil.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, columns, rows);
    context.fillStyle = isDark(this.el) ? "rgb(26 29 34 / 76%)" : "rgb(255 255 255 / 76%)";
    context.fillRect(0, 0, columns, rows);
    for (const place of lit) context.clearRect(place % columns, Math.floor(place / columns), 1, 1);
  }

  /** @param {number} place */
  outline(place) {
    const { rows, columns } = this.layout;
    const box = make("span", { class: "mark explained" });
    box.style.left = `${(100 * (place % columns)) / columns}%`;
    box.style.top = `${(100 * Math.floor(place / columns)) / rows}%`;
    box.style.width = `${100 / columns}%`;
    box.style.height = `${100 / rows}%`;
    this.heat.marks.append(box);
  }
}
