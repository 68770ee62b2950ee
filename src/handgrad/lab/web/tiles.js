/**
 * Pictures of tensors: heat maps whose cells can be reached by mouse, touch and keyboard, and tiles of units.
 *
 * Signed numbers have one scale of colours everywhere: blue below zero, paper at zero, red above. Ink has
 * another: from paper to ink. What a picture shows is also said in text.
 */

import { SIGNED } from "./colours.js";
import { make, refill, written } from "./dom.js";

/** @typedef {"signed" | "ink"} Scale */
/** @typedef {ArrayLike<number>} Numbers */

/** @type {Map<string, Uint8Array>} */
const tables = new Map();

/** Whether the element stands on a dark page. (The computed style would say so too, but slowly.) @param {Element} el */
export function isDark(el) {
  return el.closest("[data-theme]")?.getAttribute("data-theme") === "dark";
}

/** The 256 colours of a scale, three bytes each. @param {Scale} scale @param {boolean} dark */
export function colours(scale, dark) {
  const key = `${scale} ${dark}`;
  const known = tables.get(key);
  if (known) return known;
  const made = new Uint8Array(768);
  const signed = dark ? SIGNED.dark : SIGNED.light;
  for (let i = 0; i < 768; i++) {
    if (scale === "signed") made[i] = Number.parseInt(signed.slice(2 * i, 2 * i + 2), 16);
    else {
      const share = Math.floor(i / 3) / 255; // paper to ink
      const [paper, ink] = dark
        ? [
            [25, 27, 32],
            [238, 240, 243],
          ]
        : [
            [247, 246, 244],
            [24, 28, 36],
          ];
      made[i] = Math.round(paper[i % 3] + (ink[i % 3] - paper[i % 3]) * share);
    }
  }
  tables.set(key, made);
  return made;
}

/** The largest size of any of the numbers: the range of a signed scale. @param {Numbers} values */
export function largest(values) {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}

/**
 * Paint a matrix into a canvas, a pixel for each number (CSS enlarges it).
 * range: the size of a number that has the full colour. from: where the matrix begins in `values`.
 * @param {HTMLCanvasElement} canvas @param {Numbers} values @param {number} rows @param {number} columns
 * @param {{ scale?: Scale, range?: number, from?: number, dark?: boolean }} [how]
 */
