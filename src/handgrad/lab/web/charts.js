/**
 * Charts of curves, each of which says in text what it shows.
 *
 * A chart is painted at most once a frame, and in the colours of the page: `--training` and so on.
 */

import { make, written } from "./dom.js";

/**
 * @typedef {{ name: string, colour: string, xs: number[], ys: number[], thin?: boolean }} Curve
 * @typedef {"linear" | "log" | "share"} ScaleName
 * @typedef {{ to: (value: number) => number, ticks: (low: number, high: number) => number[] }} Scale
 */

const LEFT = 46;
const RIGHT = 82; // where the names of the curves stand
const TOP = 10;
const BOTTOM = 24;
const SHARES = [0, 0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998, 0.999];

/** Round numbers from low to high, some `most` of them. @param {number} low @param {number} high @param {number} most */
function roundTicks(low, high, most) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * /** @type {number} */ ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(i * step);
  return ticks;
}

/** Of these only as many as have room. @param {number[]} ticks @param {number} most */
function few(ticks, most) {
  const every = Math.ceil(ticks.length / most);
  return ticks.filter((_, i) => i % every === 0);
}

/** Where a value stands, and which values the axis names. @type {Record<ScaleName, Scale>} */
const SCALES = {
  linear: { to: (value) => value, ticks: (low, high) => roundTicks(low, high, 4) },
  log: {
    to: (value) => Math.log10(Math.max(value, 1e-9)),
    ticks: (low, high) => {
      const [from, upTo] = [Math.log10(Math.max(low, 1e-9)), Math.log10(Math.max(high, 1e-9))];
      const inside = [];
      for (let power = Math.floor(from); power <= upTo; power++) {
        for (const digit of upTo - from > 2 ? [1] : [1, 2, 5]) inside.push(digit * 10 ** power);
      }
      const seen = inside.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
      return seen.length > 1 ? few(seen, 6) : roundTicks(low, high, 3);
    },
  },
  // of an accuracy: as far apart as the shares that are wrong, so that 98 % and 99 % can be told apart
  share: {
    to: (value) => -Math.log10(1 - Math.min(value, 0.9997)),
    ticks: (low, high) =>
      few(
        SHARES.filter((tick) => tick >= low - 1e-9 && tick <= high + 1e-9),
        6,
      ),
  },
};

/** Curves over the same horizontal axis. The mouse or the arrow keys choose a place, whose values are shown. */
export class LineChart {
  /**
   * @param {{ name: string, scale?: ScaleName, unit?: string, across?: string,
   *   show?: (value: number) => string, tick?: (value: number) => string }} about
   */
  constructor({ name, scale = "linear", across = "epoch", show = (value) => written(value, 3), tick }) {
    this.tick = tick;
    this.name = name;
    this.scale = SCALES[scale];
    this.isShare = scale === "share";
    this.across = across;
    this.show = show;
    /** @type {Curve[]} */
    this.curves = [];
    /** @type {{ x: number, text: string }[]} vertical lines */
    this.marks = [];
    this.end = 1;
    /** @type {number | null} the place that is looked at, of the first curve */
    this.cursor = null;
    this.asked = 0;
    this.canvas = make("canvas", { class: "chart-canvas", "aria-hidden": "true" });
    this.values = make("p", { class: "chart-values" });
    this.said = make("span", { class: "spoken", "aria-live": "polite" });
    this.el = make(
      "div",
      {
        class: "chart",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "chart",
        "aria-label": `${name}: no values yet`,
        on: {
          pointermove: (/** @type {PointerEvent} */ event) => this.point(event.clientX),
          pointerdown: (/** @type {PointerEvent} */ event) => this.point(event.clientX),
          pointerleave: () => this.place(null),
          keydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
          blur: () => this.place(null),
        },
      },
      this.canvas,
      this.values,
      this.said,
    );
    this.sized = new ResizeObserver(() => this.redraw());
    this.sized.observe(this.canvas);
  }

  /** @param {Curve[]} curves @param {{ end?: number, marks?: { x: number, text: string }[] }} [how] */
  draw(curves, { end = 1, marks = [] } = {}) {
    this.curves = curves;
    this.marks = marks;
    this.end = end;
    this.redraw();
  }

  redraw() {
    this.asked ||= requestAnimationFrame(() => {
      this.asked = 0;
      this.paint();
    });
  }

  /** The curve with the most places: the cursor goes along it. */
  get longest() {
    return this.curves.reduce(
      (most, each) => (each.xs.length > (most?.xs.length ?? 0) ? each : most),
      this.curves[0],
    );
  }

  /** @param {number} clientX */
  point(clientX) {
    const xs = this.longest?.xs ?? [];
    if (!xs.length) return;
    const box = this.canvas.getBoundingClientRect();
    const x = ((clientX - box.left - LEFT) / Math.max(1, box.width - LEFT - RIGHT)) * this.end;
    this.place(nearest(xs, x));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const last = (this.longest?.xs.length ?? 0) - 1;
    const now = this.cursor ?? last;
    /** @type {Record<string, number>} */
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last };
    if (!(event.key in to) || last < 0) return;
    event.preventDefault();
    this.place(Math.max(0, Math.min(last, to[event.key])));
    this.said.textContent = this.text(this.cursor);
  }

  /** @param {number | null} cursor */
  place(cursor) {
    if (cursor === this.cursor) return;
    this.cursor = cursor;
    this.redraw();
  }

  /** What the curves have at a place, or at their ends. @param {number | null} at */
  text(at) {
    const along = this.longest;
    if (!along?.xs.length) return "";
    const x = along.xs[at === null || at >= along.xs.length ? along.xs.length - 1 : at];
    const values = this.curves
      .filter(({ xs }) => xs.length)
      .map(({ name, xs, ys }) => `${name} ${this.show(ys[nearest(xs, x)])}`);
    return `${this.across} ${written(x, 2)}: ${values.join(", ")}`;
  }

  paint() {
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const context = canvas.getContext("2d");
    if (!context || !width || !height) return;
    const dots = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * dots), Math.round(height * dots)];
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== h) canvas.height = h;
    context.setTransform(dots, 0, 0, dots, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.el);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    context.font = `12px ${style.fontFamily}`;
    context.textBaseline = "middle";
    const [low, high] = this.range();
    const [from, upTo] = [this.scale.to(low), this.scale.to(high)];
    const X = (/** @type {number} */ x) => LEFT + (x / this.end) * (width - LEFT - RIGHT);
    const Y = (/** @type {number} */ y) => {
      const share = (this.scale.to(y) - from) / (upTo - from || 1);
      return height - BOTTOM - Math.max(0, Math.min(1, share)) * (height - TOP - BOTTOM);
    };
    context.lineWidth = 1;
    context.strokeStyle = colour("--line");
    context.fillStyle = colour("--muted");
    context.textAlign = "right";
    for (const tick of this.scale.ticks(low, high)) {
      line(context, [LEFT, width - RIGHT], [Y(tick), Y(tick)]);
      context.fillText(this.axis(tick), LEFT - 6, Y(tick));
    }
    context.textAlign = "center";
    for (const tick of roundTicks(0, this.end, Math.max(2, width / 110))) {
      context.fillText(written(tick, Number.isInteger(tick) ? 0 : 2), X(tick), height - BOTTOM / 2 + 2);
    }
    context.textAlign = "left";
    context.fillText(this.across, width - RIGHT + 18, height - BOTTOM / 2 + 2);
    for (const { x, text } of this.marks) {
      context.strokeStyle = colour("--strong-line");
      context.setLineDash([3, 3]);
      line(context, [X(x), X(x)], [TOP, height - BOTTOM]);
      context.setLineDash([]);
      context.fillText(text, X(x) + 4, TOP + 4);
    }
    /** @type {{ y: number, text: string, ink: string }[]} */
    const names = [];
    for (const { name, colour: ink, xs, ys, thin } of this.curves) {
      if (!xs.length) continue;
      context.strokeStyle = colour(ink);
      context.lineWidth = thin ? 1.25 : 2;
      const every = Math.max(1, Math.floor(xs.length / width));
      const kept = xs
        .map((_, i) => i)
        .filter((i) => (i % every === 0 || i === xs.length - 1) && Number.isFinite(ys[i]));
      line(
        context,
        kept.map((i) => X(xs[i])),
        kept.map((i) => Y(ys[i])),
      );
      if (kept.length === 1) context.fillRect(X(xs[kept[0]]) - 2, Y(ys[kept[0]]) - 2, 4, 4);
      const last = kept.at(-1);
      if (last !== undefined) names.push({ y: Y(ys[last]), text: name, ink: colour(ink) });
    }
    names.sort((one, other) => one.y - other.y);
    names.forEach((each, i) => {
      if (i) each.y = Math.max(each.y, names[i - 1].y + 14); // names do not lie on each other
    });
    let floor = height - BOTTOM;
    for (const each of names.reverse()) {
      each.y = Math.min(each.y, floor);
      floor = each.y - 14;
      context.fillStyle = each.ink;
      context.fillText(each.text, width - RIGHT + 8, each.y);
    }
    const at = this.cursor === null ? undefined : this.longest?.xs[this.cursor];
    if (at !== undefined) {
      context.strokeStyle = colour("--ink");
      context.lineWidth = 1;
      line(context, [X(at), X(at)], [TOP, height - BOTTOM]);
    }
    this.values.textContent = this.text(this.cursor);
    this.el.setAttribute("aria-label", `${this.name}. ${this.text(null)}`);
  }

  /** @param {number} tick */
  axis(tick) {
    if (this.tick) return this.tick(tick);
    if (this.isShare) return `${Number((100 * tick).toFixed(1))} %`;
    return tick !== 0 && Math.abs(tick) < 1e-3 ? tick.toExponential(0) : String(Number(tick.toPrecision(3)));
  }

  /** The lowest and the highest value. @returns {[number, number]} */
  range() {
    let [low, high] = [Infinity, -Infinity];
    for (const { ys } of this.curves) {
      for (const y of ys) {
        if (!Number.isFinite(y)) continue;
        low = Math.min(low, y);
        high = Math.max(high, y);
      }
    }
    if (low > high) return this.isShare ? [0, 0.95] : [0.1, 1];
    if (this.isShare) {
      const tops = SHARES.filter((tick) => tick > high);
      return [SHARES.filter((tick) => tick <= low).at(-1) ?? 0, tops[0] ?? 0.9997];
    }
    return low === high ? [low / 2, high * 2 || 1] : [low, high];
  }

  stop() {
    this.sized.disconnect();
    cancelAnimationFrame(this.asked);
  }
}

/** @param {CanvasRenderingContext2D} context @param {number[]} xs @param {number[]} ys */
function line(context, xs, ys) {
  context.beginPath();
  xs.forEach((x, i) => {
    if (i) context.lineTo(x, ys[i]);
    else context.moveTo(x, ys[i]);
  });
  context.stroke();
}

/** The place of the number that is nearest to x, in numbers that rise. @param {number[]} xs @param {number} x */
export function nearest(xs, x) {
  let [low, high] = [0, xs.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low;
}