export function paint(canvas, values, rows, columns, { scale = "signed", range, from = 0, dark } = {}) {
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(columns, rows);
  const table = colours(scale, dark ?? isDark(canvas));
  const most = range ?? (scale === "ink" ? 1 : largest(values));
  const unit = most > 0 ? 1 / most : 0;
  for (let i = 0; i < rows * columns; i++) {
    const share = values[from + i] * unit;
    const level = scale === "ink" ? 255 * share : 127.5 * (1 + share);
    const at = 3 * Math.max(0, Math.min(255, Math.round(level) || 0));
    image.data[4 * i] = table[at];
    image.data[4 * i + 1] = table[at + 1];
    image.data[4 * i + 2] = table[at + 2];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** The legend of a signed scale: what blue, paper and red stand for. @param {number} range */
export function legend(range) {
  const bar = make("canvas", { class: "legend-bar", "aria-hidden": "true" });
  const text = make("span", { class: "legend-text" });
  const el = make("div", { class: "legend" }, bar, text);
  const ramp = Float32Array.from({ length: 65 }, (_, i) => i / 32 - 1);
  /** @param {number} most */
  const show = (most) => {
    paint(bar, ramp, 1, 65, { range: 1 });
    refill(
      text,
      make("span", {}, written(-most, 2)),
      make("span", {}, "0"),
      make("span", {}, `+${written(most, 2)}`),
    );
    el.title = "blue: below zero; red: above zero";
  };
  queueMicrotask(() => show(range));
  return Object.assign(el, { show });
}

/**
 * A heat map of a matrix. The mouse, a finger or the arrow keys choose a cell: onCell(index) hears of it,
 * with `null` when the cell is left; Enter or a click holds it: onPin(index).
 */
export class HeatMap {
  /**
   * @param {{ name: string, rows: number, columns: number, scale?: Scale,
   *   describe?: (index: number) => string, onCell?: (index: number | null) => void,
   *   onPin?: (index: number) => void, class?: string }} about
   */
  constructor({ name, rows, columns, scale = "signed", describe, onCell, onPin, class: kind = "" }) {
    this.rows = rows;
    this.columns = columns;
    this.scale = scale;
    this.cell = 0;
    /** @type {Numbers} */
    this.values = new Float32Array(rows * columns);
    this.canvas = make("canvas", { class: "heat" });
    this.marks = make("div", { class: "heat-marks", "aria-hidden": "true" });
    this.said = make("span", { class: "spoken", "aria-live": "polite" });
    const live = Boolean(onCell || onPin);
    this.el = make(
      "div",
      {
        class: `heat-map ${kind}`,
        tabindex: live ? 0 : null,
        role: live ? "application" : "img",
        "aria-roledescription": live ? "heat map" : null,
        "aria-label": `${name}, ${rows} by ${columns}`,
      },
      this.canvas,
      this.marks,
      this.said,
    );
    this.el.style.aspectRatio = `${columns} / ${rows}`;
    this.describe = describe;
    this.onCell = onCell;
    this.onPin = onPin;
    if (live) this.listen();
  }

  listen() {
    const at = (/** @type {PointerEvent} */ event) => {
      const box = this.canvas.getBoundingClientRect();
      const column = Math.floor(((event.clientX - box.left) / box.width) * this.columns);
      const row = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
      const inside = column >= 0 && column < this.columns && row >= 0 && row < this.rows;
      return inside ? row * this.columns + column : null;
    };
    this.el.addEventListener("pointermove", (event) => {
      const cell = at(event);
      if (cell !== null) this.choose(cell, false);
    });
    this.el.addEventListener("pointerleave", () => this.onCell?.(null));
    this.el.addEventListener("click", (event) => {
      const cell = at(/** @type {PointerEvent} */ (event));
      if (cell === null) return;
      this.choose(cell, true);
      this.onPin?.(cell);
    });
    this.el.addEventListener("keydown", (event) => this.key(event));
    this.el.addEventListener("focus", () => {
      if (this.el.matches(":focus-visible")) this.choose(this.cell, true);
    });
    this.el.addEventListener("blur", () => this.onCell?.(null));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns };
    const column = this.cell % this.columns;
    if (event.key === "Enter" || event.key === " ") this.onPin?.(this.cell);
    else if (event.key === "Home") this.choose(this.cell - column, true);
    else if (event.key === "End") this.choose(this.cell - column + this.columns - 1, true);
    else if (event.key in moves) {
      const next = this.cell + moves[event.key];
      const wraps =
        Math.abs(moves[event.key]) === 1 &&
        Math.floor(next / this.columns) !== Math.floor(this.cell / this.columns);
      if (next >= 0 && next < this.rows * this.columns && !(wraps && this.rows > 1)) this.choose(next, true);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} cell @param {boolean} aloud */
  choose(cell, aloud) {
    this.cell = cell;
    this.onCell?.(cell);
    if (aloud && this.describe) this.said.textContent = this.describe(cell);
  }

  /** @param {Numbers} values @param {number} [range] @param {number} [from] */
  draw(values, range, from = 0) {
    this.values = values;
    paint(this.canvas, values, this.rows, this.columns, { scale: this.scale, range, from });
  }

  /** Outline these cells. @param {number[]} cells @param {string} [kind] a class of the outlines */
  mark(cells, kind = "term") {
    refill(
      this.marks,
      cells.map((cell) => {
        const box = make("span", { class: `mark ${kind}` });
        box.style.left = `${(100 * (cell % this.columns)) / this.columns}%`;
        box.style.top = `${(100 * Math.floor(cell / this.columns)) / this.rows}%`;
        box.style.width = `${100 / this.columns}%`;
        box.style.height = `${100 / this.rows}%`;
        return box;
      }),
    );
  }
}

/**
 * A grid of tiles, each a button with a picture and a caption: hidden units, images of digits.
 * onTile(index) hears of the tile under the mouse or the focus (null when it is left), onPin of a click.
 */
export class TileGrid {
  /**
   * @param {{ label: string, scale?: Scale, rows?: number, columns?: number, class?: string,
   *   onTile?: (index: number | null) => void, onPin?: (index: number) => void }} about
   */
  constructor({ label, scale = "signed", rows = 28, columns = 28, class: kind = "", onTile, onPin }) {
    this.scale = scale;
    this.rows = rows;
    this.columns = columns;
    this.onTile = onTile;
    this.onPin = onPin;
    /** @type {{ button: HTMLButtonElement, canvas: HTMLCanvasElement, caption: HTMLElement, shown: any }[]} */
    this.tiles = [];
    this.el = make("div", { class: `tile-grid ${kind}`, role: "group", "aria-label": label });
  }

  /**
   * Show these tiles; those that show the same as before are left alone.
   * @param {{ values: Numbers, from?: number, range?: number, caption?: string, label?: string,
   *   kind?: string, pressed?: boolean, version?: any }[]} tiles
   */
  draw(tiles) {
    while (this.tiles.length > tiles.length) this.tiles.pop()?.button.remove();
    while (this.tiles.length < tiles.length) this.grow();
    const dark = isDark(this.el);
    tiles.forEach((tile, i) => {
      const { button, canvas, caption } = this.tiles[i];
      const kind = `tile ${tile.kind ?? ""}`;
      if (button.className !== kind) button.className = kind;
      const text = tile.caption ?? "";
      if (caption.textContent !== text) caption.textContent = text;
      const label = tile.label ?? text;
      if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
      if (this.onPin) button.setAttribute("aria-pressed", String(Boolean(tile.pressed)));
      const shown = `${tile.version} ${dark} ${tile.range}`;
      if (tile.version !== undefined && this.tiles[i].shown === shown) return;
      this.tiles[i].shown = shown;
      const { range, from = 0 } = tile;
      paint(canvas, tile.values, this.rows, this.columns, { scale: this.scale, range, from, dark });
    });
  }

  grow() {
    const i = this.tiles.length;
    const canvas = make("canvas", { class: "tile-picture", "aria-hidden": "true" });
    const caption = make("span", { class: "tile-caption" });
    const button = make(
      "button",
      {
        type: "button",
        class: "tile",
        on: {
          pointerenter: () => this.onTile?.(i),
          pointerleave: () => this.onTile?.(null),
          focus: () => this.onTile?.(i),
          blur: () => this.onTile?.(null),
          click: () => this.onPin?.(i),
          keydown: (/** @type {KeyboardEvent} */ event) => this.turn(event, i),
        },
      },
      canvas,
      caption,
    );
    this.tiles.push({ button, canvas, caption, shown: null });
    this.el.append(button);
  }
  /** Arrow keys go from tile to tile. @param {KeyboardEvent} event @param {number} i */
  turn(event, i) {
    const [first] = this.tiles;
    const wide = this.tiles.filter(({ button }) => button.offsetTop === first.button.offsetTop).length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[event.key] ?? 0;
    if (by) event.preventDefault(); // the page does not scroll
    if (by) this.tiles[i + by]?.button.focus();
  }
}
